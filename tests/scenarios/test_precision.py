"""The sequential rule: when it stops, what it calls precise, and that its intervals hold what they promise."""

from array import array
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.study_coverage import CASES, reached
from scenarios.studies.precision import FIRST_LOOK, STOPPED_LEVEL, precise, precision_of, precision_rule
from scenarios.studies.run import Figures
from scenarios.studies.statistics import difference, estimate
from scenarios.studies.study import Study
from tests.scenarios.test_statistics import A, B


def figures(**variants: Sequence[float]) -> Figures:
    """A study of one KPI."""
    values = {name: {"cost_eur": array("d", column)} for name, column in variants.items()}
    return Figures(values, {}, len(next(iter(variants.values()))))


def test_the_worked_example_stops_at_ten() -> None:
    """Relative half-width 0.0304 at 95 %, wider at the rule's level, against 0.05 / 1.05 = 0.0476."""
    found = precision_of(figures(base=A), "cost_eur", 0.05)
    assert found.reached
    assert found.relative == pytest.approx(0.0304 * 2.574 / 2.262, abs=2e-4)
    assert not precision_of(figures(base=A), "cost_eur", 0.03).reached
    assert precision_of(figures(base=-A), "cost_eur", 0.05) == found  # a figure may be below 0
    assert precise(figures(base=A[:9]), {"cost_eur": 0.5}) is False  # no look before the tenth


def test_the_bar_is_that_of_law_and_kelton() -> None:
    """g / (1 + g): a half-width of 10 % of the mean is not precise to 10 %."""
    half = estimate(A, STOPPED_LEVEL).high - A.mean()
    relative = half / A.mean()
    assert not precision_of(figures(base=A), "cost_eur", relative).reached
    assert precision_of(figures(base=A), "cost_eur", relative / (1 - relative) * 1.0001).reached


def test_the_widest_counts_means_and_differences() -> None:
    """A variant whose difference from the base scatters is named."""
    wild = B + np.array([9.0, -9.0] * 5)
    found = precision_of(figures(base=A, calm=B, wild=wild), "cost_eur", 0.05)
    assert found.of.startswith("wild")
    assert not found.reached
    both = precision_of(figures(base=A, other=A[::-1]), "cost_eur", 0.05)
    assert both.of == "other less base"
    half = estimate(A[::-1] - A, STOPPED_LEVEL).high - (A[::-1] - A).mean()
    far = precision_of(figures(base=A, other=A[::-1] + 1e4), "cost_eur", 0.05)
    assert (far.of, far.relative) == ("other less base", pytest.approx(half / A.mean()))


def test_what_has_no_relative_width_is_not_precise() -> None:
    """A mean of 0 that varies; too few days that define the KPI. What never varies is as precise as can be."""
    varies = np.array([1.0, -1.0] * 5)
    assert precision_of(figures(base=varies), "cost_eur", 0.5)[2:] == (None, "base", False)
    assert precision_of(figures(base=[np.nan, *A[1:]]), "cost_eur", 0.5).reached is False
    assert precision_of(figures(base=np.zeros(10)), "cost_eur", 0.01).reached


def test_asked_for_nothing_the_rule_never_stops() -> None:
    """And there is nothing to be precise about."""
    assert precise(figures(base=A), {}) is None
    assert not precision_rule(Study("s", {}))(figures(base=A))
    assert precision_rule(Study("s", {}, precision={"cost_eur": 0.05}))(figures(base=A, other=B))


@given(st.lists(st.floats(1.0, 1e6), min_size=FIRST_LOOK, max_size=20), st.floats(0.01, 0.9), st.floats(1.0, 100.0))
def test_the_unit_of_a_kpi_does_not_matter(values: list[float], asked: float, factor: float) -> None:
    """Euros or cents, the rule stops on the same day."""
    here = precision_of(figures(base=values), "cost_eur", asked)
    there = precision_of(figures(base=[factor * value for value in values]), "cost_eur", asked)
    assert here.relative == pytest.approx(there.relative, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("case", [case for case in CASES if case.tested], ids=lambda case: case.name)
def test_a_study_that_stops_early_still_holds_95_per_cent(case) -> None:
    """Of 1,000 studies at least 950, less what chance explains (3 sigma: 21)."""
    assert reached(case, studies=1000, seed=30).held >= (950 - 21) / 1000


def test_the_difference_of_a_study_that_stops_early_holds_95_per_cent_too() -> None:
    """Of 400 studies of two variants, under the rule itself, at least 380 less 3 sigma (13)."""
    rng = np.random.default_rng(31)
    rule = precision_rule(Study("s", {}, precision={"cost_eur": 0.04}))
    held = 0
    for _ in range(400):
        day = rng.normal(100.0, 3.0, 60)
        base, more = day + rng.normal(0.0, 6.0, 60), day + rng.normal(5.0, 6.0, 60)
        n = next((n for n in range(FIRST_LOOK, 60) if rule(figures(base=base[:n], more=more[:n]))), 60)
        found = difference(more[:n], base[:n], STOPPED_LEVEL)
        held += found.low <= 5.0 <= found.high
    assert held >= 380 - 13
