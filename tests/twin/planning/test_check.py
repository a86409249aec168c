"""The judge of plans: every rule it knows is broken once and must be named."""

from dataclasses import replace

import pytest

from tests.twin.planning.builders import HOUR, delivery, line, problem, van
from twin.planning.check import violations
from twin.planning.problem import Plan, PlanBreak, PlannedRoute, PlannedStop, PlanOrder, PlanTask

DAY = problem(
    [
        PlanOrder("pair", PlanTask(1), PlanTask(2), (4,)),
        delivery("late", 3, (HOUR, 2 * HOUR), service_s=600, demand=(6,), needs=frozenset({"cool"}), depot=0),
        delivery("spare", 1, penalty=700, priority=2),
    ],
    [
        van(
            offers=frozenset({"cool"}),
            shift_s=(0, 3 * HOUR),
            load_s=600,
            breaks=(PlanBreak(4000, 4800, 900),),
        )
    ],
    line(4),
)

STOPS = (
    PlannedStop("pair", "pickup", 1800, 1800, 1800),
    PlannedStop("pair", "delivery", 2400, 2400, 2400),
    PlannedStop("late", "delivery", 3000, 3600, 4200),
)

GOOD = Plan((PlannedRoute("V1", 1200, STOPS, 6900, ((4200, 5100),)),), {"spare": "too dear"}, 6750, "test", 0)


def changed(**fields):
    """The good plan with fields of its route changed."""
    return replace(GOOD, routes=(replace(GOOD.routes[0], **fields),))


def stop(number, **fields):
    """The good stops with one changed."""
    return (*STOPS[:number], replace(STOPS[number], **fields), *STOPS[number + 1 :])


def test_a_good_plan_passes():
    """Nothing is found in a plan worked out by hand: 36 km, 1 h 45 with loading, a penalty of twice 700."""
    assert violations(GOOD, DAY) == []


@pytest.mark.parametrize(
    ("plan", "finding"),
    [
        (replace(GOOD, left_out={}), "delivery of spare is neither visited nor left out"),
        (replace(GOOD, left_out={"spare": ""}), "left out spare has no reason"),
        (replace(GOOD, left_out={"spare": "x", "late": "x"}), "order late is visited and left out"),
        (replace(GOOD, left_out={"spare": "x", "other": "x"}), "left out other is not in the problem"),
        (replace(GOOD, routes=GOOD.routes * 2), "vehicle V1 has 2 routes"),
        (changed(vehicle_id="V9"), "vehicle V9 is not in the problem"),
        (changed(stops=(*STOPS, STOPS[2])), "delivery of late is visited 2 times"),
        (changed(stops=(STOPS[1], STOPS[0], STOPS[2])), "pair pair is not picked up and then delivered here"),
        (changed(stops=stop(2, start_s=3500)), "late: starts at 3500, outside"),
        (changed(stops=stop(2, leave_s=4100)), "late: arrival, start and leaving do not fit"),
        (changed(stops=stop(2, arrive_s=2900)), "P2 to P3 in 500 s, needs 600000 ms"),
        (changed(leave_s=500), "leaves at 500, before loading can be over"),
        (changed(back_s=6800), "P3 to P0 in 1700 s, needs 1800000 ms"),
        (changed(back_s=4 * HOUR), "is back at 14400, after its shift"),
        (changed(breaks=()), "no break starts between 4000 and 4800"),
        (changed(breaks=((4100, 5000),)), "break 4100-5000 overlaps service"),
        (changed(breaks=((4200, 4600),)), "no break starts between 4000 and 4800"),
        (changed(breaks=((4200, 5100), (100, 900))), "break 100-900 is not on the way"),
        (replace(GOOD, cost=5000), "costs 5000, recomputed 67"),
    ],
)
def test_every_rule_is_judged(plan, finding):
    """A plan that breaks one rule is reported with that rule."""
    assert any(finding in line for line in violations(plan, DAY)), violations(plan, DAY)


@pytest.mark.parametrize(
    ("vehicle", "finding"),
    [
        ({"offers": frozenset()}, "late needs cool"),
        ({"capacity": (9,)}, "carries 10 kg, holds 9"),
        ({"start": 1}, "late comes from another depot"),
        ({"speed_factor": 0.5}, "P0 to P1 in 600 s, needs 600000 ms"),
    ],
)
def test_the_vehicle_is_judged(vehicle, finding):
    """The same plan on another vehicle is not the same."""
    day = replace(DAY, vehicles=(replace(DAY.vehicles[0], **vehicle),))
    assert any(finding in line for line in violations(GOOD, day)), violations(GOOD, day)
