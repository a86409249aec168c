"""Exceptions: alerts that somebody has to deal with. A pure state machine, and the queue of those under way.

open -> acknowledged -> assigned -> resolved; an alert that clears resolves what nobody has taken on yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from twin.orders import natural_key
from twin.payloads_alerts import Severity

State = Literal["open", "acknowledged", "assigned", "resolved"]
Outcome = Literal["handled", "cleared"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
"""The most urgent first."""


class Note(NamedTuple):
    at_us: int
    by: str
    text: str


@dataclass(frozen=True)
class Case:
    """One exception; times in microseconds, None: not yet."""

    exception_id: str
    alert_id: str
    rule: str
    subject: str
    severity: Severity
    owner: str  # the role that answers for it
    opened_us: int
    state: State = "open"
    acknowledged_us: int | None = None
    acknowledged_by: str = ""
    assigned_to: str = ""
    escalated_us: int | None = None
    resolved_us: int | None = None
    resolved_by: str = ""
    outcome: Outcome | None = None
    notes: tuple[Note, ...] = ()

    def age_us(self, now_us: int) -> int:
        """How long it has been (or was) under way."""
        return (now_us if self.resolved_us is None else self.resolved_us) - self.opened_us

    def acknowledge(self, by: str, now_us: int) -> "Case":
        """Somebody has seen it.

        Raises:
            ValueError: it has been seen already.
        """
        self._expect("open")
        return replace(self, state="acknowledged", acknowledged_us=now_us, acknowledged_by=by)

    def assign(self, to: str) -> "Case":
        """Somebody is to work on it; again: somebody else.

        Raises:
            ValueError: nobody has seen it yet, or it is resolved.
        """
        self._expect("acknowledged", "assigned")
        return replace(self, state="assigned", assigned_to=to)

    def resolve(self, by: str, now_us: int, outcome: Outcome = "handled") -> "Case":
        """It is dealt with, or has cleared by itself.

        Raises:
            ValueError: it is resolved already, or is to clear by itself while somebody works on it.
        """
        self._expect("open", "acknowledged", *(("assigned",) if outcome == "handled" else ()))
        return replace(self, state="resolved", resolved_us=now_us, resolved_by=by, outcome=outcome)

    def escalate(self, to: str, now_us: int) -> "Case":
        """Nobody has seen it in time: another role answers for it, one step more urgent. Once.

        Raises:
            ValueError: somebody has seen it, or it was escalated before.
        """
        self._expect("open")
        if self.escalated_us is not None:
            raise ValueError(f"{self.exception_id} was escalated already")
        severity = SEVERITIES[max(0, SEVERITIES.index(self.severity) - 1)]
        return replace(self, owner=to, severity=severity, escalated_us=now_us)

    def note(self, by: str, text: str, now_us: int) -> "Case":
        """Write something down; also afterwards."""
        return replace(self, notes=(*self.notes, Note(now_us, by, text)))

    def _expect(self, *states: State) -> None:
        if self.state not in states:
            raise ValueError(f"{self.exception_id} is {self.state}, expected {' or '.join(states)}")


class ExceptionQueue:
    """The exceptions under way; what is resolved leaves it (the ledger keeps it)."""

    def __init__(self) -> None:
        self._cases: dict[str, Case] = {}
        self._of_alert: dict[str, str] = {}
        self.opened = 0

    def __iter__(self) -> Iterator[Case]:
        """All under way, the most urgent first, then the oldest."""
        return iter(sorted(self._cases.values(), key=_urgency))

    def __len__(self) -> int:
        return len(self._cases)

    def open(self, alert_id: str, rule: str, subject: str, severity: Severity, owner: str, now_us: int) -> Case | None:
        """An alert becomes an exception; None if it is one already."""
        if alert_id in self._of_alert:
            return None
        self.opened += 1
        case = Case(f"E{self.opened}", alert_id, rule, subject, severity, owner, now_us)
        self._cases[case.exception_id] = case
        self._of_alert[alert_id] = case.exception_id
        return case

    def get(self, exception_id: str) -> Case | None:
        """An exception under way; None: there is none of this name, or it is resolved."""
        return self._cases.get(exception_id)

    def of_alert(self, alert_id: str) -> Case | None:
        """The exception under way of an alert."""
        return self._cases.get(self._of_alert.get(alert_id, ""))

    def put(self, case: Case) -> None:
        """A case's next state."""
        if case.state == "resolved":
            del self._cases[case.exception_id], self._of_alert[case.alert_id]
        else:
            self._cases[case.exception_id] = case

    def next_open(self) -> Case | None:
        """What to take on next: nobody has seen it; the most urgent, then the oldest."""
        return min((case for case in self._cases.values() if case.state == "open"), key=_urgency, default=None)


def _urgency(case: Case) -> tuple:
    return SEVERITIES.index(case.severity), case.opened_us, natural_key(case.exception_id)
