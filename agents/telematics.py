"""The fleet's telematics: true motion is measured, crosses the radio, is logged, and moves head office's picture.

Advanced behind the clock, in windows, and always before belief is read: how often does not matter, the rows are the
same. A sample is logged once its fate is settled and believed once it has been received.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from agents.plant.component import NEVER_US, PENDING
from agents.plant.plant import Plant
from engine.clock import SECOND
from engine.coverage.surroundings import Surroundings
from engine.geo import Projection
from engine.gnss import Receivers
from engine.motion import Motion
from engine.radio.held import Columns, Part, as_one
from engine.radio.in_order import InOrder
from engine.radio.samples import BUFFERED, FEED, POWER, RECEIVED, SampleLane
from engine.radio.settings import NO_NETWORK
from engine.runs import ranges
from engine.telemetry import Sampler
from engine.telemetry_log import TelemetryLog
from twin.belief import Belief
from twin.last_known import KEPT, STILL_MPS
from twin.samples import SampleBatch

_AT_A_TIME = 1 << 14
"""Rows logged at a time, at least: what is logged in few parts is quick to sort, pack and hash."""


class Telematics:
    """All devices of a run. Vehicles have the same row in ``motion``, ``surroundings`` and ``belief``.

    ``registered`` is the vehicle each device is on according to head office's list. ``listeners`` are handed what was
    received, as belief is.
    """

    def __init__(
        self, motion: Motion, sampler: Sampler, receivers: Receivers, lane: SampleLane, plant: Plant,
        log: TelemetryLog, belief: Belief, projection: Projection, surroundings: Surroundings | None = None,
    ) -> None:  # fmt: skip
        self.motion, self.sampler, self.receivers, self.lane, self.plant = motion, sampler, receivers, lane, plant
        self.log, self.belief, self.projection, self.surroundings = log, belief, projection, surroundings
        self.registered = sampler.devices.vehicle.copy()
        self.listeners: list[Callable[[SampleBatch], None]] = []
        self.received = 0  # samples, by head office
        self._in_order = InOrder(len(sampler.devices))
        self._at_door: list[Part] = []  # arrived at the platform, or about to
        self._to_log: list[Part] = []
        self._rows_to_log = 0
        self._measured_us = sampler.until_us
        self._behind_us = lane.latency_us  # what was measured since cannot have arrived: it is left for later

    def advance(self, now_us: int) -> None:
        """Measure up to now, log what is settled, and let belief see what has been received by now."""
        self._settle(max(now_us - self._behind_us, self.lane.links.now_us), idle_too=False)
        self._receive(now_us)

    def settle(self, now_us: int) -> None:
        """Settle everything up to this very moment, before something changes on a device."""
        self._settle(now_us)
        self._receive(now_us)

    def close(self, now_us: int) -> None:
        """The run ends: what has arrived or is on its way is received, what devices still hold stays there, and so does
        what waits at the platform's door for something that is down."""
        self.settle(now_us)
        self._at_door += self.lane.close().parts
        self._receive(PENDING)
        waiting, self._at_door = self._at_door, []
        self._log([_buffered(part) for part in waiting], at_least=1)

    def _settle(self, until_us: int, idle_too: bool = True) -> None:
        samples = self.sampler.sample(until_us)
        if not (idle_too or len(samples) or self.lane.busy(until_us)):
            return  # nothing on its way
        if len(samples):
            spells = None
            if self.surroundings is not None:
                spells = self.surroundings.shaded(self._measured_us, until_us)
            self._measured_us = until_us
            signals = self.receivers.measure(samples, spells)
            self._take({**vars(samples), **vars(signals)})
        self._at_door += self.lane.settle(until_us).parts
        if self.surroundings is not None:
            self.surroundings.forget(min(self._measured_us, until_us))

    def _take(self, columns: Columns) -> None:
        """Into the lane, but for what devices without power did not measure."""
        powered = columns["powered"]
        if not powered.all():
            off = np.flatnonzero(~powered)
            nothing = np.full(len(off), NEVER_US), np.full(len(off), NO_NETWORK, np.int8)
            self._at_door.append(Part(columns, off, *nothing, np.full(len(off), POWER, np.uint8)))
            columns = {name: values[powered] for name, values in columns.items()}
        self.lane.take(columns)

    def _receive(self, now_us: int) -> None:
        """What has come through the plant by now is believed, and logged in time."""
        if not self._at_door:
            return
        through, self._at_door = self._through_plant(self._at_door, now_us)
        for part in through:
            self._tell(part)
        self._log(through)

    def _log(self, parts: list[Part], at_least: int = _AT_A_TIME) -> None:
        """Log parts, with those before them, in each device's order; or wait for more rows."""
        self._to_log += parts
        self._rows_to_log += sum(map(len, parts))
        if self._rows_to_log >= at_least:
            waiting, self._to_log, self._rows_to_log = self._to_log, [], 0
            large = any(len(part) >= _AT_A_TIME for part in waiting)  # to copy one costs more than it saves
            for part in self._in_order.add(waiting if large else [as_one(waiting)]):
                self.log.add(part)

    def _through_plant(self, parts: list[Part], now_us: int) -> tuple[list[Part], list[Part]]:
        """Parts with the moments of reception in place of those of arrival; and those that wait."""
        clear = self.plant.clear
        if clear and all(part.arrive_us.max(initial=NEVER_US) <= now_us for part in parts):
            return parts, []
        arrive_us = [np.where(part.fate == RECEIVED, part.arrive_us, NEVER_US) for part in parts]
        if clear:
            received_us = arrive_us
            if now_us < PENDING:
                received_us = [np.where(at_us <= now_us, at_us, PENDING) for at_us in arrive_us]
        else:
            received_us = self._admit(parts, arrive_us, now_us)
        through, waiting = [], []
        for part, at_us in zip(parts, received_us):
            waits = at_us == PENDING
            if waits.any():
                rows = np.flatnonzero(waits)
                waiting.append(part.rows_of(rows))
                rows = np.flatnonzero(~waits)
                part, at_us = part.rows_of(rows), at_us[rows]
            if len(part):
                fate = np.where((part.fate == RECEIVED) & (at_us == NEVER_US), FEED, part.fate).astype(np.uint8)
                through.append(replace(part, arrive_us=at_us, fate=fate))
        return through, waiting

    def _admit(self, parts: list[Part], arrive_us: list[np.ndarray], now_us: int) -> list[np.ndarray]:
        device = np.concatenate([part.column("device") for part in parts])
        at_us = np.concatenate(arrive_us)
        came = np.flatnonzero(at_us != NEVER_US)
        at_us[came] = self.plant.admit_samples(device[came], at_us[came], now_us)
        return np.split(at_us, np.cumsum([len(part) for part in parts])[:-1])

    def _tell(self, part: Part) -> None:
        received = part.fate == RECEIVED
        if not received.all():
            part = part.rows_of(received.nonzero()[0])
        self.received += len(part)
        if not self.listeners and self.receivers.clocks.true:
            part = _what_tells(part)
        if len(part):
            batch = self._batch(part)
            self.belief.observe(batch)
            for listen in self.listeners:
                listen(batch)

    def _batch(self, part: Part) -> SampleBatch:
        """Received rows as head office gets them."""
        column = part.column
        device = column("device").astype(np.int64)
        return SampleBatch(
            self.registered[device], device, column("sample").astype(np.int64), column("recorded_us"), part.arrive_us,
            column("lat_e7") / 1e7, column("lon_e7") / 1e7, column("speed_cmps") / 100, column("heading_cdeg") / 100,
            column("odometer_m").astype(float), column("ignition"), column("satellites"), column("cn0_dbhz"),
            column("cn0_spread_db"), column("rf_power_db"), column("supply_mv"),
        )  # fmt: skip

    # --- what else is asked of it ---

    def swap_devices(self, pairs: Iterable[tuple[int, int]], now_us: int) -> None:
        """From now on head office's list is right but for pairs of devices that are the other way round, in turn."""
        self.advance(now_us)
        self.registered = self.sampler.devices.vehicle.copy()
        for one, other in pairs:
            self.registered[[one, other]] = self.registered[[other, one]]

    def locate(self, now_us: int) -> None:
        """Ask every device where it is. Those answer that can at once: connected, with a fix under open sky, and no
        delay between them and head office (the time on the air of these few bytes is left out)."""
        if self.lane.latency_us or not self.plant.answers_at_once():
            return
        links, devices = self.lane.links, self.sampler.devices
        able = np.flatnonzero(self.receivers.open_sky).tolist()
        device = np.array([d for d in able if links.connected(d, now_us) is not None], np.int64)
        lat_e7, lon_e7 = (e7[devices.vehicle[device]] for e7 in self._positions_e7(now_us))
        north_e7, east_e7 = self.receivers.error_e7(device, now_us)
        self.belief.locate(SampleBatch.of(
            self.registered[device], now_us, (lat_e7 + north_e7) / 1e7, (lon_e7 + east_e7) / 1e7,
            device=len(devices) + device, sample=now_us // SECOND,
        ))  # fmt: skip

    def observe_truth(self, belief: Belief, now_us: int) -> None:
        """Give a belief that misses nothing every vehicle's true position, as exactly as devices tell theirs."""
        lat_e7, lon_e7 = self._positions_e7(now_us)
        batch = SampleBatch.of(np.arange(len(lat_e7)), now_us, lat_e7 / 1e7, lon_e7 / 1e7, sample=now_us // SECOND)
        belief.observe(batch)

    def _positions_e7(self, now_us: int) -> tuple[np.ndarray, np.ndarray]:
        """Where all vehicles are: int64, 1e-7 degree."""
        x_mm, y_mm = self.motion.positions(now_us)
        lat, lon = self.projection.to_lat_lon(x_mm / 1000, y_mm / 1000)
        return np.rint(lat * 1e7).astype(np.int64), np.rint(lon * 1e7).astype(np.int64)


def _buffered(part: Part) -> Part:
    """Rows not received by the end of the run."""
    n = len(part)
    return replace(part, arrive_us=np.full(n, NEVER_US), fate=np.full(n, BUFFERED, np.uint8))


def _what_tells(part: Part) -> Part:
    """The rows that can change a picture: a device's last ``KEPT``, and where it last came to a stand before them.

    All of them where a position was not fixed, or where a device's rows are not in their order.
    """
    if len(part) <= KEPT:
        return part
    device, sample = part.column("device"), part.column("sample")
    last = device[1:] != device[:-1]
    if not (part.column("satellites") > 0).all() or not (last | (sample[1:] > sample[:-1])).all():
        return part
    end = np.append(last.nonzero()[0], len(part) - 1)
    start = np.append(0, end[:-1] + 1)
    first = np.maximum(end + 1 - KEPT, start)
    if (first == start).all():
        return part
    tells = np.zeros(len(part), bool)
    tells[ranges(first, end + 1 - first)] = True
    moving = np.append(-1, (part.column("speed_cmps") >= STILL_MPS * 100).nonzero()[0])
    moved = moving[np.searchsorted(moving, end, "right") - 1]
    moved, end = moved[moved >= start], end[moved >= start]
    tells[moved] = tells[np.minimum(moved + 1, end)] = True
    return part.rows_of(tells.nonzero()[0])
