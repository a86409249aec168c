"""Who disturbs satellite positioning, where and when: jammers, spoofers, and receivers taken away.

Each is in force in (start, end], so that it changes nothing measured up to its start; ``end_us`` is set when it ends.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from engine.device_rows import DeviceRows
from engine.geo import Projection
from engine.motion import FOREVER_US
from engine.signals import FROZEN, JAMMED, NOISY, OFF, SPOOFED

SPOOFS = ("jump", "frozen", "drift")
INNER_SHARE = 0.7
"""Of a jammer's reach, within which there is no fix at all; a ring of worse positions lies around it. [A]"""
NOISY_SIGMA_M = 25.0
"""Deviation of positions in that ring. [A]"""


@dataclass
class Blind:
    """A receiver that is off or away."""

    device: int
    start_us: int
    end_us: int = FOREVER_US

    def paint(self, rows: DeviceRows, circumstance: np.ndarray) -> None:
        """Say what holds at the samples it touches."""
        _, own = rows.between(self.device, self.start_us, self.end_us)
        circumstance[own] = OFF


@dataclass
class Jam:
    """A jammer on board of a vehicle, silencing one device."""

    device: int
    start_us: int
    end_us: int = FOREVER_US

    def paint(self, rows: DeviceRows, circumstance: np.ndarray) -> None:
        """Say what holds at the samples it touches."""
        _, own = rows.between(self.device, self.start_us, self.end_us)
        circumstance[own] = JAMMED


@dataclass
class JamArea:
    """A jammer at a place; whoever comes near has no fix, or a bad one."""

    lat_e7: int
    lon_e7: int
    m_per_e7: tuple[float, float]  # north, east
    radius_m: float
    start_us: int
    end_us: int = FOREVER_US

    def paint(self, rows: DeviceRows, circumstance: np.ndarray) -> None:
        """Say what holds at the samples it touches."""
        _, own = rows.between(rows.device, self.start_us, self.end_us)
        north_m = (rows.samples.lat_e7[own] - float(self.lat_e7)) * self.m_per_e7[0]
        east_m = (rows.samples.lon_e7[own] - float(self.lon_e7)) * self.m_per_e7[1]
        away2 = north_m * north_m + east_m * east_m
        near = away2 <= self.radius_m**2
        what = np.where(away2 <= (INNER_SHARE * self.radius_m) ** 2, JAMMED, NOISY)
        circumstance[own[near]] = what[near]


@dataclass
class Spoof:
    """A spoofer that follows one vehicle: positions jump by (north, east), stand still, or drift so many m/s."""

    device: int
    mode: str
    north_m: float
    east_m: float
    m_per_e7: tuple[float, float]
    start_us: int
    end_us: int = FOREVER_US

    def paint(self, rows: DeviceRows, circumstance: np.ndarray) -> None:
        """Say what holds at the samples it touches."""
        _, own = rows.between(self.device, self.start_us, self.end_us)
        circumstance[own] = FROZEN if self.mode == "frozen" else SPOOFED

    def mislead(self, rows: DeviceRows, circumstance: np.ndarray) -> None:
        """Change position and speed as the spoofer says where it is believed."""
        if self.mode == "frozen":
            return
        _, own = rows.between(self.device, self.start_us, self.end_us)
        own = own[circumstance[own] == SPOOFED]
        s = rows.samples
        times = (s.occurred_us[own] - self.start_us) / 1e6 if self.mode == "drift" else np.ones(len(own))
        s.lat_e7[own] += np.rint(self.north_m / self.m_per_e7[0] * times).astype(np.int32)
        s.lon_e7[own] += np.rint(self.east_m / self.m_per_e7[1] * times).astype(np.int32)
        if self.mode == "drift":
            course = s.heading_cdeg[own] * (np.pi / 18_000)
            north = s.speed_cmps[own] * np.cos(course) + 100 * self.north_m
            east = s.speed_cmps[own] * np.sin(course) + 100 * self.east_m
            s.speed_cmps[own] = np.clip(np.rint(np.hypot(north, east)), 0, 65_535)
            s.heading_cdeg[own] = np.rint(np.arctan2(east, north) * (18_000 / np.pi)) % 36_000


Disturbance = Blind | Jam | JamArea | Spoof
_AnyOne = TypeVar("_AnyOne", Blind, Jam, JamArea, Spoof)
_ORDER = (JamArea, Jam, Spoof, Blind)


class Interference:
    """All disturbances in force or not yet measured past; their ``paint`` goes from the weakest to the strongest."""

    def __init__(self, projection: Projection) -> None:
        self._m_per_e7 = projection.m_per_deg_lat * 1e-7, projection.m_per_deg_lon * 1e-7
        self._all: list[Disturbance] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def blind(self, device: int, start_us: int) -> Blind:
        """A receiver is off or away from its vehicle from a moment on."""
        return self._begin(Blind(device, start_us))

    def jam(self, device: int, start_us: int) -> Jam:
        """A jammer on board silences a device from a moment on."""
        return self._begin(Jam(device, start_us))

    def jam_area(self, lat: float, lon: float, radius_m: float, start_us: int) -> JamArea:
        """A jammer at a place reaches ``radius_m`` far from a moment on."""
        return self._begin(JamArea(round(lat * 1e7), round(lon * 1e7), self._m_per_e7, radius_m, start_us))

    def spoof(self, device: int, mode: str, north_m: float, east_m: float, start_us: int) -> Spoof:
        """A device is led astray from a moment on, in one of ``SPOOFS``.

        ``jump``: positions are off by (north, east); ``drift``: by so much more every second; ``frozen``: the last
        position stands. Raises ValueError for another mode.
        """
        if mode not in SPOOFS:
            raise ValueError(f"spoofing: mode is {mode!r}, expected one of {', '.join(SPOOFS)}")
        return self._begin(Spoof(device, mode, north_m, east_m, self._m_per_e7, start_us))

    def end(self, disturbance: Disturbance, end_us: int) -> None:
        """It is over after a moment."""
        disturbance.end_us = end_us

    def paint(self, rows: DeviceRows, circumstance: np.ndarray) -> None:
        """Say what holds at each sample: of several on one sample the strongest."""
        for one in sorted(self._all, key=lambda one: _ORDER.index(type(one))):
            one.paint(rows, circumstance)

    def mislead(self, rows: DeviceRows, circumstance: np.ndarray) -> None:
        """Shift what spoofers are believed about."""
        for one in self._all:
            if isinstance(one, Spoof):
                one.mislead(rows, circumstance)

    def forget(self, until_us: int) -> None:
        """Drop what ended before a moment."""
        self._all = [one for one in self._all if one.end_us >= until_us]

    def _begin(self, disturbance: _AnyOne) -> _AnyOne:
        self._all.append(disturbance)
        return disturbance
