"""The clocks of devices: they drift, are set right now and then, and jump.

A clock shows true time, plus its drift since it was last set right, plus the jumps in force; whole microseconds,
so that one event and one sample of the same moment carry the same time. Devices without drift or jumps show true
time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.clock import HOUR, SECOND
from engine.motion import FOREVER_US
from engine.runs import opens
from engine.streams import Streams

DAY_US = 24 * HOUR
ROLLOVER_US = -1024 * 7 * DAY_US
"""GPS counts weeks in ten bits: a receiver that overlooks the roll-over is 1,024 weeks behind."""
RESYNCS = ("fix", "daily", "never")
_FIX, _DAILY, _NEVER = range(3)
_DRIFT_MOST_PPB = 1_000_000  # 0.1 %: keeps the product below 2^63 for a century


@dataclass
class Jump:
    """A clock that is wrong by ``by_us`` in (start, end]."""

    device: int
    start_us: int
    by_us: int
    end_us: int = FOREVER_US


class Clocks:
    """The clocks of a fleet; arrays by device.

    ``drift_ppb`` int64; ``resync`` an index into ``RESYNCS``: at every fix, every day at 00:00 UTC, or never since
    the start. What was known of fixes when a clock is read counts: measure up to a moment before reading at it.
    """

    def __init__(self, drift_ppb: np.ndarray, resync: np.ndarray, start_us: int) -> None:
        self._drift_ppb = np.clip(drift_ppb, -_DRIFT_MOST_PPB, _DRIFT_MOST_PPB).astype(np.int64)
        self._resync = np.asarray(resync, np.int64)
        self._start_us = start_us
        self._fixed_us = np.full(len(drift_ppb), start_us, np.int64)
        self._drifts = bool(self._drift_ppb.any())
        self._by_fix = bool((self._drift_ppb[self._resync == _FIX] != 0).any())
        self._jumps: list[Jump] = []

    @classmethod
    def fit(
        cls,
        ids: Sequence[str],
        streams: Streams,
        start_us: int,
        drift_ppm: float | Sequence[float] = 0.0,
        resync: str | Sequence[str] = "fix",
    ) -> "Clocks":
        """Clocks of devices, one value for all or one each; ``drift_ppm`` is the deviation between devices.

        Raises ValueError for a resync that is not one of ``RESYNCS``.
        """
        n = len(ids)
        drift = np.broadcast_to(np.asarray(drift_ppm, float), n)
        how = [resync] * n if isinstance(resync, str) else list(resync)
        for name, value in zip(ids, how):
            if value not in RESYNCS:
                raise ValueError(f"device {name}: resync is {value!r}, expected one of {', '.join(RESYNCS)}")
        normal = np.array([streams.normal("clock", name) if ppm else 0.0 for name, ppm in zip(ids, drift)])
        ppb = np.rint(normal * drift * 1000)
        return cls(ppb, np.array([RESYNCS.index(value) for value in how], np.int64), start_us)

    @property
    def true(self) -> bool:
        """Whether every clock shows true time, and did since the jumps in force began."""
        return not self._drifts and not self._jumps

    @property
    def follow_fixes(self) -> bool:
        """Whether what a clock shows depends on fixes."""
        return self._by_fix

    def read(self, device: int, true_us: int) -> int:
        """What one clock shows at a moment."""
        return int(self._shown(np.array([device]), np.array([true_us], np.int64), self._fixed_us[[device]])[0])

    def stamp(self, device: np.ndarray, true_us: np.ndarray, fix: np.ndarray | None = None) -> np.ndarray:
        """What clocks show at samples: int64; ``true_us`` itself where all are true.

        Rows by device, then time; ``fix`` says which samples have a fix (None: all), and sets clocks right by it.
        """
        if self.true or not len(device):
            return true_us
        fixed_us = self._last_fix(device, true_us, fix) if self._by_fix else true_us
        shown = self._shown(device, true_us, fixed_us)
        earliest_us = int(true_us[opens(device)].min())
        self._jumps = [jump for jump in self._jumps if jump.end_us >= earliest_us]
        return shown

    def jump(self, device: int, start_us: int, by_us: int) -> Jump:
        """From a moment on a clock is wrong by so much; ``end`` puts it right."""
        jump = Jump(device, start_us, by_us)
        self._jumps.append(jump)
        return jump

    def end(self, jump: Jump, end_us: int) -> None:
        """The clock is right again after a moment."""
        jump.end_us = end_us

    def _shown(self, device: np.ndarray, true_us: np.ndarray, fixed_us: np.ndarray) -> np.ndarray:
        shown = true_us.copy()
        if self._drifts:
            how = self._resync[device]
            midnight_us = np.maximum(true_us // DAY_US * DAY_US, self._start_us)
            set_us = np.where(how == _FIX, fixed_us, np.where(how == _DAILY, midnight_us, self._start_us))
            elapsed_us = np.maximum(true_us - set_us, 0)
            shown += elapsed_us // 1000 * self._drift_ppb[device] // SECOND
        for jump in self._jumps:
            shown[(device == jump.device) & (true_us > jump.start_us) & (true_us <= jump.end_us)] += jump.by_us
        return shown

    def _last_fix(self, device: np.ndarray, true_us: np.ndarray, fix: np.ndarray | None) -> np.ndarray:
        """By row: its own time with a fix, else that of the device's last one; moves the state on."""
        last = np.flatnonzero(np.append(device[1:] != device[:-1], True))
        fixed_us = true_us
        if fix is not None:
            first = np.append(0, last[:-1] + 1)
            place = np.arange(len(device))
            newest = np.maximum.accumulate(np.where(fix, place, -1))
            begin = np.repeat(first, last - first + 1)
            fixed_us = np.where(newest >= begin, true_us[newest], self._fixed_us[device])
        self._fixed_us[device[last]] = fixed_us[last]
        return fixed_us
