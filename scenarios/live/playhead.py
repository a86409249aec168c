"""A day and how fast it goes by: what somebody moves who presses play."""

import time
from typing import Any

from engine.clock import SECOND
from scenarios.live.asked import whole
from scenarios.live.pace import Pace, check_speed, next_speed
from scenarios.live.snapshot import Day

STRIDE_S = 0.05
"""The day moves on in pieces that take about so much wall time: between them, requests are answered."""
LAG_S = 0.5
"""Further behind its due time than this, a day goes as fast as it can from here, without catching up."""
STEP_US = 60 * SECOND
REACHED_OVER_S = 2.0
ACTS = ("play", "pause", "step", "speed", "faster", "slower", "seek")


class Playhead:
    """Moves a day along; ``own``: it is one viewer's alone."""

    def __init__(self, day: Day, pace: Pace, own: bool = False) -> None:
        self.day, self.pace, self.own = day, pace, own
        self._stride_us = 1_000_000
        self._reached: float | None = None
        self.anchor()

    @property
    def ended(self) -> bool:
        """Whether the day is at its end."""
        return self.day.now_us >= self.day.end_us

    def anchor(self) -> None:
        """Go on from here and now."""
        self.pace.anchor(time.monotonic(), self.day.now_us)
        self._reached, self._since = None, (time.monotonic(), self.day.now_us)

    def move(self) -> bool:
        """A stride towards the moment that is due; False when there is nothing to do."""
        now_us, wall_s = self.day.now_us, time.monotonic()
        if not self.pace.playing or self.ended:
            return False
        due_us = self.pace.due_us(wall_s)
        if due_us is not None and due_us - now_us < (self.pace.speed or 0) * 1e6 * STRIDE_S / 2:
            return False  # too little time has gone by
        target_us = now_us + self._stride_us if due_us is None else min(due_us, now_us + self._stride_us)
        target_us = min(target_us, self.day.end_us)
        self.day.advance(target_us)
        self._adapt(time.monotonic() - wall_s)
        if due_us is not None and due_us - target_us > LAG_S * 1e6 * (self.pace.speed or 0):
            self.pace.anchor(time.monotonic(), target_us)
        if self.ended:
            self.pace.playing = False
        return True

    def _adapt(self, took_s: float) -> None:
        """Strides that take about ``STRIDE_S``."""
        if took_s > 2 * STRIDE_S:
            self._stride_us = max(100_000, self._stride_us // 2)
        elif took_s < STRIDE_S / 2:
            self._stride_us = min(3_600_000_000, self._stride_us * 2)

    def clock(self, note: str) -> dict[str, Any]:
        """The part ``clock``."""
        wall_s, now_us = time.monotonic(), self.day.now_us
        before_s, before_us = self._since
        if not self.pace.playing:
            self._reached, self._since = None, (wall_s, now_us)
        elif wall_s - before_s >= REACHED_OVER_S:
            self._reached = round((now_us - before_us) / 1e6 / (wall_s - before_s), 1)
            self._since = (wall_s, now_us)
        return {
            "now_us": now_us,
            "until_us": self.day.end_us,
            "playing": self.pace.playing,
            "speed": self.pace.speed,
            "reached": self._reached,
            "ended": self.ended,
            "own": self.own,
            "can_seek": self.day.can_seek,
            "can_command": self.day.can_command and not self.ended,
            "note": note,
        }

    def do(self, what: str, fields: dict[str, Any]) -> None:
        """One of ``ACTS``.

        Raises:
            ValueError: the day is over, cannot jump, or the speed or moment is none.
        """
        match what:
            case "play":
                if self.ended:
                    raise ValueError("the day is over")
                self.pace.playing = True
            case "pause":
                self.pace.playing = False
            case "step":
                self.pace.playing = False
                self.day.advance(min(self.day.now_us + STEP_US, self.day.end_us))
            case "speed":
                self.pace.speed = check_speed(fields["value"])
            case "faster" | "slower":
                self.pace.speed = next_speed(self.pace.speed, what == "faster")
            case "seek":
                self.day.seek(whole(fields, "at_us"))
        self.anchor()
