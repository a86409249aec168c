"""Rows by vehicle and time, and which of them are the newest at a moment."""

import numpy as np

_BITS = 44
"""Microseconds of a day's length in a sort key: 200 days."""


class Track:
    """Two quantities by vehicle and time; ``last`` finds every vehicle's newest row at a moment at once."""

    def __init__(
        self, at_us: np.ndarray, vehicle: np.ndarray, a: np.ndarray, b: np.ndarray, vehicles: int, start_us: int
    ) -> None:
        key = (vehicle.astype(np.int64) << _BITS) + (at_us - start_us)
        self.order = np.argsort(key, kind="stable")
        self._key, self._start_us = key[self.order], start_us
        self.at_us, self.vehicle = at_us[self.order], vehicle[self.order]
        self.a, self.b = a[self.order], b[self.order]
        self._lane = np.arange(vehicles, dtype=np.int64) << _BITS
        if not len(key):  # a row nobody is on, so that looking up needs no special case
            self.at_us, self.vehicle = np.zeros(1, np.int64), np.full(1, -1)
            self.a = self.b = np.zeros(1)
            self.order = np.zeros(0, np.int64)

    def until(self, vehicle: int, at_us: int) -> np.ndarray:
        """A vehicle's rows up to a moment."""
        lane = int(self._lane[vehicle])
        first, stop = np.searchsorted(self._key, [lane, lane + at_us - self._start_us + 1])
        return np.arange(first, max(first, stop))

    def last(self, at_us: int) -> tuple[np.ndarray, np.ndarray]:
        """Each vehicle's newest row, and whether it has one yet (the row is then any)."""
        row = np.searchsorted(self._key, self._lane + (at_us - self._start_us), side="right") - 1
        first = np.searchsorted(self._key, self._lane)
        return np.maximum(row, 0), row >= first
