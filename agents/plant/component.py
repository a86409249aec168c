"""A part of the plant that is up or down, what goes through it while it is up, and its own failures.

Messages of the event lane go through one by one (``Gate.admit``), telemetry samples as arrays long after
(``Gate.through``); both meet the same outages. An outage from a to b holds what comes in (a, b]: what a part did at a
moment stands, whatever becomes of it at that moment.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log1p
from typing import Any

import numpy as np

from agents.world import World
from engine.clock import SECOND
from engine.radio import NEVER_US
from engine.streams import Streams

PENDING = 1 << 62
"""The moment of what has not come by now (and may never): later than every moment, with room to add to it."""

YEAR_S = 365.25 * 86_400
FAULT = "own failure"
"""The cause of a failure of a component's own; no incident can be called so."""

Act = Callable[[], None]
Tell = Callable[[str, str, dict[str, Any]], None]
"""``tell(kind, component, payload)``: it happens, and who can notice it does."""


def exponential_us(streams: Streams, mean_s: float, *key: object) -> int:
    """One exponential draw of a named stream, in whole microseconds of at least one."""
    return max(1, round(-mean_s * SECOND * log1p(-streams.uniform(*key))))


@dataclass(frozen=True)
class Reliability:
    """How long a component is up and down on average, both exponential; ``up_s_mean`` None: it never fails."""

    up_s_mean: float | None = None
    down_s_mean: float = 3600.0

    @classmethod
    def of_availability(cls, availability: float, down_s_mean: float) -> "Reliability":
        """From the share of time it is up: A = up / (up + down)."""
        return cls(None if availability >= 1 else down_s_mean * availability / (1 - availability), down_s_mean)

    @classmethod
    def of_rate(cls, failures_per_year: float, down_s_mean: float) -> "Reliability":
        """From failures per year of being up."""
        return cls(None if failures_per_year <= 0 else YEAR_S / failures_per_year, down_s_mean)

    @property
    def availability(self) -> float:
        """Share of time up, in the long run."""
        return 1.0 if self.up_s_mean is None else self.up_s_mean / (self.up_s_mean + self.down_s_mean)


def outages(streams: Streams, name: str, what: Reliability, start_us: int) -> Iterator[tuple[int, int]]:
    """A component's own failures as (from, until) in us: an alternating renewal process in its steady state.

    Spells are drawn by component and number, so no policy and no incident moves them.
    """
    if what.up_s_mean is None:
        return
    key = ("plant", name)
    at_us, number = start_us, 0
    if streams.uniform(*key, "starts") < what.availability:
        at_us += exponential_us(streams, what.up_s_mean, *key, 0, "up")
    while True:
        until_us = at_us + exponential_us(streams, what.down_s_mean, *key, number, "down")
        yield at_us, until_us
        number += 1
        at_us = until_us + exponential_us(streams, what.up_s_mean, *key, number, "up")


class Component:
    """Up, unless something holds it down: a failure of its own, or any number of incidents."""

    def __init__(self, world: World, name: str, tell: Tell) -> None:
        self.world, self.name = world, name
        self.on_change: list[Act] = []
        self.down_us = 0  # all outages that have ended
        self._tell = tell
        self._held_by: set[str] = set()
        self._from: list[int] = []
        self._until: list[int] = []

    @property
    def up(self) -> bool:
        return not self._held_by

    @property
    def never_failed(self) -> bool:
        """It has been up since the run began."""
        return not self._from

    def fail(self, cause: str) -> None:
        """Hold it down; ``cause`` is an incident's name or ``FAULT``.

        Raises:
            ValueError: this cause holds it down already.
        """
        if cause in self._held_by:
            raise ValueError(f"{self.name} is down already because of {cause}")
        self._held_by.add(cause)
        if len(self._held_by) == 1:
            self._from.append(self.world.now)
            self._until.append(PENDING)
            self._tell("plant_failed", self.name, {"component": self.name, "cause": cause})
            self._changed()

    def restore(self, cause: str) -> None:
        """Let go of it.

        Raises:
            KeyError: this cause does not hold it down.
        """
        self._held_by.remove(cause)
        if self.up:
            self._until[-1] = self.world.now
            self.down_us += self._until[-1] - self._from[-1]
            self._tell("plant_restored", self.name, {"component": self.name, "cause": cause})
            self._changed()

    def _changed(self) -> None:
        for act in self.on_change:
            act()

    def fails_by_itself(self, what: Reliability) -> None:
        """Play its own failures from now on."""
        self._next(outages(self.world.streams, self.name, what, self.world.now))

    def _next(self, spells: Iterator[tuple[int, int]]) -> None:
        spell = next(spells, None)
        if spell is None or spell[0] >= self.world.end_us:
            return

        def mend() -> None:
            self.restore(FAULT)
            self._next(spells)

        self.world.at(spell[0], lambda: self.fail(FAULT))
        self.world.at(spell[1], mend)

    def up_again_us(self, t_us: np.ndarray) -> np.ndarray:
        """For moments (int64, us) the first at which it was up: the same, or the end of the outage (PENDING)."""
        if not self._from:
            return t_us
        last = np.searchsorted(np.array(self._from, np.int64), t_us, "left") - 1  # the latest that began before
        until_us = np.array(self._until, np.int64)[last]
        return np.where((last >= 0) & (t_us <= until_us), until_us, t_us)


class Gate:
    """Lets through while its component is up; else keeps what comes, in order, or loses it (``keeps`` False)."""

    def __init__(self, component: Component, keeps: bool = True) -> None:
        self.component, self.keeps = component, keeps
        self._queue: deque[Act] = deque()
        component.on_change.append(self._drain)

    @property
    def held(self) -> int:
        """How many messages wait."""
        return len(self._queue)

    def admit(self, go: Act) -> bool:
        """One message: ``go`` is called when it gets through, perhaps now. False: it is lost."""
        if self.component.up and not self._queue:
            go()
        elif self.keeps:
            self._queue.append(go)
        else:
            return False
        return True

    def _drain(self) -> None:
        while self._queue and self.component.up:
            self._queue.popleft()()

    def through(self, t_us: np.ndarray) -> np.ndarray:
        """When samples that came at ``t_us`` (int64, us) got through; PENDING while held, NEVER_US for lost ones."""
        through_us = self.component.up_again_us(t_us)
        return through_us if self.keeps else np.where(through_us == t_us, t_us, NEVER_US)
