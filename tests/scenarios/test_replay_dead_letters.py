"""Messages a vendor changed without notice are dead letters until a recorded command says how to read them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from engine.clock import HOUR, MINUTE, SECOND
from scenarios.commands import Rules
from scenarios.run import Session, run
from tests.tiny import tiny
from twin.ingest import Message, refused

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide-engineer.md"


def documented() -> dict[str, Any]:
    """The command as the guide shows it."""
    (line,) = re.findall(r"^\{.*replay_dead_letters.*\}$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    return json.loads(line)


def test_the_guides_example_takes_in_what_was_refused_once_and_in_its_place_in_time() -> None:
    """Three arrivals of another device, one sent twice, one that stays unreadable; replayed twice."""
    day, example = tiny(), documented()
    session = Session(day)
    session.advance(day.start_us + 4 * HOUR)
    office, now = session.built.office, session.world.now
    vehicle = next(iter(office.belief.vehicles))
    before = office.belief.vehicles[vehicle]
    arrived = {
        "vehicle_id": vehicle, "driver_id": "D", "trip_id": "t", "at": "x", "purpose": "task", "latitude": 1.0,
        "longitude": 2.0, "distance_m": 1.0, "driving_s": 1.0, "fuel_ml": 0.0, "energy_wh": 0.0, "odometer_m": 1.0,
        "empty": False,
    }  # fmt: skip
    payloads = [arrived, arrived, arrived | {"altitude": 3.0}]
    messages = [
        Message(f"vendor:{n}", "arrived", now - HOUR + n * SECOND, vehicle, "vendor", payload, schema_version=2)
        for n, payload in enumerate(payloads)
    ]
    for message in [*messages, messages[0]]:
        office.receive(message, now)
    assert office.belief.vehicles[vehicle] == before
    for minute in (1, 2):
        session.post(example["kind"], example["payload"], example["by"])
        session.advance(now + minute * MINUTE)
    rows = [row for row in session.world.office_ledger.table().to_pylist() if row["source"] == "vendor"]
    assert [row["channel"] for row in rows] == ["radio"] * 4 + ["replay"] * 4
    assert all(
        row["reason"] == "dead_letter: arrived version 2 is newer than this office, which knows 1" for row in rows[:4]
    )
    assert [row["reason"].partition(":")[0] for row in rows[4:]] == ["", "", "dead_letter", "dead_letter"]
    assert [row["event_id"] for row in rows[4:]] == ["vendor:0", "vendor:1", "vendor:2", "vendor:2"]
    assert json.loads(rows[4]["payload"])["lat"] == 1.0
    after = office.belief.vehicles[vehicle]
    assert after.heard_us >= before.heard_us, "an arrival of an hour ago set the vehicle back"
    assert after.place is None or after.place.lat != 1.0
    session.built.population.close()


def test_what_two_changes_befell_is_read_once_both_are_understood() -> None:
    """Two vendors' changes overlap, and end in the order they began or in the other; nothing stays unread."""
    for ends in (("10:00", "11:00"), ("11:00", "10:00")):
        lasts_s = [3600.0 * (int(end[:2]) - begin) for end, begin in zip(ends, (8, 9))]
        what = {"kind": "schema_change", "kinds": ["arrived"]}
        changes = {
            "first": what | {"at": "08:00", "lasts_s": lasts_s[0], "renamed": {"vehicle_id": "unit"}},
            "second": what | {"at": "09:00", "lasts_s": lasts_s[1], "renamed": {"lat": "latitude"}},
        }
        rows = run(tiny(incidents=changes, orders={"generate": {"known_per_day": 30}})).office.to_pylist()
        refusals = [row for row in rows if row["reason"].startswith("dead_letter") and row["channel"] != "replay"]
        dead = {row["event_id"]: row["payload"] for row in refusals}
        assert any("unit" in text and "latitude" in text for text in dead.values()), "no arrival met both"
        taken = {row["event_id"] for row in rows if row["channel"] == "replay" and not refused(row["reason"])}
        assert taken == dead.keys()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "arived"}, "no kind of event 'arived'; did you mean 'arrived'?"),
        ({"kind": "set_route"}, "no kind of event 'set_route'"),
        ({"rename": {"latitude": "latt"}}, "rename.latitude: arrived has no field 'latt'; did you mean 'lat'?"),
        ({"rename": {"latitude": 1}}, "replay_dead_letters.rename.latitude"),
    ],
)
def test_what_cannot_be_replayed_is_refused_before_it_is_recorded(change: dict[str, Any], problem: str) -> None:
    """One line that says what was expected."""
    day = tiny()
    session = Session(day)
    rules = Rules(day, session.ground)
    with pytest.raises(ValueError, match=re.escape(problem)):
        rules.check(day.start_us, "replay_dead_letters", documented()["payload"] | change)
    session.built.population.close()
