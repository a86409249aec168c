"""What variants of a study cost and save, item by item, in a working day and in a year of them.

A run's items are figures of its replication; the sum of them is the KPI ``cost_eur``. Differences are paired, their p
adjusted over all items, sums and variants together (Holm), apart from the KPIs' own family.
"""

from array import array
from collections.abc import Callable, Mapping
from typing import Any

from scenarios.contracts import contracts_of
from scenarios.load import Scenario
from scenarios.studies.answer import verdict
from scenarios.studies.comparison import Table, comparisons, tables
from scenarios.studies.run import Figures
from scenarios.studies.statistics import CONFIDENCE
from twin.kpis.costs import Costs, sources
from twin.kpis.money import FIGURES, ITEMS, figure_of

TOTAL = "cost_eur"
CURRENCY = "EUR"
ALL = (*FIGURES, TOTAL)
SAID = {"better": "saves", "worse": "costs more", "hint": "hint", "open": "cannot be told", "same": "same",
        "undefined": "undefined"}  # fmt: skip
"""What a difference amounts to: *saves* and *costs more* where Holm's p is below 5 %, *hint* where the interval alone
leaves 0 out, else it *cannot be told*; *same* in every replication."""


def money_table(
    figures: Figures,
    variants: Mapping[str, Scenario],
    days_per_year: float | None = None,
    level: float = CONFIDENCE,
    kpis: Table | None = None,
) -> dict[str, Any]:
    """The money of a study, as JSON; the first variant is the base.

    ``base`` and ``variants`` have ``items`` (those that cost anything in any variant) and a ``total``. A cell has
    ``per_day`` and ``per_year``; in ``variants`` also ``diff_per_day, ci_low, ci_high`` (EUR a day, paired, of that
    level), ``diff_per_year, ci_low_per_year, ci_high_per_year, p, p_adjusted`` and ``said``, one of ``SAID``.

    ``days_per_year``: the base's ``costs.working_days_per_year`` if not given. ``kpis``: the study's table; a total is
    the KPI ``cost_eur`` too, and the larger of its adjusted p counts: one difference is not told here and a hint there.
    """
    base, *others = variants
    days = days_per_year if days_per_year is not None else _prices(variants[base]).working_days_per_year
    table = tables({"": _per_day(figures, variants)}, [*variants], ALL, level)
    of = table[""]
    for name in kpis or ():
        adjusted = [family[name][TOTAL]["p_adjusted"] for family in (of, kpis or {})]
        of[name][TOTAL]["p_adjusted"] = max((p for p in adjusted if p is not None), default=None)
    spent = [item for item in ITEMS if any(of[name][figure_of(item)]["mean"] for name in variants)]
    return {
        "currency": CURRENCY,
        "days_per_year": days,
        "days_per_run": {name: _days(scenario) for name, scenario in variants.items()},
        "level": level,
        "comparisons": comparisons(table),
        "assumptions": assumptions(variants),
        "base": _account(of, base, spent, days, _cell),
        "variants": {name: _account(of, name, spent, days, _compared) for name in others},
    }


def assumptions(variants: Mapping[str, Scenario]) -> list[dict[str, Any]]:
    """Each price with its source; one that a variant has different from the base follows with the variant's name."""
    base = next(iter(variants))
    prices = {name: vars(_prices(scenario)) for name, scenario in variants.items()}
    return [
        {
            "key": f"costs.{key}",
            "value": of[key],
            "source": "the scenario" if key in variants[name].model.costs else source,
            "variant": None if name == base else name,
        }
        for key, source in sources().items()
        for name, of in prices.items()
        if name == base or of[key] != prices[base][key]
    ]


Cell = Callable[[dict[str, Any], float], dict[str, Any]]


def _prices(scenario: Scenario) -> Costs:
    return Costs.from_mapping(scenario.model.costs)


def _days(scenario: Scenario) -> int:
    """Working days of a run."""
    return contracts_of(scenario.model).days


def _per_day(figures: Figures, variants: Mapping[str, Scenario]) -> Figures:
    """The money of each replication over its working days."""
    values = {}
    for name, scenario in variants.items():
        values[name] = {figure: array("d", figures.of(name, figure) / _days(scenario)) for figure in ALL}
    return Figures(values, {}, figures.replications)


def _account(of: Table, name: str, spent: list[str], days: float, cell: Cell) -> dict[str, Any]:
    items = {item: cell(of[name][figure_of(item)], days) for item in spent}
    return {"items": items, "total": cell(of[name][TOTAL], days)}


def _cell(found: dict[str, Any], days: float) -> dict[str, Any]:
    return {"per_day": found["mean"], "per_year": _times(days, found["mean"])}


def _compared(found: dict[str, Any], days: float) -> dict[str, Any]:
    ends = {key: found[key] for key in ("ci_low", "ci_high")}
    return _cell(found, days) | {
        "diff_per_day": found["diff"],
        **ends,
        "diff_per_year": _times(days, found["diff"]),
        **{f"{key}_per_year": _times(days, end) for key, end in ends.items()},
        "p": found["p"],
        "p_adjusted": found["p_adjusted"],
        "n": found["n"],
        "said": SAID[verdict(found)],
    }


def _times(days: float, value: float | None) -> float | None:
    return None if value is None else days * value
