"""The report's timeline: what each driver did when, and what was down at head office, on the wall clock."""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from engine.clock import HOUR, LocalTime
from scenarios.telling.activities import Shift, Stretch
from scenarios.telling.history import Outage, RunHistory

MAX_TIMELINES = 60
"""Drivers shown on the timeline; those with late orders come first."""
TIMELINE_HOURS = 48
"""Hours shown on the timeline, from the first shift on."""


class Bar(NamedTuple):
    """A stretch on the timeline; local wall-clock milliseconds since 1970, for a zone-less time axis."""

    lane: str
    start_ms: float
    end_ms: float
    what: str
    text: str


@dataclass(frozen=True)
class Timeline:
    """Bars by lane (a driver, or a part of head office that was down); lanes from top to bottom."""

    lanes: tuple[str, ...]
    bars: tuple[Bar, ...]


def timeline(history: RunHistory, clock: LocalTime) -> tuple[Timeline, list[str]]:
    """Lanes by driver, cut to ``MAX_TIMELINES`` drivers and ``TIMELINE_HOURS``, and a note of each cut."""
    late = Counter(o.visits[-1].payload["driver_id"] for o in history.orders.values() if o.late_us)
    drivers = list(dict.fromkeys(shift.driver_id for shift in history.shifts))
    kept = set(sorted(drivers, key=lambda driver: -late[driver])[:MAX_TIMELINES])
    limits = []
    if len(drivers) > MAX_TIMELINES:
        limits.append(f"The timeline shows {MAX_TIMELINES} of {len(drivers)} drivers, most late orders first.")
    until_us = min((shift.start_us for shift in history.shifts), default=0) + TIMELINE_HOURS * HOUR
    if any(shift.start_us >= until_us for shift in history.shifts):
        limits.append(f"The timeline shows the first {TIMELINE_HOURS} hours.")
    shown = [s for s in history.shifts if s.driver_id in kept and s.start_us < until_us]
    bars = [_outage_bar(outage, clock) for outage in history.outages if outage.start_us < until_us]
    bars += [bar for shift in shown for bar in _bars(shift, clock)]
    return Timeline(tuple(dict.fromkeys(bar.lane for bar in bars)), tuple(bars)), limits


def _lane(shift: Shift) -> str:
    return f"{shift.driver_id} · {shift.vehicle_id}"


def _outage_bar(outage: Outage, clock: LocalTime) -> Bar:
    start_us, end_us = outage.start_us, outage.end_us
    text = f"down, {clock.text(start_us)[:5]}–{clock.text(end_us)[:5]}, cause: {outage.cause}"
    lane = f"office · {outage.component.replace('_', ' ')}"
    return Bar(lane, _wall_ms(start_us, clock), _wall_ms(end_us, clock), "down", text)


def _bars(shift: Shift, clock: LocalTime) -> list[Bar]:
    def text(stretch: Stretch) -> str:
        to = f" {stretch.to}" if stretch.to else ""
        return f"{stretch.what}{to}, {clock.text(stretch.start_us)[:5]}–{clock.text(stretch.end_us)[:5]}"

    return [
        Bar(_lane(shift), _wall_ms(s.start_us, clock), _wall_ms(s.end_us, clock), s.what, text(s))
        for s in shift.stretches
    ]


def _wall_ms(t_us: int, clock: LocalTime) -> float:
    return (t_us + clock.offset_us(t_us)) / 1000
