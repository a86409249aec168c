"""What an engineer sees of the flow of messages into head office: how many, how old, what could not be used."""

from collections import Counter, deque
from typing import Any

import numpy as np

from agents.office import Entry
from twin.events import COMMANDS
from twin.ingest import refused

KEPT = 50
"""Dead letters listed."""
AGE_BINS_S = (10, 30, 60, 120, 300, 600, 1800, 3600)
"""Upper ends of the bins of ``age.vehicles``; the last bin has none."""


class Inbox:
    """A fold of the office ledger, rows that were refused included."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()  # by kind
        self.duplicates = self.dead = self.clock_faults = 0
        self._letters: deque[list[Any]] = deque(maxlen=KEPT)
        self._down: dict[str, int] = {}  # part of the plant -> since when, as known
        self._silent: dict[str, int] = {}  # feeds that a rule says are ill -> since when

    def take(self, entry: Entry) -> None:
        """Note one row of the office ledger."""
        kind, p = entry.kind, entry.payload
        if kind in COMMANDS and not entry.reason.startswith("dead_letter"):
            return
        if entry.source != "office":
            self.received[kind] += 1
        if refused(entry.reason):
            self.duplicates += entry.reason == "duplicate"
            if entry.reason != "duplicate":
                self.dead += 1
                why = entry.reason.removeprefix("dead_letter: ")
                self._letters.append([entry.heard_us, entry.source, kind, why, entry.event_id])
            return
        self.clock_faults += entry.reason.startswith("clock")
        if kind == "plant_failed":
            self._down.setdefault(p["component"], entry.occurred_us)
        elif kind == "plant_restored":
            self._down.pop(p["component"], None)
        elif kind == "alert_raised" and p["rule"] == "feed_stale":
            self._silent.setdefault(p["subject"], p["since_us"])
        elif kind == "alert_cleared" and p["rule"] == "feed_stale":
            self._silent.pop(p["subject"], None)

    def copy(self) -> "Inbox":
        """The same, to go on from later."""
        other = Inbox()
        for name, value in vars(self).items():
            setattr(other, name, value if isinstance(value, int) else value.copy())
        return other

    def parts(self, messages_per_s: float | None, samples_per_s: float | None, age_s: np.ndarray) -> dict[str, Any]:
        """``engineer``, and ``age.vehicles``: how many vehicles' information is how old."""
        known = np.sort(age_s[np.isfinite(age_s)])
        marks = {f"p{round(q * 100)}": _rank(known, q) for q in (0.5, 0.9, 0.99)} | {"max": _rank(known, 1.0)}
        return {
            "engineer": {
                "messages_per_s": messages_per_s,
                "samples_per_s": samples_per_s,
                "messages": self.received.total(),
                "kinds": dict(self.received.most_common(12)),
                "duplicates": self.duplicates,
                "dead_letters": self.dead,
                "clock_faults": self.clock_faults,
                "letters": [*self._letters],
                "down": self._down.copy(),
                "silent": self._silent.copy(),
                "age_s": marks,
            },
            "age.vehicles": np.bincount(np.searchsorted(AGE_BINS_S, known), minlength=len(AGE_BINS_S) + 1).astype(
                np.int32
            ),
        }


def _rank(ordered: np.ndarray, share: float) -> float | None:
    """Nearest rank; None of nothing."""
    return round(float(ordered[max(0, int(np.ceil(share * len(ordered))) - 1)]), 1) if len(ordered) else None
