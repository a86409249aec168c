"""Dispatchers who take customers' calls: a ringing phone comes first, and there are only so many of them."""

import math

import numpy as np
import pytest

from agents.callers import Callers
from agents.control_room import ControlRoom
from engine.clock import MINUTE, SECOND
from scenarios.problems import BadInput
from scenarios.results import Run
from scenarios.run import run
from tests.agents.test_control_room import NOON_US, Office, room
from tests.agents.test_control_room import run as run_minutes
from tests.agents.test_control_room_queue import erlang_c
from tests.tiny import tiny

Heard = list[tuple[str, float, float | None]]
"""Who, at which minute the call was over or given up, and how long it lasted in seconds."""


def ring_at(made: ControlRoom, callers: Callers, heard: Heard, minute: float, who: str) -> None:
    """A customer calls at a minute past noon."""
    world = made.world

    def over(call_s: float | None) -> None:
        heard.append((who, (world.now - NOON_US) / MINUTE, call_s))

    world.at(NOON_US + round(minute * MINUTE), lambda: callers.ring(who, over))


def acknowledged(office: Office) -> list[int]:
    return [minute for minute, _ in office.of("exception_acknowledged")]


def test_a_call_comes_before_what_waits_and_after_what_was_begun() -> None:
    """Exceptions at minutes 1 and 2 of four minutes each; a call at 3 is taken at 5, the second exception after it."""
    made, office = room({1: ["O1"], 2: ["O2"]})
    callers, heard = made.take_calls(60.0, 600.0), Heard()
    ring_at(made, callers, heard, 3.0, "O9")
    run_minutes(office, 60)
    ((_, ended, call_s),) = heard
    assert call_s is not None
    assert ended == pytest.approx(5.0 + call_s / 60)
    assert acknowledged(office) == [1, math.floor(ended)]


def test_a_caller_gives_up_and_nobody_away_picks_up() -> None:
    """While the dispatcher is away a call rings in vain; with one who is free even the impatient are heard."""
    made, office = room({})
    callers, heard = made.take_calls(60.0, 120.0), Heard()
    made.attend(1)
    ring_at(made, callers, heard, 3.0, "O1")
    made.world.at(NOON_US + 10 * MINUTE, lambda: made.attend(0))
    run_minutes(office, 20)
    assert heard == [("O1", 5.0, None)]
    callers.patience_us = 0
    for minute, who in ((21.0, "O2"), (21.0, "O3")):
        ring_at(made, callers, heard, minute, who)
    run_minutes(office, 60)
    assert [(who, call_s is None) for who, _, call_s in heard[1:]] == [("O3", True), ("O2", False)]


@pytest.mark.parametrize(("dispatchers", "load"), [(1, 0.6), (3, 0.7)])
def test_who_calls_waits_as_erlang_says(dispatchers: int, load: float) -> None:
    """Random calls of three minutes on average and nothing else to do: the share that waits, and how long (M/M/c)."""
    made, office = room({}, dispatchers)
    callers, n, mean_s = made.take_calls(180.0, 1e9), 4000, 180.0
    rng, waits, at_us = np.random.default_rng(5), [], NOON_US
    for number in range(n):
        at_us += round(rng.exponential(mean_s / (dispatchers * load)) * SECOND)

        def ring(who: str = f"C{number}", since_us: int = at_us) -> None:
            callers.ring(who, lambda call_s: waits.append((made.world.now - since_us) / SECOND - (call_s or 0.0)))

        made.world.at(at_us, ring)
    made.world.env.run(at_us + 10**11)
    assert len(waits) == n
    delayed = erlang_c(dispatchers, dispatchers * load)
    assert np.mean(np.array(waits) > 1e-3) == pytest.approx(delayed, abs=0.06)
    assert np.mean(waits) == pytest.approx(delayed * mean_s / (dispatchers * (1 - load)), rel=0.25)
    assert office.acts == []


ALERTS = {
    "late": {"rule": "late_delivery_predicted", "set": {"margin_s": 0.0}},
    "stop": {"rule": "long_stop", "set": {"after_s": 300.0, "explained_after_s": 300.0}},
}
WINDOWS = {"all_day": 0.0, "half_day": 0.5, "two_hours": 0.5}


def waited_min(day: Run) -> float:
    """How long all exceptions together waited for somebody, up to when they were taken on."""
    at = {
        kind: {row["subject"]: row["occurred_at"] for row in day.truth.to_pylist() if row["kind"] == kind}
        for kind in ("exception_opened", "exception_acknowledged")
    }
    opened, taken = at.values()
    return sum((taken[case] - opened[case]).total_seconds() for case in taken) / 60


def test_customers_who_ask_take_dispatchers_time() -> None:
    """The same day, calls taken by others and by the one dispatcher: exceptions wait longer."""
    days = {}
    for who in ("phone", "dispatchers"):
        told = {"call_share": 1.0, "call_after_minutes": 0.0, "answered_by": who}
        office = {"dispatchers": 1, "notifications": told, "phone": {"call_s_mean": 600.0, "patience_s": 7200.0}}
        orders = {"generate": {"known_per_day": 40, "windows": WINDOWS}}
        days[who] = run(tiny(head_office=office, alerts=ALERTS, orders=orders))
        assert days[who].kpis["call_h"]["value"] > 1
    assert waited_min(days["dispatchers"]) > waited_min(days["phone"]) + 5


def test_who_is_not_there_cannot_be_asked_to_answer() -> None:
    """Without alerts or dispatchers nobody would pick up."""
    told = {"notifications": {"answered_by": "dispatchers"}}
    for sections in ({"head_office": told}, {"head_office": told | {"dispatchers": 0}, "alerts": ALERTS}):
        with pytest.raises(BadInput, match=r"head_office.notifications.answered_by: 'dispatchers': expected phone"):
            tiny(**sections)
