"""A finished day, told again from its run folder: ledgers and trips instead of a simulation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.clock import MINUTE, LocalTime
from engine.geo import Projection
from engine.records import read_batches
from engine.telemetry_log import read_telemetry
from scenarios.live.picture import Picture
from scenarios.live.snapshot import Shots, fixed_parts
from scenarios.rows import Row, folder_rows, read_manifest
from twin.belief import Belief
from twin.clocks import EventClocks
from twin.events import COMMANDS
from twin.ingest import refused

CHECKPOINT_US = 30 * MINUTE
"""A copy of both pictures is kept this often: jumping back reads at most so much again."""
_BITS = 44
"""Microseconds of a day's length in a sort key: 200 days."""


class RecordedDay:
    """Both pictures at any moment of a finished run."""

    can_command, can_seek = False, True

    def __init__(self, folder: Path) -> None:
        """Raises ValueError or FileNotFoundError when the folder holds no run that has ended."""
        manifest = read_manifest(folder)
        if manifest.get("status") != "finished":
            raise ValueError(f"'{folder}': expected a finished run; this one is {manifest.get('status')!r}")
        self._manifest, self.folder = manifest, folder
        self.start_us, self.end_us = manifest["start_us"], manifest["simulated_to_us"]
        self._local = LocalTime(manifest["time_zone"])
        self._projection = Projection(manifest["projection"]["lat0"], manifest["projection"]["lon0"])
        self._office = _Tale([row for row in folder_rows(folder, "office") if _believed(row)], _heard_us)
        self._truth = _Tale(folder_rows(folder, "truth"), lambda row: row.at_us)
        self.seek(self.start_us)
        vehicles = self._office.picture.belief.index
        self._trips = _Track(*_trips(folder, vehicles), len(vehicles), self.start_us)
        moment, vehicle, occurred, lat, lon = _samples(folder, vehicles)
        self._fixes = _Track(moment, vehicle, lat, lon, len(vehicles), self.start_us)
        self._occurred_us = occurred[self._fixes.order]
        self._received_us = np.sort(moment)
        self._shots = Shots(self._office.picture, self._truth.picture, self._projection, self.start_us)

    @property
    def now_us(self) -> int:
        """The moment shown."""
        return self._now_us

    def advance(self, until_us: int) -> None:
        """Tell on."""
        self._now_us = min(until_us, self.end_us)
        self._office.go(self._now_us)
        self._truth.go(self._now_us)

    def seek(self, at_us: int) -> None:
        """Jump; moments outside the run are its ends."""
        self.advance(max(self.start_us, at_us))

    def post(self, kind: str, payload: dict[str, Any], by: str) -> int:
        """What is over cannot be changed."""
        raise ValueError("this day is over: branch it to do it differently (twin run --branch RUN --at HH:MM:SS)")

    def assign(self, order_id: str, vehicle_id: str, by: str) -> int:
        """What is over cannot be changed."""
        return self.post("assign_order", {}, by)

    def fixed(self) -> dict[str, Any]:
        """The day, its vehicles, depots and roads."""
        path = self.folder / "roads.parquet"
        roads = pq.read_table(path, columns=["road_class", "lat", "lon"]) if path.is_file() else None
        credit = str(((self._manifest.get("notes") or {}).get("roads") or {}).get("attribution") or "")
        name, span = str(self._manifest.get("name") or self.folder.name), (self.start_us, self.end_us)
        return fixed_parts(self._office.picture, self._projection, self._local, name, span, True, roads, credit)

    def parts(self) -> dict[str, Any]:
        """The parts as of now."""
        office, truth, now = self._office.picture, self._truth.picture, self._now_us
        row, heard = self._fixes.last(now)
        last = office.belief.last.rows
        last["lat"], last["lon"] = (np.where(heard, values[row], np.nan) for values in (self._fixes.a, self._fixes.b))
        last["fixed_us"] = np.where(heard, self._occurred_us[row], 0)
        samples = int(np.searchsorted(self._received_us, now, side="right"))
        return self._shots.parts(office, truth, now, samples, self._true_xy())

    def on_busy(self, tell: Callable[[str], None]) -> None:
        """Telling again never takes long."""

    def close(self, error: BaseException | None = None) -> None:
        """Nothing to leave behind."""

    def _true_xy(self) -> tuple[np.ndarray, np.ndarray]:
        """On the line between two keyframes; before the first one at the depot."""
        track = self._trips
        row, begun = track.last(self._now_us)
        after = np.minimum(row + 1, len(track.at_us) - 1)
        goes_on = begun & (track.vehicle[after] == track.vehicle[row]) & (after > row)
        span_us = np.maximum(track.at_us[after] - track.at_us[row], 1)
        share = np.where(goes_on, (self._now_us - track.at_us[row]) / span_us, 0.0)
        belief = self._truth.picture.belief
        homes = [belief.depots[v.depot_id] for v in belief.vehicles.values()]
        home = self._projection.to_xy([p.lat for p in homes], [p.lon for p in homes])
        x, y = (np.where(begun, v[row] + (v[after] - v[row]) * share, h) for v, h in zip((track.a, track.b), home))
        return x, y


class _Tale:
    """Rows of a ledger folded up to any moment."""

    def __init__(self, rows: list[Row], when: Callable[[Row], int]) -> None:
        self._rows, self._when, self._occurred_us = rows, [when(row) for row in rows], _occurred_us(rows)
        self.picture = Picture(Belief())
        self._next, self._now_us = 0, -1
        self._kept: list[tuple[int, int, Picture]] = [(-1, 0, Picture(Belief()))]  # moment, next row, picture

    def go(self, to_us: int) -> None:
        """Fold up to and including a moment, from a checkpoint when it lies behind."""
        if to_us < self._now_us:
            _, self._next, kept = next(entry for entry in reversed(self._kept) if entry[0] <= to_us)
            self.picture = kept.copy()
        while self._next < len(self._rows) and self._when[self._next] <= to_us:
            row, when = self._rows[self._next], self._when[self._next]
            if when >= self._kept[-1][0] + CHECKPOINT_US:
                self._kept.append((when - 1, self._next, self.picture.copy()))
            self.picture.fold(row.kind, self._occurred_us[self._next], row.payload, when, row.event_id)
            self._next += 1
        self._now_us = to_us


class _Track:
    """Two quantities by vehicle and time; ``last`` finds every vehicle's newest row at a moment at once."""

    def __init__(
        self, at_us: np.ndarray, vehicle: np.ndarray, a: np.ndarray, b: np.ndarray, vehicles: int, start_us: int
    ) -> None:
        key = (vehicle.astype(np.int64) << _BITS) + (at_us - start_us)
        self.order = np.argsort(key, kind="stable")
        self._key, self._start_us = key[self.order], start_us
        self.at_us, self.vehicle = at_us[self.order], vehicle[self.order]
        self.a, self.b = a[self.order], b[self.order]
        self._lane = np.arange(vehicles, dtype=np.int64) << _BITS
        if not len(key):  # a row nobody is on, so that looking up needs no special case
            self.at_us, self.vehicle = np.zeros(1, np.int64), np.full(1, -1)
            self.a = self.b = np.zeros(1)
            self.order = np.zeros(0, np.int64)

    def last(self, at_us: int) -> tuple[np.ndarray, np.ndarray]:
        """Each vehicle's newest row, and whether it has one yet (the row is then any)."""
        row = np.searchsorted(self._key, self._lane + (at_us - self._start_us), side="right") - 1
        first = np.searchsorted(self._key, self._lane)
        return np.maximum(row, 0), row >= first


def _believed(row: Row) -> bool:
    """Whether head office took it in: own acts and commands, and messages it did not refuse."""
    return row.kind in COMMANDS or row.channel == "office" or not refused(row.reason)


def _occurred_us(rows: list[Row]) -> list[int]:
    """When each event occurred, as far as head office could believe it."""
    clocks, times = EventClocks(), []
    for row in rows:
        at_us = row.at_us
        if row.received_us is not None and row.channel != "office":
            source, _, number = row.event_id.rpartition(":")
            at_us, _ = clocks.judge(source, int(number), row.at_us, row.received_us)
        times.append(at_us)
    return times


def _heard_us(row: Row) -> int:
    return row.at_us if row.received_us is None else row.received_us


def _trips(folder: Path, index: dict[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    table = pa.Table.from_batches(read_batches(folder / "trips.parquet"))
    at_us = table["t"].cast(pa.int64()).to_numpy()
    return at_us, _rows_of(table["vehicle_id"], index), table["x_m"].to_numpy(), table["y_m"].to_numpy()


def _samples(folder: Path, index: dict[str, int]) -> tuple[np.ndarray, ...]:
    """When received, vehicle row, when measured, latitude and longitude of the samples that arrived."""
    columns: list[list[np.ndarray]] = [[], [], [], [], []]
    for batch in read_telemetry(folder / "telemetry"):
        table = pa.Table.from_batches([batch])
        table = table.filter(pc.is_valid(table["received_at"]))
        values = (
            table["received_at"].cast(pa.int64()).to_numpy(), _rows_of(table["vehicle_id"], index),
            table["occurred_at"].cast(pa.int64()).to_numpy(), table["lat_e7"].to_numpy() / 1e7,
            table["lon_e7"].to_numpy() / 1e7,
        )  # fmt: skip
        for column, part in zip(columns, values):
            column.append(part)
    kinds = (np.int64, np.int64, np.int64, float, float)
    return tuple(np.concatenate(c) if c else np.empty(0, kind) for c, kind in zip(columns, kinds))


def _rows_of(names: pa.ChunkedArray, index: dict[str, int]) -> np.ndarray:
    """Vehicle rows of a column of names."""
    coded = names.combine_chunks() if pa.types.is_dictionary(names.type) else names.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries().combine_chunks()
    rows = np.array([index[name] for name in coded.dictionary.to_pylist()], np.int64)
    return rows[coded.indices.to_numpy(zero_copy_only=False)] if len(coded) else np.empty(0, np.int64)
