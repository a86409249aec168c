"""The interface of planning: what a problem needs, who is asked, what is refused."""

import itertools
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twin.planning.builders import HOUR, delivery, line, plane, problem, problems, van
from twin.planning import FEATURE_NOTES, FEATURES, UnknownPlanner, get_planner, make_plan, needed_features
from twin.planning.check import violations
from twin.planning.prepared import Prepared, visits_of
from twin.planning.problem import PlanBreak, PlanOrder, PlanTask
from twin.planning.timing import Infeasible, time_route


def test_every_feature_is_explained():
    """The vocabulary and its notes are the same set."""
    assert frozenset(FEATURE_NOTES) == FEATURES


def test_a_plain_day_needs_little():
    """One van, plain deliveries: only capacities and its shift."""
    assert needed_features(problem([delivery("O1", 1)], [van()], line(2))) == {"capacities", "shifts"}


def test_every_feature_can_be_needed():
    """A day that has everything needs every feature."""
    two = ((0, HOUR), (2 * HOUR, 3 * HOUR))
    orders = [
        delivery("O1", 1, *two, penalty=100, needs=frozenset({"cool"}), depot=0),
        PlanOrder("O2", PlanTask(1, two), PlanTask(2), (1,), priority=2),
        PlanOrder("O3", PlanTask(1), None, (1,)),
    ]
    vans = [van("V1", breaks=(PlanBreak(0, 10, 5),), load_s=60), van("V2", start=1, cost_per_km=7)]
    assert needed_features(problem(orders, vans, line(3), balance_weight=1.0)) == FEATURES


def test_unknown_planner_is_answered_with_the_nearest():
    """A misspelt name is met with the registered one that looks most like it."""
    with pytest.raises(UnknownPlanner, match="'pyvrq': unknown, did you mean 'pyvrp'"):
        make_plan(problem([], [], line(2)), "pyvrq")


def test_planners_of_other_packages(monkeypatch):
    """A planner from an entry point is found; it cannot take the name of ours."""

    class Point:
        def __init__(self, name, value):
            self.name, self.value = name, value

    points = [Point("theirs", "twin.planning.manual:ManualPlanner"), Point("pyvrp", "no.such:Thing")]
    monkeypatch.setattr("twin.planning.entry_points", lambda group: points)
    assert get_planner("theirs").name == "manual"
    assert get_planner("pyvrp").name == "pyvrp"


def test_missing_library_says_what_to_install(monkeypatch):
    """Without OR-Tools its planner answers in one line."""
    monkeypatch.setitem(sys.modules, "ortools", None)
    monkeypatch.setitem(sys.modules, "ortools.constraint_solver", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'fleet-twin\[ortools\]'"):
        make_plan(problem([delivery("O1", 1)], [van()], line(2)), "ortools")


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda p: replace(p, orders=p.orders * 2), "orders: 'O1' is there twice"),
        (lambda p: replace(p, vehicles=p.vehicles * 2), "vehicles: 'V1' is there twice"),
        (lambda p: replace(p, units=("kg", "l")), r"order O1: demand \(1,\): expected 2"),
        (lambda p: replace(p, orders=(delivery("O1", 9),)), "order O1: delivery"),
        (lambda p: replace(p, orders=(delivery("O1", 1, (9, 3)),)), "closes before it opens"),
        (lambda p: replace(p, orders=(delivery("O1", 1, penalty=-1),)), "penalty -1"),
        (lambda p: replace(p, vehicles=(van(shift_s=(9, 3)),)), "ends before it starts"),
        (lambda p: replace(p, vehicles=(van(speed_factor=0.0),)), "speed factor 0.0"),
        (lambda p: replace(p, vehicles=(replace(van(), profile="boat"),)), "'boat' has no travel times"),
        (lambda p: replace(p, travel={"car": line(3)}), r"travel\['car'\] is \(3, 3\)"),
    ],
)
def test_malformed_problems_are_refused(broken, message):
    """Every malformed field is named with its value before any search."""
    good = problem([delivery("O1", 1)], [van()], line(2))
    with pytest.raises(ValueError, match=message):
        make_plan(broken(good))


def test_leaving_out_can_be_cheaper():
    """An order whose penalty is below the cost of the trip stays, and the reason names both."""
    plan = make_plan(problem([delivery("O1", 1, penalty=500)], [van(fixed_cost=2000)], line(2)))
    assert plan.cost == 500
    assert plan.left_out["O1"] == ("leaving it out (penalty 500) is cheaper than serving it (at least 3534 more)")


@pytest.mark.parametrize("name", ["manual", "ortools", "pyvrp"])
def test_priority_decides_who_is_left_out(name):
    """With room for one of two, the more important is served and the other is told there is no room."""
    orders = [delivery("O1", 1, demand=(6,)), delivery("O2", 1, demand=(6,), priority=3)]
    plan = make_plan(problem(orders, [van()], line(2)), name)
    assert [stop.order_id for route in plan.routes for stop in route.stops] == ["O2"]
    assert plan.left_out["O1"].startswith("no room: every vehicle that could serve it is full or out of hours")


def test_balance_shares_the_work():
    """With a price on the longest route, two vans share what one would do alone at less cost."""
    day = problem([delivery(f"O{i}", 1 + i % 2, service_s=1800) for i in range(8)], [van("V1"), van("V2")], line(3))
    assert len(make_plan(day, "ortools", effort=50).routes) == 1
    plan = make_plan(replace(day, balance_weight=5000.0), "ortools", effort=50)
    first, second = (route.back_s - route.leave_s for route in plan.routes)
    assert abs(first - second) <= 3600
    assert violations(plan, replace(day, balance_weight=5000.0)) == []


def best_cost(day):
    """The cheapest plan of one van by trying every subset in every sequence, waiting included."""
    prepared, vehicle = Prepared(day), day.vehicles[0]
    costs = []
    for count in range(len(day.orders) + 1):
        for chosen in itertools.permutations(range(len(day.orders)), count):
            visits = tuple(visit for i in chosen for visit in visits_of(day.orders[i], i))
            route = time_route(prepared, vehicle, visits)
            if isinstance(route, Infeasible) or sum(day.orders[i].demand[0] for i in chosen) > vehicle.capacity[0]:
                continue
            left = sum(prepared.left_out_costs[i] for i in range(len(day.orders)) if i not in chosen)
            driven = prepared.route_cost(vehicle, prepared.metres(vehicle, visits), route.back_s - route.leave_s)
            costs.append(left + (driven if visits else 0))
    return min(costs)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_tiny_days_are_planned_optimally(seed):
    """On five orders and one van PyVRP finds what brute force finds."""
    rng = np.random.default_rng(seed)
    orders = []
    for i in range(5):
        opens = int(rng.integers(0, 4)) * HOUR
        penalty = int(rng.choice([0, 800, 3000]))
        task = ((opens, opens + 2 * HOUR),) if rng.random() < 0.5 else ()
        orders.append(
            delivery(f"O{i}", 1 + i, *task, service_s=300, demand=(int(rng.integers(1, 5)),), penalty=penalty)
        )
    day = problem(orders, [van(capacity=(12,), fixed_cost=300)], plane(rng.integers(0, 20_000, (6, 2))))
    plan = make_plan(day, "pyvrp", effort=300)
    assert violations(plan, day) == []
    assert abs(plan.cost - best_cost(day)) <= 2  # costs are rounded per route


def clustered(seed):
    """Sixty parcels in six villages around a depot, six vans."""
    rng = np.random.default_rng(seed)
    villages = rng.uniform(-15_000, 15_000, (6, 2))
    points = np.concatenate([np.zeros((1, 2)), np.repeat(villages, 10, axis=0) + rng.normal(0, 600, (60, 2))])
    orders = [delivery(f"O{i}", i, service_s=240, demand=(1,)) for i in range(1, 61)]
    return problem(orders, [van(f"V{k}", capacity=(20,), fixed_cost=2000) for k in range(6)], plane(points))


@pytest.mark.parametrize("seed", range(3))
def test_optimisation_beats_the_habit(seed):
    """PyVRP's plan costs no more than the dispatcher's, which is respectable: at most half as dear again."""
    day = clustered(seed)
    habit, optimised = make_plan(day, "manual").cost, make_plan(day, "pyvrp", effort=100).cost
    assert optimised <= habit <= 1.5 * optimised


def test_a_dispatcher_without_skill_plans_dearer_and_an_expert_cheaper():
    """Over six days together; the competent one in between is the default, and needs no dice."""
    costs = {
        skill: sum(make_plan(clustered(seed), "manual", seed, settings={"skill": skill}).cost for seed in range(6))
        for skill in (0.0, 0.25, 0.5, 1.0)
    }
    assert costs[1.0] < costs[0.5] < costs[0.25] < costs[0.0]
    day = clustered(0)
    assert make_plan(day, "manual", 1) == make_plan(day, "manual", 2, settings={"skill": 0.5})
    assert make_plan(day, "manual", 1, settings={"skill": 0.2}) != make_plan(day, "manual", 2, settings={"skill": 0.2})


@pytest.mark.parametrize("skill", [0.0, 0.3, 0.9, 1.0])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(day=problems(), seed=st.integers(0, 9))
def test_plans_are_feasible_whatever_the_skill(skill, day, seed):
    """Nobody plans what cannot be driven, and nothing is forgotten."""
    if needed_features(day) <= get_planner("manual").supports():
        assert violations(make_plan(day, "manual", seed, settings={"skill": skill}), day) == []


@pytest.mark.parametrize(
    ("name", "wrong", "expected"),
    [
        ("manual", {"skil": 0.1}, "did you mean 'skill'"),
        ("manual", {"skill": 2.0}, "from 0 to 1"),
        ("manual", {"skill": "high"}, "a number"),
        ("pyvrp", {"skill": 0.1}, "has no parameters"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(name, wrong, expected):
    """With the nearest name or what is expected."""
    with pytest.raises(ValueError, match=expected):
        get_planner(name, wrong)


@pytest.mark.parametrize("seed", range(2))
def test_ortools_beats_the_habit(seed):
    """So does OR-Tools' plan."""
    day = clustered(seed)
    assert make_plan(day, "ortools", effort=60).cost <= make_plan(day, "manual").cost


def test_pairs_are_shared_between_vans_by_pyvrp():
    """Pairs, collections and deliveries on one route keep to the capacity at every point."""
    orders = [
        PlanOrder("pair", PlanTask(1), PlanTask(3), (6,)),
        PlanOrder("collect", PlanTask(2), None, (5,)),
        delivery("deliver", 2, demand=(5,)),
    ]
    day = problem(orders, [van()], line(4))
    plan = make_plan(day)
    assert plan.left_out == {}
    assert violations(plan, day) == []


def test_equal_vans_are_used_in_natural_order():
    """Which of several equal vans goes is decided by id: V2 before V10."""
    day = problem([delivery("O1", 1)], [van("V10"), van("V2")], line(2))
    assert [route.vehicle_id for route in make_plan(day).routes] == ["V2"]
