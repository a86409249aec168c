"""What telemetry says about belief: age of information and losses, streamed over any number of samples.

Age of information: at time t it is t minus the newest generation time received so far (Kaul, Yates and Gruteser,
"Real-time status: how often should one update?", INFOCOM 2012). An older sample that arrives late resets nothing.
Here the age counts while a shift is on, from zero at its start: a parked vehicle stands where it was left.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.kpis.tables import telemetry_batches

_SPAN_MS = np.int64(1) << 37  # over four years: room for a generation time beside a vehicle's rank
_BIN_SHIFT = 52 - 7  # of a float64's bits: seven of the mantissa, so 128 bins an octave
_FIRST_BIN = 1023 << 7  # bin of 1 ms; shorter ages share the one before it
_BINS = (37 << 7) + 1
_BLOCK = 1 << 16  # so many values below _SPAN_MS add up exactly in float64
COLUMNS = ["vehicle_id", "occurred_at", "received_at"]


@dataclass(frozen=True)
class TelemetryFacts:
    """Sums per vehicle (arrays of equal length) and the distribution of ages over all of them, None for a part."""

    vehicles: tuple[str, ...]
    samples: np.ndarray  # int64
    lost: np.ndarray  # int64
    counted_ms: np.ndarray  # int64: how long the age was counted
    area2_ms2: np.ndarray  # int64: twice the area under the age
    over_sim: np.ndarray  # int64: samples sent over a metered network
    ages: "AgeDistribution | None"

    def mean_age_s(self) -> float | None:
        """Time-weighted mean of the age; None if it was never counted."""
        counted, area2 = (sum(values.tolist()) for values in (self.counted_ms, self.area2_ms2))
        return area2 / (2000 * counted) if counted else None

    def age_quantile_s(self, q: float) -> float | None:
        """The age not exceeded for the share ``q`` of the time."""
        return None if self.ages is None else self.ages.quantile_s(q)

    def lost_share(self) -> float | None:
        """Samples never received over samples taken."""
        samples = int(self.samples.sum())
        return int(self.lost.sum()) / samples if samples else None

    def by_vehicle(self) -> dict[str, "TelemetryFacts"]:
        """The sums of each vehicle alone."""
        return {name: self._only(row) for row, name in enumerate(self.vehicles)}

    def _only(self, row: int) -> "TelemetryFacts":
        one = slice(row, row + 1)
        return TelemetryFacts(
            self.vehicles[one],
            self.samples[one],
            self.lost[one],
            self.counted_ms[one],
            self.area2_ms2[one],
            self.over_sim[one],
            None,
        )


def telemetry_facts(
    telemetry: pa.Table | Path | None,
    shifts: Iterable[tuple[str, int, int]],
    sim_networks: Collection[str] = (),
) -> TelemetryFacts | None:
    """Fold telemetry; ``shifts`` are ``(vehicle, start_us, end_us)``, without any the age counts between receptions.

    ``sim_networks`` names the metered networks; without any nothing is counted over them.

    Returns:
        None if there is no telemetry.
    """
    age = AgeOfInformation(shifts)
    samples, lost, over_sim = (np.zeros(0, np.int64) for _ in range(3))
    metered = pa.array(sorted(sim_networks), pa.string())
    for batch in telemetry_batches(telemetry, [*COLUMNS, *(["network"] if sim_networks else [])]):
        vehicle = age.codes(batch.column("vehicle_id"))
        received = batch.column("received_at")
        size = len(age.vehicles)
        samples = _grown(samples, size) + np.bincount(vehicle, minlength=size)
        if sim_networks:
            sent = np.asarray(pc.is_in(batch.column("network"), value_set=metered))
            over_sim = _grown(over_sim, size) + np.bincount(vehicle[sent], minlength=size)
        if received.null_count:
            heard = np.asarray(pc.is_valid(received))
            lost = _grown(lost, size) + np.bincount(vehicle[~heard], minlength=size)
            batch, vehicle, received = batch.filter(pa.array(heard)), vehicle[heard], received.drop_null()
        age.add(vehicle, _milliseconds(batch.column("occurred_at")), _milliseconds(received))
    age.finish()
    if not samples.any():
        return None
    size = len(age.vehicles)
    return TelemetryFacts(
        tuple(age.vehicles),
        _grown(samples, size),
        _grown(lost, size),
        age.counted_ms,
        age.area2_ms2,
        _grown(over_sim, size),
        age.ages,
    )


class AgeOfInformation:
    """Ages of many vehicles at once, in whole milliseconds.

    Rows of a batch may come in any order; a sample received before what an earlier batch told of the same vehicle
    counts from then on. Inside, times are milliseconds since the first shift began.
    """

    def __init__(self, shifts: Iterable[tuple[str, int, int]] = ()) -> None:
        self.vehicles: dict[str, int] = {}
        self._names: tuple[pa.Array, np.ndarray] | None = None
        marks = [(start // 1000, end // 1000, self._code(vehicle)) for vehicle, start, end in shifts]
        begin, end, code = np.array(marks, np.int64).reshape(-1, 3).T
        self._always_on = not marks
        self._base_ms = int(begin.min()) if marks else None
        at = np.concatenate([begin, end]) - (self._base_ms or 0)
        order = np.argsort(at, kind="stable")
        step = np.repeat(np.array([1, -1]), len(begin))
        self._marks = (np.concatenate([code, code])[order], at[order], step[order])
        self.ages = AgeDistribution()
        self._at = np.zeros(0, np.int64)  # state: when each vehicle was last looked at,
        self._newest = np.zeros(0, np.int64)  # the newest generation time known by then,
        self._on = np.zeros(0, np.int64)  # and how many shifts were on
        self.counted_ms = np.zeros(0, np.int64)
        self.area2_ms2 = np.zeros(0, np.int64)

    def codes(self, vehicle_ids: pa.Array) -> np.ndarray:
        """Vehicle ids as int64 numbers in order of first appearance."""
        if not pa.types.is_dictionary(vehicle_ids.type):
            vehicle_ids = vehicle_ids.dictionary_encode()
        if self._names is None or not vehicle_ids.dictionary.equals(self._names[0]):
            codes = [self._code(name) for name in vehicle_ids.dictionary.to_pylist()]
            self._names = (vehicle_ids.dictionary, np.array(codes, np.int64))  # the next batch mostly has the same
        return self._names[1][np.asarray(vehicle_ids.indices)]

    def add(self, vehicle: np.ndarray, generated_ms: np.ndarray, received_ms: np.ndarray) -> None:
        """Take in received samples: int64 arrays of equal length, vehicles as numbers from ``codes``."""
        if not len(vehicle):
            return
        if self._base_ms is None:
            self._base_ms = int(generated_ms.min())
        self._grow()
        generated, received = (np.maximum(t - self._base_ms, 0) for t in (generated_ms, received_ms))
        if self._always_on:
            self._begin_at_first_reception(vehicle, received)
        self._advance(vehicle, generated, received, self._marks_reached(vehicle, received))

    def _marks_reached(self, vehicle: np.ndarray, received: np.ndarray) -> np.ndarray:
        """Which shift marks come before the last of these samples of their vehicle, as a mask."""
        code, at, _ = self._marks
        taken = np.zeros(len(at), bool)
        head = int(np.searchsorted(at, received.max(), "right"))
        if head:
            latest = np.full(len(self.vehicles), -1)
            np.maximum.at(latest, vehicle, received)
            taken[:head] = at[:head] <= latest[code[:head]]
        return taken

    def finish(self) -> None:
        """Count to the end of the last shift."""
        self._grow()
        none = np.zeros(0, np.int64)
        self._advance(none, none, none, np.ones(len(self._marks[0]), bool))

    def _advance(self, vehicle: np.ndarray, generated: np.ndarray, received: np.ndarray, taken: np.ndarray) -> None:
        """Merge state, shift marks and samples into one line of time per vehicle and add up its segments."""
        m_code, m_at, m_step = (values[taken] for values in self._marks)
        if len(m_code):
            code, at, step = self._marks
            self._marks = (code[~taken], at[~taken], step[~taken])
        present = np.zeros(len(self.vehicles), bool)
        present[vehicle] = present[m_code] = True
        old = np.flatnonzero(present)
        if not len(old):
            return
        code = np.concatenate([old, m_code, vehicle])
        at = np.maximum(np.concatenate([self._at[old], m_at, received]), self._at[code])
        # a shift's start resets the age, its end tells nothing new
        known = np.concatenate([self._newest[old], np.where(m_step > 0, m_at, 0), generated])
        step = np.concatenate([self._on[old], m_step, np.zeros(len(vehicle), np.int64)])

        lane = (np.cumsum(present) - 1)[code] * _SPAN_MS
        order = np.argsort(at + lane, kind="stable")
        code, at, known, step, lane = (values[order] for values in (code, at, known, step, lane))
        newest = np.maximum.accumulate(known + lane) - lane
        first = np.flatnonzero(np.diff(code, prepend=-1))
        last = np.append(first[1:], len(code)) - 1
        level = np.cumsum(step)
        level -= np.repeat(level[first] - step[first], last - first + 1)
        self._count(at, newest, level, first, last, old)
        self._at[old], self._newest[old], self._on[old] = at[last], newest[last], level[last]

    def _count(
        self,
        at: np.ndarray,
        newest: np.ndarray,
        level: np.ndarray,
        first: np.ndarray,
        last: np.ndarray,
        vehicle: np.ndarray,
    ) -> None:
        """Add the segments from each row to the vehicle's next one, while a shift is on."""
        high = np.empty_like(at)
        high[:-1] = at[1:]
        high[last] = at[last]
        off = level == 0
        if off.any():
            high[off] = at[off]
        low = np.maximum(at - newest, 0)
        high = np.maximum(high - newest, 0)
        length = high - low
        self.counted_ms[vehicle] += np.add.reduceat(length, first)
        self.area2_ms2[vehicle] += np.add.reduceat(length * (high + low), first)
        self.ages.add(low, high)

    def _begin_at_first_reception(self, vehicle: np.ndarray, received: np.ndarray) -> None:
        first = np.full(len(self.vehicles), _SPAN_MS)
        np.minimum.at(first, vehicle, received)
        new = (self._on == 0) & (first < _SPAN_MS)
        self._at[new], self._on[new] = first[new], 1

    def _code(self, name: str) -> int:
        return self.vehicles.setdefault(name, len(self.vehicles))

    def _grow(self) -> None:
        size = len(self.vehicles)
        self._at, self._newest, self._on = (_grown(a, size) for a in (self._at, self._newest, self._on))
        self.counted_ms, self.area2_ms2 = _grown(self.counted_ms, size), _grown(self.area2_ms2, size)


class AgeDistribution:
    """How long the age was at most x, for any x, from segments in which it grows evenly from ``low`` to ``high``.

    The time at ages up to x is the sum of min(x, high) - min(x, low), so counts and sums of both ends per bin give it
    exactly at every bin's edge. Bins are log-linear (as in HdrHistogram): the leading bits of the value as float64.
    """

    def __init__(self) -> None:
        self._count = np.zeros(_BINS, np.int64)  # lows minus highs in each bin
        self._sum = np.zeros(_BINS, np.int64)  # highs minus lows
        bits = (np.arange(_BINS, dtype=np.int64) - 1 + _FIRST_BIN) << _BIN_SHIFT
        self._edge = np.ceil(bits.view(np.float64)).astype(np.int64)  # smallest whole number in the bin
        self._edge[0] = 0

    def add(self, low_ms: np.ndarray, high_ms: np.ndarray) -> None:
        """Add segments; int64 arrays of equal length, ``0 <= low <= high``."""
        for start in range(0, len(low_ms), _BLOCK):
            for ends, sign in ((low_ms, 1), (high_ms, -1)):
                values = ends[start : start + _BLOCK].astype(np.float64)
                index = np.maximum((values.view(np.int64) >> _BIN_SHIFT) - (_FIRST_BIN - 1), 0)
                self._count += sign * np.bincount(index, minlength=_BINS)
                self._sum -= sign * np.bincount(index, values, _BINS).astype(np.int64)

    def quantile_s(self, q: float) -> float | None:
        """The age in seconds not exceeded for the share ``q`` of the time; within 0.8 %."""
        below = np.concatenate([[0], np.cumsum(self._sum)[:-1]])
        open_ = np.concatenate([[0], np.cumsum(self._count)[:-1]])
        time_ms = below + self._edge * open_
        total = int(self._sum.sum())
        if total <= 0:
            return None
        k = int(np.searchsorted(time_ms, q * total, "left"))
        low, high = int(self._edge[k - 1]), int(self._edge[k])
        share = (q * total - int(time_ms[k - 1])) / (int(time_ms[k]) - int(time_ms[k - 1]))
        return (low + share * (high - low)) / 1000


def _milliseconds(column: pa.Array) -> np.ndarray:
    return np.asarray(column.cast(pa.timestamp("us", tz="UTC")).view(pa.int64())) // 1000


def _grown(values: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([values, np.zeros(size - len(values), values.dtype)]) if len(values) < size else values
