"""What each driver did, minute by minute: the truth ledger folded into stretches of one activity each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

from engine.clock import MINUTE, SECOND
from scenarios.rows import Row
from twin.orders import natural_key

What = Literal[
    "preparing", "loading", "driving", "waiting", "service", "break", "refuelling", "disconnected", "breakdown", "idle",
]  # fmt: skip

_INTERRUPTIONS = ("break", "breakdown")
"""Reported with a start and an end of their own; where they overlap another activity they are what happened."""


class Stretch(NamedTuple):
    """One activity without interruption. ``to`` is what it was for: order, depot or station id, else empty."""

    start_us: int
    end_us: int
    what: What
    to: str = ""
    trip_id: str = ""


@dataclass
class Shift:
    """A driver's shift: its stretches are in order, touch, and cover it from start to end."""

    driver_id: str
    vehicle_id: str
    depot_id: str
    start_us: int
    end_us: int
    stretches: list[Stretch] = field(default_factory=list)

    def between(self, start_us: int, end_us: int) -> list[Stretch]:
        """The stretches cut to an interval."""
        cut = (s._replace(start_us=max(s.start_us, start_us), end_us=min(s.end_us, end_us)) for s in self.stretches)
        return [stretch for stretch in cut if stretch.end_us > stretch.start_us]


def shifts(truth: Iterable[Row], until_us: int | None = None) -> list[Shift]:
    """All shifts of a run in order of driver and start.

    A shift still open at the end of the ledger ends with it (``until_us``, default: the last row), as does a trip.
    """
    rows = sorted(truth, key=lambda row: (row.at_us, row.seq))
    last_us = until_us if until_us is not None else (rows[-1].at_us if rows else 0)
    by_driver: dict[str, list[Row]] = {}
    driver_of: dict[str, str] = {}  # of a vehicle, now
    for row in rows:
        driver: str | None = row.payload.get("driver_id")
        if row.kind == "shift_started":
            driver_of[row.payload["vehicle_id"]] = row.payload["driver_id"]
        if row.kind in ("breakdown_started", "breakdown_ended"):
            driver = driver_of.get(row.payload["vehicle_id"])
        if driver and row.kind != "driver_registered":
            by_driver.setdefault(driver, []).append(row)
    return [
        shift
        for driver in sorted(by_driver, key=natural_key)
        for shift in _driver_shifts(driver, by_driver[driver], last_us)
    ]


def _driver_shifts(driver_id: str, rows: list[Row], last_us: int) -> Iterable[Shift]:
    starts = [i for i, row in enumerate(rows) if row.kind == "shift_started"]
    for first, following in zip(starts, [*starts[1:], len(rows)]):
        own = rows[first:following]
        end = next((i for i, row in enumerate(own) if row.kind == "shift_ended"), None)
        own = own if end is None else own[: end + 1]
        p, start_us = own[0].payload, own[0].at_us
        end_us = own[-1].at_us if end is not None else max(last_us, start_us)
        shift = Shift(driver_id, p["vehicle_id"], p["depot_id"], start_us, end_us)
        shift.stretches = _covering(*_reported(own, end_us), start_us, end_us)
        yield shift


def _reported(rows: list[Row], end_us: int) -> tuple[list[Stretch], list[Stretch]]:
    """Stretches as events tell them: work, and the interruptions that take precedence over it."""
    work: list[Stretch] = []
    interruptions: list[Stretch] = []
    departed: Row | None = None
    serving: Row | None = None
    broken_us: int | None = None
    for row in rows:
        p, at = row.payload, row.at_us
        match row.kind:
            case "inspection_done":
                work.append(Stretch(at - round(p["minutes"] * MINUTE), at, "preparing"))
            case "loading_done":
                work.append(Stretch(p["started_us"], at, "loading", p["depot_id"]))
            case "departed":
                departed = row
            case "arrived":
                if departed is not None:
                    work.append(Stretch(departed.at_us, at, "driving", departed.payload["to"], p["trip_id"]))
                departed = None
            case "service_started":
                work.append(Stretch(p["arrived_us"], at, "waiting", p["order_id"]))
                serving = row
            case "order_delivered" | "delivery_attempted" | "order_picked_up":
                if not p.get("at_depot"):
                    work += _visit(row, serving)
                serving = None
            case "refuelled":
                work.append(Stretch(at - round(p["minutes"] * MINUTE), at, "refuelling", p["at"]))
            case "waited_for_connection":
                work.append(Stretch(at - round(p["waited_s"] * SECOND), at, "disconnected"))
            case "break_taken":
                interruptions.append(Stretch(at, p["until_us"], "break"))
            case "breakdown_started":
                broken_us = at
            case "breakdown_ended":
                if broken_us is not None:
                    interruptions.append(Stretch(broken_us, at, "breakdown"))
                broken_us = None
    if departed is not None:
        work.append(Stretch(departed.at_us, end_us, "driving", departed.payload["to"], departed.payload["trip_id"]))
    if serving is not None:
        work.append(Stretch(serving.at_us, end_us, "service", serving.payload["order_id"]))
    if broken_us is not None:
        interruptions.append(Stretch(broken_us, end_us, "breakdown"))
    return work, interruptions


def _visit(row: Row, serving: Row | None) -> list[Stretch]:
    """A visit that ended at ``row``: waiting (unless ``service_started`` told it already), then service."""
    p = row.payload
    if serving is not None and serving.payload["order_id"] == p["order_id"]:
        return [Stretch(serving.at_us, row.at_us, "service", p["order_id"])]
    started = p.get("started_us", p.get("arrived_us", row.at_us - round(p.get("service_s", 0) * SECOND)))
    waiting = [Stretch(p["arrived_us"], started, "waiting", p["order_id"])] if "arrived_us" in p else []
    return [*waiting, Stretch(started, row.at_us, "service", p["order_id"])]


def _covering(work: list[Stretch], interruptions: list[Stretch], start_us: int, end_us: int) -> list[Stretch]:
    """One stretch for every moment of the shift: interruptions first, then work, idle in between."""
    pending = sorted((*interruptions, *work), key=lambda s: s.start_us)
    ends = (min(max(t, start_us), end_us) for s in pending for t in (s.start_us, s.end_us))
    cuts = sorted({start_us, end_us, *ends})
    covered: list[Stretch] = []
    active: list[Stretch] = []
    begun = 0
    for start, end in pairwise(cuts):
        while begun < len(pending) and pending[begun].start_us <= start:
            active.append(pending[begun])
            begun += 1
        active = [s for s in active if s.end_us >= end]
        now = min(active, key=lambda s: s.what not in _INTERRUPTIONS, default=Stretch(start, end, "idle"))
        previous = covered[-1] if covered else None
        if previous and previous[2:] == now[2:]:
            covered[-1] = previous._replace(end_us=end)
        else:
            covered.append(now._replace(start_us=start, end_us=end))
    return covered
