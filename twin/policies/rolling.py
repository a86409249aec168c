"""Re-optimisation of the free part of routes, some of them a call, where it gains enough to change plans for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.commands import Command, set_route, unassign_order
from twin.orders import natural_key
from twin.planning import get_planner
from twin.policies.common import fits_aboard, free_stops, waiting_orders
from twin.policies.courses import Course, Courses, Timing, course, drive, drive_all, legs_of
from twin.policies.desk import Desk
from twin.policies.insertion import Insertion, cheapest
from twin.policies.journal import backing_off, note_offers, note_reroute, reroutes
from twin.policies.moves import to_move
from twin.policies.rolling_problem import Draft, rolling_problem, stops_of
from twin.policies.words import minutes
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView, Stop

LATE_WEIGHT = 10
"""A minute of lateness or overtime counts as so many minutes of driving [A]."""


@dataclass(frozen=True)
class Rolling(Insertion):
    """How far the search goes, and when plans change.

    Attributes:
        iterations: of PyVRP a call, at most; the call's budget bounds it too.
        vehicles_most: routes searched together: those concerned, and those around them.
        stops_most: and no more stops than these.
        gain_s: seconds of driving to be saved for each route that changes.
        idle_s: without anything to place, a part of the fleet is looked at this often.
        reroutes_most: a driver's route is searched anew at most so often in a shift; 0: no limit. What is added to it
            is limited by ``changes_most`` alone.
    """

    iterations: int = 100
    vehicles_most: int = 8
    stops_most: int = 100
    gain_s: float = 300.0
    idle_s: float = 900.0
    reroutes_most: int = 8


class Change(NamedTuple):
    """Routes that change together: the stops of each vehicle, and what it gains."""

    stops: dict[str, tuple[Stop, ...]]
    gain_us: int
    more: list[str]  # orders served that nobody had


def rolling(
    view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int, settings: Rolling = Rolling()
) -> list[Command]:
    """Insert what waits, then search better routes for the vehicles concerned; change plans for a stated gain only.

    What is started or on board stays with its vehicle; no promise is kept later than it would have been.
    """
    courses = drive_all(view, travel)
    moves = to_move(view, courses, settings)
    desk = Desk(view, travel, settings, moves, courses, round(settings.margin_s * 1e6))
    placed = desk.place(lambda known, options: options.cost_us, cheapest(desk), settings.look_at)
    draft = _draft(view, travel, courses, placed)
    chosen = _concerned(view, courses, draft, placed, desk.orders, settings)
    if not chosen:
        return placed
    part = {vehicle_id: draft[vehicle_id] for vehicle_id in chosen}
    given = {command.payload["order_id"] for command in placed}
    waiting = [known for known in waiting_orders(view) if known.order.order_id not in given]
    changes = _search(view, travel, part, waiting, rng, min(budget, settings.iterations), settings)
    return _commands(view, placed, part, changes)


def _draft(view: FleetView, travel: TravelTimes, courses: Courses, placed: Sequence[Command]) -> dict:
    """Every vehicle's stops once what was placed is inserted, and when they are reached."""
    stops = {c.vehicle.vehicle_id: list(free_stops(c.vehicle)) for c in courses.courses}
    touched: dict[str, None] = {}
    for command in placed:
        order_id, vehicle_id = command.payload["order_id"], command.vehicle_id
        touched[vehicle_id] = None
        if vehicle_id not in stops:
            continue
        if command.kind == "unassign_order":
            stops[vehicle_id] = [stop for stop in stops[vehicle_id] if stop.order_id != order_id]
            continue
        known, at = view.orders[order_id], command.payload["position"]
        tasks = known.order.tasks if known.onboard is None else (known.order.last_task,)
        at = len(stops[vehicle_id]) if at is None else at
        stops[vehicle_id][at:at] = [Stop(order_id, task.kind, command.payload["arrive_us"]) for task in tasks]
    driven = {i: (courses.courses[row], courses.timings[row]) for i, row in courses.row.items()}
    again = [i for i in touched if i in driven]
    driven |= _drive(view, travel, {i: stops[i] for i in again})
    return {i: (*driven[i], tuple(stops[i])) for i in driven}


def _drive(
    view: FleetView, travel: TravelTimes, stops: Mapping[str, Sequence[Stop]]
) -> dict[str, tuple[Course, Timing]]:
    """Time some vehicles on other stops; those that cannot be driven are left out."""
    some = [course(view, view.vehicles[vehicle_id], route) for vehicle_id, route in stops.items()]
    timed = ((c, drive(c, legs)) for c, legs in zip(some, legs_of(travel, some, view.now_us)))
    return {c.vehicle.vehicle_id: (c, timing) for c, timing in timed if timing is not None}


def _concerned(
    view: FleetView, courses: Courses, draft: Draft, placed: Sequence[Command], orders: Sequence[OrderView],
    settings: Rolling,
) -> list[str]:  # fmt: skip
    """Vehicles to search: those that got something, then those nearest to them and to what nobody could take."""
    most = settings.reroutes_most or 2**31
    free = [i for i, (c, _, _) in draft.items() if c.vehicle.state != "loading" and reroutes(view, c.vehicle) < most]
    got = {command.vehicle_id for command in placed}
    taken = {command.payload["order_id"] for command in placed}
    spots = [o.order.last_task.place for o in orders if o.order.order_id not in taken]
    spots += [c.places[0] for i, (c, _, _) in draft.items() if i in got]
    if not spots:
        spots = _turn(view, draft, free, settings)
    if not spots:
        return []
    shrink = float(np.cos(np.radians(spots[0].lat)))

    def away(vehicle_id: str) -> float:
        places = draft[vehicle_id][0].places
        return min(np.hypot(p.lat - s.lat, (p.lon - s.lon) * shrink) for s in spots for p in places)

    key = {i: (i not in got, round(away(i), 6), natural_key(i)) for i in free}
    chosen: list[str] = []
    stops = 0
    for vehicle_id in sorted(free, key=key.__getitem__)[: settings.vehicles_most]:
        stops += len(draft[vehicle_id][2])
        if chosen and stops > settings.stops_most:
            break
        chosen.append(vehicle_id)
    return sorted(chosen, key=natural_key)


def _turn(view: FleetView, draft: Draft, free: Sequence[str], settings: Rolling) -> list:
    """Where to look when nothing is to be placed: around the vehicle whose turn it is, every ``idle_s``."""
    last_us, last = view.journal.get("rolled", (0, ""))
    busy = [i for i in sorted(free, key=natural_key) if len(draft[i][2]) > 1]
    if not busy or 0 < view.now_us - last_us < settings.idle_s * 1e6:
        return []
    if last_us != view.now_us:
        last = next((i for i in busy if natural_key(i) > natural_key(last)), busy[0])
        view.journal["rolled"] = (view.now_us, last)
    return draft[last][0].places[:1] if last in draft else []


def _search(
    view: FleetView, travel: TravelTimes, part: Draft, waiting: Sequence[OrderView], rng: np.random.Generator,
    effort: int, settings: Rolling,
) -> list[Change]:  # fmt: skip
    """Groups of routes worth changing."""
    declined = backing_off(view, settings.back_off_s)
    problem = rolling_problem(view, travel, part, waiting, round(settings.margin_s * 1e6), declined)
    if not problem.orders:
        return []
    found = stops_of(view, get_planner("pyvrp").plan(problem, int(rng.integers(2**31)), effort))
    after = {vehicle_id: found.get(vehicle_id, ()) for vehicle_id in part}
    changed = [i for i in part if _plain(after[i]) != _plain(part[i][2])]
    timed = _drive(view, travel, {i: after[i] for i in changed})
    changes = []
    for group in _groups({i: part[i][2] for i in changed}, after):
        had, has = _orders(part[i][2] for i in group), _orders(after[i] for i in group)
        sound = all(i in timed and fits_aboard(view, view.vehicles[i], after[i]) for i in group)
        if not had <= has or not sound:
            continue
        gain_us = sum(_cost_us(*part[i][:2]) - _cost_us(*timed[i]) for i in group)
        was = _late_us((*part[i],) for i in group)
        now = _late_us((*timed[i], after[i]) for i in group)
        more = sorted(has - had, key=natural_key)
        kept = all(late_us <= was.get(stop, 0) for stop, late_us in now.items())
        if kept and (more or gain_us >= settings.gain_s * 1e6 * len(group)):
            changes.append(Change({i: _timed(after[i], *timed[i]) for i in group}, gain_us, more))
    return changes


def _late_us(routes: Iterable[tuple[Course, Timing, Sequence[Stop]]]) -> dict[tuple, int]:
    """How late each stop is, by order and task; those in time are left out."""
    return {
        stops[number][:2]: start - close
        for course, timing, stops in routes
        for visit, number, start, close in zip(course.visits, course.stops, timing.start_us, timing.close_us)
        if not visit.loads and start > close
    }


def _cost_us(course: Course, timing: Timing) -> int:
    """Driving, with lateness and overtime at their weight."""
    driving = sum(arrive - depart for arrive, depart in zip(timing.arrive_us, timing.depart_us))
    return driving + LATE_WEIGHT * (timing.late_us + max(0, timing.arrive_us[-1] - course.end_us))


def _timed(stops: Sequence[Stop], course: Course, timing: Timing) -> tuple[Stop, ...]:
    """The stops with their expected arrivals."""
    at = {number: t for visit, number, t in zip(course.visits, course.stops, timing.arrive_us) if not visit.loads}
    return tuple(stop._replace(arrive_us=at.get(number)) for number, stop in enumerate(stops))


def _groups(before: Mapping[str, Sequence[Stop]], after: Mapping[str, Sequence[Stop]]) -> list[list[str]]:
    """Vehicles that change together, because an order goes from one to the other."""
    holder = {stop.order_id: i for i, stops in before.items() for stop in stops}
    group = {i: i for i in before}

    def root(i: str) -> str:
        while group[i] != i:
            i = group[i]
        return i

    for i in before:
        for stop in after[i]:
            group[root(holder.get(stop.order_id, i))] = root(i)
    found: dict[str, list[str]] = {}
    for i in before:
        found.setdefault(root(i), []).append(i)
    return list(found.values())


def _commands(view: FleetView, placed: Sequence[Command], part: Draft, changes: Sequence[Change]) -> list[Command]:
    """What was placed, except where a change says more; orders leave one route before another has them."""
    changing = {i for change in changes for i in change.stops}
    commands = [c for c in placed if c.kind == "unassign_order" or c.vehicle_id not in changing]
    off = {c.payload["order_id"] for c in commands if c.kind == "unassign_order"}
    routes: list[Command] = []
    for change in changes:
        for vehicle_id, stops in change.stops.items():
            if _plain(stops) == _plain(free_stops(view.vehicles[vehicle_id])):
                continue
            known = [view.orders[order_id] for order_id in dict.fromkeys(stop.order_id for stop in stops)]
            new = [o for o in known if o.vehicle_id != vehicle_id and o.onboard != vehicle_id]
            for o in new:
                if o.vehicle_id is not None and o.order.order_id not in off:
                    why = f"{o.order.order_id} off {o.vehicle_id}: better on the way of {vehicle_id}"
                    commands.append(unassign_order(o.order.order_id, o.vehicle_id, why))
            vehicle = view.vehicles[vehicle_id]
            gone = _orders([free_stops(vehicle)]) - _orders([stops])
            reason = _reason(vehicle_id, change, new, sorted(gone, key=natural_key))
            note_reroute(view, vehicle)
            routes.append(set_route(vehicle_id, stops, reason, vehicle.leave_us, part[vehicle_id][0].breaks_us))
    note_offers(view, routes)
    return [*commands, *routes]


def _reason(vehicle_id: str, change: Change, new: Sequence[OrderView], gone: Sequence[str]) -> str:
    """Why a vehicle gets another route."""
    came = [o.order.order_id + (f" from {o.vehicle_id}" if o.vehicle_id else "") for o in new]
    what = [f"with {', '.join(came)}"] if came else []
    what += [f"without {', '.join(gone)}"] if gone else []
    what += [] if what else ["in another order"]
    others = [i for i in change.stops if i != vehicle_id]
    whole = f"{vehicle_id} and {', '.join(others)} together" if others else vehicle_id
    gain = f"{minutes(change.gain_us)} less driving" if change.gain_us >= 0 else f"{minutes(-change.gain_us)} more"
    for_more = f" to serve {', '.join(change.more)}" if change.more else ""
    return f"{vehicle_id}: {len(change.stops[vehicle_id])} stops {' and '.join(what)}; {whole} {gain}{for_more}"


def _plain(stops: Iterable[Stop]) -> list[tuple]:
    return [stop[:2] for stop in stops]


def _orders(routes: Iterable[Sequence[Stop]]) -> set[str]:
    return {stop.order_id for stops in routes for stop in stops}
