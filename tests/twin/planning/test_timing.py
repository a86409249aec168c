"""When things happen on a route."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.planning.builders import HOUR, delivery, line, problem, van
from twin.planning.prepared import Prepared, Visit
from twin.planning.problem import PlanBreak, PlannedRoute
from twin.planning.timing import Infeasible, infeasibility, time_route


def timed(orders, vehicle, leg_ms=None, **more):
    """Time the deliveries in the order given."""
    prepared = Prepared(problem(orders, [vehicle], line(6), **more))
    return time_route(prepared, vehicle, [Visit(i, "delivery") for i in range(len(orders))], leg_ms)


def test_leaves_late_enough_not_to_wait():
    """A window opening at 1:00 ten minutes away is left for at 0:50, and loading comes before that."""
    route = timed([delivery("O1", 1, (HOUR, 2 * HOUR))], van(load_s=900))
    assert (route.leave_s, route.stops[0].arrive_s, route.back_s) == (3000, 3600, 4200)


def test_margin_is_kept():
    """With five minutes of margin the van arrives five minutes early."""
    route = timed([delivery("O1", 1, (HOUR, 2 * HOUR))], van(), margin_s=300)
    assert (route.leave_s, route.stops[0].arrive_s, route.stops[0].start_s) == (2700, 3300, 3600)


def test_second_window_is_used():
    """Arriving in the gap between two windows means waiting for the second."""
    orders = [delivery("O1", 2, service_s=600), delivery("O2", 3, (0, 1800), (3600, 5400))]
    assert timed(orders, van()).stops[1].start_s == 3600


def test_break_is_taken_while_waiting():
    """A wait between two windows is used for the break, so it costs no time."""
    orders = [delivery("O1", 1, (0, 600)), delivery("O2", 2, (2 * HOUR, 3 * HOUR))]
    pause = PlanBreak(1200, HOUR, 1800)
    with_break, without = timed(orders, van(breaks=(pause,))), timed(orders, van())
    assert with_break.breaks == ((1200, 3000),)
    assert with_break.back_s == without.back_s


def test_break_interrupts_a_long_drive():
    """Where the interval lies within a drive, the break is taken on the road and the arrival is later."""
    pause = PlanBreak(1000, 1200, 1800)
    route = timed([delivery("O1", 5)], van(breaks=(pause,)))
    assert route.breaks == ((1000, 2800),)
    assert route.stops[0].arrive_s == 3000 + 1800


def test_break_is_put_off_to_keep_a_window():
    """A break that may also come later does not cost a window that closes soon."""
    orders = [delivery("O1", 1, (0, 700)), delivery("O2", 2, (0, 1300), service_s=600)]
    route = timed(orders, van(breaks=(PlanBreak(300, 2000, 1800),)))
    assert route.stops[1].start_s == 1200
    assert route.breaks == ((1800, 3600),)


def test_no_break_is_owed_on_a_short_route():
    """A van back before the end of the interval needs no break."""
    assert timed([delivery("O1", 1)], van(breaks=(PlanBreak(0, 3 * HOUR, 1800),))).breaks == ()


def test_reasons_name_times():
    """An infeasible route says what closes when and when the van could be there."""
    late = timed([delivery("O1", 4), delivery("O2", 1, (0, 3000))], van())
    assert late == Infeasible("window", "O2", "delivery", 4200, (0, 3000))
    assert late.text(str) == "window 0-3000 closes before the earliest arrival 4200"
    assert timed([delivery("O1", 5)], van(shift_s=(0, HOUR))).cause == "shift"
    busy = delivery("O1", 1, (0, 600), service_s=2 * HOUR)
    assert timed([busy], van(breaks=(PlanBreak(1200, HOUR, 600),))).cause == "break"


def test_time_dependent_legs():
    """Driving times are asked for at the moment of leaving."""
    asked = []

    def leg_ms(vehicle, a, b, depart_s):
        asked.append((a, b, depart_s))
        return 1_000_000

    route = timed([delivery("O1", 1, service_s=50), delivery("O2", 2)], van(), leg_ms)
    assert asked[:3] == [(0, 1, 0), (1, 2, 1050), (2, 0, 2050)]
    assert route.back_s == 3050


def test_nobody_leaves_early_to_wait_for_a_break_and_a_window():
    """A van whose first window opens at noon leaves just in time for break and window, not in the morning."""
    noon = 12 * HOUR
    pause = PlanBreak(11 * HOUR, noon + 1800, 1800)
    route = timed([delivery("O1", 1, (noon, 17 * HOUR))], van(breaks=(pause,), shift_s=(7 * HOUR, 17 * HOUR)))
    assert route.stops[0].start_s == noon
    assert noon - 3600 <= route.leave_s <= noon


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(1, 3)), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(1, 4)), max_size=2),
)
def test_earliest_return_is_the_earliest(stops, pauses):
    """No way of spreading breaks over the route returns earlier (brute force on a ten-minute grid)."""
    orders = [
        delivery(f"O{i}", 1 + i, (600 * opens, 600 * (opens + width)), service_s=600 * service)
        for i, (opens, width, service) in enumerate(stops)
    ]
    breaks, after = [], 0
    for opens, width, length in pauses:  # one after the other, as a shift has them
        breaks.append(PlanBreak(600 * (after + opens), 600 * (after + opens + width), 600 * length))
        after += opens + width + 1
    vehicle = van(breaks=tuple(breaks), shift_s=(0, 40 * HOUR))
    route = timed(orders, vehicle)
    why = infeasibility(
        Prepared(problem(orders, [vehicle], line(6))), vehicle, [Visit(i, "delivery") for i in range(len(orders))]
    )
    assert why == (route if isinstance(route, Infeasible) else None)
    best = brute_force(stops, [(p.earliest_s // 600, p.latest_s // 600, p.duration_s // 600) for p in breaks])
    if best is None:
        assert isinstance(route, Infeasible)
    else:
        assert isinstance(route, PlannedRoute)
        assert route.back_s == 600 * best


def brute_force(stops, pauses):
    """The earliest return over all starts of all breaks, in tens of minutes, one between neighbours."""
    best = None
    choices = [[None, *range(earliest, latest + 1)] for earliest, latest, _ in pauses]
    for starts in itertools.product(*choices):
        taken = [(s, s + p[2]) for s, p in zip(starts, pauses, strict=True) if s is not None]
        if any(a[1] > b[0] for a, b in itertools.pairwise(sorted(taken))):
            continue
        back = drive(stops, taken)
        owed = [p for s, p in zip(starts, pauses, strict=True) if s is None]
        if back is not None and all(latest >= back for _, latest, _ in owed):
            best = back if best is None else min(best, back)
    return best


def drive(stops, taken):
    """The return, moment by moment; None where a window is missed."""

    def resting(now):
        return any(a <= now < b for a, b in taken)

    def roll(now, units):
        while units:
            units -= not resting(now)
            now += 1
        return now

    now = 0
    for opens, width, service in stops:
        now = max(roll(now, 1), opens)
        while resting(now) or any(now < a < now + service for a, _ in taken):
            now += 1
        if now > opens + width:
            return None
        now += service
    now = roll(now, len(stops))
    while resting(now):
        now += 1
    return now
