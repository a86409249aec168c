"""Why an order was left out, in the words of the person who has to answer the customer."""

from collections.abc import Mapping
from dataclasses import replace

from twin.planning.insertion import Routes, best_insertion
from twin.planning.prepared import Prepared, Visit, tasks_of, visits_of
from twin.planning.problem import Plan, PlanVehicle
from twin.planning.timing import Clock, Infeasible, time_route

MOST_PRICED = 200
"""Above this many orders left out, what serving each would have cost is not worked out."""


def with_reasons(prepared: Prepared, plan: Plan, clock: Clock) -> Plan:
    """The plan with a specific reason for every order that was left out without one."""
    routes: Routes = {
        route.vehicle_id: tuple(Visit(prepared.order_index[stop.order_id], stop.task) for stop in route.stops)
        for route in plan.routes
    }
    priced = len(plan.left_out) <= MOST_PRICED
    reasons = {
        order_id: reason or reason_for(prepared, routes if priced else {}, order_id, clock, priced)
        for order_id, reason in plan.left_out.items()
    }
    return replace(plan, left_out=reasons)


def reason_for(
    prepared: Prepared,
    routes: Mapping[str, tuple[Visit, ...]],
    order_id: str,
    clock: Clock,
    priced: bool = True,
) -> str:
    """Why an order is in none of ``routes``: no vehicle ever could, or there is no room for it."""
    if not prepared.vehicles:
        return "there are no vehicles"
    index = prepared.order_index[order_id]
    able = [vehicle for vehicle in prepared.vehicles if prepared.may_serve(vehicle, index)]
    if not able:
        return _no_vehicle(prepared, index)
    alone = _alone(prepared, index, able)
    if alone is not None:
        return f"not even a vehicle of its own could serve it: {alone.text(clock)}"
    penalty = prepared.left_out_costs[index]
    found = best_insertion(prepared, dict(routes), index) if priced else None
    if found is not None:
        return f"leaving it out (penalty {penalty}) is cheaper than serving it (at least {found.cost} more)"
    return f"no room: every vehicle that could serve it is full or out of hours (penalty {penalty})"


def _no_vehicle(prepared: Prepared, index: int) -> str:
    """What is missing when every vehicle meets a lasting obstacle."""
    problem, order = prepared.problem, prepared.orders[index]
    for unit, name in enumerate(problem.units):
        most = max(vehicle.capacity[unit] for vehicle in prepared.vehicles)
        if order.demand[unit] > most:
            return f"exceeds every vehicle's capacity: {order.demand[unit]} {name}, the largest holds {most}"
    if not any(order.needs <= vehicle.offers for vehicle in prepared.vehicles):
        return f"no vehicle offers {', '.join(sorted(order.needs))}"
    obstacles = {prepared.obstacles(vehicle)[index] for vehicle in prepared.vehicles}
    if obstacles == {"depot"} and order.depot is not None:
        return f"no vehicle runs from depot {problem.places[order.depot]}"
    if obstacles == {"reach"}:
        places = ", ".join(problem.places[task.place] for _, task in tasks_of(order))
        return f"no vehicle may reach {places}"
    words = {
        "capacity": "is large enough",
        "needs": "offers what it needs",
        "depot": "runs from its depot",
        "reach": "may go there",
    }
    return f"no single vehicle {' and '.join(text for name, text in words.items() if name in obstacles)}"


def _alone(prepared: Prepared, index: int, able: list[PlanVehicle]) -> Infeasible | None:
    """The least bad failure of a vehicle that serves nothing else; None if one succeeds."""
    visits = visits_of(prepared.orders[index], index)
    failures: list[Infeasible] = []
    for vehicle in {replace(vehicle, vehicle_id=""): vehicle for vehicle in able}.values():
        outcome = time_route(prepared, vehicle, visits)
        if not isinstance(outcome, Infeasible):
            return None
        failures.append(outcome)
    return min(failures, key=lambda failure: (failure.earliest_s - failure.window_s[1], failure.cause))
