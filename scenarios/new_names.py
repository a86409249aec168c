"""Names that a change speaks of but the scenario does not have: ``--set fleet.van.count=3`` where there are ``vans``.

Sections of which there can be several are mappings by free names, so a misspelt one would silently be a second one. A
new one is therefore given whole (``fleet.bikes={…}`` or ``fleet.bikes+={…}``), or with the keys that make it one (an
incident's kind, an alert's rule, whatever has no default), or is the first of its mapping.
"""

import typing
from collections.abc import Iterable
from typing import Any, NamedTuple

from scenarios.changes import Change, key_path, present
from scenarios.problems import Problem, nearest
from scenarios.schema import ScenarioModel
from scenarios.schema_problems import model_at
from twin.alerts import alert_rules

SAYING_WHAT = {"incidents": "kind", "alerts": "rule"}
"""Keys that say what a section is, though the schema does not ask for them."""


class Named(NamedTuple):
    """A section with a name of the user's choice: the mapping it is in, and the name."""

    mapping: tuple[str, ...]
    name: str


def without_unknown(
    before: dict[str, Any], after: dict[str, Any], changes: Iterable[Change], file: str
) -> tuple[dict[str, Any], list[Problem]]:
    """The changed scenario without the sections that nobody named before, and a problem for each of them.

    ``before`` and ``after`` are mappings not yet validated; neither is altered.
    """
    paths = [key_path(change.text.partition("=")[0]) for change in changes]
    problems = []
    for one in dict.fromkeys(named for path in paths if (named := _named(path))):
        there = present(before, one.mapping)
        names = [str(name) for name in there] if isinstance(there, dict) else []
        whole = (*one.mapping, one.name)
        if one.name in names or not names or any(path == whole[: len(path)] for path in paths) or _complete(one, after):
            continue
        problems.append(Problem(file, ".".join(whole), one.name, _expected(one, names), nearest(one.name, names)))
        after = _without(after, whole)
    return after, problems


def _named(path: tuple[str, ...]) -> Named | None:
    """The named section that a path leads into."""
    for depth in range(1, len(path) - 1):
        model = model_at(path[: depth - 1], ScenarioModel)
        field = model.model_fields.get(path[depth - 1]) if model else None
        if field is not None and typing.get_origin(field.annotation) is dict:
            return None if _required(path[: depth + 1]) is None else Named(path[:depth], path[depth])
    return None


def _required(path: tuple[str, ...]) -> tuple[str, ...] | None:
    """Keys of a named section that have no default; None where no section stands."""
    if path[0] in SAYING_WHAT:
        return (SAYING_WHAT[path[0]],)
    model = model_at(path, ScenarioModel)
    return None if model is None else tuple(key for key, field in model.model_fields.items() if field.is_required())


def _complete(one: Named, scenario: dict[str, Any]) -> bool:
    """Whether a section needs no more keys; an alert named like its rule needs none."""
    whole = (*one.mapping, one.name)
    required, given = _required(whole) or (), present(scenario, whole)
    if one.mapping == ("alerts",) and one.name in alert_rules():
        return True
    return bool(required) and isinstance(given, dict) and {*required} <= {*given}


def _expected(one: Named, names: Iterable[str]) -> str:
    section, required = ".".join(one.mapping), _required((*one.mapping, one.name))
    new = f"a new one with {', '.join(required)}" if required else f"for a new one {section}.{one.name}+={{…}}"
    return f"one of {section} ({', '.join(names)}), or {new}"


def _without(raw: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    head, *rest = path
    if not rest:
        return {key: value for key, value in raw.items() if key != head}
    return raw | {head: _without(raw[head], tuple(rest))}
