"""A driver for whom every way is closed stands and tries again; nothing is told of a trip that cannot be made."""

import json
from typing import Any

from scenarios.run import run
from tests.tiny import tiny

HOUR_US = 3_600_000_000


def told(kind: str, incidents: dict[str, Any]) -> list[dict[str, Any]]:
    """Payloads of one kind in truth, with the time they happened at."""
    done = run(tiny(incidents=incidents))
    rows = done.truth.select(["kind", "occurred_at", "payload"]).to_pylist()
    return [json.loads(row["payload"]) | {"at_us": row["occurred_at"]} for row in rows if row["kind"] == kind]


def test_who_is_closed_in_neither_departs_nor_arrives() -> None:
    """All roads of the region are closed from half past eight to eleven: there is a block to be met at once, and then
    nothing until somebody can drive again; nobody is expected anywhere days later."""
    shut = {"kind": "road_closure", "near_depot": "main", "radius_m": 30_000.0, "at": "08:30", "lasts_s": 9_000.0}
    departures = told("departed", {"shut": shut})
    for departed in departures:
        assert departed["due_us"] - departed["at_us"].timestamp() * 1e6 < HOUR_US, departed
    arrivals = [row for row in told("arrived", {"shut": shut}) if 8.6 < hours(row["at_us"]) < 11]
    assert arrivals, "nobody was on the road"
    assert {row["purpose"] for row in arrivals} == {"block"}
    free = [row for row in told("arrived", {}) if 8.6 < hours(row["at_us"]) < 11]
    assert "block" not in {row["purpose"] for row in free}


def hours(moment: Any) -> float:
    """Of the day, in the scenario's local time (UTC in March)."""
    return moment.hour + moment.minute / 60 + moment.second / 3600
