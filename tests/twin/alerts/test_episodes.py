"""Episodes: raised once, cleared once, no flapping."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from twin.alerts import ALERTS, Alert, Episodes, Watch

RULE = ALERTS["idling"]
MINUTE_US = 60_000_000
WATCH = Watch("idle", "idling", RULE, RULE.configured({}), "fleet-manager", clear_after_us=5 * MINUTE_US)


def run(pattern: list[bool], late: bool = False) -> list[tuple[int, str]]:
    """Minutes at which an alert was raised or cleared, for a condition that holds at some minutes."""
    episodes, log = Episodes(), []
    for minute, holds in enumerate(pattern):
        alerts = [Alert("V1", 0, "", late=late)] if holds else []
        raised, cleared = episodes.step(minute * MINUTE_US, [(WATCH, alerts)])
        log += [(minute, "raised") for _ in raised] + [(minute, "cleared") for _ in cleared]
    return log


def test_a_flicker_is_one_episode() -> None:
    """On and off every minute, then gone: raised once, cleared five minutes after it was last seen."""
    assert run([True, False] * 5 + [False] * 8) == [(0, "raised"), (13, "cleared")]


def test_what_comes_back_after_it_cleared_is_another() -> None:
    """Ten minutes apart."""
    assert run([True] + [False] * 9 + [True]) == [(0, "raised"), (5, "cleared"), (10, "raised")]


def test_a_reconnect_storm_of_old_findings_is_one_late_alert() -> None:
    """Twenty minutes of a buffer being flushed; what is the case now is an episode of its own."""
    assert run([True] * 20, late=True) == [(0, "raised")]
    episodes = Episodes()
    old, now = Alert("V1", 0, "", late=True), Alert("V1", 0, "")
    raised, _ = episodes.step(0, [(WATCH, [old, old, now, now])])
    assert [(e.alert_id, e.alert.late) for e in raised] == [("A1", True), ("A2", False)]
    assert [e.alert_id for e in episodes.open] == ["A1", "A2"]


@given(st.lists(st.booleans(), max_size=60))
def test_raised_and_cleared_take_turns(pattern: list[bool]) -> None:
    """Never two of a kind in a row, and never raised within the time to clear after the one before."""
    log = run(pattern)
    assert all(a[1] != b[1] for a, b in pairwise(log))
    raised = [minute for minute, what in log if what == "raised"]
    assert all(b - a > 5 for a, b in pairwise(raised))
    assert bool(log) == any(pattern)
