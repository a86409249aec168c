"""The two ledgers of a run as plain rows, for whoever tells what happened: story, lateness, report."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA, read_ledger
from scenarios.folder import read_json


class Row(NamedTuple):
    """A ledger row; times in microseconds UTC. The last three are empty in truth."""

    seq: int
    event_id: str
    kind: str
    at_us: int
    subject: str
    source: str
    payload: dict[str, Any]
    received_us: int | None = None
    channel: str = ""
    reason: str = ""


@dataclass(frozen=True)
class RunLedgers:
    """What a run left behind: truth, office (both in order of ``seq``) and the manifest."""

    truth: list[Row]
    office: list[Row]
    manifest: dict[str, Any]

    @property
    def time_zone(self) -> str:
        """IANA name; UTC where the manifest has none."""
        return self.manifest.get("time_zone") or "UTC"


def ledger_rows(table: pa.Table, without: Iterable[str] = ()) -> list[Row]:
    """Rows of a truth or office table; ``without`` names kinds to leave out."""
    if without := sorted(without):
        table = table.filter(pc.invert(pc.is_in(table["kind"], pa.array(without, pa.string()))))
    names = ["seq", "event_id", "kind", "occurred_at", "subject", "source", "payload"]
    if "received_at" in table.column_names:
        names += ["received_at", "channel", "reason"]
    columns = [_column(table[name]) for name in names]
    columns[6] = [json.loads(text) for text in columns[6]]
    return [Row(*values) for values in zip(*columns)]


def _column(column: pa.ChunkedArray) -> list[Any]:
    return (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()


def ledger_table(folder: Path, name: str) -> pa.Table:
    """A ledger of a run folder, sealed or up to the torn tail of its stream.

    Raises:
        FileNotFoundError: the folder has no such ledger.
    """
    schema = TRUTH_SCHEMA if name == "truth" else OFFICE_SCHEMA
    return pa.Table.from_batches(list(read_ledger(folder, name)), schema)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run folder.

    Raises:
        FileNotFoundError: this is not a run folder.
        ValueError: the manifest is not a JSON object.
    """
    path = Path(folder) / "manifest.json"
    if not path.is_file():
        raise FileNotFoundError(f"{folder}: not a run folder: it has no manifest.json")
    manifest = read_json(path)
    if not isinstance(manifest, dict):
        raise ValueError(f"{path}: expected a JSON object, found {type(manifest).__name__}")
    return manifest


def open_run(folder: Path, without: Iterable[str] = ("harsh_event",)) -> RunLedgers:
    """Read what a run folder tells; harsh events, the most frequent and of no use to a story, are left out.

    Raises:
        FileNotFoundError: no run folder, or one without ledgers.
        ValueError: the manifest is damaged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    tables = (ledger_table(folder, name) for name in ("truth", "office"))
    truth, office = (ledger_rows(table, without) for table in tables)
    return RunLedgers(truth, office, manifest)
