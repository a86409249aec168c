"""OR-Tools' routing library (https://developers.google.com/optimization/routing) as a planner."""

from collections.abc import Callable
from typing import Any

import numpy as np

from twin.planning.features import FEATURES
from twin.planning.insertion import Routes, finish, insert_all, loosen
from twin.planning.prepared import COST_PARTS, Prepared, Visit, search_speeds, tasks_of
from twin.planning.problem import Plan, PlanProblem, PlanVehicle
from twin.travel import UNREACHABLE

BRANCHES_PER_SOLUTION = 40
"""Search branches allowed for each solution; 8 to 12 are usual, more means that no better one is in sight."""

BRANCHES_PER_VISIT = 20
"""Search branches allowed for each visit, for the first solution."""

SLOW_OPERATORS = (
    "use_relocate_expensive_chain",
    "use_relocate_path_global_cheapest_insertion_insert_unperformed",
    "use_relocate_subtrip",
    "use_exchange_subtrip",
    "use_lin_kernighan",
    "use_make_chain_inactive",
    "use_swap_active_chain",
    "use_shortest_path_swap_active",
    "use_shortest_path_two_opt",
)
"""Moves that, with the insertion-based ``*_lns`` ones, take three quarters of the time and find no more."""


class OrToolsPlanner:
    """OR-Tools' guided local search from a cheapest insertion start; effort counts its solutions."""

    name = "ortools"

    def supports(self) -> frozenset[str]:
        """Everything; balance is steered by the longest route's driving and service, waiting left aside."""
        return FEATURES

    def plan(self, problem: PlanProblem, seed: int, effort: int) -> Plan:
        """Plan a day; the search has no dice, so ``seed`` changes nothing.

        Raises:
            ModuleNotFoundError: OR-Tools is not installed; says what to install.
        """
        prepared = Prepared(problem)
        routes = _Model(prepared, _library()).solve(effort)
        evicted: set[int] = set()
        for vehicle_id, visits in routes.items():
            routes[vehicle_id], removed = loosen(prepared, prepared.vehicle_by_id[vehicle_id], visits)
            evicted |= removed.keys()
        routes, _ = insert_all(prepared, routes, sorted(evicted))
        return finish(prepared, routes, self.name, effort)


def _library() -> Any:
    """OR-Tools' routing module, imported when first used."""
    try:
        from ortools.constraint_solver import pywrapcp
    except ModuleNotFoundError as missing:
        message = "planner 'ortools' needs OR-Tools: pip install 'fleet-twin[ortools]'"
        raise ModuleNotFoundError(message, name="ortools") from missing
    return pywrapcp


class _Model:
    """The problem in OR-Tools' terms, and the way back. Nodes are the depots, then one for each visit."""

    def __init__(self, prepared: Prepared, library: Any) -> None:
        self.prepared, self.library = prepared, library
        self.vehicles = prepared.vehicles
        self.speeds = search_speeds(self.vehicles)
        self.origin_s = min(0, *(vehicle.shift_s[0] for vehicle in self.vehicles))
        self.horizon_s = max(vehicle.shift_s[1] for vehicle in self.vehicles) - self.origin_s
        self.access = [
            [k for k, vehicle in enumerate(self.vehicles) if prepared.may_serve(vehicle, i)]
            for i in range(len(prepared.orders))
        ]
        depots = list(dict.fromkeys(place for v in self.vehicles for place in (v.start, v.end)))
        self.visits = [visit for visit in prepared.tasks if self.access[visit.order]]
        self.first = len(depots)
        self.node_of = {visit: self.first + i for i, visit in enumerate(self.visits)}
        self.places = np.array([*depots, *(prepared.tasks[visit].place for visit in self.visits)])
        self.service_s = np.array([*[0] * self.first, *(prepared.tasks[v].service_s for v in self.visits)])
        self.manager = library.RoutingIndexManager(
            len(self.places),
            len(self.vehicles),
            [depots.index(vehicle.start) for vehicle in self.vehicles],
            [depots.index(vehicle.end) for vehicle in self.vehicles],
        )
        self.routing = library.RoutingModel(self.manager)

    def index(self, visit: Visit) -> int:
        """OR-Tools' index of a visit."""
        return self.manager.NodeToIndex(self.node_of[visit])

    def solve(self, effort: int) -> Routes:
        """Search; routes by vehicle id."""
        if not self.visits:
            return {}
        self._add_costs()
        self._add_time()
        self._add_orders()
        for unit in range(len(self.prepared.problem.units)):
            self._add_load(unit)
        if self.prepared.problem.balance_weight > 0:
            self._add_balance()
        parameters = self._parameters(effort)
        limit = BRANCHES_PER_SOLUTION * max(1, effort) + BRANCHES_PER_VISIT * len(self.visits)
        self.routing.CloseModelWithParameters(parameters)
        solver = self.routing.solver()
        self.routing.AddSearchMonitor(solver.BranchesLimit(limit))
        solution = self.routing.SolveWithParameters(parameters)
        return self._routes(solution) if solution else {}

    def _parameters(self, effort: int) -> Any:
        from ortools.constraint_solver import routing_enums_pb2 as enums
        from ortools.util import optional_boolean_pb2

        parameters = self.library.DefaultRoutingSearchParameters()
        parameters.first_solution_strategy = enums.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
        parameters.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        parameters.solution_limit = max(1, effort)
        for operator in parameters.local_search_operators.DESCRIPTOR.fields:
            if operator.name in SLOW_OPERATORS or operator.name.endswith("_lns"):
                setattr(parameters.local_search_operators, operator.name, optional_boolean_pb2.BOOL_FALSE)
        parameters.lns_time_limit.FromSeconds(86_400)  # its default is a tenth of a second by the clock
        return parameters

    def _work_s(self, profile: str, speed: float) -> np.ndarray:
        """Service at a node and driving to the next, int64 [nodes, nodes]; no way: longer than any shift."""
        legs = self.prepared.seconds(profile, speed)[np.ix_(self.places, self.places)]
        return np.where(legs >= UNREACHABLE, 2 * self.horizon_s + 1, legs) + self.service_s[:, None]

    def _transits(self) -> list[int]:
        """OR-Tools' number of the service-and-driving matrix of each vehicle."""
        numbers: dict[tuple[str, float], int] = {}
        keys = [(vehicle.profile, speed) for vehicle, speed in zip(self.vehicles, self.speeds, strict=True)]
        for profile, speed in dict.fromkeys(keys):
            matrix = self._work_s(profile, speed).tolist()
            numbers[(profile, speed)] = self.routing.RegisterTransitMatrix(matrix)
        return [numbers[key] for key in keys]

    def _add_costs(self) -> None:
        """Distance, driving and service in parts of a cost unit, and what opening a route costs.

        Waiting is not priced: a price on the span of a route makes OR-Tools solve a linear programme for each
        move, which was 2 (plain) to 20 times (breaks, pairs) slower for routes within 8 % of each other.
        """
        numbers: dict[tuple, int] = {}
        for k, (vehicle, speed) in enumerate(zip(self.vehicles, self.speeds, strict=True)):
            key = (vehicle.profile, speed, vehicle.cost_per_km, vehicle.cost_per_h)
            if key not in numbers:
                travel = self.prepared.problem.travel[vehicle.profile]
                metres = travel.distance_m[np.ix_(self.places, self.places)]
                work_s = self._work_s(vehicle.profile, speed)
                parts = 18 * vehicle.cost_per_km * metres + 5 * vehicle.cost_per_h * work_s
                parts = np.where(metres >= UNREACHABLE, 0, parts)
                numbers[key] = self.routing.RegisterTransitMatrix(parts.tolist())
            self.routing.SetArcCostEvaluatorOfVehicle(numbers[key], k)
            opening = COST_PARTS * vehicle.fixed_cost + 5 * vehicle.cost_per_h * vehicle.load_s
            self.routing.SetFixedCostOfVehicle(opening, k)

    def _add_time(self) -> None:
        """Shifts and breaks."""
        self.transits = self._transits()
        self.routing.AddDimensionWithVehicleTransits(self.transits, self.horizon_s, self.horizon_s, False, "time")
        time = self.routing.GetDimensionOrDie("time")
        for k, vehicle in enumerate(self.vehicles):
            opens_s, closes_s = (moment - self.origin_s for moment in vehicle.shift_s)
            for end in (self.routing.Start(k), self.routing.End(k)):
                time.CumulVar(end).SetRange(min(opens_s + vehicle.load_s, closes_s), closes_s)
            self._add_breaks(time, k, vehicle)

    def _add_breaks(self, time: Any, k: int, vehicle: PlanVehicle) -> None:
        if not vehicle.breaks:
            return
        solver = self.routing.solver()
        pauses = [
            solver.FixedDurationIntervalVar(
                pause.earliest_s - self.origin_s,
                pause.latest_s - self.origin_s,
                pause.duration_s,
                False,
                f"break {number} of {vehicle.vehicle_id}",
            )
            for number, pause in enumerate(vehicle.breaks)
        ]
        service = [int(self.service_s[self.manager.IndexToNode(index)]) for index in range(self.routing.Size())]
        time.SetBreakIntervalsOfVehicle(pauses, k, service)

    def _add_orders(self) -> None:
        """Windows, pairs, who may serve what, and what leaving out costs."""
        time = self.routing.GetDimensionOrDie("time")
        for visit in self.visits:
            windows = [
                (max(0, opens - self.origin_s), min(self.horizon_s, closes - self.origin_s))
                for opens, closes in sorted(self.prepared.tasks[visit].windows_s)
            ]
            if windows:
                self._add_windows(time, visit, [window for window in windows if window[0] <= window[1]])
        for i, order in enumerate(self.prepared.orders):
            if not self.access[i]:
                continue
            indices = [self.index(Visit(i, kind)) for kind, _ in tasks_of(order)]
            cost = COST_PARTS * self.prepared.left_out_costs[i]
            for number, index in enumerate(indices):
                share = cost // len(indices) if number else cost - cost // len(indices) * (len(indices) - 1)
                self.routing.AddDisjunction([index], share)
                if len(self.access[i]) < len(self.vehicles):
                    self.routing.VehicleVar(index).SetValues([-1, *self.access[i]])  # -1: left out
            if len(indices) == 2:
                self._add_pair(time, *indices)

    def _add_windows(self, time: Any, visit: Visit, windows: list[tuple[int, int]]) -> None:
        """Restrict when a visit starts; without a window within the day it cannot be made."""
        if not windows:
            self.routing.solver().Add(self.routing.ActiveVar(self.index(visit)) == 0)
            return
        moment = time.CumulVar(self.index(visit))
        moment.SetRange(windows[0][0], max(closes for _, closes in windows))
        covered = windows[0][1]
        for opens, closes in windows[1:]:
            if opens > covered + 1:
                moment.RemoveInterval(covered + 1, opens - 1)
            covered = max(covered, closes)

    def _add_pair(self, time: Any, pickup: int, delivery: int) -> None:
        solver = self.routing.solver()
        self.routing.AddPickupAndDelivery(pickup, delivery)
        solver.Add(self.routing.VehicleVar(pickup) == self.routing.VehicleVar(delivery))
        solver.Add(time.CumulVar(pickup) <= time.CumulVar(delivery))

    def _add_load(self, unit: int) -> None:
        """Loads in one unit: what is delivered from the depot is aboard at the start, nothing else is."""
        orders = self.prepared.orders
        change = [0] * len(self.places)
        from_depot = [0] * len(self.places)
        collected = False
        for visit, node in self.node_of.items():
            order, amount = orders[visit.order], orders[visit.order].demand[unit]
            change[node] = amount if visit.kind == "pickup" else -amount
            if order.pickup is None:
                from_depot[node] = -amount
            collected = collected or (order.delivery is None and amount > 0)
        rooms = [vehicle.capacity[unit] for vehicle in self.vehicles]
        load = self._load_dimension(f"load {unit}", change, rooms)
        if not any(from_depot):
            self._fix(load, self.routing.Start)
        elif not collected:
            self._fix(load, self.routing.End)
        else:
            delivered = self._load_dimension(f"from depot {unit}", from_depot, rooms)
            self._fix(delivered, self.routing.End)
            for k in range(len(self.vehicles)):
                start = self.routing.Start(k)
                self.routing.solver().Add(load.CumulVar(start) == delivered.CumulVar(start))

    def _load_dimension(self, name: str, change: list[int], rooms: list[int]) -> Any:
        number = self.routing.RegisterUnaryTransitVector(change)
        self.routing.AddDimensionWithVehicleCapacity(number, 0, rooms, False, name)
        return self.routing.GetDimensionOrDie(name)

    def _fix(self, dimension: Any, end: Callable[[int], int]) -> None:
        """The load is zero at that end of every route."""
        for k in range(len(self.vehicles)):
            dimension.CumulVar(end(k)).SetRange(0, 0)

    def _add_balance(self) -> None:
        """A price on the longest route's driving and service."""
        self.routing.AddDimensionWithVehicleTransits(self.transits, 0, self.horizon_s, True, "work")
        price = round(self.prepared.problem.balance_weight * COST_PARTS / 3600)
        self.routing.GetDimensionOrDie("work").SetGlobalSpanCostCoefficient(price)

    def _routes(self, solution: Any) -> Routes:
        """The visits of each vehicle in order."""
        routes: Routes = {}
        for k, vehicle in enumerate(self.vehicles):
            index, visits = solution.Value(self.routing.NextVar(self.routing.Start(k))), []
            while not self.routing.IsEnd(index):
                visits.append(self.visits[self.manager.IndexToNode(index) - self.first])
                index = solution.Value(self.routing.NextVar(index))
            if visits:
                routes[vehicle.vehicle_id] = tuple(visits)
        return routes
