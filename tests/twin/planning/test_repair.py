"""Plans held against the clock."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.planning.builders import HOUR, delivery, line, problem, problems, van
from twin.planning import PlannerCannot, make_plan
from twin.planning.check import violations
from twin.planning.repair import clock_text, repair


def rush(day, factor, until_s=2 * HOUR):
    """Driving that takes ``factor`` times as long before ``until_s``; first in, first out by construction."""

    def leg_ms(vehicle, a, b, depart_s):
        usual = int(day.travel[vehicle.profile].duration_ms[a, b])
        if usual >= 2**31 - 1:
            return usual
        slow_s = max(0, until_s - depart_s)
        return int(min(usual * factor, usual + slow_s * 1000 * (factor - 1) / factor))

    return leg_ms


def test_a_plan_that_holds_is_left_alone():
    """With the times it was planned on, repair changes nothing."""
    day = problem([delivery(f"O{i}", i, (0, 2 * HOUR)) for i in range(1, 4)], [van()], line(4))
    plan = make_plan(day)
    assert repair(plan, day, rush(day, 1.0)) == plan


def test_a_stop_made_late_moves_to_another_van():
    """What the rush hour makes late on one route goes to the van that is still at the depot."""
    orders = [delivery("O1", 3, (0, 3400), service_s=1200), delivery("O2", 3, (0, 3400))]
    day = problem(orders, [van("V1"), van("V2")], line(4))
    plan = make_plan(day)
    assert len(plan.routes) == 1
    mended = repair(plan, day, rush(day, 1.5))
    assert mended.left_out == {}
    assert violations(mended, day, rush(day, 1.5)) == []


def test_what_fits_nowhere_is_left_out_with_its_times():
    """The reason names the window and the earliest arrival on the true clock."""
    day = problem([delivery("O1", 3, (0, 1900))], [van()], line(4))
    mended = repair(make_plan(day), day, rush(day, 2.0))
    assert mended.routes == ()
    assert mended.left_out["O1"] == (
        "window 00:00-00:31 closes before the earliest arrival 01:00 on the route of V1, and no other has room"
    )


def test_clock_text():
    """Seconds since the origin read as a clock, other days marked."""
    assert [clock_text(s) for s in (0, 36_610, 86_400 + 60, -60)] == [
        "00:00",
        "10:10",
        "00:01+1d",
        "23:59-1d",
    ]


@settings(max_examples=60, deadline=None)
@given(problems(), st.sampled_from([1.0, 1.3, 2.0]))
def test_repaired_plans_are_feasible(day, factor):
    """Whatever the day, the repaired plan keeps every rule on the time-dependent clock."""
    try:
        plan = make_plan(day, "manual")
    except PlannerCannot:
        return
    leg_ms = rush(day, factor)
    assert violations(repair(plan, day, leg_ms), day, leg_ms) == []
