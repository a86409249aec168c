"""One viewer's own: a moment of their own, and the vehicles they look at closely."""

from typing import Any

import numpy as np

from scenarios.live.gaze import MOST, gaze_parts
from scenarios.live.playhead import Playhead
from scenarios.live.switchboard import Line

LIVE_ONLY = ("closed.", "truth.closed.", "posted", "truth.courier", "truth.backlog.", "truth.coverage")
"""Parts (or how their names begin) that a day told again has nothing of; they are empty there."""


class Viewer:
    """What is sent on one line beside what everybody is sent. ``head`` is None while the viewer follows the day."""

    def __init__(self, line: Line, head: Playhead | None = None) -> None:
        self.line, self.head = line, head
        self.rows: tuple[int, ...] = ()
        self.note = ""

    def look_at(self, names: list[str], index: dict[str, int]) -> None:
        """Look closely at these vehicles only.

        Raises:
            ValueError: too many, or a name that is none.
        """
        if len(names) > MOST:
            raise ValueError(f"look_at: expected at most {MOST} vehicles, not {len(names)}")
        unknown = next((name for name in names if name not in index), None)
        if unknown is not None:
            raise ValueError(f"look_at: no vehicle {unknown!r}")
        self.rows = tuple(dict.fromkeys(index[name] for name in names))

    def parts(self, shared: Playhead, common: dict[str, Any], note: str) -> dict[str, Any]:
        """The parts that replace or follow the common ones."""
        head = self.head or shared
        own = gaze_parts(self.rows, head.day)
        if self.head is not None:
            empty = {name: _empty(part) for name, part in common.items() if name.startswith(LIVE_ONLY)}
            own |= empty | self.head.day.parts() | {"clock": self.head.clock(self.note or note)}
        elif self.note:
            own["clock"] = common["clock"] | {"note": self.note}
        return own


def _empty(part: Any) -> Any:
    return part[:0] if isinstance(part, np.ndarray | list) else {} if isinstance(part, dict) else None
