"""Does a claim hold? Its conditions are held against the figures of its study, by one rule for all claims.

A condition *holds* where the whole interval of its figure lies within the claimed range, it *fails* where the whole
interval lies outside, else it cannot be told; a bound itself is outside, so that "less" needs more than no difference.
The intervals of a claim hold together (Bonferroni over its conditions). A case holds where all of its conditions do,
and fails where one does. A claim *reproduces* in all its cases, *does not reproduce* in none, or *only if* a case is
one of those named; where no case holds and some cannot be told, it *cannot be told*.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from scenarios.studies.claim import ClaimConfig, ConditionConfig
from scenarios.studies.comparison import estimate_of, unit_and_better
from scenarios.studies.run import Figures
from scenarios.studies.statistics import CONFIDENCE, Estimate, change_of_sums, difference, share_estimate
from scenarios.studies.wording import listed

HOLDS, FAILS, OPEN = "holds", "fails", "open"
REPRODUCES, FAILED, UNTOLD, ONLY_IF = "reproduces", "does not reproduce", "cannot be told", "only if"


def judged(claim: ClaimConfig, figures: Figures) -> dict[str, Any]:
    """The claim as JSON with, where it has cases, ``verdict``, ``says_verdict``, ``level`` and the cases' results."""
    conditions = sum(map(len, claim.cases.values()))
    found = claim.model_dump(exclude={"cases"})
    if not conditions:
        return found
    level = 1 - (1 - CONFIDENCE) / conditions
    cases = {name: [_condition(one, figures, level) for one in asked] for name, asked in claim.cases.items()}
    verdicts = {name: _case([one["verdict"] for one in results]) for name, results in cases.items()}
    made = {name: {"verdict": verdicts[name], "conditions": results} for name, results in cases.items()}
    verdict = overall([*verdicts.values()])
    return found | {"verdict": verdict, "says_verdict": says(verdicts), "level": level, "cases": made}


def judge(low: float | None, high: float | None, least: float | None, most: float | None) -> str:
    """``holds``, ``fails`` or ``open``: an interval from ``low`` to ``high`` against a range; None: no bound."""
    if low is None or high is None:
        return OPEN
    if (least is None or low > least) and (most is None or high < most):
        return HOLDS
    return FAILS if (least is not None and high <= least) or (most is not None and low >= most) else OPEN


def overall(verdicts: list[str]) -> str:
    """Of the claim, from those of its cases."""
    if HOLDS in verdicts:
        return ONLY_IF if {FAILS, OPEN} & {*verdicts} else REPRODUCES
    return UNTOLD if OPEN in verdicts else FAILED


def says(verdicts: Mapping[str, str]) -> str:
    """The verdict in words, with the cases in which it is another."""
    verdict = overall([*verdicts.values()])
    by_verdict = {one: [name for name in verdicts if verdicts[name] == one] for one in (HOLDS, FAILS, OPEN)}
    if verdict == REPRODUCES or len(verdicts) == 1:
        return verdict
    parts = [
        f"{words}: {listed([f'‘{name}’' for name in by_verdict[one]])}"
        for one, words in ((HOLDS, REPRODUCES), (FAILS, FAILED), (OPEN, UNTOLD))
        if by_verdict[one]
    ]
    return "; ".join(parts) if verdict == ONLY_IF or len(parts) > 1 else verdict


def _case(verdicts: list[str]) -> str:
    return FAILS if FAILS in verdicts else OPEN if OPEN in verdicts else HOLDS


def _condition(asked: ConditionConfig, figures: Figures, level: float) -> dict[str, Any]:
    """The condition with the figure (``value``), its interval and what follows."""
    found = _estimate(asked, figures, level)
    return asked.model_dump() | {
        "value": found.mean, "ci_low": found.low, "ci_high": found.high,
        "unit": "share" if asked.relative or asked.fewer_by is not None else unit_and_better(asked.kpi)[0],
        "verdict": judge(found.low, found.high, asked.low, asked.high),
    }  # fmt: skip


def _estimate(asked: ConditionConfig, figures: Figures, level: float) -> Estimate:
    of = [figures.of(name, asked.kpi) for name in asked.named]
    if len(of) == 1:
        return estimate_of(figures, asked.variant, asked.kpi, level)
    if asked.where_above is not None:
        of[0] = np.where(of[1] > asked.where_above, of[0], np.nan)  # undefined figures count for neither
    if asked.fewer_by is not None:
        days = ~np.isnan(of[0] + of[1])
        fewer = of[0] < (1 - asked.fewer_by) * of[1]
        return share_estimate(fewer[days].astype(float), np.ones(days.sum()), level)
    if asked.relative:
        return change_of_sums(of[0], of[1], of[2:], level)
    a, b = (of[0], of[1]) if len(of) == 2 else (of[0] - of[1], of[2] - of[3])
    return Estimate(*difference(a, b, level)[:3])
