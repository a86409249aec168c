"""Claims: the rule, the figures it is applied to, and every study of the claims lab in small."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchmarks import claims as lab
from scenarios.load import Scenario, read_scenario, resolve
from scenarios.problems import BadInput
from scenarios.studies.claim import ClaimConfig, ConditionConfig
from scenarios.studies.claims import (
    FAILED,
    FAILS,
    HOLDS,
    ONLY_IF,
    OPEN,
    REPRODUCES,
    UNTOLD,
    judge,
    judged,
    overall,
    says,
)
from scenarios.studies.run import DecisionTime, Figures, Outcome, run_study
from scenarios.studies.statistics import change_of_sums
from scenarios.studies.study import read_study
from tests.scenarios.study_files import write_study
from twin.kpis.labels import label

FILES = sorted(lab.CLAIMS.glob("*.yaml"))
MOST_ORDERS, MOST_VEHICLES, MOST_EFFORT, NODES = 6, 2, 5, 300
every_claim = pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
bounds = st.floats(-1e6, 1e6)


# --- the rule ---


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.28, -0.22, HOLDS), (-0.19, -0.1, FAILS), (-0.5, -0.31, FAILS), (-0.25, -0.15, OPEN),
        (-0.2, 0, FAILS),  # a bound is outside
        (None, None, OPEN),
    ],
)  # fmt: skip
def test_an_interval_is_inside_outside_or_neither(low: float | None, high: float | None, verdict: str) -> None:
    """Claimed: 20 to 30 % less."""
    assert judge(low, high, -0.3, -0.2) == verdict


def test_no_difference_is_not_less() -> None:
    """Exactly zero, every day."""
    assert judge(0.0, 0.0, None, 0.0) == FAILS


@given(st.tuples(bounds, bounds).map(sorted), st.tuples(bounds, bounds).map(sorted), st.floats(0, 1e6))
def test_a_wider_interval_tells_no_more(interval: list[float], claimed: list[float], wider: float) -> None:
    """What it tells, the narrower one told as well."""
    verdict = judge(interval[0] - wider, interval[1] + wider, *claimed)
    assert verdict in (OPEN, judge(*interval, *claimed))


def test_a_claim_is_as_true_as_its_cases() -> None:
    """All, none, some."""
    assert [overall(verdicts) for verdicts in ([HOLDS] * 2, [FAILS] * 2, [HOLDS, OPEN], [HOLDS, FAILS])] == [
        REPRODUCES, FAILED, ONLY_IF, ONLY_IF,
    ]  # fmt: skip
    assert [overall([FAILS, OPEN]), overall([OPEN])] == [UNTOLD, UNTOLD]
    assert says({"small": HOLDS, "large": FAILS, "huge": OPEN}) == (
        "reproduces: ‘small’; does not reproduce: ‘large’; cannot be told: ‘huge’"
    )
    assert says({"small": FAILS, "large": FAILS}) == FAILED


# --- the figures ---


def figures(**columns: list[float]) -> Figures:
    """Kilometres by variant."""
    made = Figures()
    for values in zip(*columns.values()):
        made.add({
            name: Outcome({"distance_km": value}, DecisionTime()) for name, value in zip(columns, values)
        })  # fmt: skip
    return made


def claim(**condition: Any) -> ClaimConfig:
    """Of one case with one condition."""
    return ClaimConfig(says="less", source="a test", cases={"one": [ConditionConfig(kpi="distance_km", **condition)]})


def test_a_relative_change_is_of_the_sums() -> None:
    """30 km instead of 40 on two days together, and every day alike."""
    found = judged(
        claim(variant="b", against="a", relative=True, low=-0.3, high=-0.2), figures(a=[10, 30], b=[7.5, 22.5])
    )
    result = found["cases"]["one"]["conditions"][0]
    assert (result["value"], result["ci_low"], result["ci_high"]) == (-0.25, -0.25, -0.25)
    assert found["verdict"] == REPRODUCES


def test_a_change_beyond_another() -> None:
    """Saves a quarter here, a tenth there."""
    days = figures(a=[10, 30], b=[7.5, 22.5], c=[100, 50], d=[90, 45])
    found = judged(claim(variant="b", against="a", beyond=["d", "c"], relative=True, high=0.0), days)
    assert found["cases"]["one"]["conditions"][0]["value"] == pytest.approx(-0.15)
    found = judged(claim(variant="b", against="a", beyond=["d", "c"], low=0.0), days)
    assert found["cases"]["one"]["conditions"][0]["value"] == pytest.approx(-5.0 + 7.5)


def test_the_conditions_of_a_claim_hold_together() -> None:
    """Bonferroni: each of four has an interval of 98.75 %, that of a difference from scipy's own test."""
    days = figures(a=[10, 12, 9, 14, 11], b=[8, 11, 9, 10, 10])
    four = {name: claim(variant="b", against="a", high=0.0).cases["one"] * 2 for name in ("one", "two")}
    found = judged(ClaimConfig(says="x", source="y", cases=four), days)
    assert found["level"] == pytest.approx(0.9875)
    result = found["cases"]["one"]["conditions"][0]
    expected = stats.ttest_rel([8, 11, 9, 10, 10], [10, 12, 9, 14, 11]).confidence_interval(0.9875)
    assert (result["ci_low"], result["ci_high"]) == pytest.approx(tuple(expected))


def test_how_often_it_is_less() -> None:
    """Over a quarter less on two of four days, a quarter on another; none left is less, none to begin with is not."""
    days = figures(a=[4, 4, 4, 0], b=[3, 2, 0, 0])
    result = judged(claim(variant="b", against="a", fewer_by=0.25, high=0.1), days)["cases"]["one"]["conditions"][0]
    assert (result["value"], result["unit"], result["verdict"]) == (0.5, "share", OPEN)
    assert 0 < result["ci_low"] < 0.1
    bad = judged(claim(variant="b", against="a", fewer_by=0.25, where_above=3, high=0.1), days)
    assert bad["cases"]["one"]["conditions"][0]["value"] == pytest.approx(2 / 3)


def test_after_bad_days_things_get_better_by_themselves() -> None:
    """Two years alike: 8 a year. After one of more than 8, it is fewer."""
    rng = np.random.default_rng(2)
    years = figures(a=[*rng.poisson(8, 2000)], b=[*rng.poisson(8, 2000)])
    condition = {"variant": "b", "against": "a", "relative": True, "low": -0.5, "high": -0.1}
    after_bad = judged(claim(**condition, where_above=8), years)["cases"]["one"]["conditions"][0]
    assert after_bad["verdict"] == HOLDS
    assert judged(claim(**condition), years)["verdict"] == FAILED


def test_one_day_tells_nothing_and_words_alone_are_not_judged() -> None:
    """No interval, no cases."""
    found = judged(claim(variant="b", against="a", high=0.0), figures(a=[2], b=[1]))
    assert found["verdict"] == UNTOLD
    assert "verdict" not in judged(ClaimConfig(says="x", source="y"), figures(a=[2]))


def test_nothing_to_be_a_share_of() -> None:
    """Zero kilometres: undefined."""
    assert change_of_sums(np.array([1.0, 2.0]), np.zeros(2)).mean is None
    assert change_of_sums(np.array([1.0, np.nan]), np.array([2.0, 2.0])).mean == -0.5


def test_the_interval_of_a_change_holds_the_truth() -> None:
    """95 of 100, within chance: 20 days of a true saving of a quarter."""
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(1000):
        a = rng.lognormal(3, 0.2, 20)
        found = change_of_sums(0.75 * a * rng.normal(1, 0.05, 20), a)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= -0.25 <= found.high
    assert 925 <= inside <= 970


# --- the file ---


def test_a_condition_names_what_there_is(tmp_path: Path) -> None:
    """Variants and KPIs, with the nearest."""
    wrong = {"kpi": "distance", "variant": "mor", "against": "base", "high": 0}
    path = write_study(
        tmp_path,
        variants={"more": {"fleet.vans.count": 3}},
        claim={"says": "s", "source": "x", "cases": {"c": [wrong]}},
    )
    with pytest.raises(BadInput) as error:
        read_study(path)
    assert [(p.key, p.nearest) for p in error.value.problems] == [
        ("claim.cases.c.0.kpi", "distance_km"),
        ("claim.cases.c.0", "more"),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"low": 1, "high": 0},
        {"high": 0, "relative": True},
        {"high": 0, "beyond": ["a", "b"]},
        {"high": 0, "fewer_by": 0.1},
        {"high": 0, "against": "b", "fewer_by": 0.1, "relative": True},
    ],
)
def test_a_condition_that_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    """No bound, no range, no pair."""
    with pytest.raises(ValueError, match="expected"):
        ConditionConfig(kpi="distance_km", variant="a", **wrong)


# --- the claims lab ---


def small(scenario: Scenario) -> Scenario:
    """A variant with a day that takes a tenth of a second, and everything that makes it a variant."""
    model = scenario.model
    sets = [f"dispatch.plan.effort={min(MOST_EFFORT, model.dispatch.plan.effort)}"]
    sets += [f"fleet.{name}.count={min(MOST_VEHICLES, group.count)}" for name, group in model.fleet.items()]
    if model.roads.synthetic is not None:
        sets.append(f"roads.synthetic.nodes={NODES}")
    if (generate := model.orders.generate) is not None:
        sets.append(f"orders.generate.known_per_day={min(MOST_ORDERS, generate.known_per_day)}")
        sets.append(f"orders.generate.arriving_per_day={min(MOST_ORDERS, generate.arriving_per_day)}")
    raw = read_scenario(Path(scenario.source))
    return resolve(raw, scenario.source, [*scenario.sets, *sets], model.seed)


@every_claim
def test_a_claim_runs_and_is_judged(path: Path) -> None:
    """Two small days: every figure it is judged by exists; what comes out is no matter."""
    study = read_study(path)
    assert study.claim is not None
    found = judged(study.claim, run_study({name: small(variant) for name, variant in study.variants.items()}, 2))
    assert found["verdict"] in (REPRODUCES, FAILED, ONLY_IF, UNTOLD)
    assert [*found["cases"]] == [*study.claim.cases]


@every_claim
def test_the_page_has_every_claim(path: Path) -> None:
    """With what is said and assumed; if not: ``python -m benchmarks.claims --write``."""
    study, written = read_study(path), lab.PAGE.read_text(encoding="utf-8")
    assert study.name == path.stem
    assert study.claim is not None
    assert study.claim.cases
    for text in (study.claim.says, study.claim.source, *study.claim.assumes):
        assert text in written


def test_the_page_says_what_a_study_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as a user does, then again: gone on with; a claim that was not run is said to be so."""
    cases = {"two": [{"kpi": "distance_km", "variant": "more", "against": "base", "relative": True, "high": 0}]}
    said = {"says": "More is less.", "source": "a test", "flips": "the number of vans", "cases": cases}
    path = write_study(tmp_path, variants={"more": {"fleet.vans.count": 3}}, replications=2, claim=said)
    other = tmp_path / "other.yaml"
    other.write_text(path.read_text().replace("name: s\n", "name: other\n"))
    out = tmp_path / "runs"
    monkeypatch.setattr(lab, "CLAIMS", tmp_path)
    for _ in range(2):
        assert lab.run(path, out, ["--on=local:1", "--quiet"]) == 0
    made = lab.page([path, other], out)
    assert "| [More is less.](#other) | not run |" in made
    assert f"| two | {label('distance_km')}: more against base | below +0.0 % |" in made
    assert "**Turns on** the number of vans." in made
