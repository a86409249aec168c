"""A human at the desk: the oldest order first, to the driver who works in that area, so many decisions an hour."""

from dataclasses import dataclass

import numpy as np

from twin.commands import Command
from twin.policies.common import waiting_orders
from twin.policies.desk import Desk, Words
from twin.policies.human import US_PER_KM, decisions_left, km_from_area, note_decisions, oldest_first
from twin.policies.search import NO, Options
from twin.policies.settings import Settings
from twin.policies.words import minutes, stop_name
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView


@dataclass(frozen=True)
class Manual(Settings):
    """How the dispatcher works; figures are [A].

    Attributes:
        decisions_per_h: as many orders are given out in an hour; 0: no limit (it is set by the agent).
        look_at: drivers that come to mind for an order.
    """

    decisions_per_h: int = 12
    look_at: int = 5


def manual(
    view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int, settings: Manual = Manual()
) -> list[Command]:
    """Give the oldest orders to the drivers whose stops are nearest on the map, where the route has a gap for them.

    No more than ``decisions_per_h``; what is over waits for the next call. Promises and hours are kept. Nothing is ever
    moved from one driver to another.
    """
    left = decisions_left(view, settings.decisions_per_h)
    orders = oldest_first(waiting_orders(view))[:left]
    if not orders:
        return []
    desk = Desk(view, travel, settings, orders=orders)

    def score(known: OrderView, options: Options) -> np.ndarray:
        return np.round(km_from_area(desk, known, options) * US_PER_KM).astype(np.int64)

    commands = desk.place(score, _words(desk), settings.look_at)
    note_decisions(view, len(commands))
    return commands


def _words(desk: Desk) -> Words:
    def words(known: OrderView, options: Options, scores: np.ndarray, best: int) -> str:
        where = stop_name(desk.stop_number(options, best), desk.stops(options, best))
        waited = minutes(desk.view.now_us - known.known_us)
        km = km_from_area(desk, known, options)
        text = f"{km[best]:.1f} km from its stops, {where}; waited {waited}"
        others = np.flatnonzero((scores < NO) & (np.arange(len(scores)) != best))
        if len(others):
            other = int(others[scores[others].argmin()])
            text += f"; {desk.vehicle_id(options, other)} is {km[other]:.1f} km off"
        return text

    return words
