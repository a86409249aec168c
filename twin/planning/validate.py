"""Checks of what planners take for granted, so that a malformed problem is refused before any search."""

from twin.planning.prepared import tasks_of
from twin.planning.problem import PlanProblem


def check_problem(problem: PlanProblem) -> None:
    """Check what planners take for granted.

    Raises:
        ValueError: names the order or vehicle, the field and its value.
    """
    _unique("orders", [order.order_id for order in problem.orders])
    _unique("vehicles", [vehicle.vehicle_id for vehicle in problem.vehicles])
    units, places = len(problem.units), len(problem.places)
    for order in problem.orders:
        if not tasks_of(order):
            raise ValueError(f"order {order.order_id}: needs a pickup or a delivery")
        _numbers(f"order {order.order_id}: demand", order.demand, units)
        if order.penalty < 0 or order.priority < 1:
            raise ValueError(
                f"order {order.order_id}: penalty {order.penalty} or priority {order.priority}: "
                "expected a penalty of at least 0 and a priority of at least 1"
            )
        for kind, task in tasks_of(order):
            if not 0 <= task.place < places or task.service_s < 0:
                raise ValueError(f"order {order.order_id}: {kind} {task}: no such place or negative service")
            if any(opens > closes for opens, closes in task.windows_s):
                raise ValueError(f"order {order.order_id}: {kind} window {task.windows_s} closes before it opens")
    for vehicle in problem.vehicles:
        where = f"vehicle {vehicle.vehicle_id}"
        _numbers(f"{where}: capacity", vehicle.capacity, units)
        if vehicle.profile not in problem.travel:
            raise ValueError(f"{where}: profile {vehicle.profile!r} has no travel times")
        if not (0 <= vehicle.start < places and 0 <= vehicle.end < places):
            raise ValueError(f"{where}: start {vehicle.start}, end {vehicle.end}: expected indices of {places} places")
        if vehicle.shift_s[0] > vehicle.shift_s[1]:
            raise ValueError(f"{where}: shift {vehicle.shift_s} ends before it starts")
        if vehicle.speed_factor <= 0:
            raise ValueError(f"{where}: speed factor {vehicle.speed_factor}: expected more than 0")
    for profile, matrix in problem.travel.items():
        for field in (matrix.duration_ms, matrix.distance_m):
            if field.shape != (places, places):
                raise ValueError(f"travel[{profile!r}] is {field.shape}: expected {(places, places)}")


def _unique(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what}: {name!r} is there twice")
        seen.add(name)


def _numbers(what: str, values: tuple[int, ...], units: int) -> None:
    if len(values) != units or any(value < 0 for value in values):
        raise ValueError(f"{what} {values}: expected {units} numbers of at least 0, one for each unit")
