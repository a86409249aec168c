"""Each rule on pictures made for it: when it speaks, since when, and when it keeps quiet."""

from dataclasses import replace
from typing import Any

import pytest

from tests.twin.alerts.pictures import HOUR_US, M_PER_DEG, MINUTE_US, NOON_US, Crow, Fleet
from twin.alerts import ALERTS, Alert
from twin.alerts.driving import HARSH_EVENTS
from twin.alerts.rule import BadThreshold
from twin.eta import KnownCourses, etas
from twin.feed_monitor import Finding as FeedFinding
from twin.sightings import Finding
from twin.views import FleetView

AT = NOON_US + 2 * HOUR_US


def check(name: str, view: FleetView, **thresholds: Any) -> list[tuple[str, str]]:
    """Subjects and details of what a rule says."""
    return [(alert.subject, alert.detail) for alert in alerts(name, view, **thresholds)]


def alerts(name: str, view: FleetView, **thresholds: Any) -> list[Alert]:
    rule = ALERTS[name]
    return rule.check(view, rule.configured(thresholds))


@pytest.fixture
def fleet() -> Fleet:
    """V0 has left for A, half an hour of driving away, at two o'clock."""
    fleet = Fleet(3)
    fleet.order("A", 50.5, 8.0, closes_us=AT + 20 * MINUTE_US)
    fleet.order("B", 50.6, 8.0, closes_us=AT + 3 * HOUR_US)
    fleet.route(0, "A", "B", planned_us=AT)
    fleet.depart(0, "A", AT, AT + 30 * MINUTE_US)
    return fleet


def test_lateness_is_predicted_from_expected_arrivals(fleet: Fleet) -> None:
    """Expected ten minutes after the window; with a margin of a quarter of an hour not yet; B is in time."""
    view = fleet.view(AT)
    assert check("late_delivery_predicted", view) == []  # nothing is expected yet
    view = replace(view, etas=etas(view, KnownCourses(Crow())))
    (found,) = alerts("late_delivery_predicted", view)
    assert (found.subject, found.at_us, found.text) == ("A", AT + 20 * MINUTE_US, "A expected 10 min after its window")
    assert check("late_delivery_predicted", view, margin_s=900.0) == []
    assert check("late_delivery_predicted", view, ahead_s=600.0) == []


def test_lateness_is_a_fact_once_the_window_has_closed(fleet: Fleet) -> None:
    """Not before, not while it is being served, not after it was delivered."""
    assert check("late_delivery", fleet.view(AT + 20 * MINUTE_US)) == []
    late = AT + 40 * MINUTE_US
    assert check("late_delivery", fleet.view(late)) == [("A", "")]
    fleet.tell("service_started", AT + 30 * MINUTE_US, 0, order_id="A", task="delivery", arrived_us=AT, due_us=late)
    assert check("late_delivery", fleet.view(late)) == []


def test_a_stop_passed_over_is_missed(fleet: Fleet) -> None:
    """The driver sets out for B while A's time is gone; or drives home with both on board."""
    assert check("missed_stop", fleet.view(AT + 30 * MINUTE_US)) == []
    fleet.depart(0, "B", AT + 5 * MINUTE_US, AT + 40 * MINUTE_US)
    assert check("missed_stop", fleet.view(AT + 30 * MINUTE_US)) == [("A", "V0")]
    fleet.depart(0, "main", AT + 6 * MINUTE_US, AT + 40 * MINUTE_US, purpose="depot")
    assert check("missed_stop", fleet.view(AT + 30 * MINUTE_US)) == [("A", "V0"), ("B", "V0")]


def test_far_off_the_way_is_a_deviation(fleet: Fleet) -> None:
    """Ten kilometres beside a leg of 56 km is a way there, sixty are not; an old position says nothing."""
    fleet.sample(0, AT + MINUTE_US, 50.25, 8.0 + 0.14)
    assert check("route_deviation", fleet.view(AT + 2 * MINUTE_US)) == []
    fleet.sample(0, AT + 2 * MINUTE_US, 50.25, 8.0 + 0.85)
    assert check("route_deviation", fleet.view(AT + 3 * MINUTE_US)) == [("V0", "at-A")]
    assert check("route_deviation", fleet.view(AT + 20 * MINUTE_US)) == []


def test_fences(fleet: Fleet) -> None:
    """At the depot, in a zone of corners, at the stop it heads for; outside the zone it is to stay in."""
    fleet.sample(0, AT, 50.0005, 8.0)
    at_depot = fleet.view(AT)
    assert check("geofence_entered", at_depot) == [("V0@main", "main")]
    assert check("geofence_entered", at_depot, around="stops") == []
    box = [49.9, 7.9, 49.9, 8.1, 50.1, 8.1, 50.1, 7.9]
    assert check("geofence_entered", at_depot, zone=box) == [("V0@zone", "zone")]
    assert check("geofence_left", at_depot, zone=box) == []
    fleet.sample(0, AT + MINUTE_US, 50.5, 8.0)
    at_stop = fleet.view(AT + MINUTE_US)
    assert check("geofence_entered", at_stop, around="stops") == [("V0@at-A", "at-A")]
    assert check("geofence_left", at_stop, zone=box) == [("V0@zone", "zone")]
    assert check("geofence_left", at_stop) == []  # somebody works with it
    parked = Fleet(1, at_work=False)
    parked.sample(0, AT, 50.1, 8.0)
    assert check("geofence_left", parked.view(AT)) == [("V0@main", "main")]


def stand(fleet: Fleet, minutes: int, lat: float, lon: float = 8.0, ignition: bool = True) -> FleetView:
    """V0 stands for so long; a sample a minute."""
    for minute in range(minutes + 1):
        fleet.sample(0, AT + minute * MINUTE_US, lat, lon, speed_mps=0.0, ignition=ignition)
    return fleet.view(AT + minutes * MINUTE_US)


@pytest.mark.parametrize(
    ("told", "lat", "ignition", "minutes", "expected"),
    [
        (None, 50.2, True, 10, []),
        (None, 50.2, True, 22, [("V0", "traffic")]),
        (None, 50.2, True, 40, [("V0", "breakdown")]),
        (None, 50.2, False, 40, [("V0", "private")]),
        (None, 50.5, True, 40, []),  # at A, its arrival not heard: in service, within the hour
        (None, 50.5, True, 70, [("V0", "in_service")]),
        (None, 50.0, True, 70, []),  # at the depot
        ("breakdown_started", 50.2, True, 22, [("V0", "breakdown")]),
        ("service_started", 50.2, False, 40, []),
        ("service_started", 50.2, False, 65, [("V0", "in_service")]),
    ],
)
def test_a_long_stop_and_why(
    fleet: Fleet, told: str | None, lat: float, ignition: bool, minutes: int, expected: list
) -> None:
    """What the driver told, else where it is and whether the engine runs; explained stops may last an hour."""
    if told == "breakdown_started":
        fleet.tell(told, AT, 0, minutes=60.0)
    elif told == "service_started":
        fleet.tell(told, AT, 0, order_id="A", task="delivery", arrived_us=AT, due_us=AT + 5 * MINUTE_US)
    view = stand(fleet, minutes, lat, ignition=ignition)
    assert check("long_stop", view) == expected
    for alert in alerts("long_stop", view):
        assert alert.at_us == AT


def test_idling_is_standing_with_the_engine_on(fleet: Fleet) -> None:
    """Six minutes of it; not with the engine off, and not once it has driven on."""
    view = stand(fleet, 6, 50.2)
    assert check("idling", view) == [("V0", "")]
    fleet.sample(0, AT + 7 * MINUTE_US, 50.2, 8.0, speed_mps=10.0)
    assert check("idling", fleet.view(AT + 7 * MINUTE_US)) == []
    fleet.sample(0, AT + 8 * MINUTE_US, 50.2, 8.0, speed_mps=0.0, ignition=False)
    assert check("idling", fleet.view(AT + 20 * MINUTE_US)) == []


def test_one_silent_device_is_a_device_all_are_the_feed(fleet: Fleet) -> None:
    """V1 and V2 report on; then nobody does."""
    for n in range(3):
        fleet.sample(n, AT, 50.1, 8.0)
    for minute in range(0, 31, 5):
        fleet.sample(1, AT + minute * MINUTE_US, 50.1, 8.0)
        fleet.sample(2, AT + minute * MINUTE_US, 50.1, 8.0)
    view = fleet.view(AT + 30 * MINUTE_US)
    assert check("device_silent", view) == [("V0", "")]
    assert check("feed_stale", view) == []
    later = fleet.view(AT + 60 * MINUTE_US)
    assert check("device_silent", later) == []
    ill = {"telematics": FeedFinding("telematics", AT + 30 * MINUTE_US, "silent")}
    (stale,) = alerts("feed_stale", replace(later, feeds=ill))
    assert (stale.subject, stale.at_us, stale.detail) == ("telematics", AT + 30 * MINUTE_US, "silent")


def test_of_a_single_vehicle_it_is_the_device() -> None:
    """More than half of one is not many: there is nobody else to tell a feed by."""
    fleet = Fleet(1)
    fleet.sample(0, AT, 50.1, 8.0)
    assert check("device_silent", fleet.view(AT + 30 * MINUTE_US)) == [("V0", "")]


@pytest.mark.parametrize(
    ("supply_mv", "low"), [(0, False), (13_800, False), (11_200, True), (3_900, False), (3_400, True)]
)
def test_low_battery_by_kind_of_supply(fleet: Fleet, supply_mv: int, low: bool) -> None:
    """A 12 V system, a cell, and not measured at all."""
    fleet.sample(0, AT, 50.1, 8.0, supply_mv=supply_mv)
    assert check("low_battery", fleet.view(AT)) == ([("V0", "")] if low else [])


@pytest.mark.parametrize("name", ["speeding", "harsh_driving", "tampering", "position_implausible"])
def test_sightings_become_alerts(fleet: Fleet, name: str) -> None:
    """What a detector found of V1 is told of V1; an old finding is marked late; of two kinds the first decides."""
    rule = ALERTS[name]
    params = rule.configured({})
    found = {key: (Finding(1, AT, AT, AT, 40.0), Finding(2, AT, AT, AT + HOUR_US, 40.0)) for key in params.detectors()}
    told = rule.check(replace(fleet.view(AT), sightings=found), params)
    assert {(alert.subject, alert.late) for alert in told} == {("V1", False), ("V2", True)}
    if name == "position_implausible":
        assert [(alert.subject, alert.detail) for alert in told] == [("V1", "spoofed"), ("V2", "spoofed")]


def test_what_is_over_does_not_hide_what_is_the_case_now(fleet: Fleet) -> None:
    """A position that was wrong an hour ago, heard of now, and one that is: both, each marked."""
    rule = ALERTS["position_implausible"]
    detector = rule.configured({}).detectors()[0]
    found = {detector: (Finding(1, AT - HOUR_US, AT - HOUR_US, AT, 0.0), Finding(1, AT, AT, AT, 0.0))}
    told = rule.check(replace(fleet.view(AT), sightings=found), rule.configured({}))
    assert [(alert.subject, alert.late) for alert in told] == [("V1", False), ("V1", True)]


def test_a_break_that_should_long_be_over_explains_nothing(fleet: Fleet) -> None:
    """Half an hour of break; from twenty minutes after its end on, where it stands and the engine count."""
    fleet.tell("break_taken", AT, 0, until_us=AT + 30 * MINUTE_US)
    assert check("long_stop", stand(fleet, 49, 50.2, ignition=False)) == []
    assert check("long_stop", stand(fleet, 52, 50.2, ignition=False)) == [("V0", "private")]


def test_devices_tell_of_harsh_driving_themselves(fleet: Fleet) -> None:
    """Unless that is switched off."""
    view = replace(fleet.view(AT), sightings={HARSH_EVENTS: (Finding(0, AT, AT, AT, 0.0),)})
    assert check("harsh_driving", view) == [("V0", "")]
    assert check("harsh_driving", view, device_events=False) == []


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"after": 5.0}, "after: .* expected a threshold .*; did you mean 'after_s'"),
        ({"after_s": "long"}, "after_s: 'long': expected a number"),
        ({"after_s": True}, "after_s: True: expected a number"),
        ({"after_s": -1.0}, "after_s: -1.0: expected a number, 0 or more"),
    ],
)
def test_bad_thresholds_are_named(settings: dict, answer: str) -> None:
    """Unknown names with the nearest, values of another type, negative ones."""
    with pytest.raises(BadThreshold, match=answer):
        ALERTS["long_stop"].configured(settings)


def test_the_ellipse_is_in_metres() -> None:
    """The slack is what a short leg may be off: 3 km there and back, on a leg of a kilometre."""
    fleet = Fleet(1)
    fleet.order("A", 50.0 + 1_000 / M_PER_DEG, 8.0)
    fleet.route(0, "A")
    fleet.depart(0, "A", AT, AT + MINUTE_US)
    for north_m, off in ((2_400.0, False), (2_600.0, True)):
        fleet.sample(0, AT + round(north_m) * 1_000, 50.0 + north_m / M_PER_DEG, 8.0)
        assert bool(check("route_deviation", fleet.view(AT + MINUTE_US))) is off
