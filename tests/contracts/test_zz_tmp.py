"""What every registered planner must do; a new one in the registry is tested without further ado."""

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings

from tests.twin.planning.builders import HOUR, delivery, line, problem, problems, van
from twin.planning import FEATURES, PLANNERS, PlannerCannot, get_planner, make_plan, needed_features
from twin.planning.check import violations

EFFORT = 10

planners = pytest.mark.parametrize("name", sorted(PLANNERS))


@planners
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(day=problems())
def test_plans_are_feasible(name, day):
    """Whatever the day asks for that the planner declares, an independent judge finds nothing wrong."""
    if needed_features(day) <= get_planner(name).supports():
        assert violations(make_plan(day, name, seed=1, effort=EFFORT), day) == []


@planners
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(day=problems())
def test_the_same_call_gives_the_same_plan(name, day):
    """Nothing but problem, seed and effort decides."""
    if needed_features(day) <= get_planner(name).supports():
        assert make_plan(day, name, seed=3, effort=EFFORT) == make_plan(day, name, seed=3, effort=EFFORT)


OTHER_PROCESS = """
import sys
from tests.contracts.test_planners import errands
from twin.planning import make_plan
print(make_plan(errands(), sys.argv[1], seed=5, effort=10))
"""


def errands():
    """A dozen deliveries that two vans share, some needing what only one has."""
    orders = [
        delivery(f"O{i}", 1 + i % 5, service_s=300, needs=frozenset({"cool", "lift"} if i % 3 else ()))
        for i in range(12)
    ]
    vans = [van("V1"), van("V2", offers=frozenset({"cool", "lift", "crane"}))]
    return problem(orders, vans, line(6))


@planners
@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_another_process_gives_the_same_plan(name, hash_seed):
    """Neither the process nor its hash seed leaks into a plan."""
    answer = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, name],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == str(make_plan(errands(), name, seed=5, effort=10))


@planners
def test_nothing_to_do(name):
    """A day without orders has no routes and costs nothing."""
    plan = make_plan(problem([], [van()], line(2)), name)
    assert (plan.routes, plan.left_out, plan.cost) == ((), {}, 0)


@planners
def test_nobody_to_do_it(name):
    """Without vehicles every order is left out, and the reason says so."""
    plan = make_plan(problem([delivery("O1", 1)], [], line(2)), name)
    assert plan.left_out == {"O1": "there are no vehicles"}


@planners
def test_the_impossible_is_left_out_with_its_reason(name):
    """Each order nobody can serve is answered with what stands in the way; the others are served."""
    orders = [
        delivery("fine", 1),
        delivery("large", 1, demand=(11,)),
        delivery("frozen", 1, needs=frozenset({"freezer"})),
        delivery("early", 3, (0, 300)),
        delivery("elsewhere", 1, depot=2),
        delivery("far", 4),
    ]
    travel = line(5)
    travel.duration_ms[4, :4] = travel.duration_ms[:4, 4] = 2**31 - 1
    plan = make_plan(problem(orders, [van(shift_s=(0, 5 * HOUR))], travel), name, effort=EFFORT)
    assert [stop.order_id for route in plan.routes for stop in route.stops] == ["fine"]
    assert plan.left_out == {
        "large": "exceeds every vehicle's capacity: 11 kg, the largest holds 10",
        "frozen": "no vehicle offers freezer",
        "early": "not even a vehicle of its own could serve it: "
        "window 00:00-00:05 closes before the earliest arrival 00:30",
        "elsewhere": "no vehicle runs from depot P2",
        "far": "no vehicle may reach P4",
    }


@planners
def test_declares_known_features(name):
    """What a planner declares is in the common vocabulary, and what it lacks is refused by name."""
    lacking = FEATURES - get_planner(name).supports()
    assert get_planner(name).supports() <= FEATURES
    if "balance" in lacking:
        day = problem([delivery("O1", 1)], [van("V1"), van("V2")], line(2), balance_weight=10.0)
        with pytest.raises(PlannerCannot, match=r"balance.*planners that can: ortools"):
            make_plan(day, name)
