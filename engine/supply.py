"""What feeds a device: the vehicle's battery, or its own that charges while the engine runs.

A state of charge is a function of a device's samples alone: over the time since the sample before, the ignition was
as it is now. Whole microseconds of life left, so windows change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.clock import HOUR
from engine.device_rows import DeviceRows
from engine.motion import FOREVER_US

WIRED_MV = np.array([12_600, 13_800], np.uint16)
"""A 12 V system with the engine off (a full lead battery at rest) and on (the alternator). [A]"""
EMPTY_MV, FULL_MV = 3_300, 4_200
"""A lithium cell; in between in proportion to its charge. [A]"""
CHARGES_FASTER = 4
"""A battery charges so many times as fast as it empties: 14 h of life in 3.5 h. [A]"""
BACKUP_US = 6 * HOUR
"""How long a wired device goes on without the vehicle's battery. [A]"""


@dataclass
class Unplugged:
    """A wired device on its back-up battery in (start, end]."""

    device: int
    start_us: int
    end_us: int = FOREVER_US


class Supply:
    """The supplies of a fleet's devices; ``battery_us`` int64 by device: how long a full battery lasts, 0: wired."""

    def __init__(self, battery_us: np.ndarray, start_us: int) -> None:
        self._battery_us = np.asarray(battery_us, np.int64)
        self._on_battery = self._battery_us > 0
        self._any = bool(self._on_battery.any())
        self._left_us = self._battery_us.copy()
        self._at_us = np.full(len(self._battery_us), start_us, np.int64)
        self._unplugged: list[Unplugged] = []

    @classmethod
    def fit(cls, supply: Sequence[str], battery_h: Sequence[float], start_us: int) -> "Supply":
        """Supplies by device: ``wired``, or ``battery`` with so many hours of life, full at the start."""
        life_us = [round(hours * HOUR) if kind == "battery" else 0 for kind, hours in zip(supply, battery_h)]
        return cls(np.array(life_us, np.int64), start_us)

    def read(self, rows: DeviceRows) -> tuple[np.ndarray, np.ndarray | None]:
        """By sample: supply in mV (uint16) and whether the device has power at all (bool; None: all have)."""
        samples = rows.samples
        supply_mv = WIRED_MV.take(samples.ignition.view(np.uint8))
        if not self._any and not self._unplugged:
            return supply_mv, None
        flat = np.zeros(len(samples), bool)
        if self._any:
            own, left_us = self._charge(rows)
            of = self._battery_us[samples.device[own]]
            supply_mv[own] = EMPTY_MV + (FULL_MV - EMPTY_MV) * left_us // of
            flat[own] = left_us == 0
        for one in self._unplugged:
            _, own = rows.between(one.device, one.start_us, one.end_us)
            left_us = np.maximum(BACKUP_US - (samples.occurred_us[own] - one.start_us), 0)
            supply_mv[own] = EMPTY_MV + (FULL_MV - EMPTY_MV) * left_us // BACKUP_US
            flat[own] = left_us == 0
        supply_mv[flat] = 0
        if len(samples):
            earliest_us = int(samples.occurred_us[rows.first].min())
            self._unplugged = [one for one in self._unplugged if one.end_us >= earliest_us]
        return supply_mv, ~flat if flat.any() else None

    def unplug(self, device: int, start_us: int) -> Unplugged:
        """Take a device off the vehicle's battery; ``plug`` puts it back. One with its own battery does not notice."""
        one = Unplugged(device, start_us)
        if not self._on_battery[device]:
            self._unplugged.append(one)
        return one

    def plug(self, one: Unplugged, end_us: int) -> None:
        """Back on the vehicle's battery after a moment."""
        one.end_us = end_us

    def _charge(self, rows: DeviceRows) -> tuple[np.ndarray, np.ndarray]:
        """Rows of devices with a battery, and what is left at each; int64."""
        runs = rows.runs()
        runs = runs.only(self._on_battery[runs.device])
        t = rows.samples.occurred_us
        pace = np.where(runs.on, CHARGES_FASTER, -1)
        start_us, since_us = np.empty(len(runs.first), np.int64), np.empty(len(runs.first), np.int64)
        for rank in range(int(runs.rank.max(initial=-1)) + 1):
            turn = np.flatnonzero(runs.rank == rank)
            device, last = runs.device[turn], t[runs.stop[turn] - 1]
            start_us[turn], since_us[turn] = self._left_us[device], self._at_us[device]
            grown_us = self._left_us[device] + pace[turn] * (last - self._at_us[device])
            self._left_us[device] = np.clip(grown_us, 0, self._battery_us[device])
            self._at_us[device] = last
        length = runs.stop - runs.first
        run = np.repeat(np.arange(len(length)), length)
        own = np.arange(len(run)) + (runs.first - (np.cumsum(length) - length))[run]
        left_us = start_us[run] + pace[run] * (t[own] - since_us[run])
        return own, np.clip(left_us, 0, self._battery_us[runs.device[run]])
