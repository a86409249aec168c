"""Everything the report of a study shows, counted and cut to size here; viz only lays it out."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scenarios.again import differences
from scenarios.folder import read_json
from scenarios.studies.answer import TOLD, verdict
from scenarios.studies.store import RECORD, TABLE
from twin.kpis.labels import label
from twin.kpis.registry import KPIS

COMPARISON = "comparison.json"
MOST_DRAWN = 12
"""Variants that are drawn and listed; all are in ``comparison.json``."""
MOST_DOTS = 300
"""Replications that are drawn as dots."""
PER_CENT = 100.0


class Drawn(NamedTuple):
    """A variant's figure in a drawing, in the drawing's unit.

    ``values``: of each replication, sorted; ``shares``: of the replications up to each; ``changes``: paired differences
    from the base; ``diff, low, high``: their mean and interval.
    """

    variant: str
    values: list[float]
    shares: list[float]
    changes: list[float]
    diff: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Panel:
    """A KPI told of first: its drawing and a cell of the comparison for each variant."""

    kpi: str
    label: str
    unit: str
    better: str
    doc: str
    drawn: tuple[Drawn, ...]
    cells: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class StudyReport:
    """One study's report, laid out by ``viz.study_report``.

    ``found`` is the comparison as JSON; ``changes`` are a variant's keys with both values; ``others`` KPIs that differ
    and are not in ``panels``, by name, a cell for each variant listed.
    """

    name: str
    found: dict[str, Any]
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    limits: tuple[str, ...]
    base: str
    changes: dict[str, tuple[tuple[str, str, str], ...]]
    panels: tuple[Panel, ...]
    others: dict[str, dict[str, dict[str, Any]]]
    command: str
    digest: str
    versions: tuple[tuple[str, str], ...]


def study_report(folder: Path) -> StudyReport:
    """Prepare the report of a finished study's folder.

    Raises:
        ValueError: no finished study is in the folder.
    """
    record, found = (read_json(folder / name) for name in (RECORD, COMPARISON))
    base = found["base_name"]
    listed = _listed(found)
    cells = {base: found["base"], **{name: found["variants"][name] for name in listed}}
    panels = tuple(_panel(kpi, folder, base, cells) for kpi in found["kpis"])
    return StudyReport(
        name=found["study"],
        found=found,
        facts=_facts(record, found),
        warnings=_warnings(record, found),
        limits=_limits(found, listed),
        base=base,
        changes={name: _changes(record, base, name) for name in listed},
        panels=panels,
        others={
            kpi: {name: row[kpi] for name, row in cells.items()}
            for kpi in found["base"]
            if kpi not in found["kpis"] and any(verdict(cells[name][kpi]) in TOLD for name in listed)
        },
        command=str(record["command"]),
        digest=str(record["digest"] or ""),
        versions=tuple((str(name), str(version)) for name, version in record["versions"].items()),
    )


def _listed(found: dict[str, Any]) -> list[str]:
    """The variants that are shown: all, or where there are many the best on the first KPI, in the study's order."""
    names = [*found["variants"]]
    if len(names) <= MOST_DRAWN or not found["kpis"]:
        return names[:MOST_DRAWN]
    kpi = found["kpis"][0]
    means = {name: found["variants"][name][kpi]["mean"] for name in names}
    sign = -1.0 if found["base"][kpi]["better"] == "higher" else 1.0
    defined = sorted((name for name in names if means[name] is not None), key=lambda name: sign * means[name])
    return [name for name in names if name in defined[:MOST_DRAWN]]


def _panel(kpi: str, folder: Path, base: str, cells: dict[str, dict[str, Any]]) -> Panel:
    row = {name: of[kpi] for name, of in cells.items()}
    unit, scale = row[base]["unit"], 1.0
    if unit == "share":
        unit, scale = "%", PER_CENT
    columns = {name: scale * column for name, column in _columns(folder, kpi, [*cells]).items()}
    return Panel(
        kpi=kpi,
        label=label(kpi),
        unit=unit,
        better=row[base]["better"],
        doc=KPIS[kpi].doc if kpi in KPIS else "",
        drawn=tuple(_drawn(name, columns[name], columns[base], row[name], scale) for name in cells),
        cells=row,
    )


def _columns(folder: Path, kpi: str, variants: list[str]) -> dict[str, np.ndarray]:
    """A KPI's values by variant, float64 [replications]."""
    table = pq.read_table(folder / TABLE, columns=["variant", "value"], filters=[("kpi", "==", kpi)])
    names = table["variant"].cast("string")
    return {
        name: table["value"].filter(pc.equal(names, name)).to_numpy(zero_copy_only=False).astype(np.float64)
        for name in variants
    }


def _drawn(name: str, values: np.ndarray, base: np.ndarray, cell: dict[str, Any], scale: float) -> Drawn:
    defined = np.sort(values[~np.isnan(values)])
    changes = values - base
    diff, low, high = (None if cell[key] is None else scale * cell[key] for key in ("diff", "ci_low", "ci_high"))
    return Drawn(
        name,
        defined.tolist(),
        (np.arange(1, len(defined) + 1) / max(len(defined), 1)).tolist(),
        changes[~np.isnan(changes)][:MOST_DOTS].tolist(),
        diff,
        low,
        high,
    )


def _changes(record: dict[str, Any], base: str, name: str) -> tuple[tuple[str, str, str], ...]:
    of = record["variants"]
    return tuple((key, _text(old), _text(new)) for key, old, new in differences(of[base], of[name]))


def _facts(record: dict[str, Any], found: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    done, most = found["replications"], found["replications_at_most"]
    return (
        ("Replications", str(done) if done == most else f"{done} of at most {most}"),
        ("Variants", f"{1 + len(found['variants'])}"),
        ("Seed", str(record["seed"])),
        ("Comparisons", str(found["comparisons"])),
        ("Started", str(record["started_at"])),
    )


def _warnings(record: dict[str, Any], found: dict[str, Any]) -> tuple[str, ...]:
    made = []
    if record["status"] != "finished":
        made.append(f"This study is {record['status']}: it rests on {found['replications']} replications.")
    if found["precise"] is False:
        made.append("The precision asked for was not reached.")
    if found["choice"] and found["choice"]["best"] is None:
        made.append("Which variant is best could not be told.")
    return tuple(made)


def _limits(found: dict[str, Any], listed: list[str]) -> tuple[str, ...]:
    made = []
    if len(listed) < len(found["variants"]):
        made.append(
            f"{len(listed)} of {len(found['variants'])} variants are shown, the best on {label(found['kpis'][0])}; "
            f"{COMPARISON} has all."
        )
    if found["replications"] > MOST_DOTS:
        made.append(f"The first {MOST_DOTS} replications are drawn as dots; intervals are of all.")
    return tuple(made)


def _text(value: Any) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
