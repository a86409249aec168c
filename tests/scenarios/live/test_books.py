"""The books kept for screens: bounded however long the day, true to the ledger, exact in what they count."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.office import Entry
from engine.clock import HOUR
from engine.coverage.map import CoverageMap
from engine.geo import Projection
from scenarios.live.desk import KEPT, LISTS, MOST_OPEN, DeskBook
from scenarios.live.fleet_book import FleetBook
from scenarios.live.ground_parts import coverage_parts, geofence_parts
from scenarios.live.inbox import AGE_BINS_S, Inbox
from scenarios.live.picture import Picture
from scenarios.live.simulated import SimulatedDay
from scenarios.run import Session
from tests.tiny import tiny
from tests.worlds import T0_US, at
from twin.belief import Belief
from twin.orders import Place


def entry(kind: str, minute: float, payload: dict[str, Any], event_id: str = "V1:0", reason: str = "") -> Entry:
    """A row heard two seconds after it occurred."""
    return Entry(at(minute) + 2_000_000, event_id, kind, at(minute), payload, reason, event_id.rpartition(":")[0])


STEP = st.tuples(st.sampled_from(["send", "answer", "open", "resolve", "notify"]), st.integers(0, 30))


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=120))
def test_commands_under_way_are_those_sent_and_not_answered(steps: list[tuple[str, int]]) -> None:
    """Whatever comes in whatever order: counts by vehicle match, and a copy tells the same."""
    book, sent, cases = DeskBook(), set(), set()
    for place, (what, number) in enumerate(steps):
        name = f"office:{number}"
        if what == "send" and name not in sent:
            sent.add(name)
            book.take(entry("send_message", place, {"vehicle_id": "V1", "text": "x", "reason": "r"}, name, "r"))
        elif what == "answer":
            sent.discard(name)
            fields = {"command_id": name, "vehicle_id": "V1", "answer": "accepted", "orders": [], "reason": ""}
            book.take(entry("command_received", place, fields))
        elif what == "open":
            cases.add(number)
            fields = {"exception_id": f"E{number}", "alert_id": "A", "rule": "r", "subject": "s", "severity": "info",
                      "owner": "o"}  # fmt: skip
            book.take(entry("exception_opened", place, fields))
        elif what == "resolve":
            cases.discard(number)
            fields = {"exception_id": f"E{number}", "by": "x", "outcome": "handled", "minutes": 1.0}
            book.take(entry("exception_resolved", place, fields))
    assert book.under_way["V1"] == len(sent)
    assert {r["id"] for r in book.parts()["pending"] if r["state"] == "sent"} == sent
    assert sum(case["state"] == "open" for case in book.parts()["exceptions"]) == len(cases)
    assert book.copy().parts() == book.parts()


def test_a_long_day_takes_no_more_room() -> None:
    """Ten thousand of everything that is over, and a thousand under way: lists keep their bounds."""
    book = DeskBook()
    for number in range(10_000):
        name = f"office:{number}"
        book.take(entry("hold_vehicle", number, {"vehicle_id": "V1", "reason": ""}, name))
        if number >= 1_000:
            fields = {"command_id": name, "vehicle_id": "V1", "answer": "accepted", "orders": [], "reason": ""}
            book.take(entry("command_received", number, fields))
        told = {"order_id": "O", "customer": "C", "milestone": "next", "channel": "sms", "eta_us": None,
                "within_us": 0, "cost_eur": 0.1, "text": "t"}  # fmt: skip
        book.take(entry("customer_notified", number, told))
    parts = book.parts()
    assert len(parts["pending"]) == MOST_OPEN + KEPT
    assert len(parts["notifications"]) == KEPT
    assert book.under_way["V1"] == 1_000
    assert parts.keys() == LISTS.keys()


def test_a_list_is_the_same_object_until_something_changes() -> None:
    """So that comparing costs nothing; what was sent stays as it was."""
    book = DeskBook()
    book.take(entry("hold_vehicle", 0, {"vehicle_id": "V1", "reason": ""}, "office:1"))
    before = book.parts()
    assert all(book.parts()[name] is part for name, part in before.items())
    book.take(entry("command_received", 1, {"command_id": "office:1", "vehicle_id": "V1", "answer": "declined",
                                            "orders": [], "reason": "full"}))  # fmt: skip
    assert before["pending"][0]["state"] == "sent"
    assert book.parts()["pending"][0]["why"] == "full"
    assert book.parts()["proofs"] is before["proofs"]


def test_hours_and_health_are_what_was_reported() -> None:
    """A shift with two trips, a break between them, and a fill-up: by hand."""
    book, index = FleetBook(), {"V1": 0}
    trip = {"vehicle_id": "V1", "fuel_ml": 500.0, "energy_wh": 0.0}
    for kind, minute, fields in (
        ("shift_started", 0, {"until_us": at(480)}),
        ("arrived", 30, trip | {"driving_s": 1200.0, "odometer_m": 15_000.0}),
        ("break_taken", 40, {"until_us": at(70)}),
        ("arrived", 100, trip | {"driving_s": 600.0, "odometer_m": 21_000.0}),
        ("refuelled", 110, {}),
        ("arrived", 120, trip | {"driving_s": 300.0, "odometer_m": 24_000.0}),
        ("breakdown_started", 130, {}),
    ):
        book.take(entry(kind, minute, fields | {"vehicle_id": "V1"}), index)
    planned = [[(at(40), at(70)), (at(200), at(230))], []]
    parts = book.parts(2, T0_US, at(130), planned)
    shown = {name: values[0].item() for name, values in parts.items()}
    assert (shown["hours.driven_s"], shown["hours.since_break_s"], shown["hours.rested_s"]) == (2100, 900, 1800)
    assert (shown["hours.began_s"], shown["hours.until_s"], shown["hours.next_break_s"]) == (0, 28_800, 12_000)
    assert (shown["health.odometer_m"], shown["health.fuel_ml"], shown["health.breakdowns"]) == (24_000, 500, 1)
    assert np.isnan(parts["hours.began_s"][1])
    assert (shown["hours.left_s"], shown["hours.wheel_left_s"]) == (350 * 60, 11 * 3600 - 2100)
    again = book.copy().parts(2, T0_US, at(130), planned)
    assert all(np.array_equal(again[name], values, equal_nan=True) for name, values in parts.items())


@given(st.lists(st.floats(0, 1e5) | st.just(float("nan")), max_size=40))
def test_every_known_age_is_in_one_bin(ages: list[float]) -> None:
    """Bins add up to the vehicles heard of, each age in the one it belongs to."""
    parts = Inbox().parts(None, None, np.array(ages, np.float64))
    known = [age for age in ages if age == age]
    bins = parts["age.vehicles"]
    assert bins.sum() == len(known)
    assert bins[0] == sum(age <= AGE_BINS_S[0] for age in known)
    assert bins[-1] == sum(age > AGE_BINS_S[-1] for age in known)
    if known:
        assert parts["engineer"]["age_s"]["max"] == pytest.approx(max(known), abs=0.051)


def test_dead_letters_stand_with_their_reasons() -> None:
    """A refused message is counted and listed, a duplicate counted, neither believed."""
    inbox = Inbox()
    inbox.take(entry("arrived", 0, {}, reason="dead_letter: arrived.at: Field required"))
    inbox.take(entry("arrived", 1, {}, reason="duplicate"))
    inbox.take(entry("plant_failed", 2, {"component": "platform", "cause": "x"}))
    shown = inbox.parts(None, None, np.empty(0))["engineer"]
    assert (shown["dead_letters"], shown["duplicates"], shown["messages"]) == (1, 1, 3)
    assert shown["letters"][0][1:4] == ["V1", "arrived", "arrived.at: Field required"]
    assert shown["down"] == {"platform": at(2)}


def test_the_coverage_raster_keeps_the_best_level_of_the_cells_it_merges() -> None:
    """A large raster is made coarser; nothing that has signal loses it."""
    raster = np.zeros((600, 300), np.uint16)
    raster[599, 0] = 3  # 5G of the first carrier, in the north-west corner
    parts = coverage_parts(CoverageMap(("a", "b"), raster, -5_000, 7_000, 10_000))
    lies = parts["coverage"]
    assert (lies["nx"], lies["ny"], lies["cell_m"]) == (100, 200, 30.0)
    levels = parts["coverage.a"].reshape(lies["ny"], lies["nx"])
    assert (levels[199, 0], levels.sum()) == (3, 3)
    assert not parts["coverage.b"].any()
    assert coverage_parts(None) == {"coverage": None}


def test_geofences_are_drawn_where_rules_watch() -> None:
    """A circle of its own, a polygon, and a circle round each depot; other rules have no zone."""
    depots = {"main": Place("main", 50.0, 8.0)}
    alerts = {
        "yard": {"rule": "geofence_left", "set": {"zone": [50.0, 8.0, 300.0]}},
        "area": {"rule": "geofence_entered", "set": {"zone": [50.0, 8.0, 50.01, 8.0, 50.0, 8.01]}},
        "geofence_entered": {"rule": None, "set": {}},
        "long_stop": {"rule": None, "set": {}},
    }
    found = geofence_parts(alerts, depots, Projection(50.0, 8.0))
    assert [(f["alert"], f["kind"], f["radius_m"]) for f in found] == [
        ("yard", "circle", 300.0), ("area", "polygon", None), ("geofence_entered", "circle", 150.0),
    ]  # fmt: skip
    assert len(found[1]["x"]) == 3


def test_the_supply_of_a_device_is_not_known_until_it_was_heard() -> None:
    """Not known is no voltage: a flat line at nought would be a fault that nobody reported."""
    day = SimulatedDay(Session(tiny()))
    assert np.isnan(day.parts()["health.supply_v"]).all()
    day.advance(day.start_us + 4 * HOUR)
    assert (day.parts()["health.supply_v"] > 10).all()


def test_touched_orders_are_forgotten_once_looked_at() -> None:
    """What a picture remembers for the screen does not grow with the day."""
    picture = Picture(Belief())
    for number in range(10):
        picture.hear("customer_called", at(number), {"order_id": "O1"}, at(number))
    assert picture.touched == {"O1"}


def test_what_waits_in_devices_adds_up_and_rates_count_only_what_came() -> None:
    """Half the land is dark: messages that wait by vehicle are those the courier counts, samples those not received."""
    carriers = {"one": {"terrain": {"dark_share": 0.5}}}
    day = SimulatedDay(Session(tiny(radio={"carriers": carriers})))
    telematics, waited = day.session.world.telematics, 0
    assert telematics is not None
    for _ in range(20):
        day.advance(day.now_us + 20 * 60_000_000)
        parts = day.parts()
        tally = parts["truth.courier"]["to_office"]
        assert parts["truth.backlog.messages"].sum() == tally["waiting"] + tally["in_transit"]
        samples = telematics.lane.counts()
        assert parts["truth.backlog.samples"].sum() == samples["open"]
        assert telematics.received == samples["taken"] - samples["open"]
        waited += samples["open"]
        levels = parts["truth.coverage.one"]
        assert len(levels) == parts["truth.coverage"]["nx"] * parts["truth.coverage"]["ny"]
    assert waited > 0
    assert telematics.received > 0
