"""What one viewer looks at closely: the ways ahead of and behind a few vehicles."""

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np

from scenarios.live.truth import TRUTH

MOST = 12
"""Vehicles one viewer can look at closely."""
_NOTHING = np.empty(0, np.float32)


class Line(NamedTuple):
    """A line in map metres; ``s`` is when each point was passed, in seconds since the start, empty where that means
    nothing. All float32, in the order travelled."""

    x: np.ndarray
    y: np.ndarray
    s: np.ndarray


class Ways(Protocol):
    """Where vehicles go and have been; rows as in the parts about vehicles."""

    def way(self, row: int) -> Line:
        """The way ahead, as head office has it."""

    def trail(self, row: int) -> Line:
        """The way behind, as received fixes tell."""

    def true_trail(self, row: int) -> Line:
        """The way behind, as it was."""


def gaze_parts(rows: Iterable[int], ways: Ways) -> dict[str, Any]:
    """``looked_at`` (rows), and for ``way``, ``trail`` and ``truth.trail``: ``.x``, ``.y``, ``.s`` and ``.start``."""
    rows = list(rows)
    parts: dict[str, Any] = {"looked_at": rows}
    for name, line_of in (("way", ways.way), ("trail", ways.trail), (TRUTH + "trail", ways.true_trail)):
        lines = [line_of(row) for row in rows]
        lengths = [len(line.x) for line in lines]
        parts[name + ".start"] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        for column in Line._fields:
            values = [getattr(line, column) for line in lines]
            parts[f"{name}.{column}"] = np.concatenate(values) if values else _NOTHING
    return parts
