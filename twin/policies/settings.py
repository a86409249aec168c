"""Parameters of policies: frozen dataclasses with defaults, set by name from a scenario."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

S = TypeVar("S")


@dataclass(frozen=True)
class Settings:
    """What every dispatch policy of ours lets you set.

    Attributes:
        back_off_s: an order that was declined, or came too late, is not offered to the same vehicle before this.
        changes_most: a route is changed at most so often in a shift; 0: no limit.
        urgent_priority: orders of at least this priority are excepted from ``changes_most``.
        balance: seconds of driving that an hour of work more than the average of the fleet counts for.
    """

    back_off_s: float = 1800.0
    changes_most: int = 0
    urgent_priority: int = 5
    balance: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, bool | str) and not 0 <= value <= 1e9:
                raise ValueError(f"{field.name}: expected a number from 0 to 1e9, not {value!r}")


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
