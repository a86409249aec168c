"""The best place for an order in every vehicle's route: exact times for some vehicles, all positions at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from twin.orders import Place, Task
from twin.policies.common import awaits_loading
from twin.policies.courses import Courses
from twin.travel import UNREACHABLE, TravelTimes
from twin.views import DEPOT_LOAD_US, FleetView, OrderView, VehicleView

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


def runner_up(scores: np.ndarray, best: int) -> int | None:
    """The best option beside ``best`` that is possible."""
    rest = scores.copy()
    rest[best] = NO
    other = int(rest.argmin())
    return other if rest[other] < NO else None


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
        firsts, lasts = _Numbers(depots), _Numbers()
        self._first = dict(zip(self._tasks, firsts.of([tasks[0].place for tasks in self._tasks.values()])))
        self._last = dict(zip(self._tasks, lasts.of([tasks[-1].place for tasks in self._tasks.values()])))
        self._depot = np.array([firsts.number.get(c.places[-1].place_id, -1) for c in courses.courses], np.int64)
        self._loaded_from = np.array([_or(c.loaded_from, NO) for c in courses.courses], np.int64)
        shape = courses.leg_ms.shape
        self._from, self._to = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._depot_row = np.zeros(shape[0], np.int64)
        into: list[np.ndarray] = []
        out: list[np.ndarray] = []
        self._inner: dict[tuple[int, str], int] = {}
        looked_at = courses.inside if not appended else courses.inside & _ends(courses.positions, shape[1])
        for number, profile in enumerate(self._profiles):
            rows = np.flatnonzero(self._profile == number)
            routes = [courses.courses[row].places for row in rows.tolist()]
            starts, ends = _Numbers(depots), _Numbers()
            for table, numbers, blocks, ways in (
                (self._from, starts, into, [places[:-1] for places in routes]),
                (self._to, ends, out, [places[1:] for places in routes]),
            ):
                found = numbers.of([place for way in ways for place in (way[:1] + way[1:][-1:] if appended else way)])
                block = np.zeros((len(rows), shape[1]), np.int64)
                block[looked_at[rows]] = found
                table[rows] = sum(map(len, blocks)) + block
            homes = [places[-1].place_id for places in routes]
            self._depot_row[rows] = [sum(map(len, into)) + starts.number.get(home, 0) for home in homes]
            into.append(travel.matrix(starts.places, firsts.places, view.now_us, profile).duration_ms)
            out.append(travel.matrix(lasts.places, ends.places, view.now_us, profile).duration_ms.T)
            self._pairs(travel, view.now_us, number, profile)
        self._into, self._out = np.concatenate(into).T.copy(), np.concatenate(out).T.copy()  # by order place
        self._depot_ms = self._into[self._depot[:, None], self._from]
        loaded_from, self._at = self._loaded_from[:, None], np.arange(shape[1])[None, :]
        self._unsplit = (self._at == 0) | (self._at != loaded_from)
        self._loaded = self._at >= loaded_from
        self._load_us = np.where(self._loaded, 0, DEPOT_LOAD_US)
        self._via_ms = np.where(loaded_from < NO, UNREACHABLE, self._depot_ms)  # not before a loading
        self._risk_us = margin_us - (courses.close_us - courses.arrive_us)
        self._risks_us = np.maximum(self._risk_us, 0).sum(axis=1)

    def _pairs(self, travel: TravelTimes, now_us: int, number: int, profile: str) -> None:
        pairs = [(name, tasks) for name, tasks in self._tasks.items() if len(tasks) == 2]
        starts, ends = [t[0].place for _, t in pairs], [t[1].place for _, t in pairs]
        for (name, _), leg in zip(pairs, travel.legs_ms(starts, ends, now_us, profile).tolist()):
            self._inner[number, name] = leg

    def options(self, order_id: str, rows: np.ndarray, late_us: int = 0) -> Options:
        """The best position of an order in the routes of ``rows``, at most ``late_us`` after its own promise."""
        courses = self._courses
        at = courses.positions[rows][:, None] - 1 if self._appended else self._at
        here = (rows[:, None], at) if self._appended else rows
        away_ms, gone_us = self._approach(order_id, rows, here)
        depart, slack, late, closer = courses.depart_us[here], courses.slack_us[here], 0, 0
        now = depart + away_ms * 1000 + gone_us
        possible = away_ms < UNREACHABLE
        if order_id not in self._waits:  # no command says "after the loading, before the first of what was loaded"
            possible &= self._unsplit[here]
        for number, task in enumerate(self._tasks[order_id]):
            if number:
                inner = np.array([self._inner[p, order_id] for p in range(len(self._profiles))])[self._profile[rows]]
                possible &= (inner < UNREACHABLE)[:, None]
                now = now + inner[:, None] * 1000
            arrive, now = now, _start(now, task)
            if task.windows:
                late = late + np.maximum(0, now - task.windows[-1].close_us)
                closer = closer + np.maximum(0, arrive + (self._margin_us - task.windows[-1].close_us))
            now = now + int(task.service_s * 1e6)
        out_ms = self._out[self._last[order_id]].take(self._to[here])
        delay = np.maximum(0, now + out_ms * 1000 - courses.arrive_us[here])
        possible &= (out_ms < UNREACHABLE) & (late <= late_us) & (delay <= slack)
        extra = np.maximum(0, delay - courses.wait_us[here])
        risk = self._closer(rows, at, courses.wait_us[here], delay) if self._margin_us else 0
        cost = np.where(possible, extra + closer + risk, NO)
        best = cost.argmin(axis=1)
        k = np.arange(len(rows))
        column = best if not self._appended else at[:, 0]
        return Options(rows, cost[k, best], extra[k, best], column, arrive[k, best], self._away_us(order_id, rows))

    def _approach(self, order_id: str, rows: np.ndarray, here: Any) -> tuple[np.ndarray, np.ndarray | int]:
        """(driving ms to the order's first place, us spent loading on the way) from before each position."""
        into = self._into[self._first[order_id]]
        direct = into.take(self._from[here])
        if order_id not in self._waits:
            return direct, 0
        via = self._via_ms[here] + into.take(self._depot_row[rows])[:, None]
        return np.where(self._loaded[here], direct, np.minimum(via, UNREACHABLE)), self._load_us[here]

    def _away_us(self, order_id: str, rows: np.ndarray) -> np.ndarray:
        into = self._into[self._first[order_id]]
        direct = into.take(self._from[rows, 0])
        if order_id not in self._waits:
            return direct * 1000
        via = self._depot_ms[rows, 0] + into.take(self._depot_row[rows])
        return np.where(self._loaded_from[rows] == 0, direct, via) * 1000

    def _closer(self, rows: np.ndarray, at: np.ndarray, wait_us: np.ndarray, delay_us: np.ndarray) -> np.ndarray:
        """By how much a delay from positions on (``at``, with the wait from there) brings later arrivals nearer to the
        end of their promise than the margin, added up. It reaches a visit but for what is waited in between."""
        waited_us = np.maximum(0, wait_us[:, :, None] - self._courses.wait_us[rows][:, None, :])
        added = np.maximum(delay_us[:, :, None] - waited_us, 0)
        added[np.broadcast_to(self._at < at[:, :, None], added.shape)] = 0  # visits before it
        added += self._risk_us[rows][:, None, :]
        return np.maximum(added, 0, out=added).sum(axis=2) - self._risks_us[rows][:, None]

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

    def __init__(self, places: Sequence[Place] = ()) -> None:
        self.places: list[Place] = []
        self.number: dict[str, int] = {}
        self.of(places)

    def of(self, places: Sequence[Place]) -> list[int]:
        """The number of each place."""
        for place in places:
            if place.place_id not in self.number:
                self.number[place.place_id] = len(self.places)
                self.places.append(place)
        return [self.number[place.place_id] for place in places]


def _tasks(known: OrderView) -> tuple[Task, ...]:
    """The tasks still to do."""
    return known.order.tasks if known.onboard is None else (known.order.last_task,)


def _ends(positions: np.ndarray, most: int) -> np.ndarray:
    """bool [vehicles, positions]: the first and the last position of each route."""
    column = np.arange(most)
    return (column == 0) | (column == positions[:, None] - 1)


def _start(arrive_us: np.ndarray, task: Task) -> np.ndarray:
    start = arrive_us
    for window in reversed(task.windows):
        start = np.where(arrive_us <= window.close_us, np.maximum(arrive_us, window.open_us), start)
    return start


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
