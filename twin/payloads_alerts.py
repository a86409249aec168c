"""What alerts and exceptions say in the ledgers; registered in ``twin.events``."""

from typing import Literal

from typing_extensions import TypedDict

Severity = Literal["info", "warning", "critical"]


class AlertRaised(TypedDict):
    """A rule's condition became the case, as far as head office knows."""

    alert_id: str
    alert: str  # its name in the scenario
    rule: str
    subject: str  # a vehicle, an order, vehicle@zone, a feed
    severity: Severity
    owner: str  # the role that acts on it
    since_us: int  # since when, as known
    detail: str  # what kind: class of a long stop, sort of interference
    text: str
    late: bool  # it was over when it was heard of: nothing is to be done now


class AlertCleared(TypedDict):
    """An alert's condition has not been the case for a while."""

    alert_id: str
    alert: str
    rule: str
    subject: str


class ExceptionOpened(TypedDict):
    """An alert that somebody has to deal with."""

    exception_id: str
    alert_id: str
    rule: str
    subject: str
    severity: Severity
    owner: str


class ExceptionAcknowledged(TypedDict):
    exception_id: str
    by: str


class ExceptionAssigned(TypedDict):
    exception_id: str
    to: str
    by: str


class ExceptionEscalated(TypedDict):
    """Nobody had acted in time: another role is told, and it is more urgent."""

    exception_id: str
    owner: str
    severity: Severity


class ExceptionNoted(TypedDict):
    exception_id: str
    by: str
    text: str


class ExceptionResolved(TypedDict):
    """It is dealt with, or its alert cleared by itself."""

    exception_id: str
    by: str
    outcome: Literal["handled", "cleared"]
    minutes: float  # of a dispatcher's time


class EtaEstimated(TypedDict):
    """The expected arrival at a stop a vehicle has just set out for, with an interval."""

    order_id: str
    task: Literal["pickup", "delivery"]
    vehicle_id: str
    arrive_us: int
    low_us: int
    high_us: int


class AcknowledgeException(TypedDict):
    """A person takes notice of an exception (and thereby takes it on)."""

    exception_id: str
    by: str


class AssignException(TypedDict):
    """A person says who is to work on an exception; whoever says so has thereby taken notice of it."""

    exception_id: str
    to: str
    by: str


class NoteException(TypedDict):
    """A person writes something down about an exception."""

    exception_id: str
    by: str
    text: str


class ResolveException(TypedDict):
    exception_id: str
    by: str
    note: str
