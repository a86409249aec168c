"""The league and what it stands on: paired replications, here or in processes, and what is said when they fail."""

import json
import pickle
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.folder import read_json
from scenarios.load import Scenario
from scenarios.problems import BadInput, Problem
from scenarios.run import run
from scenarios.studies.compare import compare
from scenarios.studies.league import TABLE, League, by_name, league
from scenarios.studies.replications import replication_seed
from scenarios.studies.run import Figures
from scenarios.studies.study import asked_study, read_variant
from tests.tiny import tiny, write_tiny
from twin.kpis.registry import KPIS
from viz.cli import BAD_INPUT, OK, main
from viz.compare import compare_lines
from viz.league import league_lines, table_lines

SMALL: dict[str, Any] = {
    "horizon_s": 18_000,
    "fleet": {"vans": {"count": 1}, "e-vans": {"count": 0}},
    "orders": {
        "generate": {
            "known_per_day": 3,
            "arriving_per_day": 3,
            "promise_s": 1800,
            "closes": "12:30",
            "arrival_weights": [0.0] * 8 + [1.0] + [0.0] * 15,
        }
    },
    "radio": {"latency_s": 300.0},
}


def small(policy: str = "insertion") -> Scenario:
    """Half a day of one van."""
    return tiny(**SMALL, dispatch={"policy": policy})


@pytest.fixture(scope="module")
def found() -> League:
    """Two policies, two days."""
    return league([small()], ["insertion", "nearest"], 2)


# --- the table ---


def test_the_document_has_every_policy_and_figure(found: League) -> None:
    """As the contract has it, and nothing that JSON cannot hold."""
    answer = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert answer["replications"] == 2
    table = answer["scenarios"]["tiny"]["policies"]
    assert [*table] == ["insertion", "nearest"]
    assert [*table["nearest"]] == [*TABLE]
    cell = table["nearest"]["cost_eur"]
    assert [*cell] == [
        "mean", "mean_low", "mean_high", "diff", "ci_low", "ci_high", "p", "p_adjusted", "correlation",
        "unpaired_low", "unpaired_high", "n", "unit", "better",
    ]  # fmt: skip
    assert (cell["unit"], cell["better"], cell["n"]) == ("EUR", "lower", 2)
    assert cell["diff"] == pytest.approx(cell["mean"] - table["insertion"]["cost_eur"]["mean"])
    assert answer["comparisons"] == sum(c["p"] is not None for row in table.values() for c in row.values())
    assert any("cost_eur" in line for line in league_lines(answer))


def test_the_first_policy_differs_from_itself_by_exactly_nothing(found: League) -> None:
    """And nothing is tested there."""
    for cell in found.as_dict()["scenarios"]["tiny"]["policies"]["insertion"].values():
        assert cell["p"] is None
        assert cell["diff"] in (0.0, None)


def test_what_does_not_differ_is_said_to_be_the_same() -> None:
    """As in a comparison: a blank is the first policy alone."""
    cell = {"mean": 1.0, "unit": "EUR", "better": "lower", "p": None, "p_adjusted": None, "n": 3}
    none, same = {"diff": None, "ci_low": None, "ci_high": None}, {"diff": 0.0, "ci_low": 0.0, "ci_high": 0.0}
    table = {
        "a": {"cost_eur": cell | same}, "b": {"cost_eur": cell | same}, "c": {"cost_eur": cell | none},
        "d": {"cost_eur": cell | same | {"n": 2}},
    }  # fmt: skip
    assert [line.split(maxsplit=3) for line in table_lines(table, 3)][1:] == [
        ["a", "1", "EUR"], ["b", "1", "EUR", "same"], ["c", "1", "EUR", "undefined"],
        ["d", "1", "EUR", "same on 2 of 3 days"],
    ]  # fmt: skip


def test_price_and_regret_are_differences_day_by_day(found: League) -> None:
    """Of cost: to the same policy on the truth, and to the best of all of them in hindsight."""
    of = found.figures["tiny"].of
    price = of("nearest", "cost_eur") - of("nearest on perfect", "cost_eur")
    best = np.minimum(of("insertion on hindsight", "cost_eur"), of("nearest on hindsight", "cost_eur"))
    assert found.price_of_blindness("tiny", "nearest").mean == pytest.approx(price.mean())
    assert found.regret("tiny", "nearest").mean == pytest.approx((of("nearest", "cost_eur") - best).mean())


def test_regret_is_over_whoever_found_least_that_day() -> None:
    """Worked: 12 and 9 against 10 and 8, the least of 10 or 11 and of 9 or 8; the truth costs 2 and 1 less."""
    costs = {
        "a": [12.0, 9.0], "a on perfect": [10.0, 8.0], "a on hindsight": [10.0, 9.0],
        "b": [11.0, 8.0], "b on perfect": [11.0, 8.0], "b on hindsight": [11.0, 8.0],
    }  # fmt: skip
    figures = Figures({name: {"cost_eur": array("d", values)} for name, values in costs.items()}, {}, 2)
    played = League({"day": figures}, ("a", "b"), 2)
    assert (played.regret("day", "a").mean, played.regret("day", "b").mean) == (1.5, 0.5)
    assert played.price_of_blindness("day", "a").mean == 1.5


def test_a_replication_is_the_day_of_its_seed(found: League) -> None:
    """Anyone can run it alone; the policy being timed changes nothing."""
    alone = run(small("nearest"), seed=replication_seed(small().model.seed, 1))
    figures = found.figures["tiny"]
    assert {name: kpi["value"] for name, kpi in alone.kpis.items() if kpi["value"] is not None} == {
        name: values[1]
        for name, values in figures.values["nearest"].items()
        if not np.isnan(values[1]) and name in KPIS
    }
    assert figures.decision_times["nearest"].decisions == figures.of("nearest", "decisions").sum()


def test_scenarios_of_one_name_go_by_their_files() -> None:
    """Otherwise by name."""
    one, other = (Scenario(small().model, source) for source in ("a.yaml", "b.yaml"))
    assert [*by_name([one, other])] == ["a.yaml", "b.yaml"]
    assert [*by_name([one])] == ["tiny"]


# --- processes ---


def test_bad_input_comes_back_from_a_worker() -> None:
    """With its problems."""
    error = pickle.loads(pickle.dumps(BadInput([Problem("a.yaml", "key", "x", "y")])))  # noqa: S301
    assert error.problems[0].key == "key"


# --- what-if ---


def test_a_variant_is_a_name_and_what_to_set() -> None:
    """Commas within brackets and quotes belong to the value."""
    assert read_variant("more: fleet.vans.count+=1, seed=3") == ("more", ["fleet.vans.count+=1", "seed=3"])
    assert read_variant("a: x=[1, 2], y='3, 4', z={a: 1, b: 2}")[1] == ["x=[1, 2]", "y='3, 4'", "z={a: 1, b: 2}"]
    for text in ("more", "more:", ": a=1", "more: fleet"):
        with pytest.raises(BadInput, match="NAME: key=value"):
            read_variant(text)


def test_a_variant_meets_the_same_days_whatever_its_seed(tmp_path: Path) -> None:
    """Setting a seed changes nothing: the difference is exactly 0, without p. Another van is another matter."""
    path = write_tiny(tmp_path, **SMALL)
    study = replace(asked_study(path, [], None, ["same: seed=99", "more: fleet.vans.count+=1"]), replications=2)
    answer = compare(study)
    assert {(cell["diff"], cell["p"]) for cell in answer["variants"]["same"].values()} <= {(0.0, None), (None, None)}
    assert answer["variants"]["more"]["duty_h"]["diff"] > 1
    assert answer["variants"]["more"]["orders_total"]["diff"] == 0
    assert any("duty_h" in line for line in compare_lines(answer))
    with pytest.raises(BadInput, match="another name"):
        asked_study(path, [], None, ["base: seed=99"])


# --- the command line ---


def test_league_prints_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing else on stdout."""
    path = str(write_tiny(tmp_path, **SMALL))
    asked = ["league", path, "--policies", "nearest", "--replications", "1", "--on", "local:1", "--json", "--out"]
    assert main([*asked, str(tmp_path / "league")]) == OK
    answer = json.loads(capsys.readouterr().out)
    assert (tmp_path / "league" / "1-tiny" / "replications.parquet").exists()
    assert read_json(tmp_path / "league" / "league.json")["scenarios"]["tiny"]["digest"]
    assert answer["scenarios"]["tiny"]["policies"]["nearest"]["cost_eur"]["ci_low"] in (None, 0.0)


@pytest.mark.parametrize(
    ("names", "said"),
    [("nearest,insertoin", "did you mean 'insertion'"), ("nearest,nearest", "each policy once"), ("", "a policy")],
)
def test_policies_that_cannot_be_compared(names: str, said: str, tmp_path: Path, capsys: Any) -> None:
    """One line, exit 2, nothing run."""
    assert main(["league", str(write_tiny(tmp_path, **SMALL)), "--policies", names]) == BAD_INPUT
    assert said in capsys.readouterr().err
