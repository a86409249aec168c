"""What an alert rule is: a pure function of the picture, its thresholds, and who acts on it."""

import difflib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from twin.views import FleetView

MINUTE_US, SECOND_US = 60_000_000, 1_000_000


class BadThreshold(ValueError):
    """A threshold that a rule does not have or cannot use; ``nearest`` is the one probably meant."""

    def __init__(self, name: str, value: Any, expected: str, nearest: str | None = None) -> None:
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"{name}: {value!r}: expected {expected}{hint}")
        self.name, self.value, self.expected, self.nearest = name, str(value), expected, nearest


class Alert(NamedTuple):
    """What a rule says is the case: of whom (a vehicle, an order, a feed), since when as far as is known.

    ``detail`` classifies it (the class of a long stop, the kind of interference); ``late``: it was over when heard of.
    """

    subject: str
    at_us: int
    text: str
    detail: str = ""
    late: bool = False


@dataclass(frozen=True)
class Rule:
    """A registered rule: ``check(view, params)`` gives what is the case now, in a fixed order."""

    check: Callable[[FleetView, Any], list[Alert]]
    params: type
    owner: str = "dispatcher"

    @property
    def summary(self) -> str:
        """First line of its documentation."""
        return (inspect.getdoc(self.check) or "").partition("\n")[0]

    def configured(self, settings: Mapping[str, Any]) -> Any:
        """The rule's thresholds with some of them set.

        Raises:
            BadThreshold: an unknown one (with the nearest known), or a value it cannot have.
        """
        known = {field.name: field for field in fields(self.params)}
        values = {}
        for name, value in settings.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                raise BadThreshold(name, name, f"a threshold ({', '.join(known)})", near[0] if near else None)
            values[name] = _fitting(name, value, known[name].default)
        return self.params(**values)


def _fitting(name: str, value: Any, default: Any) -> Any:
    """A value of the same type as the default."""
    match default, value:
        case bool(), bool():
            return value
        case float(), int() | float() if _is_number(value) and value >= 0:
            return float(value)
        case str(), str():
            return value
        case tuple(), list() | tuple() if all(_is_number(number) for number in value):
            return tuple(float(number) for number in value)
    kinds = {bool: "true or false", float: "a number, 0 or more", str: "text", tuple: "a list of numbers"}
    raise BadThreshold(name, value, kinds[type(default)])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
