"""Alerts scored against what truly happened, on days written by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds import END_US, T0_US, HandMade, at, delivery
from twin.kpis import Tables, by_dimension, compute, gather
from twin.kpis.alerting import wilson
from twin.kpis.facts import Evidence

WHO = {"vehicle_id": "V1", "driver_id": "D1"}


def alert(
    world: HandMade, minute: float, rule: str, subject: str, detail: str = "", late: bool = False, name: str = "A1"
) -> None:
    payload = {
        "alert_id": name, "alert": rule, "rule": rule, "subject": subject, "severity": "warning", "owner": "dispatcher",
        "since_us": at(minute), "detail": detail, "text": "", "late": late,
    }  # fmt: skip
    world.happen(minute, "alert_raised", payload, "office")


def figures(world: HandMade, *rules: str, **thresholds: dict) -> dict[str, float | None]:
    """The values of all KPIs with these rules at work."""
    return {name: row["value"] for name, row in compute(evidence(world, *rules, **thresholds)).items()}


def evidence(world: HandMade, *rules: str, **thresholds: dict) -> Evidence:
    alerts = {rule: {"set": thresholds.get(rule, {})} for rule in rules}
    return gather(Tables(*world.tables()[:2], T0_US, END_US, alerts=alerts))


def served(world: HandMade, minute: float, order_id: str) -> None:
    world.happen(minute, "order_delivered", {
        **WHO, "order_id": order_id, "attempt": 1, "arrived_us": at(minute - 5), "started_us": at(minute - 5),
        "service_s": 300.0, "share": 1.0,
    }, "V1")  # fmt: skip


@pytest.fixture
def late_day() -> HandMade:
    """O1 is served 35 minutes late, O2 in time, O3 never."""
    world = HandMade()
    for n, window in enumerate([(0, 60), (0, 120), (0, 180)], start=1):
        world.happen(0, "order_placed", delivery(f"O{n}", window), "shop")
    served(world, 100, "O1")
    served(world, 110, "O2")
    return world


def test_lateness_is_what_was_not_begun_in_time(late_day: HandMade) -> None:
    """O1 told of half an hour ahead, O2 in vain, O3 not at all: precision and recall of a half, lead of 30 min."""
    alert(late_day, 30, "late_delivery_predicted", "O1")
    alert(late_day, 50, "late_delivery_predicted", "O2")
    found = figures(late_day, "late_delivery_predicted")
    assert (found["alert_precision"], found["alert_recall"]) == (0.5, 0.5)
    assert (found["alert_lead_s_p50"], found["alert_delay_s_p50"]) == (1800.0, None)
    assert (found["alert_causes"], found["alerts_scored"]) == (2, 2)


def test_rules_that_are_not_at_work_have_no_causes(late_day: HandMade) -> None:
    """Nothing is missed by a rule nobody asked for."""
    found = figures(late_day)
    assert found["alert_causes"] == 0
    assert found["alert_recall"] is None
    assert figures(late_day, "late_delivery")["alert_recall"] == 0.0


def test_late_and_unscored_alerts_claim_nothing(late_day: HandMade) -> None:
    """An alert on something long over, and a rule whose truth nobody knows."""
    alert(late_day, 62, "late_delivery", "O1", late=True)
    alert(late_day, 62, "idling", "V1")
    assert figures(late_day, "late_delivery", "idling")["alert_precision"] is None


def test_a_delay_is_measured_from_the_true_start(late_day: HandMade) -> None:
    """Told four minutes after O1's window, and again: a repeat counts for nothing."""
    alert(late_day, 64, "late_delivery", "O1")
    alert(late_day, 70, "late_delivery", "O1", name="A2")
    found = figures(late_day, "late_delivery")
    assert (found["alert_precision"], found["alert_delay_s_p50"]) == (1.0, 240.0)


def test_long_stops_by_their_true_class() -> None:
    """Half an hour broken down, of service (no long stop), 80 min on a break: one class of two told is right."""
    world = HandMade()
    world.happen(0, "shift_started", {**WHO, "depot_id": "X", "until_us": END_US}, "V1")
    world.drive(5, 10, "V1", "O1", 0.0, 5000.0)
    world.happen(16, "service_started", {
        **WHO, "order_id": "O1", "task": "delivery", "arrived_us": at(15), "due_us": at(20),
    }, "V1")  # fmt: skip
    served(world, 46, "O1")
    world.drive(46, 14, "V1", "O2", 0.0, 9000.0)
    world.happen(60, "breakdown_started", {"vehicle_id": "V1", "minutes": 30.0}, "V1")
    world.happen(90, "breakdown_ended", {"vehicle_id": "V1"}, "V1")
    world.drive(90, 10, "V1", "O3", 0.0, 9500.0)
    world.happen(101, "break_taken", {**WHO, "until_us": at(180)}, "V1")
    world.drive(180, 10, "V1", "X", 0.0, 0.0, purpose="depot")
    alert(world, 81, "long_stop", "V1", "breakdown")
    alert(world, 165, "long_stop", "V1", "private", name="A2")
    found = figures(world, "long_stop")
    assert (found["alert_causes"], found["alert_precision"], found["alert_recall"]) == (2, 1.0, 1.0)
    assert found["stop_class_accuracy"] == 0.5
    assert found["alert_delay_s_p50"] == 60.0  # 20 minutes after it broke down it was a long stop
    assert figures(world, "long_stop", long_stop={"after_s": 7200.0, "explained_after_s": 1200.0})["alert_causes"] == 2


def test_incidents_and_the_plant_are_causes() -> None:
    """A jammer for a vehicle, one for an area (any vehicle may notice), a device gone, the platform down."""
    world = HandMade()
    for minute, name, kind, details in (
        (10, "j1", "gnss_jamming", {"vehicle": "V1"}), (10, "j2", "gnss_jamming", {"lat": 50.0, "vehicle": None}),
        (20, "gone", "device_gone", {"vehicle": "V2"}),
    ):  # fmt: skip
        world.happen(minute, "incident_started", {"name": name, "incident": kind, "details": details}, heard=False)
        world.happen(minute + 60, "incident_ended", {"name": name, "incident": kind}, heard=False)
    world.happen(100, "plant_failed", {"component": "platform", "cause": "own failure"}, heard=False)
    world.happen(130, "plant_restored", {"component": "platform", "cause": "own failure"}, heard=False)
    alert(world, 12, "position_implausible", "V1", "jammed")
    alert(world, 60, "position_implausible", "V7", "jammed", name="A2")
    alert(world, 41, "device_silent", "V2", name="A3")
    alert(world, 42, "device_silent", "V3", name="A4")
    alert(world, 111, "feed_stale", "telematics", name="A5")
    rules = ("position_implausible", "device_silent", "feed_stale")
    found = figures(world, *rules)
    assert (found["alert_causes"], found["alert_recall"], found["alert_precision"]) == (4, 1.0, 0.8)
    rows = by_dimension(evidence(world, *rules)).to_pylist()
    precision = {row["key"]: row["value"] for row in rows if row["kpi"] == "alert_precision"}
    assert precision == {"device_silent": 0.5, "feed_stale": 1.0, "position_implausible": 1.0}


def test_a_cut_line_silences_feeds_until_its_standby_takes_over() -> None:
    """Two minutes of a cut of three hours: what is raised in its middle has no cause."""
    world = HandMade()
    cut = {"component": "terminal_link", "cause": "digger"}
    world.happen(60, "plant_failed", cut, heard=False)
    world.happen(62, "standby_took_over", {"after_s": 120.0}, "terminal_link", heard=False)
    world.happen(240, "plant_restored", cut, heard=False)
    alert(world, 150, "feed_stale", "telematics")
    found = figures(world, "feed_stale")
    assert (found["alert_causes"], found["alert_recall"], found["alert_precision"]) == (1, 0.0, 0.0)


def test_a_stop_not_reached_is_a_missed_one() -> None:
    """Known when the shift ends; told of three hours before."""
    world = HandMade()
    world.happen(0, "order_placed", delivery("O1", (0, 400)), "shop")
    world.happen(300, "shift_ended", {
        **WHO, "duty_s": 1.0, "driving_s": 0.0, "break_s": 0.0, "idle_s": 0.0, "engine_s": 0.0, "odometer_m": 0.0,
        "unserved": ["O1"],
    }, "V1")  # fmt: skip
    alert(world, 120, "missed_stop", "O1")
    assert figures(world, "missed_stop")["alert_lead_s_p50"] == 180 * 60.0


def test_exceptions_and_live_arrivals_are_added_up() -> None:
    """Two handled after 2 and 10 minutes, one cleared; O1 came four minutes after what was expected on setting out."""
    world = HandMade()
    world.happen(0, "order_placed", delivery("O1", (0, 400)), "shop")
    for n, (seen, minutes) in enumerate([(12, 2.0), (20, 6.0), (None, 0.0)], start=1):
        case = {"exception_id": f"E{n}"}
        more = {"alert_id": f"A{n}", "rule": "idling", "subject": "V1", "severity": "info", "owner": "dispatcher"}
        world.happen(10, "exception_opened", case | more, "office")
        if seen is not None:
            world.happen(seen, "exception_acknowledged", case | {"by": "dispatcher-1"}, "office")
        outcome = {"by": "x", "outcome": "handled" if seen else "cleared", "minutes": minutes}
        world.happen(30, "exception_resolved", case | outcome, "office")
    eta = {"order_id": "O1", "task": "delivery", "vehicle_id": "V1", "arrive_us": at(91)}
    world.happen(40, "eta_estimated", eta | {"low_us": at(90), "high_us": at(92)}, "office")
    served(world, 100, "O1")
    found = figures(world)
    assert (found["exceptions_opened"], found["exceptions_handled"]) == (3, 2)
    assert found["dispatcher_exception_h"] == pytest.approx(8 / 60)
    assert found["time_to_acknowledge_s_p50"] == 120.0
    assert found["eta_error_live_s_p50"] == 240.0


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)]
)
def test_wilson_as_published(hits: int, n: int, low: float, high: float) -> None:
    """81 of 263 is Newcombe's example (Statistics in Medicine 17, 1998)."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_wilson_holds_the_share(n: int, data: st.DataObject) -> None:
    """Within 0 to 1, around hits / n; none of nothing."""
    hits = data.draw(st.integers(0, n))
    interval = wilson(hits, n)
    assert interval is not None
    assert 0 <= interval[0] <= hits / n <= interval[1] <= 1
    assert wilson(0, 0) is None
