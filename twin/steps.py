"""Samples in the order they were taken, with what changed from one to the next of the same device.

A sample that arrives after a newer one of its device is history and is passed over: what follows a live signal must
not run on history that comes backwards. How reception is cut into batches changes nothing.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.geofences import distance_m
from twin.samples import SampleBatch

NEVER_US = -(2**62)
SAME_DEG = 5e-7
"""Half of 1e-6 degree, 6 cm."""


@dataclass(frozen=True)
class Steps:
    """Samples by device, with what changed since the one before and since the last fix; NaN: unknown.

    A fix is new unless the receiver has none (satellites 0), or position and speed of a moving vehicle repeat to the
    last digit: so do telephones that pass on an old fix, for minutes at times.
    """

    now: SampleBatch
    first: np.ndarray  # bool: the device's first in this batch
    dt_s: np.ndarray
    wheel_m: np.ndarray  # odometer, since the sample before
    speed_mps: np.ndarray  # NaN also without a fix, as the next
    speed_before_mps: np.ndarray
    supply_before_mv: np.ndarray
    same_place: np.ndarray  # bool: told the same position as before, to 1e-6 degree, and not for want of a fix
    fix_dt_s: np.ndarray  # from new fix to new fix, as the next
    moved_m: np.ndarray
    fix_wheel_m: np.ndarray


class _Last(NamedTuple):
    """The newest sample and the newest fix of every device, arrays by device row."""

    sample: np.ndarray
    recorded_us: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    odometer_m: np.ndarray
    speed_mps: np.ndarray
    supply_mv: np.ndarray
    fix_us: np.ndarray
    fix_lat: np.ndarray
    fix_lon: np.ndarray
    fix_odometer_m: np.ndarray


def _nobody(n: int) -> _Last:
    return _Last(
        *(
            np.full(n, -1 if name == "sample" else NEVER_US if name.endswith("_us") else np.nan)
            for name in _Last._fields
        )
    )


class Follower:
    """Follows every device's samples; ``take`` gives the steps a batch adds."""

    def __init__(self) -> None:
        self._last = _nobody(0)

    @property
    def devices(self) -> int:
        """How many device rows there are."""
        return len(self._last.sample)

    def take(self, batch: SampleBatch) -> Steps | None:
        """Steps of a batch (all that was received in its span of time); None if it adds none."""
        if not len(batch):
            return None
        self._grow(int(batch.device.max()) + 1)
        batch = batch.take(np.lexsort((batch.sample, batch.received_us, batch.device)))
        batch = batch.take(self._in_order(batch))
        return self._steps(batch) if len(batch) else None

    def _grow(self, devices: int) -> None:
        more = devices - self.devices
        if more > 0:
            self._last = _Last(*(np.append(old, new) for old, new in zip(self._last, _nobody(more))))

    def _in_order(self, batch: SampleBatch) -> np.ndarray:
        """Rows with a higher sample number than every earlier one of their device."""
        base = batch.device.astype(np.int64) << 40
        number = base + batch.sample
        before = np.append(-1, np.maximum.accumulate(number)[:-1])
        return np.flatnonzero(number > np.maximum(before, base + self._last.sample[batch.device]))

    def _steps(self, now: SampleBatch) -> Steps:
        last, device = self._last, now.device
        first = np.append(True, device[1:] != device[:-1])

        def previous(column: np.ndarray, remembered: np.ndarray) -> np.ndarray:
            return np.where(first, remembered[device], np.append(column[:1], column[:-1]))

        told = now.satellites > 0
        speed_mps = np.where(told, now.speed_mps, np.nan)
        speed_before = previous(speed_mps, last.speed_mps)
        same = (np.abs(now.lat - previous(now.lat, last.lat)) < SAME_DEG) & (
            np.abs(now.lon - previous(now.lon, last.lon)) < SAME_DEG
        )
        new = told & ~(same & (speed_mps == speed_before) & (speed_mps > 0))

        fix_row = np.maximum.accumulate(np.where(new, np.arange(len(now)), -1))
        start = np.maximum.accumulate(np.where(first, np.arange(len(now)), 0))
        before = np.append(-1, fix_row[:-1])

        def previous_fix(column: np.ndarray, remembered: np.ndarray) -> np.ndarray:
            return np.where(before >= start, column[before], remembered[device])

        lat, lon = previous_fix(now.lat, last.fix_lat), previous_fix(now.lon, last.fix_lon)
        fix_us, fix_odometer = (
            previous_fix(now.recorded_us, last.fix_us), previous_fix(now.odometer_m, last.fix_odometer_m)
        )  # fmt: skip
        steps = Steps(
            now,
            first,
            _seconds(now.recorded_us, previous(now.recorded_us, last.recorded_us)),
            now.odometer_m - previous(now.odometer_m, last.odometer_m),
            speed_mps,
            speed_before,
            previous(now.supply_mv.astype(float), last.supply_mv),
            told & same,
            np.where(new, _seconds(now.recorded_us, fix_us), np.nan),
            np.where(new, distance_m(lat, lon, now.lat, now.lon), np.nan),
            now.odometer_m - fix_odometer,
        )
        end = np.flatnonzero(np.append(first[1:], True))
        self._remember(steps, end, fix_row[end], fix_row[end] >= start[end])
        return steps

    def _remember(self, steps: Steps, end: np.ndarray, fix_row: np.ndarray, has_fix: np.ndarray) -> None:
        """Keep each device's last sample (row ``end``) and last new fix (``fix_row``, where it has one)."""
        now, last = steps.now, self._last
        device = now.device[end]
        for name in ("sample", "recorded_us", "lat", "lon", "odometer_m", "supply_mv"):
            getattr(last, name)[device] = getattr(now, name)[end]
        last.speed_mps[device] = steps.speed_mps[end]
        device, row = device[has_fix], fix_row[has_fix]
        last.fix_us[device], last.fix_odometer_m[device] = now.recorded_us[row], now.odometer_m[row]
        last.fix_lat[device], last.fix_lon[device] = now.lat[row], now.lon[row]


def _seconds(now_us: np.ndarray, before_us: np.ndarray) -> np.ndarray:
    """Time gone by; NaN where there was nothing before, or the device's clock did not move on."""
    gone = (now_us - before_us) / 1e6
    return np.where((before_us != NEVER_US) & (gone > 0), gone, np.nan)
