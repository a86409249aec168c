"""Belief: the fold of what was received, and its snapshots."""

from typing import Any

import pytest

from twin.belief import Belief
from twin.commands import assign_order, set_route, unassign_order
from twin.orders import Place
from twin.samples import SampleBatch
from twin.views import Stop

HOUR_US = 3_600_000_000
DEPOT = {"place_id": "main", "lat": 50.0, "lon": 8.0}
WHO = {"vehicle_id": "V1", "driver_id": "D1"}


def placed(order_id: str, pair: bool = False, **more: Any) -> dict[str, Any]:
    """The payload of a placed order."""
    task = {
        "place": {"place_id": f"at-{order_id}", "lat": 50.1, "lon": 8.1},
        "windows_us": [[0, 9 * HOUR_US]],
        "service_s": 60.0,
    }
    return {
        "order_id": order_id,
        "pickup": task if pair else None,
        "delivery": task,
        "demand": {"weight_kg": 5.0},
        "priority": 1,
        "needs": [],
        "customer": "C",
        "depot": None,
        "known_before": True,
        **more,
    }


@pytest.fixture
def belief() -> Belief:
    """A depot, two vehicles, a driver at work and two orders."""
    belief = Belief()
    belief.apply("depot_registered", 0, {"depot_id": "main", "place": DEPOT})
    for name in ("V1", "V2"):
        belief.apply(
            "vehicle_registered",
            0,
            {
                "vehicle_id": name,
                "device_id": f"dev-{name}",
                "group": "g",
                "kind": "van_diesel",
                "profile": "van_diesel",
                "depot_id": "main",
                "capacity": {"weight_kg": 10.0},
                "offers": ["lift"],
            },
        )
    belief.apply("driver_registered", 0, {**WHO, "group": "crew", "depot_id": "main", "offers": ["cold"]})
    belief.apply("shift_started", 10, {**WHO, "depot_id": "main", "until_us": 9 * HOUR_US})
    belief.apply("order_placed", 20, placed("A"))
    belief.apply("order_placed", 20, placed("P", pair=True))
    return belief


def tell(belief: Belief, command: Any, at_us: int = 30) -> None:
    """An own command."""
    belief.apply(command.kind, at_us, command.payload)


def test_a_route_is_believed_when_given_and_shortened_as_it_is_done(belief: Belief) -> None:
    """From the command over the departure to the delivery."""
    tell(
        belief,
        set_route("V1", [Stop("P", "pickup", 100), Stop("P", "delivery", 200), Stop("A", "delivery", 300)], "plan"),
    )
    assert (belief.orders["A"].vehicle_id, belief.orders["A"].planned_us) == ("V1", 300)
    trip = {**WHO, "trip_id": "V1:1", "to": "P", "purpose": "task", "onboard": [], "due_us": 90}
    belief.apply("departed", 40, trip)
    assert belief.vehicles["V1"].started == Stop("P", "pickup", 100)
    assert belief.vehicles["V1"].state == "driving"
    belief.apply("order_picked_up", 100, {**WHO, "order_id": "P", "service_s": 1.0})
    assert belief.orders["P"].onboard == "V1"
    assert [stop.task for stop in belief.vehicles["V1"].stops] == ["delivery", "delivery"]
    done = {**WHO, "order_id": "P", "attempt": 1, "arrived_us": 190, "started_us": 190, "service_s": 1.0, "share": 1.0}
    belief.apply("order_delivered", 200, done)
    assert "P" not in belief.orders
    assert belief.vehicles["V1"].stops == (Stop("A", "delivery", 300),)


def test_what_was_declined_is_open_again(belief: Belief) -> None:
    """The answer of the driver undoes the assignment, unless the goods are on board."""
    tell(belief, assign_order("A", "V1", "near"))
    answer = {"command_id": "o:1", "vehicle_id": "V1", "answer": "declined", "orders": ["A"], "reason": "full"}
    belief.apply("command_received", 50, answer)
    assert belief.orders["A"].vehicle_id is None
    assert belief.vehicles["V1"].stops == ()


def test_an_ended_shift_opens_what_was_not_served(belief: Belief) -> None:
    """A pair that was fetched waits at the depot now."""
    tell(belief, set_route("V1", [Stop("P", "pickup"), Stop("P", "delivery"), Stop("A", "delivery")], "plan"))
    belief.apply("order_picked_up", 100, {**WHO, "order_id": "P", "service_s": 1.0})
    end = {
        **WHO,
        "duty_s": 1.0,
        "driving_s": 0.0,
        "break_s": 0.0,
        "idle_s": 0.0,
        "engine_s": 0.0,
        "odometer_m": 0.0,
        "unserved": ["P", "A"],
    }
    belief.apply("shift_ended", 200, end)
    assert [o.order.order_id for o in belief.view(300).unassigned()] == ["A", "P"]
    assert (belief.orders["P"].order.pickup, belief.orders["P"].order.depot) == (None, "main")
    assert belief.vehicles["V1"].state == "off"


def test_a_failed_visit_waits_for_a_new_date(belief: Belief) -> None:
    """Until head office has agreed on one it is not to be assigned; then with its new windows."""
    belief.apply(
        "delivery_attempted", 100, {**WHO, "order_id": "A", "attempt": 1, "arrived_us": 90, "outcome": "not_home"}
    )
    assert "A" not in [o.order.order_id for o in belief.view(HOUR_US).unassigned()]
    belief.apply("order_rebooked", 110, {"order_id": "A", "windows_us": [[50, 60]], "not_before_us": 1000})
    assert "A" not in [o.order.order_id for o in belief.view(999).unassigned()]
    assert "A" in [o.order.order_id for o in belief.view(1000).unassigned()]
    assert belief.orders["A"].order.last_task.windows == ((50, 60),)


def test_a_late_position_never_moves_a_vehicle_back(belief: Belief) -> None:
    """Of positions the newest by the device's clock counts, whenever it arrives."""

    def observe(at_us: int, lat: float) -> None:
        belief.observe(SampleBatch.of(belief.index["V1"], at_us, lat, 8.0))

    observe(1000, 50.5)
    observe(400, 49.0)
    assert belief.view(2000).position("V1") == Place("", 50.5, 8.0)
    observe(1000, 48.0)
    assert belief.view(2000).position("V1") == Place("", 50.5, 8.0)
    assert belief.view(2000).fixed_us[belief.index["V1"]] == 1000
    assert belief.view(2000).position("V2") == Place(**DEPOT)


def test_a_newer_event_is_a_better_position_than_an_older_sample(belief: Belief) -> None:
    """And the other way round."""
    belief.observe(SampleBatch.of(0, 1000, 50.5, 8.0))
    arrived = {
        **WHO,
        "trip_id": "t",
        "at": "A",
        "purpose": "task",
        "lat": 50.1,
        "lon": 8.1,
        "distance_m": 1.0,
        "driving_s": 1.0,
        "fuel_ml": 0.0,
        "energy_wh": 0.0,
        "odometer_m": 1.0,
        "empty": False,
    }
    belief.apply("arrived", 2000, arrived)
    assert belief.view(3000).position("V1") == Place("A", 50.1, 8.1)
    belief.observe(SampleBatch.of(0, 2500, 50.6, 8.0))
    assert belief.view(3000).position("V1").lat == 50.6


def test_a_snapshot_is_not_changed_by_later_messages(belief: Belief) -> None:
    """Whatever is heard afterwards, an earlier view stays what it was; and nobody can write into it."""
    view = belief.view(50)
    before = str([dict(view.vehicles), dict(view.orders), dict(view.depots), dict(view.closures), view.lat.tolist()])
    belief.observe(SampleBatch.of([0, 1], 60, [1.0, 2.0], [1.0, 2.0]))
    tell(belief, assign_order("A", "V1", "near"))
    belief.apply("depot_registered", 60, {"depot_id": "east", "place": DEPOT | {"place_id": "east"}})
    belief.apply("order_cancelled", 60, {"order_id": "P", "by": "customer", "reason": ""})
    belief.apply("road_closed", 60, {"closure": "x", "edges": [1]})
    belief.apply("shift_started", 70, {**WHO, "depot_id": "main", "until_us": 99})
    belief.apply(
        "vehicle_registered",
        80,
        {
            "vehicle_id": "V3",
            "device_id": "d",
            "group": "g",
            "kind": "k",
            "profile": "p",
            "depot_id": "main",
            "capacity": {},
            "offers": [],
        },
    )
    after = [dict(view.vehicles), dict(view.orders), dict(view.depots), dict(view.closures), view.lat.tolist()]
    assert str(after) == before
    assert list(view.index) == ["V1", "V2"]
    with pytest.raises(TypeError):
        view.orders["X"] = None  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        view.lat[0] = 1.0
    with pytest.raises(TypeError):
        view.vehicles["V1"].capacity["weight_kg"] = 1e9  # type: ignore[index]


def test_strangers_are_passed_over(belief: Belief) -> None:
    """A message about a vehicle or depot that was never registered changes nothing and raises nothing."""
    before = str(belief.view(50))
    belief.apply("breakdown_started", 60, {"vehicle_id": "V9", "minutes": 3.0})
    belief.apply("shift_started", 60, {"driver_id": "D1", "vehicle_id": "V9", "depot_id": "main", "until_us": 9})
    belief.apply("loading_done", 60, {**WHO, "depot_id": "nowhere", "orders": [], "started_us": 1})
    belief.apply("order_picked_up", 60, {**WHO, "vehicle_id": "V9", "order_id": "A", "service_s": 1.0})
    tell(belief, unassign_order("A", "V9", "x"))
    assert str(belief.view(50)) == before


def test_what_drivers_found_closed_is_open_again_when_reported_or_the_next_day(belief: Belief) -> None:
    """A closure that was reported stays until it is reported open."""
    block = {**WHO, "trip_id": "t", "lat": 50.0, "lon": 8.0}
    belief.apply("road_closed", 50, {"closure": "works", "edges": [1, 2]})
    for edge in (2, 7):
        belief.apply("road_block_met", 60, {**block, "edge": edge})
    assert {edge for edges in belief.closures.values() for edge in edges} == {1, 2, 7}
    belief.apply("road_opened", 70, {"closure": "works", "edges": [1, 2]})
    assert {edge for edges in belief.closures.values() for edge in edges} == {7}
    belief.apply("road_closed", 80, {"closure": "works", "edges": [1]})
    belief.new_day(90)
    assert {edge for edges in belief.closures.values() for edge in edges} == {1}
    belief.apply("road_block_met", 85, {**block, "edge": 7})
    assert {edge for edges in belief.closures.values() for edge in edges} == {1}, "met on the day before"
