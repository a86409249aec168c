"""A problem made ready for planning: driving times as plain rows, who may serve what, what things cost."""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from twin.orders import TaskKind, natural_key
from twin.planning.problem import PlanOrder, PlanProblem, PlanTask, PlanVehicle
from twin.travel import UNREACHABLE, TravelMatrix

Obstacle = Literal["capacity", "needs", "depot", "reach"]
"""Why a vehicle may never serve an order, whatever the time."""

COST_PARTS = 18_000
"""Parts of a cost unit, so that 1/km and 1/h are whole numbers per metre (18) and per second (5)."""

Drive = Callable[[int, int], int]
"""Driving time in whole seconds from place to place."""

MOST_SPEEDS = 8
"""More different speed factors than this are coarsened for solvers."""


class Visit(NamedTuple):
    """One end of an order to be visited: index into ``problem.orders`` and which end."""

    order: int
    kind: TaskKind


def drive_seconds(duration_ms: np.ndarray, speed_factor: float) -> np.ndarray:
    """Driving times in whole seconds (int64, rounded up) at a vehicle's speed; ``UNREACHABLE`` is kept."""
    seconds = -np.floor_divide(-duration_ms, 1000.0 * speed_factor).astype(np.int64)
    return np.where(duration_ms >= UNREACHABLE, UNREACHABLE, seconds)


def tasks_of(order: PlanOrder) -> list[tuple[TaskKind, PlanTask]]:
    """The ends of an order that are visited, pickup first."""
    ends: list[tuple[TaskKind, PlanTask | None]] = [("pickup", order.pickup), ("delivery", order.delivery)]
    return [(kind, task) for kind, task in ends if task is not None]


def visits_of(order: PlanOrder, index: int) -> tuple[Visit, ...]:
    """The visits an order needs, pickup first."""
    return tuple(Visit(index, kind) for kind, _ in tasks_of(order))


class Prepared:
    """Read-only companion of one problem; what is expensive is computed once, when first asked for."""

    def __init__(self, problem: PlanProblem) -> None:
        self.problem = problem
        self.orders = problem.orders
        self.vehicles = tuple(sorted(problem.vehicles, key=lambda vehicle: natural_key(vehicle.vehicle_id)))
        self.order_index = {order.order_id: i for i, order in enumerate(problem.orders)}
        self.vehicle_by_id = {vehicle.vehicle_id: vehicle for vehicle in self.vehicles}
        self.tasks: dict[Visit, PlanTask] = {
            Visit(i, kind): task for i, order in enumerate(problem.orders) for kind, task in tasks_of(order)
        }
        self._obstacles: dict[tuple, list[Obstacle | None]] = {}

    def seconds(self, profile: str, speed_factor: float) -> np.ndarray:
        """Driving times in whole seconds at a speed, int64 [places, places]; made anew at every call."""
        return drive_seconds(self.problem.travel[profile].duration_ms, speed_factor)

    def drive(self, vehicle: PlanVehicle) -> Drive:
        """The vehicle's driving time in whole seconds, ``UNREACHABLE`` where there is no way.

        It reads a view, whose items are plain numbers, several times faster than the array itself.
        """
        times_ms, per_s = memoryview(self.problem.travel[vehicle.profile].duration_ms), 1000.0 * vehicle.speed_factor  # type: ignore[arg-type]

        def drive_s(start: int, end: int) -> int:
            duration_ms = times_ms[start, end]
            return UNREACHABLE if duration_ms >= UNREACHABLE else -int(-duration_ms // per_s)

        return drive_s

    def obstacles(self, vehicle: PlanVehicle) -> list[Obstacle | None]:
        """For every order why this vehicle may never serve it; None where it may."""
        key = (vehicle.profile, vehicle.capacity, vehicle.offers, vehicle.start, vehicle.end)
        if key not in self._obstacles:
            drive = self.drive(vehicle)
            self._obstacles[key] = [_obstacle(order, vehicle, drive) for order in self.orders]
        return self._obstacles[key]

    def may_serve(self, vehicle: PlanVehicle, order: int) -> bool:
        """Whether nothing but time and other orders keeps the vehicle from serving the order."""
        return self.obstacles(vehicle)[order] is None

    def metres(self, vehicle: PlanVehicle, visits: tuple[Visit, ...]) -> int:
        """Driven distance of a route from its start to its end."""
        if not visits:
            return 0
        places = [vehicle.start, *(self.tasks[visit].place for visit in visits), vehicle.end]
        return int(self.problem.travel[vehicle.profile].distance_m[places[:-1], places[1:]].sum())

    def route_cost(self, vehicle: PlanVehicle, metres: int, duration_s: int) -> int:
        """Cost units of a used vehicle: fixed, by distance, and by paid time (loading until back)."""
        parts = 18 * vehicle.cost_per_km * metres + 5 * vehicle.cost_per_h * duration_s
        return vehicle.fixed_cost + round(parts / COST_PARTS)

    @cached_property
    def kind(self) -> dict[str, int]:
        """By vehicle id a number, the same for vehicles that can stand in for each other."""
        numbers: dict[PlanVehicle, int] = {}
        nameless = {vehicle.vehicle_id: replace(vehicle, vehicle_id="") for vehicle in self.vehicles}
        return {name: numbers.setdefault(vehicle, len(numbers)) for name, vehicle in nameless.items()}

    @cached_property
    def alike(self) -> dict[str, str]:
        """By travel profile the first that drives the same times and distances: a solver needs one matrix for both."""
        travel = self.problem.travel
        return {name: next(first for first in travel if _equal(travel[first], of)) for name, of in travel.items()}

    @cached_property
    def left_out_costs(self) -> list[int]:
        """Cost units of leaving each order out, priority included.

        Orders without a stated penalty get twice the dearest trip made for the order alone, and at least
        twice the largest stated penalty, so that they are served wherever possible.
        """
        stated = max((order.penalty for order in self.orders), default=0)
        base = np.full(len(self.orders), max(2 * stated, 1), dtype=np.int64)
        if self.orders:
            for vehicle in {_cost_key(vehicle): vehicle for vehicle in self.vehicles}.values():
                base = np.maximum(base, 2 * self._lone_trip_costs(vehicle))
        return [order.priority * (order.penalty or int(must)) for order, must in zip(self.orders, base, strict=True)]

    def _lone_trip_costs(self, vehicle: PlanVehicle) -> np.ndarray:
        """Cost units of a trip for each order alone, int64 [orders], waiting aside; 0 where out of reach."""
        first = [tasks_of(order)[0][1].place for order in self.orders]
        last = [tasks_of(order)[-1][1].place for order in self.orders]
        service = np.array([sum(task.service_s for _, task in tasks_of(order)) for order in self.orders])
        travel = self.problem.travel[vehicle.profile]
        metres, duration_ms = travel.distance_m, travel.duration_ms
        drive = sum(
            drive_seconds(duration_ms[a, b], vehicle.speed_factor)
            for a, b in ((vehicle.start, first), (first, last), (last, vehicle.end))
        )
        distance = metres[vehicle.start, first] + metres[first, last] + metres[last, vehicle.end]
        parts = 18 * vehicle.cost_per_km * distance + 5 * vehicle.cost_per_h * (drive + service + vehicle.load_s)
        return np.where(drive < UNREACHABLE, vehicle.fixed_cost + parts // COST_PARTS, 0)


def _equal(one: TravelMatrix, other: TravelMatrix) -> bool:
    return one is other or (
        np.array_equal(one.duration_ms, other.duration_ms) and np.array_equal(one.distance_m, other.distance_m)
    )


def _cost_key(vehicle: PlanVehicle) -> tuple:
    return (
        vehicle.profile,
        vehicle.speed_factor,
        vehicle.start,
        vehicle.end,
        vehicle.cost_per_km,
        vehicle.cost_per_h,
        vehicle.fixed_cost,
        vehicle.load_s,
    )


def _obstacle(order: PlanOrder, vehicle: PlanVehicle, drive: Drive) -> Obstacle | None:
    """The first lasting obstacle between an order and a vehicle."""
    if any(amount > room for amount, room in zip(order.demand, vehicle.capacity, strict=True)):
        return "capacity"
    if not order.needs <= vehicle.offers:
        return "needs"
    depot = vehicle.start if order.pickup is None else vehicle.end
    if order.depot is not None and len(tasks_of(order)) == 1 and order.depot != depot:
        return "depot"
    places = [vehicle.start, *(task.place for _, task in tasks_of(order)), vehicle.end]
    if any(drive(a, b) >= UNREACHABLE for a, b in itertools.pairwise(places)):
        return "reach"
    return None


def search_speeds(vehicles: Iterable[PlanVehicle]) -> list[float]:
    """Speed factors for solvers that want a matrix for each: many are rounded down to a twentieth."""
    factors = [vehicle.speed_factor for vehicle in vehicles]
    if len(set(factors)) <= MOST_SPEEDS:
        return factors
    return [max(0.05, math.floor(factor * 20) / 20) for factor in factors]


def overload(problem: PlanProblem, vehicle: PlanVehicle, visits: tuple[Visit, ...]) -> str | None:
    """The first unit of which a route carries more than its vehicle holds, None if it never does.

    Deliveries without a pickup are aboard from the depot on, pickups without a delivery until the depot.
    """
    for unit, (name, room) in enumerate(zip(problem.units, vehicle.capacity, strict=True)):
        load = sum(
            problem.orders[visit.order].demand[unit] for visit in visits if problem.orders[visit.order].pickup is None
        )
        if load > room:
            return name
        for visit in visits:
            amount = problem.orders[visit.order].demand[unit]
            load += amount if visit.kind == "pickup" else -amount
            if load > room:
                return name
    return None
