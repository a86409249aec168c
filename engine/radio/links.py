"""Which network a device uses when: coverage, faults, SIM preference, gaps while attaching, data plans.

A device uses Wi-Fi where there is some, else its first SIM with a signal and no fault, else the hotspot. After a
time without any network attaching takes a while (keyed by device and the moment a network came back); a change
of network takes ``switch_us``. A contact (start, end] lasts while network and level stay the same: something sent
at t takes up (t, t + x] and gets through whole when start <= t and t + x <= end.

For messages, at any moment from ``now_us`` (up to where the sample lane has settled) on::

    links.connected(device, t_us) -> Contact | None   # start_us <= t_us < end_us
    links.next_contact_us(device, from_us) -> int     # NEVER_US: none known
    links.transmission_us(device, contact, size_bytes) -> int
    links.rate_bps(device, contact) -> int            # the plan's speed once it is used up
    links.loss_share(device, contact) -> float
    links.use(device, contact, size_bytes, t_us)      # counts against the data plan
    links.on_change.append(f)                         # f(device | None, from_us) when a known future changed
    links.end_device(device, t_us, "dead"); links.revive(device, t_us); links.gone(device) -> cause | None

Data plans are judged at reviews, and a device is ended or revived, only when the lane has settled up to that moment:
``links.settle`` is called for that (the wiring sets it to whatever advances the lane). Something must also advance the
lane at every ``links.review_us``, so that what is under way then is told of another speed.
For the sample lane: ``advance(until_us) -> Window``. Contacts are a function of surroundings, settings and seed;
where windows are cut and who asks what before changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from engine.clock import HOUR
from engine.coverage.surroundings import Surroundings
from engine.motion import FOREVER_US
from engine.radio import NEVER_US
from engine.radio.contacts import State, Timeline, joined
from engine.radio.faults import DAY_US
from engine.radio.futures import Futures
from engine.radio.plans import Plans
from engine.radio.settings import NO_NETWORK, PERFECT, TECHNOLOGY_BPS, WIFI_BPS, Carriers, LinkSettings
from engine.streams import Streams

CAUSES = ("dead", "stolen", "lost")
"""What can end a device."""
_AHEAD_US = HOUR  # how far a window looks into the future with faults, so that the next ones need not
_MESSAGE_US = HOUR // 6  # how far ahead a message that sets out looks
_MOST_DAYS = 400  # how far the next contact is looked for behind faults


class Contact(NamedTuple):
    """A device connected, (start, end], as far as is known now."""

    start_us: int
    end_us: int
    network: int
    level: int


@dataclass
class Window:
    """Contacts of all devices in (from, until].

    A device with ``whole`` is on ``network`` at ``level`` throughout; the contacts of all others are the rows
    (device, start, end, network, level), cut to the window, by device and then by time.
    """

    from_us: int
    until_us: int
    whole: np.ndarray  # bool, by device
    network: np.ndarray  # int64, by device
    level: np.ndarray  # int64, by device
    rows: Timeline


class Links:
    """The connections of a fleet's devices.

    Without surroundings every device is always connected, on the network ``perfect``. ``months_us`` are the
    rising moments at which a data plan starts anew.
    """

    def __init__(
        self, settings: LinkSettings, carriers: Carriers, streams: Streams, start_us: int,
        surroundings: Surroundings | None = None, months_us: Sequence[int] = (),
    ) -> None:  # fmt: skip
        self.settings, self.carriers, self.surroundings = settings, carriers, surroundings
        self.networks = carriers.networks
        self.now_us = int(start_us)
        self.on_change: list[Callable[[int | None, int], None]] = []
        self.on_end: list[Callable[[int, str], None]] = []
        self.settle: Callable[[int], None] | None = None
        self.plans = Plans(settings, len(carriers), start_us, months_us)
        self.keys = np.array([streams.key("link", name) for name in settings.ids], np.uint64)
        self.futures = Futures(settings, carriers, self.keys, surroundings)
        self.losses = carriers.losses(settings.hotspot)
        self._bps = np.array([TECHNOLOGY_BPS] * len(self.networks))  # by network and level
        self._bps[len(carriers) + 1] = WIFI_BPS
        self._state = State.new(len(settings))
        self._off = np.zeros(len(settings), np.int64)  # bits of networks a device may not use
        self._gone: dict[int, str] = {}
        self._known: dict[int, tuple[int, Timeline, int, int]] = {}  # up to when; a device's contacts: rows from, to
        self._devices_of: dict[int, list[int]] = {}
        for device, vehicle in enumerate(settings.vehicle.tolist()):
            self._devices_of.setdefault(vehicle, []).append(device)
            self._changed(device, self.now_us)
        if surroundings is not None:
            surroundings.on_change.append(self._vehicle_changed)

    def __len__(self) -> int:
        return len(self.settings)

    # -- for messages

    def connected(self, device: int, t_us: int) -> Contact | None:
        """The contact in which something can be sent at a moment, if there is one."""
        self._check(t_us)
        state = self._state
        ready_us, steady_us = state.ready_us.item(device), state.steady_us.item(device)
        if ready_us <= t_us < steady_us:  # the common case
            network = state.network.item(device)
            if network == NO_NETWORK:
                return None
            return Contact(ready_us, steady_us, network, state.level.item(device))
        contact = self._next_contact(device, t_us, t_us + _MESSAGE_US)
        return contact if contact is not None and contact.start_us <= t_us else None

    def next_contact_us(self, device: int, from_us: int) -> int:
        """The first moment from ``from_us`` on at which something can be sent, as known now; else ``NEVER_US``."""
        if self.connected(device, from_us) is not None:
            return from_us
        for day in range(1, _MOST_DAYS + 1):
            contact = self._next_contact(device, from_us, from_us + day * DAY_US)
            if contact is not None:
                return max(contact.start_us, from_us)
            if not self.futures.can_recover(device, self._off, self.now_us):
                break
        return NEVER_US

    def rate_bps(self, device: int, contact: Contact) -> int:
        """Bits a second a device can send in a contact."""
        wifi = contact.network == len(self.carriers) + 1
        return self.plans.rate_bps(device, contact.network, WIFI_BPS if wifi else TECHNOLOGY_BPS[contact.level])

    def transmission_us(self, device: int, contact: Contact, size_bytes: int) -> int:
        """How long a message is on the air; 0 on the perfect network."""
        if contact.network == PERFECT:
            return 0
        return -(-size_bytes * 8_000_000 // self.rate_bps(device, contact))

    def loss_share(self, device: int, contact: Contact) -> float:
        """Share of transmissions lost although connected; none over Wi-Fi."""
        return float(self.losses[device, contact.network])

    def use(self, device: int, contact: Contact, size_bytes: int, t_us: int) -> None:
        """Count bytes sent at a moment against the data plan."""
        self.plans.use(device, size_bytes, contact.network, t_us)

    def gone(self, device: int) -> str | None:
        """Why a device sends no more, if so."""
        return self._gone.get(device)

    def end_device(self, device: int, t_us: int, cause: str) -> None:
        """From now on a device sends nothing, and what it holds is lost.

        Raises ValueError when the lane has not settled up to now, for another cause than ``CAUSES``, or when the device
        is gone already.
        """
        self._settle(t_us, f"end device {self.settings.ids[device]}")
        if cause not in CAUSES:
            raise ValueError(f"device {self.settings.ids[device]}: {cause!r} is not one of {', '.join(CAUSES)}")
        if device in self._gone:
            raise ValueError(f"device {self.settings.ids[device]} is {self._gone[device]} already")
        self._gone[device] = cause
        self._changed(device, self.now_us)
        for listener in self.on_end:
            listener(device, cause)

    def revive(self, device: int, t_us: int) -> None:
        """From now on a device sends again (charged, found, replaced).

        Raises ValueError when the lane has not settled up to now, or when the device is not gone.
        """
        self._settle(t_us, f"revive device {self.settings.ids[device]}")
        if device not in self._gone:
            raise ValueError(f"device {self.settings.ids[device]} is not gone")
        del self._gone[device]
        self._changed(device, self.now_us)

    @property
    def review_us(self) -> int:
        """The next review of data plans, FOREVER_US without any."""
        return self.plans.review_us

    # -- for the sample lane

    def advance(self, until_us: int) -> Window:
        """Contacts in (now, until]; now becomes ``until_us``, which lies at or before the next review.

        Raises ValueError when it does not, or lies before now.
        """
        if not self.now_us <= until_us <= self.review_us:
            raise ValueError(f"links: cannot go from {self.now_us} us to {until_us} us, review at {self.review_us} us")
        from_us, state = self.now_us, self._state
        steady = state.steady_us >= until_us
        lasting = steady & (state.network != NO_NETWORK)
        whole = lasting & (state.ready_us <= from_us)
        late = (lasting & ~whole).nonzero()[0]
        rows = Timeline(late, state.ready_us[late], state.steady_us[late], state.network[late], state.level[late])
        stale = (~steady).nonzero()[0]
        if len(stale):
            known_us = until_us + _AHEAD_US if self.futures.faults else FOREVER_US
            ahead, ready_us = self.futures.derive(state, self._off, stale, from_us, known_us)
            last = ((ahead.start_us < until_us) & (ahead.end_us >= until_us)).nonzero()[0]
            at = ahead.rows(last)
            usable = _usable(ahead, ready_us)
            self._know(stale, known_us, usable)
            rows = joined([rows, usable])
            state.put(at.device, at.network, at.level, ready_us[last], at.end_us)
        self.now_us = until_us
        if len(rows):
            within = rows.start_us < until_us
            throughout = within & (rows.start_us <= from_us) & (rows.end_us >= until_us)
            whole[rows.device[throughout]] = True
            rows = rows.rows(within & ~throughout)
            np.minimum(rows.end_us, until_us, out=rows.end_us)
        return Window(from_us, until_us, whole, state.network, state.level, rows)

    def review(self) -> None:
        """Judge the data plans; the lane has settled up to the review."""
        if self.now_us != self.review_us:
            raise ValueError(f"links: cannot review data plans at {self.now_us} us, due at {self.review_us} us")
        for device in np.flatnonzero(self.plans.review()).tolist():
            self._changed(device, self.now_us)

    def rates_kbps(self, device: np.ndarray, network: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Whole kbit/s by row, one at least; not for the perfect network."""
        return np.maximum(self.rates_bps(device, network, level) // 1000, 1)

    def all_gone(self) -> dict[int, str]:
        """Devices that send no more, with the cause."""
        return self._gone

    def rates_bps(self, device: np.ndarray, network: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Bits a second by row; not for the perfect network."""
        return self.plans.rates_bps(device, network, self._bps[network, level])

    # -- housekeeping

    def _next_contact(self, device: int, t_us: int, until_us: int) -> Contact | None:
        """The first contact of a device that lasts beyond a moment, as known now up to ``until_us`` at least."""
        known = self._known.get(device)
        if known is None or known[0] < min(until_us, FOREVER_US):
            until_us, one = self.futures.horizon_us(max(t_us + DAY_US, until_us)), np.array([device])
            derived = self.futures.derive(self._state, self._off, one, self.now_us, until_us)
            self._know(one, until_us, _usable(*derived))
        _, rows, first, stop = self._known[device]
        at = first + int(np.searchsorted(rows.end_us[first:stop], t_us, side="right"))
        return Contact(*(int(getattr(rows, name)[at]) for name in Contact._fields)) if at < stop else None

    def _know(self, devices: np.ndarray, until_us: int, rows: Timeline) -> None:
        """Keep what was derived, up to a moment, about some devices (rising)."""
        first, stop = rows.device.searchsorted(devices), rows.device.searchsorted(devices, "right")
        for device, low, high in zip(devices.tolist(), first.tolist(), stop.tolist()):
            self._known[device] = until_us, rows, low, high

    def _check(self, t_us: int) -> None:
        """That what is known holds at a moment; data plans are reviewed first."""
        if t_us >= self.review_us and self.settle is not None:
            self.settle(t_us)
        if not self.now_us <= t_us < self.review_us:
            raise ValueError(
                f"links: cannot tell what holds at {t_us} us: the lane has settled up to {self.now_us} us, "
                f"data plans are reviewed at {self.review_us} us"
            )

    def _settle(self, t_us: int, what: str) -> None:
        if t_us > self.now_us and self.settle is not None:
            self.settle(t_us)
        if t_us != self.now_us:
            raise ValueError(f"links: cannot {what} at {t_us} us, the lane has settled up to {self.now_us} us")

    def _vehicle_changed(self, vehicle: int | None, from_us: int) -> None:
        if vehicle is not None:
            for device in self._devices_of.get(vehicle, ()):
                self._changed(device, from_us)
            return
        np.minimum(self._state.steady_us, from_us, out=self._state.steady_us)
        self._known.clear()
        for listener in self.on_change:
            listener(None, from_us)

    def _changed(self, device: int, from_us: int) -> None:
        """From a moment on a device's known future is no longer what it was."""
        cut_off = ((1 << len(self.carriers)) - 1) << 1 if self.plans.cut_off(device) else 0
        self._off[device] = -1 if device in self._gone else cut_off
        self._state.steady_us[device] = min(int(self._state.steady_us[device]), from_us)
        self._known.pop(device, None)
        for listener in self.on_change:
            listener(device, from_us)


def _usable(rows: Timeline, ready_us: np.ndarray) -> Timeline:
    """Rows on a network, from when on it can be used; without those that end before."""
    start_us = np.maximum(rows.start_us, ready_us)
    picked = ((start_us < rows.end_us) & (rows.network != NO_NETWORK)).nonzero()[0]
    return replace(rows.rows(picked), start_us=start_us[picked])
