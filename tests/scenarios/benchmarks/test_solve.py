"""``twin solve`` from the command line: the answer, solution files, best known costs, bad input."""

import json

import pytest

from scenarios.benchmarks.solution_file import read_solution
from tests.scenarios.benchmarks.instances import random_rows, solomon_text
from viz.cli import main

KEYS = {"instance", "policy", "cost", "feasible", "routes", "best_known", "gap_pct", "wall_s"}


@pytest.fixture
def instance(tmp_path):
    """A file of six customers."""
    path = tmp_path / "tiny.txt"
    path.write_text(solomon_text(random_rows(2)))
    return path


def answer(capsys, *words):
    """The JSON document of a call."""
    assert main(["solve", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_answer(capsys, instance):
    """The contract's keys; every customer once; nothing to compare with."""
    found = answer(capsys, instance, "--iterations", "200")
    assert found.keys() >= KEYS
    assert (found["instance"], found["policy"], found["feasible"]) == ("TINY", "pyvrp", True)
    assert sorted(node for route in found["routes"] for node in route) == [1, 2, 3, 4, 5, 6]
    assert (found["best_known"], found["gap_pct"]) == (None, None)


@pytest.mark.parametrize("policy", ["pyvrp", "ortools", "insertion"])
def test_the_same_call_gives_the_same_answer(capsys, instance, policy):
    """With iterations and a seed only the wall time differs."""
    answers = [
        answer(capsys, instance, "--iterations", "50", "--seed", "3", "--policy", policy) | {"wall_s": 0}
        for _ in range(2)
    ]
    assert answers[0] == answers[1]


def test_seconds_are_kept(capsys, instance):
    """The search takes what was asked, reading and checking little more."""
    assert 0.3 <= answer(capsys, instance, "--seconds", "0.4")["wall_s"] < 2


def test_solution_file_and_best_known(capsys, tmp_path, instance):
    """A written solution beside the instance is its best known cost, but only under its own convention."""
    found = answer(capsys, instance, "--iterations", "200", "--out", tmp_path / "tiny.sol")
    written = read_solution(tmp_path / "tiny.sol")
    assert [list(route) for route in written.routes] == found["routes"]
    assert written.cost == pytest.approx(found["cost"])
    again = answer(capsys, instance, "--iterations", "200")
    assert (again["best_known"], again["gap_pct"]) == (found["cost"], 0)
    assert answer(capsys, instance, "--iterations", "200", "--rounding", "integer")["best_known"] is None
    assert answer(capsys, instance, "--iterations", "200", "--objective", "vehicles")["best_known"] is None


def test_a_solution_that_does_not_cost_what_it_says_is_not_believed(capsys, tmp_path, instance):
    """Another convention, or a mistake."""
    (tmp_path / "tiny.sol").write_text("Route #1: 3 6\nRoute #2: 5 4\nRoute #3: 1 2\nCost 100\n")
    assert answer(capsys, instance, "--iterations", "50")["best_known"] is None


def test_table_of_best_known(capsys, tmp_path, instance):
    """The row of the same objective and rounding counts, found from the folder above too."""
    (tmp_path / "BKS.csv").write_text(
        "file,problem,customers,objective,routes,best_known_cost,source,how_checked\n"
        'tiny.txt,VRPTW,6,"min vehicles then distance, double precision",2,400,,\n'
        'tiny.txt,VRPTW,6,"min distance, double precision",3,300,,\n'
        'tiny.txt,VRPTW,6,"min distance, distances truncated to 1 decimal",3,200,,\n'
    )
    found = answer(capsys, instance, "--iterations", "200")
    assert found["best_known"] == 300
    assert found["gap_pct"] == pytest.approx(100 * (found["cost"] / 300 - 1), abs=1e-3)
    assert answer(capsys, instance, "--iterations", "200", "--rounding", "truncate")["best_known"] == 200
    fleet = answer(capsys, instance, "--iterations", "200", "--objective", "vehicles")
    assert fleet["best_known"] == 400
    assert fleet["gap_pct"] is None  # it takes three vehicles: not comparable
    note = answer(capsys, instance, "--iterations", "50", "--rounding", "integer")["note"]
    for listed in (("vehicles", "none"), ("distance", "none"), ("distance", "truncate")):
        assert "--objective {} --rounding {}".format(*listed) in note


def test_what_cannot_be_done_is_said_with_exit_1(capsys, tmp_path):
    """No routes serve what is due before anyone can be there: the answer says so."""
    path = tmp_path / "late.txt"
    path.write_text(solomon_text([[0, 0, 0, 0, 99, 0], [30, 40, 1, 0, 10, 0]]))
    assert main(["solve", str(path), "--iterations", "20", "--json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["feasible"] is False
    assert "customer 1 is reached" in shown.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--policy", "pyrvp"], "did you mean 'pyvrp'"),
        (["--decisions", "FILE"], "--decisions"),
        (["--seed", "-1"], "--seed: '-1': expected a whole number of at least 0"),
        (["--out", "no/such/folder.sol"], "--out: 'no/such/folder.sol': expected a file in a folder that is there"),
    ],
)
def test_options_that_do_not_fit(capsys, instance, words, says):
    """Exit 2 and one line."""
    assert main(["solve", str(instance), *words]) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1


def test_bad_files_and_existing_answers(capsys, tmp_path, instance):
    """No such file, no such format, and nothing is overwritten."""
    (tmp_path / "notes.txt").write_text("nothing to solve\n")
    for words in ([tmp_path / "none.txt"], [tmp_path / "notes.txt"], [tmp_path], [instance, "--out", instance]):
        assert main(["solve", *map(str, words)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert instance.read_text().startswith("TINY")


@pytest.mark.parametrize("words", [["--seconds", "0"], ["--iterations", "0"], ["--rounding", "up"]])
def test_wrong_values_of_options(capsys, instance, words):
    """The parser refuses them, in one line too."""
    with pytest.raises(SystemExit, match="2"):
        main(["solve", str(instance), *words])
    err = capsys.readouterr().err
    assert words[0] in err
    assert err.count("\n") == 1
