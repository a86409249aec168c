"""The two ledgers of a run as plain rows, for whoever tells what happened: story, lateness, report."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from engine.ledger import read_ledger
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


def ledger_rows(table: pa.Table, without: Collection[str] = (), only: Collection[str] | None = None) -> list[Row]:
    """Rows of a truth or office table; ``without`` names kinds to leave out, ``only`` the kinds to keep."""
    if only is not None:
        table = table.filter(pc.is_in(table["kind"], pa.array(sorted(only), pa.string())))
    if without:
        table = table.filter(pc.invert(pc.is_in(table["kind"], pa.array(sorted(without), pa.string()))))
    names = ["seq", "event_id", "kind", "occurred_at", "subject", "source", "payload"]
    if "received_at" in table.column_names:
        names += ["received_at", "channel", "reason"]
    columns = [_column(table[name]) for name in names]
    columns[6] = [json.loads(text) for text in columns[6]]
    return [Row(*values) for values in zip(*columns)]


def _column(column: pa.ChunkedArray) -> list[Any]:
    return (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()


def folder_rows(
    folder: Path, name: str, without: Collection[str] = (), only: Collection[str] | None = None
) -> list[Row]:
    """Rows of a ledger in a run folder, sealed or up to the torn tail of its stream; kinds as in ``ledger_rows``.

    Raises:
        FileNotFoundError: the folder has no such ledger.
    """
    batches = (pa.Table.from_batches([batch]) for batch in read_ledger(folder, name))
    return [row for table in batches for row in ledger_rows(table, without, only)]


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


def open_run(folder: Path) -> RunLedgers:
    """Read what a run folder tells; harsh events, frequent and of no use to a story, are left out.

    Raises:
        FileNotFoundError: no run folder, or one without ledgers.
        ValueError: the manifest is damaged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    truth, office = (folder_rows(folder, name, without=("harsh_event",)) for name in ("truth", "office"))
    return RunLedgers(truth, office, manifest)
