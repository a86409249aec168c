"""What KPIs are computed from: the two ledgers as events, the telemetry, the window of the run and its costs."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.ingest import refused
from twin.kpis.contracts import Contracts
from twin.kpis.costs import Costs

TELEMETRY_BATCH_ROWS = 1 << 16  # what the processor's cache holds


class Event(NamedTuple):
    """A ledger row. ``received_us`` is None in truth and for commands; ``reason`` is empty in truth."""

    seq: int
    event_id: str
    kind: str
    occurred_us: int
    received_us: int | None
    subject: str
    source: str
    payload: dict[str, Any]
    reason: str = ""

    @property
    def believed(self) -> bool:
        """Whether the office took it in: duplicates and dead letters are kept in the ledger only as a record."""
        return not refused(self.reason)


Rows: TypeAlias = pa.Table | Callable[[], Iterator[pa.RecordBatch]] | list[Event]
"""A ledger: a table, a function that starts reading its batches (so that no ledger need fit in memory), or its events
in order of ``seq``."""


@dataclass(frozen=True)
class Tables:
    """Everything a KPI may look at.

    ``start_us`` and ``end_us`` bound the run; ``time_zone`` names the clock that the dimension ``hour`` reads;
    ``telemetry`` is a table, a folder of Parquet parts, or None if there is none; ``alerts`` are the rules at work as
    the scenario configures them, by name; ``contracts`` what is paid for by the month or the megabyte.
    """

    truth: Rows
    office: Rows
    start_us: int
    end_us: int
    telemetry: pa.Table | Path | None = None
    time_zone: str = "UTC"
    costs: Costs = field(default_factory=Costs)
    alerts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    contracts: Contracts = field(default_factory=Contracts)


def read_events(ledger: Rows) -> Iterator[Event]:
    """The events of a ledger in order of ``seq``, a batch in memory at a time.

    A table in another row order is sorted first, so row order changes nothing.

    Raises:
        ValueError: a streamed ledger is not in order of ``seq``, or a payload is not JSON.
    """
    last = -1
    for events in _in_pieces(ledger):
        for event in events:
            if event.seq <= last:
                raise ValueError(f"ledger row seq {event.seq} comes after seq {last}: expected rising numbers")
            last = event.seq
            yield event


def batch_events(batch: pa.RecordBatch) -> list[Event]:
    """The rows of one batch as events."""
    rows = batch.num_rows
    columns = [batch.column(name).to_pylist() for name in ("seq", "event_id", "kind")]
    columns.append(microseconds(batch.column("occurred_at")))
    office = "received_at" in batch.schema.names
    columns.append(microseconds(batch.column("received_at")) if office else [None] * rows)
    columns += [batch.column(name).to_pylist() for name in ("subject", "source")]
    columns.append(json.loads(f"[{','.join(batch.column('payload').to_pylist())}]"))  # much quicker than one by one
    columns.append(batch.column("reason").to_pylist() if office else [""] * rows)
    return [Event._make(row) for row in zip(*columns, strict=True)]


def microseconds(column: pa.Array) -> list[int | None]:
    """A timestamp column as microseconds since 1970."""
    return column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()


def _in_pieces(ledger: Rows) -> Iterator[list[Event]]:
    if isinstance(ledger, list):
        return iter([ledger])
    if not isinstance(ledger, pa.Table):
        return map(batch_events, ledger())
    seq = ledger["seq"].combine_chunks()
    if len(seq) > 1 and not pc.all(pc.less(seq[:-1], seq[1:])).as_py():
        ledger = ledger.sort_by("seq")
    return map(batch_events, ledger.to_batches(max_chunksize=65_536))


def telemetry_batches(telemetry: pa.Table | Path | None, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Batches of telemetry with the named columns only, part files in order of name."""
    if telemetry is None:
        return
    if isinstance(telemetry, pa.Table):
        yield from telemetry.select(columns).to_batches(max_chunksize=TELEMETRY_BATCH_ROWS)
        return
    for path in sorted(telemetry.glob("part-*.parquet")):
        with pq.ParquetFile(path, read_dictionary=["vehicle_id", "device_id"]) as file:
            yield from file.iter_batches(batch_size=TELEMETRY_BATCH_ROWS, columns=columns)


class LocalHours:
    """The hour a wall clock shows."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._hours: dict[int, int] = {}  # by quarter of an hour: offsets change on no finer grid

    def hour(self, t_us: int) -> int:
        """0 to 23."""
        quarter = t_us // 900_000_000
        hour = self._hours.get(quarter)
        if hour is None:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=quarter * 900)
            hour = self._hours[quarter] = moment.astimezone(self._zone).hour
        return hour
