"""Why an order was late: the minutes between its window and its arrival, divided among causes that add up.

Method. Service that starts at S is late by L = S - C, C being the close of the last window missed. The first route that
named the order promised arrival at P. Then

    L = (P - C)  the promise was already late, or (negative) left slack
      + (Q - P)  the route that was finally driven promised Q: another vehicle or another day
      + (A - Q)  the first visit came later than its own route promised
      + (B - A)  a failed first visit: the order was tried again and reached at B
      + (S - B)  waiting at the place itself

and A - Q is divided by accounting for every second between the planned departure and A. What was driven, waited,
served and rested is compared with what the route had planned for it, leg by leg and stop by stop; legs and stops that
only one of the two has are a changed route. Parts are exact in microseconds and sum to L; negative parts are time made
good. The cause is the largest part. Planned visits last as long as the order's stated service time.

Two parts are judged, not measured: of a leg slower than planned, what weather alone would explain (driving time times
one minus the weather's speed factor) is put down to weather; a leg on which the driver met a closed road is put down to
the closure. For an order assigned on its own during the day only its arrival was planned, not the way there: what the
vehicle did between the promised and the true arrival is told apart, its driving and serving are a late estimate.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engine.clock import MINUTE, SECOND, LocalTime
from scenarios.rows import Row
from scenarios.telling.activities import Shift, Stretch
from scenarios.telling.history import OrderHistory, Promise, RunHistory

CAUSES = {
    "planned_late": "planned late already",
    "moved": "moved to another route",
    "late_start": "route started late",
    "slow_driving": "slower driving than planned",
    "weather": "slower driving in bad weather",
    "closed_road": "road closed on the way",
    "long_service": "longer service at earlier stops",
    "waiting": "longer waiting than planned",
    "route_changed": "stops added after the plan",
    "break": "break earlier than planned",
    "refuelling": "refuelling or charging",
    "disconnected": "standing without a connection",
    "breakdown": "vehicle breakdown",
    "standing": "standing between stops",
    "failed_attempt": "first visit failed",
    "behind_estimate": "slower than expected when it was assigned",
    "unplanned": "taken on during the day, without a planned time",
    "slack": "slack in the plan",
}
"""Causes in plain words; ``slack`` is never a cause, it is what the plan had in hand."""

GAINS = {
    "moved": "moved to an earlier route",
    "late_start": "route started early",
    "slow_driving": "faster driving than planned",
    "closed_road": "faster in spite of a closed road",
    "long_service": "shorter service at earlier stops",
    "waiting": "less waiting than planned",
    "route_changed": "stops taken off after the plan",
    "break": "break not taken by then",
    "behind_estimate": "faster than expected when it was assigned",
}
"""The same in plain words where it made time good."""


@dataclass(frozen=True)
class Part:
    """A cause's share of a lateness; negative: time made good."""

    cause: str
    us: int
    note: str = ""

    @property
    def minutes(self) -> float:
        return self.us / MINUTE

    @property
    def text(self) -> str:
        return GAINS.get(self.cause, CAUSES[self.cause]) if self.us < 0 else CAUSES[self.cause]


@dataclass(frozen=True)
class Lateness:
    """How late an order was and why; ``parts`` sum to ``late_us``, largest first."""

    late_us: int
    parts: tuple[Part, ...]

    @property
    def minutes(self) -> float:
        return self.late_us / MINUTE

    @property
    def cause(self) -> Part:
        return self.parts[0]


@dataclass(frozen=True)
class LateOrder:
    """A delivered order that came late, for a list."""

    order: OrderHistory
    lateness: Lateness


def late_orders(history: RunHistory) -> list[LateOrder]:
    """All late orders with their cause, latest first; equal ones in natural order of id."""
    late = [LateOrder(o, cause) for o in history.orders.values() if (cause := lateness_cause(history, o.order_id))]
    return sorted(late, key=lambda item: -item.lateness.late_us)


def lateness_cause(history: RunHistory, order_id: str) -> Lateness | None:
    """Why a delivered order was late; None if it was in time or never delivered.

    Raises:
        UnknownOrder: no such order in the run.
    """
    order = history.order(order_id)
    if order.end is None or order.closes_us is None:
        return None
    clock = LocalTime(history.ledgers.time_zone)
    first, last = order.last_visits[0], order.end
    arrived_us, first_us = last.payload["arrived_us"], first.payload["arrived_us"]
    parts = [
        Part("failed_attempt", arrived_us - first_us, f"tried first at {clock.text(first_us)}"),
        Part("waiting", last.payload["started_us"] - arrived_us, "at the place itself"),
    ]
    shift = _shift_of(history, first)
    promise = _driven_promise(history, order, shift, first)
    if promise is None or shift is None:
        parts.append(Part("unplanned", first_us - order.closes_us, _assigned_note(order, clock)))
    else:
        promised_us = order.last_promises[0].arrive_us
        spare = promised_us - order.closes_us
        parts.append(Part("planned_late" if spare > 0 else "slack", spare, f"promised for {clock.text(promised_us)}"))
        parts.append(Part("moved", promise.arrive_us - promised_us, f"to {promise.vehicle_id}"))
        divide = _on_the_way if promise.row.kind == "set_route" else _since_assigned
        parts += divide(history, order, shift, promise, first_us, clock)
    return Lateness(order.late_us, _ranked(parts))


def _ranked(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts that matter, one a cause, largest first, slack last."""
    us: Counter[str] = Counter()
    notes: dict[str, str] = {}
    for part in parts:
        us[part.cause] += part.us
        if part.us and part.note:
            notes.setdefault(part.cause, part.note)
    summed = [Part(cause, us[cause], notes.get(cause, "")) for cause in CAUSES if us[cause]]
    return tuple(sorted(summed, key=lambda part: (part.cause == "slack", -part.us)))


def _assigned_note(order: OrderHistory, clock: LocalTime) -> str:
    return f"assigned at {clock.text(order.assigned[-1].at_us)}" if order.assigned else ""


def _shift_of(history: RunHistory, visit: Row) -> Shift | None:
    own = history.shifts_of.get(visit.payload["vehicle_id"], [])
    return next((s for s in own if s.start_us <= visit.payload["arrived_us"] <= s.end_us), None)


def _driven_promise(history: RunHistory, order: OrderHistory, shift: Shift | None, visit: Row) -> Promise | None:
    """The first route of the vehicle that came, for the shift in which it came, that named the order."""
    vehicle_id, arrived_us = visit.payload["vehicle_id"], visit.payload["arrived_us"]
    earlier = [s.end_us for s in history.shifts_of.get(vehicle_id, []) if shift and s.end_us <= shift.start_us]
    since_us = max(earlier, default=0)
    own = [p for p in order.last_promises if p.vehicle_id == vehicle_id and since_us <= p.row.at_us <= arrived_us]
    return own[0] if own else None


# --- accounting for the way ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Way:
    """Microseconds from a start to an arrival: by leg (from, to), by stop, and by interruption."""

    driving: Counter[tuple[str, str]]
    waiting: Counter[str]
    service: Counter[str]
    other: Counter[str]  # break, refuelling, disconnected, breakdown, standing


def _on_the_way(
    history: RunHistory, order: OrderHistory, shift: Shift, promise: Promise, arrived_us: int, clock: LocalTime
) -> list[Part]:
    """``arrived_us - promise.arrive_us``, divided."""
    left_us = next((s.start_us for s in shift.stretches if s.what == "driving"), arrived_us)
    issued_us, leave_us = promise.row.at_us, promise.row.payload["leave_us"]
    under_way = issued_us > left_us
    driven = _driven(shift, issued_us if under_way else left_us, arrived_us, order.order_id)
    if leave_us is None:  # no planned departure: the first leg is taken to be planned as it was driven
        first_stop = promise.row.payload["stops"][0]
        leave_us = first_stop["arrive_us"] - driven.driving["", first_stop["order_id"]]
    start_us = issued_us if under_way else leave_us
    planned = _planned(history, promise.row, start_us, order)
    late_start = Part("late_start", 0 if under_way else left_us - start_us, f"planned to leave {clock.text(start_us)}")
    return [late_start, *_differences(history, shift, planned, driven, arrived_us)]


def _since_assigned(
    history: RunHistory, order: OrderHistory, shift: Shift, promise: Promise, arrived_us: int, clock: LocalTime
) -> list[Part]:
    """``arrived_us - promise.arrive_us`` where the command named only the order: what was done after the promise."""
    us: Counter[str] = Counter()
    for stretch in shift.between(promise.arrive_us, arrived_us):
        what = "standing" if stretch.what == "idle" else stretch.what
        if what in ("standing", "break", "refuelling", "disconnected", "breakdown"):
            us[what] += stretch.end_us - stretch.start_us
    rest_us = arrived_us - promise.arrive_us - us.total()
    note = f"assigned at {clock.text(promise.row.at_us)}"
    return [*(Part(cause, us[cause], note) for cause in sorted(us)), Part("behind_estimate", rest_us, note)]


def _driven(shift: Shift, start_us: int, arrived_us: int, target: str) -> _Way:
    """What was done from ``start_us`` on; what had begun before it (a route may be changed under way) is first leg."""
    way = _Way(Counter(), Counter(), Counter(), Counter())
    begins_us = min(
        (s.start_us for s in shift.stretches if s.what == "driving" and s.start_us >= start_us), default=arrived_us
    )
    stretches = shift.between(begins_us, arrived_us)
    following = _following_stops(stretches, target)
    way.driving["", following[0] if following else target] += min(begins_us, arrived_us) - start_us
    previous = ""
    for stretch, to in zip(stretches, following):
        us = stretch.end_us - stretch.start_us
        if stretch.what == "driving":
            way.driving[previous, to] += us
        elif stretch.what in ("waiting", "service"):
            (way.waiting if stretch.what == "waiting" else way.service)[stretch.to] += us
            previous = stretch.to
        else:
            way.other[stretch.what if stretch.what in CAUSES else "standing"] += us
    return way


def _following_stops(stretches: list[Stretch], target: str) -> list[str]:
    """For each stretch, the next stop served at or after it (the target in the end)."""
    following, to = [], target
    for stretch in reversed(stretches):
        if stretch.what in ("waiting", "service"):
            to = stretch.to
        following.append(to)
    return following[::-1]


def _planned(history: RunHistory, command: Row, start_us: int, order: OrderHistory) -> _Way:
    way = _Way(Counter(), Counter(), Counter(), Counter())
    free_us, previous = start_us, ""
    for stop in command.payload["stops"]:
        stop_id, arrive_us = stop["order_id"], stop["arrive_us"]
        if arrive_us is None:
            continue
        rest_us = sum(_overlap(free_us, arrive_us, *rest) for rest in command.payload["breaks_us"])
        way.driving[previous, stop_id] += arrive_us - free_us - rest_us
        way.other["break"] += rest_us
        if stop_id == order.order_id and stop["task"] == order.task_kind:
            break
        placed = history.orders[stop_id].placed if stop_id in history.orders else None
        task: dict[str, Any] = (placed.payload[stop["task"]] if placed else None) or {}
        opens_us = next((o for o, c in sorted(task.get("windows_us", [])) if c >= arrive_us), arrive_us)
        way.waiting[stop_id] += max(0, opens_us - arrive_us)
        way.service[stop_id] += round(task.get("service_s", 0) * SECOND)
        free_us = max(opens_us, arrive_us) + round(task.get("service_s", 0) * SECOND)
        previous = stop_id
    return way


def _overlap(start_us: int, end_us: int, other_start_us: int, other_end_us: int) -> int:
    return max(0, min(end_us, other_end_us) - max(start_us, other_start_us))


def _differences(history: RunHistory, shift: Shift, planned: _Way, driven: _Way, arrived_us: int) -> list[Part]:
    """Driven less planned, by cause."""
    us: Counter[str] = Counter()
    trips = _trips_by_leg(shift, arrived_us)
    for leg in sorted(planned.driving.keys() | driven.driving.keys()):
        extra = driven.driving[leg] - planned.driving[leg]
        if leg not in planned.driving or leg not in driven.driving:
            us["route_changed"] += extra
        elif history.blocked_trips & trips.get(leg[1], set()):
            us["closed_road"] += extra
        else:
            factor = _weather_factor(history, shift, leg[1])
            by_weather = min(max(extra, 0), round(driven.driving[leg] * (1 - factor)))
            us["weather"] += by_weather
            us["slow_driving"] += extra - by_weather
    stops = planned.service.keys() | planned.waiting.keys(), driven.service.keys() | driven.waiting.keys()
    for stop in sorted(stops[0] | stops[1]):
        both = stop in stops[0] and stop in stops[1]
        us["waiting" if both else "route_changed"] += driven.waiting[stop] - planned.waiting[stop]
        us["long_service" if both else "route_changed"] += driven.service[stop] - planned.service[stop]
    for cause in sorted(planned.other.keys() | driven.other.keys()):
        us[cause] += driven.other[cause] - planned.other[cause]
    added = sorted(stops[1] - stops[0])
    notes = {"route_changed": f"added: {', '.join(added)}" if added else ""}
    return [Part(cause, us[cause], notes.get(cause, "")) for cause in sorted(us)]


def _trips_by_leg(shift: Shift, arrived_us: int) -> dict[str, set[str]]:
    trips: dict[str, set[str]] = {}
    for stretch in shift.between(shift.start_us, arrived_us):
        if stretch.what == "driving":
            trips.setdefault(stretch.to, set()).add(stretch.trip_id)
    return trips


def _weather_factor(history: RunHistory, shift: Shift, to: str) -> float:
    """The weather's speed factor when the leg to a stop began; 1 in fair weather."""
    began_us = next((s.start_us for s in shift.stretches if s.what == "driving" and s.to == to), shift.start_us)
    factors = [factor for since_us, factor, _ in history.weather if since_us <= began_us]
    return min(1.0, factors[-1]) if factors else 1.0
