"""Changes of a scenario before it is validated: ``--set`` texts, and overlay files laid over it.

An overlay is a part of a scenario: mappings merge key by key, whatever else stands in it replaces. It means what
``--set`` of each of its values would, so keys may be dotted, and a key that ends with ``+`` adds: to a number, or a
new section of a name of its own.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel

from scenarios.devices_file import with_device_files
from scenarios.incidents import INCIDENTS
from scenarios.problems import BadInput, Problem
from scenarios.schema import ScenarioModel
from scenarios.schema_problems import model_at
from scenarios.yaml_file import parse_yaml, read_yaml

SET = "--set"
OVERLAY = "@"
ANY = "*"
PATH_KEYS = (
    ("roads", "osm_file"), ("roads", "matrix_file"), ("orders", "file"), ("orders", "gazetteer"),
    ("radio", "elevation_file"), ("radio", "carriers", ANY, "towers_file"),
    ("radio", "carriers", ANY, "dead_zones_file"), ("devices", ANY, "file"),
)  # fmt: skip
"""Keys that name a file; ``ANY`` stands for a name of the user's choice."""


class Change(NamedTuple):
    """``key=VALUE`` or ``key+=VALUE``, and where it was asked for: ``--set``, or an overlay file."""

    source: str
    text: str


def changes_of(sets: Iterable[str]) -> list[Change]:
    """Each ``key=VALUE`` as it is, each ``@FILE`` as what stands in that overlay file.

    Raises:
        BadInput: a file that cannot be read, a key that cannot be set.
    """
    made: list[Change] = []
    for text in sets:
        if text.startswith(OVERLAY):
            path = Path(text.removeprefix(OVERLAY))
            made += [Change(str(path), one) for one in as_sets(read_yaml(path), path.resolve().parent, str(path))]
        else:
            made.append(Change(SET, text))
    return made


def as_sets(part: dict[str, Any], folder: Path, source: str) -> list[str]:
    """A part of a scenario as ``key=VALUE`` texts; files it names are relative to ``folder``."""
    return [
        f"{'.'.join(path)}={as_yaml(with_absolute_paths(value, path, folder))}"
        for path, value in _leaves(part, (), source)
    ]


def as_yaml(value: Any) -> str:
    """A value on one line: JSON, with what YAML takes only in escapes escaped."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in text)


def _leaves(part: dict[str, Any], above: tuple[str, ...], source: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in part.items():
        path = (*above, *str(key).split("."))
        if "=" in str(key) or not all(path):
            raise BadInput([Problem(source, ".".join(above), str(key), "a key of the scenario")])
        if isinstance(value, dict) and value and not path[-1].endswith("+"):
            yield from _leaves(value, path, source)
        else:
            yield path, value


def apply_set(raw: dict[str, Any], text: str, source: str = SET) -> dict[str, Any]:
    """The mapping with one ``dotted.key=VALUE`` applied; ``+=`` adds to a number, or a section that is not there yet.

    Setting one alternative of a "one of" drops the others.
    """
    key, sign, value_text = text.partition("=")
    relative = key.endswith("+")
    path = key_path(key)
    if not sign or not all(path):
        raise BadInput([Problem(source, "", text, "dotted.key=VALUE")])
    value = parse_yaml(value_text, f"{source} {key}") if value_text.strip() else None
    value = with_absolute_paths(value, path, Path.cwd())
    result = _copy(raw)
    node = result
    for depth, part in enumerate(path[:-1]):
        _drop_alternatives(node, path[:depth], part)
        if not isinstance(node.get(part), dict):
            node[part] = {}
        node = node[part]
    if value is not None:
        _drop_alternatives(node, path[:-1], path[-1])
    if relative:
        value = _added(text, path, present(result, path), value, source)
    node[path[-1]] = value
    return result


def key_path(key: str) -> tuple[str, ...]:
    """The parts of a dotted key."""
    return tuple(key.rstrip("+").strip().split("."))


def present(raw: dict[str, Any], path: tuple[str, ...]) -> Any:
    """The value at a path: as given, in a device's profile file, or the schema's default."""
    node: Any = with_device_files(raw, "")[0] if path[0] == "devices" else raw
    for part in path:
        if not isinstance(node, dict) or part not in node:
            return _default(path)
        node = node[part]
    return node


def blamed(problems: Iterable[Problem], changes: Iterable[Change], scenario: str) -> list[Problem]:
    """Problems of a changed scenario; what an overlay put there is the overlay's."""
    sources = {key_path(text.partition("=")[0]): source for source, text in changes if source != SET}
    return [
        replace(problem, file=_source_of(problem, sources, scenario)) if problem.file == scenario else problem
        for problem in problems
    ]


def touches(key: str, path: tuple[str, ...]) -> bool:
    """Whether a problem's key is what a change set, or lies above or below it."""
    parts = tuple(key.split("."))
    shorter = min(len(parts), len(path))
    return bool(key) and parts[:shorter] == path[:shorter]


def with_absolute_paths(value: Any, path: tuple[str, ...], folder: Path) -> Any:
    """What stands at a path of the scenario, with every file it names as an absolute path."""
    if isinstance(value, dict):
        return {key: with_absolute_paths(item, (*path, key), folder) for key, item in value.items()}
    if isinstance(value, str) and any(_matches(path, pattern) for pattern in PATH_KEYS):
        return str((folder / value).resolve())
    return value


def files_named(value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every file that a scenario's mapping, or what stands at a path of one, names."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from files_named(item, (*path, key))
    elif isinstance(value, str) and any(_matches(path, pattern) for pattern in PATH_KEYS):
        yield value


def _source_of(problem: Problem, sources: dict[tuple[str, ...], str], scenario: str) -> str:
    return next((source for path, source in reversed(sources.items()) if touches(problem.key, path)), scenario)


def _drop_alternatives(node: dict[str, Any], parent: tuple[str, ...], key: str) -> None:
    """Take away what a key is set instead of: the other alternatives of its section's "one of"."""
    for one_of in getattr(_section(node, parent), "one_of", ()):
        if any(key in alternative for alternative in one_of):
            for other in {name for alternative in one_of if key not in alternative for name in alternative}:
                node.pop(other, None)


def _section(node: dict[str, Any], path: tuple[str, ...]) -> type[BaseModel] | None:
    """The model that describes a section; an incident's follows from its kind."""
    if len(path) != 2 or path[0] != "incidents":
        return model_at(path, ScenarioModel)
    kind = node.get("kind")
    return INCIDENTS[kind].parameters if isinstance(kind, str) and kind in INCIDENTS else None


def _added(text: str, path: tuple[str, ...], old: Any, more: Any, source: str) -> Any:
    if isinstance(more, dict):
        if old is not None:
            raise BadInput([Problem(source, ".".join(path), path[-1], f"a name that is not there yet in {text!r}")])
        return more
    for value, what in ((old, "a number to add to"), (more, "a number")):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput([Problem(source, ".".join(path), str(value), f"{what} in {text!r}")])
    return old + more


def _default(path: tuple[str, ...]) -> Any:
    """The default value at a path of the schema, None where there is none."""
    model = model_at(path[:-1], ScenarioModel)
    if model is None or path[-1] not in model.model_fields:
        return None
    return model.model_fields[path[-1]].get_default(call_default_factory=True)


def _copy(value: Any) -> Any:
    return {key: _copy(item) for key, item in value.items()} if isinstance(value, dict) else value


def _matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(want in (ANY, part) for part, want in zip(path, pattern))
