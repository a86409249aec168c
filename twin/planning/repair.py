"""Hold a plan against the clock: planners know one travel time per leg, the day has rush hours."""

from twin.planning.insertion import Routes, finish, insert_all, loosen
from twin.planning.prepared import Prepared, Visit
from twin.planning.problem import Plan, PlanProblem
from twin.planning.reasons import with_reasons
from twin.planning.timing import Clock, LegMs


def clock_text(seconds: int) -> str:
    """Seconds since the origin as HH:MM (``+1d`` and so on after the first day)."""
    days, rest = divmod(seconds, 86_400)
    text = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}"
    return f"{text}{days:+d}d" if days else text


def repair(plan: Plan, problem: PlanProblem, leg_ms: LegMs, clock: Clock = clock_text) -> Plan:
    """Re-time every route with time-dependent driving times and mend what no longer holds.

    A stop that now breaks its window, and stops that push a route beyond its shift, move to the cheapest
    feasible place in another route or their own; what fits nowhere is left out with the reason. ``leg_ms``
    must be first-in first-out (leaving later never arrives earlier). Orders left out before stay left out.
    """
    prepared = Prepared(problem)
    routes: Routes = {}
    evicted: dict[int, str] = {}
    for route in plan.routes:
        vehicle = prepared.vehicle_by_id[route.vehicle_id]
        visits = tuple(Visit(prepared.order_index[stop.order_id], stop.task) for stop in route.stops)
        routes[vehicle.vehicle_id], removed = loosen(prepared, vehicle, visits, leg_ms)
        for order, why in removed.items():
            evicted[order] = f"{why.text(clock)} on the route of {vehicle.vehicle_id}, and no other has room"
    routes, left = insert_all(prepared, routes, evicted, leg_ms)
    reasons = {prepared.order_index[order_id]: reason for order_id, reason in plan.left_out.items()}
    reasons |= {order: evicted[order] for order in left}
    mended = finish(prepared, routes, plan.planner, plan.effort, leg_ms, reasons)
    return with_reasons(prepared, mended, clock)
