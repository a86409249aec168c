"""What customers are told: each milestone once a visit, from belief, never a time that has passed."""

from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.belief import Belief
from twin.notifications import (
    DELAYED_AGAIN_US,
    Contact,
    Gateway,
    Notification,
    NotificationSettings,
    arrivals,
    due,
    words,
)
from twin.orders import Order, Place, Task, Window
from twin.views import Eta, FleetView, OrderView, Stop, VehicleView

MINUTE_US = 60_000_000
ALL = ("placed", "on_the_way", "next", "delivered", "failed", "delayed")
TELL_ALL = NotificationSettings(frozenset(ALL))
DOOR = Place("door", 50.0, 8.0)


def vehicle(**changes: Any) -> VehicleView:
    """V1 on its shift, driving."""
    usual: dict[str, Any] = {"state": "driving", "shift_us": (0, 10**12)}
    return VehicleView("V1", "van", "van", "main", MappingProxyType({}), frozenset(), **usual | changes)


def seen(now_us: int, known: OrderView | None, van: VehicleView | None = None) -> FleetView:
    """The picture of one order and one vehicle."""
    orders = {} if known is None else {known.order.order_id: known}
    return replace(Belief().view(now_us), vehicles={"V1": van or vehicle()}, orders=orders)


def known(**changes: Any) -> OrderView:
    """O1, a delivery V1 was told to do."""
    return OrderView(Order("O1", None, Task("delivery", DOOR)), 0, **{"vehicle_id": "V1"} | changes)


class Desk:
    """Keeps the file of O1 from check to check."""

    def __init__(self, settings: NotificationSettings = TELL_ALL) -> None:
        self.settings, self.contact = settings, Contact("C1")

    def check(
        self, minute: float, eta: float | None, order: OrderView | None, van: VehicleView | None = None
    ) -> list[Notification]:
        """What is told at a minute, with the arrival then expected."""
        now_us = round(minute * MINUTE_US)
        etas = {} if eta is None else {"O1": round(eta * MINUTE_US)}
        found = due(seen(now_us, order, van), etas, {"O1": self.contact}, self.settings, now_us)
        for notification in found:
            self.contact = self.contact.after(notification, order.attempts if order else self.contact.visit, now_us)
        return found

    def told(self, *state: Any) -> list[tuple[str, float | None]]:
        return [(n.milestone, None if n.eta_us is None else n.eta_us / MINUTE_US) for n in self.check(*state)]


def test_an_ordinary_day_is_told_step_by_step() -> None:
    """Placed, on the way once the goods have left, next half an hour before, delivered; nothing twice."""
    desk, at_depot = Desk(), vehicle(state="loading")
    assert desk.told(0, 200, known(), at_depot) == [("placed", None)]
    assert desk.told(1, 200, known(onboard="V1"), at_depot) == []
    assert desk.told(100, 200, known(onboard="V1")) == [("on_the_way", 200)]
    assert desk.told(101, 199, known(onboard="V1")) == []
    assert desk.told(169, 200, known(onboard="V1")) == []
    assert desk.told(170, 200, known(onboard="V1")) == [("next", 200)]
    assert desk.told(199, 205, known(onboard="V1")) == []
    desk.contact = replace(desk.contact, ended="order_delivered")
    assert desk.told(206, None, None) == [("delivered", None)]


def test_the_driver_setting_out_for_a_collection_is_on_the_way() -> None:
    """Nothing is on board before a collection: the trip towards it counts."""
    order = OrderView(Order("O1", Task("pickup", DOOR), None), 0, "V1")
    desk = Desk(NotificationSettings(frozenset(["on_the_way"])))
    assert desk.told(10, 90, order, vehicle(started=Stop("O2", "pickup"))) == []
    assert desk.told(11, 90, order, vehicle(started=Stop("O1", "pickup"))) == [("on_the_way", 90)]


def test_a_delay_is_told_once_it_exceeds_what_was_meant_to_be_exact_and_not_at_once_again() -> None:
    """15 minutes are within what was told; 16 are not; the next change waits for half an hour."""
    desk = Desk(NotificationSettings(frozenset(["on_the_way", "delayed"])))
    assert desk.told(0, 100, known(onboard="V1")) == [("on_the_way", 100)]
    assert desk.told(1, 115, known(onboard="V1")) == []
    assert desk.told(2, 116, known(onboard="V1")) == [("delayed", 116)]
    assert desk.told(31, 140, known(onboard="V1")) == []
    assert desk.told(32, 140, known(onboard="V1")) == [("delayed", 140)]


def test_next_says_the_later_time_itself() -> None:
    """A delay that is due together with `next` needs no message of its own."""
    desk = Desk()
    desk.contact = Contact("C1", told=frozenset(["placed", "on_the_way"]), eta_us=10 * MINUTE_US)
    assert desk.told(20, 45, known(onboard="V1")) == [("next", 45)]
    assert desk.told(21, 45, known(onboard="V1")) == []


@pytest.mark.parametrize("van", [vehicle(shift_us=None, state="off"), vehicle(state="broken")])
def test_nobody_is_next_on_a_vehicle_that_is_not_at_work(van: VehicleView) -> None:
    """The plan's time alone promises nothing."""
    assert Desk(NotificationSettings(frozenset(["next"]))).told(100, 110, known(), van) == []


def test_a_time_that_has_passed_is_not_told() -> None:
    """The office does not know better than its plan: it says that it is on the way, not when."""
    assert Desk().told(100, 90, known(onboard="V1")) == [("on_the_way", None)]


def test_an_arrival_before_the_window_opens_is_told_as_its_opening() -> None:
    """The driver would wait; `next` counts from the opening, too."""
    windows = (Window(120 * MINUTE_US, 180 * MINUTE_US),)
    order = OrderView(Order("O1", None, Task("delivery", DOOR, windows)), 0, "V1", "V1")
    assert Desk().told(80, 100, order) == [("on_the_way", 120)]
    assert Desk().told(90, 100, order) == [("next", 120)]
    assert Desk().told(101, 100, order) == [("next", 120)]


def test_another_visit_is_told_anew() -> None:
    """After a failed visit: failed once, then on the way and next of the new one."""
    desk = Desk()
    assert desk.told(100, 120, known(onboard="V1")) == [("next", 120)]
    assert desk.told(125, None, known(attempts=1, vehicle_id=None)) == [("failed", None)]
    assert desk.told(126, None, known(attempts=1, vehicle_id=None)) == []
    assert desk.told(900, 1000, known(attempts=1, onboard="V1")) == [("on_the_way", 1000)]
    assert desk.told(980, 1000, known(attempts=1, onboard="V1")) == [("next", 1000)]


@pytest.mark.parametrize(
    ("kind", "milestone"),
    [
        ("order_failed", "failed"),
        ("order_left_out", "failed"),
        ("order_delivered", "delivered"),
        ("order_cancelled", ""),
    ],
)
def test_how_an_order_ended_is_told(kind: str, milestone: str) -> None:
    """Who cancelled knows."""
    desk = Desk()
    desk.contact = Contact("C1", ended=kind)
    assert [m for m, _ in desk.told(5, None, None)] == ([milestone] if milestone else [])


steps = st.lists(
    st.tuples(
        st.integers(1, 40),  # minutes passed
        st.one_of(st.none(), st.integers(-30, 300)),  # arrival, minutes from now
        st.sampled_from(["off", "loading", "driving", "serving", "broken"]),
        st.booleans(),  # on board
        st.booleans(),  # a visit failed
    ),
    max_size=30,
)


@given(steps, st.sets(st.sampled_from(ALL)))
def test_whatever_happens_nothing_is_told_twice(steps: list[tuple], milestones: set[str]) -> None:
    """At most one message a check; each milestone once a visit, delays half an hour apart; no time that has passed."""
    desk, minute, visit = Desk(NotificationSettings(frozenset(milestones))), 0, 0  # type: ignore[arg-type]
    told, delays = set(), []
    for passed, ahead, state, onboard, failed in steps:
        minute, visit = minute + passed, visit + failed
        van = vehicle(state=state, shift_us=None if state == "off" else (0, 10**12))
        order = known(onboard="V1" if onboard else None, attempts=visit)
        found = desk.check(minute, None if ahead is None else minute + ahead, order, van)
        assert len(found) <= 1
        for notification in found:
            assert notification.milestone in milestones
            assert notification.eta_us is None or notification.eta_us >= minute * MINUTE_US
            if notification.milestone == "delayed":
                delays.append((visit, minute * MINUTE_US))
            else:
                assert (visit, notification.milestone) not in told
                told.add((visit, notification.milestone))
    for (one, before_us), (other, after_us) in pairwise(delays):
        assert one != other or after_us - before_us >= DELAYED_AGAIN_US


def test_arrivals_are_those_of_the_task_the_customer_waits_for() -> None:
    """Of a pair the delivery; orders nobody is expected at are left out."""
    pair = OrderView(Order("O1", Task("pickup", DOOR), Task("delivery", DOOR)), 0)
    etas = {("O1", "pickup"): Eta(5, 4, 6), ("O1", "delivery"): Eta(9, 8, 10), ("gone", "delivery"): Eta(1, 1, 1)}
    assert arrivals(seen(0, pair), etas) == {"O1": 9}
    assert arrivals(seen(0, pair), {}) == {}


@pytest.mark.parametrize("milestone", ALL)
def test_messages_say_what_they_are_about(milestone: Any) -> None:
    """The order, and the time with how exact it is where one is told."""
    text = words(Notification("O1", "C1", milestone, "sms", 5, 15 * MINUTE_US), lambda us: f"t{us}")
    assert "O1" in text
    assert ("t5, give or take 15 min" in text) == (milestone in ("on_the_way", "next", "delayed"))


def test_the_gateway_charges_by_channel() -> None:
    """And an SMS is read before an e-mail."""
    gateway = Gateway(0.07, 0.001)
    sms, email = (gateway.send(Notification("O1", "C1", "placed", c, None, 0), "") for c in ("sms", "email"))  # type: ignore[arg-type]
    assert (sms.cost_eur, email.cost_eur) == (0.07, 0.001)
    assert 0 < sms.delay_us < email.delay_us
