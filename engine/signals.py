"""What a receiver tells of its own state beside the position: satellites, C/N0, its spread, power; by circumstance.

Signatures by circumstance after ``domain`` figures: a tunnel takes signal and power away, a jammer adds power and
drowns the signal, a spoofer adds power and its signals are all alike (arXiv 2509.13600). Levels themselves: [A].
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from engine.streams import mix_u64

OPEN, CANYON, NOISY, JAMMED, SPOOFED, FROZEN, DARK, OFF = range(8)
"""Circumstances of a sample: open sky, between tall buildings, at the edge of a jammer's reach, jammed, led astray,
held in place by a spoofer, no sky or no time yet for a fix, receiver off."""

HELD = np.array([False, False, False, True, False, True, True, True])
"""Where the position repeats the one before."""

# By circumstance: the least value and how many more there may be.
_SATELLITES = np.array([12, 5, 4, 0, 11, 11, 0, 0]), np.array([1, 4, 3, 1, 1, 1, 1, 1])
_CN0_DBHZ = np.array([44, 30, 24, 10, 46, 46, 0, 0]), np.array([1, 8, 5, 6, 1, 1, 1, 1])
_SPREAD_DB = np.array([6, 8, 6, 4, 1, 1, 0, 0]), np.array([1, 3, 3, 3, 1, 1, 1, 1])
_POWER_DB = np.array([0, -1, 8, 18, 7, 7, -3, 0]), np.array([1, 2, 4, 8, 1, 1, 1, 1])
_UNDER_OPEN_SKY = [
    (int(least[OPEN]), dtype)
    for (least, _), dtype in zip((_SATELLITES, _CN0_DBHZ, _SPREAD_DB, _POWER_DB), ("u1", "u1", "u1", "i1"))
]


@dataclass
class Signals:
    """Columns beside ``Samples``, of equal length; constant ones take no memory (stride 0).

    ``recorded_us`` int64 is the device's clock, ``samples.occurred_us`` itself where clocks are true. ``satellites``
    uint8 0: no fix, the position repeats the last one, speed and heading are 0. ``cn0_dbhz``, ``cn0_spread_db``
    uint8: mean and deviation over satellites, 0 when none is heard. ``rf_power_db`` int8: received power above the
    usual. ``supply_mv`` uint16. ``powered`` bool: false for a device without power, which measures nothing: its
    row is lost with the cause ``power``.
    """

    recorded_us: np.ndarray
    satellites: np.ndarray
    cn0_dbhz: np.ndarray
    cn0_spread_db: np.ndarray
    rf_power_db: np.ndarray
    supply_mv: np.ndarray
    powered: np.ndarray


@cache
def _stored(value: int | bool, dtype: str) -> bytes:
    return np.array(value, dtype).tobytes()


def constant(value: int | bool, dtype: str, n: int) -> np.ndarray:
    """A column of one value, without memory of its own."""
    return np.ndarray(n, dtype, _stored(value, dtype), 0, (0,))


def reception(circumstance: np.ndarray | None, key: np.ndarray, sample: np.ndarray) -> tuple[np.ndarray, ...]:
    """Satellites, C/N0, spread and power of samples: ``circumstance`` uint8 [n] (None: open sky everywhere).

    ``key`` uint64 and ``sample`` make the draws.
    """
    if circumstance is None:
        return tuple([constant(value, dtype, len(sample)) for value, dtype in _UNDER_OPEN_SKY])
    columns = tuple(np.full(len(sample), value, dtype) for value, dtype in _UNDER_OPEN_SKY)
    rows = np.flatnonzero(circumstance)
    what = circumstance[rows]
    bits = mix_u64(key[rows] + sample[rows].astype(np.uint64))
    for shift, column, (least, span) in zip((0, 8, 16, 24), columns, (_SATELLITES, _CN0_DBHZ, _SPREAD_DB, _POWER_DB)):
        draw = (bits >> np.uint64(shift)) & np.uint64(0xFF)
        column[rows] = least[what] + (draw % span[what].astype(np.uint64)).astype(np.int64)
    return columns
