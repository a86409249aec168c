"""What devices will be on, as far as their surroundings are known."""

import numpy as np

from engine.coverage.surroundings import Surroundings
from engine.motion import FOREVER_US
from engine.radio.contacts import Choice, Reattach, State, Timeline, attach, split_at_faults
from engine.radio.faults import DAY_US, Faults
from engine.radio.settings import NO_NETWORK, PERFECT, Carriers, LinkSettings
from engine.runs import ranges

_FEW = 64  # devices whose surroundings are asked for one by one


class Futures:
    """Derives timelines of networks from surroundings, faults and settings; keeps no state of its own."""

    def __init__(
        self, settings: LinkSettings, carriers: Carriers, keys: np.ndarray, surroundings: Surroundings | None
    ) -> None:
        self.settings, self.surroundings = settings, surroundings
        self.faults = Faults(keys, carriers, settings.hotspot)
        self.reattach = Reattach(keys, settings)
        self.choice = Choice(settings, len(carriers))

    def derive(
        self, state: State, off: np.ndarray, devices: np.ndarray, now_us: int, until_us: int
    ) -> tuple[Timeline, np.ndarray]:
        """What devices (rising) are on in (now, until] as known now, and since when they can use it.

        ``state`` is that of now; ``off`` has, by device, bits of the networks it may not use.
        """
        device, start_us, code = self._spells(devices, now_us, until_us)
        if self.surroundings is None:
            network = np.where(off[device] == 0, PERFECT, NO_NETWORK)
            return attach(state, self.reattach, device, start_us, network, np.zeros_like(network), until_us)
        dark = np.zeros(len(device), np.int64)
        if self.faults:
            faults = self.faults.between(devices, now_us, until_us)
            device, start_us, code, dark = split_at_faults(device, start_us, code, faults, now_us, until_us)
        network, levels = self.choice.of(device, code, dark | off[device])
        return attach(state, self.reattach, device, start_us, network, levels, until_us)

    def _spells(self, devices: np.ndarray, now_us: int, until_us: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Device, start and code of the surroundings of some devices from now on."""
        if self.surroundings is None:
            return devices, np.full(len(devices), now_us), np.zeros(len(devices), np.uint16)
        vehicle = self.settings.vehicle[devices]
        if len(devices) > _FEW:
            spells = self.surroundings.window(now_us, until_us)
            first, stop = np.searchsorted(spells.vehicle, vehicle), np.searchsorted(spells.vehicle, vehicle, "right")
            picked = ranges(first, stop - first)
            return np.repeat(devices, stop - first), spells.start_us[picked], spells.code[picked]
        parts = [self.surroundings.spells(v, now_us) for v in vehicle.tolist()]
        start_us, code = (np.concatenate(column) for column in zip(*parts))
        device, start_us = np.repeat(devices, [len(part[0]) for part in parts]), np.maximum(start_us, now_us)
        over = (device[1:] == device[:-1]) & (start_us[1:] == now_us)  # held up to now, not after
        ahead = (start_us < until_us) & ~np.append(over, False)
        return device[ahead], start_us[ahead], code[ahead]

    def horizon_us(self, t_us: int) -> int:
        """How far contacts are derived: faults are drawn by the day."""
        return (t_us // DAY_US + 1) * DAY_US if self.faults else FOREVER_US

    def can_recover(self, device: int, off: np.ndarray, now_us: int) -> bool:
        """Whether a device without known contact has a network, but for faults, where it comes to rest."""
        if self.surroundings is None or not self.faults:
            return False
        code = self.surroundings.spells(int(self.settings.vehicle[device]), now_us)[1][-1:]
        return bool(self.choice.of(np.array([device]), code, off[[device]])[0] >= 0)
