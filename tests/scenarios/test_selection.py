"""Which is best: the published constants, how often the choice is right, and what must not happen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.studies.selection import choice, choice_rule, kn_constants, select
from scenarios.studies.study import Choose, Study
from tests.scenarios.test_precision import figures


def test_the_worked_constants() -> None:
    """Five systems, ten first runs, 5 %."""
    assert kn_constants(5, 10, 0.05) == pytest.approx((0.6350, 11.429), abs=5e-4)


def test_the_worked_trial() -> None:
    """Five systems, the best ahead by delta, sigma 2 delta: right at least 95 % of the time, about 46.5 runs."""
    rng = np.random.default_rng(40)
    means = (0.0, 0.0, 0.0, 0.0, 1.0)
    trials = [
        select({str(i): rng.normal(mean, 2.0, 400) for i, mean in enumerate(means)}, 1.0, "higher") for _ in range(400)
    ]
    right = sum(trial.best == "4" for trial in trials)
    assert right >= 380 - 3 * np.sqrt(400 * 0.95 * 0.05)
    assert np.mean([trial.replications for trial in trials]) == pytest.approx(46.5, abs=4.0)


def test_common_days_save_replications() -> None:
    """The same systems under common random numbers are told apart sooner."""
    rng = np.random.default_rng(41)
    day, noise = rng.normal(0.0, 5.0, 300), rng.normal(0.0, 0.5, (3, 300))
    paired = {name: day + part + shift for name, part, shift in zip("abc", noise, (0.0, 0.2, 1.0))}
    apart = {name: rng.permutation(column) for name, column in paired.items()}
    found = select(paired, 0.5, "higher")
    assert found.best == "c"
    later = select(apart, 0.5, "higher")
    assert later.best is None or later.replications > found.replications


def test_the_better_direction_is_that_of_the_kpi() -> None:
    """Lower cost is better."""
    study = Study("s", {}, choose=Choose("cost_eur", 1.0))
    days = np.linspace(90.0, 110.0, 12)
    found = choice(figures(base=days, cheap=days - 8.0), study.choose)
    assert (found.best, found.eliminated) == ("cheap", {"base": 10})
    assert choice_rule(study)(figures(base=days, cheap=days - 8.0))
    assert not choice_rule(study)(figures(base=days[:9], cheap=days[:9] - 8.0))
    assert not choice_rule(Study("s", {}))(figures(base=days, cheap=days - 8.0))


def test_what_is_the_same_is_as_good() -> None:
    """Variants that never differ are not told apart, and nobody waits for it."""
    days = np.linspace(90.0, 110.0, 12)
    found = choice(figures(base=days, same=days, dear=days + 9.0), Choose("cost_eur", 1.0))
    assert (found.best, found.equal, [*found.eliminated]) == ("base", ("same",), ["dear"])


def test_it_may_not_be_told() -> None:
    """Noise far above what matters, few replications; days on which a figure is undefined do not count."""
    rng = np.random.default_rng(42)
    found = choice(figures(base=rng.normal(0, 9, 30), other=rng.normal(0, 9, 30)), Choose("cost_eur", 0.1))
    assert (found.best, found.left, found.replications) == (None, ("base", "other"), 30)
    holes = np.array([np.nan] * 25 + [1.0] * 5)
    assert choice(figures(base=holes, other=np.ones(30)), Choose("cost_eur", 1.0)).replications == 5


tables = st.lists(st.lists(st.integers(-50, 50), min_size=14, max_size=14), min_size=2, max_size=5)


@given(tables, st.floats(0.1, 20.0))
def test_who_is_out_stays_out_and_more_days_change_no_choice(rows: list[list[int]], delta: float) -> None:
    """The procedure looks day by day: what was told after n replications is told after more."""
    values = {str(i): np.array(row, float) for i, row in enumerate(rows)}
    early = select({name: row[:12] for name, row in values.items()}, delta, "higher")
    late = select(values, delta, "higher")
    assert early.eliminated.items() <= late.eliminated.items()
    assert {*late.left} | {*late.eliminated} == {*values}
    if early.best is not None:
        assert late == early
