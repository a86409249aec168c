"""What ``twin solve`` is asked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Objective = Literal["distance", "vehicles"]
"""Least cost as the set defines it, or fewest vehicles first and then least cost."""

RoundingName = Literal["none", "integer", "truncate"]
"""Of a leg: not at all, to the nearest integer, or cut to one decimal."""


@dataclass(frozen=True)
class Request:
    """Options of ``twin solve``; None is the default of the set or policy.

    ``iterations`` gives the same answer every time, ``seconds`` depends on the machine; both: what comes first.
    ``seconds`` is the search of a static instance, and each decision of a dynamic day.
    """

    policy: str | None = None
    iterations: int | None = None
    seconds: float | None = None
    objective: Objective | None = None
    rounding: RoundingName | None = None
    decisions: Path | None = None
    out: Path | None = None
    seed: int = 0
