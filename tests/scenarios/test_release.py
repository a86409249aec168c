"""A day's routes released by phone and by broadcast, over whole runs."""

import json
from itertools import pairwise
from typing import Any

import pytest

from scenarios.results import Run
from scenarios.run import run
from tests.tiny import tiny

PHONE: dict[str, Any] = {"lines": 1, "call_s_mean": 7200.0}
"""Longer than drivers would have waited for the time to leave anyway."""


def released(release: str, **more: Any) -> Run:
    """The tiny day, planned at the start of the shifts."""
    return run(tiny(dispatch={"release": release, "plan": {"at": "07:00"}}, head_office={"phone": PHONE}, **more))


@pytest.fixture(scope="module")
def by_phone() -> Run:
    return released("phone")


@pytest.fixture(scope="module")
def broadcast() -> Run:
    return released("broadcast")


def rows(day: Run, kind: str) -> list[tuple[int, dict[str, Any]]]:
    """Time (us) and payload of every true event of a kind."""
    columns = (day.truth[name].to_pylist() for name in ("kind", "occurred_at", "payload"))
    return [(round(when.timestamp() * 1e6), json.loads(text)) for k, when, text in zip(*columns) if k == kind]


def first_departures(day: Run) -> dict[str, int]:
    """When each driver first set out (us)."""
    return {payload["driver_id"]: when for when, payload in reversed(rows(day, "departed"))}


def test_nobody_sets_out_before_being_told(by_phone: Run) -> None:
    """Each route is answered as its call ends, and no trip to a customer begins before; one call at a time."""
    calls = {payload["who"]: when for when, payload in rows(by_phone, "phone_call_ended")}
    assert len(calls) > 1
    assert {payload["purpose"] for _, payload in rows(by_phone, "phone_call_ended")} == {"route"}
    answers = {when for when, _ in rows(by_phone, "command_received")}
    assert set(calls.values()) <= answers
    drivers = {payload["driver_id"] for _, payload in rows(by_phone, "departed")}
    assert set(calls) <= drivers
    for when, payload in rows(by_phone, "departed"):
        assert when >= calls.get(payload["driver_id"], 0)
    ended = sorted((when, payload["call_s"]) for when, payload in rows(by_phone, "phone_call_ended"))
    for (one, _), (other, call_s) in pairwise(ended):
        assert other - one == pytest.approx(call_s * 1e6, abs=1)


def test_the_same_plan_whichever_way_it_is_told(by_phone: Run, broadcast: Run) -> None:
    """It is made before; what differs is when drivers have it."""
    assert rows(by_phone, "plan_made") == rows(broadcast, "plan_made")
    assert rows(broadcast, "phone_call_ended") == []
    at_once, late = (first_departures(day) for day in (broadcast, by_phone))
    assert all(late[driver] >= at_once[driver] for driver in late)
    assert late != at_once
    assert by_phone.kpis["idle_while_waiting_share"]["value"] > broadcast.kpis["idle_while_waiting_share"]["value"]


def test_time_on_the_phone_is_the_calls_added_up(by_phone: Run, broadcast: Run) -> None:
    spoken_s = sum(payload["call_s"] for _, payload in rows(by_phone, "phone_call_ended"))
    assert by_phone.kpis["dispatcher_phone_h"]["value"] == pytest.approx(spoken_s / 3600)
    assert broadcast.kpis["dispatcher_phone_h"]["value"] == 0.0


def test_broadcast_is_what_happens_unless_asked_otherwise(broadcast: Run) -> None:
    """Byte for byte."""
    plain = run(tiny(dispatch={"plan": {"at": "07:00"}}, head_office={"phone": PHONE}))
    assert plain.truth.equals(broadcast.truth)
    assert plain.office.equals(broadcast.office)


def test_orders_that_come_while_drivers_are_called_end_once() -> None:
    """They build on routes not told yet; all of them end, none twice."""
    many = {"generate": {"arriving_per_day": 30, "arrival_weights": [0.0] * 7 + [1.0] + [0.0] * 16}}
    day = released("phone", orders=many)
    ends = [p["order_id"] for kind in ("order_delivered", "order_failed", "order_left_out", "order_cancelled")
            for _, p in rows(day, kind)]  # fmt: skip
    placed = [p["order_id"] for _, p in rows(day, "order_placed")]
    assert sorted(ends) == sorted(placed)
