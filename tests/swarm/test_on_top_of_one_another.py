"""Incidents of one kind that overlap on the same devices: each ends in its turn, and afterwards the world is whole."""

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from scenarios.run import Session
from tests.swarm.whole import assert_conserved, assert_whole, rows
from tests.tiny import tiny


def overlapping(kind: str, *what: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """An hour each, half an hour after the one before."""
    times = ("08:00", "08:30", "09:00", "09:30")
    return {f"{kind}-{n}": {"kind": kind, "at": at} | one for n, (at, one) in enumerate(zip(times, what))}


def test_devices_gone_and_swapped_twice_are_all_back_in_their_places() -> None:
    """A device stolen while it is dead comes back with the later end; a ring of swaps is undone."""
    first, second, third = "vans-1", "vans-2", "e-vans-1"
    incidents = overlapping("device_gone", {"vehicle": first}, {"vehicle": first, "cause": "stolen"}) | overlapping(
        "device_swapped",
        {"vehicle": first, "other": second},
        {"vehicle": third, "other": second},
        {"vehicle": second, "other": first},
        {"vehicle": first, "other": third},
    )
    session = Session(tiny(incidents=incidents))
    run = session.run()
    assert run.truth["kind"].to_pylist().count("incident_ended") == 6
    assert_whole(session, run)
    assert_conserved(session, run)


@settings(max_examples=5, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(30, 80)), min_size=2, max_size=4))
def test_of_several_breakdowns_of_one_vehicle_none_is_lost(minutes: list[tuple[int, int]]) -> None:
    """Begun within forty minutes of a busy morning, on top of one another: it stands as long as all of them last."""
    incidents = {
        f"b{n}": {"kind": "breakdown", "vehicle": "vans-1", "at": f"09:{start:02}", "lasts_s": lasts * 60.0}
        for n, (start, lasts) in enumerate(minutes)
    }
    session = Session(
        tiny(
            incidents=incidents, fleet={"vans": {"count": 1, "breakdowns_per_1000_km": 0.0}, "e-vans": {"count": 0}},
            orders={"generate": {"known_per_day": 30, "windows": {"all_day": 1.0, "half_day": 0.0, "two_hours": 0.0}}},
        )
    )  # fmt: skip
    run = session.run()
    stood = sum(payload["minutes"] for _, _, payload in rows(run, "breakdown_started"))
    assert stood == sum(lasts for _, lasts in minutes)
    assert len(rows(run, "incident_ended")) == len(minutes)
    assert_whole(session, run)


def test_what_waits_behind_a_broken_feed_at_the_end_is_accounted_for() -> None:
    """It never came: buffered, and still one row a sample."""
    session = Session(tiny(incidents={"feed": {"kind": "feed_break", "at": "12:00", "lasts_s": 100_000.0}}))
    run = session.run()
    assert run.telemetry["fate"].to_pylist().count("buffered") > 100
    assert_conserved(session, run)
