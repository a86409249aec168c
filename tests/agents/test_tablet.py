"""The driver's tablet: obeys what still makes sense, declines what would not fit on board."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tablet import Tablet
from twin.commands import Command, assign_order, set_route, unassign_order
from twin.orders import Order, Place, Task
from twin.views import Stop

AT = Place("x", 50.0, 8.0)


def order(order_id: str, kind: str, kg: float, depot: str | None = None) -> Order:
    """A delivery, a collection or a pair."""
    pickup = Task("pickup", AT) if kind != "delivery" else None
    delivery = Task("delivery", AT) if kind != "collection" else None
    return Order(order_id, pickup, delivery, {"kg": kg}, depot=depot)


class Desk:
    """A tablet with what it answered."""

    def __init__(self, orders: list[Order], onboard: list[str] = (), capacity: float = 10.0) -> None:  # type: ignore[assignment]
        self.orders = {o.order_id: o for o in orders}
        aboard = {name: self.orders[name] for name in onboard}
        vehicle: Any = SimpleNamespace(
            name="V1", device_id="dev-V1", depot_id="main", capacity={"kg": capacity}, onboard=aboard
        )
        self.answers: list[dict] = []
        world: Any = SimpleNamespace(report=lambda kind, subject, payload, *_: self.answers.append(payload))
        self.tablet = Tablet(world, vehicle, self.orders.get)

    def give(self, command: Command) -> str:
        """Deliver a command; returns the answer."""
        self.tablet.deliver("office:1", command)
        return self.answers[-1]["answer"]

    @property
    def route(self) -> list[tuple[str, str]]:
        return [stop[:2] for stop in self.tablet.stops]


def test_a_route_replaces_what_was_not_begun() -> None:
    """Ended orders, doubled stops and tasks an order does not have are left out."""
    desk = Desk([order("A", "delivery", 1), order("B", "delivery", 1), order("C", "collection", 1)])
    stops = [
        Stop("A", "delivery"),
        Stop("A", "delivery", 5),
        Stop("A", "pickup"),
        Stop("gone", "delivery"),
        Stop("C", "pickup"),
    ]
    assert desk.give(set_route("V1", stops, "plan")) == "accepted"
    assert desk.route == [("A", "delivery"), ("C", "pickup")]
    assert desk.give(set_route("V1", [Stop("B", "delivery")], "plan")) == "accepted"
    assert desk.route == [("B", "delivery")]


def test_an_assigned_order_goes_where_it_is_wanted() -> None:
    """At a position, at the end, never twice; an ended one is outdated."""
    desk = Desk([order(name, "delivery", 1) for name in "ABC"])
    for name, position in (("A", None), ("B", 0), ("C", 99), ("A", 0), ("B", -5)):
        assert desk.give(assign_order(name, "V1", "near", position)) == "accepted"
    assert [name for name, _ in desk.route] == ["B", "A", "C"]
    assert desk.give(assign_order("gone", "V1", "near")) == "outdated"
    assert desk.give(unassign_order("A", "V1", "x")) == "accepted"
    assert desk.give(unassign_order("A", "V1", "x")) == "outdated"
    assert [name for name, _ in desk.route] == ["B", "C"]


def test_the_stop_under_way_counts() -> None:
    """A pickup the driver is on the way to will be on board."""
    desk = Desk([order("P", "pair", 6), order("A", "pair", 6)])
    desk.tablet.under_way = Stop("P", "pickup")
    desk.tablet.stops = [Stop("P", "delivery")]
    assert desk.give(assign_order("A", "V1", "near", position=0)) == "declined"
    assert desk.give(assign_order("A", "V1", "near", position=1)) == "accepted"


def test_an_ended_order_still_on_the_route_is_passed_over() -> None:
    """Cancelled while listed: the next command is judged without it."""
    desk = Desk([order("A", "delivery", 6), order("B", "delivery", 6)])
    desk.give(set_route("V1", [Stop("A", "delivery")], "plan"))
    del desk.orders["A"]
    assert desk.give(assign_order("B", "V1", "near")) == "accepted"


@pytest.mark.parametrize(
    ("stops", "reason"),
    [
        ([Stop("P", "delivery"), Stop("P", "pickup")], "not on board"),
        ([Stop("P", "delivery")], "not on board"),
        ([Stop("E", "delivery")], "depot east"),
        ([Stop("H", "delivery")], "would not fit"),
    ],
)
def test_what_cannot_be_done_is_declined(stops: list[Stop], reason: str) -> None:
    """Goods delivered before they are fetched, goods elsewhere, goods too heavy; the old route stays."""
    desk = Desk(
        [
            order("P", "pair", 1),
            order("E", "delivery", 1, "east"),
            order("H", "delivery", 11),
            order("A", "delivery", 1),
        ]
    )
    desk.give(set_route("V1", [Stop("A", "delivery")], "plan"))
    assert desk.give(set_route("V1", stops, "plan")) == "declined"
    assert reason in desk.answers[-1]["reason"]
    assert desk.route == [("A", "delivery")]


@st.composite
def routes(draw: st.DrawFn) -> tuple[list[Order], list[str], list[Stop]]:
    """Orders, those on board, and their stops in an order in which pairs are fetched first."""
    orders = [
        order(f"O{n}", draw(st.sampled_from(["delivery", "collection", "pair"])), draw(st.integers(1, 6)))
        for n in range(draw(st.integers(1, 6)))
    ]
    onboard = [o.order_id for o in orders if o.delivery is not None and draw(st.booleans())]
    stops: list[Stop] = []
    for o in orders:
        tasks = [t.kind for t in o.tasks if not (t.kind == "pickup" and o.order_id in onboard)]
        at = draw(st.integers(0, len(stops)))
        stops.insert(at, Stop(o.order_id, tasks[0]))
        if len(tasks) == 2:
            stops.insert(draw(st.integers(at + 1, len(stops))), Stop(o.order_id, tasks[1]))
    return orders, onboard, stops


@given(routes(), st.integers(5, 20))
def test_a_route_is_accepted_if_and_only_if_the_load_always_fits(drawn: tuple, capacity: int) -> None:
    """Against the load written out event by event: all depot goods come on board before the first of them is due."""
    orders, onboard, stops = drawn
    by_id = {o.order_id: o for o in orders}
    load = sum(by_id[i].demand["kg"] for i in onboard)
    fits, loaded = load <= capacity, False
    from_depot = [o for o in orders if o.pickup is None and o.order_id not in onboard]
    for stop in stops:
        if by_id[stop.order_id] in from_depot and not loaded:
            loaded = True
            load += sum(o.demand["kg"] for o in from_depot)
        load += by_id[stop.order_id].demand["kg"] if stop.task == "pickup" else 0
        fits = fits and load <= capacity
        load -= by_id[stop.order_id].demand["kg"] if stop.task == "delivery" else 0
    desk = Desk(orders, onboard, capacity)
    assert (desk.give(set_route("V1", stops, "plan")) == "accepted") == fits
