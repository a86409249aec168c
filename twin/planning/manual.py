"""The baseline: how a dispatcher plans by hand. Zones from the far end inwards, then nearest next."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from twin.orders import natural_key
from twin.planning.features import FEATURES
from twin.planning.insertion import Routes, best_insertion, finish, insert_all
from twin.planning.prepared import Drive, Prepared, Visit, overload, tasks_of, visits_of
from twin.planning.problem import Plan, PlanProblem, PlanVehicle
from twin.planning.timing import infeasibility
from twin.travel import UNREACHABLE

URGENT_S = 1800
"""A window that would close within half an hour of getting there is served first."""

ZONE_SIZE = 40
"""Open orders around its heart that are thought of as one zone."""

IN_VIEW = 8
"""Of these, the ones nearest to the heart that are weighed against each other for the next stop."""


MOST_ERROR = 0.8
"""By up to this share, either way, somebody without any skill misjudges a driving time [A]."""

OTHER_VANS = 3
"""Vans that an expert thinks of for an order beside the one that has it [A]."""


@dataclass(frozen=True)
class ManualPlanner:
    """A dispatcher's habit: zones around the farthest open order, served nearest-next until the van is full.

    What is over at the end is squeezed in where it fits, and runs are looked over once for detours. A habit takes no
    iterations, and a competent one no dice: effort never changes it, the seed only what a lack of skill gets wrong.

    Attributes:
        skill: 0.5 is competent. Below, driving times are misjudged (by up to ``MOST_ERROR`` at 0) where zones are
            made and the next stop is chosen, and fewer orders are looked over (none at 0). Above, orders are also
            tried on the nearest other vans (all of them at 1). [A]
    """

    skill: float = 0.5
    name: ClassVar[str] = "manual"

    def __post_init__(self) -> None:
        if not 0 <= self.skill <= 1:
            raise ValueError(f"skill: expected a number from 0 to 1, not {self.skill!r}")

    def supports(self) -> frozenset[str]:
        """All but balance: vans are filled one after the other."""
        return FEATURES - {"balance"}

    def plan(self, problem: PlanProblem, seed: int, effort: int) -> Plan:
        """Plan a day by hand."""
        prepared = Prepared(problem)
        rng = np.random.default_rng(seed)
        attention = rng.random(len(prepared.orders))  # an order gets a second look where this is small
        places = next(iter(problem.travel.values())).duration_ms.shape[0]
        error = MOST_ERROR * max(0.0, 1 - 2 * self.skill) * (2 * rng.random((places, places)) - 1)
        open_orders = list(range(len(prepared.orders)))
        routes: Routes = {}
        for vehicle in sorted(prepared.vehicles, key=_van_order):
            visits = _fill(prepared, vehicle, open_orders, _judging(prepared.drive(vehicle), error))
            noticed = {visit.order for visit in visits if attention[visit.order] < 2 * self.skill}
            routes[vehicle.vehicle_id] = _look_over(prepared, vehicle, visits, noticed)
            taken = {visit.order for visit in visits}
            open_orders = [order for order in open_orders if order not in taken]
        routes, _ = insert_all(prepared, routes, open_orders)
        noticed = {order for order in range(len(prepared.orders)) if attention[order] < 2 * self.skill - 1}
        return finish(prepared, _swap_about(prepared, routes, noticed), self.name, effort)


def _judging(drive: Drive, error: np.ndarray) -> Drive:
    """Driving times as somebody judges them who is wrong by these shares."""
    if not error.any():
        return drive

    def judged_s(start: int, end: int) -> int:
        drive_s = drive(start, end)
        return drive_s if drive_s >= UNREACHABLE else round(drive_s * (1 + error[start, end]))

    return judged_s


def _van_order(vehicle: PlanVehicle) -> tuple:
    """The largest van first, then the one that starts earliest."""
    return (tuple(-room for room in vehicle.capacity), vehicle.shift_s[0], natural_key(vehicle.vehicle_id))


def _fill(prepared: Prepared, vehicle: PlanVehicle, open_orders: list[int], judged: Drive) -> tuple[Visit, ...]:
    """A route for one van: a zone around the farthest of the most important open orders, nearest next."""
    drive = prepared.drive(vehicle)
    able = [order for order in open_orders if _fits(prepared, vehicle, (), order)]
    if not able:
        return ()
    places = {order: tasks_of(prepared.orders[order])[0][1].place for order in able}

    def farthest(order: int) -> tuple:
        wanted = prepared.orders[order]
        return (-wanted.priority, -judged(vehicle.start, places[order]), natural_key(wanted.order_id))

    heart = places[min(able, key=farthest)]

    def nearest(order: int) -> tuple:
        return (judged(heart, places[order]), natural_key(prepared.orders[order].order_id))

    zone = sorted(able, key=nearest)[:ZONE_SIZE]
    visits: tuple[Visit, ...] = ()
    at, now_s = vehicle.start, vehicle.shift_s[0] + vehicle.load_s
    while zone:
        ranked = sorted(zone[:IN_VIEW], key=lambda order: _appeal(prepared, judged, at, now_s, order))
        chosen = next((o for o in ranked + zone[IN_VIEW:] if _fits(prepared, vehicle, visits, o)), None)
        if chosen is None:
            break
        new = visits_of(prepared.orders[chosen], chosen)
        for visit in new:
            at, now_s = _after(prepared, drive, at, now_s, visit)
        visits += new
        zone = [order for order in zone if order != chosen]
    return visits


def _look_over(
    prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...], noticed: set[int]
) -> tuple[Visit, ...]:
    """The run with every order that is noticed, in turn, put where it makes the least detour."""
    for order in [order for order in dict.fromkeys(visit.order for visit in visits) if order in noticed]:
        rest = tuple(visit for visit in visits if visit.order != order)
        if not rest:
            break
        found = best_insertion(prepared, {vehicle.vehicle_id: rest}, order, vehicles=(vehicle,))
        if found is not None:
            visits = found.visits
    return visits


def _swap_about(prepared: Prepared, routes: Routes, noticed: set[int]) -> Routes:
    """The runs with every order that is noticed, in turn, put where it makes the least detour, on its van or near."""
    routes = dict(routes)
    for order in sorted(noticed):
        holder = next((i for i, visits in routes.items() if any(visit.order == order for visit in visits)), None)
        if holder is None:
            continue
        rest = routes | {holder: tuple(visit for visit in routes[holder] if visit.order != order)}
        found = best_insertion(prepared, rest, order, vehicles=_near(prepared, rest, order, holder))
        if found is not None and rest[holder]:
            routes = rest | {found.vehicle_id: found.visits}
    return routes


def _near(prepared: Prepared, routes: Routes, order: int, holder: str) -> tuple[PlanVehicle, ...]:
    """The van that has an order, and those that come nearest to it."""
    place = tasks_of(prepared.orders[order])[0][1].place

    def away_s(vehicle_id: str) -> int:
        drive = prepared.drive(prepared.vehicle_by_id[vehicle_id])
        return min(drive(prepared.tasks[visit].place, place) for visit in routes[vehicle_id])

    others = [i for i in routes if routes[i] and i != holder]
    nearest = sorted(others, key=lambda i: (away_s(i), natural_key(i)))[:OTHER_VANS]
    return tuple(prepared.vehicle_by_id[i] for i in (holder, *nearest))


def _fits(prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...], order: int) -> bool:
    """Whether the van can serve the order after what it already has."""
    if not prepared.may_serve(vehicle, order):
        return False
    longer = (*visits, *visits_of(prepared.orders[order], order))
    return overload(prepared.problem, vehicle, longer) is None and not infeasibility(prepared, vehicle, longer)


def _appeal(prepared: Prepared, drive: Drive, at: int, now_s: int, order: int) -> tuple:
    """Sort key of the next order: urgent ones, then important ones, then the soonest that can begin."""
    wanted = prepared.orders[order]
    task = tasks_of(wanted)[0][1]
    drive_s = drive(at, task.place)
    if drive_s >= UNREACHABLE:
        return (2, 0, 0, natural_key(wanted.order_id))
    arrival = now_s + drive_s
    closing = [closes for _, closes in task.windows_s if closes >= arrival]
    urgent = bool(closing) and closing[-1] - arrival < URGENT_S
    opens = next((opens for opens, closes in task.windows_s if closes >= arrival), arrival)
    return (0 if urgent else 1, -wanted.priority, max(arrival, opens) - now_s, natural_key(wanted.order_id))


def _after(prepared: Prepared, drive: Drive, at: int, now_s: int, visit: Visit) -> tuple[int, int]:
    """Where and when the van is done with a visit, breaks aside."""
    task = prepared.tasks[visit]
    arrival = now_s + drive(at, task.place)
    opens = next((opens for opens, closes in task.windows_s if closes >= arrival), arrival)
    return task.place, max(arrival, opens) + task.service_s
