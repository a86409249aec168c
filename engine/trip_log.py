"""True motion, trip by trip: an Arrow stream while the run lasts, Parquet when sealed.

A killed run keeps the rows flushed to the stream. A trip enters its vehicle's hash as its id and a zero byte,
then each row as int64 ``t_us, x_mm, y_mm``, little-endian.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from engine.records import INSTANT, Chains, instants, names, read_batches, write_parquet

SCHEMA = pa.schema(
    [
        ("trip_id", pa.dictionary(pa.int32(), pa.string())),
        ("vehicle_id", pa.dictionary(pa.int32(), pa.string())),
        ("t", INSTANT),
        ("x_m", pa.float64()),
        ("y_m", pa.float64()),
    ]
)
_BATCH_ROWS = 1 << 16
_GROUP_ROWS = 1 << 20


class TripLog:
    """The driven trips of a run: ``folder/trips.parquet`` once sealed, in memory when folder is None."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.rows = 0
        self._chains = Chains()
        self._trips: list[tuple[str, str, np.ndarray]] = []
        self._waiting_rows = 0
        self._batches: list[pa.RecordBatch] = []
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._sink = pa.OSFile(str(folder / "trips.arrows"), "wb")
            self._stream = pa.ipc.new_stream(self._sink, SCHEMA)

    def add(self, trip_id: str, vehicle_id: str, t_us: np.ndarray, x_mm: np.ndarray, y_mm: np.ndarray) -> None:
        """Add a driven trip (see ``cut`` for one that ended early). Raises OSError when the disk refuses."""
        rows = np.empty((len(t_us), 3), "<i8")
        rows[:, 0], rows[:, 1], rows[:, 2] = t_us, x_mm, y_mm
        self._chains.update(vehicle_id, trip_id.encode() + b"\0" + rows.tobytes())
        self._trips.append((trip_id, vehicle_id, rows))
        self.rows += len(rows)
        self._waiting_rows += len(rows)
        if self._waiting_rows >= _BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Hand what was added to the operating system: from then on it outlives the process."""
        if not self._trips:
            return
        batch = _batch(self._trips)
        self._trips, self._waiting_rows = [], 0
        if self.folder is None:
            self._batches.append(batch)
        else:
            self._stream.write_batch(batch)
            self._sink.flush()

    def seal(self) -> None:
        """Write ``trips.parquet`` and remove the stream. Raises OSError when the disk refuses."""
        self.flush()
        if self.folder is None:
            return
        self._stream.close()
        self._sink.close()
        stream = self.folder / "trips.arrows"
        write_parquet(self.folder / "trips.parquet", SCHEMA, _groups(read_batches(stream)))
        stream.unlink()

    def digest(self) -> str:
        """Hex digest over the trips added so far."""
        return self._chains.digest()

    def table(self) -> pa.Table:
        """The trips of a log in memory; columns as in ``SCHEMA``."""
        self.flush()
        return pa.Table.from_batches(self._batches, SCHEMA)


def cut(t_us: np.ndarray, x_mm: np.ndarray, y_mm: np.ndarray, at_us: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The keyframes of a trip that ended at a moment: the ones before, and where it was then (as
    ``Motion.truncate``).

    Raises ValueError when the moment lies outside the trip.
    """
    if not t_us[0] <= at_us <= t_us[-1]:
        raise ValueError(f"cannot cut a trip from {t_us[0]} to {t_us[-1]} us at {at_us} us")
    n = int(np.searchsorted(t_us, at_us))  # keyframes strictly before
    i = max(n - 1, 0)
    j = min(i + 1, len(t_us) - 1)
    along, of = at_us - int(t_us[i]), max(int(t_us[j]) - int(t_us[i]), 1)
    ends = [at_us] + [int(v[i]) + (int(v[j]) - int(v[i])) * along // of for v in (x_mm, y_mm)]
    t, x, y = (np.append(values[:n], end).astype(np.int64) for values, end in zip((t_us, x_mm, y_mm), ends))
    return t, x, y


def trips_digest(path: Path) -> str:
    """The digest of ``trips.parquet`` (or of ``trips.arrows`` up to a torn tail), from the file alone, in
    flat memory.

    Raises OSError for a damaged Parquet file.
    """
    chains = Chains()
    before = None
    for batch in read_batches(path):
        trip, vehicle = batch.column("trip_id"), batch.column("vehicle_id")
        t = batch.column("t").view(pa.int64()).to_numpy()
        mm = [np.rint(batch.column(name).to_numpy() * 1000.0) for name in ("x_m", "y_m")]
        rows = np.stack((t, *mm), axis=1, dtype="<i8", casting="unsafe")
        trips, vehicles = trip.indices.to_numpy(), vehicle.indices.to_numpy()
        change = (trips[1:] != trips[:-1]) | (vehicles[1:] != vehicles[:-1])
        edges = [0, *(np.flatnonzero(change) + 1).tolist(), len(t)]
        for a, b in pairwise(edges):
            key = trip[a].as_py(), vehicle[a].as_py()
            if key != before:
                chains.update(key[1], key[0].encode() + b"\0")
            chains.update(key[1], rows[a:b].tobytes())
            before = key
    return chains.digest()


def _batch(trips: list[tuple[str, str, np.ndarray]]) -> pa.RecordBatch:
    lengths = [len(rows) for _, _, rows in trips]
    vehicles = {name: i for i, name in enumerate(dict.fromkeys(vehicle for _, vehicle, _ in trips))}
    rows = np.concatenate([rows for _, _, rows in trips])
    return pa.record_batch(
        [
            names(np.repeat(np.arange(len(trips), dtype=np.int32), lengths), [trip for trip, _, _ in trips]),
            names(np.repeat(np.array([vehicles[v] for _, v, _ in trips], np.int32), lengths), list(vehicles)),
            instants(np.ascontiguousarray(rows[:, 0])),
            pa.array(rows[:, 1] / 1000.0),
            pa.array(rows[:, 2] / 1000.0),
        ],
        schema=SCHEMA,
    )


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Tables of about a million rows: one row group each."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(len(b) for b in waiting) >= _GROUP_ROWS:
            yield pa.Table.from_batches(waiting, SCHEMA).unify_dictionaries()
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting, SCHEMA).unify_dictionaries()
