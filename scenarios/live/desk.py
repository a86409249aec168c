"""What lies on the desks at head office: exceptions, recommendations, commands under way, word from and to customers.

A fold of the office ledger; every part is a list of plain records, made anew only when one of them has changed. What
is over is kept for a while only, so that a long day takes no more room than a short one.
"""

from collections import Counter, deque
from typing import Any

from agents.office import Entry
from twin.events import COMMANDS

KEPT = 100
"""So many closed exceptions, answered recommendations and commands, notifications and proofs are kept."""
MOST_OPEN = 500
"""Of what is under way the newest are listed; commands are all counted, by vehicle."""

Record = dict[str, Any]
LISTS = {
    "exceptions": ("_cases", "_closed"),
    "recommendations": ("_advice", "_answered"),
    "pending": ("_sent", "_replied"),
    "notifications": ("_notified",),
    "proofs": ("_proofs",),
    "calls": ("_asked", "_spoken"),
    "notes": ("_notes",),
}
"""Parts, and what each is made of: records under way by name, then those that are over, the newest last."""


class DeskBook:
    """The fold. Records are replaced, never changed, so a copy is shallow and a part sent stays as it was."""

    def __init__(self) -> None:
        self._cases: dict[str, Record] = {}
        self._advice: dict[str, Record] = {}
        self._sent: dict[str, Record] = {}
        self._asked: dict[str, Record] = {}
        self._closed: deque[Record] = deque(maxlen=KEPT)
        self._answered: deque[Record] = deque(maxlen=KEPT)
        self._replied: deque[Record] = deque(maxlen=KEPT)
        self._spoken: deque[Record] = deque(maxlen=KEPT)
        self._notified: deque[Record] = deque(maxlen=KEPT)
        self._proofs: deque[Record] = deque(maxlen=KEPT)
        self._notes: deque[Record] = deque(maxlen=KEPT)
        self._alerts: dict[str, Record] = {}
        self.under_way: Counter[str] = Counter()  # vehicle -> commands not answered
        self._made: dict[str, list[Record]] = {}
        self._rules = {name[4:]: getattr(self, name) for name in dir(self) if name.startswith("_on_")}

    def take(self, entry: Entry) -> None:
        """Note one row of the office ledger."""
        rule = self._rules.get(entry.kind)
        if rule is not None:
            rule(entry, entry.payload)
        elif entry.kind in COMMANDS:
            self._command(entry, entry.payload)

    def parts(self) -> dict[str, list[Record]]:
        """The lists of ``LISTS``; one that has not changed is the same object as before."""
        for part, fields in LISTS.items():
            if part not in self._made:
                groups = [getattr(self, field) for field in fields]
                lists = [[*group.values()][-MOST_OPEN:] if isinstance(group, dict) else [*group] for group in groups]
                self._made[part] = [record for group in lists for record in group]
        return self._made.copy()

    def copy(self) -> "DeskBook":
        """The same, to go on from later."""
        other = DeskBook()
        for name, value in vars(self).items():
            if name != "_rules":
                setattr(other, name, value.copy())
        return other

    def _changed(self, part: str) -> None:
        self._made.pop(part, None)

    # --- exceptions ---

    def _on_alert_raised(self, _entry: Entry, p: Record) -> None:
        self._alerts[p["alert_id"]] = p

    def _on_alert_cleared(self, _entry: Entry, p: Record) -> None:
        self._alerts.pop(p["alert_id"], None)

    def _on_exception_opened(self, entry: Entry, p: Record) -> None:
        alert = self._alerts.get(p["alert_id"], {})
        self._cases[p["exception_id"]] = {
            "id": p["exception_id"], "rule": p["rule"], "severity": p["severity"], "subject": p["subject"],
            "owner": p["owner"], "state": "open", "opened_us": entry.heard_us,
            "since_us": alert.get("since_us", entry.heard_us), "text": alert.get("text", ""),
            "acknowledged_us": None, "acknowledged_by": "", "assigned_to": "", "escalated": False, "notes": [],
            "ended_us": None, "ended_by": "", "outcome": "",
        }  # fmt: skip
        self._changed("exceptions")

    def _case(self, exception_id: str, **news: Any) -> None:
        case = self._cases.get(exception_id)
        if case is not None:
            self._cases[exception_id] = case | news
            self._changed("exceptions")

    def _on_exception_acknowledged(self, entry: Entry, p: Record) -> None:
        news = {"state": "acknowledged", "acknowledged_us": entry.heard_us, "acknowledged_by": p["by"]}
        self._case(p["exception_id"], **news)

    def _on_exception_assigned(self, _entry: Entry, p: Record) -> None:
        self._case(p["exception_id"], state="assigned", assigned_to=p["to"])

    def _on_exception_escalated(self, _entry: Entry, p: Record) -> None:
        self._case(p["exception_id"], owner=p["owner"], severity=p["severity"], escalated=True)

    def _on_exception_noted(self, entry: Entry, p: Record) -> None:
        case = self._cases.get(p["exception_id"])
        if case is not None:
            self._case(p["exception_id"], notes=[*case["notes"], [entry.heard_us, p["by"], p["text"]]])

    def _on_exception_resolved(self, entry: Entry, p: Record) -> None:
        case = self._cases.pop(p["exception_id"], None)
        if case is not None:
            over = {"state": "resolved", "ended_us": entry.heard_us, "ended_by": p["by"], "outcome": p["outcome"]}
            self._closed.append(case | over)
            self._changed("exceptions")

    # --- recommendations ---

    def _on_recommendation_made(self, entry: Entry, p: Record) -> None:
        state = "waiting" if p["approval"] else "given"
        record = p | {"state": state, "made_us": entry.heard_us, "answer": "", "by": "", "answered_us": None}
        self._advice[p["recommendation_id"]] = record
        self._changed("recommendations")

    def _on_recommendation_answered(self, entry: Entry, p: Record) -> None:
        record = self._advice.pop(p["recommendation_id"], None)
        if record is not None:
            over = {key: p[key] for key in ("answer", "by", "command_ids")} | {"answer_reason": p["reason"]}
            self._answered.append(record | over | {"state": "answered", "answered_us": entry.heard_us})
            self._changed("recommendations")

    # --- commands, messages and calls to drivers ---

    def _command(self, entry: Entry, p: Record) -> None:
        if "vehicle_id" not in p:
            return
        orders = [task["order_id"] for task in p.get("stops", (p,)) if "order_id" in task]
        self._sent[entry.event_id] = {
            "id": entry.event_id, "kind": entry.kind, "vehicle": p["vehicle_id"], "orders": list(dict.fromkeys(orders)),
            "text": p.get("text", ""), "reason": entry.reason, "since_us": entry.heard_us, "state": "sent",
            "answered_us": None, "heard_us": None, "why": "", "read_us": None,
        }  # fmt: skip
        self.under_way[p["vehicle_id"]] += 1
        self._changed("pending")

    def _on_command_received(self, entry: Entry, p: Record) -> None:
        record = self._sent.pop(p["command_id"], None)
        if record is not None:
            times = {"answered_us": entry.occurred_us, "heard_us": entry.heard_us}
            self._replied.append(record | times | {"state": p["answer"], "why": p["reason"]})
            self.under_way[record["vehicle"]] -= 1
            self._changed("pending")

    def _on_message_read(self, entry: Entry, p: Record) -> None:
        for place, record in enumerate(self._replied):
            if record["id"] == p["command_id"]:
                self._replied[place] = record | {"state": "read", "read_us": entry.occurred_us}
                self._changed("pending")

    def _on_driver_call_asked(self, entry: Entry, p: Record) -> None:
        self._asked[p["driver_id"]] = p | {"since_us": entry.heard_us, "state": "ringing", "ended_us": None}
        self._changed("calls")

    def _on_phone_call_ended(self, entry: Entry, p: Record) -> None:
        asked = self._asked.pop(p["who"], None) if p["purpose"] == "dispatcher" else None
        if asked is not None:
            over = {"state": "over", "ended_us": entry.heard_us, "waited_s": p["waited_s"], "call_s": p["call_s"]}
            self._spoken.append(asked | over)
            self._changed("calls")

    # --- customers ---

    def _on_customer_notified(self, entry: Entry, p: Record) -> None:
        fields = ("order_id", "milestone", "channel", "eta_us", "text")
        self._notified.append({key: p[key] for key in fields} | {"at_us": entry.heard_us})
        self._changed("notifications")

    def _on_proof_captured(self, entry: Entry, p: Record) -> None:
        fields = ("order_id", "proof_id", "vehicle_id", "driver_id", "what", "bytes", "sha256", "captured_us")
        self._proofs.append({key: p[key] for key in fields} | {"received_us": entry.heard_us})
        self._changed("proofs")

    def _on_order_changed(self, entry: Entry, p: Record) -> None:
        self._notes.append(p | {"at_us": entry.heard_us})
        self._changed("notes")
