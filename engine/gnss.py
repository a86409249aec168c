"""Receivers: what satellite positioning makes of the vehicle's motion where the sky is not open.

``Sampler`` gives every sample as under open sky. Here those lose their fix that are in a tunnel, asleep, starting or
jammed; those between tall buildings wander; spoofed ones go where they are led. All of it is a function of (seed,
device, time, what surrounds the vehicle and the device's samples before), so windows change no byte.

Without a fix: satellites 0, speed and heading 0, position as at the last fix (Teltonika wiki, "FMB System settings").
Counters come from the vehicle and run on. A receiver that has had no fix yet shows where it stood when first asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.clock import HOUR, SECOND
from engine.coverage.code import NO_SKY, STREET_CANYON, sky
from engine.coverage.surroundings import Spells
from engine.device_clock import Clocks
from engine.device_rows import DeviceRows
from engine.devices import Devices
from engine.geo import Projection
from engine.interference import NOISY_SIGMA_M, Interference
from engine.motion import FOREVER_US
from engine.noise import NOISE_SIGMA, bell, noise_lanes
from engine.runs import opens, ranges
from engine.samples import Samples
from engine.signals import CANYON, DARK, HELD, NOISY, OFF, OPEN, Signals, constant, reception
from engine.streams import mix_u64
from engine.supply import Supply

COLD_AFTER_US = 4 * HOUR
"""A receiver off for longer knows no orbits any more and starts cold."""
CORRELATED_US = 30 * SECOND
"""How long the error among buildings lasts: 10-60 s."""
OUTLIER_FACTOR = 4.0
"""One in ``_OUTLIERS`` of these spans is that much worse: beyond 50-100 m in a canyon of 20 m. [A]"""
_OUTLIERS = np.uint64(32)
_SALT = np.uint64(0x5851F42D4C957F2D)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_NO_SPELLS = (np.empty(0, np.int64),) * 3


@dataclass(frozen=True)
class Reception:
    """How well each device receives; arrays by device.

    ``cold_start_us`` above 0: the receiver sleeps with the ignition off and, after more than ``COLD_AFTER_US``,
    takes so long to a fix, else ``hot_start_us``; 0: it never sleeps.
    """

    canyon_sigma_m: np.ndarray  # float64, along each axis
    cold_start_us: np.ndarray  # int64
    hot_start_us: np.ndarray  # int64

    @classmethod
    def fit(
        cls,
        devices: int,
        canyon_sigma_m: float | Sequence[float] = 20.0,
        cold_start_s: float | Sequence[float] = 0.0,
        hot_start_s: float | Sequence[float] = 2.0,
    ) -> "Reception":
        """One value for all or one each."""
        sigma_m, cold_s, hot_s = (
            np.array(np.broadcast_to(v, devices), float) for v in (canyon_sigma_m, cold_start_s, hot_start_s)
        )
        return cls(sigma_m, *(np.rint(v * SECOND).astype(np.int64) for v in (cold_s, hot_s)))


class Receivers:
    """The receivers of a fleet's devices, with their clocks and supplies."""

    def __init__(
        self, devices: Devices, reception: Reception, clocks: Clocks, supply: Supply, projection: Projection
    ) -> None:
        n = len(devices)
        self.clocks, self.supply, self.interference = clocks, supply, Interference(projection)
        self.open_sky = np.ones(n, bool)  # by device: nothing was in the way at its last sample
        self._sigma_m = devices.position_sigma_m
        self._reception = reception
        self._key = mix_u64(devices.key ^ _SALT)
        self._e7_per_m = 1e7 / projection.m_per_deg_lat, 1e7 / projection.m_per_deg_lon
        self._of_vehicle = np.argsort(devices.vehicle, kind="stable")  # devices by vehicle
        self._vehicles = devices.vehicle[self._of_vehicle]
        self._sleeps = reception.cold_start_us > 0
        self._any_sleeps = bool(self._sleeps.any())
        # What is carried from window to window, by device: the last position, the moment up to which there is no
        # fix (a tunnel's end, a start), and the ignition's past.
        self._lat_e7, self._lon_e7 = np.zeros(n, np.int32), np.zeros(n, np.int32)
        self._told = np.zeros(n, bool)
        self._dark_us = np.full(n, -FOREVER_US)
        self._last_dark_us = -FOREVER_US  # the latest of these moments
        self._was_on = np.zeros(n, bool)
        self._on_us = np.full(n, -FOREVER_US)

    def measure(self, samples: Samples, spells: Spells | None) -> Signals:
        """What the devices make of samples under open sky, whose position, speed and heading change in place.

        ``samples`` are a window's, as ``Sampler`` gives them; ``spells`` are the surroundings since the window before,
        those under open sky may be left out (None: open sky everywhere). A window without samples may be left out if
        the next one's spells cover it.
        """
        rows = DeviceRows(samples, len(self._key))
        supply_mv, powered = self.supply.read(rows)
        circumstance = self._circumstances(rows, spells, powered)
        if circumstance is not None:
            self._wander(samples, circumstance)
            self.interference.mislead(rows, circumstance)
            self._hold(rows, circumstance)
        self._lat_e7[rows.device], self._lon_e7[rows.device] = samples.lat_e7[rows.last], samples.lon_e7[rows.last]
        self._told[rows.device] = True
        self.open_sky[rows.device] = True if circumstance is None else circumstance[rows.last] == OPEN
        key = self._key[samples.device] if circumstance is not None else self._key
        satellites, cn0, spread, power = reception(circumstance, key, samples.sample)
        fix = None if circumstance is None else satellites > 0
        recorded_us = self.clocks.stamp(samples.device, samples.occurred_us, fix)
        if powered is None:
            powered = constant(True, "?", len(samples))
        return Signals(recorded_us, satellites, cn0, spread, power, supply_mv, powered)

    def error_e7(self, device: np.ndarray, at_us: int) -> tuple[np.ndarray, np.ndarray]:
        """Errors (north, east) of positions devices are asked for at a moment under open sky; int64, 1e-7 degree.

        Drawn apart from those of samples, by device and second.
        """
        lanes = noise_lanes(mix_u64(self._key[device]), np.full(len(device), at_us // SECOND))
        step_m = self._sigma_m[device] / NOISE_SIGMA
        north, east = (
            np.rint(bell(lanes, axis, np.empty(len(device))) * (step_m * e7)).astype(np.int64)
            for axis, e7 in enumerate(self._e7_per_m)
        )
        return north, east

    # -- what holds at each sample
    # ------------------------------------------------------------------------------------------

    def _circumstances(self, rows: DeviceRows, spells: Spells | None, powered: np.ndarray | None) -> np.ndarray | None:
        """By sample, uint8; None: open sky everywhere."""
        spells = spells or None
        dark = rows.samples.occurred_us.min(initial=FOREVER_US) <= self._last_dark_us
        if not (spells or dark or self.interference or powered is not None or self._any_sleeps):
            return None
        out = np.zeros(len(rows.samples), np.uint8)
        if spells is not None:
            _paint(rows, out, *self._in_view(spells, STREET_CANYON), CANYON)
        self.interference.paint(rows, out)
        starting = rows.device[rows.samples.occurred_us[rows.first] <= self._dark_us[rows.device]]
        _paint(rows, out, starting, -FOREVER_US, self._dark_us[starting], DARK)
        if spells is not None:
            tunnel, since_us, until_us = self._in_view(spells, NO_SKY)
            self._no_fix(rows, out, tunnel, since_us, until_us + self._reception.hot_start_us[tunnel])
        if self._any_sleeps:
            self._sleep(rows, out)
        if powered is not None:
            out[~powered] = OFF
        if len(rows.device):
            self.interference.forget(int(rows.samples.occurred_us[rows.first].min()))
        return out if out.any() else None

    def _in_view(self, spells: Spells, view: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Devices whose vehicle has one view of the sky, and their spells of it: (device, start_us, end_us)."""
        spell = (sky(spells.code) == view).nonzero()[0]
        if not len(spell):
            return _NO_SPELLS
        vehicle = spells.vehicle[spell]
        first = self._vehicles.searchsorted(vehicle)
        count = self._vehicles.searchsorted(vehicle, side="right") - first
        spell = spell.repeat(count)
        return self._of_vehicle[ranges(first, count)], spells.start_us[spell], spells.end_us[spell]

    def _no_fix(
        self, rows: DeviceRows, out: np.ndarray, device: np.ndarray, since_us: np.ndarray, until_us: np.ndarray
    ) -> None:
        """Devices that have no fix in (since, until], which may reach into windows to come."""
        if not len(device):
            return
        _paint(rows, out, device, since_us, until_us, DARK)
        np.maximum.at(self._dark_us, device, until_us)
        self._last_dark_us = max(self._last_dark_us, int(until_us.max()))

    def _sleep(self, rows: DeviceRows, out: np.ndarray) -> None:
        """Receivers that sleep with the ignition off, and are without a fix for a while when they wake."""
        runs = rows.runs()
        runs = runs.only(self._sleeps[runs.device])
        t, device, place = rows.samples.occurred_us, runs.device, np.arange(len(runs.first))
        last_us = t[runs.stop - 1]
        seen_us = np.where(runs.rank > 1, last_us[np.maximum(place - 2, 0)], self._on_us[device])
        wakes = np.flatnonzero(runs.on & ((runs.rank > 0) | ~self._was_on[device]))
        waking, begin_us = device[wakes], t[runs.first[wakes]]
        cold = begin_us - seen_us[wakes] > COLD_AFTER_US
        needs_us = np.where(cold, self._reception.cold_start_us[waking], self._reception.hot_start_us[waking])
        self._no_fix(rows, out, waking, begin_us - 1, begin_us - 1 + needs_us)
        np.maximum.at(self._on_us, device[runs.on], last_us[runs.on])
        self._was_on[device] = runs.on  # of several runs the last one stays
        off = np.flatnonzero(~runs.on)
        out[ranges(runs.first[off], runs.stop[off] - runs.first[off])] = OFF

    # -- what becomes of the positions
    # ------------------------------------------------------------------------------------------

    def _wander(self, samples: Samples, circumstance: np.ndarray) -> None:
        """Errors that last, where buildings reflect or a jammer is near."""
        rows = np.flatnonzero((circumstance == CANYON) | (circumstance == NOISY))
        device, at_us = samples.device[rows], samples.occurred_us[rows]
        sigma_m = np.where(circumstance[rows] == CANYON, self._reception.canyon_sigma_m[device], NOISY_SIGMA_M)
        north, east = lasting_noise(self._key[device], at_us)
        samples.lat_e7[rows] += np.rint(north * (sigma_m * self._e7_per_m[0])).astype(np.int32)
        samples.lon_e7[rows] += np.rint(east * (sigma_m * self._e7_per_m[1])).astype(np.int32)

    def _hold(self, rows: DeviceRows, circumstance: np.ndarray) -> None:
        """Repeat the position before, where there is no new one."""
        s = rows.samples
        held = np.flatnonzero(HELD[circumstance])
        device = s.device[held]
        opening = opens(held - np.arange(len(held))) | opens(device)
        run = np.cumsum(opening) - 1
        first = held[opening]
        own = s.device[first]
        opens_window = first == rows.begin[own]  # else the row before has a fix
        for stored, carried in ((s.lat_e7, self._lat_e7), (s.lon_e7, self._lon_e7)):
            known = np.where(self._told[own], carried[own], stored[first])
            stored[held] = np.where(opens_window, known, stored[np.maximum(first - 1, 0)])[run]
        s.speed_cmps[held] = 0
        s.heading_cdeg[held] = 0


def _paint(
    rows: DeviceRows, out: np.ndarray, device: np.ndarray, since_us: np.ndarray | int, until_us: np.ndarray, what: int
) -> None:
    """Say what holds at the samples of devices in their spans (since, until]."""
    if len(device):
        out[rows.between(device, since_us, until_us)[1]] = what


def lasting_noise(key: np.ndarray, at_us: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two errors (north, east) that change over ``CORRELATED_US``, by (key, time) alone; float64 [n].

    Deviation 1, with the outliers 1.21. Between two draws, one a span, the error goes over from one to the other with
    its variance kept; errors two spans apart are independent.
    """
    span = at_us // CORRELATED_US
    share = (at_us - span * CORRELATED_US) / float(CORRELATED_US)
    total = np.zeros((2, len(at_us)))
    draw = np.empty(len(at_us))
    for number, weight in ((span, 1.0 - share), (span + 1, share)):
        lanes = noise_lanes(key, number)
        lot = mix_u64((key ^ _SALT) + number.astype(np.uint64) * _GOLDEN) % _OUTLIERS
        weight = weight * np.where(lot == 0, OUTLIER_FACTOR, 1.0)
        for axis in range(2):
            total[axis] += bell(lanes, axis, draw) * weight
    total /= NOISE_SIGMA * np.sqrt(share * share + (1.0 - share) * (1.0 - share))
    return total[0], total[1]
