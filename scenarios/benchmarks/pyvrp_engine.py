"""PyVRP (https://pyvrp.org) on a benchmark instance: all the features the sets have."""

import warnings
from typing import Any

import numpy as np

from scenarios.benchmarks.budget import Budget
from scenarios.benchmarks.instance import FOREVER, Instance, Vehicle
from scenarios.benchmarks.request import Objective
from scenarios.benchmarks.whole_numbers import WholeNumbers, whole_numbers

MOST_PENALTY = 100_000
"""PyVRP's penalty for a unit of load too many rises to this."""

FLEET_SHARE = 0.6
"""Of the budget, for finding fewer vehicles before what they drive is shortened [A]."""

LIBRARY = "pyvrp"


def missing(instance: Instance) -> str:
    """What the instance asks for that PyVRP lacks: nothing."""
    return ""


def routes(instance: Instance, objective: Objective, budget: Budget, seed: int) -> list[list[int]]:
    """The best routes found, feasible or not; where vehicles differ, route k is vehicle k's."""
    numbers = whole_numbers(instance)
    types = _vehicle_types(instance)
    data = _data(instance, numbers, types, objective)
    with warnings.catch_warnings():  # whether routes are feasible is checked afterwards, independently
        warnings.simplefilter("ignore")
        best = _fewest_vehicles(data, budget, seed) if objective == "vehicles" else _search(data, budget, seed)
    return _routes(instance, data, best, list(types.values()))


def _vehicle_types(instance: Instance) -> dict[Vehicle, list[int]]:
    """Vehicles that can stand in for each other: PyVRP searches faster over few types."""
    types: dict[Vehicle, list[int]] = {}
    for number, vehicle in enumerate(instance.vehicles):
        types.setdefault(vehicle, []).append(number)
    return types


def _data(instance: Instance, numbers: WholeNumbers, types: dict[Vehicle, list[int]], objective: Objective) -> Any:
    """PyVRP's ``ProblemData``; its locations are the instance's nodes."""
    from pyvrp import Depot, Location, ProblemData, VehicleType

    distances: Any = _with_backhauls_last(instance, numbers)
    durations: Any = numbers.durations
    loads = _load_factor(numbers)
    opening = int(2 * numbers.distances.max() * instance.nodes) if objective == "vehicles" and len(types) > 1 else 0
    return ProblemData(
        [Location(0, 0) for _ in range(instance.nodes)],
        _clients(instance, numbers, loads),
        [Depot(depot) for depot in range(instance.depots)],
        [
            VehicleType(
                num_available=len(members),
                capacity=[loads * vehicle.capacity],
                start_depot=vehicle.depot,
                end_depot=vehicle.depot,
                fixed_cost=numbers.fixed_costs[members[0]] + opening,
                tw_early=int(numbers.opens[vehicle.depot]),
                tw_late=int(numbers.closes[vehicle.depot]),
                shift_duration=numbers.limit(vehicle.max_duration),
                max_distance=numbers.limit(vehicle.max_distance),
                unit_distance_cost=numbers.unit_costs[members[0]],
                reload_depots=list(vehicle.reload_depots),
                max_reloads=2**64 - 1 if vehicle.max_reloads == FOREVER else int(vehicle.max_reloads),
            )
            for vehicle, members in types.items()
        ],
        [distances],
        [durations],
        shipments=_shipments(instance, numbers, loads),
    )


def _load_factor(numbers: WholeNumbers) -> int:
    """What loads are multiplied by, so that a unit too many can cost more than the way there and back saves."""
    return 1 + int(2 * numbers.distances.max()) * max(numbers.unit_costs) // MOST_PENALTY


def _clients(instance: Instance, numbers: WholeNumbers, loads: int) -> list[Any]:
    from pyvrp import Client

    paired = {node for pair in instance.pairs for node in (pair.pickup, pair.delivery)}
    return [
        Client(
            node,
            delivery=[loads * int(instance.demand[node])],
            pickup=[loads * int(instance.backhaul[node])],
            service_duration=int(numbers.service[node]),
            tw_early=int(numbers.opens[node]),
            tw_late=int(numbers.closes[node]),
            release_time=int(numbers.release[node]),
        )
        for node in instance.customers
        if node not in paired
    ]


def _shipments(instance: Instance, numbers: WholeNumbers, loads: int) -> list[Any]:
    from pyvrp import Shipment

    return [
        Shipment(
            pair.pickup,
            pair.delivery,
            pickup_tw_early=int(numbers.opens[pair.pickup]),
            pickup_tw_late=int(numbers.closes[pair.pickup]),
            pickup_service_duration=int(numbers.service[pair.pickup]),
            delivery_tw_early=int(numbers.opens[pair.delivery]),
            delivery_tw_late=int(numbers.closes[pair.delivery]),
            delivery_service_duration=int(numbers.service[pair.delivery]),
            amount=[loads * pair.amount],
        )
        for pair in instance.pairs
    ]


def _with_backhauls_last(instance: Instance, numbers: WholeNumbers) -> np.ndarray:
    """Distances; where deliveries come first, legs that break this cost more than anything else could."""
    if not instance.linehaul_first:
        return numbers.distances
    from pyvrp.constants import MAX_VALUE

    distances, collects = numbers.distances.copy(), instance.backhaul > 0
    delivers = ~collects
    delivers[: instance.depots] = False
    distances[: instance.depots, collects] = MAX_VALUE
    distances[collects[:, None] & delivers[None]] = MAX_VALUE
    return distances


def _search(data: Any, budget: Budget, seed: int, stop: Any = None, start: Any = None) -> Any:
    """One search; PyVRP's best ``Solution``."""
    from pyvrp import solve

    return solve(data, stop or _stop(budget), seed, collect_stats=False, display=False, initial_solution=start).best


def _stop(budget: Budget, share: float = 1.0) -> Any:
    """A stopping criterion for a share of the budget; it counts across searches."""
    from pyvrp.stop import MaxIterations, MaxRuntime, MultipleCriteria

    limits: list[Any] = []
    if budget.iterations is not None:
        limits.append(MaxIterations(max(1, round(budget.iterations * share))))
    if budget.seconds is not None:
        limits.append(MaxRuntime(budget.seconds_left() * share))
    return MultipleCriteria(limits)


def _fewest_vehicles(data: Any, budget: Budget, seed: int) -> Any:
    """Search with one vehicle less as long as that is feasible, then shorten what the fewest drive.

    With several types of vehicle each costs more than all driving instead.
    """
    from pyvrp.stop import FirstFeasible, MultipleCriteria

    if data.num_vehicle_types > 1:
        return _search(data, budget, seed)
    stop = _stop(budget, FLEET_SHARE)
    best, fleet, attempt = None, data, _search(data, budget, seed, MultipleCriteria([FirstFeasible(), stop]))
    while attempt.is_feasible():
        best, fleet = attempt, _with_vehicles(data, attempt.num_routes())
        if attempt.num_routes() == 1:
            break
        fewer = _with_vehicles(data, attempt.num_routes() - 1)
        attempt = _search(fewer, budget, seed, MultipleCriteria([FirstFeasible(), stop]))
    return _search(fleet, budget, seed, _stop(budget, 1 - FLEET_SHARE if budget.seconds is None else 1.0), best)


def _with_vehicles(data: Any, count: int) -> Any:
    """The same data with so many vehicles."""
    return data.replace(vehicle_types=[data.vehicle_type(0).replace(num_available=count)])


def _routes(instance: Instance, data: Any, solution: Any, members: list[list[int]]) -> list[list[int]]:
    """Node numbers by route; by vehicle where vehicles differ."""
    free = [list(numbers) for numbers in members]
    by_vehicle: dict[int, list[int]] = {}
    for route in solution.routes():
        nodes = [_node(data, activity) for activity in route]
        inner = nodes[1:-1]  # without the depots at its ends
        if inner:
            by_vehicle[free[route.vehicle_type()].pop(0)] = inner
    if instance.vehicles_differ:
        return [by_vehicle.get(number, []) for number in range(len(instance.vehicles))]
    return [by_vehicle[number] for number in sorted(by_vehicle)]


def _node(data: Any, activity: Any) -> int:
    """The instance's number of what is visited."""
    if activity.is_depot():
        return data.depot(activity.idx).location
    if activity.is_client():
        return data.client(activity.idx).location
    shipment = data.shipment(activity.idx)
    return (shipment.pickup if activity.is_pickup() else shipment.delivery).location
