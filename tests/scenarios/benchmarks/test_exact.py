"""Small instances against exact optima, and relations that hold between instances."""

import itertools

import pytest

from scenarios.benchmarks import insertion_engine, lilim, ortools_engine, pyvrp_engine, solomon, vrplib_file
from scenarios.benchmarks.budget import Budget
from scenarios.benchmarks.check import cost, violations
from scenarios.benchmarks.instance import INTEGER, NONE, TRUNCATE
from tests.scenarios.benchmarks.instances import optimum, random_rows, solomon_text, vrplib_text

BUDGET = Budget(300)


def vrptw(seed, **fleet):
    """Six customers with windows."""
    return solomon.read("tiny.txt", solomon_text(random_rows(seed), **fleet))


def backhauls(seed):
    """Six customers, two of them collections."""
    rows = random_rows(seed)
    kinds = [[0, 0], *([row[2], 0] if i < 4 else [0, row[2]] for i, row in enumerate(rows[1:]))]
    sections = {
        "NODE_COORD": [row[:2] for row in rows],
        "DEMAND": [kind[:1] for kind in kinds],
        "BACKHAUL": [kind[1:] for kind in kinds],
    }
    return vrplib_file.read("tiny.vrp", vrplib_text("VRPB", sections, CAPACITY=12))


def several_trips(seed):
    """Five customers whose goods come in during the day, two small vehicles."""
    rows = random_rows(seed, customers=5, horizon=700)
    sections = {
        "NODE_COORD": [row[:2] for row in rows],
        "DEMAND": [row[2:3] for row in rows],
        "TIME_WINDOW": [(0, 700)] * 6,
        "RELEASE_TIME": [(0,), (60,), (0,), (90,), (30,), (0,)],
        "VEHICLES_RELOAD_DEPOT": [(1,), (1,)],
    }
    return vrplib_file.read("tiny.vrp", vrplib_text("MTVRPTWR", sections, CAPACITY=12, VEHICLES=2))


def errands(seed):
    """Three pairs of pickup and delivery."""
    rows = random_rows(seed, horizon=400)
    lines = ["3 12 1", "0 50 50 0 0 400 0 0 0"]
    for node, (x, y, *_, service) in enumerate(rows[1:], 1):
        first = node % 2 == 1
        demand = 5 + node // 3 if first else -(5 + (node - 1) // 3)
        lines.append(f"{node} {x} {y} {demand} 0 350 {service} {0 if first else node - 1} {node + 1 if first else 0}")
    return lilim.read("tiny.txt", "\n".join(lines))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [vrptw, backhauls, several_trips, errands])
def test_pyvrp_finds_the_optimum(kind, seed):
    """On a handful of customers the search ends at the optimum, to what its whole numbers can tell."""
    instance = kind(seed)
    instance = instance.rounded(instance.default_rounding)
    routes = pyvrp_engine.routes(instance, "distance", BUDGET, seed)
    assert violations(instance, routes) == []
    assert cost(instance, routes) == pytest.approx(optimum(instance)[1] / instance.price_divisor, rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [vrptw, backhauls, errands])
def test_ortools_is_feasible_and_near(kind, seed):
    """OR-Tools ends within a tenth of the optimum, never below it."""
    instance = kind(seed)
    instance = instance.rounded(instance.default_rounding)
    routes = ortools_engine.routes(instance, "distance", BUDGET, seed)
    assert violations(instance, routes) == []
    best = optimum(instance)[1]
    assert best * 0.9999 <= cost(instance, routes) <= best * 1.1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [vrptw, errands])
def test_insertion_is_feasible(kind, seed):
    """One pass of insertion finds a place for everyone here; it is never better than the optimum."""
    instance = kind(seed)
    routes = insertion_engine.routes(instance, "distance", BUDGET, seed)
    assert violations(instance, routes) == []
    assert cost(instance, routes) >= optimum(instance)[1] * 0.9999


@pytest.mark.parametrize("seed", range(4))
def test_fewest_vehicles_come_first(seed):
    """Under the objective vehicles no vehicle too many is used, and then the distance is least."""
    instance = vrptw(seed)
    routes = pyvrp_engine.routes(instance, "vehicles", Budget(1000), seed)
    vehicles, distance = optimum(instance, fewest_vehicles=True)
    assert violations(instance, routes) == []
    assert (len(routes), cost(instance, routes)) == (vehicles, pytest.approx(distance, rel=1e-4))


@pytest.mark.parametrize("seed", range(3))
def test_more_vehicles_never_raise_the_optimum(seed):
    """The optimum falls or stays as vehicles are added; the search follows it."""
    found = [
        cost(day, pyvrp_engine.routes(day, "distance", BUDGET, 1))
        for day in (vrptw(seed, vehicles=count, capacity=25) for count in (2, 3, 4, 6))
        if optimum_exists(day)
    ]
    assert len(found) >= 2
    assert all(more <= fewer * (1 + 1e-6) for fewer, more in itertools.pairwise(found))


def optimum_exists(instance):
    """Whether there is any feasible solution."""
    try:
        return bool(optimum(instance))
    except KeyError:
        return False


@pytest.mark.parametrize("seed", range(3))
def test_scaling_all_times_scales_the_answer(seed):
    """Everything three times as far and as late costs three times as much."""
    rows = random_rows(seed)
    larger = [[3 * x, 3 * y, demand, *(3 * time for time in times)] for x, y, demand, *times in rows]
    answers = []
    for one in (rows, larger):
        instance = solomon.read("tiny.txt", solomon_text(one))
        answers.append(cost(instance, pyvrp_engine.routes(instance, "distance", BUDGET, 1)))
    assert answers[1] == pytest.approx(3 * answers[0], rel=1e-4)


def test_vehicles_that_differ_keep_their_places():
    """Route k is vehicle k's; a vehicle that is too dear stays at home and its route is kept, empty."""
    sections = {
        "NODE_COORD": [(0, 0), (10, 0), (0, 10)],
        "DEMAND": [(0,), (5,), (5,)],
        "CAPACITY": [(10,), (10,), (10,)],
        "VEHICLES_UNIT_DISTANCE_COST": [(300,), (100,), (200,)],
    }
    instance = vrplib_file.read("tiny.vrp", vrplib_text("HFVRP", sections, VEHICLES=3)).rounded(NONE)
    for engine in (pyvrp_engine, ortools_engine, insertion_engine):
        routes = engine.routes(instance, "distance", BUDGET, 1)
        assert [len(route) for route in routes] == [0, 2, 0]
        assert cost(instance, routes) == pytest.approx(20 + 200**0.5, abs=1e-4)


@pytest.mark.parametrize("rounding", [INTEGER, TRUNCATE, NONE])
def test_rounding_is_of_each_leg(rounding):
    """A single customer at (1, 1): there and back is 2.83, 2 or 2.8."""
    text = solomon_text([[0, 0, 0, 0, 100, 0], [1, 1, 1, 0, 100, 0]])
    instance = solomon.read("tiny.txt", text).rounded(rounding)
    assert cost(instance, [[1]]) == {"integer": 2, "truncate": 2.8, "none": 2.8284}[rounding.name]
