"""What a run cost, item by item, as the report shows it."""

from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq

from twin.kpis.labels import item_label
from twin.kpis.money import ITEM, ITEMS


class CostLine(NamedTuple):
    """An item of ``cost_eur`` in EUR: what happened (None: nobody knows) and what the office believed."""

    item: str
    label: str
    value: float | None
    reported: float | None


def cost_lines(folder: Path) -> tuple[CostLine, ...]:
    """The items that came to anything, in their order; none before a run has ended."""
    path = folder / "kpis.parquet"
    if not path.is_file():
        return ()
    rows = pq.read_table(path, filters=[("kpi", "==", "cost_eur"), ("dimension", "==", ITEM)]).to_pylist()
    found = {(row["key"], row["source"]): row["value"] for row in rows}
    lines = (
        CostLine(item, item_label(item), found.get((item, "truth")), found.get((item, "office"))) for item in ITEMS
    )
    return tuple(line for line in lines if line.value or line.reported)
