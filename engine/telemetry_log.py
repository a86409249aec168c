"""The telemetry of a run: Parquet parts in a folder, or Arrow tables in memory, with one digest for both.

A row enters a device's hash as ``ROW``: its stored values, little-endian, without padding, names as the
64-bit key of ``engine.streams.key_u64``. A row never received has ``received_at`` null in the table and
``NEVER_US`` in the hash.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.radio import NEVER_US
from engine.radio.held import Part
from engine.radio.samples import FATES
from engine.records import INSTANT, Chains, instants, names, read_batches, write_parquet
from engine.runs import opens, ranges, stops
from engine.samples import Block
from engine.streams import key_u64

ROW = np.dtype(
    [
        ("sample", "<i4"),
        ("vehicle_id", "<u8"),
        ("occurred_at", "<i8"),
        ("recorded_at", "<i8"),
        ("received_at", "<i8"),
        ("lat_e7", "<i4"),
        ("lon_e7", "<i4"),
        ("speed_cmps", "<u2"),
        ("heading_cdeg", "<u2"),
        ("odometer_m", "<i4"),
        ("fuel_ml", "<i4"),
        ("energy_wh", "<i4"),
        ("engine_s", "<i4"),
        ("ignition", "?"),
        ("satellites", "u1"),
        ("cn0_dbhz", "u1"),
        ("cn0_spread_db", "u1"),
        ("rf_power_db", "i1"),
        ("supply_mv", "<u2"),
        ("network", "<u8"),
        ("fate", "<u8"),
    ]
)
_STORED: tuple[str, ...] = ROW.names or ()
_TEXT = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("device_id", _TEXT),
        ("sample", pa.int32()),
        ("vehicle_id", _TEXT),
        ("occurred_at", INSTANT),
        ("recorded_at", INSTANT),
        ("received_at", INSTANT),
        ("lat_e7", pa.int32()),
        ("lon_e7", pa.int32()),
        ("speed_cmps", pa.uint16()),
        ("heading_cdeg", pa.uint16()),
        ("odometer_m", pa.int32()),
        ("fuel_ml", pa.int32()),
        ("energy_wh", pa.int32()),
        ("engine_s", pa.int32()),
        ("ignition", pa.bool_()),
        ("satellites", pa.uint8()),
        ("cn0_dbhz", pa.uint8()),
        ("cn0_spread_db", pa.uint8()),
        ("rf_power_db", pa.int8()),
        ("supply_mv", pa.uint16()),
        ("network", _TEXT),
        ("fate", _TEXT),
    ]
)
Columns = dict[str, np.ndarray]
"""Stored columns by name; names as an index into their texts."""
Texts = dict[str, Sequence[str]]
_DTYPES = (
    {name: np.dtype(ROW[name]) for name in _STORED}
    | dict.fromkeys(("device_id", "vehicle_id"), np.dtype(np.int32))
    | dict.fromkeys(("network", "fate"), np.dtype(np.uint8))
)
_SOURCE = {
    "device_id": "device", "vehicle_id": "vehicle", "occurred_at": "occurred_us", "recorded_at": "recorded_us",
}  # fmt: skip
_SETTLED = ("received_at", "network", "fate")
_SPAN = 1 << 14  # rows sorted, packed and hashed at a time: what the second-level cache holds


class TelemetryLog:
    """Takes samples whose fate is settled and keeps them in a folder of parts, or in memory when folder is
    None.

    Within a part rows are by device, then sample; a device's samples go on from part to part. How the rows
    were handed over decides which part a row is in, and changes neither the digest nor a device's order.
    """

    def __init__(
        self,
        folder: Path | None,
        device_ids: Sequence[str],
        vehicle_ids: Sequence[str],
        networks: Sequence[str] = ("perfect",),
        part_rows: int = 1_500_000,
    ) -> None:
        self.folder = folder
        self.rows = 0
        texts = {"device_id": device_ids, "vehicle_id": vehicle_ids, "network": (*networks, "none"), "fate": FATES}
        self._texts: Texts = texts
        self._part_rows = part_rows
        self._buffer = Block(_DTYPES).of(part_rows if folder is not None else 0)
        self._filled = 0
        self._kept: list[Columns] = []
        self._parts = 0
        self._chains = Chains()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, part: Part) -> None:
        """Add rows, in sample order of each device; a log in memory keeps the arrays, one on disk copies them.

        ``part`` has the columns of ``Samples`` and ``Signals`` and, as ``arrive_us``, when head office received each
        (``NEVER_US``: never). Raises OSError when the disk refuses.
        """
        if not len(part):
            return
        columns = {name: part.column(_SOURCE.get(name, name)) for name in _DTYPES if name not in _SETTLED}
        columns |= {"received_at": part.arrive_us, "network": self._network(part), "fate": part.fate}
        n = len(part)
        self.rows += n
        if self.folder is None:
            self._kept.append(columns)
            return
        done = 0
        while done < n:
            step = min(n - done, self._part_rows - self._filled)
            for name, values in self._buffer.items():
                values[self._filled : self._filled + step] = columns[name][done : done + step]
            self._filled += step
            done += step
            if self._filled == self._part_rows:
                self._end_part()

    def _network(self, part: Part) -> np.ndarray:
        """Networks by index; what was sent over none counts for the last name."""
        return np.where(part.network < 0, len(self._texts["network"]) - 1, part.network)

    def seal(self) -> None:
        """Write what is still waiting. Raises OSError when the disk refuses."""
        if self._filled:
            self._end_part()

    def digest(self) -> str:
        """Hex digest over all rows, after ``seal``."""
        if self.folder is not None:
            return self._chains.digest()
        chains = Chains()
        for part in self._kept:
            _hash_rows(chains, _sorted(part), self._texts)
        return chains.digest()

    def table(self) -> pa.Table:
        """All rows of a log kept in memory, by device and then by sample; columns as in ``SCHEMA``."""
        if not self._kept:
            return SCHEMA.empty_table()
        whole = {name: np.concatenate([part[name] for part in self._kept]) for name in _DTYPES}
        return _table(_sorted(whole), self._texts)

    def _end_part(self) -> None:
        part = {name: values[: self._filled] for name, values in self._buffer.items()}
        self._filled = 0
        assert self.folder is not None  # noqa: S101  (parts are of logs on disk)
        columns = _sorted(part)
        write_parquet(self.folder / f"part-{self._parts:05d}.parquet", SCHEMA, [_table(columns, self._texts)])
        _hash_rows(self._chains, columns, self._texts)
        self._parts += 1


def _sorted(part: Columns) -> Columns:
    """By device, then sample, in fresh arrays."""
    order = _by_device(part["device_id"])
    return {name: values[order] for name, values in part.items()}


def _table(columns: Columns, texts: Texts) -> pa.Table:
    arrays = {name: names(columns[name], text) for name, text in texts.items()}
    arrays |= {name: instants(columns[name]) for name in ("occurred_at", "recorded_at")}
    arrays["received_at"] = instants(columns["received_at"], missing=NEVER_US)
    arrays |= {name: pa.array(values) for name, values in columns.items() if name not in arrays}
    return pa.Table.from_pydict(arrays, schema=SCHEMA)


def telemetry_digest(folder: Path) -> str:
    """The digest of a telemetry folder, from its files alone, a piece at a time.

    Raises OSError for a damaged part, ValueError for one with other columns.
    """
    chains = Chains()
    for batch in read_telemetry(folder):
        _hash_rows(chains, *_columns(batch))
    return chains.digest()


def read_telemetry(folder: Path) -> Iterator[pa.RecordBatch]:
    """All rows of a telemetry folder, part by part in the order written; half-written parts are not read."""
    for path in sorted(folder.glob("part-*.parquet")):
        for batch in read_batches(path):
            if batch.schema.names != SCHEMA.names:
                raise ValueError(f"{path}: columns are {batch.schema.names}, expected {SCHEMA.names}")
            yield batch


def _by_device(device: np.ndarray) -> np.ndarray:
    """A stable order by device of rows that come in long runs of one device."""
    starts = opens(device).nonzero()[0]
    lengths = stops(starts, len(device)) - starts
    runs = np.sort(device[starts].astype(np.int64) << 32 | np.arange(len(starts))) & 0xFFFFFFFF
    return ranges(starts[runs], lengths[runs])


def _columns(batch: pa.RecordBatch) -> tuple[Columns, Texts]:
    """The columns of a batch as arrays, names as indexes into their texts."""
    columns: Columns = {}
    texts: Texts = {}
    for name, column in zip(batch.schema.names, batch.columns):
        if pa.types.is_dictionary(column.type):
            texts[name] = column.dictionary.to_pylist()
            column = column.indices
        elif pa.types.is_timestamp(column.type):
            column = column.view(pa.int64()).fill_null(NEVER_US)
        columns[name] = column.to_numpy(zero_copy_only=False)
    return columns, texts


def _hash_rows(chains: Chains, columns: Columns, texts: Texts) -> None:
    """Append rows, in order, to the chains of their devices."""
    device = columns["device_id"]
    keys = {
        name: np.array([key_u64(text) for text in texts[name]], np.uint64) for name in ("vehicle_id", "network", "fate")
    }
    starts = np.flatnonzero(device[1:] != device[:-1]) + 1
    for begin in range(0, len(device), _SPAN):
        end = min(begin + _SPAN, len(device))
        rows = np.empty(end - begin, ROW)
        for name in _STORED:
            values = columns[name][begin:end]
            rows[name] = keys[name][values] if name in keys else values
        data = rows.tobytes()
        inside = starts[np.searchsorted(starts, begin, "right") : np.searchsorted(starts, end)]
        edges = [begin, *inside.tolist(), end]
        for a, b in pairwise(edges):
            chains.update(texts["device_id"][device[a]], data[(a - begin) * ROW.itemsize : (b - begin) * ROW.itemsize])
