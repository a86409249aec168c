"""Which vehicles to look at for an order: those whose routes pass near it as the crow flies."""

import numpy as np

from twin.policies.common import awaits_loading
from twin.policies.courses import Courses
from twin.views import OrderView


class Nearby:
    """Detours in degrees of latitude; no driving times are asked for."""

    def __init__(self, courses: Courses) -> None:
        places = [place for course in courses.courses for place in course.places]
        first = np.cumsum([0, *(len(course.places) for course in courses.courses)])
        lat, lon = np.array([p.lat for p in places]), np.array([p.lon for p in places])
        self._shrink = np.cos(np.radians(lat.mean())) if len(lat) else 1.0
        position = np.arange(courses.leg_ms.shape[1] + 1)
        at = np.minimum(first[:-1, None] + position[None, :], first[1:, None] - 1)
        self._x, self._y = (lon * self._shrink)[at], lat[at]
        self._leg = np.hypot(np.diff(self._x), np.diff(self._y))
        self._depot_x, self._depot_y = self._x[:, -1], self._y[:, -1]
        self._to_depot = np.hypot(self._x[:, :-1] - self._depot_x[:, None], self._y[:, :-1] - self._depot_y[:, None])
        loaded = [course.loaded_from for course in courses.courses]
        self._loaded = position[:-1] >= np.array([len(position) if p is None else p for p in loaded])[:, None]
        self._never_loads = np.array([p is None for p in loaded], bool)

    def rows(self, known: OrderView, rows: np.ndarray, most: int) -> np.ndarray:
        """The ``most`` vehicles among ``rows`` with the smallest detour, in row order."""
        if len(rows) <= most:
            return rows
        tasks = known.order.tasks if known.onboard is None else (known.order.last_task,)
        x, y = tasks[0].place.lon * self._shrink, tasks[0].place.lat
        into = np.hypot(self._x[rows, :-1] - x, self._y[rows, :-1] - y)
        if awaits_loading(known):
            by_depot = self._to_depot[rows] + np.hypot(self._depot_x[rows] - x, self._depot_y[rows] - y)[:, None]
            into = np.where(
                self._loaded[rows], into, np.where(self._never_loads[rows][:, None], by_depot, np.inf)
            )  # fmt: skip
        x, y = tasks[-1].place.lon * self._shrink, tasks[-1].place.lat
        out = np.hypot(self._x[rows, 1:] - x, self._y[rows, 1:] - y)
        detour = (into + out - self._leg[rows]).min(axis=1)
        return np.sort(rows[np.argsort(np.round(detour, 6), kind="stable")[:most]])
