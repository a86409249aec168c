"""The fleet's own cheapest insertion (``twin.planning.insertion``) on a benchmark instance: dearest orders first."""

from scenarios.benchmarks.budget import Budget
from scenarios.benchmarks.instance import FOREVER, Instance
from scenarios.benchmarks.request import Objective
from scenarios.benchmarks.whole_numbers import OPEN_END, WholeNumbers, whole_numbers
from twin.planning.insertion import insert_all
from twin.planning.prepared import Prepared
from twin.planning.problem import PlanOrder, PlanProblem, PlanTask, PlanVehicle
from twin.travel import TravelMatrix

COST_PER_KM = 1000
"""Cost units a kilometre, so that a metre (a whole part of a leg) costs one; times a vehicle's unit cost."""

LIBRARY = "twin.planning.insertion"


def missing(instance: Instance) -> str:
    """The first thing the instance asks for that a ``PlanProblem`` has no words for; empty if there is none."""
    vehicles = instance.vehicles
    asked = {
        "trips and release times": any(vehicle.reload_depots for vehicle in vehicles) or instance.release.any(),
        "backhauls after linehauls": instance.linehaul_first,
        "the length of routes": any(min(v.max_duration, v.max_distance) < FOREVER for v in vehicles),
    }
    return next((name for name, wanted in asked.items() if wanted), "")


def routes(instance: Instance, objective: Objective, budget: Budget, seed: int) -> list[list[int]]:
    """Routes of one pass; what found no place is in none. Neither budget nor seed changes anything."""
    problem = _problem(instance, whole_numbers(instance), objective)
    prepared = Prepared(problem)
    found, _ = insert_all(prepared, {}, range(len(problem.orders)))
    by_vehicle = [
        [prepared.tasks[visit].place for visit in found.get(vehicle.vehicle_id, ())] for vehicle in problem.vehicles
    ]
    return by_vehicle if instance.vehicles_differ else [route for route in by_vehicle if route]


def _problem(instance: Instance, numbers: WholeNumbers, objective: Objective) -> PlanProblem:
    """The instance as the day of a fleet: a second is a whole part of its time, a metre one of its distance."""
    last = numbers.closes[numbers.closes < OPEN_END].max(initial=0)
    horizon = int(last + numbers.durations.max(axis=1).sum() + numbers.service.sum())
    opening = int(2 * numbers.distances.max() * instance.nodes) if objective == "vehicles" else 0

    def window(node: int) -> tuple[int, int]:
        return int(numbers.opens[node]), min(horizon, int(numbers.closes[node]))

    def task(node: int) -> PlanTask:
        return PlanTask(node, (window(node),), int(numbers.service[node]))

    pairs = [PlanOrder(str(p.pickup), task(p.pickup), task(p.delivery), (p.amount,)) for p in instance.pairs]
    paired = {node for pair in instance.pairs for node in (pair.pickup, pair.delivery)}
    orders = [
        PlanOrder(str(node), None, task(node), (int(instance.demand[node]),))
        for node in instance.customers
        if node not in paired
    ]
    vehicles = [
        PlanVehicle(
            f"V{number}",
            "instance",
            (vehicle.capacity,),
            vehicle.depot,
            vehicle.depot,
            window(vehicle.depot),
            cost_per_km=COST_PER_KM * numbers.unit_costs[number],
            cost_per_h=0,
            fixed_cost=numbers.fixed_costs[number] + opening,
        )
        for number, vehicle in enumerate(instance.vehicles)
    ]
    travel = TravelMatrix(numbers.durations * 1000, numbers.distances)
    places = tuple(map(str, range(instance.nodes)))
    return PlanProblem(places, (*pairs, *orders), tuple(vehicles), {"instance": travel}, ("load",))
