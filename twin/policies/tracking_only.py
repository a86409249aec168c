"""A plan, a map, and a human who reacts when it is late."""

from dataclasses import dataclass

import numpy as np

from twin.commands import Command
from twin.policies.common import waiting_orders
from twin.policies.courses import drive_all
from twin.policies.desk import Desk
from twin.policies.human import oldest_first
from twin.policies.insertion import cheapest
from twin.policies.moves import Moving, to_move
from twin.travel import TravelTimes
from twin.views import FleetView


@dataclass(frozen=True)
class TrackingOnly(Moving):
    """When the dispatcher gets up; figures are [A].

    Attributes:
        late_s: a stop expected this much after its promise is reacted to.
        waited_s: so is an order that nobody has had for this long.
        broken_s: and a vehicle that has been broken down this long.
        look_at: drivers that come to mind for an order.
    """

    late_s: float = 900.0
    waited_s: float = 1800.0
    broken_s: float = 900.0
    look_at: int = 5


def tracking_only(
    view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int, settings: TrackingOnly = TrackingOnly()
) -> list[Command]:
    """React to stops that will be late, vehicles that stand broken down, and orders nobody has had for long.

    Each goes to the driver it costs least and who keeps all promises; else things take their course. How many of these
    decisions there is time for is the dispatcher's affair (``dispatch.decisions_per_h``): the first ones count.
    """
    courses = drive_all(view, travel)
    moves = to_move(view, courses, settings)
    overdue_us = view.now_us - round(settings.waited_s * 1e6)
    noticed = [known for known in waiting_orders(view) if known.known_us <= overdue_us]
    orders = oldest_first([*noticed, *(view.orders[order_id] for order_id in moves)])
    if not orders:
        return []
    desk = Desk(view, travel, settings, moves, courses, orders=orders)
    return desk.place(lambda known, options: options.cost_us, cheapest(desk), settings.look_at)
