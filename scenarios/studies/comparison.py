"""Variants of a study against the first of them, figure by figure, as JSON.

All tests of a document are one family (their number is its ``comparisons``): p is adjusted over every study, variant
and figure in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scenarios.studies.run import Figures
from scenarios.studies.statistics import (
    CONFIDENCE,
    Estimate,
    difference,
    difference_of_ratios,
    estimate,
    holm,
    ratio_of_sums,
    share_estimate,
)
from twin.kpis import money
from twin.kpis.registry import KPIS

DECISIONS = ("decisions", "neither")
"""Unit and better direction of the number of times the policy was asked."""
DENOMINATORS = {
    "delivered_share": "orders_due",
    "on_time_share": "orders_due",
    "otif_share": "orders_due",
    "failed_share": "orders_due",
    "left_out_share": "orders_due",
    "cost_per_stop_eur": "stops_done",
}
"""Ratios that are also given over all replications together: what each is a share of, as a KPI."""

Table = dict[str, dict[str, dict[str, Any]]]
"""By variant and figure: ``mean, mean_low, mean_high, diff, ci_low, ci_high, p, p_adjusted, correlation, unpaired_low,
unpaired_high, n, unit, better``, and for the ratios above ``pooled``: ``mean, diff, ci_low, ci_high``."""


def tables(
    studies: Mapping[str, Figures], variants: Sequence[str], figures: Sequence[str], level: float = CONFIDENCE
) -> dict[str, Table]:
    """Each study's means, and paired differences from its first variant, with intervals of that level."""
    cells = [(study, variant, figure) for study in studies for variant in variants for figure in figures]
    found = [
        difference(studies[study].of(variant, figure), studies[study].of(variants[0], figure), level)
        for study, variant, figure in cells
    ]
    made: dict[str, Table] = {study: {variant: {} for variant in variants} for study in studies}
    for (study, variant, figure), diff, p_adjusted in zip(cells, found, holm([diff.p for diff in found])):
        unit, better = unit_and_better(figure)
        alone = estimate_of(studies[study], variant, figure, level)
        made[study][variant][figure] = {
            "mean": alone.mean, "mean_low": alone.low, "mean_high": alone.high,
            "diff": diff.mean, "ci_low": diff.low, "ci_high": diff.high, "p": diff.p, "p_adjusted": p_adjusted,
            "correlation": None if variant == variants[0] else diff.correlation,
            "unpaired_low": diff.unpaired_low, "unpaired_high": diff.unpaired_high,
            "n": diff.n, "unit": unit, "better": better,
        }  # fmt: skip
        if DENOMINATORS.get(figure) in figures:
            made[study][variant][figure]["pooled"] = _pooled(studies[study], variant, variants[0], figure, level)
    return made


def estimate_of(figures: Figures, variant: str, figure: str, level: float = CONFIDENCE) -> Estimate:
    """A figure's mean over the replications of a variant; shares with a known denominator as shares."""
    denominator = DENOMINATORS.get(figure)
    if unit_and_better(figure)[0] == "share" and denominator in figures.values[variant]:
        return share_estimate(figures.of(variant, figure), figures.of(variant, denominator), level)
    return estimate(figures.of(variant, figure), level)


def comparisons(made: Mapping[str, Table]) -> int:
    """How many tests the tables hold."""
    return sum(cell["p"] is not None for table in made.values() for row in table.values() for cell in row.values())


def pairing_hurt(cell: Mapping[str, Any]) -> bool:
    """Whether days drawn apart would have given an interval as narrow as the paired one, or narrower.

    A correlation just above 0 does not make up for the degrees of freedom that pairs cost.
    """
    if cell["correlation"] is None:
        return False
    return cell["ci_high"] - cell["ci_low"] >= cell["unpaired_high"] - cell["unpaired_low"]


def unit_and_better(figure: str) -> tuple[str, str]:
    """The unit of a figure, and which way is better."""
    if figure == "decisions":
        return DECISIONS
    of = KPIS["cost_eur" if figure in money.FIGURES else figure]  # an item of the cost is as the whole
    return of.unit, of.better


def _pooled(figures: Figures, variant: str, base: str, figure: str, level: float) -> dict[str, float | None]:
    """A ratio over all replications together."""
    of, against = ((figures.of(name, figure), figures.of(name, DENOMINATORS[figure])) for name in (variant, base))
    diff = Estimate(0.0, 0.0, 0.0) if variant == base else difference_of_ratios(of, against, level)
    return {"mean": ratio_of_sums(*of, level).mean, "diff": diff.mean, "ci_low": diff.low, "ci_high": diff.high}
