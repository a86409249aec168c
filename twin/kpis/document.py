"""The KPI pages of the manual, written from the registry: ``python -m twin.kpis.document > docs/kpis.md``."""

from twin.kpis.registry import KPIS

HEAD = """\
# KPIs

Every run ends with `kpis.json` and `kpis.parquet`. A KPI has two figures:

- **value**: what happened, folded from the truth ledger;
- **reported**: the same formula over what head office had received by the end of the run. Their difference is the
  price of not knowing. It is null where only one figure makes sense, and so is a value nobody can know (a twin fed by
  a real fleet has no truth ledger).

Undefined figures (nothing to divide by) are null, never NaN. Times, distances and amounts are added up as whole
microseconds, millimetres and microlitres, and percentiles are nearest-rank, so neither the order of rows nor rounding
can change a bit. `twin verify` recomputes all of it from the ledgers and compares.

| KPI | unit | better | kind | who acts on it |
|---|---|---|---|---|
"""

DIMENSIONS = """
## By dimension

`kpis.parquet` has columns `kpi, source, dimension, key, value`. `source` is `truth` or `office`. Rows whose value is
undefined are left out.

| dimension | key |
|---|---|
| driver, vehicle | of the last visit to an order; of a trip or shift |
| depot | of the order, or else of the vehicle; home depot of the vehicle for trips and shifts |
| zone | the cell of 0.02 x 0.02 degrees (about 2 km) of the order's last task, by its south-west corner: `50.02,8.04` |
| customer | as in the order |
| rule | of the alert, its cause or its exception |
| cost_item | what `cost_eur` is the sum of: [money.md](money.md) |
| hour | hour of the local clock, `00` to `23`: when the order ended, the trip began, the stop was done |

An order that nobody visited has no driver and no vehicle, so parts need not add up to the whole.

## Expected ranges

`kpis: {on_time_share: {expect: [0.9, 1.0]}}` in a scenario puts the range beside the figure, in `kpis.json` and in the
report.

## Prices

`costs` in a scenario replaces any of the prices in `twin/kpis/costs.py`, which names their sources:
[money.md](money.md).

## Adding one

Write a function of `Facts` (`twin/kpis/records.py`) and a `Kpi(...)` line in one of the modules of `twin/kpis`; a new
module is one more name in `twin/kpis/registry.py`. If it needs something the ledgers tell but `Facts` lacks, add a
field and fold it in `twin/kpis/facts.py`: the fold sees truth and the office's account alike. The tests in
`tests/contracts/test_kpis.py` then run over it.
"""


def markdown() -> str:
    """The whole page."""
    lines = [f"| `{k.name}` | {k.unit} | {k.better} | {k.kind} | {k.owner} |\n" for k in KPIS.values()]
    sections = [_section(name) for name in KPIS]
    return HEAD + "".join(lines) + "\n## Definitions\n" + "".join(sections) + DIMENSIONS


def _section(name: str) -> str:
    kpi = KPIS[name]
    by = f"By {', '.join(kpi.dimensions)}." if kpi.dimensions else "For the whole run only."
    basis = {
        "both": "",
        "truth": " Needs truth: no reported figure.",
        "office": " A property of what head office received and did: no reported figure beside it.",
    }[kpi.basis]
    return f"\n**{name}** ({kpi.unit}). {kpi.doc} {by}{basis}\n"


if __name__ == "__main__":
    print(markdown(), end="")
