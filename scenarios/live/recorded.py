"""A finished day, told again from its run folder: ledgers and trips instead of a simulation."""

import heapq
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agents.office import Entry
from engine.clock import MINUTE, LocalTime
from engine.geo import Projection
from engine.records import read_batches
from engine.telemetry_log import read_telemetry
from scenarios.contracts import contracts_in
from scenarios.live.account import OfficeAccount
from scenarios.live.gaze import Line
from scenarios.live.ground_parts import geofence_parts, places_ahead, straight
from scenarios.live.picture import Picture
from scenarios.live.score import Score
from scenarios.live.snapshot import Shots, fixed_parts
from scenarios.live.tracks import Track
from scenarios.rows import Row, RunLedgers, folder_rows, read_manifest
from twin.belief import Belief
from twin.clocks import EventClocks
from twin.ingest import refused
from twin.kpis.costs import Costs

CHECKPOINT_US = 30 * MINUTE
"""A copy of both pictures is kept this often: jumping back reads at most so much again."""


class RecordedDay:
    """Head office's account and the true picture at any moment of a finished run."""

    can_command, can_seek = False, True

    def __init__(self, folder: Path) -> None:
        """Raises ValueError or FileNotFoundError when the folder holds no run that has ended."""
        manifest = read_manifest(folder)
        if manifest.get("status") != "finished":
            raise ValueError(f"'{folder}': expected a finished run; this one is {manifest.get('status')!r}")
        self._manifest, self.folder = manifest, folder
        self.start_us, self.end_us = manifest["start_us"], manifest["simulated_to_us"]
        self._local = LocalTime(manifest["time_zone"])
        self.projection = Projection(manifest["projection"]["lat0"], manifest["projection"]["lon0"])
        office, truth = folder_rows(folder, "office"), folder_rows(folder, "truth")
        entries, happened = _entries(office), [_entry(row, row.at_us, row.at_us) for row in truth]
        self.score = _scored(manifest, entries, happened)
        self._tales = _Tale(entries), _Tale(happened)
        self._open_tales()
        self.advance(self.start_us)
        vehicles = self.picture.belief.index
        self._trips = Track(*_trips(folder, vehicles), len(vehicles), self.start_us)
        moment, vehicle, occurred, lat, lon, supply_mv = _samples(folder, vehicles)
        self._fixes = Track(moment, vehicle, lat, lon, len(vehicles), self.start_us)
        self._occurred_us, self._supply_mv = occurred[self._fixes.order], supply_mv[self._fixes.order]
        self._received_us = np.sort(moment)
        self._open_shots()

    def again(self) -> "RecordedDay":
        """The same day for somebody else, at its start; what was read is shared."""
        other = copy(self)
        other._open_tales()
        other.advance(self.start_us)
        other._open_shots()
        return other

    def _open_tales(self) -> None:
        self._office, self._truth = (tale.again() for tale in self._tales)

    def _open_shots(self) -> None:
        span = self.start_us, self.end_us
        self._shots = Shots(self.picture, self._truth.account.picture, self.projection, span)

    @property
    def now_us(self) -> int:
        """The moment shown."""
        return self._now_us

    @property
    def picture(self) -> Picture:
        """What head office knew."""
        return self._office.account.picture

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

    def fixed(self) -> dict[str, Any]:
        """The day, its vehicles, depots, roads and geofences."""
        path, picture = self.folder / "roads.parquet", self.picture
        roads = pq.read_table(path, columns=["road_class", "lat", "lon"]) if path.is_file() else None
        credit = str(((self._manifest.get("notes") or {}).get("roads") or {}).get("attribution") or "")
        name, span = str(self._manifest.get("name") or self.folder.name), (self.start_us, self.end_us)
        alerts = (self._manifest.get("scenario") or {}).get("alerts") or {}
        own = {"geofences": geofence_parts(alerts, picture.belief.depots, self.projection), "posted": []}
        return own | fixed_parts(picture, self.projection, self._local, name, span, True, roads, credit, alerts)

    def parts(self) -> dict[str, Any]:
        """The parts as of now."""
        now = self._now_us
        row, heard = self._fixes.last(now)
        last = self.picture.belief.last.rows
        last["lat"], last["lon"] = (np.where(heard, values[row], np.nan) for values in (self._fixes.a, self._fixes.b))
        last["fixed_us"] = np.where(heard, self._occurred_us[row], 0)
        last["supply_mv"] = np.where(heard, self._supply_mv[row], 0)
        samples = int(np.searchsorted(self._received_us, now, side="right"))
        truth = self._truth.account.picture
        return self._shots.parts(self._office.account, truth, now, samples, self._true_xy()) | self.score.parts(now)

    def follow(self, rows: set[int]) -> None:
        """Everything is on record anyway."""

    def way(self, row: int) -> Line:
        """Straight from stop to stop: the folder has roads to draw, not to drive on."""
        belief = self.picture.belief
        x, y = straight(places_ahead(belief, [*belief.vehicles][row]), self.projection)
        return Line(x, y, np.empty(0, np.float32))

    def trail(self, row: int) -> Line:
        """Fixes received by now, in the order they were measured."""
        rows = self._fixes.until(row, self._now_us)
        at_us = self._occurred_us[rows]
        rows, at_us = rows[np.argsort(at_us, kind="stable")], np.sort(at_us)
        x, y = self.projection.to_xy(self._fixes.a[rows], self._fixes.b[rows])
        return self._line(x, y, at_us)

    def true_trail(self, row: int) -> Line:
        """Keyframes up to now."""
        rows = self._trips.until(row, self._now_us)
        return self._line(self._trips.a[rows], self._trips.b[rows], self._trips.at_us[rows])

    def _line(self, x: np.ndarray, y: np.ndarray, at_us: np.ndarray) -> Line:
        seconds = (at_us - self.start_us) / 1e6
        return Line(*(np.asarray(values).astype(np.float32) for values in (x, y, seconds)))

    def ledgers(self) -> RunLedgers:
        """As the run left them, up to now."""
        truth, office = (folder_rows(self.folder, name, without=("harsh_event",)) for name in ("truth", "office"))
        told = [row for row in truth if row.at_us <= self._now_us]
        return RunLedgers(told, [row for row in office if _heard_us(row) <= self._now_us], self._manifest)

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
        belief = self._truth.account.picture.belief
        homes = [belief.depots[v.depot_id] for v in belief.vehicles.values()]
        home = self.projection.to_xy([p.lat for p in homes], [p.lon for p in homes])
        x, y = (np.where(begun, v[row] + (v[after] - v[row]) * share, h) for v, h in zip((track.a, track.b), home))
        return x, y


class _Tale:
    """Rows of a ledger folded up to any moment."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries
        self.account = OfficeAccount(Belief())
        self._next, self._now_us = 0, -1
        self._kept: list[tuple[int, int, OfficeAccount]] = [(-1, 0, self.account.copy())]  # moment, next row, account

    def again(self) -> "_Tale":
        """The same rows told to somebody else, from the beginning; checkpoints are shared."""
        other = copy(self)
        other.account, other._next, other._now_us = self._kept[0][2].copy(), 0, -1
        return other

    def go(self, to_us: int) -> None:
        """Fold up to and including a moment, from a checkpoint when it lies behind or far ahead."""
        behind = to_us < self._now_us
        _, row, kept = next(entry for entry in reversed(self._kept) if entry[0] <= to_us)
        if behind or row > self._next:
            self._next, self.account = row, kept.copy()
        while self._next < len(self._entries) and self._entries[self._next].heard_us <= to_us:
            entry = self._entries[self._next]
            if entry.heard_us >= self._kept[-1][0] + CHECKPOINT_US:
                self._kept.append((entry.heard_us - 1, self._next, self.account.copy()))
            self.account.fold(entry)
            self._next += 1
        self._now_us = to_us


def _entries(rows: list[Row]) -> list[Entry]:
    """Rows of the office ledger, each with when it occurred as far as head office could believe."""
    clocks, entries = EventClocks(), []
    for row in rows:
        at_us = row.at_us
        if row.received_us is not None and row.channel != "office" and not refused(row.reason):
            source, _, number = row.event_id.rpartition(":")
            at_us, _ = clocks.judge(source, int(number), row.at_us, row.received_us)
        entries.append(_entry(row, at_us, _heard_us(row)))
    return entries


def _entry(row: Row, occurred_us: int, heard_us: int) -> Entry:
    return Entry(heard_us, row.event_id, row.kind, occurred_us, row.payload, row.reason, row.source)


def _heard_us(row: Row) -> int:
    return row.at_us if row.received_us is None else row.received_us


def _scored(manifest: dict[str, Any], office: list[Entry], truth: list[Entry]) -> Score:
    """Both ledgers through the KPIs once; a command given at a moment counts before what happens at it."""
    model = manifest.get("scenario") or {}
    expect = {name: kpi["expect"] for name, kpi in (model.get("kpis") or {}).items()}
    costs = Costs.from_mapping(model.get("costs") or {})
    score = Score(manifest["time_zone"], costs, contracts_in(manifest), manifest["start_us"], expect)
    for entry, own in heapq.merge(
        ((entry, True) for entry in office), ((entry, False) for entry in truth), key=lambda pair: pair[0].heard_us
    ):
        if own:
            score.hear(entry)
        else:
            score.happen(entry.kind, entry.heard_us, entry.payload)
    score.go(manifest["simulated_to_us"])
    return score


def _trips(folder: Path, index: dict[str, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    table = pa.Table.from_batches(read_batches(folder / "trips.parquet"))
    at_us = table["t"].cast(pa.int64()).to_numpy()
    return at_us, _rows_of(table["vehicle_id"], index), table["x_m"].to_numpy(), table["y_m"].to_numpy()


def _samples(folder: Path, index: dict[str, int]) -> tuple[np.ndarray, ...]:
    """When received, vehicle row, when measured, latitude, longitude and supply of the samples that arrived."""
    columns: list[list[np.ndarray]] = [[], [], [], [], [], []]
    for batch in read_telemetry(folder / "telemetry"):
        table = pa.Table.from_batches([batch])
        table = table.filter(pc.is_valid(table["received_at"]))
        values = (
            table["received_at"].cast(pa.int64()).to_numpy(), _rows_of(table["vehicle_id"], index),
            table["occurred_at"].cast(pa.int64()).to_numpy(), table["lat_e7"].to_numpy() / 1e7,
            table["lon_e7"].to_numpy() / 1e7, table["supply_mv"].to_numpy(),
        )  # fmt: skip
        for column, part in zip(columns, values):
            column.append(part)
    kinds = (np.int64, np.int64, np.int64, float, float, np.uint16)
    return tuple(np.concatenate(c) if c else np.empty(0, kind) for c, kind in zip(columns, kinds))


def _rows_of(names: pa.ChunkedArray, index: dict[str, int]) -> np.ndarray:
    """Vehicle rows of a column of names."""
    coded = names.combine_chunks() if pa.types.is_dictionary(names.type) else names.combine_chunks().dictionary_encode()
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.unify_dictionaries().combine_chunks()
    rows = np.array([index[name] for name in coded.dictionary.to_pylist()], np.int64)
    return rows[coded.indices.to_numpy(zero_copy_only=False)] if len(coded) else np.empty(0, np.int64)
