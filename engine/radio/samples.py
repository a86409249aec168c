"""The sample lane: measured samples wait in a bounded buffer, are sent in batches, get lost and are repeated.

Behind the clock, in windows: ``take`` what was measured up to now, then ``settle`` up to now. Every sample gets one
fate, at a moment and over a network that are functions of contacts, settings and seed; windows change nothing.

A device's samples n, n + 1, ... make batches of ``batch_samples``; a batch is ready when its last sample was measured,
or, where a cut of power swallowed that, when the first one of a later batch was [A: who starts up sends what is left];
and goes through the device's queue (``engine.radio.queues``). Sent, it may be lost on the way (the network's loss
share): it is kept beside the queue, waits (``retry_s`` doubled each time; full jitter: a random part of that) and is
repeated at the first moment with a connection. Its receipt may be lost instead: then it is repeated likewise, and
arrives twice. A repetition's time on the air is left out (1 % of transmissions [A]).
"""

from dataclasses import dataclass

import numpy as np

from engine.clock import HOUR
from engine.radio import NEVER_US
from engine.radio.batches import Batches
from engine.radio.held import Columns, Held, Part, sorted_rows
from engine.radio.lane_settings import LaneSettings
from engine.radio.links import Links, Window
from engine.radio.queues import Pieces, Queues, Sent
from engine.radio.repeats import Repeats
from engine.radio.settings import NO_NETWORK, PERFECT
from engine.runs import opens

FATES = ("open", "received", "buffered", "overrun", "dead", "stolen", "lost", "feed", "power")
"""What became of a sample: ``buffered`` at the end of the run; ``overrun`` for want of room; ``dead``, ``stolen`` and
``lost`` with its device; ``feed`` behind the door, ``power`` before the lane: never measured for want of power. Nothing
handed out is ``open``."""
OPEN, RECEIVED, BUFFERED, OVERRUN, DEAD, STOLEN, LOST, FEED, POWER = range(len(FATES))
_NO_ROWS: Columns = {
    "device": np.empty(0, np.int64),
    "sample": np.empty(0, np.int64),
    "occurred_us": np.empty(0, np.int64),
}
_EVERY_SAMPLE = 1 << 31
_LONGEST_US = HOUR  # of a window worked on at a time: its work fits into 64 bits


@dataclass(frozen=True)
class Duplicates:
    """Batches that arrived once more; arrays of equal length."""

    device: np.ndarray  # int64
    first_sample: np.ndarray  # int64
    samples: np.ndarray  # int64, how many
    arrive_us: np.ndarray  # int64
    network: np.ndarray  # int64


@dataclass(frozen=True)
class Settled:
    """What a settlement made known: rows whose fate is now known, each row once, and duplicates.

    Parts are in an order in which a device's rows rise, but for those that overtook others.
    """

    parts: list[Part]
    duplicates: list[Duplicates]


class SampleLane:
    """The samples of a fleet on their way to the platform's door."""

    def __init__(self, links: Links, settings: LaneSettings, latency_us: int) -> None:
        if latency_us < 0:
            raise ValueError(f"radio: latency_us must be zero or more, not {latency_us}")
        self.links, self.settings, self.latency_us = links, settings, int(latency_us)
        self.taken = 0
        self.duplicates = 0
        self._count = np.zeros(len(FATES), np.int64)
        self._last = np.full(len(links), -1)  # by device, the last sample measured in this life of it; -1: none
        self._perfect = links.surroundings is None
        self._work = np.ones_like(settings.work) if self._perfect else settings.work
        self._queues = Queues(settings, self._work)
        self._repeats = Repeats(links, settings)
        self._held = Held(len(links))
        self._new: list[Columns] = []
        self._ended: list[tuple[int, int]] = []
        self._single = bool((settings.batch_samples == 1).all())
        self._plain = self._perfect and self._single and not settings.duplicate_share.any()
        links.on_end.append(self._device_ended)

    def take(self, columns: Columns) -> None:
        """Newly measured samples: columns of equal length, among them ``device``, ``sample`` and ``occurred_us``.

        By device, then by sample number, which rise from call to call; those without power are left out.
        """
        if len(columns["device"]):
            self._new.append(columns)
            self.taken += len(columns["device"])

    def settle(self, now_us: int) -> Settled:
        """What became known up to now. Raises ValueError when now lies before what is settled."""
        if now_us < self.links.now_us:
            raise ValueError(f"samples: settled up to {self.links.now_us} us, cannot settle up to {now_us} us")
        settled = Settled([], [])
        while self.links.now_us < now_us or self._new or self._ended:
            until_us = min(now_us, self.links.review_us, self.links.now_us + _LONGEST_US)
            self._step(until_us, settled)
            if until_us == self.links.review_us:
                self.links.review()
            if until_us == now_us:
                break
        for part in settled.parts:
            self._count += np.bincount(part.fate, minlength=len(FATES))
        return settled

    def busy(self, until_us: int) -> bool:
        """Whether anything is on its way up to a moment."""
        return bool(self._new or self._ended or self._queues or self._repeats.due(until_us))

    def close(self) -> Settled:
        """The end of the run: what has not got through stays in the buffers."""
        parts = [_part(columns, BUFFERED) for columns in self._held.clear()]
        for part in parts:
            self._count += np.bincount(part.fate, minlength=len(FATES))
        return Settled(parts, [])

    def held_by_device(self) -> np.ndarray:
        """Samples that wait in each device, as settled so far; int64."""
        return self._held.by_device()

    def counts(self) -> dict[str, int]:
        """Samples taken, by fate; ``open`` are those still on the device or under way. They add up to ``taken``."""
        counts = dict(zip(FATES, self._count.tolist()))
        counts["open"] = self.taken - sum(counts.values())
        return {"taken": self.taken, **counts, "duplicates": self.duplicates}

    # -- one window
    # ------------------------------------------------------------------------------------------

    def _step(self, until_us: int, settled: Settled) -> None:
        window = self.links.advance(until_us)
        if not self.busy(until_us):
            return
        for device, fate in self._ended:
            held = self._held.take(np.array([device]), 0, _EVERY_SAMPLE)
            if held is not None:
                settled.parts.append(_part(held, fate))
        self._ended.clear()
        columns = self._up_to(until_us)
        part = _part(columns, OPEN)
        sent, lost = self._send(part, window)
        repeated, again = self._repeats.go(window)
        received = [some for some in (*sent, *repeated) if len(some.of)]
        if received or len(lost):
            known = _Known(received, lost, self.latency_us)
            size = self.settings.batch_samples
            held = known.taken_from(self._held, size)
            if held is not None:
                settled.parts.append(known.fill(_part(held, OPEN), size))
            known.fill(part, size)
        if len(part) and part.fate.all():
            settled.parts.append(part)
        elif len(part):
            here = part.fate.nonzero()[0]
            if len(here):
                settled.parts.append(part.rows_of(here))
            self._held.add(columns, (part.fate == OPEN).nonzero()[0])
        for twice in again:
            if len(twice.of):
                settled.duplicates.append(self._duplicates(twice))

    def _up_to(self, until_us: int) -> Columns:
        """The new samples up to a moment; later ones stay."""
        if not self._new:
            return _NO_ROWS
        columns = self._new[0] if len(self._new) == 1 else sorted_rows(self._new)
        later = columns["occurred_us"] > until_us
        self._new = []
        if later.any():
            self._new = [{name: values[later] for name, values in columns.items()}]
            columns = {name: values[~later] for name, values in columns.items()}
        return columns

    def _send(self, part: Part, window: Window) -> tuple[list[Sent], Batches]:
        """New rows meet the network: fates known at once go into the part; also what got through, or found no room."""
        device, occurred_us = part.columns["device"], part.columns["occurred_us"]
        if self._plain and window.whole.all() and not self._queues:
            np.add(occurred_us, self.latency_us, out=part.arrive_us)
            part.network[:], part.fate[:] = PERFECT, RECEIVED
            return [], Batches.empty()
        batch, ready = part.columns["sample"], np.arange(len(device))
        gone = self._gone()
        if gone is not None:
            part.fate[:] = gone[device]
            ready = np.flatnonzero(part.fate == OPEN)
        if not self._single:
            ready, batch = self._complete(device[ready].astype(np.int64), batch[ready].astype(np.int64), ready)
            device, occurred_us = device[ready], occurred_us[ready]
        elif len(ready) < len(device):
            device, batch, occurred_us = device[ready], batch[ready], occurred_us[ready]
        need_us = self._air_us(window)
        busy = self._queues.busy()
        easy = window.whole & ~busy
        if gone is not None:
            easy &= gone == OPEN
        apart_us = np.maximum(need_us, 1)
        close = (occurred_us[1:] - occurred_us[:-1] < apart_us[device[1:]]) & (device[1:] == device[:-1])
        easy[device[1:][close]] = False
        calm = easy[device]
        hard = (~calm).nonzero()[0]
        sent, lost = [], Batches.empty()
        if len(hard) or busy.any():
            arrivals = Batches(device[hard].astype(np.int64), batch[hard].astype(np.int64))
            arrived_us = occurred_us[hard] - self._perfect  # its batches take no time, in a queue a microsecond
            through, lost = self._queues.serve(self._pieces(window, busy, arrivals), arrivals, arrived_us)
            if len(through.of):
                sent.append(through.rows(~self._repeats.sent(through)))
        if len(hard):
            ready, device, batch, occurred_us = ready[calm], device[calm], batch[calm], occurred_us[calm]
        through_us = occurred_us + need_us[device]
        late = (through_us > window.until_us).nonzero()[0]
        if len(late):
            self._queues.begin(Batches(device[late], batch[late]), self._left(window, device[late], occurred_us[late]))
            in_time = (through_us <= window.until_us).nonzero()[0]
            ready, device, batch, through_us = ready[in_time], device[in_time], batch[in_time], through_us[in_time]
        straight = Sent(Batches(device, batch), through_us, window.network[device])
        missed = self._repeats.sent(straight)
        if missed.any():
            ready, straight = ready[~missed], straight.rows(~missed)
        if not self._single:
            return [*sent, straight], lost
        part.arrive_us[ready] = straight.done_us + self.latency_us
        part.network[ready] = straight.network
        part.fate[ready] = RECEIVED
        return sent, lost

    def _complete(self, device: np.ndarray, sample: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Batches that samples complete, and the row of each: its own last one, or the first of a later batch."""
        size, first = self.settings.batch_samples[device], opens(device)
        before = np.where(first, self._last[device], np.append(-1, sample[:-1])[: len(sample)])
        self._last[device] = sample  # the last of each counts
        left = (before >= 0) & (before // size < sample // size) & ((before + 1) % size > 0)
        full = (sample + 1) % size == 0
        at = np.concatenate((np.flatnonzero(left), np.flatnonzero(full)))
        batch = np.concatenate(((before // size)[left], (sample // size)[full]))
        order = np.lexsort((batch, at))
        return rows[at[order]], batch[order]

    def _air_us(self, window: Window) -> np.ndarray:
        """By device: how long a batch is on the air at the window's rate; 0 on the perfect network."""
        if self._perfect:
            return np.zeros(len(self.links), np.int64)
        return -(-self._work // np.maximum(self._rates_kbps(window), 1))

    def _rates_kbps(self, window: Window) -> np.ndarray:
        every = np.arange(len(self.links))
        return np.where(window.whole, self.links.rates_kbps(every, window.network, window.level), 0)

    def _left(self, window: Window, device: np.ndarray, since_us: np.ndarray) -> np.ndarray:
        """Work left at the window's end for batches begun within it."""
        return self._work[device] - self._rates_kbps(window)[device] * (window.until_us - since_us)

    def _pieces(self, window: Window, busy: np.ndarray, arrivals: Batches) -> Pieces:
        """When the devices that queue can send."""
        queueing = busy.copy()
        queueing[arrivals.device] = True
        whole = (queueing & window.whole).nonzero()[0]
        rows = window.rows.rows(queueing[window.rows.device])
        device = np.concatenate((whole, rows.device))
        order = device.argsort(kind="stable")
        columns = (
            device, np.concatenate((np.full(len(whole), window.from_us), rows.start_us)),
            np.concatenate((np.full(len(whole), window.until_us), rows.end_us)),
            np.concatenate((window.network[whole], rows.network)), np.concatenate((window.level[whole], rows.level)),
        )  # fmt: skip
        device, start_us, end_us, network, level = (values[order] for values in columns)
        rate_kbps = np.ones_like(device) if self._perfect else self.links.rates_kbps(device, network, level)
        return Pieces(device, start_us, end_us, rate_kbps, network)

    def _gone(self) -> np.ndarray | None:
        """By device: the fate of what it measures now, OPEN when it lives; None: all do."""
        if not self.links.all_gone():
            return None
        fate = np.zeros(len(self.links), np.uint8)
        for device, cause in self.links.all_gone().items():
            fate[device] = FATES.index(cause)
        return fate

    def _duplicates(self, twice: Sent) -> Duplicates:
        size = self.settings.batch_samples[twice.of.device]
        self.duplicates += int(size.sum())
        return Duplicates(twice.of.device, twice.of.batch * size, size, twice.done_us + self.latency_us, twice.network)

    def _device_ended(self, device: int, cause: str) -> None:
        self._queues.clear(device)
        self._repeats.clear(device)
        self._last[device] = -1
        self._ended.append((device, FATES.index(cause)))


class _Known:
    """Fates of batches, looked up by device and batch."""

    def __init__(self, received: list[Sent], overrun: Batches, latency_us: int) -> None:
        of = overrun.and_more(*(sent.of for sent in received))
        arrive_us = np.concatenate([np.full(len(overrun), NEVER_US), *(s.done_us + latency_us for s in received)])
        network = np.concatenate([np.full(len(overrun), NO_NETWORK), *(s.network for s in received)])
        key = (of.device.astype(np.int64) << 32) | of.batch
        order = np.argsort(key, kind="stable")
        self.device, self.batch, self._key = of.device[order], of.batch[order], key[order]
        self._arrive_us, self._network = arrive_us[order], network[order].astype(np.int8)

    def _places(self, columns: Columns, rows: np.ndarray, batch_samples: np.ndarray) -> np.ndarray:
        """Where the batches of some rows are found; -1: nowhere."""
        device = columns["device"][rows].astype(np.int64)
        key = (device << 32) | (columns["sample"][rows] // batch_samples[device])
        at = np.minimum(self._key.searchsorted(key), len(self._key) - 1)
        return np.where(self._key[at] == key, at, -1)

    def taken_from(self, held: Held, batch_samples: np.ndarray) -> Columns | None:
        """The rows of these batches that are held, which are given away."""
        here = held.count(self.device) > 0
        if not here.any():
            return None
        size = batch_samples[self.device[here]]
        first = self.batch[here] * size
        return held.take(self.device[here], first, first + size)

    def fill(self, part: Part, batch_samples: np.ndarray) -> Part:
        """Put the fates of rows that are open and known into a part."""
        rows = (part.fate == OPEN).nonzero()[0]
        at = self._places(part.columns, rows if part.rows is None else part.rows[rows], batch_samples)
        rows, at = rows[at >= 0], at[at >= 0]
        part.arrive_us[rows], part.network[rows] = self._arrive_us[at], self._network[at]
        part.fate[rows] = np.where(self._arrive_us[at] == NEVER_US, OVERRUN, RECEIVED)
        return part


def _part(columns: Columns, fate: int) -> Part:
    n = len(columns["device"])
    return Part(columns, None, np.full(n, NEVER_US), np.full(n, NO_NETWORK, np.int8), np.full(n, fate, np.uint8))
