"""The two ledgers against their schemas and against each other."""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from scenarios.verification.findings import Findings
from twin.events import KINDS, ORDER_ENDS, validate
from twin.kpis import Event


@dataclass
class Index:
    """Of every row a 64-bit hash of its event id, its kind, two times and seq: 33 bytes, however long ids are.

    The hash is Python's, of this process only: in a ledger of ten million rows two ids collide once in 400,000 times.
    """

    key: array = field(default_factory=lambda: array("q"))
    kind: array = field(default_factory=lambda: array("b"))
    occurred_us: array = field(default_factory=lambda: array("q"))
    received_us: array = field(default_factory=lambda: array("q"))
    seq: array = field(default_factory=lambda: array("q"))

    def add(self, event: Event, kind: int) -> None:
        self.key.append(hash(event.event_id))
        self.kind.append(kind)
        self.occurred_us.append(event.occurred_us)
        self.received_us.append(event.occurred_us if event.received_us is None else event.received_us)
        self.seq.append(event.seq)

    def __len__(self) -> int:
        return len(self.key)


KIND_NUMBER = {kind: number for number, kind in enumerate(KINDS)}
ENDS = [KIND_NUMBER[kind] for kind in ORDER_ENDS]


def check_rows(
    name: str, events: Iterable[Event], findings: Findings, take: Callable[[Event], None] = lambda event: None
) -> Index:
    """Every row of a ledger on its own: seq dense, time not running back, payload valid. Good rows go to ``take``.

    Of the office's ledger, dead letters are left alone: they are there because they are wrong.
    """
    index, expected, latest = Index(), 0, None
    for event in events:
        if event.seq != expected:
            findings.add(name, f"seq {event.seq} where {expected} was expected")
        expected = event.seq + 1
        if event.reason.startswith("dead_letter"):
            continue
        at_us = event.occurred_us if event.received_us is None else event.received_us
        if latest is not None and at_us < latest:
            findings.add(
                name, f"seq {event.seq} ({event.kind}): earlier than the row before it, by {latest - at_us} us"
            )
        latest = at_us
        problem = validate(event.kind, event.payload)
        if problem is not None:
            findings.add(name, f"seq {event.seq} ({event.event_id}): {problem}")
            continue
        take(event)
        if not event.reason.startswith("duplicate"):
            index.add(event, KIND_NUMBER[event.kind])
    return index


def check_unique(name: str, index: Index, findings: Findings) -> None:
    """No event id twice (rows marked as duplicates aside)."""
    key, seq = np.asarray(index.key), np.asarray(index.seq)
    order = np.argsort(key, kind="stable")
    twice = np.flatnonzero(key[order][1:] == key[order][:-1])
    for i in twice:
        findings.add(name, f"seq {seq[order[i + 1]]}: its event id is that of seq {seq[order[i]]}")


def check_messages(truth: Index, office: Index, findings: Findings) -> None:
    """Every message the office has tells of a row of truth, of the same kind, received no earlier than it occurred.

    An end that head office gave an order which had one already is in truth as overtaken.
    """
    key, kinds = np.asarray(truth.key), list(KINDS)
    order = np.argsort(key, kind="stable")
    command = np.array([kind.command for kind in KINDS.values()])
    message = np.flatnonzero(~command[np.asarray(office.kind, np.int64)])
    wanted = np.asarray(office.key)[message]
    found = order[np.searchsorted(key[order], wanted).clip(max=len(key) - 1)]
    known = key[found] == wanted
    for row in message[~known]:
        findings.add("messages", f"office seq {office.seq[row]} ({kinds[office.kind[row]]}): not in truth")
    message, found = message[known], found[known]
    office_kind, truth_kind = np.asarray(office.kind)[message], np.asarray(truth.kind)[found]
    overtaken = (truth_kind == KIND_NUMBER["order_end_overtaken"]) & np.isin(office_kind, ENDS)
    for i in np.flatnonzero((office_kind != truth_kind) & ~overtaken):
        was = f"truth seq {truth.seq[found[i]]} is {kinds[truth_kind[i]]}"
        findings.add("messages", f"office seq {office.seq[message[i]]} is {kinds[office_kind[i]]}, {was}")
    early_us = np.asarray(truth.occurred_us)[found] - np.asarray(office.received_us)[message]
    for i in np.flatnonzero(early_us > 0):
        row = office.seq[message[i]]
        findings.add(
            "messages", f"office seq {row} ({kinds[office_kind[i]]}): received {early_us[i]} us before it occurred"
        )
