"""An independent judge of plans: recomputes all from the problem and shares no code with the planners."""

import math
from collections.abc import Callable, Iterator

from twin.planning.problem import (
    Plan,
    PlannedRoute,
    PlannedStop,
    PlanOrder,
    PlanProblem,
    PlanTask,
    PlanVehicle,
)

UNREACHABLE_MS = 2**31 - 1

Judge = Iterator[str]


def violations(
    plan: Plan,
    problem: PlanProblem,
    leg_ms: Callable[[PlanVehicle, int, int, int], int] | None = None,
) -> list[str]:
    """All that breaks the problem's rules, one line each; empty: feasible, and the cost is right.

    Judged: every order exactly once or left out with a reason, pairs on one vehicle in order, needs and
    depots, loads after every stop, windows, service, driving times, shifts, breaks, and the cost. ``leg_ms``
    gives time-dependent driving times, see ``twin.planning.timing.LegMs``.
    """
    orders = {order.order_id: order for order in problem.orders}
    vehicles = {vehicle.vehicle_id: vehicle for vehicle in problem.vehicles}
    found = [*_once(plan, orders), *_vehicles_once(plan, vehicles)]
    if found:
        return found
    for route in plan.routes:
        vehicle = vehicles[route.vehicle_id]
        judged = (
            *_pairs(route, orders),
            *_allowed(route, vehicle, orders),
            *_loads(route, vehicle, orders, problem.units),
            *_times(route, vehicle, orders),
            *_legs(route, vehicle, orders, problem, leg_ms),
            *_breaks(route, vehicle),
        )
        found += [f"{route.vehicle_id}: {line}" for line in judged]
    return found + list(_cost(plan, problem, orders, vehicles))


def _once(plan: Plan, orders: dict[str, PlanOrder]) -> Judge:
    """Every end of every order is visited once, or the order is left out with a reason."""
    wanted = {(o, kind) for o, order in orders.items() for kind in ("pickup", "delivery") if getattr(order, kind)}
    visited = [(stop.order_id, stop.task) for route in plan.routes for stop in route.stops]
    for visit in dict.fromkeys(visited):
        if visited.count(visit) > 1:
            yield f"{visit[1]} of {visit[0]} is visited {visited.count(visit)} times"
        if visit not in wanted:
            yield f"{visit[1]} of {visit[0]} is not in the problem"
        if visit[0] in plan.left_out:
            yield f"order {visit[0]} is visited and left out"
    for order_id, kind in sorted(wanted - set(visited)):
        if order_id not in plan.left_out:
            yield f"{kind} of {order_id} is neither visited nor left out"
    for order_id, reason in plan.left_out.items():
        if order_id not in orders:
            yield f"left out {order_id} is not in the problem"
        if not reason:
            yield f"left out {order_id} has no reason"


def _vehicles_once(plan: Plan, vehicles: dict[str, PlanVehicle]) -> Judge:
    """Routes belong to known vehicles, one each."""
    names = [route.vehicle_id for route in plan.routes]
    for name in dict.fromkeys(names):
        if name not in vehicles:
            yield f"vehicle {name} is not in the problem"
        if names.count(name) > 1:
            yield f"vehicle {name} has {names.count(name)} routes"


def _pairs(route: PlannedRoute, orders: dict[str, PlanOrder]) -> Judge:
    """Both ends of a pair are on the route, pickup before delivery."""
    at = {(stop.order_id, stop.task): i for i, stop in enumerate(route.stops)}
    for order_id in dict.fromkeys(stop.order_id for stop in route.stops):
        if orders[order_id].pickup is not None and orders[order_id].delivery is not None:
            up, down = at.get((order_id, "pickup")), at.get((order_id, "delivery"))
            if up is None or down is None or up > down:
                yield f"pair {order_id} is not picked up and then delivered here"


def _allowed(route: PlannedRoute, vehicle: PlanVehicle, orders: dict[str, PlanOrder]) -> Judge:
    """The vehicle offers what the orders need and runs from the depot they name."""
    for order in (orders[order_id] for order_id in dict.fromkeys(stop.order_id for stop in route.stops)):
        if missing := order.needs - vehicle.offers:
            yield f"{order.order_id} needs {', '.join(sorted(missing))}"
        if order.depot is not None and order.pickup is None and vehicle.start != order.depot:
            yield f"{order.order_id} comes from another depot"
        if order.depot is not None and order.delivery is None and vehicle.end != order.depot:
            yield f"{order.order_id} goes to another depot"


def _loads(route: PlannedRoute, vehicle: PlanVehicle, orders: dict[str, PlanOrder], units: tuple[str, ...]) -> Judge:
    """The load never exceeds the capacity, in any unit, anywhere."""
    for unit, name in enumerate(units):
        changes = [(1 if stop.task == "pickup" else -1) * orders[stop.order_id].demand[unit] for stop in route.stops]
        from_depot = sum(
            orders[stop.order_id].demand[unit] for stop in route.stops if orders[stop.order_id].pickup is None
        )
        load = peak = from_depot
        for change in changes:
            load += change
            peak = max(peak, load)
        if peak > vehicle.capacity[unit]:
            yield f"carries {peak} {name}, holds {vehicle.capacity[unit]}"


def _times(route: PlannedRoute, vehicle: PlanVehicle, orders: dict[str, PlanOrder]) -> Judge:
    """Windows, service times and the shift."""
    for stop in route.stops:
        task = _task(orders, stop)
        if not stop.arrive_s <= stop.start_s <= stop.leave_s - task.service_s:
            yield f"{stop.order_id}: arrival, start and leaving do not fit the service time"
        if task.windows_s and not any(opens <= stop.start_s <= closes for opens, closes in task.windows_s):
            yield f"{stop.order_id}: starts at {stop.start_s}, outside {task.windows_s}"
    if route.leave_s - vehicle.load_s < vehicle.shift_s[0]:
        yield f"leaves at {route.leave_s}, before loading can be over"
    if route.back_s > vehicle.shift_s[1]:
        yield f"is back at {route.back_s}, after its shift"


def _legs(
    route: PlannedRoute,
    vehicle: PlanVehicle,
    orders: dict[str, PlanOrder],
    problem: PlanProblem,
    leg_ms: Callable[[PlanVehicle, int, int, int], int] | None,
) -> Judge:
    """From leaving one place to arriving at the next there is time to drive, breaks taken out."""
    usual = problem.travel[vehicle.profile].duration_ms
    at, left_s = vehicle.start, route.leave_s
    ends = [(_task(orders, stop).place, stop.arrive_s, stop.leave_s) for stop in route.stops]
    for place, arrive_s, leave_s in (*ends, (vehicle.end, route.back_s, route.back_s)):
        needed_ms = int(usual[at, place]) if leg_ms is None else leg_ms(vehicle, at, place, left_s)
        paused_s = sum(max(0, min(end, arrive_s) - max(start, left_s)) for start, end in route.breaks)
        driven_s = arrive_s - left_s - paused_s
        if needed_ms >= UNREACHABLE_MS:
            yield f"no way from {problem.places[at]} to {problem.places[place]}"
        elif driven_s < needed_ms / 1000 / vehicle.speed_factor - 1e-6:
            yield f"{problem.places[at]} to {problem.places[place]} in {driven_s} s, needs {needed_ms} ms"
        at, left_s = place, leave_s


def _breaks(route: PlannedRoute, vehicle: PlanVehicle) -> Judge:
    """Breaks overlap neither service nor each other, and every break owed is taken within its interval."""
    busy = [(stop.start_s, stop.leave_s) for stop in route.stops]
    for start, end in route.breaks:
        if any(start < leave and begin < end for begin, leave in busy):
            yield f"break {start}-{end} overlaps service"
        if start < route.leave_s or end > route.back_s:
            yield f"break {start}-{end} is not on the way"
        busy.append((start, end))
    free = sorted(route.breaks)
    for pause in sorted(vehicle.breaks, key=lambda pause: (pause.earliest_s, pause.latest_s)):
        if not route.leave_s <= pause.latest_s < route.back_s:
            continue
        for start, end in free:
            if pause.earliest_s <= start <= pause.latest_s and end - start >= pause.duration_s:
                free.remove((start, end))
                break
        else:
            yield f"no break starts between {pause.earliest_s} and {pause.latest_s}"


def _cost(plan: Plan, problem: PlanProblem, orders: dict[str, PlanOrder], vehicles: dict[str, PlanVehicle]) -> Judge:
    """The cost is that of the routes, the orders left out and the longest route, up to rounding per route.

    What a must-serve order costs when left out is the planners' own; with such an order left out only the
    rest is judged, as a lower bound.
    """
    total, hours = 0.0, [0.0]
    for route in plan.routes:
        vehicle, distance = (
            vehicles[route.vehicle_id],
            problem.travel[vehicles[route.vehicle_id].profile].distance_m,
        )
        places = [vehicle.start, *(_task(orders, stop).place for stop in route.stops), vehicle.end]
        metres = sum(int(distance[places[i], places[i + 1]]) for i in range(len(places) - 1))
        hours.append((route.back_s - route.leave_s + vehicle.load_s) / 3600)
        total += vehicle.fixed_cost + vehicle.cost_per_km * metres / 1000 + vehicle.cost_per_h * hours[-1]
    total += problem.balance_weight * (max(hours) - sum(hours) / max(1, len(vehicles)))
    left = [orders[order_id] for order_id in plan.left_out]
    total += sum(order.penalty * order.priority for order in left)
    tolerance = len(plan.routes) + 1
    bounded = any(order.penalty == 0 for order in left)
    if plan.cost < math.floor(total) - tolerance or (not bounded and plan.cost > total + tolerance):
        yield f"costs {plan.cost}, recomputed {total:.1f}"


def _task(orders: dict[str, PlanOrder], stop: PlannedStop) -> PlanTask:
    task = getattr(orders[stop.order_id], stop.task)
    assert isinstance(task, PlanTask)  # noqa: S101  (checked by _once)
    return task
