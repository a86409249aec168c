"""Routes under construction: cheapest insertion, eviction of what does not fit, the finished plan."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from twin.orders import natural_key
from twin.planning.prepared import COST_PARTS, Prepared, Visit, overload, visits_of
from twin.planning.problem import Plan, PlannedRoute, PlanVehicle
from twin.planning.timing import Infeasible, LegMs, can_drive, time_route

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
    empty_kinds: set[PlanVehicle] = set()
    candidates: list[tuple[int, int, int, int]] = []
    for number, vehicle in enumerate(asked):
        if not prepared.may_serve(vehicle, order):
            continue
        visits = routes.get(vehicle.vehicle_id, ())
        if not visits:
            kind = _nameless(vehicle)
            if kind in empty_kinds:  # one empty vehicle of a kind is as good as another
                continue
            empty_kinds.add(kind)
        candidates += [(cost, number, i, j) for cost, i, j in _positions(prepared, vehicle, visits, order)]
    for cost, number, i, j in sorted(candidates):
        vehicle = asked[number]
        visits = _with(routes.get(vehicle.vehicle_id, ()), visits_of(prepared.orders[order], order), i, j)
        if overload(prepared.problem, vehicle, visits) is None and can_drive(prepared, vehicle, visits, leg_ms):
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
    while isinstance(outcome := time_route(prepared, vehicle, visits, leg_ms), Infeasible):
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


def _nameless(vehicle: PlanVehicle) -> PlanVehicle:
    """The vehicle without its name: equal for vehicles that can stand in for each other."""
    return replace(vehicle, vehicle_id="")


def _with(visits: tuple[Visit, ...], new: tuple[Visit, ...], i: int, j: int) -> tuple[Visit, ...]:
    """The route with ``new[0]`` before position i and, for a pair, ``new[1]`` before position j >= i."""
    if len(new) == 1:
        return (*visits[:i], new[0], *visits[i:])
    return (*visits[:i], new[0], *visits[i:j], new[1], *visits[j:])


def _positions(
    prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...], order: int
) -> Iterator[tuple[int, int, int]]:
    """(cost parts, i, j) of the positions an order could take as far as the length of the shift goes."""
    drive = prepared.drive(vehicle)
    distance = prepared.problem.travel[vehicle.profile].distance_m
    places = [vehicle.start, *(prepared.tasks[visit].place for visit in visits), vehicle.end]
    new = [prepared.tasks[visit].place for visit in visits_of(prepared.orders[order], order)]
    service = sum(prepared.tasks[visit].service_s for visit in visits_of(prepared.orders[order], order))
    spare_s = vehicle.shift_s[1] - vehicle.shift_s[0] - vehicle.load_s - service
    spare_s -= sum(drive(a, b) for a, b in itertools.pairwise(places))
    spare_s -= sum(prepared.tasks[visit].service_s for visit in visits)
    opening = 0 if visits else COST_PARTS * vehicle.fixed_cost + 5 * vehicle.cost_per_h * vehicle.load_s
    for i in range(len(visits) + 1):
        for j in range(i, len(visits) + 1) if len(new) == 2 else (i,):
            detour = _detour(places, new, i, j)
            added_s = sum(sign * drive(a, b) for sign, a, b in detour)
            if added_s <= spare_s:
                added_m = sum(sign * int(distance[a, b]) for sign, a, b in detour)
                parts = 18 * vehicle.cost_per_km * added_m + 5 * vehicle.cost_per_h * (added_s + service)
                yield opening + parts, i, j


def _detour(places: list[int], new: list[int], i: int, j: int) -> list[tuple[int, int, int]]:
    """The legs an insertion adds (+1) and saves (-1) as (sign, from, to)."""
    if len(new) == 1 or i == j:
        chain = [places[i], *new, places[i + 1]]
        return [(-1, places[i], places[i + 1]), *((1, a, b) for a, b in itertools.pairwise(chain))]
    legs: list[tuple[int, int, int]] = []
    for place, at in zip(new, (i, j), strict=True):
        legs += [(-1, places[at], places[at + 1]), (1, places[at], place), (1, place, places[at + 1])]
    return legs


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
