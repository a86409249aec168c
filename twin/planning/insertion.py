"""Routes under construction: cheapest insertion, eviction of what does not fit, the finished plan."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from twin.orders import natural_key
from twin.planning.prepared import COST_PARTS, Prepared, Visit, drive_seconds, overload, tasks_of, visits_of
from twin.planning.problem import Plan, PlannedRoute, PlanVehicle
from twin.planning.timing import Infeasible, LegMs, infeasibility, time_route

Routes = dict[str, tuple[Visit, ...]]
"""Visits by vehicle id; vehicles without visits may be missing."""


class Insertion(NamedTuple):
    """A place for an order: what it adds (cost units, waiting aside) and the vehicle's route with it."""

    cost: int
    vehicle_id: str
    visits: tuple[Visit, ...]


def best_insertion(
    prepared: Prepared,
    routes: Routes,
    order: int,
    leg_ms: LegMs | None = None,
    vehicles: tuple[PlanVehicle, ...] | None = None,
) -> Insertion | None:
    """The cheapest feasible place for an order, None if there is none; ties by vehicle, then position.

    ``vehicles`` (default: all) are the ones asked.
    """
    asked = prepared.vehicles if vehicles is None else vehicles
    empty_kinds: set[int] = set()
    candidates: list[tuple[int, int, int, int]] = []
    for number, vehicle in enumerate(asked):
        if not prepared.may_serve(vehicle, order):
            continue
        visits = routes.get(vehicle.vehicle_id, ())
        if not visits:
            kind = prepared.kind[vehicle.vehicle_id]
            if kind in empty_kinds:  # one empty vehicle of a kind is as good as another
                continue
            empty_kinds.add(kind)
        candidates += [(cost, number, i, j) for cost, i, j in _positions(prepared, vehicle, visits, order)]
    for cost, number, i, j in sorted(candidates):
        vehicle = asked[number]
        visits = _with(routes.get(vehicle.vehicle_id, ()), visits_of(prepared.orders[order], order), i, j)
        if overload(prepared.problem, vehicle, visits) is None and not infeasibility(prepared, vehicle, visits, leg_ms):
            return Insertion(-(-cost // COST_PARTS), vehicle.vehicle_id, visits)
    return None


def insert_all(
    prepared: Prepared, routes: Routes, orders: Iterable[int], leg_ms: LegMs | None = None
) -> tuple[Routes, list[int]]:
    """Insert orders where that is cheaper than leaving them out, dearest first; (routes, still left)."""
    routes, left = dict(routes), []
    costs = prepared.left_out_costs
    for order in sorted(orders, key=lambda i: (-costs[i], natural_key(prepared.orders[i].order_id))):
        found = best_insertion(prepared, routes, order, leg_ms)
        if found is None or found.cost > costs[order]:
            left.append(order)
        else:
            routes[found.vehicle_id] = found.visits
    return routes, left


def loosen(
    prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...], leg_ms: LegMs | None = None
) -> tuple[tuple[Visit, ...], dict[int, Infeasible]]:
    """Take orders out of a route until it can be driven; what stays, and why each other had to go."""
    removed: dict[int, Infeasible] = {}
    while (unit := overload(prepared.problem, vehicle, visits)) is not None:
        order = _cheapest_load(prepared, visits, prepared.problem.units.index(unit))
        removed[order] = Infeasible("load")
        visits = tuple(visit for visit in visits if visit.order != order)
    while (outcome := infeasibility(prepared, vehicle, visits, leg_ms)) is not None:
        if outcome.order_id:
            order = prepared.order_index[outcome.order_id]
        else:
            order = _most_relieving(prepared, vehicle, visits)
        removed[order] = outcome
        visits = tuple(visit for visit in visits if visit.order != order)
    return visits, removed


def finish(
    prepared: Prepared,
    routes: Mapping[str, tuple[Visit, ...]],
    planner: str,
    effort: int,
    leg_ms: LegMs | None = None,
    reasons: Mapping[int, str] | None = None,
) -> Plan:
    """Time feasible routes and add up the plan; orders in no route are left out (reason empty if not given).

    Raises:
        ValueError: a route cannot be driven.
    """
    timed = [
        _timed(prepared, vehicle, routes[vehicle.vehicle_id], leg_ms)
        for vehicle in prepared.vehicles
        if routes.get(vehicle.vehicle_id)
    ]
    served = {visit.order for visits in routes.values() for visit in visits}
    left = [i for i in range(len(prepared.orders)) if i not in served]
    given = reasons or {}
    left_out = {prepared.orders[i].order_id: given.get(i, "") for i in left}
    return Plan(tuple(timed), left_out, plan_cost(prepared, timed, left), planner, effort)


def plan_cost(prepared: Prepared, timed: Iterable[PlannedRoute], left: Iterable[int]) -> int:
    """Cost units of a plan: vehicles, distance, paid time, orders left out, longest route above the mean.

    Paid time runs from the beginning of loading until back. The mean is over all vehicles, used or not.
    """
    total = sum(prepared.left_out_costs[i] for i in left)
    durations = []
    for route in timed:
        vehicle = prepared.vehicle_by_id[route.vehicle_id]
        visits = tuple(Visit(prepared.order_index[stop.order_id], stop.task) for stop in route.stops)
        durations.append(route.back_s - route.leave_s + vehicle.load_s)
        total += prepared.route_cost(vehicle, prepared.metres(vehicle, visits), durations[-1])
    if durations:
        excess_s = max(durations) - sum(durations) / len(prepared.vehicles)
        total += round(prepared.problem.balance_weight * excess_s / 3600)
    return total


def _timed(prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...], leg_ms: LegMs | None) -> PlannedRoute:
    route = time_route(prepared, vehicle, visits, leg_ms)
    if isinstance(route, Infeasible):
        raise ValueError(f"route of {vehicle.vehicle_id} cannot be driven: {route.text(str)}")
    return route


def _with(visits: tuple[Visit, ...], new: tuple[Visit, ...], i: int, j: int) -> tuple[Visit, ...]:
    """The route with ``new[0]`` before position i and, for a pair, ``new[1]`` before position j >= i."""
    if len(new) == 1:
        return (*visits[:i], new[0], *visits[i:])
    return (*visits[:i], new[0], *visits[i:j], new[1], *visits[j:])


def _positions(
    prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...], order: int
) -> Iterator[tuple[int, int, int]]:
    """(cost parts, i, j) of the positions an order could take as far as the length of the shift goes."""
    travel = prepared.problem.travel[vehicle.profile]

    def seconds(origin: Any, place: Any) -> np.ndarray:
        return drive_seconds(travel.duration_ms[origin, place], vehicle.speed_factor)

    def metres(origin: Any, place: Any) -> np.ndarray:
        return travel.distance_m[origin, place].astype(np.int64)

    places = np.array([vehicle.start, *(prepared.tasks[visit].place for visit in visits), vehicle.end])
    tasks = [task for _, task in tasks_of(prepared.orders[order])]
    new = [task.place for task in tasks]
    service = sum(task.service_s for task in tasks)
    spare_s = vehicle.shift_s[1] - vehicle.shift_s[0] - vehicle.load_s - service
    spare_s -= int(seconds(places[:-1], places[1:]).sum())
    spare_s -= sum(prepared.tasks[visit].service_s for visit in visits)
    opening = 0 if visits else COST_PARTS * vehicle.fixed_cost + 5 * vehicle.cost_per_h * vehicle.load_s
    added_s = _added(seconds, places, new)
    i, j = np.nonzero(np.triu(added_s <= spare_s)) if len(new) == 2 else (np.flatnonzero(added_s <= spare_s),) * 2
    at = (i, j)[: len(new)]
    parts = 18 * vehicle.cost_per_km * _added(metres, places, new)[at]
    parts += 5 * vehicle.cost_per_h * (added_s[at] + service) + opening
    return zip(parts.tolist(), i.tolist(), j.tolist())


def _added(leg: Callable[[Any, Any], np.ndarray], places: np.ndarray, new: list[int]) -> np.ndarray:
    """What a detour adds at each position, int64 [positions]; for a pair (i <= j) [positions, positions]."""
    origins, ends = places[:-1], places[1:]
    saved = leg(origins, ends)
    alone = [leg(origins, place) + leg(place, ends) - saved for place in new]
    if len(new) == 1:
        return alone[0]
    added = alone[0][:, None] + alone[1][None, :]
    np.fill_diagonal(added, leg(origins, new[0]) + leg(new[0], new[1]) + leg(new[1], ends) - saved)
    return added


def _cheapest_load(prepared: Prepared, visits: tuple[Visit, ...], unit: int) -> int:
    """The order aboard that costs least to leave out for the room it frees."""

    def price(order: int) -> tuple:
        per_unit = prepared.left_out_costs[order] / prepared.orders[order].demand[unit]
        return (per_unit, natural_key(prepared.orders[order].order_id))

    return min((visit.order for visit in visits if prepared.orders[visit.order].demand[unit]), key=price)


def _most_relieving(prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...]) -> int:
    """The order whose removal frees most time for what leaving it out costs."""
    drive = prepared.drive(vehicle)

    def length(kept: list[Visit]) -> int:
        places = [vehicle.start, *(prepared.tasks[visit].place for visit in kept), vehicle.end]
        driving = sum(drive(a, b) for a, b in itertools.pairwise(places))
        return driving + sum(prepared.tasks[visit].service_s for visit in kept)

    whole = length(list(visits))

    def relief(order: int) -> tuple:
        kept = [visit for visit in visits if visit.order != order]
        freed = whole - length(kept)
        return (-freed / prepared.left_out_costs[order], natural_key(prepared.orders[order].order_id))

    return min(dict.fromkeys(visit.order for visit in visits), key=relief)
