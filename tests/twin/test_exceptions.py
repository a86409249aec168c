"""Exceptions: the state machine and the queue, over any order of what people do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.exceptions import SEVERITIES, Case, ExceptionQueue

ACTS = ("acknowledge", "assign", "resolve", "clear", "escalate", "note")
ALLOWED = {
    "open": {"acknowledge", "resolve", "clear", "escalate", "note"},
    "acknowledged": {"assign", "resolve", "clear", "note"},
    "assigned": {"assign", "resolve", "note"},
    "resolved": {"note"},
}


def act(case: Case, what: str, now_us: int) -> Case:
    return {
        "acknowledge": lambda: case.acknowledge("ann", now_us),
        "assign": lambda: case.assign("bob"),
        "resolve": lambda: case.resolve("bob", now_us),
        "clear": lambda: case.resolve("system", now_us, "cleared"),
        "escalate": lambda: case.escalate("supervisor", now_us),
        "note": lambda: case.note("bob", "called the driver", now_us),
    }[what]()


@given(st.lists(st.sampled_from(ACTS), max_size=12), st.sampled_from(SEVERITIES))
def test_only_allowed_steps_happen_and_history_stays(acts: list[str], severity: str) -> None:
    """Every act either is allowed in its state and keeps what was written before, or is refused and changes nothing."""
    case = Case("E1", "A1", "late_delivery", "O1", severity, "dispatcher", 0)  # type: ignore[arg-type]
    escalated = False
    for now_us, what in enumerate(acts, start=1):
        allowed = what in ALLOWED[case.state] and not (what == "escalate" and escalated)
        if not allowed:
            with pytest.raises(ValueError, match="E1"):
                act(case, what, now_us)
            continue
        before, case = case, act(case, what, now_us)
        escalated |= what == "escalate"
        assert case.notes[: len(before.notes)] == before.notes
        assert case.opened_us == 0
        for name in ("acknowledged_us", "escalated_us", "resolved_us"):
            assert getattr(before, name) in (None, getattr(case, name))
        assert SEVERITIES.index(case.severity) <= SEVERITIES.index(before.severity)
    assert (case.state == "resolved") == (case.resolved_us is not None) == (case.outcome is not None)
    assert case.age_us(100) == (100 if case.resolved_us is None else case.resolved_us)


@given(st.lists(st.tuples(st.sampled_from(SEVERITIES), st.integers(0, 5)), max_size=10))
def test_the_most_urgent_and_then_the_oldest_comes_first(opened: list[tuple]) -> None:
    """Taken one after the other; every alert is one exception."""
    queue = ExceptionQueue()
    for number, (severity, at_us) in enumerate(sorted(opened, key=lambda one: one[1])):
        assert queue.open(f"A{number}", "r", "V1", severity, "dispatcher", at_us) is not None
        assert queue.open(f"A{number}", "r", "V1", severity, "dispatcher", at_us) is None
    listed, taken = [case.exception_id for case in queue], []
    while (case := queue.next_open()) is not None:
        taken.append(case)
        queue.put(case.acknowledge("ann", 9))
        queue.put(queue.of_alert(case.alert_id).assign("ann"))  # type: ignore[union-attr]
        queue.put(queue.get(case.exception_id).resolve("ann", 10))  # type: ignore[union-attr]
    assert [case.exception_id for case in taken] == listed
    assert [(SEVERITIES.index(c.severity), c.opened_us) for c in taken] == sorted(
        (SEVERITIES.index(severity), at_us) for severity, at_us in opened
    )
    assert len(queue) == 0


def test_escalation_makes_it_more_urgent_for_another_role() -> None:
    """Info becomes a warning for the supervisor; critical stays critical."""
    info, critical = (Case("E1", "A1", "r", "V1", s, "dispatcher", 0) for s in ("info", "critical"))  # type: ignore[arg-type]
    assert (info.escalate("supervisor", 5).severity, info.escalate("supervisor", 5).owner) == ("warning", "supervisor")
    assert critical.escalate("supervisor", 5).severity == "critical"
