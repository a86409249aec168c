"""The free part of some routes as a planning problem, and a plan's routes as stops again.

Routes begin where their vehicles will be free. Goods on board stay on board. Goods at a depot are fetched there, so a
delivery of theirs is a pair. Every promise counts as kept where it is met with a margin, or as early as in the draft,
whichever is later: so the draft is a feasible answer, and none is worse for any customer than it, the margin aside.
Times are seconds since now, costs seconds of driving.
"""

from collections.abc import Mapping, Sequence, Set

import numpy as np

from twin.orders import Place, Task, TaskKind
from twin.planning.problem import Plan, PlanBreak, PlanOrder, PlanProblem, PlanTask, PlanVehicle
from twin.policies.common import awaits_loading
from twin.policies.courses import Course, Timing
from twin.policies.moves import movable
from twin.travel import UNREACHABLE, TravelMatrix, TravelTimes
from twin.views import FleetView, OrderView, Stop

SECOND_US = 1_000_000
MILLI = 1000
"""Demands and capacities are planned in thousandths of their unit."""
ROUNDING_S = 60
"""Planners round every leg up to a second: this much is added to what a draft keeps to."""
LOAD_ORDER_S = 60
"""Fetching an order's goods at the depot [A]."""
BREAK_SLACK_S = 5400
"""A planned break may begin this much later [A]."""
NO_LIMIT = 2**40

Draft = Mapping[str, tuple[Course, Timing, Sequence[Stop]]]
"""By vehicle id: the course, when it is driven, and its free stops."""


def rolling_problem(
    view: FleetView,
    travel: TravelTimes,
    draft: Draft,
    waiting: Sequence[OrderView],
    margin_us: int,
    declined: Set[tuple[str, str]] = frozenset(),
) -> PlanProblem:
    """The problem of serving the orders of a draft, and those waiting, with the draft's vehicles.

    ``declined``: pairs of order and vehicle that must not come together.
    """
    builder = _Builder(view, draft, margin_us, declined)
    held = {stop.order_id: vehicle_id for vehicle_id, (_, _, stops) in draft.items() for stop in stops}
    orders = [builder.order(view.orders[i], vehicle_id) for i, vehicle_id in held.items() if i in view.orders]
    orders += [builder.order(known, None) for known in waiting if known.order.order_id not in held]
    vehicles = [builder.vehicle(course, timing) for course, timing, _ in draft.values()]
    matrices = {}
    for profile in sorted({vehicle.profile for vehicle in vehicles}):
        ms = travel.matrix(builder.places, builder.places, view.now_us, profile).duration_ms
        seconds = np.where(ms >= UNREACHABLE, UNREACHABLE, -(-ms // 1000))
        matrices[profile] = TravelMatrix(ms, seconds)
    names = tuple(place.place_id for place in builder.places)
    return PlanProblem(names, tuple(orders), tuple(vehicles), matrices, builder.units)


def stops_of(view: FleetView, plan: Plan) -> dict[str, tuple[Stop, ...]]:
    """A plan's routes as the stops of commands: fetching at a depot goes without saying."""
    return {
        route.vehicle_id: tuple(
            Stop(stop.order_id, stop.task, view.now_us + stop.arrive_s * SECOND_US)
            for stop in route.stops
            if not (stop.task == "pickup" and awaits_loading(view.orders[stop.order_id]))
        )
        for route in plan.routes
    }


class _Builder:
    def __init__(self, view: FleetView, draft: Draft, margin_us: int, declined: Set[tuple[str, str]]) -> None:
        self._declined = declined
        self._unwanted = sorted({order_id for order_id, _ in declined})
        self._view, self._draft, self._margin_us = view, draft, margin_us
        self.places: list[Place] = []
        self._number: dict[Place, int] = {}
        self.units = tuple(sorted({unit for course, _, _ in draft.values() for unit in course.vehicle.capacity}))
        self._due_us = _due(draft)

    def _place(self, place: Place) -> int:
        if place not in self._number:
            self._number[place] = len(self.places)
            self.places.append(place)
        return self._number[place]

    def order(self, known: OrderView, vehicle_id: str | None) -> PlanOrder:
        order, needs = known.order, set(known.order.needs)
        if order.order_id in self._unwanted:
            needs.add(f"takes {order.order_id}")
        pickup = self._task(order.order_id, order.pickup) if known.onboard is None else None
        vehicle = self._view.vehicles[vehicle_id] if vehicle_id is not None else None
        if known.onboard is not None or (vehicle is not None and not movable(vehicle, known)):
            needs.add(f"aboard {known.onboard or vehicle_id}")
        if awaits_loading(known):
            depot_id = order.depot or (vehicle.depot_id if vehicle is not None else self._nearest_depot(known))
            pickup = PlanTask(self._place(self._view.depots[depot_id]), (), LOAD_ORDER_S)
            needs.add(f"depot {depot_id}")
        demand = tuple(round(order.demand.get(unit, 0.0) * MILLI) for unit in self.units)
        delivery = self._task(order.order_id, order.delivery)
        return PlanOrder(order.order_id, pickup, delivery, demand, priority=order.priority, needs=frozenset(needs))

    def _task(self, order_id: str, task: Task | None) -> PlanTask | None:
        if task is None:
            return None
        windows: tuple[tuple[int, int], ...] = ()
        if task.windows:
            due_us = self._due_us.get((order_id, task.kind))
            open_us, close_us = next(
                (w for w in task.windows if (due_us or self._view.now_us) <= w.close_us), task.windows[-1]
            )
            close_us = max(close_us - self._margin_us, open_us, (due_us or 0) + ROUNDING_S * SECOND_US)
            windows = ((self._second(open_us), max(0, -(-(close_us - self._view.now_us) // SECOND_US))),)
        return PlanTask(self._place(task.place), windows, round(task.service_s))

    def vehicle(self, course: Course, timing: Timing) -> PlanVehicle:
        vehicle = course.vehicle
        offers = vehicle.offers | {f"aboard {vehicle.vehicle_id}", f"depot {vehicle.depot_id}"}
        offers |= {f"takes {i}" for i in self._unwanted if (i, vehicle.vehicle_id) not in self._declined}
        back_us = max(course.end_us, timing.arrive_us[-1] + ROUNDING_S * SECOND_US)
        breaks = tuple(
            PlanBreak(self._second(a), self._second(a) + BREAK_SLACK_S, (b - a) // SECOND_US)
            for a, b in course.breaks_us
            if a > course.ready_us
        )
        return PlanVehicle(
            vehicle.vehicle_id,
            vehicle.profile,
            tuple(
                round(vehicle.capacity[unit] * MILLI) if unit in vehicle.capacity else NO_LIMIT for unit in self.units
            ),
            self._place(course.places[0]),
            self._place(course.places[-1]),
            (self._second(course.ready_us), self._second(back_us)),
            breaks,
            offers,
            cost_per_km=MILLI,
            cost_per_h=0,
        )

    def _second(self, t_us: int) -> int:
        return max(0, -(-(t_us - self._view.now_us) // SECOND_US))

    def _nearest_depot(self, known: OrderView) -> str:
        place, depots = known.order.last_task.place, self._view.depots
        return min(depots, key=lambda i: ((depots[i].lat - place.lat) ** 2 + (depots[i].lon - place.lon) ** 2, i))


def _due(draft: Draft) -> dict[tuple[str, TaskKind], int]:
    """When service starts at each stop of a draft."""
    due: dict[tuple[str, TaskKind], int] = {}
    for course, timing, stops in draft.values():
        for visit, number, start_us in zip(course.visits, course.stops, timing.start_us):
            if not visit.loads:
                due[stops[number].order_id, stops[number].task] = start_us
    return due
