"""What the radio is made of: the networks of a region, and how each device uses them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NO_NETWORK = -1
PERFECT = 0
"""The network of a world without carriers; carrier c is network c + 1, then Wi-Fi, then the hotspot."""

TECHNOLOGY_BPS = (0, 400_000, 5_000_000, 20_000_000)
"""What a device can send a second by level of coverage: none, 3G or older, LTE, 5G [A]."""
WIFI_BPS = 20_000_000
"""[A]"""
REATTACH_SIGMA = 0.8
"""Spread of the lognormal time to attach again: with a median of 5 s, 95 % lie within 1-24 s [A]."""
REATTACH_US = (1_000_000, 30_000_000)
"""Shortest and longest time to attach again (domain.md section 7 [A])."""


@dataclass(frozen=True)
class Carriers:
    """The mobile networks of a region; tuples by carrier."""

    names: tuple[str, ...] = ()
    loss_share: tuple[float, ...] = ()
    faults_per_day: tuple[float, ...] = ()
    fault_s_mean: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def networks(self) -> tuple[str, ...]:
        """Names of the networks, by index: perfect, each carrier, Wi-Fi, hotspot."""
        return ("perfect", *self.names, "wifi", "hotspot")

    def losses(self, hotspot: np.ndarray) -> np.ndarray:
        """Share of transmissions lost, [devices, networks], by the carrier of each device's hotspot (-1: none)."""
        table = np.zeros((len(hotspot), len(self.networks)))
        table[:, 1 : len(self) + 1] = self.loss_share
        table[:, -1] = np.array([*self.loss_share, 0.0])[hotspot]
        return table


@dataclass(frozen=True)
class LinkSettings:
    """How each device is connected; arrays by device. Build with ``fit``, which fills in defaults.

    ``month_bytes`` is 0 without a data plan; ``throttled_bps`` 0 means cut off until the next month.
    """

    ids: tuple[str, ...]
    vehicle: np.ndarray  # int64, index into Surroundings
    sims: np.ndarray  # int64 [devices, most SIMs], carriers in order of preference; -1: no more
    hotspot: np.ndarray  # int64, carrier of the driver's phone; -1: none
    wifi: np.ndarray  # bool
    reattach_us_median: np.ndarray  # int64; 0: at once
    switch_us: np.ndarray  # int64
    month_bytes: np.ndarray  # int64
    used_bytes_at_start: np.ndarray  # int64
    throttled_bps: np.ndarray  # int64

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def fit(
        cls, ids: Sequence[str], vehicle: Sequence[int] | np.ndarray, sims: Sequence[Sequence[int]] | None = None,
        hotspot: int | Sequence[int] = -1, wifi: bool | Sequence[bool] = False,
        reattach_s_median: float | Sequence[float] = 0.0, switch_s: float | Sequence[float] = 0.0,
        month_bytes: int | Sequence[int] = 0, used_share_at_start: float | Sequence[float] = 0.0,
        throttled_kbps: float | Sequence[float] = 128.0,
    ) -> "LinkSettings":  # fmt: skip
        """Settings of devices; one value for all or one each. ``sims``: carriers of each device, by preference.

        Raises ValueError when the lengths do not agree.
        """
        n = len(ids)
        lists = [[0]] * n if sims is None else [list(of_device) for of_device in sims]
        if len(lists) != n:
            raise ValueError(f"links: {n} devices, but SIMs of {len(lists)}")
        table = np.full((n, max(map(len, lists), default=0)), -1, np.int64)
        for row, of_device in zip(table, lists):
            row[: len(of_device)] = of_device
        month = _whole(month_bytes, n)
        used = np.rint(month * np.broadcast_to(np.asarray(used_share_at_start, float), n)).astype(np.int64)
        return cls(
            tuple(ids), _whole(vehicle, n), table, _whole(hotspot, n), np.array(np.broadcast_to(wifi, n), bool),
            _whole(reattach_s_median, n, 1e6), _whole(switch_s, n, 1e6), month, used,
            _whole(throttled_kbps, n, 1e3),
        )  # fmt: skip


def _whole(values: float | Sequence[float] | np.ndarray, n: int, unit: float = 1) -> np.ndarray:
    return np.rint(np.broadcast_to(np.asarray(values, float), n) * unit).astype(np.int64)
