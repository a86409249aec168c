"""What the policies that place one order after the other share: who is asked, in which order, and the commands."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial

import numpy as np

from twin.commands import Command, assign_order, unassign_order
from twin.policies.common import by_urgency, waiting_orders
from twin.policies.courses import Courses, drive_all
from twin.policies.eligible import Eligible
from twin.policies.journal import note_offers
from twin.policies.nearby import Nearby
from twin.policies.search import NO, Options, Search
from twin.policies.settings import Settings
from twin.policies.words import MINUTE_US, age, minutes, moved
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView

Score = Callable[[OrderView, Options], np.ndarray]
"""What each option counts for, int64 [options] in microseconds; least wins. ``NO`` where it is not possible."""
Words = Callable[[OrderView, Options, np.ndarray, int], str]
"""Why the option of that index won."""


class Desk:
    """A picture made ready for placing orders."""

    def __init__(
        self, view: FleetView, travel: TravelTimes, settings: Settings, moves: Mapping[str, str] | None = None,
        courses: Courses | None = None, margin_us: int = 0, appended: bool = False,
        orders: list[OrderView] | None = None, without: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """``orders`` to place, in turn; None: all that wait, and the ``moves``, the most urgent first. ``without``:
        vehicles that get nothing."""
        self.view, self.settings, self.moves = view, settings, moves or {}
        self.courses = drive_all(view, travel) if courses is None else courses
        moving = [view.orders[order_id] for order_id in self.moves]
        self.orders = by_urgency([*waiting_orders(view), *moving]) if orders is None else orders
        self._eligible = Eligible(view, self.courses, settings)
        self._eligible.take(*without)
        self._make_search = partial(Search, view, travel, self.courses, self.orders, margin_us, appended)

    def place(self, score: Score, words: Words, look_at: int) -> list[Command]:
        """Place the orders, the most urgent first; ``look_at``: vehicles compared for each, the nearest ones."""
        commands: list[Command] = []
        for known in self.orders if self.courses.courses else ():
            order_id = known.order.order_id
            rows = self._eligible.rows(known)
            if len(rows) > look_at:
                rows = self._nearby.rows(order_id, rows, look_at)
            if not len(rows):
                continue
            options = self._search.options(order_id, rows)
            scores = np.where(options.cost_us < NO, score(known, options) + self.burden_us[rows], NO)
            best = int(scores.argmin())
            if scores[best] >= NO:
                continue
            vehicle_id = self.vehicle_id(options, best)
            if known.vehicle_id is not None:
                why = f"{order_id} off {known.vehicle_id}: {self.moves[order_id]}, {vehicle_id} can be in time"
                commands.append(unassign_order(order_id, known.vehicle_id, why))
            start = f"{order_id} to {vehicle_id}{moved(known, self.moves.get(order_id, ''))}: "
            reason = start + words(known, options, scores, best) + age(self.view, vehicle_id)
            number, stops = self.stop_number(options, best), self.stops(options, best)
            at = number if number < stops else None  # last, whatever else the driver has by then
            commands.append(assign_order(order_id, vehicle_id, reason, at, int(options.arrive_us[best])))
            self._eligible.take(vehicle_id, known.vehicle_id)
        note_offers(self.view, commands)
        return commands

    @cached_property
    def burden_us(self) -> np.ndarray:
        """What the work of each vehicle counts for, int64 [vehicles]: that above the average."""
        back = np.array([timing.arrive_us[-1] for timing in self.courses.timings], np.int64)
        work = np.maximum(0, back - self.view.now_us)
        above = work - work.sum() // max(1, len(work))
        return (above * (self.settings.balance / 3600)).round().astype(np.int64)

    @cached_property
    def _search(self) -> Search:
        return self._make_search()

    @cached_property
    def _nearby(self) -> Nearby:
        return Nearby(self.courses, self.orders)

    def vehicle_id(self, options: Options, index: int) -> str:
        """The vehicle of an option."""
        return self._search.vehicle(int(options.rows[index])).vehicle_id

    def stop_number(self, options: Options, index: int) -> int:
        """Which of the free stops an option's order becomes."""
        return self._search.stop_number(int(options.rows[index]), int(options.position[index]))

    def stops(self, options: Options, index: int) -> int:
        """How many free stops the vehicle of an option has."""
        stops = self.courses.courses[int(options.rows[index])].stops
        return stops[-1] + 1 if stops else 0

    def short_of_hours(self, options: Options, index: int) -> str:
        """A remark on a vehicle with less than an hour left of its shift, or empty."""
        row = int(options.rows[index])
        left_us = self.courses.courses[row].end_us - self.courses.timings[row].arrive_us[-1]
        if left_us >= 60 * MINUTE_US:
            return ""
        left = f"{minutes(left_us)} of hours left" if left_us > 0 else "no hours left"
        return f" and {self.vehicle_id(options, index)} has {left}"
