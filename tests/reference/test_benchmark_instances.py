"""Published routing instances (../shared/data/vrp): published solutions cost what they say, ours come near them."""

import csv
from pathlib import Path

import pytest

from scenarios.benchmarks import Request, solve
from scenarios.benchmarks.best_known import best_known
from scenarios.benchmarks.check import cost, violations
from scenarios.benchmarks.instance import BY_NAME
from scenarios.benchmarks.solution_file import read_solution
from scenarios.benchmarks.static import read_instance

DATA = Path(__file__).parents[3] / "shared" / "data" / "vrp"

TABLE = list(csv.DictReader((DATA / "BKS.csv").read_text().splitlines()))

SOLUTIONS = sorted([*DATA.rglob("*.sol"), *DATA.rglob("*.bks.txt")])


def instance_of(solution):
    """The instance file a solution lies beside."""
    stem = solution.name.removesuffix(".sol").removesuffix(".bks.txt")
    return next(path for ending in (".vrp", ".txt") if (path := solution.with_name(stem + ending)).is_file())


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.name)
def test_published_solutions(solution):
    """They are feasible and cost what they or the table say, under the set's own rounding."""
    path = instance_of(solution)
    instance = read_instance(path)
    instance = instance.rounded(instance.default_rounding)
    published = read_solution(solution)
    assert violations(instance, published.routes) == []
    stated = [float(row["best_known_cost"]) for row in TABLE if (DATA / row["file"]) == path]
    for value in [*stated, *([published.cost] if published.cost is not None else [])]:
        assert cost(instance, published.routes) == pytest.approx(value, abs=0.006)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['file']}: {row['objective']}")
def test_every_row_of_the_table_is_found(row):
    """Under the objective and rounding it belongs to, and under no other."""
    path = DATA / row["file"]
    instance = read_instance(path)
    rounding = BY_NAME["truncate"] if "distances truncated" in row["objective"] else instance.default_rounding
    objective = "vehicles" if "vehicles then" in row["objective"] else "distance"
    found = best_known(path, instance.rounded(rounding), objective)
    assert found is not None
    assert (found.cost, found.routes) == (float(row["best_known_cost"]), int(row["routes"]))
    other = BY_NAME["integer" if rounding.name == "none" else "none"]
    assert best_known(path, instance.rounded(other), objective) is None


@pytest.mark.parametrize(
    ("name", "within_pct", "options"),
    [
        ("solomon/C101.txt", 0.01, {}),
        ("solomon/R105.txt", 1.0, {}),
        ("solomon/RC102_25.txt", 0.5, {"rounding": "truncate"}),
        ("solomon/R211.txt", 8, {"objective": "vehicles"}),
        ("lilim/lc101.txt", 0.01, {"objective": "vehicles"}),
        ("cvrp-x/X-n106-k14.vrp", 2, {}),
        ("rich/hfvrp-X110-HD.vrp", 5, {}),
        ("rich/mtvrptwr-R204R0.5.vrp", 6, {}),
        ("ortec/static/ORTEC-VRPTW-ASYM-762abf35-d1-n222-k13.txt", 12, {}),
    ],
)
def test_solved_by_iterations(name, within_pct, options):
    """A short search comes within a few per cent of the best known, feasibly, never below it by more than rounding."""
    answer = solve(DATA / name, Request(iterations=800, seed=1, **options))
    assert answer["feasible"]
    assert -0.01 <= answer["gap_pct"] <= within_pct
