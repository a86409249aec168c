"""How fast simulated time goes by: paused, so many times real time, or as fast as the machine can."""

SPEEDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""What the faster and slower keys go through; beyond the last comes as fast as possible (None)."""


class Pace:
    """A clock between wall time (seconds, any origin) and simulated time; ``speed`` None is as fast as possible."""

    def __init__(self, speed: float | None = 60.0, playing: bool = False) -> None:
        self.speed = check_speed(speed)
        self.playing = playing
        self._wall_s, self._at_us = 0.0, 0

    def anchor(self, wall_s: float, at_us: int) -> None:
        """From here on: at this wall time it is that simulated time."""
        self._wall_s, self._at_us = wall_s, at_us

    def due_us(self, wall_s: float) -> int | None:
        """Which moment it should be by now; None when there is no limit."""
        if self.speed is None:
            return None
        return self._at_us + round((wall_s - self._wall_s) * 1e6 * self.speed)


def check_speed(speed: object) -> float | None:
    """A speed as given from outside.

    Raises:
        ValueError: neither None nor a number from 0.1 to 100,000.
    """
    if speed is None:
        return None
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0.1 <= speed <= 100_000:
        raise ValueError(f"speed: expected a number from 0.1 to 100000, or max, not {speed!r}")
    return float(speed)


def next_speed(speed: float | None, up: bool) -> float | None:
    """The next faster or slower of ``SPEEDS``."""
    if up:
        return None if speed is None else next((s for s in SPEEDS if s > speed), None)
    return SPEEDS[-1] if speed is None else next((s for s in reversed(SPEEDS) if s < speed), SPEEDS[0])
