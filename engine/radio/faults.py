"""Faults of a connection apart from coverage: the core network, the SIM, the session.

Faults of a device on a network begin as a Poisson process and last exponentially; overlapping ones merge, so a
connection is down 1 - exp(-rate x mean) of the time (M/G/infinity). They are nearly independent between carriers
(domain.md section 7: Norway). The faults that begin on a UTC day are a function of (seed, device, network, day).
"""

from dataclasses import dataclass

import numpy as np

from engine.clock import HOUR
from engine.radio.settings import Carriers
from engine.runs import ranges
from engine.streams import key_u64, mix_u64

DAY_US = 24 * HOUR
_UNIT = 2.0**-53
_MOST_A_DAY = 10_000


@dataclass(frozen=True)
class FaultRows:
    """Faults (start, end] of devices on networks; arrays of equal length, sorted by device."""

    device: np.ndarray  # int64
    network: np.ndarray  # int64
    start_us: np.ndarray  # int64
    end_us: np.ndarray  # int64


class Faults:
    """The faults of a fleet: of every device on every carrier, and of its hotspot on the carrier of that.

    ``keys`` are the devices' own, uint64; ``hotspot`` their hotspot's carrier or -1.
    """

    def __init__(self, keys: np.ndarray, carriers: Carriers, hotspot: np.ndarray) -> None:
        self._keys = keys
        self._sources: list[tuple[int, np.ndarray, float, float]] = []  # network, devices, a day, mean
        for carrier, (rate, mean_s) in enumerate(zip(carriers.faults_per_day, carriers.fault_s_mean)):
            if rate > 0:
                self._sources.append((carrier + 1, np.arange(len(keys)), rate, mean_s))
                self._sources.append((len(carriers) + 2, np.flatnonzero(hotspot == carrier), rate, mean_s))
        self._days: dict[int, FaultRows] = {}

    def __bool__(self) -> bool:
        return bool(self._sources)

    def between(self, devices: np.ndarray, from_us: int, until_us: int) -> FaultRows:
        """Faults of some devices (sorted) that touch (from, until]; one lasts a day at most."""
        first, last = from_us // DAY_US - 1, until_us // DAY_US
        parts = [self._of_day(day) for day in range(first, last + 1)]
        columns = []
        for rows in parts:
            low, high = np.searchsorted(rows.device, devices), np.searchsorted(rows.device, devices, "right")
            picked = ranges(low, high - low)
            picked = picked[(rows.end_us[picked] > from_us) & (rows.start_us[picked] < until_us)]
            columns.append([values[picked] for values in vars(rows).values()])
        device, network, start_us, end_us = (np.concatenate(column) for column in zip(*columns))
        order = np.argsort(device, kind="stable")
        return FaultRows(device[order], network[order], start_us[order], end_us[order])

    def _of_day(self, day: int) -> FaultRows:
        if day not in self._days:
            for old in sorted(self._days)[:-3]:
                del self._days[old]
            parts = [self._draw(day, *source) for source in self._sources]
            device, network, start_us, end_us = (np.concatenate(column) for column in zip(*parts))
            order = np.argsort(device, kind="stable")
            self._days[day] = FaultRows(device[order], network[order], start_us[order], end_us[order])
        return self._days[day]

    def _draw(self, day: int, network: int, devices: np.ndarray, rate: float, mean_s: float) -> tuple[np.ndarray, ...]:
        keys = mix_u64(self._keys[devices] ^ np.uint64(key_u64("fault", network, day)))
        count = np.searchsorted(_poisson(rate), _uniform(keys), side="right")
        of = np.repeat(np.arange(len(devices)), count)
        number = ranges(np.zeros_like(count), count)
        draws = mix_u64(keys[of] + (2 * number + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        start_us = day * DAY_US + np.floor(_uniform(draws) * DAY_US).astype(np.int64)
        lasts_us = np.rint(-np.log1p(-_uniform(mix_u64(draws + np.uint64(1)))) * mean_s * 1e6)
        end_us = start_us + np.clip(lasts_us, 1, DAY_US).astype(np.int64)
        return devices[of], np.full(len(of), network), start_us, end_us


def _uniform(bits: np.ndarray) -> np.ndarray:
    return (bits >> np.uint64(11)) * _UNIT


def _poisson(mean: float) -> np.ndarray:
    """Cumulative Poisson probabilities, to where nothing is left; rounded, so that every machine has the same."""
    logs = np.cumsum(np.log(np.maximum(np.arange(min(int(mean + 20 * mean**0.5 + 30), _MOST_A_DAY)), 1)))
    k = np.arange(len(logs))
    return np.round(np.cumsum(np.exp(k * np.log(mean) - mean - logs)), 12)
