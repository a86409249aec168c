"""Weather as a timeline of intervals: fair, or something that slows traffic.

Intervals begin and end on quarter hours, so that weather is constant within a traffic slot. Each local day
has its own draws, named by the day and the kind of weather alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from math import log1p
from types import MappingProxyType

from engine.clock import HOUR, MINUTE, LocalTime
from engine.streams import Streams

SLOT_US = 15 * MINUTE
"""Weather and local traffic change on these borders (UTC quarter hours, which are local ones too)."""

FAIR = "fair"
_DAY_US = 24 * HOUR


@dataclass(frozen=True)
class Kind:
    """One kind of weather.

    ``speed_factor`` multiplies driving speeds. ``spells_per_day`` is the mean number of spells a day (at most
    1), ``mean_hours`` how long they last on average (exponential), in ``months`` (1 to 12).
    """

    speed_factor: float
    spells_per_day: float
    mean_hours: float
    months: tuple[int, ...] = tuple(range(1, 13))


KINDS: Mapping[str, Kind] = MappingProxyType({
    "rain": Kind(0.92, 0.50, 2.3),
    "heavy_rain": Kind(0.84, 0.15, 2.0),
    "fog": Kind(0.88, 0.07, 3.7),
    "storm": Kind(0.80, 0.04, 1.8),
    "snow": Kind(0.70, 0.15, 2.7, (12, 1, 2, 3)),
})  # fmt: skip
"""Speed factors: within the ranges of FHWA, "How Do Weather Events Impact Roads?" (freeway speeds fall 2-13 %
in light rain, 3-16 % in heavy rain, 5-40 % in heavy snow, 10-12 % in low visibility; arterials 10-25 % on wet
and 30-40 % on snowy pavement); storm is an assumption. Spells and hours: counted on the three New York
airports of 2013 (``docs/validation.md``); set your own for another climate."""


@dataclass(frozen=True)
class Spell:
    """Weather of one kind in [start_us, end_us), end None while it lasts."""

    kind: str
    start_us: int
    end_us: int | None


@dataclass(frozen=True)
class WeatherConfig:
    """Weather of a run. ``random`` draws spells by ``kinds``; ``script`` adds stated ones. Off by default."""

    random: bool = False
    kinds: Mapping[str, Kind] = field(default_factory=lambda: KINDS)
    script: Sequence[Spell] = ()

    def __post_init__(self) -> None:
        for name, kind in self.kinds.items():
            if not (0 < kind.speed_factor <= 1 and 0 <= kind.spells_per_day <= 1 and kind.mean_hours > 0):
                raise ValueError(
                    f"weather.kinds.{name}: expected 0 < speed_factor <= 1, 0 <= spells_per_day <= 1 and "
                    f"mean_hours > 0, got {kind}"
                )
        for spell in self.script:
            _check_kind(spell.kind, self.kinds)


class Weather:
    """What the weather is at a moment. Where spells overlap the slowest counts; a pushed one replaces them
    all."""

    def __init__(self, config: WeatherConfig, streams: Streams, local: LocalTime) -> None:
        self._config, self._streams, self._local = config, streams, local
        self._order = sorted(config.kinds, key=lambda name: (config.kinds[name].speed_factor, name))
        self._days: dict[int, list[Spell]] = {}
        self._pushed: dict[int, Spell] = {}

    def state(self, t_us: int) -> str:
        """``fair`` or the name of a kind."""
        return self._state(int(t_us) // SLOT_US * SLOT_US)

    def factor(self, t_us: int) -> float:
        """Speed factor at a moment, 1 in fair weather."""
        state = self.state(t_us)
        return 1.0 if state == FAIR else self._config.kinds[state].speed_factor

    def push(self, kind: str, start_us: int, end_us: int | None = None) -> int:
        """Override the weather from the slot of ``start_us`` (to that of ``end_us``, or until popped);
        returns a handle.

        Drives already under way keep the times they were given. Of several overrides the latest pushed
        counts.

        Raises:
            ValueError: no such kind.
        """
        if kind != FAIR:
            _check_kind(kind, self._config.kinds)
        handle = max(self._pushed, default=0) + 1
        self._pushed[handle] = Spell(kind, int(start_us), None if end_us is None else int(end_us))
        return handle

    def pop(self, handle: int, end_us: int) -> None:
        """End an override with the slot before that of ``end_us``.

        Raises:
            KeyError: no such handle.
        """
        spell = self._pushed[handle]
        self._pushed[handle] = Spell(spell.kind, spell.start_us, int(end_us))

    def _state(self, slot_us: int) -> str:
        for handle in sorted(self._pushed, reverse=True):
            if _covers(self._pushed[handle], slot_us):
                return self._pushed[handle].kind
        day = self._local.day(slot_us)
        spells = [*self._spells(day - 1), *self._spells(day), *self._config.script]
        now = {spell.kind for spell in spells if _covers(spell, slot_us)}
        return next((name for name in self._order if name in now), FAIR)

    def _spells(self, day: int) -> list[Spell]:
        """Spells that begin on a local day."""
        if not self._config.random:
            return []
        if day not in self._days:
            if len(self._days) > 64:
                self._days.clear()
            self._days[day] = [spell for name in self._order if (spell := self._draw(day, name))]
        return self._days[day]

    def _draw(self, day: int, name: str) -> Spell | None:
        kind = self._config.kinds[name]
        occurs, when, long = self._streams.generator("weather", day, name).random(3)
        if month_of(day) not in kind.months or occurs >= kind.spells_per_day:
            return None
        start_us = self._local.at(day, int(when * 86_400))
        hours = min(-kind.mean_hours * log1p(-long), 24.0)
        return Spell(name, start_us, start_us + round(hours * 3600) * (HOUR // 3600))


def month_of(day: int) -> int:
    """Month (1 to 12) of a day counted from 1970-01-01."""
    return (date(1970, 1, 1) + timedelta(days=int(day))).month


def _covers(spell: Spell, slot_us: int) -> bool:
    """Whether a spell covers the slot starting at ``slot_us``; it counts from the slot in which it starts."""
    started = spell.start_us // SLOT_US * SLOT_US <= slot_us
    return started and (spell.end_us is None or slot_us < spell.end_us // SLOT_US * SLOT_US)


def _check_kind(name: str, kinds: Mapping[str, Kind]) -> None:
    if name not in kinds:
        near = get_close_matches(name, kinds, 1, 0.0)
        raise ValueError(f"weather: no kind {name!r}" + (f", nearest is {near[0]!r}" if near else ""))
