"""What KPIs are made of: compact records in integer units, one set from truth and one from the office's ledger."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from twin.kpis.advice import Advice
from twin.kpis.care import Care
from twin.kpis.contracts import Contracts
from twin.kpis.costs import Costs
from twin.kpis.telemetry import TelemetryFacts

ZONES_PER_DEGREE = 50
"""A zone is a cell of 0.02 x 0.02 degrees (2.2 km north to south), named after its south-west corner."""


@dataclass(slots=True)
class OrderRecord:
    """One order: what was asked, how it ended, and who did it. Times in microseconds, None or empty: not known."""

    order_id: str
    customer: str = ""
    depot: str = ""
    zone: str = ""
    windows: tuple[tuple[int, int], ...] = ()  # of the last task, as last agreed
    two_tasks: bool = False  # a pickup at a customer, then a delivery
    cancelled_in_time: bool = False  # before anybody set out for it
    dispatched: bool = False
    end: str = ""  # kind of the event that ended it
    hour: str = ""  # local hour of day of the end
    vehicle: str = ""
    driver: str = ""
    attempt: int = 0  # visits so far, the successful one included
    failed_visits: int = 0
    arrived_us: int = 0
    started_us: int = 0
    share_ppm: int = 0  # of the goods, handed over
    planned_us: int | None = None  # arrival in the last plan the driver accepted
    heard_us: int | None = None  # when the office received it, if during the run
    commanded_us: int | None = None  # when it was first in a command
    live_us: int | None = None  # arrival expected when the vehicle set out for it
    care: Care | None = None  # None: nothing passed with the customer
    advice: str = ""  # who was last asked about a recommendation had it "accepted" or "overridden"; "": nobody was

    @property
    def delivered(self) -> bool:
        return self.end == "order_delivered"

    def due(self, end_us: int) -> bool:
        """Whether it should have been done: not cancelled in time, and ended or its windows closed by ``end_us``."""
        if self.cancelled_in_time:
            return False
        return bool(self.end) or not self.windows or max(close for _, close in self.windows) <= end_us

    @property
    def on_time(self) -> bool:
        """Delivered, and service started in a window (waiting for it to open is no fault)."""
        if not self.delivered:
            return False
        return not self.windows or any(start <= self.started_us <= close for start, close in self.windows)

    @property
    def lateness_us(self) -> int:
        """From the close of the last window missed to the start of service; 0 if on time or too early."""
        missed = [close for _, close in self.windows if close < self.started_us]
        return 0 if self.on_time or not missed else self.started_us - max(missed)


class WorkKey(NamedTuple):
    driver: str
    vehicle: str
    depot: str
    hour: str


@dataclass(slots=True)
class Work:
    """Trips and stops, added up."""

    stops: int = 0
    distance_mm: int = 0
    empty_mm: int = 0
    driving_us: int = 0
    service_us: int = 0
    fuel_ul: int = 0
    energy_mwh: int = 0
    harsh_events: int = 0


class DutyKey(NamedTuple):
    driver: str
    vehicle: str
    depot: str


@dataclass(slots=True)
class Duty:
    """Shifts, added up."""

    shifts: int = 0
    rostered_us: int = 0
    duty_us: int = 0
    overtime_us: int = 0  # after the rostered end
    violations: int = 0  # limits of a shift exceeded
    longest_us: int = 0
    idle_us: int = 0
    engine_us: int = 0
    idle_fuel_ul: int = 0
    plan_changes: int = 0
    planned_pairs: int = 0
    kept_pairs: int = 0
    idle_waiting_us: int = 0  # idle at the depot while an order waited
    first_departures_us: list[int] = field(default_factory=list)  # after the start of each shift


class Alarm(NamedTuple):
    """An alert, or what an alert should tell of: when it began, and until when; no subject: any will do."""

    rule: str
    subject: str
    at_us: int
    until_us: int = 0  # 0: a moment
    detail: str = ""  # its class
    early_us: int = 15 * 60_000_000  # an alert this long before is an early warning


@dataclass(slots=True)
class ExceptionRecord:
    """An alert that somebody had to deal with; times in microseconds, None: not yet."""

    rule: str
    opened_us: int
    acknowledged_us: int | None = None
    handled: bool = False  # by people
    worked_us: int = 0


@dataclass
class Facts:
    """One account of a run: what happened (truth), or what the office knew of it."""

    end_us: int = 0
    costs: Costs = field(default_factory=Costs)
    contracts: Contracts = field(default_factory=Contracts)
    orders: dict[str, OrderRecord] = field(default_factory=dict)
    work: dict[WorkKey, Work] = field(default_factory=dict)
    duty: dict[DutyKey, Duty] = field(default_factory=dict)
    shifts: list[tuple[str, int, int]] = field(default_factory=list)  # vehicle, start, end
    downtime_us: dict[str, int] = field(default_factory=dict)  # broken down, by vehicle
    proof_bytes: dict[str, int] = field(default_factory=dict)  # captured, by vehicle
    alerts: list[Alarm] = field(default_factory=list)
    alert_causes: list[Alarm] = field(default_factory=list)
    exceptions: dict[str, ExceptionRecord] = field(default_factory=dict)
    phone_us: int = 0  # head office called drivers
    runbook_us: int = 0  # steps a dispatcher took
    deciding_us: int = 0  # a dispatcher decided, or answered recommendations
    advice: dict[str, Advice] = field(default_factory=dict)  # by recommendation
    customers_told: bool = False  # customers were told something, or called
    telemetry: TelemetryFacts | None = None

    def order(self, order_id: str) -> OrderRecord:
        """An order's record, a new one where there is none."""
        record = self.orders.get(order_id)
        if record is None:
            record = self.orders[order_id] = OrderRecord(order_id)
        return record

    def due(self) -> list[OrderRecord]:
        """Orders that should have been done."""
        return [order for order in self.orders.values() if order.due(self.end_us)]

    def delivered(self) -> list[OrderRecord]:
        return [order for order in self.orders.values() if order.delivered]

    def total(self, of: Callable[[Work], int]) -> int:
        """A sum over all work."""
        return sum(map(of, self.work.values()))

    def duty_total(self, of: Callable[[Duty], int]) -> int:
        """A sum over all shifts."""
        return sum(map(of, self.duty.values()))

    def split(self, dimension: str) -> dict[str, "Facts"]:
        """The facts of each driver, vehicle, depot, zone, customer, hour or rule; what has no such key is left out."""
        if dimension == "rule":
            return self._by_rule()
        parts: dict[str, Facts] = {}

        def part(key: str) -> Facts:
            if key not in parts:
                parts[key] = replace(
                    self, contracts=Contracts(), orders={}, work={}, duty={}, shifts=[], downtime_us={}, proof_bytes={},
                    exceptions={}, phone_us=0, runbook_us=0, deciding_us=0, telemetry=None,
                )  # fmt: skip
            return parts[key]

        for order_id, order in self.orders.items():
            if key := getattr(order, dimension):
                part(key).orders[order_id] = order
        if dimension in WorkKey._fields:
            for work_key, work in self.work.items():
                part(getattr(work_key, dimension)).work[work_key] = work
        if dimension in DutyKey._fields:
            for duty_key, duty in self.duty.items():
                part(getattr(duty_key, dimension)).duty[duty_key] = duty
        if dimension == "vehicle":
            self._split_by_vehicle(part)
        parts.pop("", None)
        return parts

    def _split_by_vehicle(self, part: Callable[[str], "Facts"]) -> None:
        if self.telemetry is not None:
            for vehicle, telemetry in self.telemetry.by_vehicle().items():
                part(vehicle).telemetry = telemetry
        for vehicle in self.contracts.devices:
            part(vehicle).contracts = self.contracts.of(vehicle)
        for vehicle, down_us in self.downtime_us.items():
            part(vehicle).downtime_us = {vehicle: down_us}
        for vehicle, sent in self.proof_bytes.items():
            part(vehicle).proof_bytes = {vehicle: sent}

    def _by_rule(self) -> dict[str, "Facts"]:
        exceptions = self.exceptions.items()
        rules = sorted({alarm.rule for alarm in (*self.alerts, *self.alert_causes)} | {c.rule for _, c in exceptions})
        return {
            rule: replace(
                self,
                alerts=[alert for alert in self.alerts if alert.rule == rule],
                alert_causes=[cause for cause in self.alert_causes if cause.rule == rule],
                exceptions={name: case for name, case in exceptions if case.rule == rule},
            )
            for rule in rules
        }


def zone_of(lat: float, lon: float) -> str:
    """The cell a place lies in, as ``south,west`` in degrees."""
    south, west = int(lat * ZONES_PER_DEGREE // 1), int(lon * ZONES_PER_DEGREE // 1)
    return f"{south / ZONES_PER_DEGREE:.2f},{west / ZONES_PER_DEGREE:.2f}"
