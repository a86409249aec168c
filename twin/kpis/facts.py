"""Folding ledgers into facts: one pass over both, truth and the office's account by the same rules.

A command is known in full only to the office's ledger; what a driver accepted is applied to either account when that
account has the driver's answer.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from twin.kpis.advice import AdviceRules
from twin.kpis.care import CareRules
from twin.kpis.causes import AlertRules, TrueCauses
from twin.kpis.contracts import Contracts
from twin.kpis.costs import Costs
from twin.kpis.downtime import DowntimeRules
from twin.kpis.records import Duty, DutyKey, Facts, OrderRecord, Work, WorkKey, zone_of
from twin.kpis.standing import Standing
from twin.kpis.tables import Event, LocalHours, Tables, read_events
from twin.kpis.telemetry import telemetry_facts

HOUR_US = 3_600_000_000
MOST_DUTY_US, MOST_DRIVING_US = 14 * HOUR_US, 11 * HOUR_US  # in a shift: 49 CFR 395.3 (a)(2) and (3)
ROUTE_COMMANDS = ("set_route", "assign_order", "unassign_order")


@dataclass(frozen=True)
class Evidence:
    """All that KPIs are computed from. ``truth`` is None where nobody knows it (a replayed or live-fed twin)."""

    truth: Facts | None
    office: Facts


def gather(tables: Tables) -> Evidence:
    """Fold both ledgers and the telemetry, a batch in memory at a time."""
    hours = LocalHours(tables.time_zone)
    truth, office = (Fold(hours, tables.costs, tables.end_us, tables.contracts) for _ in range(2))
    causes, truth_known = TrueCauses(tables.alerts), False
    for own, at_us, event in _both(tables):
        if not own:
            truth_known = True
            truth.take(event, at_us)
            causes.take(event)
        elif event.believed:
            office.take(event, at_us)
            if event.received_us is None:
                truth.sent(event)
                office.sent(event)
    happened, known = truth.finish() if truth_known else None, office.finish()
    shifts = sorted((happened or known).shifts)
    known.telemetry = telemetry_facts(tables.telemetry, shifts, tables.contracts.sim_networks)
    if happened is not None:
        happened.telemetry = known.telemetry
        happened.alerts = known.alerts  # an alert is the office's; whether it is right, truth decides
        happened.alert_causes = causes.finish(tables.end_us)
    return Evidence(happened, known)


def _both(tables: Tables) -> Iterator[tuple[bool, int, Event]]:
    """Both ledgers as ``(is the office's, when, event)`` in order of time; of one instant the office's first."""

    def dated(own: bool, ledger: Any) -> Iterator[tuple[int, int, int, Event]]:
        latest = -(1 << 62)
        for event in read_events(ledger):
            at = event.occurred_us if event.received_us is None else event.received_us
            latest = max(latest, at)
            yield latest, 0 if own else 1, event.seq, event

    for at_us, side, _, event in heapq.merge(dated(True, tables.office), dated(False, tables.truth)):
        yield side == 0, at_us, event


@dataclass(slots=True)
class OpenShift:
    """What is remembered of a vehicle between two shift ends."""

    start_us: int | None = None
    until_us: int = 0
    driver: str = ""
    depot: str = ""
    told_before: bool = False  # a route came before the shift began
    told_during: int = 0
    plan: list[tuple[str, str]] | None = None  # of the first route accepted
    visits: list[str] = field(default_factory=list)


class Fold(CareRules, AlertRules, AdviceRules, DowntimeRules):
    """One account of the run, fed event by event in order of ``seq``."""

    def __init__(self, hours: LocalHours, costs: Costs, end_us: int, contracts: Contracts | None = None) -> None:
        super().__init__()
        self.facts = Facts(end_us, costs, contracts or Contracts())
        self._hours = hours
        self._standing = Standing()
        self._depot_of: dict[str, str] = {}  # vehicle -> depot
        self._shift: dict[str, OpenShift] = {}  # by vehicle
        self._commands: dict[str, Event] = {}  # sent, not answered as far as this account knows
        self._rules: dict[str, Callable[[Event, int, dict], None]] = {
            name[3:]: getattr(self, name) for name in dir(self) if name.startswith("on_")
        }

    def take(self, event: Event, at_us: int) -> None:
        """Fold one event; ``at_us`` is when this account learnt of it."""
        rule = self._rules.get(event.kind)
        if rule is not None:
            rule(event, at_us, event.payload)
        self._standing.take(event, at_us)

    def sent(self, command: Event) -> None:
        """A command left the office."""
        if command.kind in ROUTE_COMMANDS:
            self._commands[command.event_id] = command

    def so_far(self, now_us: int) -> Facts:
        """The facts as of now, the hours of shifts under way counted; to be read at once, the fold goes on."""
        duty = dict(self.facts.duty)
        for vehicle, shift in self._shift.items():
            if shift.start_us is not None:
                key = DutyKey(shift.driver, vehicle, self._depot_of.get(vehicle, ""))
                done = duty.get(key, Duty())
                duty[key] = replace(
                    done,
                    duty_us=done.duty_us + max(0, now_us - shift.start_us),
                    overtime_us=done.overtime_us + max(0, now_us - shift.until_us),
                )
        return replace(self.facts, end_us=now_us, duty=duty, downtime_us=self.downtime_us(now_us))

    def finish(self) -> Facts:
        """The facts, with shifts that never ended counted to the end of the run."""
        for vehicle, shift in self._shift.items():
            if shift.start_us is not None and shift.start_us < self.facts.end_us:
                self.facts.shifts.append((vehicle, shift.start_us, self.facts.end_us))
                shift.start_us = None
        self.facts.downtime_us = self.downtime_us(self.facts.end_us)
        self.judge_orders()
        for order in self.facts.orders.values():
            if order.care is not None and order.delivered:  # told after the fact
                order.care.came(order.arrived_us, order.started_us)
            elif order.care is not None:
                order.care.never_came(self.facts.end_us)
        for stood, idle_us in self._standing.idle_while_waiting_us(self.facts.end_us):
            duty = self._duty(stood.driver, stood.vehicle)
            duty.idle_waiting_us += idle_us
            if stood.first_departure_us is not None:
                duty.first_departures_us.append(stood.first_departure_us)
        return self.facts

    # --- orders ---

    def on_order_placed(self, event: Event, at_us: int, p: dict) -> None:
        order = self.facts.order(p["order_id"])
        task = p["delivery"] or p["pickup"]
        order.customer, order.depot = p["customer"], p["depot"] or order.depot
        order.zone = zone_of(task["place"]["lat"], task["place"]["lon"])
        order.windows = _windows(task["windows_us"])
        order.two_tasks = p["delivery"] is not None and p["pickup"] is not None
        order.heard_us = None if p["known_before"] else at_us

    def on_order_rebooked(self, event: Event, at_us: int, p: dict) -> None:
        self.facts.order(p["order_id"]).windows = _windows(p["windows_us"])

    on_order_changed = on_order_rebooked

    def on_order_picked_up(self, event: Event, at_us: int, p: dict) -> None:
        order = self.facts.order(p["order_id"])
        order.dispatched = True
        if "at_depot" not in p and order.two_tasks:
            self._served(event, p["driver_id"], p["vehicle_id"], p.get("service_s", 0.0))

    def on_delivery_attempted(self, event: Event, at_us: int, p: dict) -> None:
        order = self.facts.order(p["order_id"])
        order.attempt = max(order.attempt, p["attempt"])
        order.failed_visits += 1
        order.dispatched = True
        order.driver, order.vehicle = p["driver_id"], p["vehicle_id"]
        if order.care is not None:
            order.care.came(p["arrived_us"], p["arrived_us"])

    def on_order_delivered(self, event: Event, at_us: int, p: dict) -> None:
        order = self.facts.order(p["order_id"])
        order.attempt, order.share_ppm = p["attempt"], round(p["share"] * 1e6)
        order.arrived_us, order.started_us = p["arrived_us"], p["started_us"]
        order.driver, order.vehicle, order.cancelled_in_time = p["driver_id"], p["vehicle_id"], False
        if order.care is not None:
            order.care.came(p["arrived_us"], p["started_us"])
        self._end(event, order)
        self._served(event, p["driver_id"], p["vehicle_id"], p["service_s"])

    def on_order_cancelled(self, event: Event, at_us: int, p: dict) -> None:
        order = self.facts.order(p["order_id"])
        order.cancelled_in_time = not order.dispatched and not order.end
        if order.care is not None:
            order.care.waiting.clear()
        self._end(event, order)

    def on_order_failed(self, event: Event, at_us: int, p: dict) -> None:
        self._end(event, self.facts.order(p["order_id"]))

    on_order_left_out = on_order_failed

    # --- vehicles and drivers ---

    def on_vehicle_registered(self, event: Event, at_us: int, p: dict) -> None:
        self._depot_of[p["vehicle_id"]] = p["depot_id"]

    def on_shift_started(self, event: Event, at_us: int, p: dict) -> None:
        shift = self._open(p["vehicle_id"])
        shift.start_us, shift.until_us = event.occurred_us, p["until_us"]
        shift.driver, shift.depot = p["driver_id"], p["depot_id"]
        self._depot_of[p["vehicle_id"]] = p["depot_id"]
        duty = self._duty(p["driver_id"], p["vehicle_id"])
        duty.shifts += 1
        duty.rostered_us += max(0, p["until_us"] - event.occurred_us)

    def on_departed(self, event: Event, at_us: int, p: dict) -> None:
        order = self.facts.orders.get(p["to"]) if p["purpose"] == "task" else None
        if order is not None:
            order.dispatched = True

    def on_arrived(self, event: Event, at_us: int, p: dict) -> None:
        driving_us = round(p["driving_s"] * 1e6)
        work = self._work(p["driver_id"], p["vehicle_id"], event.occurred_us - driving_us)
        distance_mm = round(p["distance_m"] * 1e3)
        work.distance_mm += distance_mm
        work.empty_mm += distance_mm if p["empty"] else 0
        work.driving_us += driving_us
        work.fuel_ul += round(p["fuel_ml"] * 1e3)
        work.energy_mwh += round(p["energy_wh"] * 1e3)
        if p["purpose"] == "task":
            self._open(p["vehicle_id"]).visits.append(p["at"])

    def on_harsh_event(self, event: Event, at_us: int, p: dict) -> None:
        self._work(p["driver_id"], p["vehicle_id"], event.occurred_us).harsh_events += 1

    def on_shift_ended(self, event: Event, at_us: int, p: dict) -> None:
        duty = self._duty(p["driver_id"], p["vehicle_id"])
        duty_us = round(p["duty_s"] * 1e6)
        duty.duty_us += duty_us
        duty.longest_us = max(duty.longest_us, duty_us)
        duty.violations += (duty_us > MOST_DUTY_US) + (p["driving_s"] * 1e6 > MOST_DRIVING_US)
        duty.idle_us += round(p["idle_s"] * 1e6)
        duty.engine_us += round(p["engine_s"] * 1e6)
        duty.idle_fuel_ul += round(p.get("idle_fuel_ml", 0.0) * 1e3)
        shift = self._shift.pop(p["vehicle_id"], OpenShift())
        if shift.start_us is not None:
            duty.overtime_us += min(duty_us, max(0, event.occurred_us - shift.until_us))
        duty.plan_changes += max(0, shift.told_during - (not shift.told_before))
        if shift.plan:
            kept = set(zip(shift.visits, shift.visits[1:]))
            pairs = [(a, b) for (a, _), (b, _) in zip(shift.plan, shift.plan[1:])]
            duty.planned_pairs += len(pairs)
            duty.kept_pairs += sum(pair in kept for pair in pairs)
        start_us = event.occurred_us - round(p["duty_s"] * 1e6) if shift.start_us is None else shift.start_us
        if start_us < event.occurred_us:
            self.facts.shifts.append((p["vehicle_id"], start_us, event.occurred_us))

    # --- commands ---

    def on_set_route(self, event: Event, at_us: int, p: dict) -> None:
        for stop in p["stops"]:
            self._commanded(stop["order_id"], at_us)

    def on_assign_order(self, event: Event, at_us: int, p: dict) -> None:
        self._commanded(p["order_id"], at_us)

    def on_command_received(self, event: Event, at_us: int, p: dict) -> None:
        command = self._commands.pop(p["command_id"], None)
        if command is None or p["answer"] != "accepted":
            return
        self._standing.accepted(p["vehicle_id"], command.kind, command.payload, at_us)
        shift = self._open(p["vehicle_id"])
        if shift.start_us is None:
            shift.told_before = True
        else:
            shift.told_during += 1
        if command.kind == "set_route":
            stops = command.payload["stops"]
            for stop in stops:
                self._planned(stop["order_id"], stop["task"], stop["arrive_us"])
            if shift.plan is None:
                shift.plan = [(stop["order_id"], stop["task"]) for stop in stops]
        elif command.kind == "assign_order":
            self._planned(command.payload["order_id"], "", command.payload.get("arrive_us"))

    # --- small helpers ---

    def _end(self, event: Event, order: OrderRecord) -> None:
        if not order.end or event.kind == "order_delivered":  # what the office gave up may be heard to be done
            order.end = event.kind
        order.hour = f"{self._hours.hour(event.occurred_us):02d}"
        order.depot = order.depot or self._depot_of.get(order.vehicle, "")

    def _served(self, event: Event, driver: str, vehicle: str, service_s: float) -> None:
        work = self._work(driver, vehicle, event.occurred_us)
        work.stops += 1
        work.service_us += round(service_s * 1e6)

    def _commanded(self, order_id: str, at_us: int) -> None:
        order = self.facts.orders.get(order_id)
        if order is not None and order.commanded_us is None:
            order.commanded_us = at_us

    def _planned(self, order_id: str, task: str, arrive_us: int | None) -> None:
        order = self.facts.orders.get(order_id)
        if order is None or order.end or arrive_us is None or (order.two_tasks and task == "pickup"):
            return
        order.planned_us = arrive_us

    def _work(self, driver: str, vehicle: str, at_us: int) -> Work:
        hour = f"{self._hours.hour(at_us):02d}"
        return self.facts.work.setdefault(WorkKey(driver, vehicle, self._depot_of.get(vehicle, ""), hour), Work())

    def _duty(self, driver: str, vehicle: str) -> Duty:
        return self.facts.duty.setdefault(DutyKey(driver, vehicle, self._depot_of.get(vehicle, "")), Duty())

    def _open(self, vehicle: str) -> OpenShift:
        return self._shift.setdefault(vehicle, OpenShift())


def _windows(windows_us: list[list[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((open_us, close_us) for open_us, close_us in windows_us)
