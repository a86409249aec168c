"""Trips and telemetry against physics: no jumps, no impossible speeds, counters that only rise."""

from array import array
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from engine.radio.samples import FATES, RECEIVED
from scenarios.verification.findings import Findings
from twin.kpis import Event

SPEED_MAX_MPS = 60.0
GAP_MAX_M = 1.0
ROUNDING_M = 0.01
LENGTH_SHARE, LENGTH_M = 0.03, 10.0
"""What a trip's length on the plane may differ from the road's: the plane's scale is off by 0.5 % at 30 km north or
south of its centre and grows from there."""


class Arrivals:
    """What truth says of trips that ended: hash of the trip's id, distance and row."""

    def __init__(self) -> None:
        self.keys, self.distance_mm, self.seq = array("q"), array("q"), array("q")

    def take(self, event: Event) -> None:
        """Take in a row of truth."""
        if event.kind == "arrived":
            self.keys.append(hash(event.payload["trip_id"]))
            self.distance_mm.append(round(event.payload["distance_m"] * 1000))
            self.seq.append(event.seq)


class TripRules:
    """Trips in the order of the file, which for one vehicle is that of time; fed batch by batch."""

    def __init__(self, findings: Findings, physical: bool = True) -> None:
        self.findings, self.physical = findings, physical
        self.keys, self.lengths_mm = array("q"), array("q")
        self._last: dict[str, tuple[float, float, int]] = {}  # vehicle -> x, y, t of the last trip's end
        self._trip: tuple[str, str] | None = None  # the trip under way, its vehicle,
        self._end: tuple[float, float, int] = (0.0, 0.0, 0)  # and where it is by now
        self._length_m = 0.0
        self._rows = 0
        self._seen: set[int] = set()

    def take(self, batch: pa.RecordBatch) -> None:
        """Check a batch of rows ``trip_id, vehicle_id, t, x_m, y_m``."""
        if not batch.num_rows:
            return
        trip, vehicle = (_dictionary(batch.column(name)) for name in ("trip_id", "vehicle_id"))
        t = np.asarray(batch.column("t").cast(pa.int64()))
        x, y = (np.asarray(batch.column(name).cast(pa.float64(), safe=False)) for name in ("x_m", "y_m"))
        codes = np.asarray(trip.indices)
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        ends = np.append(starts[1:], len(codes)) - 1
        moved = np.hypot(np.diff(x), np.diff(y))
        self._check_speed(trip, codes, t, moved)
        along = np.concatenate([[0.0], np.cumsum(np.where(np.diff(codes) == 0, moved, 0.0))])
        for first, last in zip(starts.tolist(), ends.tolist()):
            name, who = trip.dictionary[int(codes[first])].as_py(), vehicle[first].as_py()
            here = (float(x[first]), float(y[first]), int(t[first]))
            if self._trip is not None and self._trip[0] == name:
                self._continue(name, here)
            else:
                self._close()
                self._begin(name, who, here)
            self._length_m += float(along[last] - along[first])
            self._end = (float(x[last]), float(y[last]), int(t[last]))
        self._rows += batch.num_rows

    def finish(self) -> None:
        """The last trip is over."""
        self._close()

    def check_lengths(self, arrivals: "Arrivals") -> None:
        """Every arrival's distance against the length of its trip's line."""
        keys, lengths = np.asarray(self.keys), np.asarray(self.lengths_mm)
        order = np.argsort(keys, kind="stable")
        wanted, told, seq = (np.asarray(column) for column in (arrivals.keys, arrivals.distance_mm, arrivals.seq))
        place = np.searchsorted(keys[order], wanted)
        known = np.zeros(len(wanted), bool)
        if len(keys):
            place = order[place.clip(max=len(keys) - 1)]
            known = keys[place] == wanted
        for row in seq[~known]:
            self.findings.add("trips", f"truth seq {row} (arrived): its trip is not in the file")
        if not self.physical:
            return
        seq, told, drawn = seq[known], told[known], lengths[place[known]]
        for i in np.flatnonzero(np.abs(told - drawn) > LENGTH_SHARE * told + LENGTH_M * 1000):
            line = f"truth seq {seq[i]} (arrived): {told[i] / 1000} m driven, {drawn[i] / 1000} m long in the file"
            self.findings.add("trips", line)

    def _check_speed(self, trip: pa.DictionaryArray, codes: np.ndarray, t: np.ndarray, moved: np.ndarray) -> None:
        same, took_s = np.diff(codes) == 0, np.diff(t) / 1e6
        for i in np.flatnonzero(same & (took_s < 0)):
            name = trip.dictionary[int(codes[i])].as_py()
            self.findings.add("trips", f"row {self._rows + i + 1} ({name}): time runs back by {-took_s[i]} s")
        if self.physical:
            for i in np.flatnonzero(same & (took_s >= 0) & (moved > SPEED_MAX_MPS * took_s + ROUNDING_M)):
                name = trip.dictionary[int(codes[i])].as_py()
                self.findings.add("trips", f"row {self._rows + i + 1} ({name}): {moved[i]:.1f} m in {took_s[i]} s")

    def _continue(self, name: str, here: tuple[float, float, int]) -> None:
        """The trip under way goes on in a new batch."""
        moved, took_s = _away_m(self._end, here), (here[2] - self._end[2]) / 1e6
        if took_s < 0 or (self.physical and moved > SPEED_MAX_MPS * took_s + ROUNDING_M):
            self.findings.add("trips", f"row {self._rows} ({name}): {moved:.1f} m in {took_s} s")
        self._length_m += moved

    def _begin(self, name: str, vehicle: str, here: tuple[float, float, int]) -> None:
        if hash(name) in self._seen:
            self.findings.add("trips", f"{name}: its rows stand in two places of the file")
        self._seen.add(hash(name))
        before = self._last.get(vehicle)
        if before is not None:
            gap_m = _away_m(before, here)
            if gap_m > GAP_MAX_M:
                self.findings.add("trips", f"{name}: starts {gap_m:.1f} m from where {vehicle} stood")
            if here[2] < before[2]:
                self.findings.add("trips", f"{name}: starts before the last trip of {vehicle} had ended")
        self._trip, self._length_m = (name, vehicle), 0.0

    def _close(self) -> None:
        if self._trip is not None:
            self._last[self._trip[1]] = self._end
            self.keys.append(hash(self._trip[0]))
            self.lengths_mm.append(round(self._length_m * 1000))
            self._trip = None


def _away_m(a: tuple[float, float, int], b: tuple[float, float, int]) -> float:
    return float(np.hypot(b[0] - a[0], b[1] - a[1]))


def _dictionary(column: pa.Array) -> pa.DictionaryArray:
    return column if pa.types.is_dictionary(column.type) else column.dictionary_encode()


_FATES = FATES[RECEIVED:]
"""At the end of a run none is open."""
TELEMETRY_COLUMNS = ["device_id", "sample", "occurred_at", "received_at", "odometer_m", "fate"]


class SampleRules:
    """Samples device by device, in order of their numbers; fed batch by batch."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.rows = 0
        self.fates: Counter[str] = Counter()
        self._devices: dict[str, int] = {}
        self._last = np.zeros((3, 0), np.int64)  # per device: sample, time and odometer of its last row

    def take(self, batch: pa.RecordBatch) -> None:
        """Check a batch; rows of a device are in order of their sample numbers."""
        if not batch.num_rows:
            return
        device = self._codes(_dictionary(batch.column("device_id")))
        sample, odometer = (np.asarray(batch.column(name).cast(pa.int64())) for name in ("sample", "odometer_m"))
        occurred = np.asarray(batch.column("occurred_at").cast(pa.int64()))
        received = batch.column("received_at").cast(pa.int64())
        late = occurred if received.null_count == len(received) else np.asarray(received.fill_null(1 << 62))
        self._report(np.flatnonzero(late < occurred), batch, "received before it was taken")
        self._take_fates(batch)

        order = np.argsort(device, kind="stable") if (np.diff(device) < 0).any() else np.arange(len(device))
        device, values = device[order], np.stack([sample, occurred, odometer])[:, order]
        first = np.flatnonzero(np.diff(device, prepend=-1))
        before = np.concatenate([np.zeros((3, 1), np.int64), values[:, :-1]], axis=1)
        before[:, first] = self._last[:, device[first]]
        self._report(order[values[0] != before[0] + 1], batch, "a number is missing, doubled or out of order before it")
        self._report(order[values[1] < before[1]], batch, "taken before the sample before it")
        self._report(order[values[2] < before[2]], batch, "the odometer runs back")
        ends = np.append(first[1:], len(device)) - 1
        self._last[:, device[ends]] = values[:, ends]
        self.rows += batch.num_rows

    def finish(self) -> None:
        """Every sample taken has one fate, and only one: those told of by number are those counted by fate."""
        taken, told = int((self._last[0] + 1).sum()), sum(self.fates.values())
        if taken != told:
            self.findings.add("telemetry", f"{taken} samples by their numbers, {told} by their fates")

    def _take_fates(self, batch: pa.RecordBatch) -> None:
        fate = _dictionary(batch.column("fate"))
        names, codes = fate.dictionary.to_pylist(), np.asarray(fate.indices)
        for name, count in zip(names, np.bincount(codes, minlength=len(names)).tolist()):
            self.fates[name] += count
        unknown = np.isin(codes, [code for code, name in enumerate(names) if name not in _FATES])
        self._report(np.flatnonzero(unknown), batch, f"its fate is none of {', '.join(_FATES)}")
        received = np.isin(codes, [code for code, name in enumerate(names) if name == "received"])
        heard = np.asarray(batch.column("received_at").is_valid())
        self._report(np.flatnonzero(received & ~heard), batch, "its fate is received, but not when")
        self._report(np.flatnonzero(heard & ~received), batch, "it was received, its fate says otherwise")

    def _codes(self, column: pa.DictionaryArray) -> np.ndarray:
        names = [self._devices.setdefault(name, len(self._devices)) for name in column.dictionary.to_pylist()]
        new = len(self._devices) - self._last.shape[1]
        if new:
            start = np.array([[-1], [-(1 << 62)], [-(1 << 62)]]).repeat(new, axis=1)
            self._last = np.concatenate([self._last, start], axis=1)
        return np.array(names, np.int64)[np.asarray(column.indices)]

    def _report(self, rows: Iterable[int], batch: pa.RecordBatch, what: str) -> None:
        for row in rows:
            name, number = (batch.column(c)[int(row)].as_py() for c in ("device_id", "sample"))
            self.findings.add("telemetry", f"{name} sample {number}: {what}")
