"""Messages head office could not use, and which of them it took in later, from the office ledger."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc

from engine.ledger import read_ledger
from twin.ingest import refused

DEAD = "dead_letter: "


class DeadLetterLine(NamedTuple):
    """Messages of one kind refused for one reason, each counted once, and how many were taken in later."""

    kind: str
    reason: str
    messages: int
    taken: int


def dead_letter_lines(folder: Path) -> tuple[DeadLetterLine, ...]:
    """By kind, then reason; none without an office ledger. Of several refusals of a message the first counts."""
    refusals: dict[str, tuple[str, str]] = {}  # by event
    taken: set[str] = set()
    try:
        for batch in read_ledger(folder, "office"):
            rows = batch.select(["event_id", "kind", "channel", "reason"])
            of_them = pc.or_(pc.starts_with(rows["reason"], DEAD), pc.equal(rows["channel"], "replay"))
            for row in rows.filter(of_them).to_pylist():
                if row["reason"].startswith(DEAD):
                    refusals.setdefault(row["event_id"], (row["kind"], row["reason"].removeprefix(DEAD)))
                elif not refused(row["reason"]):
                    taken.add(row["event_id"])
    except FileNotFoundError:
        return ()
    every, later = Counter(refusals.values()), Counter(why for event, why in refusals.items() if event in taken)
    return tuple(DeadLetterLine(*why, every[why], later[why]) for why in sorted(every))
