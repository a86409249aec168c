"""``twin verify``: the digest and the invariants of a run folder, recomputed from its files alone, in flat memory."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from engine.digest import combine
from engine.ledger import ledger_digest, read_ledger
from engine.records import Chains, read_batches
from engine.telemetry_log import telemetry_digest
from engine.trip_log import trips_digest
from scenarios.kpis import expectations, kpi_tables
from scenarios.rows import read_manifest
from scenarios.verification.findings import Findings
from scenarios.verification.ledgers import Index, check_messages, check_rows, check_unique
from scenarios.verification.motion import TELEMETRY_COLUMNS, Arrivals, SampleRules, TripRules
from scenarios.verification.orders import OrderRules
from twin.kpis import Event, by_dimension, compute, gather, read_events


@dataclass(frozen=True)
class Verdict:
    """What was found: ``failures`` are wrong, ``notes`` only worth knowing; ``digest`` is None if not computable."""

    ok: bool
    digest: str | None
    failures: list[str]
    notes: list[str]


def verify(folder: str | Path) -> Verdict:
    """Check a run folder, finished or killed, simulated or fed from outside.

    Raises:
        FileNotFoundError: this is not a run folder.
    """
    folder = Path(folder)
    findings = Findings()
    notes: list[str] = []
    manifest: dict[str, Any] = {}
    with _failing(findings, "manifest.json"):
        manifest = read_manifest(folder)
    if manifest.get("status") != "finished":
        findings.add("manifest.json", f"status is {manifest.get('status')!r}: the run did not finish")
    _check_sums(folder, manifest, findings)
    _check_ledgers_and_trips(folder, manifest, findings, notes)
    _check_telemetry(folder, findings, notes)
    _check_kpis(folder, manifest, findings)
    digest = None
    with _failing(findings, "digest"):
        digest = folder_digest(folder)
        stated = manifest.get("digest")
        if digest != stated and (stated or manifest.get("status") == "finished"):
            findings.add("digest", f"the manifest says {stated}, the files give {digest}")
    failures = findings.lines()
    return Verdict(not failures, digest, failures, notes)


def folder_digest(folder: Path) -> str:
    """The digest of a run folder, recomputed from its values.

    Raises:
        OSError, ValueError: a file is damaged or missing.
    """
    return combine(
        ledger_digest(folder, "truth"),
        ledger_digest(folder, "office"),
        trips_digest(trips) if (trips := _trips_file(folder)) else Chains().digest(),
        telemetry_digest(folder / "telemetry"),
    )


def _trips_file(folder: Path) -> Path | None:
    return next((path for path in (folder / "trips.parquet", folder / "trips.arrows") if path.exists()), None)


@contextmanager
def _failing(findings: Findings, what: str) -> Iterator[None]:
    """What cannot be read is a failure of the folder, not of the check."""
    try:
        yield
    except FileNotFoundError as error:
        if what == "manifest.json":
            raise
        findings.add(what, f"missing: {_line(error)}")
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        findings.add(what, f"cannot be read: {type(error).__name__}: {_line(error)}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _check_sums(folder: Path, manifest: dict[str, Any], findings: Findings) -> None:
    for name, stated in (manifest.get("checksums") or {}).items():
        path = folder / name
        if not path.is_file():
            findings.add("checksums", f"{name}: missing")
            continue
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != stated:
            findings.add("checksums", f"{name}: {found[:16]}…, the manifest says {str(stated)[:16]}…")


def _check_ledgers_and_trips(folder: Path, manifest: dict[str, Any], findings: Findings, notes: list[str]) -> None:
    finished = manifest.get("status") == "finished"
    orders, arrivals = OrderRules(findings), Arrivals()

    def take(event: Event) -> None:
        orders.take(event)
        arrivals.take(event)

    truth = _check_ledger(folder, "truth", findings, notes, take)
    office = _check_ledger(folder, "office", findings, notes)
    if truth is not None and len(truth):
        if finished:
            orders.finish()
        if office is not None:
            check_messages(truth, office, findings)
    elif truth is not None:
        notes.append("truth is empty: a replayed or live-fed twin, checked for what it heard")
    _check_trips(folder, manifest, arrivals, findings, notes)


def _check_ledger(
    folder: Path, name: str, findings: Findings, notes: list[str], take: Callable[[Event], None] = lambda event: None
) -> Index | None:
    with _failing(findings, name):
        index = check_rows(name, read_events(lambda: read_ledger(folder, name)), findings, take)
        check_unique(name, index, findings)
        if not (folder / f"{name}.parquet").exists():
            notes.append(f"{name}.arrows: a run that was not sealed, read up to its last whole row ({len(index)} rows)")
        return index
    return None


def _check_trips(
    folder: Path, manifest: dict[str, Any], arrivals: Arrivals, findings: Findings, notes: list[str]
) -> None:
    roads = (manifest.get("scenario") or {}).get("roads") or {}
    physical = not roads.get("matrix_file")
    if not physical:
        notes.append("travel times were given as a table: speeds and lengths of trips are not judged")
    path = _trips_file(folder)
    if path is None:
        if arrivals.seq:
            findings.add("trips", "missing: neither trips.parquet nor trips.arrows")
        return
    rules = TripRules(findings, physical)
    with _failing(findings, path.name):
        for batch in read_batches(path):
            rules.take(batch)
        rules.finish()
        if path.suffix == ".parquet":  # the stream of a killed run may lack the last trips
            rules.check_lengths(arrivals)


def _check_telemetry(folder: Path, findings: Findings, notes: list[str]) -> None:
    rules = SampleRules(findings)
    for path in sorted((folder / "telemetry").glob("part-*.parquet")):
        with (
            _failing(findings, f"telemetry/{path.name}"),
            pq.ParquetFile(path, page_checksum_verification=True) as file,
        ):
            for batch in file.iter_batches(batch_size=1 << 16, columns=TELEMETRY_COLUMNS):
                rules.take(batch)
    rules.finish()
    if not rules.rows:
        notes.append("no telemetry")
    elif rules.rows != rules.fates["received"]:
        counts = ", ".join(f"{count} {fate}" for fate, count in sorted(rules.fates.items()) if count)
        notes.append(f"telemetry: {rules.rows} samples: {counts}")


def _check_kpis(folder: Path, manifest: dict[str, Any], findings: Findings) -> None:
    if manifest.get("status") != "finished":
        return
    with _failing(findings, "kpis"):
        evidence = gather(kpi_tables(folder, manifest))
        stated = json.loads((folder / "kpis.json").read_text(encoding="utf-8"))
        found = json.loads(json.dumps(compute(evidence, expectations(manifest))))
        for name in sorted(stated.keys() | found.keys()):
            if stated.get(name) != found.get(name):
                line = (
                    f"{name}: {_figures(stated.get(name))} in kpis.json, {_figures(found.get(name))} from the ledgers"
                )
                findings.add("kpis", line)
        if not pq.read_table(folder / "kpis.parquet").equals(by_dimension(evidence)):
            findings.add("kpis", "kpis.parquet is not what the ledgers give")


def _figures(row: Any) -> str:
    return f"{row.get('value')} (reported {row.get('reported')})" if isinstance(row, dict) else "nothing"
