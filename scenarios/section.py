"""What every section of the scenario file is made of: strict models, units, names and local times."""

import math
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1e9)]
NonNegative = Annotated[float, Field(ge=0, le=1e9)]
Latitude = Annotated[float, Field(ge=-85, le=85)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
SLUG = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
VARIANT_NAME = r"^[^\s\x00-\x1f\x7f:,](?:[^\x00-\x1f\x7f:]{0,62}[^\s\x00-\x1f\x7f:,])?$"
DOTTED_KEY = r"^[^.=\s]+(\.[^.=\s]+)*$"
PATTERNS = {
    SLUG: "up to 64 letters, digits, - and _, the first a letter or digit",
    VARIANT_NAME: "a name of up to 64 characters on one line, without a colon, or a comma or space at its ends",
    DOTTED_KEY: "a dotted key such as fleet.vans.count",
}
"""What a pattern asks for, in words."""
Slug = Annotated[str, Field(pattern=SLUG)]


def _clock(text: str) -> str:
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts):
        raise ValueError("expected a local time HH:MM or HH:MM:SS")
    if int(parts[0]) > 47 or any(int(part) > 59 for part in parts[1:]):
        raise ValueError("expected a local time up to 47:59 (beyond 24:00 is the next day)")
    return text


ClockTime = Annotated[str, AfterValidator(_clock)]


def clock_s(text: str) -> int:
    """``HH:MM[:SS]`` as seconds after local midnight."""
    hours, minutes, *rest = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + (rest[0] if rest else 0)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | bool) or (isinstance(value, int | float) and math.isfinite(value))


def _plain(value: Any) -> Any:
    """Said once, where a union would complain once for each of its members."""
    if not _is_plain(value):
        raise ValueError("expected a number, text, true or false")
    return value


def _plain_or_numbers(value: Any) -> Any:
    if isinstance(value, list) and all(_is_plain(item) and not isinstance(item, str | bool) for item in value):
        return value
    if not _is_plain(value):
        raise ValueError("expected a number, text, true or false, or a list of numbers")
    return value


PolicySetting = Annotated[float | int | bool | str, BeforeValidator(_plain)]
Threshold = Annotated[float | str | bool | list[float], BeforeValidator(_plain_or_numbers)]


OneOf: TypeAlias = tuple[tuple[str, ...], ...]
"""Alternatives of which a section has one at most, each the keys it consists of."""


class Section(BaseModel):
    """``one_of`` tells ``--set`` which keys replace each other; validators refuse two alternatives together."""

    one_of: ClassVar[tuple[OneOf, ...]] = ()
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
