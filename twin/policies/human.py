"""A human dispatcher's habits: the oldest order first, drivers in the areas they know."""

import numpy as np

from twin.orders import natural_key
from twin.policies.desk import Desk
from twin.policies.search import Options
from twin.views import OrderView

DECISIONS_PER_H = {"manual": 12.0, "tracking_only": 12.0}
"""Policies that are a person's way of deciding, and how many decisions that person takes in an hour: one in five
minutes, map and phone included [A]. The limit itself lives in the agent."""
KM_PER_DEG = 111.195
US_PER_KM = 90_000_000
"""What a kilometre on the map means to a dispatcher: a minute and a half [A]."""


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
