"""Orders that had better go with somebody else: their vehicle has broken down, or will be late."""

from dataclasses import dataclass
from operator import sub

from twin.policies.common import free_stops
from twin.policies.courses import Courses
from twin.policies.settings import Settings
from twin.policies.words import minutes
from twin.views import FleetView, OrderView, VehicleView


@dataclass(frozen=True)
class Moving(Settings):
    """Which orders are moved.

    Attributes:
        late_s: an order expected this much after its promise may go to a vehicle that keeps it.
        broken_s: orders of a vehicle that has been broken down this long may go to another.
    """

    late_s: float = 600.0
    broken_s: float = 300.0


def movable(vehicle: VehicleView, known: OrderView) -> bool:
    """Whether an order may still be taken off a vehicle: not on board, not being loaded, not started."""
    started = vehicle.started is not None and vehicle.started.order_id == known.order.order_id
    return known.onboard is None and not started and vehicle.state != "loading"


def to_move(view: FleetView, courses: Courses, settings: Moving) -> dict[str, str]:
    """Orders to move, each with the reason."""
    found: dict[str, str] = {}
    for vehicle in view.vehicles.values():
        if vehicle.state == "broken" and view.now_us - vehicle.state_us >= settings.broken_s * 1e6:
            why = f"broken down for {minutes(view.now_us - vehicle.state_us)}"
            found |= dict.fromkeys(_orders(view, vehicle), why)
    late_most_us = settings.late_s * 1e6
    for course, timing in zip(courses.courses, courses.timings):
        late_us = [*map(sub, timing.start_us[:-1], timing.close_us)]
        if max(late_us, default=0) < late_most_us:
            continue
        due, stops = _orders(view, course.vehicle), free_stops(course.vehicle)
        for visit, number, by_us in zip(course.visits, course.stops, late_us):
            order_id = stops[number].order_id
            if not visit.loads and order_id in due and by_us >= late_most_us:
                found[order_id] = f"{minutes(by_us)} late there"
    return found


def _orders(view: FleetView, vehicle: VehicleView) -> list[str]:
    """Orders on the free part of a route that may be moved."""
    ids = dict.fromkeys(stop.order_id for stop in free_stops(vehicle))
    return [i for i in ids if (known := view.orders.get(i)) is not None and movable(vehicle, known)]
