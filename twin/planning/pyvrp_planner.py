"""PyVRP (https://pyvrp.org, iterated local search) as a planner: fast and close to the best known."""

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from twin.planning.features import FEATURES
from twin.planning.insertion import Routes, finish, insert_all, loosen
from twin.planning.prepared import COST_PARTS, Prepared, Visit, search_speeds
from twin.planning.problem import Plan, PlanOrder, PlanProblem, PlanTask, PlanVehicle
from twin.planning.pyvrp_search import search
from twin.travel import UNREACHABLE

FINEST_COST = 100
"""Costs per metre and second become integers up to this size: PyVRP's penalties suit small ones."""

LEAST_MEAN_LOAD = 100
"""Small loads are multiplied up to this mean, so that an item too many is dear enough to avoid."""


class PyVrpPlanner:
    """PyVRP's iterated local search; effort counts its iterations (300 are good for 1,000 stops)."""

    name = "pyvrp"

    def supports(self) -> frozenset[str]:
        """All but balance, and several windows on the ends of a pair.

        Breaks are not known to PyVRP: their length is kept free within the shift, they are placed afterwards,
        and the few orders this makes late are inserted elsewhere.
        """
        return FEATURES - {"balance", "pair_multiple_windows"}

    def plan(self, problem: PlanProblem, seed: int, effort: int) -> Plan:
        """Plan a day; the same problem, seed and effort give the same plan."""
        prepared = Prepared(problem)
        routes = _Model(prepared).solve(seed, effort)
        evicted: set[int] = set()
        for vehicle_id, visits in routes.items():
            routes[vehicle_id], removed = loosen(prepared, prepared.vehicle_by_id[vehicle_id], visits)
            evicted |= removed.keys()
        routes, _ = insert_all(prepared, routes, sorted(evicted))
        return finish(prepared, routes, self.name, effort)


class _Model:
    """The problem in PyVRP's terms, and the way back."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.kinds = _kinds(prepared.vehicles)
        self.origin_s = min(vehicle.shift_s[0] for vehicle in prepared.vehicles)
        self.horizon_s = max(vehicle.shift_s[1] for vehicle in prepared.vehicles) - self.origin_s
        self.access = [[found is None for found in prepared.obstacles(kind[0])] for kind in self.kinds]
        self.load_factors = _load_factors(prepared)
        self.locations: dict[tuple[int, tuple[bool, ...]], int] = {}
        self.client_orders: list[int] = []
        self.shipment_orders: list[int] = []

    def solve(self, seed: int, effort: int) -> Routes:
        """Search; routes by vehicle id."""
        from pyvrp.exceptions import PenaltyBoundWarning

        data = self._data()
        if not self.client_orders and not self.shipment_orders:
            return {}
        with warnings.catch_warnings():  # an overfull day is answered by orders left out, not by a warning
            warnings.simplefilter("ignore", PenaltyBoundWarning)
            return self._routes(search(data, seed, effort))

    def _data(self) -> Any:
        """PyVRP's ``ProblemData``."""
        from pyvrp import Location, ProblemData

        scale, distance_costs, duration_costs = _integer_costs([kind[0] for kind in self.kinds])
        self.prizes = [round(cost * scale) for cost in self.prepared.left_out_costs]
        depots = self._depots()
        vehicle_types, profiles = self._vehicle_types(depots, scale, distance_costs, duration_costs)
        clients, groups, shipments = self._visits()
        durations, distances = self._matrices(profiles)
        return ProblemData(
            [Location(0, 0) for _ in self.locations],
            clients,
            [depot for _, depot in depots.values()],
            vehicle_types,
            distances,
            durations,
            groups,
            shipments,
        )

    def _location(self, place: int, order: int | None = None) -> int:
        """PyVRP's location of a place; orders that other vehicles may serve have another one there."""
        who = (True,) * len(self.kinds) if order is None else tuple(access[order] for access in self.access)
        return self.locations.setdefault((place, who), len(self.locations))

    def _depots(self) -> dict[int, tuple[int, Any]]:
        from pyvrp import Depot

        places = dict.fromkeys(place for kind in self.kinds for place in (kind[0].start, kind[0].end))
        return {place: (i, Depot(self._location(place))) for i, place in enumerate(places)}

    def _vehicle_types(
        self,
        depots: dict[int, tuple[int, Any]],
        scale: float,
        distance_costs: list[int],
        duration_costs: list[int],
    ) -> tuple[list[Any], dict[tuple, int]]:
        """Vehicle types, one for each kind, and the numbers of their profiles (travel, speed, access)."""
        from pyvrp import VehicleType

        profiles: dict[tuple, int] = {}
        speeds = search_speeds(kind[0] for kind in self.kinds)
        types = []
        for kind, access, speed, per_metre, per_second in zip(
            self.kinds, self.access, speeds, distance_costs, duration_costs, strict=True
        ):
            vehicle = kind[0]
            travel = self.prepared.alike[vehicle.profile]
            profile = profiles.setdefault((travel, speed, tuple(access)), len(profiles))
            loading_cost = vehicle.cost_per_h * vehicle.load_s / 3600
            opens_s = vehicle.shift_s[0] + vehicle.load_s - self.origin_s
            closes_s = vehicle.shift_s[1] - self.origin_s - _owed_break_s(vehicle)
            types.append(
                VehicleType(
                    num_available=len(kind),
                    capacity=[room * by for room, by in zip(vehicle.capacity, self.load_factors, strict=True)],
                    start_depot=depots[vehicle.start][0],
                    end_depot=depots[vehicle.end][0],
                    fixed_cost=round((vehicle.fixed_cost + loading_cost) * scale),
                    tw_early=min(opens_s, max(closes_s, 0)),
                    tw_late=max(closes_s, 0),
                    unit_distance_cost=per_metre,
                    unit_duration_cost=per_second,
                    profile=profile,
                )
            )
        return types, profiles

    def _visits(self) -> tuple[list, list, list]:
        """Clients, groups of alternatives (one a window), and shipments; only what someone may serve."""
        clients: list = []
        groups: list = []
        shipments: list = []
        for index, order in enumerate(self.prepared.orders):
            if not any(access[index] for access in self.access):
                continue
            if order.pickup is not None and order.delivery is not None:
                shipments += self._shipment(index, order, order.pickup, order.delivery)
            else:
                self._client(index, order, clients, groups)
        return clients, groups, shipments

    def _client(self, index: int, order: PlanOrder, clients: list, groups: list) -> None:
        """Append an order that has one end: a client, or a group of them if there are several windows."""
        from pyvrp import Client, ClientGroup

        task = order.delivery or order.pickup
        assert task is not None  # noqa: S101  (one of the two, by construction)
        windows = self._windows(task)
        if len(windows) > 1:
            groups.append(ClientGroup(list(range(len(clients), len(clients) + len(windows))), required=False))
        group = len(groups) - 1 if len(windows) > 1 else None
        load = self._load(order)
        for opens_s, closes_s in windows:
            self.client_orders.append(index)
            clients.append(
                Client(
                    self._location(task.place, index),
                    delivery=load if order.delivery else [0] * len(load),
                    pickup=load if order.pickup else [0] * len(load),
                    service_duration=task.service_s,
                    tw_early=opens_s,
                    tw_late=closes_s,
                    prize=self.prizes[index],
                    required=False,
                    group=group,
                )
            )

    def _shipment(self, index: int, order: PlanOrder, pickup: PlanTask, delivery: PlanTask) -> list:
        """The shipment of a pair; none where windows miss the day or delivery closes before pickup."""
        from pyvrp import Shipment

        pickups, deliveries = self._windows(pickup), self._windows(delivery)
        if not pickups or not deliveries or deliveries[0][1] < pickups[0][0]:
            return []
        (pickup_opens, pickup_closes), (delivery_opens, delivery_closes) = pickups[0], deliveries[0]
        self.shipment_orders.append(index)
        return [
            Shipment(
                self._location(pickup.place, index),
                self._location(delivery.place, index),
                pickup_tw_early=pickup_opens,
                pickup_tw_late=pickup_closes,
                pickup_service_duration=pickup.service_s,
                delivery_tw_early=delivery_opens,
                delivery_tw_late=delivery_closes,
                delivery_service_duration=delivery.service_s,
                amount=self._load(order),
                prize=self.prizes[index],
                required=False,
            )
        ]

    def _load(self, order: PlanOrder) -> list[int]:
        return [amount * by for amount, by in zip(order.demand, self.load_factors, strict=True)]

    def _windows(self, task: PlanTask) -> list[tuple[int, int]]:
        """Windows from the earliest shift on, cut to the day."""
        windows = task.windows_s or ((self.origin_s, self.origin_s + self.horizon_s),)
        return [
            (max(0, opens - self.origin_s), min(self.horizon_s, closes - self.origin_s))
            for opens, closes in windows
            if closes >= self.origin_s and opens <= self.origin_s + self.horizon_s
        ]

    def _matrices(self, profiles: dict[tuple, int]) -> tuple[list[Any], list[Any]]:
        """Durations (s) and distances (m) by profile; what is out of reach takes longer than any shift."""
        places = [place for place, _ in self.locations]
        grid = np.ix_(places, places)
        never_s = 2 * self.horizon_s + 1
        durations, distances = [], []
        for name, speed, access in profiles:
            number = next(i for i, own in enumerate(self.access) if tuple(own) == access)
            closed = np.array([not who[number] for _, who in self.locations])
            duration, distance = (
                self.prepared.seconds(name, speed)[grid],
                self.prepared.problem.travel[name].distance_m[grid],
            )
            shut = (duration >= UNREACHABLE) | closed[:, None] | closed[None, :]
            duration, distance = np.where(shut, never_s, duration), np.where(shut, 0, distance)
            np.fill_diagonal(duration, 0)
            np.fill_diagonal(distance, 0)
            durations.append(duration)
            distances.append(distance)
        return durations, distances

    def _routes(self, solution: Any) -> Routes:
        """The way back: vehicles of a kind are used in natural order of their ids."""
        free = [list(kind) for kind in self.kinds]
        routes: Routes = {}
        for route in solution.routes():
            visits = tuple(self._visit(activity) for activity in route if not activity.is_depot())
            if visits:
                routes[free[route.vehicle_type()].pop(0).vehicle_id] = visits
        return routes

    def _visit(self, activity: Any) -> Visit:
        if activity.is_client():
            index = self.client_orders[activity.idx]
            return Visit(index, "delivery" if self.prepared.orders[index].delivery else "pickup")
        return Visit(self.shipment_orders[activity.idx], "pickup" if activity.is_pickup() else "delivery")


def _kinds(vehicles: tuple[PlanVehicle, ...]) -> list[list[PlanVehicle]]:
    """Vehicles that can stand in for each other, in natural order; PyVRP searches faster over few types."""
    kinds: dict[PlanVehicle, list[PlanVehicle]] = {}
    for vehicle in vehicles:
        kinds.setdefault(replace(vehicle, vehicle_id=""), []).append(vehicle)
    return list(kinds.values())


def _owed_break_s(vehicle: PlanVehicle) -> int:
    """Time to keep free in a full shift."""
    return sum(pause.duration_s for pause in vehicle.breaks if pause.latest_s < vehicle.shift_s[1])


def _load_factors(prepared: Prepared) -> list[int]:
    """What loads in each unit are multiplied by."""
    factors = []
    for unit in range(len(prepared.problem.units)):
        amounts = [order.demand[unit] for order in prepared.orders if order.demand[unit]]
        mean = sum(amounts) / len(amounts) if amounts else LEAST_MEAN_LOAD
        factors.append(max(1, round(LEAST_MEAN_LOAD / mean)))
    return factors


def _integer_costs(vehicles: list[PlanVehicle]) -> tuple[float, list[int], list[int]]:
    """(scale, costs per metre, costs per second): integers that stand for cost units times ``scale``.

    Exact where the ratio of all costs allows it with integers up to ``FINEST_COST``, else rounded.
    """
    per_metre = [18 * vehicle.cost_per_km for vehicle in vehicles]
    per_second = [5 * vehicle.cost_per_h for vehicle in vehicles]
    divisor = math.gcd(*per_metre, *per_second)
    if divisor == 0:
        return 1.0, per_metre, per_second
    divide_by = max(divisor, max(per_metre + per_second) / FINEST_COST)
    rounded = [[round(cost / divide_by) for cost in costs] for costs in (per_metre, per_second)]
    return COST_PARTS / divide_by, rounded[0], rounded[1]
