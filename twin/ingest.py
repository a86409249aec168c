"""What reaches head office: checked, each message taken once, what cannot be used kept with its reason.

The reason of a message's row in the office ledger: "" accepted, ``clock: …`` accepted with another time than it
claims, ``duplicate`` or ``dead_letter: …`` refused.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from twin.clocks import EventClocks
from twin.events import COMMANDS, KINDS, validate

_DIGITS = 18  # of an event's number: what fits 64 bits


class Message(NamedTuple):
    """One event on the wire; it keeps the id and the time of the event it tells of."""

    event_id: str
    kind: str
    occurred_us: int
    subject: str
    source: str
    payload: dict[str, Any]
    channel: str = "radio"
    schema_version: int = 1
    stored: str | dict[str, Any] = ""  # the payload as ledgers hold it, where the sender has it already


class Verdict(NamedTuple):
    """The reason for the ledger, and when the event occurred as far as can be believed (never after reception)."""

    reason: str
    occurred_us: int

    @property
    def refused(self) -> bool:
        """Whether it is not to be believed."""
        return refused(self.reason)


def refused(reason: str) -> bool:
    """Whether a row of the office ledger was not believed."""
    return reason.startswith(("duplicate", "dead_letter"))


class Ingest:
    """Validates, deduplicates and checks clocks. Ids count per source (``V3:17``), so remembering them costs one set
    per gap. Dead letters are kept, so that they can be replayed once it is known how to read them.
    """

    def __init__(self) -> None:
        self.dead: dict[str, Message] = {}  # by event id, in order of reception
        self._next: dict[str, int] = {}
        self._ahead: dict[str, set[int]] = {}
        self._clocks = EventClocks()

    def judge(self, message: Message, received_us: int) -> Verdict:
        """Whether to believe a message, and which time to go by."""
        problem = _problem(message)
        if problem:
            self.dead.setdefault(message.event_id, message)
            return Verdict(f"dead_letter: {problem}", min(message.occurred_us, received_us))
        source, _, digits = message.event_id.rpartition(":")
        if not self._first_time(source, int(digits)):
            return Verdict("duplicate", min(message.occurred_us, received_us))
        self.dead.pop(message.event_id, None)
        occurred_us, fault = self._clocks.judge(source, int(digits), message.occurred_us, received_us)
        return Verdict(fault, occurred_us)

    def dead_letters(self, kind: str) -> list[Message]:
        """Those of a kind that have fields, in order of reception."""
        return [m for m in self.dead.values() if m.kind == kind and isinstance(m.payload, dict)]

    def _first_time(self, source: str, number: int) -> bool:
        expected = self._next.get(source, 0)
        if number == expected:
            ahead = self._ahead.get(source)
            expected += 1
            while ahead and expected in ahead:
                ahead.remove(expected)
                expected += 1
            self._next[source] = expected
            return True
        ahead = self._ahead.setdefault(source, set())
        if number < expected or number in ahead:
            return False
        ahead.add(number)
        return True


def repaired(message: Message, rename: Mapping[str, str]) -> Message:
    """A dead letter to be judged again: its fields renamed (as sent: as known here), of this office's version."""
    payload = {rename.get(name, name): value for name, value in message.payload.items()}
    version = KINDS[message.kind].version
    return message._replace(payload=payload, schema_version=version, channel="replay", stored="")


def _problem(message: Message) -> str:
    """Why a message cannot be used, "" if it can."""
    kind, version = KINDS.get(message.kind), message.schema_version
    if message.kind in COMMANDS:
        return f"{message.kind} is a command; devices report events"
    if kind is not None and version > kind.version:
        return f"{message.kind} version {version} is newer than this office, which knows {kind.version}"
    problem = validate(message.kind, message.payload)
    if problem is not None:
        return problem
    _, _, number = message.event_id.rpartition(":")
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        return f"event id {message.event_id!r} is not <source>:<number>"
    return ""
