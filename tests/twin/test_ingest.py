"""Every message is taken once; what cannot be used is kept with its reason, and can be replayed."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.clocks import OLDEST_US, TOLERANCE_US
from twin.ingest import Ingest, Message, Verdict, refused, repaired

HOUR = 3_600_000_000
NOON = 20_000 * 24 * HOUR
GOOD = Message("dev-V1:0", "breakdown_ended", NOON, "V1", "dev-V1", {"vehicle_id": "V1"})


def judge(ingest: Ingest, received_us: int = NOON + 5, **change: Any) -> Verdict:
    """A verdict on the good message with something changed."""
    return ingest.judge(GOOD._replace(**change), received_us)


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a:b"]), st.integers(0, 12)), max_size=60))
def test_each_message_is_taken_the_first_time_and_only_then(arrivals: list[tuple[str, int]]) -> None:
    """In any order, with any gaps and repetitions, against a plain set."""
    ingest, seen = Ingest(), set()
    for source, number in arrivals:
        verdict = judge(ingest, event_id=f"{source}:{number}")
        assert verdict.reason == ("duplicate" if (source, number) in seen else "")
        assert verdict.refused == ((source, number) in seen)
        seen.add((source, number))


def test_memory_is_a_set_of_what_is_ahead_of_a_gap() -> None:
    """A hundred thousand messages without a gap leave one number behind."""
    ingest = Ingest()
    verdicts = Counter(judge(ingest, event_id=f"s:{n}").reason for n in [*range(2000, 0, -1), 0])
    assert verdicts == {"": 2001}
    assert not any(ingest._ahead.values())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "broke_down"}, "unknown kind"),
        ({"kind": "set_route"}, "is a command"),
        ({"payload": {}}, "vehicle_id"),
        ({"payload": {"vehicle_id": 7}}, "vehicle_id"),
        ({"payload": {"vehicle_id": "V1", "extra": 1}}, "extra"),
        ({"payload": {"vehicleId": "V1"}}, "vehicle_id: Field required"),
        ({"payload": None}, "breakdown_ended"),
        ({"payload": [1]}, "breakdown_ended"),
        ({"schema_version": 2}, "version 2 is newer than this office, which knows 1"),
        ({"schema_version": 2, "payload": {"new": 1}}, "version 2 is newer"),
        ({"event_id": "dev-V1"}, "event id"),
        ({"event_id": "dev-V1:-1"}, "event id"),
        ({"event_id": "dev-V1:²"}, "event id"),
        ({"event_id": "dev-V1:" + "9" * 5000}, "event id"),
        ({"event_id": ""}, "event id"),
        ({"kind": "breakdown_started", "payload": {"vehicle_id": "V1", "minutes": float("nan")}}, "finite"),
        ({"kind": "breakdown_started", "payload": {"vehicle_id": "V1", "minutes": "3"}}, "number"),
    ],
)
def test_what_cannot_be_used_says_why(change: dict, named: str) -> None:
    """And does not use up its number: the right message is still taken."""
    ingest = Ingest()
    verdict = judge(ingest, **change)
    assert verdict.reason.startswith("dead_letter: ")
    assert verdict.refused
    assert named in verdict.reason
    assert judge(ingest).reason == ""


def test_dead_letters_are_taken_once_they_can_be_read_and_then_no_more() -> None:
    """A field renamed by the vendor, a version nobody told of; sent twice as well; then replayed twice."""
    ingest = Ingest()
    for number in range(3):
        sent = {"schema_version": 2, "payload": {"vehicleId": f"V{number}"}, "event_id": f"dev:{number}"}
        assert judge(ingest, **sent).refused
        assert judge(ingest, **sent).refused
    assert judge(ingest, kind="broke_down", event_id="dev:9").refused
    letters = ingest.dead_letters("breakdown_ended")
    assert [letter.event_id for letter in letters] == ["dev:0", "dev:1", "dev:2"]
    assert ingest.judge(repaired(letters[0], {"vehicle": "vehicle_id"}), NOON).refused, "still not readable"
    again = [repaired(letter, {"vehicleId": "vehicle_id"}) for letter in letters]
    assert [(m.payload, m.schema_version, m.channel) for m in again[:1]] == [({"vehicle_id": "V0"}, 1, "replay")]
    assert [ingest.judge(message, NOON).reason for message in again] == ["", "", ""]
    assert ingest.dead_letters("breakdown_ended") == []
    assert [ingest.judge(message, NOON).reason for message in again] == ["duplicate"] * 3
    assert list(ingest.dead) == ["dev:9"]


@pytest.mark.parametrize(
    ("claimed_us", "reason"),
    [
        (NOON, ""),
        (NOON + TOLERANCE_US, ""),
        (NOON - OLDEST_US, ""),
        (NOON + HOUR // 2 + 60_000_000, "clock: claimed 00:31:00 ahead"),
        (NOON + 49 * HOUR, "clock: claimed 2 days 01:00:00 ahead"),
        (0, "clock: claimed 20000 days 00:00:00 ago"),
    ],
)
def test_a_time_that_cannot_be_is_replaced_by_that_of_reception(claimed_us: int, reason: str) -> None:
    """The message is believed, its clock is not; nothing is believed to have happened after it was heard."""
    verdict = judge(Ingest(), NOON, occurred_us=claimed_us)
    assert verdict.reason == reason
    assert not verdict.refused
    assert not refused(reason)
    assert verdict.occurred_us == (NOON if reason else min(claimed_us, NOON))


def test_a_clock_set_back_is_seen_by_the_count() -> None:
    """A later number claims an earlier time; what was held up by a dead zone has the lower number, and is believed."""
    ingest = Ingest()
    assert judge(ingest, NOON, event_id="s:1").reason == ""
    assert judge(ingest, NOON + HOUR, event_id="s:0", occurred_us=NOON - HOUR) == ("", NOON - HOUR)
    back = judge(ingest, NOON + HOUR, event_id="s:2", occurred_us=NOON - 3 * HOUR)
    assert back == ("clock: claimed 03:00:00 before the message before it", NOON + HOUR)
    assert judge(ingest, NOON + HOUR, event_id="other:2", occurred_us=NOON - 3 * HOUR).reason == ""


def test_clocks_may_wander_by_some_seconds() -> None:
    """Set right between two messages: as much as a good clock drifts is no fault, and the time is believed."""
    for back_us, reason in ((TOLERANCE_US, ""), (TOLERANCE_US + 1_000_000, "clock: claimed 00:00:06 before")):
        ingest = Ingest()
        judge(ingest, NOON, event_id="s:0", occurred_us=NOON - HOUR)
        verdict = judge(ingest, NOON, event_id="s:1", occurred_us=NOON - HOUR - back_us)
        assert verdict.reason.startswith(reason)
        assert verdict.occurred_us == (NOON if reason else NOON - HOUR - back_us)
