"""Expected arrivals against sums done by hand: an hour a degree, five minutes of service."""

import pytest

from tests.twin.alerts.pictures import HOUR_US, MINUTE_US, NOON_US, Crow, Fleet
from twin.eta import BROKEN_US, KnownCourses, etas
from twin.views import DEPOT_LOAD_US

AT = NOON_US + HOUR_US


@pytest.fixture
def fleet() -> Fleet:
    """V0 has A half an hour north and B six minutes further on board, and is still at the depot at one."""
    fleet = Fleet(1)
    fleet.order("A", 50.5, 8.0)
    fleet.order("B", 50.6, 8.0)
    fleet.route(0, "A", "B")
    return fleet


def minutes(fleet: Fleet, now_us: int = AT) -> dict[str, float]:
    """Expected arrivals of deliveries, in minutes after one."""
    found = etas(fleet.view(now_us), KnownCourses(Crow()))
    return {order_id: (eta.arrive_us - AT) / MINUTE_US for (order_id, _), eta in found.items()}


def test_from_the_depot_stop_by_stop(fleet: Fleet) -> None:
    """Driving, service, driving."""
    assert minutes(fleet) == {"A": 30, "B": 41}


def test_the_time_to_leave_and_windows_hold_it_up() -> None:
    """Told to leave at ten past; A opens at two."""
    fleet = Fleet(1)
    fleet.order("A", 50.5, 8.0, closes_us=AT + 3 * HOUR_US, opens_us=AT + HOUR_US)
    fleet.order("B", 50.6, 8.0)
    fleet.route(0, "A", "B", leave_us=AT + 10 * MINUTE_US)
    assert minutes(fleet) == {"A": 40, "B": 71}


def test_a_planned_break_is_in_between() -> None:
    """Half an hour from half past one: taken after A, before B."""
    fleet = Fleet(1)
    fleet.order("A", 50.5, 8.0)
    fleet.order("B", 50.6, 8.0)
    fleet.route(0, "A", "B", breaks_us=[(AT + 30 * MINUTE_US, AT + HOUR_US)])
    assert minutes(fleet) == {"A": 30, "B": 71}


def test_on_the_road_what_the_driver_expects_until_a_position_says_more(fleet: Fleet) -> None:
    """Due at 1:33; at 1:10 it was seen with four fifths of the way to go, so 24 minutes more from then."""
    fleet.depart(0, "A", AT, AT + 33 * MINUTE_US)
    assert minutes(fleet) == {"A": 33, "B": 44}
    fleet.sample(0, AT + 10 * MINUTE_US, 50.1, 8.0)
    assert minutes(fleet, AT + 10 * MINUTE_US) == {"A": 34, "B": 45}
    assert minutes(fleet, AT + 12 * MINUTE_US) == {"A": 34, "B": 45}  # the position is two minutes old
    assert minutes(fleet, AT + 50 * MINUTE_US) == {"A": 50, "B": 61}  # overdue: any moment now


def test_uncertainty_grows_with_the_age_of_what_is_known(fleet: Fleet) -> None:
    """15 % of the 24 minutes to go, and then also the eight minutes since it was seen."""
    fleet.depart(0, "A", AT, AT + 33 * MINUTE_US)
    fleet.sample(0, AT + 10 * MINUTE_US, 50.1, 8.0)
    fresh, old = (etas(fleet.view(AT + m * MINUTE_US), KnownCourses(Crow()))["A", "delivery"] for m in (10, 18))
    assert (fresh.high_us - fresh.arrive_us) / MINUTE_US == pytest.approx(0.15 * 24)
    assert (old.high_us - old.arrive_us) / MINUTE_US == pytest.approx(0.15 * 16 + 8)
    assert old.low_us == max(AT + 18 * MINUTE_US, 2 * old.arrive_us - old.high_us)


def test_in_service_and_broken_down(fleet: Fleet) -> None:
    """In service until twenty to: A is no longer expected; broken down: half an hour more."""
    fleet.depart(0, "A", AT, AT + 33 * MINUTE_US)
    fleet.tell("breakdown_started", AT + MINUTE_US, 0, minutes=60.0)
    assert minutes(fleet)["A"] == pytest.approx(30 + BROKEN_US / MINUTE_US)
    fleet.tell("breakdown_ended", AT + 2 * MINUTE_US, 0)
    fleet.tell("arrived", AT + 30 * MINUTE_US, 0, trip_id="T", at="A", purpose="task", lat=50.5, lon=8.0,
               distance_m=1.0, driving_s=1.0, fuel_ml=0.0, energy_wh=0.0, odometer_m=1.0, empty=False)  # fmt: skip
    fleet.tell("service_started", AT + 30 * MINUTE_US, 0, order_id="A", task="delivery", arrived_us=AT,
               due_us=AT + 40 * MINUTE_US)  # fmt: skip
    assert minutes(fleet, AT + 31 * MINUTE_US) == {"B": 46}


def test_goods_that_wait_at_the_depot_are_fetched_first(fleet: Fleet) -> None:
    """C is added while V0 is under way to A: after B home (36 min), five minutes of loading, and six minutes south."""
    fleet.depart(0, "A", AT, AT + 30 * MINUTE_US)
    fleet.order("C", 49.9, 8.0)
    fleet.belief.apply(
        "assign_order", AT,
        {"order_id": "C", "vehicle_id": "V0", "position": None, "arrive_us": None, "reason": "new"},
    )  # fmt: skip
    b = minutes(fleet)["B"]
    assert minutes(fleet)["C"] == pytest.approx(b + 5 + 36 + DEPOT_LOAD_US / MINUTE_US + 6)


def test_what_cannot_be_reached_has_no_arrival(fleet: Fleet) -> None:
    """Nor has anything after it."""
    fleet.order("far", 85.0, 8.0)
    fleet.route(0, "A", "far", "B")
    assert minutes(fleet) == {"A": 30}


def test_legs_are_asked_for_once_an_hour(fleet: Fleet) -> None:
    """The same answer from the cache; another hour or a closure asks anew."""
    crow = Crow()
    cache = KnownCourses(crow)
    first = etas(fleet.view(AT), cache)
    assert crow.asked == 2
    assert etas(fleet.view(AT), cache) == first == etas(fleet.view(AT), KnownCourses(Crow()))
    assert crow.asked == 2
    etas(fleet.view(AT + HOUR_US), cache)
    assert crow.asked == 4
    fleet.tell("road_closed", AT, closure="x", edges=[1])
    etas(fleet.view(AT + HOUR_US), cache)
    assert crow.asked == 6


def test_only_new_legs_are_asked_for(fleet: Fleet) -> None:
    """Those further on are known; not those of a route given up before the hour was over."""
    crow = Crow()
    cache = KnownCourses(crow)
    etas(fleet.view(AT), cache)
    fleet.order("C", 50.7, 8.0)
    fleet.route(0, "C", "A", "B")
    etas(fleet.view(AT), cache)
    assert crow.asked == 2 + 2
    fleet.route(0)
    etas(fleet.view(AT + HOUR_US), cache)
    fleet.route(0, "C", "A", "B")
    etas(fleet.view(AT + HOUR_US), cache)
    assert crow.asked == 4 + 3


def test_a_leg_begins_at_the_place_where_the_last_one_ended(fleet: Fleet) -> None:
    """A was served and is no longer known; its place still is, by name: a table of travel times has only names."""

    class Named(Crow):
        def legs_ms(self, origins, destinations, depart_at_us, profile="car"):  # type: ignore[no-untyped-def]
            assert {place.place_id for place in (*origins, *destinations)} <= {"main", "at-A", "at-B"}
            return super().legs_ms(origins, destinations, depart_at_us, profile)

    cache = KnownCourses(Named())
    fleet.depart(0, "A", AT, AT + 30 * MINUTE_US)
    etas(fleet.view(AT), cache)
    fleet.tell("arrived", AT + 30 * MINUTE_US, 0, trip_id="T", at="A", purpose="task", lat=50.5, lon=8.0,
               distance_m=1.0, driving_s=1.0, fuel_ml=0.0, energy_wh=0.0, odometer_m=1.0, empty=False)  # fmt: skip
    fleet.tell("order_delivered", AT + 35 * MINUTE_US, 0, order_id="A", attempt=1, arrived_us=AT, started_us=AT,
               service_s=300.0, share=1.0)  # fmt: skip
    (eta,) = etas(fleet.view(AT + 35 * MINUTE_US), cache).values()
    assert eta.arrive_us == AT + 41 * MINUTE_US
