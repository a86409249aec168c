"""From a scenario file and ``--set`` to a validated ``Scenario``, every problem found in one pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from engine.clock import LocalTime, to_us
from scenarios.devices_file import with_device_files
from scenarios.names import check_names
from scenarios.problems import BadInput, Problem, nearest
from scenarios.schema import ROADS_SOURCES, ScenarioModel
from scenarios.schema_problems import model_at, schema_problems
from scenarios.yaml_file import parse_yaml, read_yaml

ANY = "*"
PATH_KEYS = (
    ("roads", "osm_file"), ("roads", "matrix_file"), ("orders", "file"), ("orders", "gazetteer"),
    ("radio", "elevation_file"), ("radio", "carriers", ANY, "towers_file"),
    ("radio", "carriers", ANY, "dead_zones_file"), ("devices", ANY, "file"),
)  # fmt: skip
"""Keys that name a file; ``ANY`` stands for a name of the user's choice."""
DEPOT_ALTERNATIVES = (("lat", "lon"), ("position",))


@dataclass(frozen=True)
class Scenario:
    """A validated scenario: ``model`` with absolute paths, and where it came from."""

    model: ScenarioModel
    source: str
    sets: tuple[str, ...] = ()

    @property
    def local(self) -> LocalTime:
        return LocalTime(self.model.time_zone or "UTC")

    @property
    def start_us(self) -> int:
        return to_us(self.model.start_local.replace(tzinfo=ZoneInfo(self.model.time_zone or "UTC")))

    @property
    def end_us(self) -> int:
        return self.start_us + round(self.model.horizon_s * 1e6)


def load(source: str | Path | dict[str, Any], sets: Iterable[str] = (), seed: int | None = None) -> Scenario:
    """Load and validate a scenario.

    ``source`` is a file or an already parsed mapping; ``sets`` are ``dotted.key=VALUE`` (or ``+=``) as on the command
    line, VALUE read as YAML. Relative paths are relative to the scenario file, those in ``sets`` to the working folder.

    Raises:
        BadInput: with every problem found.
    """
    if isinstance(source, dict):
        name, raw = "scenario", source
    else:
        name, raw = str(source), read_yaml(Path(source))
        raw = _with_absolute_paths(raw, (), Path(source).resolve().parent)
    sets = tuple(sets)
    for text in sets:
        raw = apply_set(raw, text)
    if seed is not None:
        raw = {**raw, "seed": seed}
    raw, of_profiles = with_device_files(raw, name)
    try:
        model = ScenarioModel.model_validate(raw)
    except ValidationError as error:
        raise BadInput([*of_profiles, *schema_problems(error, name, ScenarioModel)]) from None
    problems = [*of_profiles, *_check_time(model, name), *check_names(model, name)]
    if problems:
        raise BadInput(problems)
    return Scenario(model, name, sets)


def apply_set(raw: dict[str, Any], text: str) -> dict[str, Any]:
    """The mapping with one ``dotted.key=VALUE`` or ``dotted.key+=NUMBER`` applied.

    Setting one alternative of a "one of" drops the others.
    """
    key, sign, value_text = text.partition("=")
    relative = key.endswith("+")
    path = tuple(key.rstrip("+").strip().split("."))
    if not sign or not all(path):
        raise BadInput([Problem("--set", "", text, "dotted.key=VALUE")])
    value = parse_yaml(value_text, f"--set {key}") if value_text.strip() else None
    value = _with_absolute_paths(value, path, Path.cwd())
    result = _copy(raw)
    node = result
    for depth, part in enumerate(path[:-1]):
        _drop_alternatives(node, path[:depth], part)
        if not isinstance(node.get(part), dict):
            node[part] = {}
        node = node[part]
    _drop_alternatives(node, path[:-1], path[-1])
    if relative:
        value = _sum(text, path, _present(result, path), value)
    node[path[-1]] = value
    return result


def _drop_alternatives(node: dict[str, Any], parent: tuple[str, ...], key: str) -> None:
    groups: Iterable[tuple[str, ...]] = [(name,) for name in ROADS_SOURCES] if parent == ("roads",) else ()
    if len(parent) == 2 and parent[0] == "depots":
        groups = DEPOT_ALTERNATIVES
    if any(key in group for group in groups):
        for group in groups:
            if key not in group:
                for name in group:
                    node.pop(name, None)


def _sum(text: str, path: tuple[str, ...], old: Any, more: Any) -> Any:
    for value, what in ((old, "a number to add to"), (more, "a number")):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput([Problem("--set", ".".join(path), str(value), f"{what} in {text!r}")])
    return old + more


def _present(raw: dict[str, Any], path: tuple[str, ...]) -> Any:
    """The value at a path: as given, in a device's profile file, or the schema's default."""
    node: Any = with_device_files(raw, "")[0] if path[0] == "devices" else raw
    for part in path:
        if not isinstance(node, dict) or part not in node:
            return _default(path)
        node = node[part]
    return node


def _default(path: tuple[str, ...]) -> Any:
    """The default value at a path of the schema, None where there is none."""
    model = model_at(path[:-1], ScenarioModel)
    if model is None or path[-1] not in model.model_fields:
        return None
    return model.model_fields[path[-1]].get_default(call_default_factory=True)


def _copy(value: Any) -> Any:
    return {key: _copy(item) for key, item in value.items()} if isinstance(value, dict) else value


def _with_absolute_paths(value: Any, path: tuple[str, ...], folder: Path) -> Any:
    """What stands at a path of the scenario, with every file it names as an absolute path."""
    if isinstance(value, dict):
        return {key: _with_absolute_paths(item, (*path, key), folder) for key, item in value.items()}
    if isinstance(value, str) and any(_matches(path, pattern) for pattern in PATH_KEYS):
        return str((folder / value).resolve())
    return value


def _matches(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(want in (ANY, part) for part, want in zip(path, pattern))


def _check_time(model: ScenarioModel, name: str) -> list[Problem]:
    problems = []
    if model.time_zone is None:
        if model.roads.real:
            problems.append(Problem(name, "time_zone", "", "an IANA time zone, required with real roads"))
    else:
        try:
            ZoneInfo(model.time_zone)
        except (OSError, ValueError, LookupError):
            from zoneinfo import available_timezones

            hint = nearest(model.time_zone, sorted(available_timezones()))
            problems.append(
                Problem(name, "time_zone", model.time_zone, "an IANA time zone such as Europe/Lisbon", hint)
            )
    try:
        start = datetime.fromisoformat(model.start)
        if start.tzinfo is not None or not 1971 <= start.year <= 2200:
            raise ValueError
    except ValueError:
        problems.append(Problem(name, "start", model.start, "a local time such as 2026-03-02T05:30 from 1971 to 2200"))
    return problems
