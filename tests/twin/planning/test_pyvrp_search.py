"""A search of few iterations."""

from pyvrp import solve
from pyvrp.stop import MaxIterations

from benchmarks.planning import day
from twin.planning.prepared import Prepared
from twin.planning.pyvrp_planner import _Model
from twin.planning.pyvrp_search import search


def test_half_the_iterations_are_no_dearer_than_pyvrps_own():
    """On days of 150 orders with windows, 60 iterations find what PyVRP's ``solve`` finds in 120, feasibly."""
    ours = theirs = 0
    for seed in range(1, 4):
        data = _Model(Prepared(day(150, 15, seed)))._data()
        found = search(data, seed, 60)
        assert found.is_feasible()
        ours += found.distance_cost() + found.duration_cost() + found.fixed_vehicle_cost() + found.uncollected_prizes()
        best = solve(data, MaxIterations(120), seed, collect_stats=False, display=False).best
        theirs += best.distance_cost() + best.duration_cost() + best.fixed_vehicle_cost() + best.uncollected_prizes()
    assert ours <= theirs
