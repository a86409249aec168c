"""Dispatch as a dialogue: one question an order, each answered by choosing a vehicle or waiting.

A question is made from the office's picture alone. Who answers (a Gymnasium agent, a trained rule) never sees more.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from twin.commands import Command, assign_order
from twin.policies import Policy
from twin.policies.common import committed_loads, waiting_orders
from twin.policies.courses import Courses, drive_all
from twin.policies.eligible import Eligible
from twin.policies.journal import note_offers
from twin.policies.search import NO, Options, Search
from twin.policies.settings import Settings
from twin.policies.words import age, minutes
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView

HOUR_US = 3_600_000_000
DAY_H = 24.0


class Feature(NamedTuple):
    """One number of an observation, clipped to ``low`` and ``high``."""

    name: str
    low: float
    high: float


ORDER = (
    Feature("age_h", 0.0, DAY_H),  # since head office knew of it
    Feature("opens_h", -DAY_H, DAY_H),  # until its first window opens; the lowest without a window
    Feature("closes_h", -DAY_H, DAY_H),  # until its last window closes; the highest without a window
    Feature("demand_share", 0.0, 1.0),  # of the largest vehicle's capacity, of the unit it fills most
    Feature("priority", 0.0, 100.0),
    Feature("service_h", 0.0, DAY_H),  # all its tasks together, as planned
)
VEHICLE = (
    Feature("can_take", 0.0, 1.0),  # 1: the action mask allows it
    Feature("away_h", 0.0, DAY_H),  # usual driving time to the order (by the depot if its goods are there), from the
    # stop the vehicle is bound for, else from its last known position
    Feature("extra_h", 0.0, DAY_H),  # by which the vehicle is home later
    Feature("slack_h", -DAY_H, DAY_H),  # from its expected arrival to the end of the promise; the highest without one
    Feature("position_age_h", 0.0, DAY_H),  # since the last known position was true
    Feature("load_share", 0.0, 1.0),  # of its capacity that is on board or promised, of the unit that is fullest
    Feature("stops_ahead", 0.0, 100.0),  # still to do, the one under way included
    Feature("hours_left_h", -DAY_H, DAY_H),  # from when it is expected home to the end of the shift, now
)
FLEET = (
    Feature("day_left_h", 0.0, DAY_H),  # until the last shift ends
    Feature("at_work", 0.0, 1000.0),  # vehicles
    Feature("without_work_share", 0.0, 1.0),  # of them, with nothing to do
    Feature("waiting", 0.0, 1000.0),  # orders nobody was told to do
    Feature("underway", 0.0, 1000.0),  # open orders somebody was told to do
    Feature("position_age_h", 0.0, DAY_H),  # mean over the vehicles at work
)


@dataclass(frozen=True)
class Asking(Settings):
    """How questions are put.

    Attributes:
        seats: vehicles to choose from at each question.
        late_s: a vehicle that would be late by up to this may still be chosen.
    """

    seats: int = 3
    late_s: float = 1800.0


class Question(NamedTuple):
    """An order to be placed: ``observation`` by part, ``mask`` int8 [seats + 1], whom each seat stands for."""

    order_id: str
    vehicle_ids: tuple[str, ...]
    observation: dict[str, np.ndarray]
    mask: np.ndarray


Dialogue: TypeAlias = Generator[Question, int, list[Command]]


def dialogue(view: FleetView, travel: TravelTimes, asking: Asking) -> Dialogue:
    """Ask about each waiting order that some vehicle can take, the most urgent first; returns the commands.

    An answer is a seat, or ``seats`` for waiting until the next time; one the mask forbids counts as waiting. Where in
    the route the order goes is the cheapest place that breaks no other promise. One order a vehicle and call.
    """
    courses, orders, commands = drive_all(view, travel), waiting_orders(view), []
    if orders and courses.courses:
        eligible, search = Eligible(view, courses, asking), Search(view, travel, courses, orders)
        fleet, traits = _fleet(view, courses, len(orders)), _traits(view, courses)
        for known in orders:
            rows = eligible.rows(known)
            options = search.options(known.order.order_id, rows, round(asking.late_s * 1e6))
            able = options.cost_us < NO
            if not able.any():
                continue
            seated = np.lexsort((rows, options.away_us, ~able))[: asking.seats]
            names = tuple(search.vehicle(row).vehicle_id for row in rows[seated].tolist())
            observation = {
                "order": _order(view, known),
                "vehicles": _vehicles(known, options, seated, traits, asking.seats),
                "fleet": fleet,
            }
            mask = np.zeros(asking.seats + 1, np.int8)
            mask[: len(seated)], mask[-1] = able[seated], 1
            answer = yield Question(known.order.order_id, names, observation, mask)
            if answer < asking.seats and mask[answer]:
                commands.append(_command(view, courses, search, known, options, int(seated[answer])))
                eligible.take(names[answer])
    note_offers(view, commands)
    return commands


def policy_of(choose: Callable[[Question], int], asking: Asking = Asking()) -> Policy:
    """Whoever answers questions, as a dispatch policy like any other."""

    def decide(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
        talk = dialogue(view, travel, asking)
        try:
            question = next(talk)
            while True:
                question = talk.send(choose(question))
        except StopIteration as end:
            return end.value

    return decide


def nothing_asked(seats: int) -> dict[str, np.ndarray]:
    """The observation when the day is over."""
    shapes = {"order": (len(ORDER),), "vehicles": (seats, len(VEHICLE)), "fleet": (len(FLEET),)}
    return {part: np.zeros(shape, np.float32) for part, shape in shapes.items()}


def _command(
    view: FleetView, courses: Courses, search: Search, known: OrderView, options: Options, chosen: int
) -> Command:
    row, order_id = int(options.rows[chosen]), known.order.order_id
    vehicle_id, stops = search.vehicle(row).vehicle_id, courses.courses[row].stops
    number = search.stop_number(row, int(options.position[chosen]))
    at = number if stops and number <= stops[-1] else None  # last, whatever else the driver has by then
    reason = f"{order_id} to {vehicle_id}: chosen; {minutes(int(options.extra_us[chosen]))} more"
    return assign_order(order_id, vehicle_id, reason + age(view, vehicle_id), at, int(options.arrive_us[chosen]))


# --- features ---


def _clipped(features: tuple[Feature, ...], columns: list) -> np.ndarray:
    """Numbers by feature, float32 [..., features], each within its bounds."""
    values = np.stack([np.asarray(column, np.float64) for column in columns], axis=-1)
    low, high = np.array([f.low for f in features]), np.array([f.high for f in features])
    return np.clip(values, low, high).astype(np.float32)


def _order(view: FleetView, known: OrderView) -> np.ndarray:
    order, windows = known.order, known.order.last_task.windows
    most: dict[str, float] = {}
    for vehicle in view.vehicles.values():
        for unit, amount in vehicle.capacity.items():
            most[unit] = max(most.get(unit, 0.0), amount)
    shares = [amount / most[unit] for unit, amount in order.demand.items() if most.get(unit)]
    return _clipped(ORDER, [
        (view.now_us - known.known_us) / HOUR_US,
        (windows[0].open_us - view.now_us) / HOUR_US if windows else -DAY_H,
        (windows[-1].close_us - view.now_us) / HOUR_US if windows else DAY_H,
        max(shares, default=0.0),
        order.priority,
        sum(task.service_s for task in order.tasks) / 3600,
    ])  # fmt: skip


class _Traits(NamedTuple):
    """What is known of each vehicle at work, arrays by row of the courses."""

    position_age_h: np.ndarray
    load_share: np.ndarray
    stops_ahead: np.ndarray
    hours_left_h: np.ndarray


def _traits(view: FleetView, courses: Courses) -> _Traits:
    loads, vehicles = committed_loads(view), [course.vehicle for course in courses.courses]
    shares = [
        max((loads[v.vehicle_id].get(unit, 0.0) / most for unit, most in v.capacity.items() if most), default=0.0)
        for v in vehicles
    ]
    left = [c.end_us - timing.arrive_us[-1] for c, timing in zip(courses.courses, courses.timings)]
    stops = [len(vehicle.stops) for vehicle in vehicles]
    return _Traits(_ages_h(view, courses), np.array(shares), np.array(stops), np.array(left) / HOUR_US)


def _ages_h(view: FleetView, courses: Courses) -> np.ndarray:
    vehicles = [course.vehicle for course in courses.courses]
    known_us = [max(int(view.fixed_us[view.index[v.vehicle_id]]), v.heard_us) for v in vehicles]
    return (view.now_us - np.array(known_us, np.int64)) / HOUR_US


def _vehicles(known: OrderView, options: Options, seated: np.ndarray, traits: _Traits, seats: int) -> np.ndarray:
    windows, rows = known.order.last_task.windows, options.rows[seated]
    able = options.cost_us[seated] < NO
    slack = (windows[-1].close_us - options.arrive_us[seated]) / HOUR_US if windows else np.full(len(seated), DAY_H)
    found = _clipped(VEHICLE, [
        able,
        options.away_us[seated] / HOUR_US,
        options.extra_us[seated] / HOUR_US,
        slack,
        traits.position_age_h[rows],
        traits.load_share[rows],
        traits.stops_ahead[rows],
        traits.hours_left_h[rows],
    ])  # fmt: skip
    return np.concatenate([found, np.zeros((seats - len(seated), len(VEHICLE)), np.float32)])


def _fleet(view: FleetView, courses: Courses, waiting: int) -> np.ndarray:
    idle = np.mean([not course.vehicle.stops for course in courses.courses])
    underway = sum(known.vehicle_id is not None for known in view.orders.values())
    last_us = max(course.end_us for course in courses.courses)
    return _clipped(FLEET, [
        (last_us - view.now_us) / HOUR_US, len(courses.courses), idle, waiting, underway,
        _ages_h(view, courses).mean(),
    ])  # fmt: skip
