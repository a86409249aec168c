"""OR-Tools' routing library on a benchmark instance: guided local search from a parallel cheapest insertion."""

from typing import Any

import numpy as np

from scenarios.benchmarks.budget import Budget
from scenarios.benchmarks.instance import FOREVER, Instance
from scenarios.benchmarks.request import Objective
from scenarios.benchmarks.whole_numbers import OPEN_END, WholeNumbers, whole_numbers

BRANCHES_PER_SOLUTION = 40
"""As in ``twin.planning.ortools_planner``: more means that no better solution is in sight."""

BRANCHES_PER_VISIT = 20

SPARE_VEHICLES = 1.3
"""Vehicles offered where the fleet has no limit, times what the loads need [A]: each of them slows the search."""

LIBRARY = "ortools.constraint_solver.pywrapcp"


def missing(instance: Instance) -> str:
    """What the instance asks for that the model lacks; empty if nothing."""
    trips = any(vehicle.reload_depots for vehicle in instance.vehicles) or instance.release.any()
    return "trips and release times" if trips else ""


def routes(instance: Instance, objective: Objective, budget: Budget, seed: int) -> list[list[int]]:
    """The best routes found, none if there is no solution; the search has no dice, ``seed`` changes nothing.

    Raises:
        ModuleNotFoundError: OR-Tools is not installed.
    """
    return _Model(instance, objective).solve(budget)


class _Model:
    """The instance in OR-Tools' terms; nodes keep their numbers."""

    def __init__(self, instance: Instance, objective: Objective) -> None:
        from ortools.constraint_solver import pywrapcp

        self.instance, self.numbers, self.library = instance, whole_numbers(instance), pywrapcp
        self.vehicles = instance.vehicles[: _fleet_size(instance)]
        depots = [vehicle.depot for vehicle in self.vehicles]
        self.manager = pywrapcp.RoutingIndexManager(instance.nodes, len(depots), depots, depots)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._add_costs(objective)
        self._add_loads()
        self._add_times()
        self._add_pairs()
        self._add_backhauls()

    def solve(self, budget: Budget) -> list[list[int]]:
        """Search; node numbers by route, by vehicle where vehicles differ."""
        parameters = self._parameters(budget)
        self.routing.CloseModelWithParameters(parameters)
        if budget.iterations is not None:
            most = BRANCHES_PER_SOLUTION * budget.iterations + BRANCHES_PER_VISIT * self.instance.nodes
            self.routing.AddSearchMonitor(self.routing.solver().BranchesLimit(most))
        solution = self.routing.SolveWithParameters(parameters)
        if solution is None:
            return []
        found = [self._route(solution, number) for number in range(len(self.vehicles))]
        return found if self.instance.vehicles_differ else [route for route in found if route]

    def _parameters(self, budget: Budget) -> Any:
        from ortools.constraint_solver import routing_enums_pb2 as enums

        parameters = self.library.DefaultRoutingSearchParameters()
        parameters.first_solution_strategy = enums.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
        parameters.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        if budget.iterations is not None:
            parameters.solution_limit = max(1, budget.iterations)
            parameters.lns_time_limit.FromSeconds(86_400)  # its default is a tenth of a second by the clock
        if budget.seconds is not None:
            parameters.time_limit.FromMilliseconds(max(1, round(1000 * budget.seconds_left())))
        return parameters

    def _index(self, node: int) -> int:
        return self.manager.NodeToIndex(node)

    def _add_costs(self, objective: Objective) -> None:
        numbers = self.numbers
        opening = int(2 * numbers.distances.max() * self.instance.nodes) if objective == "vehicles" else 0
        evaluators: dict[int, int] = {}
        for number in range(len(self.vehicles)):
            unit = numbers.unit_costs[number]
            if unit not in evaluators:
                evaluators[unit] = self.routing.RegisterTransitMatrix((unit * numbers.distances).tolist())
            self.routing.SetArcCostEvaluatorOfVehicle(evaluators[unit], number)
            self.routing.SetFixedCostOfVehicle(numbers.fixed_costs[number] + opening, number)
        if any(vehicle.max_distance < FOREVER for vehicle in self.vehicles):
            whole = self.routing.RegisterTransitMatrix(numbers.distances.tolist())
            most = [min(numbers.limit(vehicle.max_distance), 2**40) for vehicle in self.vehicles]
            self.routing.AddDimensionWithVehicleCapacity(whole, 0, most, True, "distance")

    def _add_loads(self) -> None:
        """Deliveries and collections each within the capacity; pairs and their running load."""
        instance = self.instance
        rooms = [vehicle.capacity for vehicle in self.vehicles]
        aboard = np.zeros(instance.nodes, dtype=np.int64)
        for pair in instance.pairs:
            aboard[pair.pickup], aboard[pair.delivery] = pair.amount, -pair.amount
        for name, change in (("demand", instance.demand), ("backhaul", instance.backhaul), ("pairs", aboard)):
            if change.any():
                vector = self.routing.RegisterUnaryTransitVector(change.tolist())
                self.routing.AddDimensionWithVehicleCapacity(vector, 0, rooms, True, name)

    def _add_times(self) -> None:
        """Windows and the length of a route; none where the instance knows no time and has no pairs."""
        instance, numbers = self.instance, self.numbers
        limited = [vehicle.max_duration < FOREVER for vehicle in self.vehicles]
        if np.isinf(instance.closes).all() and not any(limited) and not instance.pairs:
            return
        horizon = _horizon(instance, numbers)
        work = numbers.durations + numbers.service[:, None]
        self.routing.AddDimension(self.routing.RegisterTransitMatrix(work.tolist()), horizon, horizon, False, "time")
        time = self.routing.GetDimensionOrDie("time")
        closes = np.minimum(numbers.closes, horizon).tolist()
        for node in instance.customers:
            time.CumulVar(self._index(node)).SetRange(int(numbers.opens[node]), closes[node])
        for number, vehicle in enumerate(self.vehicles):
            for end in (self.routing.Start(number), self.routing.End(number)):
                time.CumulVar(end).SetRange(int(numbers.opens[vehicle.depot]), closes[vehicle.depot])
            if limited[number]:
                time.SetSpanUpperBoundForVehicle(numbers.limit(vehicle.max_duration), number)

    def _add_pairs(self) -> None:
        solver = self.routing.solver()
        for pair in self.instance.pairs:
            pickup, delivery = self._index(pair.pickup), self._index(pair.delivery)
            time = self.routing.GetDimensionOrDie("time")
            self.routing.AddPickupAndDelivery(pickup, delivery)
            solver.Add(self.routing.VehicleVar(pickup) == self.routing.VehicleVar(delivery))
            solver.Add(time.CumulVar(pickup) <= time.CumulVar(delivery))

    def _add_backhauls(self) -> None:
        """Deliveries first, at least one: no way from the depot or to a delivery but from where that holds."""
        if not self.instance.linehaul_first:
            return
        collects = [node for node in self.instance.customers if self.instance.backhaul[node]]
        delivers = [self._index(node) for node in self.instance.customers if not self.instance.backhaul[node]]
        for number in range(len(self.vehicles)):
            for node in collects:
                self.routing.NextVar(self.routing.Start(number)).RemoveValue(self._index(node))
        for node in collects:
            self.routing.NextVar(self._index(node)).RemoveValues(delivers)

    def _route(self, solution: Any, number: int) -> list[int]:
        index, route = solution.Value(self.routing.NextVar(self.routing.Start(number))), []
        while not self.routing.IsEnd(index):
            route.append(self.manager.IndexToNode(index))
            index = solution.Value(self.routing.NextVar(index))
        return route


def _fleet_size(instance: Instance) -> int:
    """How many vehicles are offered: all, or some more than the loads need where there is one a customer."""
    count = len(instance.vehicles)
    if instance.vehicles_differ or count < len(instance.customers):
        return count
    load = max(instance.demand.sum(), instance.backhaul.sum()) / max(1, instance.vehicles[0].capacity)
    return min(count, int(SPARE_VEHICLES * load) + 5)


def _horizon(instance: Instance, numbers: WholeNumbers) -> int:
    """The last moment anything may happen."""
    ends = numbers.closes[: instance.depots]
    if (ends < OPEN_END).all():
        return int(ends.max())
    known = numbers.closes[numbers.closes < OPEN_END]
    work = int(numbers.durations.max(axis=1).sum() + numbers.service.sum())
    return int(known.max(initial=0)) + work
