"""Which vehicles to look at for an order: those whose routes pass near it as the crow flies."""

from collections.abc import Sequence

import numpy as np

from twin.orders import Place
from twin.policies.common import awaits_loading
from twin.policies.courses import Courses
from twin.views import OrderView

AT_ONCE = 1_000_000
"""Positions times orders worked on together: arrays of 8 MB."""


class Nearby:
    """Detours in degrees of latitude; no driving times are asked for. Arrays have positions first, vehicles last."""

    def __init__(self, courses: Courses, orders: Sequence[OrderView]) -> None:
        places = [place for course in courses.courses for place in course.places]
        first = np.cumsum([0, *(len(course.places) for course in courses.courses)])
        lat, lon = np.array([p.lat for p in places]), np.array([p.lon for p in places])
        self._shrink = np.cos(np.radians(lat.mean())) if len(lat) else 1.0
        position = np.arange(courses.leg_ms.shape[1] + 1)
        at = np.minimum(first[:-1] + position[:, None], first[1:] - 1)
        self._x, self._y = (lon * self._shrink)[at], lat[at]
        self._leg = _length(np.diff(self._x, axis=0), np.diff(self._y, axis=0))
        self._to_depot = _length(self._x[:-1] - self._x[-1], self._y[:-1] - self._y[-1])
        loaded = [course.loaded_from for course in courses.courses]
        self._loaded = position[:-1, None] >= np.array([len(position) if p is None else p for p in loaded])
        self._never_loads = np.array([p is None for p in loaded], bool)

        self._detours: dict[str, np.ndarray] = {}
        at_once = max(1, AT_ONCE // self._leg.size)
        for start in range(0, len(orders), at_once):
            some = orders[start : start + at_once]
            self._detours.update(zip((known.order.order_id for known in some), self._detour(some)))

    def _detour(self, orders: Sequence[OrderView]) -> np.ndarray:
        """The smallest detour each order means for each vehicle: [orders, vehicles]."""
        first = [known.order.tasks[0 if known.onboard is None else -1].place for known in orders]
        last = [known.order.last_task.place for known in orders]
        detour = self._away(first, self._x[:-1], self._y[:-1])
        by_depot = self._to_depot[:, None] + self._away(first, self._x[-1:], self._y[-1:])
        by_depot[:, :, ~self._never_loads] = np.inf
        waits = np.array([awaits_loading(known) for known in orders])[:, None] & ~self._loaded[:, None]
        np.copyto(detour, by_depot, where=waits)
        detour += self._away(last, self._x[1:], self._y[1:])
        detour -= self._leg[:, None]
        return np.round(detour.min(axis=0), 6)

    def _away(self, places: Sequence[Place], x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How far places are from some positions: [positions, places, vehicles]."""
        lat, lon = np.array([p.lat for p in places]), np.array([p.lon for p in places])
        return _length(x[:, None] - (lon * self._shrink)[:, None], y[:, None] - lat[:, None])

    def rows(self, order_id: str, rows: np.ndarray, most: int) -> np.ndarray:
        """The ``most`` vehicles among ``rows`` with the smallest detour, in row order."""
        return np.sort(rows[self._detours[order_id][rows].argsort(kind="stable")[:most]])


def _length(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Of vectors, which are overwritten (numpy's hypot takes five times as long)."""
    x *= x
    y *= y
    x += y
    return np.sqrt(x, out=x)
