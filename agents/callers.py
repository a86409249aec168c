"""Customers on the line who wait for a dispatcher."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from agents.plant.component import exponential_us
from agents.world import World
from engine.clock import SECOND


@dataclass(frozen=True, slots=True, eq=False)
class Caller:
    """Somebody on the line; ``then(call_s)`` at the end of the call, ``then(None)`` once they have given up."""

    talks_us: int
    then: Callable[[float | None], None]


class Callers:
    """Who has waited longest comes first; each gives up after a while. ``bell`` is rung for every call.

    A call is as long as the phone desk's would be: drawn by caller and number of the call.
    """

    def __init__(self, world: World, call_s_mean: float, patience_s: float, bell: Callable[[], None]) -> None:
        self.world, self.call_s_mean, self.bell = world, call_s_mean, bell
        self.patience_us = round(patience_s * SECOND)
        self._waiting: deque[Caller] = deque()
        self._numbers: dict[str, int] = {}

    def ring(self, who: str, then: Callable[[float | None], None]) -> None:
        """A customer calls."""
        number = self._numbers[who] = self._numbers.get(who, -1) + 1
        caller = Caller(exponential_us(self.world.streams, self.call_s_mean, "phone", who, number), then)
        self._waiting.append(caller)
        self.bell()
        self.world.after(self.patience_us, partial(self._give_up, caller))

    def pick_up(self) -> Caller | None:
        """The next call; None: the phone is silent."""
        return self._waiting.popleft() if self._waiting else None

    def _give_up(self, caller: Caller) -> None:
        if caller in self._waiting:
            self._waiting.remove(caller)
            caller.then(None)
