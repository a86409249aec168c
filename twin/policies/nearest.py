"""Each waiting order to the nearest vehicle that can keep its hours and all promises, most urgent first."""

from dataclasses import dataclass

import numpy as np

from twin.commands import Command
from twin.policies.desk import Desk
from twin.policies.search import NO, Options, runner_up
from twin.policies.settings import Settings
from twin.policies.words import minutes
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView

EVERY = 2**31


@dataclass(frozen=True)
class Nearest(Settings):
    """Nothing of its own."""


def nearest(
    view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int, settings: Nearest = Nearest()
) -> list[Command]:
    """Append each order to the route of the vehicle that is nearest by usual driving time.

    By way of the depot where the goods have to be fetched. Uses last *known* positions; a vehicle in a dead zone is
    where it was last heard. One order a vehicle and call.
    """
    desk = Desk(view, travel, settings, appended=True)

    def words(known: OrderView, options: Options, scores: np.ndarray, best: int) -> str:
        away = int(options.away_us[best])
        other, text = runner_up(scores, best), f"{minutes(away)} away"
        if other is not None:
            gain = int(options.away_us[other]) - away
            than = f"{minutes(gain)} nearer than" if gain >= 0 else f"{minutes(-gain)} farther, but less busy, than"
            text += f", {than} {desk.vehicle_id(options, other)}{desk.short_of_hours(options, other)}"
        nearer = np.flatnonzero((options.cost_us >= NO) & (options.away_us < away))
        if len(nearer):
            other = int(nearer[options.away_us[nearer].argmin()])
            ahead = minutes(away - int(options.away_us[other]))
            text += f"; {desk.vehicle_id(options, other)}, {ahead} nearer, cannot keep its hours or a promise"
        return text

    return desk.place(lambda known, options: options.away_us, words, EVERY)
