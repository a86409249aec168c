"""A weighted score for every possible vehicle: proximity, detour, workload, urgency, skills, the driver's record."""

from dataclasses import dataclass

import numpy as np

from twin.commands import Command
from twin.policies.courses import drive_all
from twin.policies.desk import Desk
from twin.policies.insertion import Insertion
from twin.policies.journal import on_time_shares
from twin.policies.moves import to_move
from twin.policies.search import NO, Options, runner_up
from twin.policies.words import MINUTE_US, minutes, stop_name
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView


@dataclass(frozen=True)
class Smart(Insertion):
    """What a minute of each is worth; all weights are [A].

    Attributes:
        proximity: minutes of driving from where the vehicle will be next.
        detour: minutes the vehicle is home later.
        urgency: minutes by which arrivals come closer to the end of a promise than ``margin_s``.
        skill_min: minutes for each property the vehicle or driver offers that the order does not need.
        record_min: minutes for a driver who is never on time, in proportion.
        balance: as for every policy; here 20 minutes for each hour of work above the average.
    """

    proximity: float = 0.25
    detour: float = 1.0
    urgency: float = 1.0
    skill_min: float = 5.0
    record_min: float = 30.0
    balance: float = 1200.0


def smart(
    view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int, settings: Smart = Smart()
) -> list[Command]:
    """Give each waiting order to the vehicle with the best weighted score that keeps all promises and hours.

    A vehicle gets at most one order a call. Orders of vehicles that have broken down or run late move to one that is
    in time.
    """
    courses = drive_all(view, travel)
    desk = Desk(view, travel, settings, to_move(view, courses, settings), courses, round(settings.margin_s * 1e6))
    shares = on_time_shares(view)
    vehicles = [course.vehicle for course in courses.courses]
    record = np.array([(1 - shares[v.vehicle_id]) * settings.record_min for v in vehicles])
    offers = np.array([len(vehicle.offers) for vehicle in vehicles], float)

    def parts(known: OrderView, options: Options) -> dict[str, np.ndarray]:
        """What each consideration adds, in minutes."""
        rows, possible = options.rows, options.cost_us < NO
        risk_us = np.where(possible, options.cost_us - options.extra_us, 0)
        return {
            "nearer": settings.proximity * options.away_us / MINUTE_US,
            "a smaller detour": settings.detour * options.extra_us / MINUTE_US,
            "less work": desk.burden_us[rows] / MINUTE_US,
            "less risk of being late": settings.urgency * risk_us / MINUTE_US,
            "fewer skills left unused": settings.skill_min * (offers[rows] - len(known.order.needs)),
            "a better record": record[rows],
        }

    added: dict[str, dict[str, np.ndarray]] = {}  # by order

    def score(known: OrderView, options: Options) -> np.ndarray:
        added[known.order.order_id] = found = parts(known, options)
        total = sum(value for name, value in found.items() if name != "less work")
        return np.round(total * MINUTE_US).astype(np.int64)

    def words(known: OrderView, options: Options, scores: np.ndarray, best: int) -> str:
        where = stop_name(desk.stop_number(options, best), desk.stops(options, best))
        text = f"{minutes(int(options.away_us[best]))} away, {minutes(int(options.extra_us[best]))} more, {where}"
        other = runner_up(scores, best)
        if other is None:
            return text + "; nobody else near could keep all promises and hours" * (len(scores) > 1)
        gains = {name: value[other] - value[best] for name, value in added[known.order.order_id].items()}
        name, gain = max(gains.items(), key=lambda item: item[1])
        ahead = (int(scores[other]) - int(scores[best])) / MINUTE_US
        against = f"{ahead:.0f} points ahead of {desk.vehicle_id(options, other)}"
        why = f", mostly for {name} ({gain:.0f})" if gain >= 1 else ""
        return f"{text}; {against}{why}{desk.short_of_hours(options, other)}"

    return desk.place(score, words, settings.look_at)
