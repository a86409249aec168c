"""What samples told of each vehicle: its last known state, and a track of its last fixes.

Everything kept is a maximum or a minimum over the samples received (the newest by its time, the last that moved, the
first that stood after it), so neither the order of reception nor how it was cut into batches matters, as long as no
sample is more than ``KEPT`` samples of its device late. A later one still counts for the newest, not for the track.
"""

from typing import NamedTuple

import numpy as np

from twin.clocks import SampleClocks
from twin.samples import SampleBatch
from twin.views import NEVER_US

KEPT = 32
"""Fixes kept by device [A]: 5 minutes at one sample per 10 s, 1 kB."""
STILL_MPS = 1.0
"""Slower is standing: 0.1 m/s is the receiver's own error."""

ROW = np.dtype([
    ("lat", "f8"), ("lon", "f8"), ("speed_mps", "f8"), ("heading_deg", "f8"), ("fixed_us", "i8"),
    ("recorded_us", "i8"), ("heard_us", "i8"), ("sampled_us", "i8"), ("told_us", "i8"), ("told_of_us", "i8"),
    ("still_since_us", "i8"), ("odometer_m", "f8"), ("ignition", "?"), ("satellites", "u1"), ("cn0_dbhz", "u1"),
    ("cn0_spread_db", "u1"), ("rf_power_db", "i1"), ("supply_mv", "u2"), ("clock_faults", "i8"),
], align=True)  # fmt: skip
"""Last known state of a vehicle, as ``FleetView`` explains it, in its order."""
_OF_FIX = ("lat", "lon", "speed_mps", "heading_deg")
_OF_ANY = ("odometer_m", "ignition", "satellites", "cn0_dbhz", "cn0_spread_db", "rf_power_db", "supply_mv")
_RANK = np.dtype([("device", "i8"), ("sample", "i8")])
_POINT = {
    "number": np.int64, "vehicle": np.int32, "at_us": np.int64, "lat": float, "lon": float, "speed_mps": np.float32,
}  # fmt: skip


class Track(NamedTuple):
    """Where a vehicle was, in order of time."""

    at_us: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    speed_mps: np.ndarray


class LastKnown:
    """The fold of received samples; ``rows`` has a row (``ROW``) for each of ``vehicles``."""

    def __init__(self) -> None:
        self.vehicles = 0
        self._rows = np.zeros(0, ROW)
        self._fix_of, self._any_of = np.zeros(0, _RANK), np.zeros(0, _RANK)  # the samples behind each row
        self._moved_us = np.zeros(0, np.int64)  # time of the last sample that moved
        self._clocks = SampleClocks()
        # a device's fix k stands in column k % KEPT, numbered k + 1; [devices, KEPT]
        self._points = {name: np.zeros((0, KEPT), kind) for name, kind in _POINT.items()}
        self._vehicle = np.zeros(0, np.int64)  # the one each device was last on

    @property
    def rows(self) -> np.ndarray:
        """Last known states; made when first asked for, many vehicles at once."""
        more = self.vehicles - len(self._rows)
        if more > 0:
            rows = np.zeros(more, ROW)
            rows["lat"] = rows["lon"] = np.nan
            rows["still_since_us"] = NEVER_US
            nobody = np.full(more, -1).astype(_RANK)
            self._rows = np.append(self._rows, rows)
            self._fix_of, self._any_of = np.append(self._fix_of, nobody), np.append(self._any_of, nobody)
            self._moved_us = np.append(self._moved_us, np.zeros(more, np.int64))
        return self._rows

    def add_vehicle(self) -> None:
        """A row more."""
        self.vehicles += 1

    def snapshot(self) -> dict[str, np.ndarray]:
        """The columns of ``rows`` as they are now, read-only."""
        rows = np.frombuffer(self.rows.tobytes(), ROW)  # 50 times as fast as copying field by field
        return {name: rows[name] for name in ROW.names or ()}

    def hear(self, row: int, received_us: int) -> None:
        """Something was received from a vehicle."""
        self._not_before("heard_us", row, received_us)

    def tell(self, row: int, occurred_us: int, received_us: int) -> None:
        """A device's message was received."""
        self._not_before("told_us", row, received_us)
        self._not_before("told_of_us", row, occurred_us)

    def _not_before(self, clock: str, row: int, us: int) -> None:
        times_us = self.rows[clock]
        if times_us.item(row) < us:
            times_us[row] = us

    def observe(self, batch: SampleBatch) -> None:
        """Take in received samples."""
        if not len(batch):
            return
        self._grow(int(batch.device.max()) + 1)
        batch = _by_device(batch)
        used_us, fault, highest = self._clocks.judge(batch.device, batch.sample, batch.recorded_us, batch.received_us)
        end = _ends(batch)
        newest = _newest(batch, end, used_us)
        self._hear(batch, end, fault)
        self._take(newest, batch, used_us, self._any_of, "recorded_us", _OF_ANY)
        fixed = batch.satellites > 0
        if not fixed.all():
            if not fixed.any():
                return
            batch, used_us, highest = batch.take(fixed), used_us[fixed], highest[fixed]
            end = _ends(batch)
            newest = _newest(batch, end, used_us)
        self._follow(batch, end, used_us, highest)
        self._take(newest, batch, used_us, self._fix_of, "fixed_us", _OF_FIX)

    def locate(self, batch: SampleBatch) -> None:
        """Take in positions that were asked for, a row a vehicle at most; they tell nothing else, and are no part of
        the track. Of one time with a sample, the higher device row counts."""
        np.maximum.at(self.rows["heard_us"], batch.vehicle, batch.received_us)
        self._take(np.arange(len(batch)), batch, batch.recorded_us, self._fix_of, "fixed_us", ("lat", "lon"))

    def track(self, row: int) -> Track:
        """The last fixes of a vehicle in order of time, those that came late in their places."""
        devices = np.flatnonzero(self._vehicle == row)
        points = {name: column[devices] for name, column in self._points.items()}
        recent = points["number"] > np.maximum(self._clocks.newest[devices, None] + 1 - KEPT, 0)
        here = recent & (points["vehicle"] == row)
        order = np.lexsort((points["number"][here], points["at_us"][here]))
        return Track(*(points[name][here][order] for name in Track._fields))

    def _grow(self, devices: int) -> None:
        more = devices - len(self._vehicle)
        if more > 0:
            self._clocks.grow(devices)
            for name, column in self._points.items():
                self._points[name] = np.append(column, np.zeros((more, KEPT), column.dtype), axis=0)
            self._vehicle = np.append(self._vehicle, np.full(more, -1))

    def _hear(self, batch: SampleBatch, end: np.ndarray, fault: np.ndarray) -> None:
        """Note receptions; a device's last row is the one received last."""
        vehicle, received_us, rows = batch.vehicle[end], batch.received_us[end], self.rows
        np.maximum.at(rows["heard_us"], vehicle, received_us)
        np.maximum.at(rows["sampled_us"], vehicle, received_us)
        self._vehicle[batch.device[end]] = vehicle
        if fault.any():
            np.add.at(rows["clock_faults"], batch.vehicle[fault], 1)

    def _take(
        self, newest: np.ndarray, batch: SampleBatch, used_us: np.ndarray, rank: np.ndarray, clock: str,
        columns: tuple[str, ...],
    ) -> None:  # fmt: skip
        """Let the newest samples, a row a vehicle, replace what is older than they are."""
        rows, vehicle, now_us = self.rows, batch.vehicle[newest], used_us[newest]
        old_us = rows[clock][vehicle]
        newer = now_us > old_us
        same = (now_us == old_us).nonzero()[0]
        if len(same):
            device, sample, old = batch.device[newest[same]], batch.sample[newest[same]], rank[vehicle[same]]
            newer[same] = (device > old["device"]) | ((device == old["device"]) & (sample > old["sample"]))
        newest, vehicle = newest[newer], vehicle[newer]
        rows[clock][vehicle] = now_us[newer]
        rank["device"][vehicle], rank["sample"][vehicle] = batch.device[newest], batch.sample[newest]
        for name in columns:
            rows[name][vehicle] = getattr(batch, name)[newest]

    # --- standing and moving, and the track ---

    def _follow(self, batch: SampleBatch, end: np.ndarray, used_us: np.ndarray, highest: np.ndarray) -> None:
        """Fold fixes that are not too late into the track and into when each vehicle moved last."""
        kept = batch.sample > highest - KEPT
        if not kept.all():
            batch, used_us = batch.take(kept), used_us[kept]
            end = _ends(batch)
        if len(batch):
            self._stand(batch, end, used_us)
            self._remember(batch, used_us)

    def _stand(self, batch: SampleBatch, end: np.ndarray, used_us: np.ndarray) -> None:
        start = np.zeros_like(end)
        start[1:] = end[:-1] + 1
        vehicle = batch.vehicle[end]
        since_us, before_us = self.rows["still_since_us"], self._moved_us[vehicle]
        moving_us = np.where(batch.speed_mps >= STILL_MPS, used_us, 0)
        np.maximum.at(self._moved_us, vehicle, np.maximum.reduceat(moving_us, start))
        moved_us = self._moved_us[vehicle]
        after_us = np.where(used_us > self._moved_us[batch.vehicle], used_us, NEVER_US)
        first_us = np.minimum.reduceat(after_us, start)
        broken = ((moved_us > before_us) & (self.rows["fixed_us"][vehicle] > moved_us)).nonzero()[0]
        old_us = since_us[vehicle]
        since_us[vehicle] = np.where(old_us > moved_us, old_us, NEVER_US)
        np.minimum.at(since_us, vehicle, first_us)
        for i in broken.tolist():  # it moved in the midst of what was one run: look up what followed
            devices = np.flatnonzero(self._vehicle == vehicle[i])
            at_us, on = self._points["at_us"][devices], self._points["vehicle"][devices]
            later_us = at_us[(at_us > moved_us[i]) & (on == vehicle[i])]
            since_us[vehicle[i]] = min(int(since_us[vehicle[i]]), int(later_us.min(initial=NEVER_US)))

    def _remember(self, batch: SampleBatch, used_us: np.ndarray) -> None:
        kept = (batch.sample > self._clocks.newest[batch.device] - KEPT).nonzero()[0]
        cell, number = batch.device[kept] * KEPT + batch.sample[kept] % KEPT, batch.sample[kept] + 1
        new = self._points["number"].reshape(-1)[cell] < number
        kept, cell = kept[new], cell[new]
        values = {"number": number[new], "at_us": used_us[kept]}
        for name, column in self._points.items():
            column.reshape(-1)[cell] = values[name] if name in values else getattr(batch, name)[kept]


def _by_device(batch: SampleBatch) -> SampleBatch:
    """Rows by device, each device's in order of reception, and of its own count where received together."""
    device, received, sample = (c[1:] - c[:-1] for c in (batch.device, batch.received_us, batch.sample))
    if ((device > 0) | ((device == 0) & ((received > 0) | ((received == 0) & (sample >= 0))))).all():
        return batch
    return batch.take(np.lexsort((batch.sample, batch.received_us, batch.device)))


def _ends(batch: SampleBatch) -> np.ndarray:
    """The last row of each device on each vehicle, in a batch by device."""
    device, vehicle = batch.device, batch.vehicle
    last = np.ones(len(batch), bool)
    np.logical_or(device[1:] != device[:-1], vehicle[1:] != vehicle[:-1], out=last[:-1])
    return last.nonzero()[0]


def _newest(batch: SampleBatch, end: np.ndarray, used_us: np.ndarray) -> np.ndarray:
    """The newest sample of each vehicle: by time, then device, then number. ``end`` as ``_ends`` has it."""
    rising = (used_us[1:] > used_us[:-1]) & (batch.sample[1:] > batch.sample[:-1])
    rising[end[:-1]] = True
    rows = end if rising.all() else np.arange(len(batch))
    vehicle = batch.vehicle[end]
    if len(rows) == len(end) and (vehicle[1:] > vehicle[:-1]).all():
        return rows
    order = rows[np.lexsort((batch.sample[rows], batch.device[rows], used_us[rows], batch.vehicle[rows]))]
    vehicle = batch.vehicle[order]
    return order[np.append(vehicle[1:] != vehicle[:-1], True)]
