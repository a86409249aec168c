"""Without a connection: who has an offline mode carries on, others wait to be shown the next stop."""

import json
from dataclasses import replace
from typing import Any

import pytest

from engine.clock import MINUTE, SECOND
from scenarios.run import Session
from tests.tiny import tiny

TINY = tiny(orders={"generate": {"arriving_per_day": 0}})
NOON_US = TINY.local.at(TINY.local.day(TINY.start_us), 12 * 3600)
HALF_PAST_US = NOON_US + 30 * MINUTE


def day(wait_at_most_us: int, why: str) -> list[dict[str, Any]]:
    """Truth of a day on which nobody reaches the platform from noon to half past."""
    session = Session(TINY)

    def out() -> bool:
        return NOON_US <= session.world.now < HALF_PAST_US

    for driver in session.built.drivers.values():
        driver.rules = replace(driver.rules, wait_at_most_us=wait_at_most_us)
        if why == "platform":
            driver.tablet.reachable = lambda: not out()
        else:
            driver.tablet.cut_off_by = lambda: why if out() else ""
        assert driver.tablet.connected()
    rows = session.run().truth.to_pylist()
    for row in rows:
        row["at_us"] = round(row["occurred_at"].timestamp() * SECOND)
        row["payload"] = json.loads(row["payload"])
    return rows


def waits(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row["payload"] for row in rows if row["kind"] == "waited_for_connection"]


def set_off(rows: list[dict[str, Any]], from_us: int, until_us: int) -> int:
    """Trips to customers begun in a time."""
    trips = [r for r in rows if r["kind"] == "departed" and r["payload"]["purpose"] == "task"]
    return sum(from_us <= row["at_us"] < until_us for row in trips)


@pytest.fixture(scope="module")
def usual() -> list[dict[str, Any]]:
    """With an offline mode."""
    return day(0, "platform")


def test_with_an_offline_mode_nobody_waits(usual: list[dict[str, Any]]) -> None:
    """The day has trips that would have to."""
    assert waits(usual) == []
    assert set_off(usual, NOON_US, HALF_PAST_US) >= 3


@pytest.mark.parametrize("why", ["platform", "dead_zone", "network"])
def test_without_one_drivers_wait_until_the_platform_is_back(why: str, usual: list[dict[str, Any]]) -> None:
    """Nobody sets out meanwhile; who waited looks every 15 s, so goes on at most that much later."""
    rows = day(60 * MINUTE, why)
    assert set_off(rows, NOON_US, HALF_PAST_US) == 0
    waited = waits(rows)
    assert {wait["why"] for wait in waited} == {why}
    ended = [row["at_us"] for row in rows if row["kind"] == "waited_for_connection"]
    assert all(HALF_PAST_US <= at_us < HALF_PAST_US + 15 * SECOND for at_us in ended)
    assert all(0 < wait["waited_s"] < 1815 for wait in waited)
    assert sum(r["kind"] == "order_delivered" for r in rows) == sum(r["kind"] == "order_delivered" for r in usual)


def test_patience_ends_and_the_driver_goes_anyway() -> None:
    """After ten minutes at a stop, for that stop only."""
    rows = day(10 * MINUTE, "platform")
    assert len(waits(rows)) >= 2
    assert max(wait["waited_s"] for wait in waits(rows)) == 600
    assert all(wait["waited_s"] <= 600 for wait in waits(rows))
    assert set_off(rows, NOON_US, HALF_PAST_US) >= 1
