"""When things happen on a route: the one function that turns a sequence of visits into times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from twin.orders import TaskKind
from twin.planning.prepared import Prepared, Visit
from twin.planning.problem import PlanBreak, PlannedRoute, PlannedStop, PlanVehicle
from twin.travel import UNREACHABLE

LegMs = Callable[[PlanVehicle, int, int, int], int]
"""(vehicle, from, to, leaving at s) -> driving ms at speed factor 1; places are indices."""

Clock = Callable[[int], str]
"""Writes seconds since the origin as a planner reads them."""

DEPARTURE_STEP_S = 60
"""Departures are put off to within this of the latest useful moment."""

Cause = Literal["window", "shift", "break", "unreachable", "load"]


@dataclass(frozen=True)
class Infeasible:
    """Why a route cannot be driven: the first visit (or the return, ``order_id`` empty) that fails."""

    cause: Cause
    order_id: str = ""
    kind: TaskKind | None = None
    earliest_s: int = 0
    window_s: tuple[int, int] = (0, 0)

    def text(self, clock: Clock) -> str:
        """The reason in a planner's words."""
        where = f"{self.kind} of {self.order_id}" if self.order_id else "the way back to the depot"
        if self.cause == "window":
            opens, closes = map(clock, self.window_s)
            return f"window {opens}-{closes} closes before the earliest arrival {clock(self.earliest_s)}"
        if self.cause == "shift":
            return f"the shift ends {clock(self.window_s[1])}, the earliest return is {clock(self.earliest_s)}"
        if self.cause == "break":
            return f"no break can start between {clock(self.window_s[0])} and {clock(self.window_s[1])}"
        if self.cause == "load":
            return "the vehicle is full"
        return f"no allowed way to {where}"


class _State(NamedTuple):
    """The earliest way to leave a stop with a number of breaks taken; ``before`` leads back to the start."""

    leave_s: int
    arrive_s: int = 0
    start_s: int = 0
    breaks: tuple[tuple[int, int], ...] = ()  # on the leg to this stop
    before: "_State | None" = None


_Way = tuple[int, int, tuple[tuple[int, int], ...]]
"""(ready, arrival, breaks) at the end of a leg: when service could start, when the wheels stop."""

_Arrival = tuple[int, int, tuple[tuple[int, int], ...], _State]
"""A way, and the state it begins in."""


class _Leg(NamedTuple):
    """A leg and what is done at its end; ``drive_s`` is the problem's own travel time."""

    origin: int
    place: int
    drive_s: int
    windows_s: tuple[tuple[int, int], ...] = ()
    service_s: int = 0
    order_id: str = ""  # empty: the way back
    kind: TaskKind | None = None


class _Course(NamedTuple):
    """A route with all that is looked up for it, once for its many walks."""

    vehicle: PlanVehicle
    breaks: list[PlanBreak]  # by the beginning of their intervals
    legs: list[_Leg]  # to each visit
    back: _Leg
    leg_ms: LegMs | None


def time_route(
    prepared: Prepared, vehicle: PlanVehicle, visits: Sequence[Visit], leg_ms: LegMs | None = None
) -> PlannedRoute | Infeasible:
    """Time a route: the earliest possible return, and of all departures with that return nearly the latest.

    The earliest schedule is exact: for every number of breaks taken so far the earliest departure from each
    stop is kept, which suffices because leaving earlier never arrives later. Breaks are taken on arrival at a
    stop, else before leaving one, else on the road. The departure is then put off by the forward time slack
    (Savelsbergh, "The vehicle routing problem with time windows: minimizing route duration", 1992), less
    ``problem.margin_s``. Loads are not looked at. ``leg_ms`` replaces the problem's travel times by time-
    dependent ones.
    """
    earliest = vehicle.shift_s[0] + vehicle.load_s
    if not visits:
        return PlannedRoute(vehicle.vehicle_id, earliest, (), earliest)
    course = _course(prepared, vehicle, visits, leg_ms)
    last = _walk(course, earliest)
    if isinstance(last, Infeasible):
        return last
    depart_s = _latest(course, earliest, last) - prepared.problem.margin_s
    if depart_s > earliest:
        later = _walk(course, depart_s)
        if not isinstance(later, Infeasible) and later.leave_s <= last.leave_s:
            last, earliest = later, depart_s
    return _route(course, visits, earliest, last)


def infeasibility(
    prepared: Prepared, vehicle: PlanVehicle, visits: Sequence[Visit], leg_ms: LegMs | None = None
) -> Infeasible | None:
    """Why a route breaks windows, breaks or shift, as ``time_route`` would say; the cheap tenth of it."""
    if not visits:
        return None
    last = _walk(_course(prepared, vehicle, visits, leg_ms), vehicle.shift_s[0] + vehicle.load_s)
    return last if isinstance(last, Infeasible) else None


def _course(prepared: Prepared, vehicle: PlanVehicle, visits: Sequence[Visit], leg_ms: LegMs | None) -> _Course:
    """The route looked up."""
    drive = prepared.drive(vehicle)
    legs, at = [], vehicle.start
    for visit in visits:
        task, order_id = prepared.tasks[visit], prepared.orders[visit.order].order_id
        legs.append(_Leg(at, task.place, drive(at, task.place), task.windows_s, task.service_s, order_id, visit.kind))
        at = task.place
    breaks = sorted(vehicle.breaks, key=lambda pause: (pause.earliest_s, pause.latest_s))
    return _Course(vehicle, breaks, legs, _Leg(at, vehicle.end, drive(at, vehicle.end)), leg_ms)


def _walk(course: _Course, depart_s: int) -> _State | Infeasible:
    """Drive the visits from ``depart_s`` as early as possible; the state at the end, or what fails."""
    states = {sum(1 for pause in course.breaks if pause.latest_s < depart_s): _State(depart_s)}
    for leg in course.legs:
        arrivals = _arrivals(course, states, leg)
        if isinstance(arrivals, Infeasible):
            return arrivals
        states = {}
        for taken, (ready_s, arrive_s, pauses, before) in arrivals.items():
            start_s = _first_start(leg.windows_s, ready_s)
            if start_s is not None:
                states[taken] = _State(start_s + leg.service_s, arrive_s, start_s, pauses, before)
        if not states:
            ready_s = min(arrival[0] for arrival in arrivals.values())
            return Infeasible("window", leg.order_id, leg.kind, ready_s, leg.windows_s[-1])
    arrivals = _arrivals(course, states, course.back)
    return arrivals if isinstance(arrivals, Infeasible) else _return(course, arrivals)


def _return(course: _Course, arrivals: dict[int, _Arrival]) -> _State | Infeasible:
    """The earliest return within the shift with no break owed."""
    breaks, shift_s = course.breaks, course.vehicle.shift_s
    paid = [
        (arrival[0], taken)
        for taken, arrival in arrivals.items()
        if all(pause.latest_s >= arrival[0] for pause in breaks[taken:])
    ]
    if not paid:
        pause = breaks[min(arrivals)]
        return Infeasible("break", window_s=(pause.earliest_s, pause.latest_s))
    back_s, taken = min(paid)
    if back_s > shift_s[1]:
        return Infeasible("shift", earliest_s=back_s, window_s=shift_s)
    _, arrive_s, pauses, before = arrivals[taken]
    return _State(back_s, arrive_s, back_s, pauses, before)


def _arrivals(course: _Course, states: dict[int, _State], leg: _Leg) -> dict[int, _Arrival] | Infeasible:
    """The ways to the end of a leg by number of breaks taken."""
    vehicle, breaks, leg_ms, drive_s = course.vehicle, course.breaks, course.leg_ms, leg.drive_s
    if drive_s >= UNREACHABLE:
        return Infeasible("unreachable", leg.order_id, leg.kind)
    found: dict[int, _Arrival] = {}
    missed: PlanBreak | None = None
    for taken, state in states.items():
        leave_s = state.leave_s
        if leg_ms is not None:
            milliseconds = leg_ms(vehicle, leg.origin, leg.place, leave_s)
            if milliseconds >= UNREACHABLE:
                return Infeasible("unreachable", leg.order_id, leg.kind)
            drive_s = -int(-milliseconds // (1000.0 * vehicle.speed_factor))
        way: _Way | None = (leave_s + drive_s, leave_s + drive_s, ())
        for now in range(taken, len(breaks) + 1):
            if now > taken:
                way = _with_breaks(leave_s, drive_s, breaks[taken:now])
            if way is None:
                break
            if now < len(breaks) and breaks[now].latest_s < leave_s:
                missed = breaks[now]  # on the road when it was due: no later leg can make up for it
            elif now not in found or way[0] < found[now][0]:
                found[now] = (*way, state)
    if not found and missed is not None:
        return Infeasible("break", leg.order_id, leg.kind, window_s=(missed.earliest_s, missed.latest_s))
    return found


def _with_breaks(leave_s: int, drive_s: int, breaks: Sequence[PlanBreak]) -> _Way | None:
    """Drive a leg with all ``breaks`` on it, None where one starts too late."""
    now, left, pauses = leave_s, drive_s, []
    arrived = leave_s + drive_s
    for number, pause in enumerate(breaks):
        on_arrival = max(now + left, pause.earliest_s)
        if on_arrival <= pause.latest_s and number == len(breaks) - 1:
            arrived, left, start = now + left, 0, on_arrival
        else:
            start = max(now, pause.earliest_s)
            if start > pause.latest_s:
                return None
            left = max(0, left - (start - now))
            arrived = start + pause.duration_s + left
        pauses.append((start, start + pause.duration_s))
        now = start + pause.duration_s
    return now + left, arrived, tuple(pauses)


def _first_start(windows_s: tuple[tuple[int, int], ...], ready_s: int) -> int | None:
    """The first allowed start at or after ``ready_s``; no windows: at once."""
    if not windows_s:
        return ready_s
    first_s = None
    for opens, closes in windows_s:
        if ready_s <= closes and (first_s is None or opens < first_s):
            first_s = opens if opens > ready_s else ready_s
    return first_s


def _trail(last: _State) -> list[_State]:
    """The states from the first visit to the end depot."""
    states = []
    state: _State | None = last
    while state is not None and state.before is not None:
        states.append(state)
        state = state.before
    return states[::-1]


def _latest(course: _Course, earliest: int, last: _State) -> int:
    """The latest departure, to a minute, with the same return: the slack at once, then bisection.

    Slack alone does not see that what is waited for is a break. No break is dodged by leaving after it was due.
    """
    due = min((pause.latest_s for pause in course.breaks if pause.latest_s >= earliest), default=last.leave_s)
    low, high = earliest + max(0, _slack(course, last)), min(last.leave_s, due)
    while high - low > DEPARTURE_STEP_S:
        middle = (low + high) // 2
        later = _walk(course, middle)
        if isinstance(later, Infeasible) or later.leave_s > last.leave_s:
            high = middle
        else:
            low = middle
    return low


def _slack(course: _Course, last: _State) -> int:
    """Seconds the departure may be put off without a later return: waiting, as far as windows allow."""
    waited, slack = 0, UNREACHABLE
    for leg, state in zip(course.legs, _trail(last), strict=False):
        ready_s = max([state.arrive_s, *(end for _, end in state.breaks)])
        waited += state.start_s - ready_s
        if leg.windows_s:
            closes = next(closes for opens, closes in leg.windows_s if opens <= state.start_s <= closes)
            slack = min(slack, waited + closes - state.start_s)
    return min(slack, waited)


def _route(course: _Course, visits: Sequence[Visit], depart_s: int, last: _State) -> PlannedRoute:
    """The states written out as a planned route."""
    trail = _trail(last)
    stops = tuple(
        PlannedStop(leg.order_id, visit.kind, state.arrive_s, state.start_s, state.leave_s)
        for visit, leg, state in zip(visits, course.legs, trail, strict=False)
    )
    pauses = tuple(pause for state in trail for pause in state.breaks)
    return PlannedRoute(course.vehicle.vehicle_id, depart_s, stops, last.leave_s, pauses)
