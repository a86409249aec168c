"""What alerts should have told of: true causes folded from the truth ledger, and alerts and exceptions themselves."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from twin.alerts.standing import EXPLAINED, LongStop
from twin.kpis.records import Alarm, ExceptionRecord
from twin.kpis.tables import Event

if TYPE_CHECKING:
    from twin.kpis.records import Facts

HOUR_US = 3_600_000_000
EARLY_US = 4 * HOUR_US
"""How long before the fact a prediction may come."""
SCORED = (
    "late_delivery", "late_delivery_predicted", "missed_stop", "long_stop", "harsh_driving", "device_silent",
    "feed_stale", "tampering", "position_implausible",
)  # fmt: skip
INCIDENT_RULES = {
    "carrier_outage": ("device_silent", "feed_stale"),
    "device_gone": ("device_silent",),
    "device_unplugged": ("tampering",),
    "gnss_jamming": ("position_implausible",),
    "gnss_spoofing": ("position_implausible",),
}
"""Incident kind -> rules that should notice; one that names no vehicle is met by an alert about any subject."""
FEED_PARTS = ("platform", "terminal_link", "telematics_feed")
"""Parts of the plant whose failure silences the whole feed."""


class AlertRules:
    """The fold's rules for alerts, exceptions, live arrivals and the dispatchers' own time."""

    facts: "Facts"

    def on_alert_raised(self, event: Event, at_us: int, p: dict) -> None:
        if p["rule"] in SCORED and not p["late"]:
            self.facts.alerts.append(Alarm(p["rule"], p["subject"], event.occurred_us, detail=p["detail"]))

    def on_exception_opened(self, event: Event, at_us: int, p: dict) -> None:
        self.facts.exceptions[p["exception_id"]] = ExceptionRecord(p["rule"], event.occurred_us)

    def on_exception_acknowledged(self, event: Event, at_us: int, p: dict) -> None:
        case = self.facts.exceptions.get(p["exception_id"])
        if case is not None:
            case.acknowledged_us = event.occurred_us

    def on_exception_resolved(self, event: Event, at_us: int, p: dict) -> None:
        case = self.facts.exceptions.get(p["exception_id"])
        if case is not None:
            case.handled, case.worked_us = p["outcome"] == "handled", round(p["minutes"] * 60e6)

    def on_phone_call_ended(self, event: Event, at_us: int, p: dict) -> None:
        self.facts.phone_us += round(p["call_s"] * 1e6)

    def on_runbook_step_taken(self, event: Event, at_us: int, p: dict) -> None:
        if p["role"] == "dispatcher":
            self.facts.runbook_us += round(p["minutes"] * 60e6)

    def on_eta_estimated(self, event: Event, at_us: int, p: dict) -> None:
        order = self.facts.order(p["order_id"])
        if not order.end and not (order.two_tasks and p["task"] == "pickup"):
            order.live_us = p["arrive_us"]


class TrueCauses:
    """Folds the truth ledger into causes of the rules at work (``{name: alert section}`` of the scenario)."""

    def __init__(self, alerts: Mapping[str, Mapping[str, Any]]) -> None:
        self.rules = {config.get("rule") or name: config.get("set") or {} for name, config in alerts.items()}
        self.causes: list[Alarm] = []
        self._orders: dict[str, int] = {}  # open, by id: when the promise ends
        self._serving: dict[str, int] = {}
        self._stops = _Standing(self.rules.get("long_stop"))
        self._open: dict[str, tuple[str, str, int]] = {}  # incident or part -> rule, subject, since

    def take(self, event: Event) -> None:
        """Fold one event of truth."""
        p, at_us = event.payload, event.occurred_us
        stop = self._stops.take(event.kind, at_us, p)
        if stop is not None:
            self._cause("long_stop", *stop)
        rule = getattr(self, "_" + event.kind, None)
        if rule is not None:
            rule(at_us, p)

    def finish(self, end_us: int) -> list[Alarm]:
        """All causes up to the end of the run."""
        for order_id in list(self._orders):
            self._order_over(order_id, end_us)
        for rule, subject, since_us in self._open.values():
            self._cause(rule, subject, since_us, end_us)
        for stop in self._stops.finish(end_us):
            self._cause("long_stop", *stop)
        return self.causes

    def _cause(self, rule: str, subject: str, at_us: int, until_us: int, detail: str = "", **more: int) -> None:
        if rule in self.rules:
            self.causes.append(Alarm(rule, subject, at_us, until_us, detail, **more))

    # --- promises ---

    def _order_placed(self, _at: int, p: dict) -> None:
        windows = (p["delivery"] or p["pickup"])["windows_us"]
        if windows:
            self._orders[p["order_id"]] = windows[-1][1]

    def _order_rebooked(self, at_us: int, p: dict) -> None:
        self._order_over(p["order_id"], at_us)
        if p["windows_us"]:
            self._orders[p["order_id"]] = p["windows_us"][-1][1]

    def _service_started(self, at_us: int, p: dict) -> None:
        self._serving[p["order_id"]] = at_us

    def _delivery_attempted(self, at_us: int, p: dict) -> None:
        self._order_over(p["order_id"], self._serving.pop(p["order_id"], at_us))

    def _order_delivered(self, _at: int, p: dict) -> None:
        self._serving.pop(p["order_id"], None)
        self._order_over(p["order_id"], p["started_us"])

    def _order_ended(self, at_us: int, p: dict) -> None:
        self._order_over(p["order_id"], at_us)

    _order_cancelled = _order_failed = _order_left_out = _order_ended

    def _order_over(self, order_id: str, at_us: int) -> None:
        close_us = self._orders.pop(order_id, None)
        if close_us is not None and close_us < at_us:
            self._cause("late_delivery", order_id, close_us, at_us)
            self._cause("late_delivery_predicted", order_id, close_us, close_us, early_us=EARLY_US)

    def _shift_ended(self, at_us: int, p: dict) -> None:
        for order_id in p["unserved"]:
            self._cause("missed_stop", order_id, at_us, at_us, early_us=EARLY_US)

    # --- driving, devices, the plant ---

    def _harsh_event(self, at_us: int, p: dict) -> None:
        self._cause("harsh_driving", p["vehicle_id"], at_us, at_us)

    def _incident_started(self, at_us: int, p: dict) -> None:
        for rule in INCIDENT_RULES.get(p["incident"], ()):
            subject = p["details"].get("vehicle") or ""
            self._open[f"{p['name']} {rule}"] = (rule, subject, at_us)

    def _incident_ended(self, at_us: int, p: dict) -> None:
        for rule in INCIDENT_RULES.get(p["incident"], ()):
            self._over(f"{p['name']} {rule}", at_us)

    def _plant_failed(self, at_us: int, p: dict) -> None:
        if p["component"] in FEED_PARTS:
            subject = "telematics" if p["component"] == "telematics_feed" else ""
            self._open.setdefault(p["component"], ("feed_stale", subject, at_us))

    def _plant_restored(self, at_us: int, p: dict) -> None:
        self._over(p["component"], at_us)

    def _standby_took_over(self, at_us: int, p: dict) -> None:
        self._over("terminal_link", at_us)  # the line is still cut, but nothing is silent any more

    def _over(self, name: str, at_us: int) -> None:
        known = self._open.pop(name, None)
        if known is not None:
            self._cause(known[0], known[1], known[2], at_us)


class _Standing:
    """True stops of vehicles at work: from standing still to driving off, in parts by what was done meanwhile."""

    def __init__(self, thresholds: Mapping[str, Any] | None) -> None:
        self.on = thresholds is not None
        self.limits = LongStop(**(thresholds or {}))
        self._parts: dict[str, list[tuple[str, int]]] = {}  # vehicle -> class and begin of each part

    def take(self, kind: str, at_us: int, p: dict) -> tuple[str, int, int, str] | None:
        """Fold one event; a long stop that has ended, as ``(vehicle, at_us, until_us, class)``."""
        if not self.on or "vehicle_id" not in p:
            return None
        vehicle = p["vehicle_id"]
        if kind in ("departed", "shift_ended", "breakdown_ended"):
            return self._ended(vehicle, at_us)
        part = None if "at_depot" in p else _PARTS.get(kind)  # loading there is still standing at the depot
        if kind == "arrived":
            part = {"task": "waiting", "depot": "depot", "refuel": "refuel"}.get(p["purpose"], "traffic")
        if part is not None and (vehicle in self._parts or kind in ("arrived", "shift_started", "breakdown_started")):
            parts = self._parts.setdefault(vehicle, [])
            before = parts[-1][0] if parts else "private"
            parts.append((part, at_us))
            if kind == "break_taken":
                parts.append((before, p["until_us"]))
        return None

    def finish(self, end_us: int) -> list[tuple[str, int, int, str]]:
        """Stops that last to the end of the run."""
        ended = (self._ended(vehicle, end_us) for vehicle in list(self._parts))
        return [stop for stop in ended if stop is not None]

    def _ended(self, vehicle: str, at_us: int) -> tuple[str, int, int, str] | None:
        parts = self._parts.pop(vehicle, None)
        if not parts:
            return None
        lasted: dict[str, int] = {}
        for (reason, begin), (_, end) in zip(parts, [*parts[1:], ("", at_us)]):
            lasted[reason] = lasted.get(reason, 0) + max(0, min(end, at_us) - begin)
        reason = max(lasted, key=lambda one: lasted[one])
        explained = reason in EXPLAINED or reason == "refuel"
        limit_s = self.limits.explained_after_s if explained else self.limits.after_s
        long_us = parts[0][1] + round(limit_s * 1e6)
        return (vehicle, long_us, at_us, reason) if long_us <= at_us and reason != "depot" else None


_PARTS = {
    "shift_started": "depot", "breakdown_started": "breakdown", "service_started": "in_service",
    "break_taken": "break", "order_delivered": "private", "delivery_attempted": "private",
    "order_picked_up": "private",
}  # fmt: skip
"""What an event of a vehicle makes of the stop it is on."""
