"""A day's plan from what head office knows: the picture becomes a problem, the plan becomes commands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.commands import Command, set_route
from twin.orders import Place, Task, natural_key
from twin.planning import make_plan
from twin.planning.problem import (
    Plan,
    PlanBreak,
    PlannedRoute,
    PlanOrder,
    PlanProblem,
    PlanTask,
    PlanVehicle,
)
from twin.planning.repair import clock_text, repair
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView, Stop, VehicleView

SECOND_US = 1_000_000
DAY_S = 86_400
CENTS = 100
MILLI = 1000
"""Demands and capacities are planned in thousandths of their unit."""


Planning = Callable[[PlanProblem, str, int, int, Mapping[str, Any]], Plan]
"""A problem, the planner's name, seed, effort and settings make a plan."""


@dataclass(frozen=True)
class Shift:
    """Who is rostered on which vehicle, and when; microseconds UTC."""

    vehicle_id: str
    driver_id: str
    start_us: int
    end_us: int
    prepare_s: float
    breaks_us: tuple[tuple[int, int, int], ...] = ()  # (earliest start, latest start, length)


@dataclass(frozen=True)
class DaySettings:
    """How days are planned; money in EUR."""

    planner: str
    effort: int
    seed: int
    balance: float
    speeds_at_s: int
    load_base_s: float
    load_order_s: float
    penalty_left_out: float
    eur_per_km: float
    eur_per_h: float
    router: str
    margin_s: int = 300
    planner_settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DayPlan:
    """A planned day as commands, with what was left out and why."""

    plan: Plan
    problem: PlanProblem
    settings: DaySettings
    bucket_us: int
    commands: tuple[Command, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)
    postponed: dict[str, str] = field(default_factory=dict)  # left out today, another day remains

    def summary(self, day: int) -> dict[str, Any]:
        """The payload of ``plan_made``."""
        return {
            "planner": self.settings.planner,
            "day": day,
            "effort": self.settings.effort,
            "routes": sum(1 for route in self.plan.routes if route.stops),
            "orders": len(self.problem.orders),
            "left_out": len(self.left_out) + len(self.postponed),
            "cost": self.plan.cost,
            "planned_distance_m": _distance_m(self.plan, self.problem),
            "router": self.settings.router,
            "bucket_us": self.bucket_us,
        }


def plan_day(
    view: FleetView,
    travel: TravelTimes,
    shifts: Sequence[Shift],
    settings: DaySettings,
    midnight_us: int,
    last_day: bool,
    planning: Planning = make_plan,
) -> DayPlan:
    """Plan the open orders that may be visited on the local day beginning at ``midnight_us``.

    Planned on the usual speeds of one time of day (``settings.speeds_at_s``), then held against the time-dependent
    ones and mended. Orders left out are given up when no later day of theirs remains (``last_day`` or no later window).
    ``planning`` stands in for ``make_plan``.

    Raises:
        ValueError: the planner cannot respect something the day needs.
    """
    bucket_us = midnight_us + settings.speeds_at_s * SECOND_US
    tomorrow_us = midnight_us + DAY_S * SECOND_US
    orders = [
        known
        for known in sorted(view.orders.values(), key=lambda known: natural_key(known.order.order_id))
        if known.onboard is None and known.not_before_us <= view.now_us and _due(known, midnight_us, tomorrow_us)
    ]
    problem, places = day_problem(view, travel, orders, shifts, settings, midnight_us, bucket_us)
    if not problem.orders:
        return DayPlan(Plan((), planner=settings.planner), problem, settings, bucket_us)
    plan = planning(problem, settings.planner, settings.seed, settings.effort, settings.planner_settings)
    plan = repair(plan, problem, _leg_ms(travel, places, midnight_us))
    commands = tuple(_command(route, midnight_us, settings) for route in plan.routes if route.stops)
    final = {o.order.order_id: last_day or not _due(o, tomorrow_us, 2**62) for o in orders}
    return DayPlan(
        plan, problem, settings, bucket_us, commands,
        {order_id: reason for order_id, reason in plan.left_out.items() if final[order_id]},
        {order_id: reason for order_id, reason in plan.left_out.items() if not final[order_id]},
    )  # fmt: skip


def day_problem(
    view: FleetView,
    travel: TravelTimes,
    orders: Sequence[OrderView],
    shifts: Sequence[Shift],
    settings: DaySettings,
    midnight_us: int,
    bucket_us: int,
) -> tuple[PlanProblem, list[Place]]:
    """The planning problem and the places its indices mean; times are seconds since ``midnight_us``."""
    vehicles = [view.vehicles[shift.vehicle_id] for shift in shifts]
    index: dict[str, int] = {}
    places: list[Place] = []

    def number(place: Place) -> int:
        if place.place_id not in index:
            index[place.place_id] = len(places)
            places.append(place)
        return index[place.place_id]

    depots = {name: number(place) for name, place in view.depots.items()}
    units = tuple(sorted({unit for vehicle in vehicles for unit in vehicle.capacity}))
    plan_orders = tuple(_plan_order(known, number, depots, units, settings, midnight_us) for known in orders)
    load_s = settings.load_base_s + settings.load_order_s * len(orders) / max(1, len(vehicles))
    plan_vehicles = tuple(
        _plan_vehicle(vehicle, shift, depots, units, settings, midnight_us, load_s)
        for vehicle, shift in zip(vehicles, shifts)
    )
    profiles = sorted({vehicle.profile for vehicle in vehicles})
    matrices = {p: travel.matrix(places, places, bucket_us, p) for p in profiles} if orders else {}
    names = tuple(place.place_id for place in places)
    problem = PlanProblem(
        names, plan_orders, plan_vehicles, matrices, units, settings.balance * CENTS, settings.margin_s
    )
    return problem, places


def _due(known: OrderView, from_us: int, until_us: int) -> bool:
    windows = known.order.last_task.windows
    return not windows or any(w.open_us < until_us and w.close_us >= from_us for w in windows)


def _plan_order(
    known: OrderView,
    number: Any,
    depots: dict[str, int],
    units: tuple[str, ...],
    settings: DaySettings,
    midnight_us: int,
) -> PlanOrder:
    order = known.order

    def task(of: Task | None) -> PlanTask | None:
        if of is None:
            return None
        windows = tuple(
            (max(0, -((midnight_us - w.open_us) // SECOND_US)), (w.close_us - midnight_us) // SECOND_US)
            for w in of.windows
            if w.close_us >= midnight_us and w.open_us < midnight_us + DAY_S * SECOND_US
        )
        return PlanTask(number(of.place), windows, round(of.service_s))

    return PlanOrder(
        order.order_id,
        task(order.pickup),
        task(order.delivery),
        tuple(round(order.demand.get(unit, 0.0) * MILLI) for unit in units),
        round(settings.penalty_left_out * CENTS),
        order.priority,
        order.needs,
        depots[order.depot] if order.depot is not None else None,
    )


def _plan_vehicle(
    vehicle: VehicleView, shift: Shift, depots: dict[str, int], units: tuple[str, ...], settings: DaySettings,
    midnight_us: int, load_s: float,
) -> PlanVehicle:  # fmt: skip
    def second(t_us: int) -> int:
        return (t_us - midnight_us) // SECOND_US

    no_limit = 2**40
    return PlanVehicle(
        vehicle.vehicle_id,
        vehicle.profile,
        tuple(round(vehicle.capacity[unit] * MILLI) if unit in vehicle.capacity else no_limit for unit in units),
        depots[vehicle.depot_id],
        depots[vehicle.depot_id],
        (second(shift.start_us), second(shift.end_us)),
        tuple(PlanBreak(second(a), second(b), length // SECOND_US) for a, b, length in shift.breaks_us),
        vehicle.offers,
        round(settings.eur_per_km * CENTS),
        round(settings.eur_per_h * CENTS),
        load_s=round(shift.prepare_s + load_s),
    )


def _leg_ms(travel: TravelTimes, places: list[Place], midnight_us: int) -> Any:
    """Time-dependent legs, remembered per half hour of departure."""
    known: dict[tuple[str, int, int, int], int] = {}

    def leg_ms(vehicle: PlanVehicle, origin: int, destination: int, depart_s: int) -> int:
        slot = depart_s // 1800
        key = (vehicle.profile, origin, destination, slot)
        leg = known.get(key)
        if leg is None:
            depart_us = midnight_us + slot * 1800 * SECOND_US
            legs = travel.legs_ms([places[origin]], [places[destination]], depart_us, vehicle.profile)
            leg = known[key] = int(legs[0])
        return round(leg / vehicle.speed_factor)

    return leg_ms


def _command(route: PlannedRoute, midnight_us: int, settings: DaySettings) -> Command:
    def moment(second: int) -> int:
        return midnight_us + second * SECOND_US

    stops = [Stop(stop.order_id, stop.task, moment(stop.arrive_s)) for stop in route.stops]
    reason = f"day plan by {settings.planner}: {len(stops)} stops, back {clock_text(route.back_s)}"
    breaks = [(moment(a), moment(b)) for a, b in route.breaks]
    return set_route(route.vehicle_id, stops, reason, moment(route.leave_s), breaks)


def _distance_m(plan: Plan, problem: PlanProblem) -> float:
    vehicles = {vehicle.vehicle_id: vehicle for vehicle in problem.vehicles}
    tasks = {
        (order.order_id, kind): task.place
        for order in problem.orders
        for kind, task in (("pickup", order.pickup), ("delivery", order.delivery))
        if task is not None
    }
    total = 0
    for route in plan.routes:
        if route.stops:
            vehicle = vehicles[route.vehicle_id]
            path = np.array([vehicle.start, *(tasks[s.order_id, s.task] for s in route.stops), vehicle.end])
            total += int(problem.travel[vehicle.profile].distance_m[path[:-1], path[1:]].sum())
    return float(total)
