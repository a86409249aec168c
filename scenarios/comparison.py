"""Variants of a study against the first of them, figure by figure, as JSON.

All tests of a document are one family (their number is its ``comparisons``): p is adjusted over every study, variant
and figure in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scenarios.statistics import difference, estimate, holm
from scenarios.study_run import Figures
from twin.kpis.registry import KPIS

DECISIONS = ("decisions", "neither")
"""Unit and better direction of the number of times the policy was asked."""

Table = dict[str, dict[str, dict[str, Any]]]
"""By variant and figure: ``mean, diff, ci_low, ci_high, p, p_adjusted, correlation, n, unit, better``."""


def tables(studies: Mapping[str, Figures], variants: Sequence[str], figures: Sequence[str]) -> dict[str, Table]:
    """Each study's means, and paired differences from its first variant with 95 % intervals."""
    cells = [(study, variant, figure) for study in studies for variant in variants for figure in figures]
    found = [
        difference(studies[study].of(variant, figure), studies[study].of(variants[0], figure))
        for study, variant, figure in cells
    ]
    made: dict[str, Table] = {study: {variant: {} for variant in variants} for study in studies}
    for (study, variant, figure), diff, p_adjusted in zip(cells, found, holm([diff.p for diff in found])):
        unit, better = unit_and_better(figure)
        made[study][variant][figure] = {
            "mean": estimate(studies[study].of(variant, figure)).mean,
            "diff": diff.mean, "ci_low": diff.low, "ci_high": diff.high, "p": diff.p, "p_adjusted": p_adjusted,
            "correlation": None if variant == variants[0] else diff.correlation,
            "n": diff.n, "unit": unit, "better": better,
        }  # fmt: skip
    return made


def comparisons(made: Mapping[str, Table]) -> int:
    """How many tests the tables hold."""
    return sum(cell["p"] is not None for table in made.values() for row in table.values() for cell in row.values())


def unit_and_better(figure: str) -> tuple[str, str]:
    """The unit of a figure, and which way is better."""
    return DECISIONS if figure == "decisions" else (KPIS[figure].unit, KPIS[figure].better)
