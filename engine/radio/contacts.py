"""From surroundings to contacts: which network is chosen, and from when on it can be used.

Rows are stretches of time (start, end] of devices, by device and then by time, without gap within a device.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from engine.coverage.code import has_wifi, level
from engine.motion import FOREVER_US
from engine.radio.faults import FaultRows
from engine.radio.settings import NO_NETWORK, REATTACH_SIGMA, REATTACH_US, LinkSettings
from engine.runs import opens
from engine.streams import mix_u64

_UNKNOWN = -2  # the network of a device that was never looked at: what it finds first is there at once
_QUANTILES = 4096


@dataclass
class Timeline:
    """Devices on networks, (start, end]; arrays of equal length."""

    device: np.ndarray  # int64
    start_us: np.ndarray  # int64
    end_us: np.ndarray  # int64
    network: np.ndarray  # int64, NO_NETWORK: none
    level: np.ndarray  # int64, of the carrier; 0 over Wi-Fi

    def __len__(self) -> int:
        return len(self.device)

    def rows(self, picked: np.ndarray) -> "Timeline":
        """Some rows."""
        return Timeline(*(values[picked] for values in vars(self).values()))


@dataclass(frozen=True)
class State:
    """What each device is on at a moment: usable from ``ready_us`` on, unchanged up to ``steady_us``; by device."""

    network: np.ndarray  # int64
    level: np.ndarray  # int64
    ready_us: np.ndarray  # int64
    steady_us: np.ndarray  # int64

    @classmethod
    def new(cls, devices: int) -> "State":
        """Of devices not looked at yet."""
        return cls(
            np.full(devices, _UNKNOWN), np.zeros(devices, np.int64),
            np.full(devices, -FOREVER_US), np.full(devices, -FOREVER_US),
        )  # fmt: skip

    def put(
        self, device: np.ndarray, network: np.ndarray, level: np.ndarray, ready_us: np.ndarray, steady_us: np.ndarray
    ) -> None:
        """Set some devices' state."""
        self.network[device], self.level[device] = network, level
        self.ready_us[device], self.steady_us[device] = ready_us, steady_us


class Reattach:
    """How long devices take to a usable network: lognormal after none, ``switch_us`` after another one."""

    def __init__(self, keys: np.ndarray, settings: LinkSettings) -> None:
        self._keys, self._settings = keys, settings
        normal = NormalDist()
        scale = np.exp([REATTACH_SIGMA * normal.inv_cdf((i + 0.5) / _QUANTILES) for i in range(_QUANTILES)])
        self._ppm = np.rint(scale * 1e6).astype(np.int64)  # of the median, by quantile

    def wait_us(self, device: np.ndarray, before: np.ndarray, start_us: np.ndarray) -> np.ndarray:
        """From the moment a network is chosen, by the network before."""
        wait_us = np.where(before == _UNKNOWN, 0, self._settings.switch_us[device])
        dark = (before == NO_NETWORK).nonzero()[0]
        if len(dark):
            wait_us[dark] = self._attach_us(device[dark], start_us[dark])
        return wait_us

    def _attach_us(self, device: np.ndarray, start_us: np.ndarray) -> np.ndarray:
        median = self._settings.reattach_us_median[device]
        draw = mix_u64(self._keys[device] ^ mix_u64(start_us.astype(np.uint64)))
        attach = np.clip(median * self._ppm[(draw >> np.uint64(52)).astype(np.int64)] // 1_000_000, *REATTACH_US)
        return np.where(median > 0, attach, 0)


class Choice:
    """Which network devices choose: Wi-Fi, else the first SIM that works, else the hotspot."""

    def __init__(self, settings: LinkSettings, carriers: int) -> None:
        self._has_wifi, self._wifi = settings.wifi, carriers + 1
        hotspots = settings.hotspot, np.full_like(settings.hotspot, carriers + 2)
        every = [hotspots, *((sims.copy(), sims + 1) for sims in settings.sims.T[::-1])]
        self._mobile = [(carrier, network) for carrier, network in every if (carrier >= 0).any()]  # the best last

    def of(self, device: np.ndarray, code: np.ndarray, dark: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Network and level by row; ``dark`` has bit n set where network n cannot be used."""
        code = code.astype(np.int64)
        network, levels = np.full(len(device), NO_NETWORK), np.zeros(len(device), np.int64)
        for carriers, networks in self._mobile:  # each overwrites those before
            carrier, chosen = carriers[device], networks[device]
            here = np.where((carrier >= 0) & ((dark >> chosen) & 1 == 0), level(code, np.maximum(carrier, 0)), 0)
            network, levels = np.where(here > 0, chosen, network), np.where(here > 0, here, levels)
        at_wifi = self._has_wifi[device] & has_wifi(code) & ((dark >> self._wifi) & 1 == 0)
        return np.where(at_wifi, self._wifi, network), np.where(at_wifi, 0, levels)


def split_at_faults(
    device: np.ndarray, start_us: np.ndarray, code: np.ndarray, faults: FaultRows, from_us: int, until_us: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows (device, start, code) in (from, until] cut where faults begin and end, and the networks at fault as bits."""
    n, m = len(device), len(faults.device)
    if not m:
        return device, start_us, code, np.zeros(n, np.int64)
    begins, ends = np.maximum(faults.start_us, from_us), np.minimum(faults.end_us, until_us)
    device = np.concatenate((device, faults.device, faults.device))
    start_us = np.concatenate((start_us, begins, ends))
    order = np.lexsort((start_us, device))  # stable: a row comes before the edges at its start
    holding = np.maximum.accumulate(np.where(order < n, np.arange(n + 2 * m), 0))
    dark = np.zeros(n + 2 * m, np.int64)
    for network in np.unique(faults.network).tolist():
        change = np.zeros(n + 2 * m, np.int64)
        change[n : n + m] = faults.network == network
        change[n + m :] = -change[n : n + m]
        dark |= np.where(np.cumsum(change[order]) > 0, 1 << network, 0)
    device, start_us, code = device[order], start_us[order], code[order[holding]]
    last = np.append((device[1:] != device[:-1]) | (start_us[1:] != start_us[:-1]), True) & (start_us < until_us)
    return device[last], start_us[last], code[last], dark[last]


def attach(
    state: State, reattach: Reattach, device: np.ndarray, start_us: np.ndarray, network: np.ndarray,
    levels: np.ndarray, until_us: int,
) -> tuple[Timeline, np.ndarray]:  # fmt: skip
    """Rows merged to stretches of one network and level, up to ``until_us``; and since when each can be used.

    A stretch on the network its device was on before goes on; ``state`` is that of the rows' beginning.
    """
    first = opens(device)
    kept = first | opens(network) | opens(levels)
    first, device, start_us = first[kept], device[kept], start_us[kept]
    network, levels = network[kept], levels[kept]
    begin = first.nonzero()[0]
    end_us = np.empty_like(start_us)
    end_us[:-1] = start_us[1:]
    end_us[begin - 1] = until_us  # of the last one too: -1
    before = np.empty_like(network)
    before[1:] = network[:-1]
    before[begin] = state.network[device[begin]]
    changed = network != before
    ready_us = np.empty_like(start_us)
    ready_us[begin] = state.ready_us[device[begin]]
    at = changed.nonzero()[0]
    ready_us[at] = start_us[at] + reattach.wait_us(device[at], before[at], start_us[at])
    since = np.maximum.accumulate(np.where(changed | first, np.arange(len(device)), 0))
    return Timeline(device, start_us, end_us, network, levels), ready_us[since]


def joined(parts: list[Timeline]) -> Timeline:
    """Timelines of different devices as one."""
    parts = [part for part in parts if len(part)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    rows = Timeline(*(np.concatenate(column) for column in zip(*(vars(part).values() for part in parts))))
    return rows.rows(np.argsort(rows.device, kind="stable"))
