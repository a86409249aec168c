"""A driver's day as stretches: one activity at every moment."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.rows import Row, ledger_rows
from scenarios.telling.activities import Shift, shifts
from tests.worlds import MINUTE_US, HandMade, at, tiny_world

WHO = {"vehicle_id": "V1", "driver_id": "D1"}


def told(shift: Shift) -> list[tuple[str, float]]:
    """Activities with their length in minutes."""
    return [(s.what, (s.end_us - s.start_us) / MINUTE_US) for s in shift.stretches]


def rows(world: HandMade) -> list[Row]:
    return ledger_rows(world.tables()[0])


def test_the_tiny_days_first_van():
    """V1: stands, drives, waits for the window, serves, stands, drives on, serves, drives home."""
    first = shifts(rows(tiny_world()))[0]
    assert (first.driver_id, first.vehicle_id, first.depot_id) == ("D1", "V1", "X")
    assert told(first) == [
        ("idle", 20), ("driving", 20), ("waiting", 5), ("service", 5), ("idle", 10), ("driving", 20), ("service", 10),
        ("idle", 10), ("driving", 40), ("idle", 40),
    ]  # fmt: skip


def test_a_break_while_waiting_and_a_breakdown_on_the_road_take_precedence():
    """Both happen within something else; each minute counts once, as what it was."""
    w = HandMade()
    w.happen(0, "shift_started", {**WHO, "depot_id": "X", "until_us": at(100)})
    w.drive(10, 20, "V1", "O1", 5000, 0)
    w.happen(15, "breakdown_started", {"vehicle_id": "V1", "minutes": 5.0})
    w.happen(20, "breakdown_ended", {"vehicle_id": "V1"})
    w.happen(35, "break_taken", {**WHO, "until_us": at(45)})
    w.happen(50, "service_started", {**WHO, "order_id": "O1", "task": "delivery", "arrived_us": at(30), "due_us": 0})
    (shift,) = shifts(rows(w), until_us=at(60))
    assert told(shift) == [
        ("idle", 10), ("driving", 5), ("breakdown", 5), ("driving", 10), ("waiting", 5), ("break", 10), ("waiting", 5),
        ("service", 10),
    ]  # fmt: skip


def test_a_wait_for_a_connection_is_not_idling():
    """Told when it ended, with its length: the driver stood before setting off."""
    w = HandMade()
    w.happen(0, "shift_started", {**WHO, "depot_id": "X", "until_us": at(100)})
    w.happen(10, "waited_for_connection", {**WHO, "waited_s": 480.0, "why": "dead_zone"}, heard=False)
    w.drive(10, 20, "V1", "O1", 5000, 0)
    (shift,) = shifts(rows(w), until_us=at(30))
    assert told(shift) == [("idle", 2), ("disconnected", 8), ("driving", 20)]


def test_a_run_killed_on_the_road_ends_its_shift_with_the_ledger():
    """The trip under way lasts until the last row."""
    w = HandMade()
    w.happen(0, "shift_started", {**WHO, "depot_id": "X", "until_us": at(100)})
    w.drive(5, 30, "V1", "O1", 5000, 0)
    w.truth.pop()  # the arrival was never written
    (shift,) = shifts(rows(w), until_us=at(12))
    assert told(shift) == [("idle", 5), ("driving", 7)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 40)), max_size=8))
def test_stretches_touch_and_cover_the_shift(breaks):
    """Whatever overlaps, every moment of the shift has exactly one activity."""
    w = tiny_world()
    for start, length in breaks:
        w.happen(60 + start, "break_taken", {**WHO, "until_us": at(60 + start + length)}, "V1")
    shift = shifts(rows(w))[0]
    ends = [s.end_us for s in shift.stretches]
    assert [s.start_us for s in shift.stretches] == [shift.start_us, *ends[:-1]]
    assert ends[-1] == shift.end_us
    assert all(s.end_us > s.start_us for s in shift.stretches)
