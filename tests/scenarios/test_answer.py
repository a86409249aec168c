"""The answer in words and the table under it: true to the figures, the same every time, no wider than a screen."""

import json
from array import array
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.load import Scenario
from scenarios.problems import BadInput
from scenarios.studies.answer import VERDICTS, answer, verdict
from scenarios.studies.compare import evaluate
from scenarios.studies.precision import STOPPED_LEVEL
from scenarios.studies.run import Figures
from scenarios.studies.statistics import estimate
from scenarios.studies.stopping import MOST, asked_to_stop, stop_rule
from scenarios.studies.study import Choose, Study
from scenarios.studies.wording import begun, listed, number, spread
from tests.tiny import tiny
from twin.kpis.money import FIGURES
from twin.kpis.registry import KPIS
from viz.compare import WIDTH, compare_lines

N = 12


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return tiny()


def days(**changed: dict[str, Any]) -> Figures:
    """Twelve days of every KPI, all the same but for what is given by variant and KPI."""
    values = {
        variant: {kpi: array("d", np.broadcast_to(kpis.get(kpi, 0.5), N)) for kpi in [*KPIS, *FIGURES, "decisions"]}
        for variant, kpis in changed.items()
    }
    return Figures(values, {}, N)


def study(scenario: Scenario, figures: Figures, **more: Any) -> Study:
    return Study("winter", dict.fromkeys(figures.values, scenario), N, **more)


COST = np.linspace(900.0, 1100.0, N)
NOISE = np.tile([3.0, -3.0, 1.0, -1.0], 3)
BASE = {"cost_eur": COST, "on_time_share": 0.9 + NOISE / 100, "distance_km": 100 + NOISE, "orders_due": 40.0}
MORE = {
    "cost_eur": COST - 100 + NOISE,
    "on_time_share": 0.95 + NOISE[::-1] / 100,
    "distance_km": 100 - NOISE,
    "orders_due": 40.0,
}


@pytest.fixture(scope="module")
def found(scenario: Scenario) -> dict[str, Any]:
    """More vans: cheaper, on time more often, distance not told."""
    figures = days(base=BASE, more=MORE)
    return evaluate(study(scenario, figures, days_per_year=250), figures)


def test_who_wins_on_what_by_how_much(found: dict[str, Any]) -> None:
    """With the interval; a year's money; what cannot be told; how far it goes."""
    text = found["answer"]
    assert text.startswith("12 replications of each variant, on the same days. ‘more’ against ‘base’: better on cost ")
    cell = found["variants"]["more"]["cost_eur"]
    assert spread(cell["diff"], cell["ci_low"], cell["ci_high"], "EUR") in text
    assert "on time +5.0 pp (" in text
    assert "no difference can be told in distance" in text
    year = spread(-25_000, 250 * cell["ci_low"], 250 * cell["ci_high"], "EUR")
    assert f"‘more’ saves money: {year} in a year of 250 such days." in text
    assert "Pairing did not help ‘more’ on on time and distance" in text
    assert f"for the {found['comparisons']} comparisons of the study together (Holm)" in text


def test_the_document_is_json_and_makes_the_same_answer(found: dict[str, Any]) -> None:
    """No NaN in it; the words come from it alone."""
    again = json.loads(json.dumps(found, allow_nan=False))
    assert answer(again) == found["answer"]
    assert (found["precise"], found["choice"], found["level"]) == (None, None, 0.95)
    assert found["base"]["cost_eur"]["correlation"] is None
    assert found["kpis"] == ["cost_eur", "delivered_share", "on_time_share", "distance_km"]


def test_ratios_are_also_given_over_all_days_together(found: dict[str, Any]) -> None:
    """As many orders were due every day, so that is the mean of the days."""
    cell = found["variants"]["more"]["on_time_share"]
    assert cell["pooled"]["mean"] == pytest.approx(cell["mean"])
    assert cell["pooled"]["ci_low"] == pytest.approx(cell["ci_low"])
    assert found["base"]["on_time_share"]["pooled"]["diff"] == 0.0
    assert "pooled" not in found["base"]["cost_eur"]


def test_what_is_a_ratio_but_no_share_keeps_its_t_interval(scenario: Scenario) -> None:
    """Euros a stop have no bound that Wilson's interval could keep to."""
    per_stop = 12.0 + NOISE / 10
    figures = days(base={"cost_per_stop_eur": per_stop, "stops_done": 30.0}, more={})
    cell = evaluate(study(scenario, figures), figures)["base"]["cost_per_stop_eur"]
    assert (cell["mean"], cell["mean_low"], cell["mean_high"]) == tuple(estimate(per_stop))
    assert cell["pooled"]["mean"] == pytest.approx(12.0)


def test_the_same_is_called_the_same(scenario: Scenario) -> None:
    """A variant compared with itself: nothing is better or worse, and nothing is tested."""
    figures = days(base=BASE, same=BASE)
    found = evaluate(study(scenario, figures), figures)
    assert {verdict(cell) for cell in found["variants"]["same"].values()} == {"same"}
    assert found["comparisons"] == 0
    assert "exactly the same in cost, delivered and on time" in found["answer"]


def test_a_constant_difference_is_told_without_a_test(scenario: Scenario) -> None:
    """One van more, every day: no p, no interval to speak of."""
    figures = days(base=BASE, more={**BASE, "duty_h": 8.5})
    found = evaluate(study(scenario, figures, kpis=("duty_h",)), figures)
    assert found["kpis"] == ["duty_h"]
    assert "worse on duty time +8 h every time" in found["answer"]
    assert any("+8 h every time" in line and line.endswith("worse") for line in compare_lines(found))


def test_variants_of_long_names_that_begin_alike_have_a_line_each(scenario: Scenario) -> None:
    """Cut, they would be one."""
    names = [f"count=5, known_per_day=70, latency_s={n}" for n in range(3)]
    figures = days(base=BASE, **dict.fromkeys(names, MORE))
    lines = compare_lines(evaluate(study(scenario, figures, kpis=("cost_eur",)), figures))
    assert all(any(line.startswith(f"  {name} ") for line in lines) for name in names)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.0034, "EUR", "0.003 EUR"), (-0.0034, "h", "-0.003 h"), (0.0003, "share", "0.03 %"), (0.0, "share", "0.0 %"),
        (1e-9, "EUR", "0.00 EUR"), (299.99999999999994, "EUR", "300 EUR"), (1234.5, "km", "1,234 km"),
        (0.05, "s", "0.05 s"),
    ],
)  # fmt: skip
def test_what_is_not_0_is_not_shown_as_0_and_a_whole_number_is_whole(value: float, unit: str, shown: str) -> None:
    """ "+0.00 EUR (+0.00 to +0.00), costs more" tells nobody anything; a sum's rounding is no digit."""
    assert number(value, unit) == shown


def test_a_figure_undefined_on_some_days_says_on_which_it_rests(scenario: Scenario) -> None:
    """Else two means far apart could be called the same: they are of other days."""
    longest = np.array([*np.full(N - 2, 10.0), 4000.0, 4000.0])
    only = np.array([*np.full(N - 2, 10.0), np.nan, np.nan])
    figures = days(base={"lateness_s_p95": longest}, more={"lateness_s_p95": only, "cost_eur": only})
    found = evaluate(study(scenario, figures, kpis=("lateness_s_p95", "cost_eur")), figures)
    assert "exactly the same in lateness (95th percentile) on 10 of 12 days" in found["answer"]
    assert "cost +9.50 EUR every time on 10 of 12 days" in found["answer"]
    assert any(line.endswith("same on 10 of 12 days") for line in compare_lines(found))


def test_what_survives_no_correction_is_a_hint() -> None:
    """The interval leaves 0 out, but p is not below 5 % among all; where it does not, nothing is told."""
    cell = {"diff": 1.0, "ci_low": 0.1, "ci_high": 1.9, "p": 0.03, "p_adjusted": 0.4, "better": "higher"}
    assert verdict(cell) == "hint"
    assert verdict(cell | {"p_adjusted": 0.04}) == "better"
    assert verdict(cell | {"p_adjusted": 0.04, "better": "lower"}) == "worse"
    assert verdict(cell | {"p_adjusted": 0.04, "better": "neither"}) == "different"
    assert verdict(cell | {"ci_low": -0.1}) == "open"
    assert verdict(cell | {"ci_low": -0.1, "p_adjusted": 0.04}) == "open"  # of a study that may stop early
    assert verdict(cell | {"ci_low": None, "ci_high": None, "p": None}) == "open"
    assert verdict(cell | {"diff": None}) == "undefined"


def test_precision_in_words(scenario: Scenario) -> None:
    """Reached: after how many; not reached: what is missing."""
    figures = days(base=BASE, more=MORE)
    asked = study(scenario, figures, precision={"cost_eur": 0.1})
    stopped = evaluate(replace(asked, replications=100), figures)
    assert stopped["precise"] is True
    assert stopped["level"] == 0.97
    assert "Stopped after 12 of at most 100: precise enough." in stopped["answer"]
    short = evaluate(replace(asked, precision={"cost_eur": 0.01, "distance_km": 0.1}), figures)
    assert short["precise"] is False
    relative = short["precision"]["cost_eur"]["relative"]
    assert (
        f"Precision not reached after 12: the half-width of cost (more) is {100 * relative:.3g} %, asked 1 %."
        in (short["answer"])
    )


def test_too_few_days_for_a_precision_and_one_just_missed(scenario: Scenario) -> None:
    """Nothing is looked at before the tenth; 4.9 % is not the 5 % asked for, as Law and Kelton's rule takes 4.76 %."""
    figures = days(base=BASE, more=MORE)
    early = replace(figures, replications=9)
    found = evaluate(study(scenario, early, precision={"distance_km": 0.01}), early)
    assert "How precise that is cannot be told from fewer than 10 replications." in found["answer"]
    short = evaluate(study(scenario, figures, precision={"cost_eur": 0.01}), figures)
    short["precision"]["cost_eur"] |= {"asked": 0.05, "relative": 0.049}
    assert "is 4.9 %, asked 5 %, which takes 4.76 %." in answer(short)


def test_one_variant_has_its_means(scenario: Scenario) -> None:
    """One policy, to know what it costs."""
    figures = days(base=BASE)
    text = evaluate(study(scenario, figures, kpis=("cost_eur", "on_time_share")), figures)["answer"]
    assert "There is nothing to compare ‘base’ with: cost 1,000 EUR (958.3 to 1,042) and on time 90.0 % (" in text
    assert "see the table" not in text


def test_one_difference_is_not_told_in_money_and_a_hint_in_cost(scenario: Scenario) -> None:
    """It is one test, whether among few items or among many figures: the larger p counts."""
    slightly = np.array([3.0, -1.0, 2.0, 0.5, 4.0, -0.5, 3.5, 1.0, 2.5, 0.0, 3.0, 1.5])
    many = {kpi: 0.5 + np.random.default_rng(place).normal(0, 0.1, N) for place, kpi in enumerate(KPIS)}
    figures = days(base=BASE, more={**many, **BASE, "cost_eur": COST - slightly})
    found = evaluate(study(scenario, figures), figures)
    cell, total = found["variants"]["more"]["cost_eur"], found["money"]["variants"]["more"]["total"]
    assert cell["p"] * found["money"]["comparisons"] < 0.05 < cell["p_adjusted"]
    assert (verdict(cell), total["said"], total["p_adjusted"]) == ("hint", "hint", cell["p_adjusted"])
    assert "Of what ‘more’ does to the cost there is a hint, but no proof" in found["answer"]


def test_runs_of_unequal_length_are_remarked_on(scenario: Scenario) -> None:
    """Twice the kilometres in two days are not worse."""
    figures = days(base=BASE, long=BASE)
    asked = replace(study(scenario, figures), variants={"base": scenario, "long": tiny(horizon_s=129_600)})
    said = "Runs are of 1 to 2 working days: money is by the day, all else by the run."
    assert said in evaluate(asked, figures)["answer"]
    assert said not in evaluate(study(scenario, figures), figures)["answer"]


def test_the_choice_in_words(scenario: Scenario) -> None:
    """Who, with which promise; or that it cannot be told."""
    figures = days(base=BASE, more=MORE, same=BASE)
    told = evaluate(study(scenario, figures, choose=Choose("cost_eur", 20.0)), figures)
    assert told["choice"]["best"] == "more"
    assert (
        "Best on cost: ‘more’ (told after 10 replications; right 95 % of the time, where differences below 20 EUR"
        in (told["answer"])
    )
    wild = days(base=BASE, more={**BASE, "distance_km": 100 + 9 * NOISE})
    open_ = evaluate(study(scenario, wild, choose=Choose("distance_km", 0.5)), wild)
    assert (
        "Which is best on distance cannot be told within 12 replications: ‘base’ and ‘more’ are left" in open_["answer"]
    )


def test_a_share_that_was_always_one_is_not_called_certain(scenario: Scenario) -> None:
    """What Wilson's interval of 480 orders allows."""
    figures = days(base={**BASE, "on_time_share": 1.0}, more=MORE)
    text = evaluate(study(scenario, figures), figures)["answer"]
    assert "On time was 100 % in every replication of ‘base’, which allows 99 % to 100 %." in text


def test_few_replications_are_told_of(scenario: Scenario) -> None:
    """One has no interval."""
    figures = days(base=BASE, more=MORE)
    for columns in figures.values.values():
        for kpi in columns:
            columns[kpi] = columns[kpi][:1]
    figures.replications = 1
    text = evaluate(study(scenario, figures), figures)["answer"]
    assert text.startswith("1 replication of each variant, on the same day.")
    assert "One replication has no interval" in text
    assert "better" not in text


@pytest.mark.parametrize(("n", "told"), [(9, True), (10, False)])
def test_fewer_than_ten_replications_are_warned_of(scenario: Scenario, n: int, told: bool) -> None:
    """And tell no best."""
    figures = days(base=BASE, more=MORE)
    for columns in figures.values.values():
        for kpi in columns:
            columns[kpi] = columns[kpi][:n]
    figures.replications = n
    text = evaluate(study(scenario, figures, choose=Choose("cost_eur", 20.0)), figures)["answer"]
    assert ("With fewer than 10 replications, trust intervals only" in text) is told
    assert ("Which is best on cost cannot be told from fewer than 10 replications." in text) is told


# --- the table ---


def test_the_table_fits_the_screen_and_holds_the_answer(scenario: Scenario) -> None:
    """With long names and large numbers too."""
    big = {"cost_eur": 1e7 * COST, "on_time_share": 0.9 + NOISE / 100, "orders_due": 40.0}
    figures = days(base=big, **{"a variant with a name that goes on and on": {**big, "cost_eur": 2e7 * COST}})
    lines = compare_lines(evaluate(study(scenario, figures), figures))
    assert max(map(len, lines)) <= WIDTH
    assert any(line.startswith("  a variant with a name t… ") for line in lines)
    assert any(line.endswith("worse") for line in lines)


# --- asking for it ---


def test_rules_from_the_command_line(scenario: Scenario) -> None:
    """They are added to the study's; without a number of replications there is room to stop in."""
    plain = study(scenario, days(base=BASE))
    assert asked_to_stop(plain, [], None, False) == plain
    assert stop_rule(plain) is None
    asked = asked_to_stop(plain, ["cost_eur=5%", "duty_h=0.1"], "cost_eur = 20", False)
    assert (asked.precision, asked.choose) == ({"cost_eur": 0.05, "duty_h": 0.1}, Choose("cost_eur", 20.0))
    assert asked.replications == MOST
    assert asked_to_stop(plain, ["cost_eur=0.05"], None, True).replications == N
    more = asked_to_stop(replace(plain, precision={"duty_h": 0.1}, replications=200), ["cost_eur=0.05"], None, False)
    assert (more.precision, more.replications) == ({"duty_h": 0.1, "cost_eur": 0.05}, 200)


@pytest.mark.parametrize(
    ("precision", "choose", "said"),
    [
        (["cost_eru=0.1"], None, "did you mean 'cost_eur'"),
        (["cost_eur"], None, "KPI=NUMBER"),
        (["cost_eur=x"], None, "--precision: cost_eur: 'x'"),
        (["2%"], None, "--precision: '2%': expected KPI=NUMBER"),
        (["cost_eur=200%"], None, "--precision: cost_eur: '200%'"),
        (["cost_eur=nan"], None, "above 0 and below 1"),
        (["cost_eur=5"], None, "above 0 and below 1"),
        ([], "cost_eur=0", "above 0"),
        ([], "cost_eur=inf", "above 0"),
        ([], "orders_total=3", "more or less is better"),
    ],
)
def test_rules_that_cannot_be_kept(scenario: Scenario, precision: list[str], choose: str | None, said: str) -> None:
    """One line each."""
    with pytest.raises(BadInput, match=said):
        asked_to_stop(study(scenario, days(base=BASE)), precision, choose, False)


def test_a_study_with_two_questions_ends_when_both_are_answered(scenario: Scenario) -> None:
    """Precise enough, but not told which is best."""
    figures = days(base=BASE, more=MORE)
    rule = stop_rule(study(scenario, figures, precision={"cost_eur": 0.1}, choose=Choose("cost_eur", 20.0)))
    assert rule is not None
    assert rule(figures)
    rule = stop_rule(study(scenario, figures, precision={"cost_eur": 0.01}, choose=Choose("cost_eur", 20.0)))
    assert rule is not None
    assert not rule(figures)


def test_a_study_that_may_stop_early_has_wider_intervals(scenario: Scenario) -> None:
    """By whichever rule it may."""
    figures = days(base=BASE, more=MORE)
    asked = study(scenario, figures)
    plain, *wider = (
        evaluate(one, figures)["variants"]["more"]["cost_eur"]["ci_high"]
        for one in (asked, replace(asked, precision={"cost_eur": 0.1}), replace(asked, choose=Choose("cost_eur", 20.0)))
    )
    expected = estimate(MORE["cost_eur"] - COST, STOPPED_LEVEL).high
    assert wider == pytest.approx([expected, expected])
    assert plain < expected


# --- words ---


def test_words() -> None:
    """Lists, labels, differences."""
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]
    assert begun("Lateness, 95th percentile") == "lateness (95th percentile)"
    assert begun("CO₂") == "CO₂"
    assert spread(-0.021, -0.03, 0.001, "share") == "-2.1 pp (-3.0 to +0.1)"
    assert spread(None, None, None, "EUR") == "undefined"
    assert spread(8.0, 8.0, 8.0, "h") == "+8 h every time"


cells = st.fixed_dictionaries({
    "diff": st.floats(0.01, 9), "ci_low": st.floats(-9, 9), "ci_high": st.floats(-9, 9),
    "p": st.one_of(st.none(), st.floats(0, 1)), "better": st.sampled_from(["higher", "lower", "neither"]),
})  # fmt: skip


@given(cells, st.floats(1, 50))
@settings(max_examples=200)
def test_a_verdict_never_contradicts_its_sign(cell: dict[str, Any], times: float) -> None:
    """Turned round, better is worse; nothing else changes."""
    cell["p_adjusted"] = None if cell["p"] is None else min(1.0, times * cell["p"])
    turned = verdict(cell | {"diff": -cell["diff"]})
    assert verdict(cell) in VERDICTS
    assert turned == {"better": "worse", "worse": "better"}.get(verdict(cell), verdict(cell))
