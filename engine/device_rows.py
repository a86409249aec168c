"""Which rows of a window of samples belong to a device, to a span of time, to a run with the ignition on.

For what changes a few rows of many: an incident, a tunnel, a start from cold.
"""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from engine.runs import last_below, opens, ranges, stops
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
        self._devices = devices
        device = samples.device
        self.first = opens(device).nonzero()[0]
        """First rows of the devices that have any."""
        self.last = stops(self.first, len(device)) - 1
        self.device = device[self.first]

    @cached_property
    def begin(self) -> np.ndarray:
        """By device: its first row."""
        return self._by_device(self.first)

    @cached_property
    def _end(self) -> np.ndarray:
        return self._by_device(self.last + 1)

    def _by_device(self, rows: np.ndarray) -> np.ndarray:
        by_device = np.zeros(self._devices, np.int64)
        by_device[self.device] = rows
        return by_device

    def between(
        self, device: np.ndarray | int, from_us: np.ndarray | int, until_us: np.ndarray | int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows of each device in its span of time (from, until]: (which of the spans, row), one after another."""
        device = np.atleast_1d(device)
        begin, end = self.begin[device], self._end[device]
        t = self.samples.occurred_us
        low = last_below(t, begin, end, np.add(from_us, 1)) + 1
        count = np.maximum(last_below(t, begin, end, np.add(until_us, 1)) + 1 - low, 0)
        return np.arange(len(device)).repeat(count), ranges(low, count)

    def runs(self) -> Runs:
        """Runs of samples of one device with the ignition on or off."""
        ignition, n = self.samples.ignition, len(self.samples)
        begins = opens(ignition)
        begins[self.first] = True
        first = begins.nonzero()[0]
        device = self.samples.device[first].astype(np.int64)
        opening = opens(device)
        place = np.arange(len(first))
        rank = place - np.maximum.accumulate(np.where(opening, place, 0))
        return Runs(first, stops(first, n), device, ignition[first], rank)
