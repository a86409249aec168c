"""When a vehicle is ready for each step of its course, as a function of when the course begins: its ready time.

Driving, loading and service delay it; a window that opens later puts a floor under it. So it is the later of the begin
plus a delay and the floor: two numbers a step tell it for every begin (the ready time functions of vehicle routing, of
which a piece is linear in the (max, +) algebra). A break, or a choice between windows, makes it a function in pieces; a
piece holds for the begins of which the same questions have the same answers.
"""

from twin.views import NEVER_US


class ReadyTime:
    """One piece: ``max(begin + delay_us, floor_us)``, for begins from ``low_us`` to ``high_us``."""

    __slots__ = ("begin_us", "delay_us", "floor_us", "high_us", "low_us")

    def __init__(self, begin_us: int) -> None:
        """The piece on which a begin lies; at first it is ready when it begins."""
        self.begin_us, self.delay_us, self.floor_us = begin_us, 0, -NEVER_US
        self.low_us, self.high_us = -NEVER_US, NEVER_US

    def take(self, us: int) -> None:
        """Something takes so long."""
        self.delay_us += us
        self.floor_us += us

    def wait_until(self, us: int) -> None:
        """Nothing goes on before a moment."""
        if us > self.floor_us:
            self.floor_us = us

    def is_by(self, us: int) -> bool:
        """Whether it is ready by a moment; from now on the piece is of begins with that answer."""
        if self.floor_us > us:
            return False
        last_us = us - self.delay_us
        if self.begin_us > last_us:
            self.low_us = max(self.low_us, last_us + 1)
            return False
        self.high_us = min(self.high_us, last_us)
        return True
