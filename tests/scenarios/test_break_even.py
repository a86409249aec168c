"""Break-even: the interval of the factor in which a paired difference crosses zero."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.load import Scenario
from scenarios.studies.break_even import STEPS, Evaluation, Found, conclude, find, says, search
from scenarios.studies.compare import compare
from scenarios.studies.run import DecisionTime, Outcome, Replication, run_study
from scenarios.studies.statistics import difference
from scenarios.studies.study import BreakEven, read_study
from tests.tiny import write_tiny
from twin.kpis.money import FIGURES
from twin.kpis.registry import KPIS

DAYS = 20


def asked(low: float = 1, high: float = 40, integer: bool = True, figure: str = "cost_eur") -> BreakEven:
    """The cost of dual against single by the number of vans."""
    return BreakEven("fleet.vans.count", low, high, integer, figure, "dual", "single")


def noisy(line: Callable[[float], float], sd: float, seed: int = 1) -> Callable[[float], Evaluation]:
    """A difference with the same luck of the days at every value."""
    luck = np.random.default_rng(seed).normal(0, sd, DAYS)

    def evaluate(value: float) -> Evaluation:
        found = difference(line(value) + luck, np.zeros(DAYS))
        return Evaluation(value, found.mean, found.low, found.high, found.n)

    return evaluate


def answer(question: BreakEven, line: Callable[[float], float], sd: float = 1e-3, seed: int = 1) -> Found:
    """What is found."""
    return conclude(question, search(question.low, question.high, question.integer, noisy(line, sd, seed)))


# --- roots that are known ---


@settings(max_examples=40, deadline=None)
@given(st.floats(2, 39), st.sampled_from([-3.0, -0.1, 0.1, 3.0]))
def test_the_root_of_a_line_is_found(root: float, slope: float) -> None:
    """Of whole numbers the first or last at which the variant is cheaper; of real ones the place."""
    found = answer(asked(), lambda x: slope * (x - root), sd=1e-9)
    best = np.ceil(root) if slope < 0 else np.floor(root)
    assert found.verdict == ("from" if slope < 0 else "up_to")
    assert found.at == best or abs(root - round(root)) < 1e-6
    found = answer(asked(integer=False), lambda x: slope * (x - root), sd=1e-9)
    assert found.at == pytest.approx(root, abs=1e-6)
    assert found.ci_low is not None
    assert found.ci_high is not None
    assert found.ci_low - 1e-6 <= root <= found.ci_high + 1e-6
    assert found.ci_high - found.ci_low <= 2 * 39 / STEPS


def test_the_interval_holds_the_root_as_often_as_it_says() -> None:
    """Over 200 synthetic studies at most 5 % miss (binomial, 99.9 %: 21), and it is not so wide that none does."""
    root, misses = 14.3, 0
    for seed in range(200):
        found = answer(asked(), lambda x: root - x, sd=6, seed=seed)
        assert found.ci_low is not None
        assert found.ci_high is not None
        misses += not found.ci_low <= root <= found.ci_high
    assert 1 <= misses <= 21


def test_noise_widens_the_interval_and_the_answer_says_so() -> None:
    """ "Dual is better from 14 on; between 11 and 17 it cannot be told"."""
    narrow, wide = (answer(asked(), lambda x: 14.5 - x, sd) for sd in (0.01, 6.0))
    assert (narrow.ci_low, narrow.ci_high, narrow.at) == (14, 15, 15)
    assert says(narrow) == ("‘dual’ is better than ‘single’ in cost from fleet.vans.count 15 on; told on both sides")
    assert wide.ci_low is not None
    assert wide.ci_high is not None
    assert wide.ci_high - wide.ci_low > 3
    assert f"between {wide.ci_low:.0f} and {wide.ci_high:.0f} it cannot be told" in says(wide)


def test_where_the_mean_crosses_is_known_as_closely_as_the_ends() -> None:
    """However far apart the ends are: the neighbours of the crossing are one step apart."""
    found = answer(asked(), lambda x: 14.5 - x, 15.0)
    assert found.at == 16
    values = [one.value for one in found.evaluations]
    assert {found.at - 1, found.at} <= {*values}


def test_few_values_are_tried() -> None:
    """Each is two days for every replication."""
    assert len(answer(asked(), lambda x: 14.5 - x, 6.0).evaluations) <= 5 + 3 * 4
    assert len(answer(asked(1, 3), lambda x: 2.5 - x).evaluations) == 3


# --- no crossing ---


@pytest.mark.parametrize(
    ("line", "sd", "verdict", "said"),
    [
        (
            lambda x: 5.0 + x,
            1,
            "never",
            "‘dual’ is never better than ‘single’ in cost within fleet.vans.count 1 to 40: at 1 +",
        ),
        (lambda x: -5.0 - x, 1, "always", "‘dual’ is always better than ‘single’ in cost within"),
        (lambda x: 0.0, 10, "open", "cannot be told within fleet.vans.count 1 to 40"),
        (lambda x: max(0.0, x - 20), 1, "open", "‘dual’ is worse than ‘single’ in cost from fleet.vans.count 2"),
        (lambda x: max(0.0, 20 - x), 1, "open", "‘dual’ is worse than ‘single’ in cost up to fleet.vans.count 1"),
        (lambda x: 0.0, 0, "same", "‘dual’ and ‘single’ are exactly the same in cost within fleet.vans.count 1 to 40"),
        (lambda x: min(0.0, x - 20), 0, "open", "up to fleet.vans.count 19; above they are exactly the same: at 1 -19"),
        (lambda x: abs(x - 20.5) - 8, 1, "more_than_once", "no single break-even"),
    ],
)
def test_other_answers(line: Callable[[float], float], sd: float, verdict: str, said: str) -> None:
    """Never, always, untold, in part, in turns."""
    found = answer(asked(), line, sd)
    assert found.verdict == verdict
    assert said in says(found)
    assert (found.at is None) or verdict == "open"


def test_where_more_is_better_the_sides_are_the_other_way_round() -> None:
    """And where neither is, it is said as it is."""
    assert answer(asked(figure="on_time_share"), lambda x: x - 14.5).verdict == "from"
    assert answer(asked(figure="cost_eur"), lambda x: x - 14.5).verdict == "up_to"
    assert "‘dual’ is more than ‘single’ in orders" in says(answer(asked(figure="orders_total"), lambda x: x - 14.5))


def test_an_undefined_difference_tells_nothing() -> None:
    """A KPI may be undefined throughout."""
    tried = search(1, 9, True, lambda value: Evaluation(value, None, None, None, 0))
    found = conclude(asked(1, 9), tried)
    assert (found.verdict, found.at) == ("open", None)
    assert "undefined" in found.as_dict()["says"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=30, max_size=30), st.booleans())
def test_any_shape_is_answered(steps: list[float], integer: bool) -> None:
    """However wild: the search ends, values are in order and in range, bounds are in order."""
    found = answer(asked(1, 30, integer), lambda x: steps[int(x) - 1], sd=0.5)
    values = [one.value for one in found.evaluations]
    assert values == sorted(set(values))
    assert (values[0], values[-1]) == (1, 30)
    assert says(found)
    if found.ci_low is not None and found.ci_high is not None:
        assert found.ci_low < found.ci_high


# --- of a study ---


def test_a_study_is_searched_on_its_own_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference at a value is that of the study with this value set, to the last bit; on as many days."""
    few = {"known_per_day": 2, "arriving_per_day": 0, "closes": "11:00"}
    vans = {"vans": {"count": 1}, "e-vans": {"count": 0}}
    write_tiny(tmp_path, horizon_s=18_000, orders={"generate": few}, fleet=vans)
    (tmp_path / "study.yaml").write_text(
        "name: s\nscenario: scenario.yaml\nreplications: 2\n"
        "variants: {dear: {costs.driver_eur_per_h: 40, seed: 99}}\n"
        "break_even: {factor: costs.fuel_eur_per_l, low: 1, high: 2, integer: true, figure: cost_eur}\n",
        encoding="utf-8",
    )
    study = read_study(tmp_path / "study.yaml", ["costs.fuel_eur_per_l=1"])
    found = find(study, lambda variants, _: run_study(variants, study.replications))
    figures = run_study(study.variants, study.replications)
    direct = difference(figures.of("dear", "cost_eur"), figures.of("base", "cost_eur"))
    assert found.verdict == "never"
    assert [one.n for one in found.evaluations] == [2, 2]
    assert found.evaluations[0].diff == direct.mean

    def made_up(variants: dict[str, Scenario], number: int) -> Replication:
        figures = dict.fromkeys([*KPIS, *FIGURES, "decisions"], 1.0)
        return Replication(number, number, {name: Outcome(figures, DecisionTime()) for name in variants}, 0.0)

    monkeypatch.setattr("scenarios.studies.run.replicate", made_up)
    assert [one["n"] for one in compare(replace(study, replications=3))["break_even"]["evaluations"]] == [3, 3]
