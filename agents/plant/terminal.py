"""The terminal's internet: a primary line, and a standby that takes over when it works.

A standby fails without anybody noticing: nothing goes over it. Whether it works is only known from a drill, or from
the day it is needed.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np

from agents.plant.component import PENDING, YEAR_S, Act, Component, Reliability, Tell, exponential_us
from agents.world import World
from engine.clock import SECOND
from engine.streams import Streams

DAY_S = 86_400.0
PRIMARY, STANDBY, DOWN = range(3)


@dataclass(frozen=True)
class StandbySettings:
    """A second line; times in seconds, days and years as named."""

    messages_per_s: float = 50.0
    detect_s: float = 60.0
    switch_s: float = 30.0
    hidden_failures_per_year: float = 1.0
    drill_every_days: float | None = None
    in_service_days: float = 365.0


@dataclass(frozen=True)
class LinkSettings:
    """The primary line's own failures, and the standby if there is one."""

    failures_per_year: float = 0.0
    repair_s_mean: float = 14_400.0
    standby: StandbySettings | None = None

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "LinkSettings":
        """From a section of these names; ``standby`` a mapping of its own or None."""
        standby = values["standby"]
        given = {field.name: values[field.name] for field in fields(cls)}
        return cls(**given | {"standby": None if standby is None else StandbySettings(**standby)})


class HiddenFailures:
    """Moments at which the standby breaks: a Poisson process around the start of the run.

    Drawn by number, away from the start in both directions, so that every drill plan meets the same failures.
    """

    def __init__(self, streams: Streams, per_year: float, start_us: int) -> None:
        self._streams, self._mean_s = streams, YEAR_S / per_year if per_year > 0 else None
        self._times_us = [] if self._mean_s is None else [start_us - self._gap_us("before"), start_us + self._gap_us(1)]

    def between(self, after_us: int, until_us: int) -> bool:
        """Whether there was one in (after, until]; of those before the run only the last is known."""
        times_us = self._times_us
        if not times_us:
            return False
        while times_us[-1] <= until_us:
            times_us.append(times_us[-1] + self._gap_us(len(times_us)))
        return any(after_us < at_us <= until_us for at_us in reversed(times_us))

    def _gap_us(self, number: object) -> int:
        assert self._mean_s is not None  # noqa: S101
        return exponential_us(self._streams, self._mean_s, "plant", "standby", "fails", number)


class Standby:
    """The second line. ``known_good_us`` is when it was last seen to work, or repaired."""

    def __init__(self, streams: Streams, settings: StandbySettings, start_us: int) -> None:
        self.settings = settings
        self.takes_over_us = round((settings.detect_s + settings.switch_s) * SECOND)
        self.service_us = max(1, round(SECOND / settings.messages_per_s))
        self._failures = HiddenFailures(streams, settings.hidden_failures_per_year, start_us)
        self.drill_us: int | None = None
        if settings.drill_every_days is None:
            self.known_good_us = start_us - round(settings.in_service_days * DAY_S * SECOND)
        else:
            self.drill_us = max(1, round(settings.drill_every_days * DAY_S * SECOND))
            self.known_good_us = start_us - int(self.drill_us * streams.uniform("plant", "standby", "drilled"))

    def works(self, at_us: int) -> bool:
        """Whether it would carry traffic: with failures at rate L and drills every T, on average over the moments of
        need it would not in 1 - (1 - exp(-L T)) / (L T) of cases."""
        return not self._failures.between(self.known_good_us, at_us)

    def carry(self, ready_us: np.ndarray, start_us: int, free_us: int, taken_us: np.ndarray) -> np.ndarray:
        """When messages ready at sorted ``ready_us`` are through, one after another: Lindley's recursion
        d(i) = max(ready(i), d(i-1)) + service, unrolled; nothing goes before ``start_us`` and ``free_us``.

        From each of ``taken_us`` (at least a service apart) the line is taken for one service by what goes first; it
        keeps a time of its own that stands still meanwhile.
        """
        own_us = taken_us - np.arange(len(taken_us), dtype=np.int64) * self.service_us  # the line's own time of each
        begin_us = np.maximum(ready_us, max(start_us, free_us))
        before = np.searchsorted(taken_us, begin_us)
        begin_us = np.maximum(begin_us - before * self.service_us, np.append(own_us, -PENDING)[before - 1])
        service_us = np.arange(len(ready_us), dtype=np.int64) * self.service_us
        done_us = np.maximum.accumulate(begin_us - service_us) + service_us + self.service_us
        return done_us + np.searchsorted(own_us, done_us) * self.service_us


class TerminalLink:
    """What carries messages to the coordinators: the primary, the standby, or nothing.

    On the standby events go first, and samples have what they leave of its capacity (assumption). After the primary's
    repair what waits goes over it at once.
    """

    def __init__(self, world: World, settings: LinkSettings, tell: Tell) -> None:
        self.world, self._tell = world, tell
        self.primary = Component(world, "terminal_link", tell)
        self.primary.on_change.append(self._primary_changed)
        self.standby = None if settings.standby is None else Standby(world.streams, settings.standby, world.start_us)
        self.on_change: list[Act] = []
        self._own = Reliability.of_rate(settings.failures_per_year, settings.repair_s_mean)
        self._scripted: dict[str, bool] = {}  # cause -> whether the standby takes over
        self._failed_us, self._needed, self._found_failed = 0, False, False
        self._since_us, self._modes = [world.start_us - PENDING], [PRIMARY]
        self._queue: deque[Act] = deque()
        self._serving: int | None = None  # number of the spell in which the standby serves a message
        self._taken_us: list[int] = []  # when it began to serve each
        self._settled_us, self._free_us = world.start_us - PENDING, world.start_us - PENDING

    def start(self) -> None:
        """Play its failures and drills from now on."""
        self.primary.fails_by_itself(self._own)
        standby = self.standby
        if standby is not None and standby.drill_us is not None:
            self.world.at(standby.known_good_us + standby.drill_us, self._drill)

    @property
    def mode(self) -> int:
        """PRIMARY, STANDBY or DOWN."""
        return self._modes[-1]

    @property
    def up(self) -> bool:
        return self.mode != DOWN

    @property
    def held(self) -> int:
        """How many messages wait."""
        return len(self._queue)

    def cut(self, cause: str, takes_over: bool | None = None) -> None:
        """Hold the primary down; ``takes_over`` says what the standby does, None: what its own failures give."""
        if takes_over is not None:
            self._scripted[cause] = takes_over
        self.primary.fail(cause)

    def mend(self, cause: str) -> None:
        """Let go of the primary."""
        self._scripted.pop(cause, None)
        self.primary.restore(cause)

    # --- switching ---

    def _primary_changed(self) -> None:
        now = self.world.now
        if self.primary.up:
            if self.standby is not None and self._needed:
                self.standby.known_good_us = now  # it was seen to work, or was repaired with the primary (assumption)
                if self._found_failed:
                    self._tell("plant_restored", "standby", {"component": "standby", "cause": "found at need"})
            self._set_mode(PRIMARY)
        else:
            self._failed_us, self._needed, self._found_failed = now, False, False
            self._set_mode(DOWN)
            if self.standby is not None:
                self.world.after(self.standby.takes_over_us, partial(self._take_over, len(self._modes)))

    def _take_over(self, spell: int) -> None:
        if spell != len(self._modes):  # the primary is back, or has failed anew
            return
        assert self.standby is not None  # noqa: S101
        self._needed, now = True, self.world.now
        works = all(self._scripted.values()) if self._scripted else self.standby.works(now)
        if works:
            self._tell("standby_took_over", "terminal_link", {"after_s": (now - self._failed_us) / SECOND})
            self._set_mode(STANDBY)
        else:
            self._found_failed = True
            self._tell("plant_failed", "standby", {"component": "standby", "cause": "found at need"})

    def _drill(self) -> None:
        standby = self.standby
        assert standby is not None  # noqa: S101
        assert standby.drill_us is not None  # noqa: S101
        if self.primary.up:  # nobody drills in the middle of an outage
            now = self.world.now
            found_failed = not standby.works(now)
            standby.known_good_us = now
            self._tell("standby_drilled", "standby", {"found_failed": found_failed})
        self.world.after(standby.drill_us, self._drill)

    def _set_mode(self, mode: int) -> None:
        self._modes.append(mode)
        self._since_us.append(self.world.now)
        for act in self.on_change:
            act()
        if mode == PRIMARY:
            while self._queue and self.mode == PRIMARY:
                self._queue.popleft()()
        else:
            self._serve()

    # --- the event lane ---

    def admit(self, go: Act) -> None:
        """One message: ``go`` is called when it has come through, perhaps now."""
        if self.mode == PRIMARY and not self._queue:
            go()
            return
        self._queue.append(go)
        self._serve()

    def _serve(self) -> None:
        spell = len(self._modes)
        if self.mode == STANDBY and self._queue and self._serving != spell:
            assert self.standby is not None  # noqa: S101
            self._serving = spell
            self._taken_us.append(self.world.now)
            self.world.after(self.standby.service_us, partial(self._served, spell))

    def _served(self, spell: int) -> None:
        if spell == len(self._modes):
            self._serving = None
            self._queue.popleft()()
            self._serve()

    # --- the sample lane ---

    def through(self, device: np.ndarray, ready_us: np.ndarray, now_us: int) -> np.ndarray:
        """When samples are through, as far as it is known by now: int64, PENDING for those that wait.

        Asked in time order, each time with every sample that is still to come through, those of a device in their
        order; ``ready_us`` is when each got here. Ties go to the lower ``device``.
        """
        out_us = np.full(len(ready_us), PENDING, np.int64)
        if len(self._modes) == 1:
            return np.where(ready_us <= now_us, ready_us, PENDING)
        waiting = np.lexsort((device, ready_us))
        for start_us, end_us, mode in self._spells(now_us):
            here = waiting[: np.searchsorted(ready_us[waiting], end_us, "right")]
            if mode == DOWN:
                continue
            if mode == PRIMARY:
                out_us[here] = np.maximum(ready_us[here], start_us)
            else:
                assert self.standby is not None  # noqa: S101
                taken_us = np.array([t for t in self._taken_us if start_us <= t < end_us], np.int64)
                done_us = self.standby.carry(ready_us[here], start_us, self._free_us, taken_us)
                here = here[: np.searchsorted(done_us, end_us, "right")]
                out_us[here] = done_us[: len(here)]
                self._free_us = int(done_us[len(here) - 1]) if len(here) else self._free_us
            waiting = waiting[len(here) :]
        self._settled_us = now_us
        return out_us

    def _spells(self, now_us: int) -> list[tuple[int, int, int]]:
        """(start, end, mode) of what was since the samples were last asked about; the last one ends now."""
        ends_us = [*self._since_us[1:], PENDING]
        return [
            (start_us, min(end_us, now_us), mode)
            for start_us, end_us, mode in zip(self._since_us, ends_us, self._modes)
            if end_us >= self._settled_us and start_us <= now_us
        ]
