"""All KPIs, and their tables: ``kpis.json`` and ``kpis.parquet``.

A KPI is added in one of the modules below, or in a new one listed here.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from twin.kpis import alerting, customers, dispatching, driving, knowledge, money, service
from twin.kpis.facts import Evidence
from twin.kpis.kpi import DIMENSIONS, Kpi
from twin.kpis.records import Facts
from twin.orders import natural_key

_PARTS = (service, customers, driving, money, knowledge, dispatching, alerting)
KPIS: dict[str, Kpi] = {kpi.name: kpi for part in _PARTS for kpi in part.KPIS}

DIMENSION_SCHEMA = pa.schema([
    pa.field("kpi", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("dimension", pa.string(), nullable=False),
    pa.field("key", pa.string(), nullable=False),
    pa.field("value", pa.float64(), nullable=False),
])  # fmt: skip
_BATCH_ROWS = 65_536


def compute(evidence: Evidence, expect: Mapping[str, Sequence[float]] | None = None) -> dict[str, dict[str, Any]]:
    """Every KPI as ``{name: {value, reported, unit, better, kind, range, owner}}``, undefined numbers None.

    ``expect`` gives expected ranges ``(low, high)`` by name; they are handed on, not judged.

    Raises:
        ValueError: a range is given for an unknown KPI.
    """
    expect = expect or {}
    for name in expect:
        if name not in KPIS:
            near = difflib.get_close_matches(name, KPIS, 1)
            raise ValueError(f"kpis: {name!r} is no KPI{f'; did you mean {near[0]!r}?' if near else ''}")
    return {
        kpi.name: {
            "value": _value(kpi, evidence.office if kpi.basis == "office" else evidence.truth),
            "reported": _value(kpi, evidence.office) if kpi.basis == "both" else None,
            "unit": kpi.unit,
            "better": kpi.better,
            "kind": kpi.kind,
            "range": [float(bound) for bound in expect[kpi.name]] if kpi.name in expect else None,
            "owner": kpi.owner,
        }
        for kpi in KPIS.values()
    }


def by_dimension(evidence: Evidence) -> pa.Table:
    """KPIs by driver, vehicle, depot, zone, customer, hour, rule and cost item.

    Columns: ``kpi, source, dimension, key, value``.

    Rows with an undefined value are left out. ``hour`` is the local hour of the day, ``00`` to ``23``, in which an
    order ended, a trip began or a stop was done; ``zone`` a cell of 0.02 x 0.02 degrees by its south-west corner.
    Order of rows: dimension, key in natural order, KPI, source.
    """
    batches: list[pa.RecordBatch] = []
    rows: list[tuple[str, str, str, str, float]] = []
    for row in _dimension_rows(evidence):
        rows.append(row)
        if len(rows) == _BATCH_ROWS:
            batches.append(_batch(rows))
            rows.clear()
    return pa.Table.from_batches([*batches, _batch(rows)] if rows else batches, DIMENSION_SCHEMA)


def _dimension_rows(evidence: Evidence) -> Iterator[tuple[str, str, str, str, float]]:
    accounts = [("truth", evidence.truth), ("office", evidence.office)]
    for dimension in DIMENSIONS:
        if dimension == money.ITEM:
            yield from _cost_rows(accounts)
            continue
        kpis = [kpi for kpi in KPIS.values() if dimension in kpi.dimensions]
        parts = {source: facts.split(dimension) for source, facts in accounts if facts is not None}
        for key in sorted({key for split in parts.values() for key in split}, key=natural_key):
            for kpi in kpis:
                for source, split in parts.items():
                    value = _value(kpi, split.get(key)) if kpi.basis in ("both", source) else None
                    if value is not None:
                        yield kpi.name, source, dimension, key, float(value)


def _cost_rows(accounts: Sequence[tuple[str, Facts | None]]) -> Iterator[tuple[str, str, str, str, float]]:
    items = {source: money.cost_items_eur(facts) for source, facts in accounts if facts is not None}
    for item in money.ITEMS:
        for source, of in items.items():
            yield "cost_eur", source, money.ITEM, item, of[item]


def _batch(rows: list[tuple[str, str, str, str, float]]) -> pa.RecordBatch:
    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows), DIMENSION_SCHEMA)]
    return pa.RecordBatch.from_arrays(columns, schema=DIMENSION_SCHEMA)


def _value(kpi: Kpi, facts: Facts | None) -> float | None:
    return None if facts is None else kpi.of(facts)
