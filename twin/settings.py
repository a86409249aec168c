"""Parameters of policies and planners: dataclasses with defaults, set by name from a scenario."""

import difflib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

S = TypeVar("S")


def configured(default: S, settings: Mapping[str, Any]) -> S:
    """The parameters with some of them set.

    Raises:
        ValueError: an unknown parameter (with the nearest known), a value of another type or out of range.
    """
    known = {field.name: getattr(default, field.name) for field in fields(default)}  # type: ignore[arg-type]
    for name, value in settings.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
            raise ValueError(f"{name}: no such parameter{hint}")
        known[name] = _fitting(name, value, known[name])
    return type(default)(**known)


def _fitting(name: str, value: Any, default: Any) -> Any:
    """A value of the same type as the default."""
    wanted: Any = (int, float) if type(default) is float else type(default)
    if not isinstance(value, wanted) or (isinstance(value, bool) and not isinstance(default, bool)):
        kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
        raise ValueError(f"{name}: expected {kinds[type(default)]}, not {value!r}")
    return float(value) if type(default) is float else value
