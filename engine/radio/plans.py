"""Data plans: bytes a calendar month, and what happens when they are used up.

Bytes over SIMs count, whatever they carry; those over Wi-Fi and the driver's hotspot do not. Charging records come
with a delay: use is reviewed every full hour and at the beginning of a month, and the plan's speed holds from a
review on [A]. So it does not matter in which order bytes sent between two reviews are counted.
"""

from collections.abc import Sequence

import numpy as np

from engine.clock import HOUR
from engine.motion import FOREVER_US
from engine.radio.settings import LinkSettings


class Plans:
    """What each device has used this month. ``review_us`` is the next review; FOREVER_US without data plans."""

    def __init__(self, settings: LinkSettings, carriers: int, start_us: int, months_us: Sequence[int]) -> None:
        self.used_bytes = settings.used_bytes_at_start.copy()
        self.used_up = np.zeros(len(settings), bool)
        self._settings, self._carriers = settings, carriers
        self._months_us = [int(t) for t in months_us if t > start_us]
        self._later: list[tuple[int, int, int]] = []  # device, bytes, when
        self._limited = settings.month_bytes > 0
        self.review_us = FOREVER_US
        if self._limited.any():
            self.review_us = start_us
            self.review()

    def use(self, device: int, size_bytes: int, network: int, t_us: int) -> None:
        """Count bytes sent at a moment."""
        if self.metered(network) and t_us >= self.review_us:
            self._later.append((device, size_bytes, t_us))
        elif self.metered(network):
            self.used_bytes[device] += size_bytes

    def use_all(self, device: np.ndarray, size_bytes: np.ndarray, network: np.ndarray) -> None:
        """Count one message of each row, sent up to the next review; ``size_bytes`` is by device."""
        if self.review_us < FOREVER_US:
            over_sim = device[(network > 0) & (network <= self._carriers)]
            self.used_bytes += np.bincount(over_sim, minlength=len(self.used_bytes)) * size_bytes

    def review(self) -> np.ndarray:
        """Judge what was used up to ``review_us``; returns the devices whose speed changes, bool by device."""
        now_us, before = self.review_us, self.used_up
        if self._months_us and self._months_us[0] <= now_us:
            self.used_bytes[:] = 0
            self._months_us = [t for t in self._months_us if t > now_us]
        self.used_up = self._limited & (self.used_bytes >= self._settings.month_bytes)
        self.review_us = min([(now_us // HOUR + 1) * HOUR, *self._months_us[:1]])
        later, self._later = self._later, []
        for device, size_bytes, t_us in later:
            self.use(device, size_bytes, 1, t_us)
        return before != self.used_up

    def metered(self, network: int) -> bool:
        """Whether bytes over a network count."""
        return 0 < network <= self._carriers

    def cut_off(self, device: int) -> bool:
        """Whether a device's SIMs are cut off until the next month."""
        return bool(self.used_up[device] and self._settings.throttled_bps[device] == 0)

    def rate_bps(self, device: int, network: int, rate_bps: int) -> int:
        """A speed as the data plan has it."""
        slow = self.metered(network) and self.used_up[device]
        return min(rate_bps, int(self._settings.throttled_bps[device])) if slow else rate_bps

    def rates_bps(self, device: np.ndarray, network: np.ndarray, rate_bps: np.ndarray) -> np.ndarray:
        """Speeds as the data plans have them."""
        if self.review_us == FOREVER_US:
            return rate_bps
        slow = self.used_up[device] & (network > 0) & (network <= self._carriers)
        return np.where(slow, np.minimum(rate_bps, self._settings.throttled_bps[device]), rate_bps)
