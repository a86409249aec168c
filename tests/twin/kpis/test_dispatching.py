"""First departures, drivers idle while orders wait, and dispatchers' time, in worlds small enough to reckon by hand."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worlds import END_US, T0_US, HandMade, at, delivery, route, tiny_world
from twin.kpis import Tables, by_dimension, compute, gather
from twin.kpis.standing import _Waited

LATE = (300, 330)
"""A window within the shift of V1, which is due to end at 360."""


def figures(w: HandMade) -> dict[str, tuple]:
    """(value, reported) of every KPI."""
    truth, office, telemetry = w.tables()
    rows = compute(gather(Tables(truth, office, T0_US, END_US, telemetry)))
    return {name: (row["value"], row["reported"]) for name, row in rows.items()}


def day(*placed: tuple[float, tuple[float, float] | None], accepted: float | None = None) -> HandMade:
    """One van on shift from 60 to 240 of a day due to end at 360, its inspection over at 70; orders placed at a
    minute with a window, the first of them accepted at a minute."""
    w = HandMade()
    who = {"driver_id": "D1", "vehicle_id": "V1"}
    for number, (minute, window) in enumerate(placed, 1):
        w.happen(minute, "order_placed", delivery(f"O{number}", window, known=False), "customer")
    w.happen(60, "shift_started", {**who, "depot_id": "X", "until_us": at(360)}, "V1")
    w.happen(70, "inspection_done", {**who, "minutes": 10.0}, "V1")
    if accepted is not None:
        w.answer(accepted, "V1", w.command(accepted - 1, "set_route", route("V1", ("O1", 310))))
    w.happen(240, "shift_ended", {
        **who, "duty_s": 180 * 60.0, "driving_s": 0.0, "break_s": 0.0, "idle_s": 0.0, "idle_fuel_ml": 0.0,
        "engine_s": 0.0, "odometer_m": 0.0, "unserved": [],
    }, "V1")  # fmt: skip
    return w


def idle_min(w: HandMade) -> float:
    """Minutes idle while an order waited, in truth."""
    share = figures(w)["idle_while_waiting_share"][0]
    assert share is not None
    return share * 180


def test_first_departures_by_hand() -> None:
    """Shifts from 60; V1 leaves at 80, V2 at 140."""
    w = tiny_world()
    found = figures(w)
    assert found["first_departure_s_p50"] == (20 * 60, 20 * 60)
    assert found["first_departure_s_p95"] == (80 * 60, 80 * 60)
    truth, office, telemetry = w.tables()
    rows = by_dimension(gather(Tables(truth, office, T0_US, END_US, telemetry))).to_pylist()
    by_driver = {r["key"]: r["value"] for r in rows if (r["kpi"], r["dimension"], r["source"]) ==
                 ("first_departure_s_p50", "driver", "truth")}  # fmt: skip
    assert by_driver == {"D1": 1200.0, "D2": 4800.0}


def test_a_shift_without_departure_has_no_first_one() -> None:
    """Undefined, not zero."""
    assert figures(day())["first_departure_s_p50"] == (None, None)


@pytest.mark.parametrize(
    ("placed", "accepted", "minutes"),
    [
        ([], None, 0),
        ([(0, LATE)], None, 170),  # from the end of the inspection
        ([(100, LATE)], None, 140),
        ([(100, LATE)], 130, 30),  # until accepted
        ([(100, None)], 130, 30),  # any time will do
        ([(100, (300, 420))], 130, 30),  # opens before the shift is due to end
        ([(0, (360, 420))], None, 0),  # opens when it is
        ([(100, LATE), (110, LATE)], None, 140),  # two that wait count once
        ([(100, LATE), (110, LATE)], 130, 30),  # with work on the route nobody is idle, whoever else waits
    ],
)
def test_idle_while_an_order_waits(placed: list, accepted: float | None, minutes: float) -> None:
    """Worked out on paper."""
    assert idle_min(day(*placed, accepted=accepted)) == pytest.approx(minutes, rel=1e-12)


def test_an_order_that_ends_or_comes_off_a_route() -> None:
    """Cancelled at 120; and accepted at 110, off the route at 150: it waits again."""
    w = day((100, LATE))
    w.happen(120, "order_cancelled", {"order_id": "O1", "by": "customer", "reason": ""}, "web")
    assert idle_min(w) == pytest.approx(20)
    w = day((100, LATE), accepted=110)
    off = {"order_id": "O1", "vehicle_id": "V1", "reason": "another is nearer"}
    w.answer(150, "V1", w.command(149, "unassign_order", off))
    assert idle_min(w) == pytest.approx(10 + 90)


def test_a_break_is_not_idleness() -> None:
    """From 120 to 150."""
    w = day((100, LATE))
    w.happen(120, "break_taken", {"driver_id": "D1", "vehicle_id": "V1", "until_us": at(150)}, "V1")
    assert idle_min(w) == pytest.approx(140 - 30)


def test_away_from_the_depot_nobody_is_idle_there() -> None:
    """On the way to O1 from 110 to 130, which another ends; back at 160."""
    w = day((100, LATE), (105, LATE), accepted=109)
    w.drive(110, 20, "V1", "O1", 1000, 0)
    w.happen(131, "order_cancelled", {"order_id": "O1", "by": "customer", "reason": ""}, "web")
    w.drive(140, 20, "V1", "X", 0, 0, purpose="depot")
    assert idle_min(w) == pytest.approx(9 + 80)


def test_reported_is_what_head_office_had_heard_when() -> None:
    """Both ends of a wait two seconds later: the same length; of the order never: none."""
    assert figures(day((100, LATE), accepted=130))["idle_while_waiting_share"] == (30 / 180, 30 / 180)
    w = day()
    w.happen(100, "order_placed", delivery("O1", LATE, known=False), "customer", heard=False)
    assert figures(w)["idle_while_waiting_share"] == (pytest.approx(140 / 180), 0.0)


def test_dispatchers_time_by_what_they_do() -> None:
    """Two calls of a minute and a half each, a dispatcher's step of six minutes; a supervisor's is not theirs."""
    w = tiny_world()
    for minute in (20, 25):
        call = {"who": "D1", "purpose": "route", "waited_s": 60.0, "call_s": 90.0}
        w.happen(minute, "phone_call_ended", call, "office")
    step: dict[str, Any] = {"step": "s", "trigger": "platform_down", "does": "nothing"}
    w.happen(30, "runbook_step_taken", {**step, "role": "dispatcher", "minutes": 6.0}, "office")
    w.happen(31, "runbook_step_taken", {**step, "role": "supervisor", "minutes": 60.0}, "office")
    found = figures(w)
    assert found["dispatcher_phone_h"] == (0.05, None)
    assert found["dispatcher_runbook_h"] == (0.1, None)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20))), st.integers(0, 90), st.integers(0, 90))
@settings(max_examples=150)
def test_time_in_any_of_some_spans(starts: list[tuple[int, int]], a: int, b: int) -> None:
    """Against counting moments one by one."""
    spans = sorted((start, start + length) for start, length in starts)
    a, b = sorted((a, b))
    waited = _Waited(spans)
    assert waited.before(b) - waited.before(a) == sum(any(s <= t < e for s, e in spans) for t in range(a, b))
