"""The control room: rules are checked on head office's own picture; people work on what they raise.

A check looks at the picture every ``every_us``, raises and clears alerts, and opens an exception for each that
somebody has to deal with. Dispatchers take exceptions one at a time, the most urgent first: attention is limited, and
noise costs it. Where they take customers' calls too, those come before any exception.

Rules and queue run on the dispatch platform, and are seen over the terminal's line (assumption): while either is down
nothing is checked, raised, cleared, escalated or taken up. The first check afterwards sees the picture of that moment.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import simpy

from agents.callers import Callers
from agents.office import HeadOffice
from agents.population import FleetAgent, Population
from agents.vehicle import Steps
from agents.world import LATE
from engine.clock import SECOND
from twin.alerts import Watch
from twin.alerts.driving import HARSH_EVENTS
from twin.alerts.episodes import Episode, Episodes
from twin.eta import KnownCourses, etas
from twin.exceptions import Case, ExceptionQueue
from twin.feed_monitor import FeedMonitor, FeedSettings
from twin.feed_monitor import Finding as FeedFinding
from twin.sightings import Finding, Sightings
from twin.views import Etas, FleetView

ASKS_POLICY = ("late_delivery_predicted", "missed_stop")
"""Rules whose exceptions are resolved by another look at the routes."""


@dataclass(frozen=True)
class ControlSettings:
    """How often rules are checked, who works on exceptions, and how long one takes (microseconds)."""

    every_us: int = 60_000_000
    dispatchers: int = 1
    exception_us: int = 120_000_000


class ControlRoom(FleetAgent):
    """Alerts and exceptions of one run. Telematics hands received samples to ``sightings.take``."""

    def __init__(
        self, population: Population, office: HeadOffice, watches: Sequence[Watch], settings: ControlSettings
    ) -> None:
        super().__init__(population, "control-room")
        self.office, self.watches, self.settings = office, tuple(watches), settings
        self.sightings = Sightings(detector for watch in watches for detector in watch.detectors())
        limits = next((watch.params for watch in self.watches if isinstance(watch.params, FeedSettings)), None)
        self.monitor = None if limits is None else FeedMonitor(limits)  # feeds are watched for rules about them
        self.episodes, self.queue = Episodes(), ExceptionQueue()
        self.etas = Etas()  # of the last check
        self.absent = 0  # dispatchers away from their desks
        self.callers: Callers | None = None  # customers whose calls dispatchers take; None: somebody else does
        self.at_work: Callable[[], bool] = lambda: True  # False while the tools are down or out of reach
        self._courses = KnownCourses(office.travel)
        self._checked_us = self.world.now
        self._told: dict[str, tuple[str, str]] = {}  # vehicle -> stop whose expected arrival is on record
        self._overdue: list[Callable[[], None]] = []  # escalations that fell due without tools
        self._bell = simpy.Event(self.world.env)

    def start(self) -> None:
        """Set the clockwork going, and let dispatchers sit down."""
        self.world.after(self.settings.every_us, self._tick, LATE)
        for number in range(1, self.settings.dispatchers + 1):
            self.world.env.process(self._work(number))

    def hear(self, kind: str, occurred_us: int, payload: dict[str, Any]) -> None:
        """What devices find themselves; called for every message head office takes in."""
        if kind == "harsh_event":
            row = self.office.belief.index.get(payload["vehicle_id"])
            if row is not None:
                self.sightings.report(HARSH_EVENTS, Finding(row, occurred_us, occurred_us, self.world.now, 0.0))

    # --- checking ---

    def _tick(self) -> None:
        self.world.after(self.settings.every_us, self._tick, LATE)
        if self.at_work():
            self.check()

    def check(self) -> None:
        """Check every rule on the picture of now."""
        now = self.world.now
        view = self.office.view()
        self.etas = etas(view, self._courses)
        seen = self.sightings.recent(self._checked_us, now)
        if now - self._checked_us > self.settings.every_us:
            seen = _looked_at(seen, now)
        view = replace(view, etas=self.etas, feeds=self._ill_feeds(view), sightings=seen)
        self._checked_us = now
        self._note_etas(view)
        raised, cleared = self.episodes.step(now, ((watch, watch.alerts(view)) for watch in self.watches))
        for episode in raised:
            self._raise(episode)
        for episode in cleared:
            self._clear(episode)

    def _ill_feeds(self, view: FleetView) -> Mapping[str, FeedFinding]:
        if self.monitor is None:
            return {}
        self.monitor.check(view, self.world.now)
        return self.monitor.ill

    def _raise(self, episode: Episode) -> None:
        """What an alert sets off, each once: its row, and an exception unless it is only told or already over."""
        alert_id, watch, alert, _ = episode
        self.office.act(
            "alert_raised", alert.subject,
            {
                "alert_id": alert_id, "alert": watch.name, "rule": watch.rule, "subject": alert.subject,
                "severity": watch.severity, "owner": watch.owner, "since_us": alert.at_us, "detail": alert.detail,
                "text": alert.text, "late": alert.late,
            },
        )  # fmt: skip
        if not watch.exception or alert.late:
            return
        now = self.world.now
        case = self.queue.open(alert_id, watch.rule, alert.subject, watch.severity, watch.owner, now)
        if case is None:
            return
        self._tell(
            "exception_opened", case, alert_id=alert_id, rule=case.rule, subject=case.subject,
            severity=case.severity, owner=case.owner,
        )  # fmt: skip
        if watch.escalate_after_us is not None:
            to, exception_id = watch.escalate_to, case.exception_id
            self.world.after(watch.escalate_after_us, partial(self._escalate, exception_id, to))
        self._ring()

    def _clear(self, episode: Episode) -> None:
        alert_id, watch, alert, _ = episode
        fields = {"alert_id": alert_id, "alert": watch.name, "rule": watch.rule, "subject": alert.subject}
        self.office.act("alert_cleared", alert.subject, fields)
        case = self.queue.of_alert(alert_id)
        if case is not None and case.state != "assigned":
            self._resolve(case, "system", "cleared", 0.0)

    def _note_etas(self, view: FleetView) -> None:
        """Put on record when a vehicle is expected at the stop it has set out for, once a stop."""
        for vehicle in view.vehicles.values():
            stop = vehicle.started
            if stop is None or vehicle.state != "driving":
                continue
            key = (stop.order_id, stop.task)
            if self._told.get(vehicle.vehicle_id) == key:
                continue
            eta = self.etas.get(key)
            if eta is not None:
                self._told[vehicle.vehicle_id] = key
                fields = {"order_id": stop.order_id, "task": stop.task, "vehicle_id": vehicle.vehicle_id}
                self.office.act("eta_estimated", stop.order_id, fields | eta._asdict())

    # --- the queue: dispatchers and other people ---

    def acknowledge(self, exception_id: str, by: str) -> None:
        """Somebody takes notice and takes it on; an exception no longer under way is passed over."""
        case = self.queue.get(exception_id)
        if case is not None and case.state == "open":
            self.queue.put(case.acknowledge(by, self.world.now))
            self._tell("exception_acknowledged", case, by=by)

    def assign(self, exception_id: str, to: str, by: str) -> None:
        """Somebody is to work on it."""
        case = self.queue.get(exception_id)
        if case is not None and case.state in ("acknowledged", "assigned"):
            self.queue.put(case.assign(to))
            self._tell("exception_assigned", case, to=to, by=by)

    def note(self, exception_id: str, by: str, text: str) -> None:
        """Write something down about it."""
        case = self.queue.get(exception_id)
        if case is not None:
            self.queue.put(case.note(by, text, self.world.now))
            self._tell("exception_noted", case, by=by, text=text)

    def resolve(self, exception_id: str, by: str, minutes: float = 0.0) -> None:
        """It is dealt with; where another look at the routes may help, the policy is asked."""
        case = self.queue.get(exception_id)
        if case is not None:
            self._resolve(case, by, "handled", minutes)
            if case.rule in ASKS_POLICY:
                self.office.ask_soon()

    def obey(self, kind: str, payload: dict[str, Any]) -> None:
        """A person's command from outside: to acknowledge, assign, note or resolve an exception."""
        exception_id, by = payload["exception_id"], payload["by"]
        if kind == "note_exception":
            self.note(exception_id, by, payload["text"])
            return
        self.acknowledge(exception_id, by)
        if kind == "assign_exception":
            self.assign(exception_id, payload["to"], by)
        elif kind == "resolve_exception":
            if payload["note"]:
                self.note(exception_id, by, payload["note"])
            self.resolve(exception_id, by)

    def attend(self, absent: int) -> None:
        """So many dispatchers are away from now on; the others finish what they work on."""
        self.absent = absent
        self._ring()

    def take_calls(self, call_s_mean: float, patience_s: float) -> Callers:
        """From now on dispatchers take customers' calls; returns where to ring."""
        self.callers = Callers(self.world, call_s_mean, patience_s, self._ring)
        return self.callers

    def tools_are_back(self) -> None:
        """Rules are checked again from the next time on; what fell due meanwhile is done, and the queue is seen."""
        overdue, self._overdue = self._overdue, []
        for act in overdue:
            act()
        self._ring()

    def _escalate(self, exception_id: str, to: str) -> None:
        if not self.at_work():
            self._overdue.append(partial(self._escalate, exception_id, to))
            return
        case = self.queue.get(exception_id)
        if case is not None and case.state == "open":
            case = case.escalate(to, self.world.now)
            self.queue.put(case)
            self._tell("exception_escalated", case, owner=case.owner, severity=case.severity)

    def _resolve(self, case: Case, by: str, outcome: Any, minutes: float) -> None:
        self.queue.put(case.resolve(by, self.world.now, outcome))
        self._tell("exception_resolved", case, by=by, outcome=outcome, minutes=minutes)

    def _work(self, number: int) -> Steps:
        """A dispatcher at the desk: takes calls, and else exceptions one at a time while the queue can be seen."""
        name, busy_us = f"dispatcher-{number}", self.settings.exception_us
        while True:
            there = number <= self.settings.dispatchers - self.absent
            caller = self.callers.pick_up() if there and self.callers is not None else None
            if caller is not None:
                yield self.world.env.timeout(caller.talks_us)
                caller.then(caller.talks_us / SECOND)
                continue
            case = self.queue.next_open() if there and self.at_work() else None
            if case is None:
                yield self._bell
                continue
            self.acknowledge(case.exception_id, name)
            self.assign(case.exception_id, name, name)
            yield self.world.env.timeout(busy_us)
            self.resolve(case.exception_id, name, busy_us / 60e6)

    def _ring(self) -> None:
        """Something is to be done, or somebody came back: who waits looks again."""
        bell, self._bell = self._bell, simpy.Event(self.world.env)
        bell.succeed()

    def _tell(self, kind: str, case: Case, **fields: Any) -> None:
        self.office.act(kind, case.exception_id, {"exception_id": case.exception_id, **fields})


def _looked_at(seen: Mapping[Hashable, tuple[Finding, ...]], now_us: int) -> dict[Hashable, tuple[Finding, ...]]:
    """What was heard since a check long ago: it comes to notice only now."""
    return {key: tuple(finding._replace(heard_us=now_us) for finding in found) for key, found in seen.items()}
