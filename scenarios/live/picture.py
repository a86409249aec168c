"""One account of a day as it unfolds, for screens: the belief, and what became of every order.

There are two: what head office knows, and the truth (a belief that misses nothing). Both are folds over events.
"""

from collections import deque
from dataclasses import replace
from typing import Any, NamedTuple

from twin.belief import Belief
from twin.events import COMMANDS, ORDER_ENDS
from twin.kpis.records import Facts, OrderRecord
from twin.orders import Order

LOG_LINES = 60
"""Lines of news kept."""

TOUCHED = {"loading_done": "orders", "command_received": "orders", "shift_ended": "unserved", "departed": "onboard"}
"""Fields that list orders, by kind."""


class News(NamedTuple):
    """A line about something head office heard or did, and when."""

    heard_us: int
    occurred_us: int
    kind: str
    subject: str
    text: str


class Picture:
    """A fold of events; ``hear`` must be told of each before the belief is, ``fold`` does both."""

    def __init__(self, belief: Belief) -> None:
        self.belief = belief
        self.records: dict[str, OrderRecord] = {}  # every order ever heard of
        self.orders: dict[str, Order] = {}
        self.rows: dict[str, int] = {}  # order id -> row
        self.done: dict[str, int] = {}  # vehicle id -> visits since its shift began
        self.delay_us: dict[str, int] = {}  # vehicle id -> arrival at its last stop less the planned one
        self.incidents: dict[str, dict[str, Any]] = {}  # under way: only the truth tells of them
        self.messages = 0
        self.touched: set[str] = set()  # orders of which something may have changed, until somebody has looked
        self.news: deque[News] = deque(maxlen=LOG_LINES)

    def fold(self, kind: str, occurred_us: int, payload: dict[str, Any], heard_us: int, event_id: str = "") -> None:
        """Take in an event or an own command."""
        self.hear(kind, occurred_us, payload, heard_us)
        self.belief.apply(kind, occurred_us, payload, event_id)

    def hear(self, kind: str, occurred_us: int, payload: dict[str, Any], heard_us: int) -> None:
        """Note what the belief does not keep."""
        if kind not in COMMANDS:
            self.messages += 1
        note = getattr(self, "_" + kind, None)
        if note is not None:
            note(payload, occurred_us)
        self._touch(kind, payload)
        words = WORDS.get(kind)
        if words is not None:
            text = plain_words(words, payload)
            subject = payload.get("vehicle_id") or payload.get("order_id") or payload.get("subject") or ""
            self.news.append(News(heard_us, occurred_us, kind, subject, text))

    def _touch(self, kind: str, p: dict[str, Any]) -> None:
        """Which orders the belief may see differently after this."""
        self.touched.update(name for name in (p.get("order_id"), p.get("to")) if name)
        self.touched.update(p[TOUCHED[kind]] if kind in TOUCHED else ())
        if kind in ("set_route", "shift_ended", "departed"):
            vehicle = self.belief.vehicles.get(p["vehicle_id"])
            self.touched.update(stop.order_id for stop in (vehicle.stops if vehicle else ()))
            self.touched.update(stop["order_id"] for stop in p.get("stops", ()))

    def facts(self, now_us: int) -> Facts:
        """What the KPI functions read, as of a moment."""
        return Facts(end_us=now_us, orders=self.records)

    def copy(self) -> "Picture":
        """The same account, to go on from later."""
        other = Picture(self.belief.copy())
        other.records = {order_id: replace(record) for order_id, record in self.records.items()}
        for name in ("orders", "rows", "done", "delay_us", "incidents"):
            getattr(other, name).update(getattr(self, name))
        other.messages, other.news = self.messages, self.news.copy()
        return other

    # --- orders, counted as the KPIs count them ---

    def _order_placed(self, p: dict, _at_us: int) -> None:
        from twin.order_payload import order_from_payload

        order_id, task = p["order_id"], p["delivery"] or p["pickup"]
        self.orders[order_id] = order_from_payload(p, _at_us)
        self.rows[order_id] = len(self.rows)
        windows = tuple((opens, closes) for opens, closes in task["windows_us"])
        self.records[order_id] = OrderRecord(order_id, p["customer"], windows=windows)

    def _order_rebooked(self, p: dict, _at_us: int) -> None:
        record = self.records.get(p["order_id"])
        if record is not None:
            record.windows = tuple((opens, closes) for opens, closes in p["windows_us"])

    _order_changed = _order_rebooked

    def _order_picked_up(self, p: dict, _at_us: int) -> None:
        record = self.records.get(p["order_id"])
        if record is not None:
            record.dispatched = True
        if "at_depot" not in p:
            self._visited(p["vehicle_id"])

    def _departed(self, p: dict, _at_us: int) -> None:
        record = self.records.get(p["to"])
        if record is not None and p["purpose"] == "task":
            record.dispatched = True

    def _delivery_attempted(self, p: dict, _at_us: int) -> None:
        record = self.records.get(p["order_id"])
        if record is not None:
            record.attempt, record.failed_visits = max(record.attempt, p["attempt"]), record.failed_visits + 1
            record.dispatched, record.vehicle = True, p["vehicle_id"]
        self._visited(p["vehicle_id"], p)

    def _order_delivered(self, p: dict, _at_us: int) -> None:
        record = self.records.get(p["order_id"])
        if record is not None:
            record.attempt, record.share_ppm = p["attempt"], round(p["share"] * 1e6)
            record.arrived_us, record.started_us = p["arrived_us"], p["started_us"]
            record.vehicle, record.cancelled_in_time = p["vehicle_id"], False
        self._visited(p["vehicle_id"], p)
        self._end("order_delivered", p["order_id"])

    def _order_cancelled(self, p: dict, _at_us: int) -> None:
        record = self.records.get(p["order_id"])
        if record is not None:
            record.cancelled_in_time = not record.dispatched and not record.end
        self._end("order_cancelled", p["order_id"])

    def _order_failed(self, p: dict, _at_us: int) -> None:
        self._end("order_failed", p["order_id"])

    def _order_left_out(self, p: dict, _at_us: int) -> None:
        self._end("order_left_out", p["order_id"])

    def _end(self, kind: str, order_id: str) -> None:
        assert kind in ORDER_ENDS  # noqa: S101
        record = self.records.get(order_id)
        if record is not None and (not record.end or kind == "order_delivered"):
            record.end = kind

    # --- what was done to the world ---

    def _incident_started(self, p: dict, at_us: int) -> None:
        self.incidents[p["name"]] = {"kind": p["incident"], "since_us": at_us, "details": p["details"]}

    def _incident_ended(self, p: dict, _at_us: int) -> None:
        self.incidents.pop(p["name"], None)

    # --- vehicles ---

    def _shift_started(self, p: dict, _at_us: int) -> None:
        self.done[p["vehicle_id"]] = 0
        self.delay_us.pop(p["vehicle_id"], None)

    def _visited(self, vehicle_id: str, visit: dict | None = None) -> None:
        self.done[vehicle_id] = self.done.get(vehicle_id, 0) + 1
        known = self.belief.orders.get(visit["order_id"]) if visit else None
        if visit and known is not None and known.planned_us is not None:
            self.delay_us[vehicle_id] = visit["arrived_us"] - known.planned_us


PLAIN = ("outcome", "purpose", "component")
"""Fields whose values are names of ours, told with spaces."""


def plain_words(words: str, payload: dict[str, Any]) -> str:
    """One of ``WORDS`` with a payload filled in."""
    return words.format_map(_Plain(payload))


class _Plain(dict):
    """A payload for ``str.format_map``: underscores become spaces, what is missing is left out."""

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__({k: v.replace("_", " ") if k in PLAIN else v for k, v in payload.items()})

    def __missing__(self, key: str) -> str:
        return ""


WORDS = {
    "shift_started": "{driver_id} began the shift",
    "shift_ended": "{driver_id} ended the shift",
    "inspection_done": "inspected by {driver_id}",
    "break_taken": "{driver_id} begins a break",
    "refuelled": "filled up at {at}",
    "order_delivered": "delivered {order_id}",
    "delivery_attempted": "visit to {order_id}: {outcome}",
    "order_failed": "{order_id} failed: {reason}",
    "order_cancelled": "{order_id} cancelled by {by}: {reason}",
    "order_left_out": "{order_id} left out: {reason}",
    "order_rebooked": "{order_id} gets a new date",
    "assign_order": "told to take {order_id}: {reason}",
    "unassign_order": "told to leave {order_id}: {reason}",
    "set_route": "sent a route: {reason}",
    "hold_vehicle": "told to wait: {reason}",
    "release_vehicle": "told to go on: {reason}",
    "send_message": "message: {text}",
    "message_read": "read a message",
    "driver_call_asked": "{by} calls {driver_id}: {about}",
    "order_changed": "{order_id} changed by {by} {note}",
    "command_received": "command {answer}",
    "breakdown_started": "broke down",
    "breakdown_ended": "is going again",
    "road_closed": "road closed: {closure}",
    "road_opened": "road open again: {closure}",
    "road_block_met": "stood before a closed road",
    "exception_acknowledged": "{exception_id} acknowledged by {by}",
    "exception_resolved": "{exception_id} {outcome} by {by}",
    "plan_made": "the day is planned",
    "alert_raised": "alert: {text}",
    "plant_failed": "{component} is down",
    "plant_restored": "{component} is up again",
    "setting_changed": "{key} is now {value}",
}
"""What is told of an event, by kind."""
