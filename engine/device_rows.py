"""Which rows of a window of samples belong to a device, to a span of time, to a run with the ignition on.

For what changes a few rows of many: an incident, a tunnel, a start from cold.
"""

from dataclasses import dataclass, fields

import numpy as np

from engine.motion import ranges
from engine.samples import Samples


@dataclass(frozen=True)
class Runs:
    """Rows ``first`` to ``stop`` of one device between switches of the ignition; arrays of equal length.

    By device, then time, on and off in turn. ``rank`` counts a device's runs in the window from 0.
    """

    first: np.ndarray  # int64
    stop: np.ndarray  # int64
    device: np.ndarray  # int64
    on: np.ndarray  # bool
    rank: np.ndarray  # int64

    def only(self, which: np.ndarray) -> "Runs":
        """Some of them: all runs of some devices."""
        return Runs(*(getattr(self, field.name)[which] for field in fields(self)))


class DeviceRows:
    """The rows of each device in a window of samples (by device, then time)."""

    def __init__(self, samples: Samples, devices: int) -> None:
        self.samples = samples
        device = samples.device
        edges = (device[1:] != device[:-1]).nonzero()[0] + 1
        n = len(device)
        self.first = np.append(np.zeros(min(n, 1), np.int64), edges)
        """First rows of the devices that have any."""
        self.last = np.append(edges, np.full(min(n, 1), n)) - 1
        self.device = device[self.first]
        self.begin = np.zeros(devices, np.int64)
        """By device: its first row."""
        self._end = np.zeros(devices, np.int64)
        self.begin[self.device], self._end[self.device] = self.first, self.last + 1

    def between(
        self, device: np.ndarray | int, from_us: np.ndarray | int, until_us: np.ndarray | int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows of each device in its span of time (from, until]: (which of the spans, row), one after another."""
        device = np.atleast_1d(device)
        begin, end = self.begin[device], self._end[device]
        low = self._first_after(begin, end, from_us)
        count = np.maximum(self._first_after(begin, end, until_us) - low, 0)
        return np.repeat(np.arange(len(device)), count), ranges(low, count)

    def runs(self) -> Runs:
        """Runs of samples of one device with the ignition on or off."""
        ignition, n = self.samples.ignition, len(self.samples)
        opens = np.ones(n, bool)
        np.not_equal(ignition[1:], ignition[:-1], out=opens[1:])
        opens[self.first] = True
        first = np.flatnonzero(opens)
        device = self.samples.device[first].astype(np.int64)
        opening = np.append(True, device[1:] != device[:-1])[: len(first)]
        place = np.arange(len(first))
        rank = place - np.maximum.accumulate(np.where(opening, place, 0))
        return Runs(first, np.append(first[1:], n)[: len(first)], device, ignition[first], rank)

    def _first_after(self, begin: np.ndarray, end: np.ndarray, moment_us: np.ndarray | int) -> np.ndarray:
        """By span: the first row of begin to end later than its moment, ``end`` if there is none."""
        low, high, t = begin.copy(), end.copy(), self.samples.occurred_us
        while (open_ := low < high).any():
            middle = (low + high) >> 1
            later = t[np.minimum(middle, len(t) - 1)] > moment_us
            high = np.where(open_ & later, middle, high)
            low = np.where(open_ & ~later, middle + 1, low)
        return low
