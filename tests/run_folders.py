"""Run folders of hand-made worlds, sealed as a run seals its own."""

import hashlib
import json

import pyarrow.parquet as pq

from scenarios.kpis import kpi_tables
from scenarios.verify import folder_digest
from tests.worlds import END_US, T0_US
from twin.kpis import by_dimension, compute, gather


def finish(folder, **changes):
    """What the end of a run adds: KPIs, digest, checksums, status."""
    manifest = {"status": "finished", "start_us": T0_US, "end_us": END_US, "scenario": {}, "time_zone": "UTC"}
    evidence = gather(kpi_tables(folder, manifest))
    (folder / "kpis.json").write_text(json.dumps(compute(evidence)))
    pq.write_table(by_dimension(evidence), folder / "kpis.parquet")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "manifest.json"]
    manifest["checksums"] = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    manifest["digest"] = folder_digest(folder)
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))
    return folder


def folder_of(world, path, **changes):
    return finish(world.write(path), **changes)


def rows_of(world, ledger, kind, mention=""):
    """Rows of a kind in a ledger of a hand-made world, that mention a text."""
    rows = getattr(world, ledger)
    return [i for i, row in enumerate(rows) if row[1] == kind and mention in row[6]]


def change(world, kind, mention="", ledgers=("truth", "office"), **fields):
    """Put other values into the payload of a row."""
    for ledger in ledgers:
        rows = getattr(world, ledger)
        i = rows_of(world, ledger, kind, mention)[0]
        rows[i] = (*rows[i][:6], json.dumps({**json.loads(rows[i][6]), **fields}), *rows[i][7:])
