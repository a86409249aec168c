"""A human dispatcher's limits and habits: so many decisions an hour, drivers in the areas they know."""

import numpy as np

from twin.orders import natural_key
from twin.policies.desk import Desk
from twin.policies.search import Options
from twin.views import FleetView, OrderView

HOUR_US = 3_600_000_000
KM_PER_DEG = 111.195
US_PER_KM = 90_000_000
"""What a kilometre on the map means to a dispatcher: a minute and a half [A]."""


def decisions_left(view: FleetView, per_h: int) -> int:
    """How many decisions there is time for now: ``per_h`` less those of the past hour; 0 an hour: no limit.

    Asked again at the same instant, the same decisions are taken again.
    """
    made = [at_us for at_us in view.journal.get("decided_us", []) if view.now_us - HOUR_US < at_us < view.now_us]
    view.journal["decided_us"] = made
    return max(0, per_h - len(made)) if per_h else 2**31


def note_decisions(view: FleetView, count: int) -> None:
    """Remember decisions taken now."""
    view.journal.setdefault("decided_us", []).extend([view.now_us] * count)


def oldest_first(orders: list[OrderView]) -> list[OrderView]:
    """As they came in."""
    return sorted(orders, key=lambda known: (known.known_us, natural_key(known.order.order_id)))


def km_from_area(desk: Desk, known: OrderView, options: Options) -> np.ndarray:
    """How far an order is from each vehicle's area today, km: from the nearest place it is at or goes to."""
    place = known.order.tasks[0].place if known.onboard is None else known.order.last_task.place
    shrink = np.cos(np.radians(place.lat))
    found = []
    for row in options.rows.tolist():
        course = desk.courses.courses[row]
        stops = course.places[:-1] if len(course.places) < 3 else course.places[1:-1]
        lat, lon = np.array([p.lat for p in stops]), np.array([p.lon for p in stops])
        found.append(float(np.hypot(lat - place.lat, (lon - place.lon) * shrink).min()) * KM_PER_DEG)
    return np.array(found)
