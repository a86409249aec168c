"""How one order flows: from the customer's wish to the proof of delivery, in truth and as head office heard it."""

import json
from datetime import timedelta
from typing import Any

from scenarios import run
from tests.tiny import tiny

LATENCY = timedelta(seconds=30)
STORY = {
    "fleet": {"vans": {"count": 1}, "e-vans": {"count": 0}},
    "orders": {
        "generate": {
            "known_per_day": 1,
            "arriving_per_day": 0.0,
            "windows": {"all_day": 1.0, "half_day": 0.0, "two_hours": 0.0, "one_hour": 0.0},
            "pickup_share": 0.0,
        }
    },
    "customers": {
        "not_home_share": 0.0,
        "refused_share": 0.0,
        "damaged_share": 0.0,
        "partial_share": 0.0,
        "cancelled_share": 0.0,
    },
    "drivers": {"crew": {"rest": None, "harsh_per_100_km": 0.0}},
    "radio": {"latency_s": LATENCY.total_seconds()},
    "traffic": {"weather": "clear"},
}


def rows(table: Any) -> list[dict[str, Any]]:
    """A ledger's rows without master data, payloads read."""
    found = [row | {"payload": json.loads(row["payload"])} for row in table.to_pylist()]
    return [row for row in found if not row["kind"].endswith("_registered")]


def test_the_story_of_one_order() -> None:
    """One van, one delivery, a radio of thirty seconds: who did what, who heard of it, when, and by which way."""
    done = run(tiny(**STORY))
    truth, office = rows(done.truth), rows(done.office)

    assert [row["kind"] for row in truth] == [
        "order_placed",  # the customer, before the day
        "plan_made",  # head office
        "command_received",  # the tablet, from the depot's radio
        "shift_started",
        "inspection_done",
        "order_picked_up",
        "loading_done",  # the driver at the depot
        "departed",
        "arrived",
        "service_started",
        "order_delivered",  # on the road and at the door
        "departed",
        "arrived",
        "shift_ended",  # and home
    ]
    assert [row["kind"] for row in office] == [
        "order_placed",
        "plan_made",
        "set_route",
        "command_received",
        "shift_started",
        "inspection_done",
        "order_picked_up",
        "loading_done",
        "departed",
        "arrived",
        "service_started",
        "order_delivered",
        "departed",
        "arrived",
        "shift_ended",
    ]

    happened = {row["event_id"]: row for row in truth}
    for heard in office:
        if heard["kind"] == "set_route":  # a command: the office's own, received by nobody but the tablet
            assert heard["received_at"] is None
            assert heard["event_id"] not in happened
            assert heard["reason"].startswith("day plan by manual")
            continue
        told = happened[heard["event_id"]]  # a message keeps the id, the time and the payload of its event
        assert [told[c] for c in ("kind", "occurred_at", "payload")] == [
            heard[c] for c in ("kind", "occurred_at", "payload")
        ]
        delay = heard["received_at"] - heard["occurred_at"]
        channel, expected = {"order_placed": ("web", LATENCY), "plan_made": ("office", timedelta())}.get(
            heard["kind"], ("radio", LATENCY)
        )
        assert (heard["channel"], delay, heard["reason"]) == (channel, expected, "")

    command = next(row for row in office if row["kind"] == "set_route")
    answer = next(row for row in truth if row["kind"] == "command_received")
    assert answer["payload"]["command_id"] == command["event_id"]
    assert answer["payload"]["answer"] == "accepted"
    assert answer["occurred_at"] == command["occurred_at"] + LATENCY

    def at(kind: str, which: int = 0) -> dict[str, Any]:
        return [row for row in truth if row["kind"] == kind][which]

    order_id = at("order_placed")["subject"]
    assert [stop["order_id"] for stop in command["payload"]["stops"]] == [order_id]
    assert at("departed")["payload"]["onboard"] == [order_id]
    assert at("departed", 1)["payload"]["onboard"] == []
    assert (at("departed")["payload"]["purpose"], at("departed", 1)["payload"]["purpose"]) == ("task", "depot")
    delivered, started = at("order_delivered"), at("service_started")
    opens_us, closes_us = at("order_placed")["payload"]["delivery"]["windows_us"][0]
    assert opens_us <= delivered["payload"]["started_us"] <= closes_us
    assert delivered["payload"]["arrived_us"] <= delivered["payload"]["started_us"]
    assert (delivered["occurred_at"] - started["occurred_at"]).total_seconds() == delivered["payload"]["service_s"]
    assert done.kpis["delivered_share"]["value"] == 1.0
    first = done.trips.filter([trip == "vans-1:1" for trip in done.trips["trip_id"].to_pylist()])["t"].to_pylist()
    assert (first[0], first[-1]) == (at("departed")["occurred_at"], at("arrived")["occurred_at"])
