"""What is lost on the way, repeated, or arrives twice: the part of sending after a batch has left its queue.

Draws are a function of (seed, device, batch, attempt).
"""

import numpy as np

from engine.motion import FOREVER_US
from engine.radio.batches import Batches
from engine.radio.lane_settings import LaneSettings
from engine.radio.links import Links, Window
from engine.radio.queues import Sent
from engine.runs import last_below
from engine.streams import mix_u64

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ATTEMPTS = np.uint64(256)  # told apart by their draws
_HALF = np.uint64(32)
_LOW = np.uint64((1 << 32) - 1)
_COLUMNS = ("device", "batch", "attempt", "due_us", "twice")


class Repeats:
    """Batches waiting to be sent again: those that were lost, and those whose receipt was (``twice``)."""

    def __init__(self, links: Links, settings: LaneSettings) -> None:
        self._links, self._settings = links, settings
        self._keys = links.keys
        self._lost_below = np.rint(links.losses * 2.0**32).astype(np.uint64)  # of 32 random bits
        self._twice_below = np.rint(settings.duplicate_share * 2.0**32).astype(np.uint64)
        self._never_twice = not self._twice_below.any()
        self._never = self._never_twice and not self._lost_below.any()
        self._entries = {name: np.empty(0, np.int64) for name in _COLUMNS}
        self._first_due_us = FOREVER_US

    def due(self, until_us: int) -> bool:
        """Whether anything may be repeated by a moment."""
        return self._first_due_us <= until_us

    def clear(self, device: int) -> None:
        """Forget what a device was to repeat."""
        self._keep(self._entries["device"] != device)

    def sent(self, sent: Sent, attempt: np.ndarray | int = 0) -> np.ndarray:
        """Transmissions that are over: bool, which were lost. They, and doubled ones, are to be repeated."""
        device = sent.of.device
        self._links.plans.use_all(device, self._settings.batch_bytes, sent.network)
        if self._never or not len(device):
            return np.zeros(len(device), bool)
        number = sent.of.batch.astype(np.uint64) * _ATTEMPTS + np.asarray(attempt).astype(np.uint64)
        bits = mix_u64(self._keys[device] + number * _GOLDEN)
        lost = (bits >> _HALF) < self._lost_below[device, sent.network]
        if lost.any():
            self._add(sent, np.broadcast_to(attempt, len(device)), bits, lost.nonzero()[0], False)
        if self._never_twice:
            return lost
        twice = ~lost & ((bits & _LOW) < self._twice_below[device])
        if twice.any():
            self._add(sent, np.zeros(len(device), np.int64), bits, twice.nonzero()[0], True)
        return lost

    def go(self, window: Window) -> tuple[list[Sent], list[Sent]]:
        """Repetitions of a window: what arrived, and what arrived once more."""
        arrived, again = [], []
        while self._first_due_us <= window.until_us:
            entries = self._entries
            moment, network = first_connected(window, entries["device"], entries["due_us"])
            at = (moment < FOREVER_US).nonzero()[0]
            if not len(at):
                self._first_due_us = FOREVER_US if not len(moment) else window.until_us + 1
                break
            of = Batches(entries["device"][at], entries["batch"][at])
            sent = Sent(of, moment[at], network[at])
            attempt, twice = entries["attempt"][at] + 1, entries["twice"][at] == 1
            keep = np.ones(len(moment), bool)
            keep[at] = False
            self._keep(keep)
            self._links.plans.use_all(of.device[twice], self._settings.batch_bytes, sent.network[twice])
            again.append(sent.rows(twice))
            once = sent.rows(~twice)
            arrived.append(once.rows(~self.sent(once, attempt[~twice])))
        return arrived, again

    def _add(self, sent: Sent, attempt: np.ndarray, bits: np.ndarray, rows: np.ndarray, twice: bool) -> None:
        device, attempt = sent.of.device[rows], attempt[rows]
        longest = self._settings.retry_most_us[device]
        wait = np.minimum(self._settings.retry_us[device] << np.minimum(attempt, 20), longest)
        draw = mix_u64(bits[rows] + np.uint64(1))
        jittered = (draw % wait.astype(np.uint64)).astype(np.int64) + 1
        due_us = sent.done_us[rows] + np.where(self._settings.jitter[device], jittered, wait)
        more = (device, sent.of.batch[rows], attempt, due_us, np.full(len(rows), int(twice)))
        for name, values in zip(_COLUMNS, more):
            self._entries[name] = np.concatenate((self._entries[name], values))
        self._first_due_us = min(self._first_due_us, int(due_us.min()))

    def _keep(self, rows: np.ndarray) -> None:
        self._entries = {name: values[rows] for name, values in self._entries.items()}
        due_us = self._entries["due_us"]
        self._first_due_us = int(due_us.min()) if len(due_us) else FOREVER_US


def first_connected(window: Window, device: np.ndarray, due_us: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First moment of a window, from ``due_us`` on, at which each device is connected; FOREVER_US: none. And where."""
    rows, due_us = window.rows, np.maximum(due_us, window.from_us + 1)
    moment = np.where(window.whole[device] & (due_us <= window.until_us), due_us, FOREVER_US)
    network = window.network[device]
    if len(rows):
        first, stop = np.searchsorted(rows.device, device), np.searchsorted(rows.device, device, side="right")
        at = last_below(rows.end_us, first, stop, due_us) + 1
        here = np.flatnonzero(at < stop)
        moment[here] = np.maximum(due_us[here], rows.start_us[at[here]] + 1)
        network = network.copy()
        network[here] = rows.network[at[here]]
    return moment, network
