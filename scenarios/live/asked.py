"""Fields of a request, read strictly: what a browser sent is what it should be, or is refused in one line."""

import math
from collections.abc import Mapping
from typing import Any

from scenarios.problems import one_line, shown

FARTHEST = 2**62
"""Whole numbers beyond it are no moment, and no row of anything."""

MOST_TEXT = 500
"""Characters of a message, note, reason or name."""

Fields = Mapping[str, Any]


def whole(fields: Fields, key: str, default: int | None = None) -> int:
    """A whole number, or ``default`` where the field is missing.

    Raises:
        KeyError: the field is missing, and there is no default.
        ValueError: it is no such number.
    """
    value = fields[key] if default is None else fields.get(key, default)
    if not _is_number(value) or value != math.floor(value) or abs(value) > FARTHEST:
        raise _refused(key, value, "a whole number")
    return int(value)


def number(fields: Fields, key: str, default: float | None = None) -> float:
    """A finite number; default and errors as of ``whole``."""
    value = fields[key] if default is None else fields.get(key, default)
    if not _is_number(value) or abs(value) > FARTHEST:
        raise _refused(key, value, "a number")
    return float(value)


def text(fields: Fields, key: str) -> str:
    """What somebody wrote, without blanks around it; "" where the field is missing or null.

    Raises:
        ValueError: it is no text, or longer than ``MOST_TEXT`` characters.
    """
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _refused(key, value, "some text")
    if len(value.strip()) > MOST_TEXT:
        raise ValueError(f"{key}: expected at most {MOST_TEXT} characters, not {len(value.strip())}")
    return value.strip()


def needed(fields: Fields, key: str) -> str:
    """The same, of a field in which there must be something."""
    found = text(fields, key)
    if not found:
        raise _refused(key, None, "some text")
    return found


def position(fields: Fields) -> int | None:
    """``position``: as which stop, None for the last; raises as ``whole`` does."""
    return None if fields.get("position") is None else whole(fields, "position")


def names(fields: Fields, key: str) -> list[str]:
    """A list of names; raises as ``whole`` does."""
    value = fields[key]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _refused(key, value, "a list of names")
    return value


def record(fields: Fields, key: str) -> dict[str, Any]:
    """Named values, copied; none where the field is missing or null."""
    value = fields.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _refused(key, value, "names with values")
    return dict(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refused(key: str, value: Any, expected: str) -> ValueError:
    said = "nothing" if value is None else shown(value)
    return ValueError(one_line(f"{key}: expected {expected}, not {said}"))
