"""What reaches head office: checked, each message taken once, what cannot be used kept with its reason."""

from dataclasses import dataclass
from typing import Any, Literal

from twin.events import COMMANDS, KINDS, validate

_DIGITS = 18  # of an event's number: what fits 64 bits
Verdict = Literal["", "duplicate", "dead_letter"]


@dataclass(frozen=True, slots=True)
class Message:
    """One event on the wire; it keeps the id and the time of the event it tells of."""

    event_id: str
    kind: str
    occurred_us: int
    subject: str
    source: str
    payload: dict[str, Any]
    channel: str = "radio"
    schema_version: int = 1
    text: str = ""  # the payload as stored, where the sender has it already


class Ingest:
    """Validates and deduplicates. Ids count per source (``V3:17``), so remembering them costs one set per gap."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}
        self._ahead: dict[str, set[int]] = {}

    def judge(self, message: Message) -> str:
        """``""`` for a message to believe, else why not: ``duplicate`` or ``dead_letter: <reason>``."""
        if message.kind in COMMANDS:
            return f"dead_letter: {message.kind} is a command; devices report events"
        problem = validate(message.kind, message.payload)
        if problem is not None:
            return f"dead_letter: {problem}"
        if message.schema_version > KINDS[message.kind].version:
            return f"dead_letter: {message.kind} version {message.schema_version} is newer than this office"
        source, _, number = message.event_id.rpartition(":")
        if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
            return f"dead_letter: event id {message.event_id!r} is not <source>:<number>"
        return "" if self._first_time(source, int(number)) else "duplicate"

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
