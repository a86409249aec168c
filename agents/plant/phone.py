"""The phone at head office: a few people who answer and call, one call at a time each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import simpy

from agents.plant.component import exponential_us
from agents.world import World
from engine.clock import SECOND


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is over, in us; ``answered_us`` None: the caller gave up."""

    who: str
    purpose: str
    asked_us: int
    answered_us: int | None
    ended_us: int

    @property
    def waited_s(self) -> float:
        """For a free line."""
        return ((self.ended_us if self.answered_us is None else self.answered_us) - self.asked_us) / SECOND

    @property
    def call_s(self) -> float | None:
        """How long was spoken; None: not at all."""
        return None if self.answered_us is None else (self.ended_us - self.answered_us) / SECOND


class PhoneDesk:
    """``lines`` people; calls wait in the order they come (M/M/c for callers who come at random and never give up)."""

    def __init__(self, world: World, lines: int, call_s_mean: float, patience_s: float) -> None:
        self.world, self.lines, self.call_s_mean = world, lines, call_s_mean
        self.patience_us = round(patience_s * SECOND)
        self.answered = self.gave_up = self.waited_us = self.talked_us = 0
        self.on_end: list[Callable[[Call], None]] = []
        self._people = simpy.Resource(world.env, lines)
        self._numbers: dict[str, int] = {}

    def ring(self, who: str, purpose: str, then: Callable[[float | None], None]) -> None:
        """Somebody calls head office: ``then(call_s)`` at the end of the call, ``then(None)`` once they give up."""
        self.world.env.process(self._call(who, purpose, self.patience_us, _always, lambda call: then(call.call_s)))

    def call(
        self, who: str, purpose: str, then: Callable[[Call], None], wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """Head office calls somebody, who answers at once; ``then`` at the end of the call, unless it was not
        ``wanted`` any more when a line became free."""
        self.world.env.process(self._call(who, purpose, None, wanted, then))

    @property
    def waiting(self) -> int:
        """Calls that wait for a line now."""
        return len(self._people.queue)

    def busy_share(self) -> float:
        """Share of the people's time spent in calls that have ended, since the run began."""
        past_us = self.world.now - self.world.start_us
        return self.talked_us / (past_us * self.lines) if past_us else 0.0

    def _call(
        self, who: str, purpose: str, patience_us: int | None, wanted: Callable[[], bool],
        then: Callable[[Call], None],
    ) -> Any:  # fmt: skip
        env, asked_us = self.world.env, self.world.now
        number = self._numbers[who] = self._numbers.get(who, -1) + 1
        answered_us = None
        with self._people.request() as line:
            yield line if patience_us is None else line | env.timeout(patience_us)
            if line.triggered and wanted():
                answered_us = self.world.now
                yield env.timeout(exponential_us(self.world.streams, self.call_s_mean, "phone", who, number))
        call = Call(who, purpose, asked_us, answered_us, self.world.now)
        if patience_us is None and answered_us is None:  # not wanted any more: it was never made
            return
        self._count(call)
        then(call)
        for tell in self.on_end:
            tell(call)

    def _count(self, call: Call) -> None:
        if call.answered_us is None:
            self.gave_up += 1
            self.waited_us += call.ended_us - call.asked_us
        else:
            self.answered += 1
            self.waited_us += call.answered_us - call.asked_us
            self.talked_us += call.ended_us - call.answered_us


def _always() -> bool:
    return True
