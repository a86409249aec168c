"""Messages late and out of order: the picture depends on what is known, not on the order in which it was heard."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import run
from tests.tiny import tiny
from twin.belief import Belief
from twin.commands import assign_order, set_route
from twin.orders import Place
from twin.views import Stop

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DEPOT = {"place_id": "main", "lat": 50.0, "lon": 8.0}
WHO = {"vehicle_id": "V1", "driver_id": "D1"}


class Fact(NamedTuple):
    """Something head office hears or does; ``late``: it comes over the radio, and may be late."""

    kind: str
    at_us: int
    payload: dict[str, Any]
    event_id: str
    late: bool


@cache
def history(seed: int, arriving: int) -> tuple[Fact, ...]:
    """What head office heard and did in a small day, in the order in which it happened."""
    orders = {"generate": {"known_per_day": 14, "arriving_per_day": arriving, "pickup_share": 0.2}}
    rows = run(tiny(seed=seed, orders=orders)).office.to_pylist()
    facts = [
        Fact(
            row["kind"], int(row["occurred_at"].timestamp() * 1e6 + 0.5), json.loads(row["payload"]), row["event_id"],
            row["channel"] == "radio" and row["received_at"] is not None and "registered" not in row["kind"],
        )
        for row in rows
    ]  # fmt: skip
    return tuple(sorted(facts, key=lambda fact: fact.at_us))


def fold(facts: Iterable[Fact]) -> Belief:
    """A belief that has heard of facts in this order."""
    belief = Belief()
    for fact in facts:
        belief.apply(fact.kind, fact.at_us, fact.payload, fact.event_id)
    return belief


def picture(belief: Belief, sort_stops: bool = False) -> list[Any]:
    """All of it that can be compared."""
    vehicles = dict(belief.vehicles)
    if sort_stops:
        vehicles = {name: v._replace(stops=tuple(sorted(v.stops, key=str))) for name, v in vehicles.items()}
    return [vehicles, belief.orders, belief.depots, belief.closures]


def shuffled(facts: tuple[Fact, ...], window_us: int, seed: int) -> list[Fact]:
    """As received when what comes over the radio is late by anything up to the window."""
    delays = np.random.default_rng(seed).integers(window_us, size=len(facts)).tolist()
    received = [(fact.at_us + (delay if fact.late else 0), n) for n, (fact, delay) in enumerate(zip(facts, delays))]
    return [facts[n] for _, n in sorted(received)]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    minutes=st.sampled_from([1, 10, 60, 240]),
    share=st.floats(0.1, 1.0),
    day=st.sampled_from([(3, 0), (5, 0)]),
)
def test_a_planned_day_heard_in_any_order_gives_the_same_picture(
    seed: int, minutes: int, share: float, day: tuple[int, int]
) -> None:
    """At any moment: what has been heard by then, put in order, gives what has been folded as it came."""
    facts = history(*day)
    heard = shuffled(facts, minutes * MINUTE, seed)[: int(share * len(facts))]
    known = set(map(id, heard))
    assert picture(fold(heard)) == picture(fold(fact for fact in facts if id(fact) in known))


def test_a_thousand_shuffles_of_a_day_with_new_orders_differ_in_the_order_of_stops_at_most() -> None:
    """Where an order is put among stops of which some are done already: known only when that has been heard."""
    facts = history(4, 8)
    assert {fact.kind for fact in facts} >= {"assign_order", "departed", "order_delivered", "delivery_attempted"}
    expected = picture(fold(facts), sort_stops=True)
    for seed in range(1000):
        heard = shuffled(facts, 30 * MINUTE, seed)
        assert picture(fold(heard), sort_stops=True) == expected, f"seed {seed}"


# --- one fact late at a time ---


def order(order_id: str, pair: bool = False) -> dict[str, Any]:
    """An order to be delivered, perhaps fetched elsewhere first."""
    task = {"place": {"place_id": order_id, "lat": 50.1, "lon": 8.1}, "windows_us": [[0, 9 * HOUR]], "service_s": 60.0}
    return {
        "order_id": order_id, "pickup": task if pair else None, "delivery": task, "demand": {}, "priority": 1,
        "needs": [], "customer": "C", "depot": None, "known_before": True,
    }  # fmt: skip


@pytest.fixture
def belief() -> Belief:
    """Two vehicles, one at work since 1 h, and three orders."""
    belief = Belief()
    belief.apply("depot_registered", 0, {"depot_id": "main", "place": DEPOT})
    for name in ("V1", "V2"):
        belief.apply("vehicle_registered", 0, {
            "vehicle_id": name, "device_id": name, "group": "g", "kind": "van", "profile": "van", "depot_id": "main",
            "capacity": {}, "offers": [],
        })  # fmt: skip
    for order_id, pair in (("A", False), ("B", False), ("P", True)):
        belief.apply("order_placed", 1, order(order_id, pair))
    belief.apply("shift_started", HOUR, {**WHO, "depot_id": "main", "until_us": 9 * HOUR})
    stops = [Stop("A", "delivery", 3 * HOUR), Stop("P", "pickup", 4 * HOUR), Stop("P", "delivery", 5 * HOUR)]
    command = set_route("V1", stops, "plan")
    belief.apply(command.kind, HOUR, command.payload)
    return belief


def departed(to: str) -> dict[str, Any]:
    return {**WHO, "trip_id": "t", "to": to, "purpose": "task", "onboard": [], "due_us": 3 * HOUR}


def arrived(at: str, lat: float) -> dict[str, Any]:
    return {
        **WHO, "trip_id": "t", "at": at, "purpose": "task", "lat": lat, "lon": 8.1, "distance_m": 1.0, "driving_s": 1.0,
        "fuel_ml": 0.0, "energy_wh": 0.0, "odometer_m": 1.0, "empty": False,
    }  # fmt: skip


def delivered(order_id: str) -> dict[str, Any]:
    return {**WHO, "order_id": order_id, "attempt": 1, "arrived_us": 0, "started_us": 0, "service_s": 1.0, "share": 1.0}


def test_an_arrival_heard_after_the_next_departure_does_not_set_the_vehicle_back(belief: Belief) -> None:
    """The state stays that of 10:05; where it was at 10:00 was not known yet, and is now."""
    belief.apply("departed", 2 * HOUR + 5 * MINUTE, departed("P"))
    belief.apply("arrived", 2 * HOUR, arrived("A", 50.7))
    vehicle = belief.vehicles["V1"]
    assert (vehicle.state, vehicle.state_us) == ("driving", 2 * HOUR + 5 * MINUTE)
    assert (vehicle.started, vehicle.place) == (Stop("P", "pickup", 4 * HOUR), Place("A", 50.7, 8.1))
    belief.apply("arrived", HOUR + 1, arrived("X", 49.0))
    assert belief.vehicles["V1"].place == Place("A", 50.7, 8.1), "an older place replaced a newer one"


def test_what_a_source_told_counts_in_its_own_order_whatever_its_clock_says(belief: Belief) -> None:
    """A clock set back between two messages does not make the second the older one."""
    belief.apply("departed", 3 * HOUR, departed("A"), "dev-V1:7")
    belief.apply("arrived", 2 * HOUR, arrived("A", 50.7), "dev-V1:8")
    assert belief.vehicles["V1"].state == "waiting"
    belief.apply("service_started", 4 * HOUR, {
        **WHO, "order_id": "A", "task": "delivery", "arrived_us": 0, "due_us": 9,
    }, "dev-V1:6")  # fmt: skip
    assert belief.vehicles["V1"].state == "waiting"


def test_an_order_that_has_ended_stays_so(belief: Belief) -> None:
    """Whatever is heard afterwards, its placing included; no route shows it again."""
    belief.apply("order_delivered", 3 * HOUR, delivered("A"))
    belief.apply("order_placed", 1, order("A"))
    belief.apply("delivery_attempted", 2 * HOUR, {
        **WHO, "order_id": "A", "attempt": 1, "arrived_us": 0, "outcome": "not_home",
    })  # fmt: skip
    for command in (set_route("V1", [Stop("A", "delivery")], "x"), assign_order("A", "V2", "x")):
        belief.apply(command.kind, 4 * HOUR, command.payload)
    assert "A" not in belief.orders
    assert not any(stop.order_id == "A" for vehicle in belief.vehicles.values() for stop in vehicle.stops)


def test_a_departure_heard_after_a_route_that_left_its_stop_out_is_still_where_the_vehicle_goes(
    belief: Belief,
) -> None:
    """The order is that vehicle's again, unless another was told to do it meanwhile."""
    command = set_route("V1", [Stop("P", "pickup"), Stop("P", "delivery")], "replanned")
    belief.apply(command.kind, 2 * HOUR, command.payload)
    assert belief.orders["A"].vehicle_id is None
    other = belief.copy()
    belief.apply("departed", 2 * HOUR - MINUTE, departed("A"))
    assert belief.vehicles["V1"].started == belief.vehicles["V1"].stops[0] == Stop("A", "delivery", 3 * HOUR)
    assert (belief.orders["A"].vehicle_id, belief.orders["A"].planned_us) == ("V1", 3 * HOUR)
    command = assign_order("A", "V2", "x")
    other.apply(command.kind, 2 * HOUR + 1, command.payload)
    other.apply("departed", 2 * HOUR - MINUTE, departed("A"))
    assert (other.vehicles["V1"].started, other.orders["A"].vehicle_id) == (Stop("A", "delivery", 3 * HOUR), "V2")


def test_the_end_of_a_shift_heard_the_next_morning_leaves_the_new_route_alone(belief: Belief) -> None:
    """What was given out meanwhile stays; what was brought back is open; a pair fetched waits at the depot."""
    command = set_route("V1", [Stop("B", "delivery")], "next day")
    belief.apply(command.kind, 20 * HOUR, command.payload)
    belief.apply("shift_ended", 9 * HOUR, {
        **WHO, "duty_s": 1.0, "driving_s": 0.0, "break_s": 0.0, "idle_s": 0.0, "engine_s": 0.0, "odometer_m": 0.0,
        "unserved": ["P", "A", "B"],
    })  # fmt: skip
    assert belief.vehicles["V1"].stops == (Stop("B", "delivery"),)
    assert (belief.orders["B"].vehicle_id, belief.orders["P"].vehicle_id) == ("V1", None)
    belief.apply("order_picked_up", 5 * HOUR, {**WHO, "order_id": "P", "service_s": 1.0})
    assert belief.orders["P"].onboard is None
    assert (belief.orders["P"].order.pickup, belief.orders["P"].order.depot) == (None, "main")


def test_an_answer_does_not_undo_what_was_told_after_it(belief: Belief) -> None:
    """A refusal of the first command, heard after the second."""
    command = assign_order("B", "V1", "again")
    belief.apply(command.kind, 3 * HOUR, command.payload)
    belief.apply("command_received", 2 * HOUR, {
        "command_id": "office:1", "vehicle_id": "V1", "answer": "declined", "orders": ["B"], "reason": "full",
    })  # fmt: skip
    assert belief.orders["B"].vehicle_id == "V1"
    assert belief.vehicles["V1"].stops[-1] == Stop("B", "delivery")


def test_closures_and_route_changes_count_by_their_own_time(belief: Belief) -> None:
    """Reported open at 3 h, heard before the report of 2 h that it is closed; a shift start heard late."""
    belief.apply("road_opened", 3 * HOUR, {"closure": "works", "edges": [1]})
    belief.apply("road_closed", 2 * HOUR, {"closure": "works", "edges": [1]})
    belief.apply("road_block_met", 2 * HOUR, {**WHO, "trip_id": "t", "edge": 1, "lat": 50.0, "lon": 8.0})
    assert belief.closures == {}
    for at_us in (HOUR, 4 * HOUR):
        command = assign_order("B", "V2", "x")
        belief.apply(command.kind, at_us, command.payload)
    belief.apply("shift_started", 3 * HOUR, {
        "vehicle_id": "V2", "driver_id": "D2", "depot_id": "main", "until_us": 9 * HOUR,
    })  # fmt: skip
    assert belief.vehicles["V2"].changes == 1
