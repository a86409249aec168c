"""The folder of a study: finished replications, each on disk before the next is waited for, and what they were for.

``replications.jsonl`` has a line a replication, in the order in which they were finished; a line is written whole and
forced to the disk, so a kill costs at most the replications still running, and half a line at the end is dropped. It is
what ``--resume`` goes on from. ``replications.parquet`` is made of it once the study is finished: tidy, in the order
of replications. ``study.json`` says what the study is and how far it is.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from engine.records import write_parquet
from scenarios.again import differences
from scenarios.changes import files_named
from scenarios.folder import (
    check_free,
    digest8,
    drop_torn_line,
    read_json,
    sha256_of,
    stamped_folder,
    utc_now,
    versions,
    writable,
    write_json,
)
from scenarios.load import Scenario
from scenarios.problems import BadInput, Problem
from scenarios.studies.run import DecisionTime, Figures, Outcome, Replication

LOG, TABLE, RECORD, PARTS = "replications.jsonl", "replications.parquet", "study.json", "parts"
NAME = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [("variant", NAME), ("replication", pa.int32()), ("seed", pa.int64()), ("kpi", NAME), ("value", pa.float64())]
)
"""``value`` is null where a KPI is undefined."""
AT_A_TIME = 50
"""Replications in a row group."""


class StudyStore:
    """Where ``run_study`` keeps finished replications; a context, whose end is told in ``study.json``.

    ``status`` there: ``running`` (or killed), ``finished``, ``stopped`` (Ctrl-C) or ``failed``.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        command: str,
        variants: Mapping[str, Scenario],
        replications: int,
        resume: bool = False,
    ) -> None:
        """Nothing is written before ``begin``. ``command`` is what the user typed.

        Raises:
            FolderInUse: the folder is not empty, and there is no study to be resumed in it.
            BadInput: the study in the folder is another one; which keys differ, or which file it names.
            OSError: a file that a variant names cannot be read.
        """
        self.folder = folder
        self._record: dict[str, Any] = {
            "name": name, "command": command, "status": "running", "started_at": utc_now(),
            "replications": replications, "digest": None, **_identity(variants), "versions": versions(),
            "files": {path: sha256_of(Path(path)) for path in _files(variants)},
        }  # fmt: skip
        self._at: dict[int, int] = {}  # where in the log a replication's line begins
        if resume and (folder / RECORD).exists():
            self._check_same(next(iter(variants.values())).source)
        else:
            check_free(folder)

    # --- as run_study uses it ---

    def begin(self) -> None:
        """Make the folder, or find what an earlier call has left in it."""
        writable(self.folder)
        self._write()
        drop_torn_line(self.folder / LOG)
        self._log = open(self.folder / LOG, "a+b")  # noqa: SIM115
        self._log.seek(0)
        start = 0
        for line in self._log:
            self._at.setdefault(_parsed(line, self.folder)["replication"], start)
            start += len(line)

    def __contains__(self, number: int) -> bool:
        return number in self._at

    def read(self, number: int) -> Replication:
        """A replication from the log."""
        self._log.seek(self._at[number])
        line = _parsed(self._log.readline(), self.folder)
        times = line["decision_times"]
        outcomes = {
            variant: Outcome(figures, DecisionTime(*times[variant])) for variant, figures in line["figures"].items()
        }
        return Replication(number, line["seed"], outcomes, line["took_s"])

    def keep(self, done: Replication) -> None:
        """Append a replication and force it to the disk."""
        line = {
            "replication": done.number,
            "seed": done.seed,
            "took_s": done.took_s,
            "figures": {variant: outcome.figures for variant, outcome in done.outcomes.items()},
            "decision_times": {variant: [*vars(o.decision_time).values()] for variant, o in done.outcomes.items()},
        }
        start = self._log.seek(0, os.SEEK_END)
        self._log.write(json.dumps(line, allow_nan=False).encode() + b"\n")
        self._log.flush()
        os.fsync(self._log.fileno())
        self._at[done.number] = start

    def seal(self, figures: Figures) -> None:
        """Write the tidy table of the study's replications, and their digest."""
        write_parquet(self.folder / TABLE, SCHEMA, self._tables(figures.replications))
        self._record |= {"digest": figures.digest(), "finished": figures.replications}
        self._write()

    def part(self, variants: Mapping[str, Scenario]) -> "StudyStore":
        """As ``scenarios.studies.run.Store.part``: a folder within this one, found again by what the variants are."""
        folder = self.folder / PARTS / digest8(_identity(variants))
        return StudyStore(
            folder, self._record["name"], self._record["command"], variants, self._record["replications"], resume=True
        )

    # --- as a context ---

    def __enter__(self) -> "StudyStore":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: Any) -> None:
        if not self.begun:
            return
        self._log.close()
        if kind is None:
            self._record["status"] = "finished"
        else:
            self._record |= {"status": "stopped" if kind is KeyboardInterrupt else "failed", "finished": self.kept}
            if kind is not KeyboardInterrupt:
                self._record["error"] = f"{kind.__name__}: {error}"
        self._write()

    @property
    def begun(self) -> bool:
        """Whether the folder has been made."""
        return hasattr(self, "_log")

    @property
    def digest(self) -> str | None:
        """That of the figures, once they are sealed."""
        return self._record["digest"]

    @property
    def kept(self) -> int:
        """How many replications are in the log: Ctrl-C may have come between a line and the note of it."""
        return (self.folder / LOG).read_bytes().count(b"\n") if self.begun else 0

    # --- inside ---

    def _write(self) -> None:
        write_json(self.folder / RECORD, self._record)

    def _check_same(self, source: str) -> None:
        """Refuse to mix replications of two studies; how many there are to be may change."""
        old = read_json(self.folder / RECORD)
        if [*old["variants"]] != [*self._record["variants"]]:
            names, expected = ", ".join(self._record["variants"]), repr(", ".join(old["variants"]))
            raise BadInput(
                [Problem(source, "variants", names, f"{expected}, as in the study to resume ({self.folder})")]
            )
        found = [
            change
            for section in ("seed", "variants", "versions")
            for change in differences(old.get(section), self._record[section], section)
        ]
        if found:
            raise BadInput(
                Problem(source, key, str(new), f"{was!r}, as in the study to resume ({self.folder})")
                for key, was, new in found
            )
        changed = [path for path, sha in self._record["files"].items() if old.get("files", {}).get(path, sha) != sha]
        if changed:
            expected = f"the same content as when the study to resume began ({self.folder})"
            raise BadInput(Problem(path, "", sha256_of(Path(path))[:8], expected) for path in changed)
        self._record["started_at"] = old["started_at"]

    def _tables(self, count: int) -> Iterator[pa.Table]:
        for first in range(0, count, AT_A_TIME):
            rows = [row for number in range(first, min(count, first + AT_A_TIME)) for row in _rows(self.read(number))]
            columns = [list(column) for column in zip(*rows)]
            yield pa.table([pa.array(column, field.type) for column, field in zip(columns, SCHEMA)], SCHEMA)


def default_study_folder(name: str, variants: Mapping[str, Scenario]) -> Path:
    """``runs/<name>/<utc>-<digest8>``: the digest is that of the resolved variants."""
    return stamped_folder(name, _identity(variants))


def _identity(variants: Mapping[str, Scenario]) -> dict[str, Any]:
    """What makes a study this one, as JSON: the seed (that of the first variant) and the resolved variants."""
    resolved = {name: json.loads(json.dumps(variant.model.json_ready())) for name, variant in variants.items()}
    seed = next(iter(resolved.values()))["seed"]
    return {"seed": seed, "variants": {name: {**model, "seed": seed} for name, model in resolved.items()}}


def _files(variants: Mapping[str, Scenario]) -> list[str]:
    """Every file that a variant names, sorted."""
    return sorted({path for variant in variants.values() for path in files_named(variant.model.json_ready())})


def _parsed(line: bytes, folder: Path) -> dict[str, Any]:
    try:
        return json.loads(line)
    except ValueError:
        raise ValueError(f"{folder / LOG}: expected a replication a line, as twin writes them") from None


def _rows(done: Replication) -> Iterator[tuple[str, int, int, str, float | None]]:
    for variant, outcome in done.outcomes.items():
        for kpi, value in outcome.figures.items():
            yield variant, done.number, done.seed, kpi, value
