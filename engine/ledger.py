"""The append-only ledger: rows in, an Arrow stream while running, Parquet when sealed, one digest."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.ipc

from engine.records import read_batches, write_parquet

_TIME = pa.timestamp("us", tz="UTC")
TRUTH_SCHEMA = pa.schema([
    pa.field("seq", pa.int64(), nullable=False),
    pa.field("event_id", pa.string(), nullable=False),
    pa.field("kind", pa.string(), nullable=False),
    pa.field("schema_version", pa.int16(), nullable=False),
    pa.field("occurred_at", _TIME, nullable=False),
    pa.field("subject", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("payload", pa.string(), nullable=False),
])  # fmt: skip
OFFICE_SCHEMA = pa.schema([
    *TRUTH_SCHEMA,
    pa.field("received_at", _TIME),
    pa.field("channel", pa.string(), nullable=False),
    pa.field("reason", pa.string(), nullable=False),
])  # fmt: skip
_PAYLOAD = TRUTH_SCHEMA.get_field_index("payload")  # in both
BATCH_ROWS = 4096

Stored: TypeAlias = str | dict[str, Any]
"""A payload as a ledger holds it: its text, or itself until somebody asks for text."""


def payload_json(payload: dict[str, Any]) -> str:
    """The stored text of a payload: compact JSON, keys in the order given, never NaN."""
    return _ENCODER.encode(payload)


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False)


def _row_bytes(row: tuple) -> bytes:
    """What the digest sees of a row: the tuple of its values as Python writes it in ASCII, times in microseconds."""
    return ascii(row).encode()


class Ledger:
    """Rows of one ledger in order of ``seq``; a row's position never changes.

    With a folder, rows stream to ``<name>.arrows`` and leave memory; without, they stay as they are, and payloads
    become text only when the table or the digest is asked for.
    """

    def __init__(self, name: str, schema: pa.Schema, folder: Path | None = None) -> None:
        self.name, self.schema, self.folder = name, schema, folder
        self.rows = 0
        self._pending: list[tuple] = []
        self._texts: list[str] = []  # of the payloads of the first rows in memory
        self._hash = hashlib.sha256()
        self._file: Any = None
        self._writer: Any = None
        if folder is not None:
            self._file = open(folder / f"{name}.arrows", "xb")  # noqa: SIM115  (open for the whole run)
            self._writer = pa.ipc.new_stream(self._file, schema)

    def stored(self, payload: dict[str, Any]) -> Stored:
        """A payload as rows of this ledger hold it; nobody may change it any more."""
        return payload if self.folder is None else payload_json(payload)

    def append(self, *values: Any) -> int:
        """Add a row (all columns but ``seq``, in schema order, payload as ``stored``) and return its ``seq``."""
        seq = self.rows
        self.rows = seq + 1
        self._pending.append((seq, *values))
        if self._writer is not None and len(self._pending) >= BATCH_ROWS:
            self.flush()
        return seq

    def flush(self) -> None:
        """Hand what is pending to the operating system: it survives a kill of this process.

        Raises:
            OSError: the disk is full or gone.
        """
        if self._writer is None:
            return
        if self._pending:
            self._writer.write_batch(self._batch(self._pending))
            self._hash.update(b"".join(map(_row_bytes, self._pending)))
            self._pending = []
        self._file.flush()

    def digest(self) -> str:
        """SHA-256 over all rows so far."""
        self.flush()
        total = self._hash.copy()
        for row in self._written():
            total.update(_row_bytes(row))
        return total.hexdigest()

    def table(self) -> pa.Table:
        """All rows, of a ledger kept in memory."""
        rows = self._written()
        starts = range(0, len(rows), BATCH_ROWS)
        return pa.Table.from_batches([self._batch(rows[at : at + BATCH_ROWS]) for at in starts], self.schema)

    def in_memory(self) -> list[tuple]:
        """All rows as they were appended, of a ledger kept in memory."""
        return self._pending

    def _written(self) -> list[tuple]:
        """The rows pending, payloads as text."""
        new = (row[_PAYLOAD] for row in self._pending[len(self._texts) :])
        self._texts += [stored if isinstance(stored, str) else payload_json(stored) for stored in new]
        return [(*row[:_PAYLOAD], text, *row[_PAYLOAD + 1 :]) for row, text in zip(self._pending, self._texts)]

    def _batch(self, rows: list[tuple]) -> pa.RecordBatch:
        columns = [pa.array(column, field.type) for column, field in zip(zip(*rows), self.schema)]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def seal(self) -> Path | None:
        """Turn the stream into ``<name>.parquet`` (complete when renamed) and drop the stream."""
        self.flush()
        if self.folder is None:
            return None
        self.close()
        source, target = self.folder / f"{self.name}.arrows", self.folder / f"{self.name}.parquet"
        write_parquet(target, self.schema, read_batches(source))
        source.unlink()
        return target

    def close(self) -> None:
        """Close the stream without sealing it."""
        if self._file is not None and not self._file.closed:
            self._writer.close()
            self._file.close()


def read_ledger(folder: Path, name: str) -> Iterator[pa.RecordBatch]:
    """Batches of a sealed or still streaming ledger, in order.

    Raises:
        FileNotFoundError: the folder has neither.
    """
    sealed = folder / f"{name}.parquet"
    yield from read_batches(sealed if sealed.exists() else folder / f"{name}.arrows")


def ledger_rows(folder: Path, name: str) -> Iterator[tuple[int, bytes]]:
    """Rows of a ledger as the digest sees them, each with its time (when received, else when it occurred)."""
    for batch in read_ledger(folder, name):
        columns = [
            column.cast(pa.int64()).to_pylist() if pa.types.is_timestamp(column.type) else column.to_pylist()
            for column in batch.columns
        ]
        times = columns[4] if name == "truth" else [r if r is not None else o for r, o in zip(columns[8], columns[4])]
        yield from zip(times, map(_row_bytes, zip(*columns)))


def ledger_digest(folder: Path, name: str) -> str:
    """The digest of a ledger, recomputed from its file."""
    sha = hashlib.sha256()
    for _, row in ledger_rows(folder, name):
        sha.update(row)
    return sha.hexdigest()
