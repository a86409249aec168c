"""A human at the desk: the oldest order first, to the driver who works in that area."""

from dataclasses import dataclass

import numpy as np

from twin.commands import Command
from twin.policies.common import waiting_orders
from twin.policies.desk import Desk, Words
from twin.policies.human import US_PER_KM, km_from_area, oldest_first
from twin.policies.search import Options, runner_up
from twin.policies.settings import Settings
from twin.policies.words import minutes, stop_name
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView


@dataclass(frozen=True)
class Manual(Settings):
    """How the dispatcher works; figures are [A].

    Attributes:
        look_at: drivers that come to mind for an order.
    """

    look_at: int = 5


def manual(
    view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int, settings: Manual = Manual()
) -> list[Command]:
    """Give the oldest orders to the drivers whose stops are nearest on the map, where the route has a gap for them.

    Promises and hours are kept. Nothing is ever moved from one driver to another. How many of these decisions there is
    time for is the dispatcher's affair (``dispatch.decisions_per_h``): the first ones count.
    """
    orders = oldest_first(waiting_orders(view))
    return by_habit(Desk(view, travel, settings, orders=orders), settings.look_at) if orders else []


def by_habit(desk: Desk, look_at: int) -> list[Command]:
    """Place a desk's orders with the drivers in whose area they are."""

    def score(known: OrderView, options: Options) -> np.ndarray:
        return np.round(km_from_area(desk, known, options) * US_PER_KM).astype(np.int64)

    return desk.place(score, _words(desk), look_at)


def _words(desk: Desk) -> Words:
    def words(known: OrderView, options: Options, scores: np.ndarray, best: int) -> str:
        where = stop_name(desk.stop_number(options, best), desk.stops(options, best))
        waited = minutes(desk.view.now_us - known.known_us)
        km = km_from_area(desk, known, options)
        text = f"{km[best]:.1f} km from its stops, {where}; waited {waited}"
        other = runner_up(scores, best)
        if other is not None:
            text += f"; {desk.vehicle_id(options, other)} is {km[other]:.1f} km off"
        return text

    return words
