"""What devices measure: motion sampled on each device's own time grid, thousands of devices at once.

Sampling happens behind the clock, in windows (from, until]. A sample is a function of the motion, the seed,
the device and the sample's number alone, so how the run was cut into windows changes no byte. All arithmetic
is integer or IEEE multiplication, addition, division and floor in a fixed order, which give the same bits on
every machine (headings come with the keyframes: an arctangent, rounded to 1/100 degree).
"""

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np

from engine.devices import Devices
from engine.geo import Projection
from engine.motion import HEADING, ODOMETER, Motion, Stretches, T, X
from engine.noise import NOISE_SIGMA, bell, noise_lanes
from engine.runs import opens, ranges, stops
from engine.samples import Samples

_BLOCK = 16_384  # samples (and keyframes) worked on at a time: what the second-level cache holds
_PLACE = ("lon_e7", "lat_e7")
_COUNTERS = ("odometer_m", "fuel_ml", "energy_wh", "engine_s")


@dataclass
class _Pieces:
    """Linear pieces of motion with at least one sample in them; arrays of equal length."""

    device: np.ndarray
    row: np.ndarray  # keyframe at which the piece starts
    first_k: np.ndarray  # grid number of its first sample
    step: np.ndarray  # grid numbers between samples
    count: np.ndarray  # samples
    ignition: np.ndarray
    rest: np.ndarray  # bool: stands at its keyframe


class Sampler:
    """Samples the motion of a fleet, window by window."""

    def __init__(self, motion: Motion, devices: Devices, projection: Projection, start_us: int) -> None:
        self.motion = motion
        self.devices = devices
        self.until_us = start_us
        self._next_k = self._grid(start_us)
        self._parked = (self._next_k - 1) // devices.parked_every
        self._due_us = self._earliest_us()
        self._none = Samples.empty(0)
        self._next_sample = np.zeros(len(devices), np.int64)
        self._device = np.arange(len(devices), dtype=np.int32)
        self._vehicle = devices.vehicle.astype(np.int32)
        self._period_us = _shared(devices.period_us)
        self._own_device = np.array_equal(devices.vehicle, np.arange(len(motion)))
        north_mm_per_e7, east_mm_per_e7 = projection.m_per_deg_lat * 1e-4, projection.m_per_deg_lon * 1e-4
        # What a sample shows of a keyframe's columns from X to ENGINE: value / unit + offset, rounded.
        self._unit = np.array([[east_mm_per_e7], [north_mm_per_e7], [1e3], [1e3], [1e3], [1e6]])
        self._offset = np.array([[projection.lon0 * 1e7], [projection.lat0 * 1e7], [0.0], [0.0], [0.0], [0.0]]) + 0.5
        step_mm = devices.position_sigma_m * (1e3 / NOISE_SIGMA)
        self._noise_e7 = _shared(step_mm / east_mm_per_e7), _shared(step_mm / north_mm_per_e7)
        self._noise_cmps = _shared(devices.speed_sigma_mps * (100.0 / NOISE_SIGMA))

    def sample(self, until_us: int) -> Samples:
        """All samples in (time of the last call, ``until_us``]; the motion up to there is then forgotten.

        Raises ValueError when ``until_us`` lies before the last call's.
        """
        if until_us < self.until_us:
            raise ValueError(f"sampled up to {self.until_us} us, cannot sample up to {until_us} us again")
        if until_us < self._due_us:
            return self._none
        end_k = self._grid(until_us)
        passed = self.motion.stretches(until_us, self._idle(end_k))
        stretches, device = self._by_device(passed)
        out, done = self._none, 0
        if len(device):
            most = int((end_k - self._next_k).sum())
            out = Samples.empty(most)
            for part in self._blocks(stretches, device, most):
                pieces = self._pieces(stretches, device, part)
                n = int(pieces.count.sum())
                if n:
                    self._fill(pieces, out.slice(done, done + n))
                    done += n
        self._next_k = end_k
        self._due_us = self._earliest_us()
        self.until_us = until_us
        self.motion.forget(until_us, passed)
        return out.slice(0, done)

    def _earliest_us(self) -> int:
        """No sample can be due before this moment: the earliest next grid point of any device."""
        return (
            int((self.devices.phase_us + self._next_k * self.devices.period_us).min()) if len(self.devices) else 1 << 62
        )

    def _grid(self, t_us: int) -> np.ndarray:
        """By device: the number of its first grid point after a moment."""
        return (t_us - self.devices.phase_us) // self.devices.period_us + 1

    def _idle(self, end_k: np.ndarray) -> np.ndarray:
        """By vehicle: parked, none of its devices takes a sample before these grid points."""
        parked = (end_k - 1) // self.devices.parked_every
        quiet, self._parked = parked == self._parked, parked
        if self._own_device:
            return quiet
        idle = np.ones(len(self.motion), bool)
        idle[self.devices.vehicle[~quiet]] = False
        return idle

    def _by_device(self, by_vehicle: Stretches) -> tuple[Stretches, np.ndarray]:
        """Stretches once for each device of their vehicle, and that device's index."""
        if self._own_device:
            return by_vehicle, by_vehicle.vehicle
        start = np.searchsorted(by_vehicle.vehicle, self.devices.vehicle)
        count = np.searchsorted(by_vehicle.vehicle, self.devices.vehicle, side="right") - start
        picked = ranges(start, count)
        device = np.repeat(np.arange(len(self.devices)), count)
        return Stretches(*(getattr(by_vehicle, f.name)[picked] for f in fields(Stretches))), device

    def _blocks(self, stretches: Stretches, device: np.ndarray, most_samples: int) -> list[slice]:
        """Cut the stretches into runs with about _BLOCK keyframes and samples each."""
        keyframes = stretches.stop - stretches.first + 1
        if most_samples + int(keyframes.sum()) <= _BLOCK:
            return [slice(0, len(keyframes))]
        from_us = np.maximum(self.motion.keyframes[stretches.first, T], self.until_us)
        load = np.cumsum((stretches.end_us - from_us) // self.devices.period_us[device] + 1 + keyframes)
        edges = np.searchsorted(load, np.arange(_BLOCK, int(load[-1]) + _BLOCK, _BLOCK), side="right")
        edges = np.unique(np.concatenate(([0], edges, [len(load)])))
        return [slice(int(a), int(b)) for a, b in pairwise(edges)]

    def _pieces(self, stretches: Stretches, device: np.ndarray, part: slice) -> _Pieces:
        """Which pieces between keyframes hold samples, and how many."""
        devices, device = self.devices, device[part]
        first, last = stretches.first[part], stretches.last[part]
        length = stretches.stop[part] - first + 1
        ends = length.cumsum()
        starts = ends - length
        of = np.arange(len(length)).repeat(length)
        row = np.arange(len(of)) + (first - starts)[of]
        phase, period = devices.phase_us[device], _pick(self._period_us, device)
        # Dividing whole numbers below 2^53 as floats never crosses a whole number, and is twice as fast.
        start_k = (self.motion.keyframes[row, T] - phase[of]) / _pick(period, of)
        start_k = np.floor(start_k, out=start_k).astype(np.int64) + 1
        start_k[starts] = np.maximum(start_k[starts], self._next_k[device])
        end_k = np.empty_like(start_k)
        end_k[:-1] = start_k[1:]
        end_k[ends - 1] = (stretches.end_us[part] - phase) // period + 1
        rest = row == last[of]
        ignition = stretches.ignition[part][of] & ~rest
        step = np.ones_like(start_k)
        off = (~ignition).nonzero()[0]
        every = devices.parked_every[device][of[off]]
        step[off] = every
        first_k = start_k.copy()
        first_k[off] = -(-start_k[off] // every)
        count = end_k - first_k
        count[off] = -(-end_k[off] // every) - first_k[off]
        first_k[off] *= every
        has = (count > 0).nonzero()[0]
        return _Pieces(device[of[has]], row[has], first_k[has], step[has], count[has], ignition[has], rest[has])

    def _fill(self, p: _Pieces, out: Samples) -> None:
        """Take pieces at their grid points and write the rows."""
        k = self.motion.keyframes
        start = np.ascontiguousarray(k[p.row].T)
        change = (k[p.row + 1 - p.rest].T - start).astype(float)
        change[T, p.rest] = 1.0
        n, starts = len(out), p.count.cumsum() - p.count
        of = np.arange(len(starts)).repeat(p.count)

        # Time since the keyframe, exact: whole numbers far below 2^53.
        period_us = _pick(self._period_us, p.device)
        first_us = p.first_k * period_us + self.devices.phase_us[p.device] - start[T]
        step_us = _shared((p.step * period_us).astype(float))
        since_us = np.arange(float(n))
        since_us *= _pick(step_us, of)
        since_us += _take(first_us - step_us * starts, of, np.empty(n))
        np.add(start[T][of], since_us, out=out.occurred_us, casting="unsafe")

        _take(self._device[p.device], of, out.device)
        _take(self._vehicle[p.device], of, out.vehicle)
        _take(start[HEADING].astype(np.uint16), of, out.heading_cdeg)
        _take(p.ignition, of, out.ignition)
        np.add(
            _take(self._number(p.device, starts, n), of, out.sample),
            np.arange(n, dtype=np.int32),
            out=out.sample,
        )
        self._measure(p.device, start, change, of, since_us, out)

    def _measure(
        self, device: np.ndarray, start: np.ndarray, change: np.ndarray, of: np.ndarray, since_us: np.ndarray,
        out: Samples,
    ) -> None:  # fmt: skip
        """Interpolate positions, counters and speed, and add noise.

        ``start`` and ``change`` are by column of a keyframe and by piece, ``of`` and ``since_us`` the piece of each row
        and the time since it began.
        """
        noise = noise_lanes(self.devices.key[device][of], out.sample)
        base = start[X:HEADING] / self._unit + self._offset
        values, draw = np.empty((len(base), len(of))), np.empty((len(base), len(of)))
        _take(change[X:HEADING] / (self._unit * change[T]), of, values)
        values *= since_us
        values += _take(base, of, draw)
        for axis, sigma, column in zip((1, 0), self._noise_e7, values):
            column += bell(noise, axis, draw[axis]) * _pick(_pick(sigma, device), of)
        for name, column in zip((*_PLACE, *_COUNTERS), np.floor(values, out=values)):
            getattr(out, name)[:] = column
        cmps = change[ODOMETER] / change[T] * 1e5  # mm/us to cm/s
        speed = bell(noise, 2, draw[0])
        speed *= np.where(cmps > 0, _pick(self._noise_cmps, device), 0.0)[of]
        speed += (cmps + 0.5)[of]
        out.speed_cmps[:] = np.minimum(np.maximum(speed, 0), 65_535)

    def _number(self, device: np.ndarray, starts: np.ndarray, n: int) -> np.ndarray:
        """By piece: its device's next number less that sample's place among n; moves the counters on."""
        new = opens(device)
        devices, places = device[new], starts[new]
        base = self._next_sample[devices] - places
        self._next_sample[devices] += stops(places, n) - places
        return base[new.cumsum() - 1].astype(np.int32)


def _shared(values: np.ndarray) -> np.ndarray:
    """One value where all are equal (it then broadcasts for free), else the values."""
    return values[:1] if len(values) and (values == values[0]).all() else values


def _pick(values: np.ndarray, of: np.ndarray) -> np.ndarray:
    """values[of], where a single value stands for all."""
    return values if len(values) == 1 else values[of]


def _take(values: np.ndarray, of: np.ndarray, out: np.ndarray) -> np.ndarray:
    """values[..., of] into ``out``."""
    return values.take(of, -1, out, "clip")  # clip: numpy checks bounds through a copy otherwise
