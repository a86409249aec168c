"""What a problem may ask for and what a given one does: the words in which planners declare what they can."""

from twin.planning.prepared import tasks_of
from twin.planning.problem import PlanOrder, PlanProblem, PlanVehicle

FEATURE_NOTES = {
    "time_windows": "service starts within a window",
    "multiple_windows": "a delivery or a collection has several windows to choose from",
    "pair_multiple_windows": "an end of a pickup-and-delivery pair has several windows to choose from",
    "capacities": "loads in one or more units never exceed the vehicle's",
    "mixed_fleet": "vehicles differ in capacity, cost, speed or profile",
    "multiple_depots": "vehicles start or end at different places, orders may name their depot",
    "shifts": "vehicles have their own working hours",
    "breaks": "drivers take breaks within stated intervals",
    "priorities": "orders differ in importance",
    "optional_orders": "orders may be left out at a stated penalty",
    "balance": "long routes cost extra, so that work is shared out",
    "pairs": "pickup and delivery of one order by the same vehicle, in that order",
    "pickups": "collections are brought to a depot",
    "needs": "an order needs what only some vehicles or drivers offer",
    "loading": "vehicles load before they leave",
}
"""What a problem may ask for, each with its meaning."""

FEATURES = frozenset(FEATURE_NOTES)


def needed_features(problem: PlanProblem) -> frozenset[str]:
    """The features out of ``FEATURES`` a planner must have to respect all that the problem asks for."""
    of_orders = (_order_features(order) for order in problem.orders)
    needed = set().union(*of_orders, _fleet_features(problem.vehicles))
    if len({order.priority for order in problem.orders}) > 1:
        needed.add("priorities")
    if problem.balance_weight > 0 and len(problem.vehicles) > 1:
        needed.add("balance")
    return frozenset(needed)


def _order_features(order: PlanOrder) -> set[str]:
    windows = max(len(task.windows_s) for _, task in tasks_of(order))
    pair = order.pickup is not None and order.delivery is not None
    asked = {
        "time_windows": windows > 0,
        "multiple_windows": windows > 1 and not pair,
        "pair_multiple_windows": windows > 1 and pair,
        "capacities": any(order.demand),
        "multiple_depots": order.depot is not None and not pair,
        "optional_orders": order.penalty > 0,
        "pairs": pair,
        "pickups": order.pickup is not None and not pair,
        "needs": bool(order.needs),
    }
    return {feature for feature, wanted in asked.items() if wanted}


def _fleet_features(vehicles: tuple[PlanVehicle, ...]) -> set[str]:
    kinds = {(v.capacity, v.profile, v.speed_factor, v.cost_per_km, v.cost_per_h, v.fixed_cost) for v in vehicles}
    asked = {
        "mixed_fleet": len(kinds) > 1,
        "multiple_depots": len({place for vehicle in vehicles for place in (vehicle.start, vehicle.end)}) > 1,
        "shifts": bool(vehicles),
        "breaks": any(vehicle.breaks for vehicle in vehicles),
        "loading": any(vehicle.load_s for vehicle in vehicles),
    }
    return {feature for feature, wanted in asked.items() if wanted}
