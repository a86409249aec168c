"""A search of few iterations."""

from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from pyvrp import solve
from pyvrp.stop import MaxIterations

from benchmarks.planning import day
from tests.twin.planning.builders import delivery, line, problem, problems, van
from twin.planning.prepared import Prepared
from twin.planning.pyvrp_planner import _Model
from twin.planning.pyvrp_search import search
from twin.travel import TravelMatrix


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


def test_profiles_that_drive_alike_need_one_matrix():
    """Equal values count, whoever made them; one leg that differs is another matrix."""
    travel = line(4)
    same, slower = (TravelMatrix(travel.duration_ms.copy(), travel.distance_m.copy()) for _ in range(2))
    slower.duration_ms[1, 2] += 1000
    for other, matrices in ((same, 1), (slower, 2)):
        vans = [van("V1"), van("V2", capacity=(12,))]
        vans[1] = replace(vans[1], profile="electric")
        day = problem([delivery("O1", 1), delivery("O2", 2)], vans, travel)
        data = _Model(Prepared(replace(day, travel={"car": travel, "electric": other})))._data()
        assert data.num_profiles == matrices
        assert data.num_vehicle_types == 2


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems())
def test_one_matrix_for_both_changes_no_route(drawn):
    """What is found is what is found with a matrix for each."""
    assume(drawn.vehicles and drawn.orders)
    car = drawn.travel["car"]
    alike = replace(drawn, travel={"car": car, "truck": TravelMatrix(car.duration_ms.copy(), car.distance_m.copy())})
    apart = Prepared(alike)
    apart.alike = {"car": "car", "truck": "truck"}
    assert _Model(Prepared(alike)).solve(1, 20) == _Model(apart).solve(1, 20)
