"""The best place for an order in every vehicle's route: exact times for some vehicles, all positions at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from twin.orders import Place, Task
from twin.policies.common import LOAD_US, awaits_loading
from twin.policies.courses import Courses
from twin.travel import UNREACHABLE, TravelTimes
from twin.views import FleetView, OrderView, VehicleView

NO = 2**60
"""Cost of what is not possible."""


class Options(NamedTuple):
    """The best position in each of some vehicles' routes, arrays by ``rows``; ``cost_us`` is ``NO`` where none is."""

    rows: np.ndarray
    cost_us: np.ndarray  # with the risk of lateness
    extra_us: np.ndarray  # by which the vehicle is home later
    position: np.ndarray
    arrive_us: np.ndarray  # at the order's last task
    away_us: np.ndarray  # from where the free part begins to the order, by way of the depot if need be


class Search:
    """Insertions of some orders into courses; ``appended``: at the end of routes only."""

    def __init__(
        self, view: FleetView, travel: TravelTimes, courses: Courses, orders: Sequence[OrderView],
        margin_us: int = 0, appended: bool = False,
    ) -> None:  # fmt: skip
        self._courses, self._margin_us, self._appended = courses, margin_us, appended
        self._tasks = {known.order.order_id: _tasks(known) for known in orders}
        self._waits = {known.order.order_id for known in orders if awaits_loading(known)}
        self._profiles = sorted({c.vehicle.profile for c in courses.courses})
        self._profile = np.array([self._profiles.index(c.vehicle.profile) for c in courses.courses], np.int64)
        depots = list(view.depots.values()) if self._waits else []
        firsts = _Numbers([*depots, *(tasks[0].place for tasks in self._tasks.values())])
        lasts = _Numbers([tasks[-1].place for tasks in self._tasks.values()])
        self._first = {name: firsts.of(tasks[0].place) for name, tasks in self._tasks.items()}
        self._last = {name: lasts.of(tasks[-1].place) for name, tasks in self._tasks.items()}
        self._depot = np.array([firsts.number.get(c.places[-1].place_id, -1) for c in courses.courses], np.int64)
        self._loaded_from = np.array([_or(c.loaded_from, NO) for c in courses.courses], np.int64)
        shape = courses.leg_ms.shape
        self._from, self._to = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._depot_row = np.zeros(shape[0], np.int64)
        into: list[np.ndarray] = []
        out: list[np.ndarray] = []
        self._inner: dict[tuple[int, str], int] = {}
        for number, profile in enumerate(self._profiles):
            rows = np.flatnonzero(self._profile == number)
            starts, ends = _Numbers(depots), _Numbers([])
            done = [sum(len(block) for block in blocks) for blocks in (into, out)]
            for row in rows.tolist():
                places = courses.courses[row].places
                some = {0, len(places) - 2} if appended else range(len(places) - 1)
                for p in some:
                    self._from[row, p] = done[0] + starts.of(places[p])
                    self._to[row, p] = done[1] + ends.of(places[p + 1])
                self._depot_row[row] = done[0] + starts.number.get(places[-1].place_id, 0)
            into.append(travel.matrix(starts.places, firsts.places, view.now_us, profile).duration_ms)
            out.append(travel.matrix(lasts.places, ends.places, view.now_us, profile).duration_ms.T)
            self._pairs(travel, view.now_us, number, profile)
        self._into, self._out = np.concatenate(into), np.concatenate(out)

    def _pairs(self, travel: TravelTimes, now_us: int, number: int, profile: str) -> None:
        pairs = [(name, tasks) for name, tasks in self._tasks.items() if len(tasks) == 2]
        starts, ends = [t[0].place for _, t in pairs], [t[1].place for _, t in pairs]
        for (name, _), leg in zip(pairs, travel.legs_ms(starts, ends, now_us, profile).tolist()):
            self._inner[number, name] = leg

    def options(self, order_id: str, rows: np.ndarray, late_us: int = 0) -> Options:
        """The best position of an order in the routes of ``rows``, at most ``late_us`` after its own promise."""
        courses = self._courses
        at = courses.positions[rows][:, None] - 1 if self._appended else np.arange(courses.leg_ms.shape[1])[None, :]
        here = (rows[:, None], at)
        away_ms, gone_us = self._approach(order_id, rows, at)
        depart, arrive, late = courses.depart_us[here], np.zeros_like(away_ms), np.zeros_like(away_ms)
        now, closer = depart + away_ms * 1000 + gone_us, np.zeros_like(away_ms)
        possible = (courses.slack_us[here] >= 0) & (away_ms < UNREACHABLE)
        if order_id not in self._waits:  # no command says "after the loading, before the first of what was loaded"
            possible &= (at == 0) | (at != self._loaded_from[rows][:, None])
        for number, task in enumerate(self._tasks[order_id]):
            if number:
                inner = np.array([self._inner[p, order_id] for p in range(len(self._profiles))])[self._profile[rows]]
                possible &= (inner < UNREACHABLE)[:, None]
                now = now + inner[:, None] * 1000
            arrive, now = now, _start(now, task)
            if task.windows:
                late += np.maximum(0, now - task.windows[-1].close_us)
                closer += np.maximum(0, arrive + self._margin_us - task.windows[-1].close_us)
            now = now + int(task.service_s * 1e6)
        out_ms = self._out[self._to[here], self._last[order_id]]
        delay = np.maximum(0, now + out_ms * 1000 - courses.arrive_us[here])
        possible &= (out_ms < UNREACHABLE) & (late <= late_us) & (delay <= courses.slack_us[here])
        extra = np.maximum(0, delay - courses.wait_us[here])
        cost = np.where(possible, extra + closer + self._closer(rows, at, delay), NO)
        best = cost.argmin(axis=1)
        k = np.arange(len(rows))
        column = best if not self._appended else at[:, 0]
        return Options(rows, cost[k, best], extra[k, best], column, arrive[k, best], self._away_us(order_id, rows))

    def _approach(self, order_id: str, rows: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(driving ms to the order's first place, us spent loading on the way) from before each position."""
        origin = self._from[rows[:, None], at]
        direct = self._into[origin, self._first[order_id]]
        if order_id not in self._waits:
            return direct, np.zeros_like(direct)
        via = self._into[origin, self._depot[rows][:, None]] + self._into[
            self._depot_row[rows], self._first[order_id]
        ][:, None]  # fmt: skip
        loaded_from = self._loaded_from[rows]
        loaded = at >= loaded_from[:, None]
        ahead = (loaded_from < NO)[:, None] & ~loaded  # before the loading that is planned: not looked at
        way = np.where(loaded, direct, np.where(ahead, UNREACHABLE, np.minimum(via, UNREACHABLE)))
        return way, np.where(loaded, 0, LOAD_US)

    def _away_us(self, order_id: str, rows: np.ndarray) -> np.ndarray:
        origin = self._from[rows, 0]
        direct = self._into[origin, self._first[order_id]]
        if order_id not in self._waits:
            return direct * 1000
        via = self._into[origin, self._depot[rows]] + self._into[self._depot_row[rows], self._first[order_id]]
        return np.where(self._loaded_from[rows] == 0, direct, via) * 1000

    def _closer(self, rows: np.ndarray, at: np.ndarray, delay_us: np.ndarray) -> np.ndarray:
        """By how much a delay brings later arrivals nearer to the end of their promise than the margin, added up."""
        courses = self._courses
        if not self._margin_us or not delay_us.any():
            return np.zeros_like(delay_us)
        wait, risk = courses.wait_us[rows], self._margin_us - (courses.close_us[rows] - courses.arrive_us[rows])
        waited = courses.wait_us[rows[:, None], at][:, :, None] - wait[:, None, :]
        later = np.maximum(0, delay_us[:, :, None] - np.maximum(0, waited))
        after = np.arange(wait.shape[1])[None, None, :] >= at[:, :, None]
        added = np.maximum(0, risk[:, None, :] + later) - np.maximum(0, risk)[:, None, :]
        return (added * after).sum(axis=2)

    def vehicle(self, row: int) -> VehicleView:
        """The vehicle of a row."""
        return self._courses.courses[row].vehicle

    def stop_number(self, row: int, position: int) -> int:
        """Among the free stops: what a command calls the position."""
        course = self._courses.courses[row]
        if position < len(course.visits):
            return course.stops[position]
        return course.stops[-1] + 1 if course.stops else 0


class _Numbers:
    """Places numbered as they come; equal names are the same place."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.places: list[Place] = []
        self.number: dict[str, int] = {}
        for place in places:
            self.of(place)

    def of(self, place: Place) -> int:
        number = self.number.get(place.place_id)
        if number is None:
            number = self.number[place.place_id] = len(self.places)
            self.places.append(place)
        return number


def _tasks(known: OrderView) -> tuple[Task, ...]:
    """The tasks still to do."""
    return known.order.tasks if known.onboard is None else (known.order.last_task,)


def _start(arrive_us: np.ndarray, task: Task) -> np.ndarray:
    start = arrive_us
    for window in reversed(task.windows):
        start = np.where(arrive_us <= window.close_us, np.maximum(arrive_us, window.open_us), start)
    return start


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
