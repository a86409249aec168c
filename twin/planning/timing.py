"""When things happen on a route: the one function that turns a sequence of visits into times."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class _State:
    """The earliest way to leave a stop with a number of breaks taken; ``before`` leads back to the start."""

    leave_s: int
    arrive_s: int = 0
    start_s: int = 0
    breaks: tuple[tuple[int, int], ...] = ()  # on the leg to this stop
    before: "_State | None" = None


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
    last = _walk(prepared, vehicle, visits, earliest, leg_ms)
    if isinstance(last, Infeasible):
        return last
    depart_s = _latest(prepared, vehicle, visits, earliest, last, leg_ms) - prepared.problem.margin_s
    if depart_s > earliest:
        later = _walk(prepared, vehicle, visits, depart_s, leg_ms)
        if not isinstance(later, Infeasible) and later.leave_s <= last.leave_s:
            last, earliest = later, depart_s
    return _route(prepared, vehicle, visits, earliest, last)


def can_drive(prepared: Prepared, vehicle: PlanVehicle, visits: Sequence[Visit], leg_ms: LegMs | None = None) -> bool:
    """Whether a route keeps windows, breaks and shift; the cheap half of ``time_route``."""
    last = _walk(prepared, vehicle, visits, vehicle.shift_s[0] + vehicle.load_s, leg_ms)
    return not isinstance(last, Infeasible)


def _walk(
    prepared: Prepared, vehicle: PlanVehicle, visits: Sequence[Visit], depart_s: int, leg_ms: LegMs | None
) -> _State | Infeasible:
    """Drive the visits from ``depart_s`` as early as possible; the state at the end, or what fails."""
    drive = prepared.drive(vehicle)
    breaks = sorted(vehicle.breaks, key=lambda pause: (pause.earliest_s, pause.latest_s))
    owed_from = sum(1 for pause in breaks if pause.latest_s < depart_s)
    states = {owed_from: _State(depart_s)}
    at = vehicle.start
    for visit in visits:
        task = prepared.tasks[visit]
        order_id = prepared.orders[visit.order].order_id
        arrivals = _arrivals(states, breaks, drive(at, task.place), vehicle, at, task.place, leg_ms)
        if isinstance(arrivals, Infeasible):
            return Infeasible(arrivals.cause, order_id, visit.kind, window_s=arrivals.window_s)
        states = {}
        for taken, (ready_s, state) in arrivals.items():
            start_s = _first_start(task.windows_s, ready_s)
            if start_s is not None:
                leave_s = start_s + task.service_s
                states[taken] = _State(leave_s, state.arrive_s, start_s, state.breaks, state.before)
        if not states:
            ready_s = min(ready for ready, _ in arrivals.values())
            return Infeasible("window", order_id, visit.kind, ready_s, task.windows_s[-1])
        at = task.place
    arrivals = _arrivals(states, breaks, drive(at, vehicle.end), vehicle, at, vehicle.end, leg_ms)
    if isinstance(arrivals, Infeasible):
        return arrivals
    return _return(arrivals, breaks, vehicle)


def _return(
    arrivals: dict[int, tuple[int, _State]], breaks: list[PlanBreak], vehicle: PlanVehicle
) -> _State | Infeasible:
    """The earliest return within the shift with no break owed."""
    paid = [
        (ready_s, taken)
        for taken, (ready_s, _) in arrivals.items()
        if all(pause.latest_s >= ready_s for pause in breaks[taken:])
    ]
    if not paid:
        pause = breaks[min(arrivals)]
        return Infeasible("break", window_s=(pause.earliest_s, pause.latest_s))
    back_s, taken = min(paid)
    if back_s > vehicle.shift_s[1]:
        return Infeasible("shift", earliest_s=back_s, window_s=vehicle.shift_s)
    state = arrivals[taken][1]
    return _State(back_s, state.arrive_s, back_s, state.breaks, state.before)


def _arrivals(
    states: dict[int, _State],
    breaks: list[PlanBreak],
    drive_s: int,
    vehicle: PlanVehicle,
    at: int,
    to: int,
    leg_ms: LegMs | None,
) -> dict[int, tuple[int, _State]] | Infeasible:
    """By number of breaks taken: when service could start at the next place, and the state there."""
    if drive_s >= UNREACHABLE:
        return Infeasible("unreachable")
    found: dict[int, tuple[int, _State]] = {}
    missed: PlanBreak | None = None
    for taken, state in states.items():
        if leg_ms is not None:
            milliseconds = leg_ms(vehicle, at, to, state.leave_s)
            if milliseconds >= UNREACHABLE:
                return Infeasible("unreachable")
            drive_s = -int(-milliseconds // (1000.0 * vehicle.speed_factor))
        for now in range(taken, len(breaks) + 1):
            leg = _leg(state.leave_s, drive_s, breaks[taken:now])
            if leg is None:
                break
            ready_s, arrive_s, pauses = leg
            if now < len(breaks) and breaks[now].latest_s < state.leave_s:
                missed = breaks[now]  # on the road when it was due: no later leg can make up for it
                continue
            if now not in found or ready_s < found[now][0]:
                found[now] = (ready_s, _State(0, arrive_s, 0, pauses, state))
    if not found and missed is not None:
        return Infeasible("break", window_s=(missed.earliest_s, missed.latest_s))
    return found


def _leg(
    leave_s: int, drive_s: int, breaks: Sequence[PlanBreak]
) -> tuple[int, int, tuple[tuple[int, int], ...]] | None:
    """Drive a leg with all ``breaks`` on it: (ready, arrival, pauses), None where one starts too late."""
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
    return min((max(opens, ready_s) for opens, closes in windows_s if ready_s <= closes), default=None)


def _trail(last: _State) -> list[_State]:
    """The states from the first visit to the end depot."""
    states = []
    state: _State | None = last
    while state is not None and state.before is not None:
        states.append(state)
        state = state.before
    return states[::-1]


def _latest(
    prepared: Prepared, vehicle: PlanVehicle, visits: Sequence[Visit], earliest: int, last: _State, leg_ms: LegMs | None
) -> int:
    """The latest departure, to a minute, with the same return: the slack at once, then bisection.

    Slack alone does not see that what is waited for is a break. No break is dodged by leaving after it was due.
    """
    due = min((pause.latest_s for pause in vehicle.breaks if pause.latest_s >= earliest), default=last.leave_s)
    low, high = earliest + max(0, _slack(prepared, visits, last)), min(last.leave_s, due)
    while high - low > DEPARTURE_STEP_S:
        middle = (low + high) // 2
        later = _walk(prepared, vehicle, visits, middle, leg_ms)
        if isinstance(later, Infeasible) or later.leave_s > last.leave_s:
            high = middle
        else:
            low = middle
    return low


def _slack(prepared: Prepared, visits: Sequence[Visit], last: _State) -> int:
    """Seconds the departure may be put off without a later return: waiting, as far as windows allow."""
    waited, slack = 0, UNREACHABLE
    for visit, state in zip(visits, _trail(last), strict=False):
        ready_s = max([state.arrive_s, *(end for _, end in state.breaks)])
        waited += state.start_s - ready_s
        windows = prepared.tasks[visit].windows_s
        if windows:
            closes = next(closes for opens, closes in windows if opens <= state.start_s <= closes)
            slack = min(slack, waited + closes - state.start_s)
    return min(slack, waited)


def _route(
    prepared: Prepared, vehicle: PlanVehicle, visits: Sequence[Visit], depart_s: int, last: _State
) -> PlannedRoute:
    """The states written out as a planned route."""
    trail = _trail(last)
    stops = tuple(
        PlannedStop(prepared.orders[visit.order].order_id, visit.kind, state.arrive_s, state.start_s, state.leave_s)
        for visit, state in zip(visits, trail, strict=False)
    )
    pauses = tuple(pause for state in trail for pause in state.breaks)
    return PlannedRoute(vehicle.vehicle_id, depart_s, stops, last.leave_s, pauses)
