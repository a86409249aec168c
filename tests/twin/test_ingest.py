"""Every message is taken once; what cannot be used is kept with its reason."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.ingest import Ingest, Message

GOOD = Message("dev-V1:0", "breakdown_ended", 5, "V1", "dev-V1", {"vehicle_id": "V1"})


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "a:b"]), st.integers(0, 12)), max_size=60))
def test_each_message_is_taken_the_first_time_and_only_then(arrivals: list[tuple[str, int]]) -> None:
    """In any order, with any gaps and repetitions, against a plain set."""
    ingest, seen = Ingest(), set()
    for source, number in arrivals:
        verdict = ingest.judge(replace(GOOD, event_id=f"{source}:{number}"))
        assert verdict == ("duplicate" if (source, number) in seen else "")
        seen.add((source, number))


def test_memory_is_a_set_of_what_is_ahead_of_a_gap() -> None:
    """A hundred thousand messages without a gap leave one number behind."""
    ingest = Ingest()
    verdicts = Counter(ingest.judge(replace(GOOD, event_id=f"s:{n}")) for n in [*range(2000, 0, -1), 0])
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
        ({"payload": None}, "breakdown_ended"),
        ({"payload": [1]}, "breakdown_ended"),
        ({"schema_version": 2}, "newer"),
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
    verdict = ingest.judge(replace(GOOD, **change))
    assert verdict.startswith("dead_letter: ")
    assert named in verdict
    assert ingest.judge(GOOD) == ""
