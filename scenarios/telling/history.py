"""A run's ledgers, indexed by order and vehicle: what became of each order, and what it had been promised."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from scenarios.rows import Row, RunLedgers
from scenarios.telling.activities import Shift, shifts
from twin.events import ORDER_ENDS
from twin.orders import natural_key

State = Literal["on_time", "late", "failed", "left_out", "cancelled", "open"]
STATES: tuple[State, ...] = ("on_time", "late", "failed", "left_out", "cancelled", "open")

VISIT_ENDS = ("order_delivered", "delivery_attempted")
_ORDER_KINDS = frozenset(("order_placed", "order_rebooked", "order_changed", *ORDER_ENDS, *VISIT_ENDS))


class Promise(NamedTuple):
    """A command that put an order on a route with a planned arrival."""

    row: Row  # set_route or assign_order
    vehicle_id: str
    arrive_us: int


class Outage(NamedTuple):
    """A part of head office's plant that was down; to the end of the ledger if it was not mended."""

    component: str
    start_us: int
    end_us: int
    cause: str


class Incident(NamedTuple):
    """A cause the scenario or a person put into the day; ``end_us`` is None if it lasted to the end of the run."""

    name: str
    kind: str
    start_us: int
    end_us: int | None
    details: dict[str, Any]  # its parameters


@dataclass
class OrderHistory:
    """What the ledgers say of one order. Empty lists and None where nothing happened."""

    order_id: str
    placed: Row | None = None
    end: Row | None = None
    rebooked: Row | None = None  # the last new date
    changed: Row | None = None  # the last change of windows since then
    visits: list[Row] = field(default_factory=list)  # VISIT_ENDS in order of time
    promises: list[Promise] = field(default_factory=list)  # in order of issue
    assigned: list[Row] = field(default_factory=list)  # assign_order commands

    @property
    def task(self) -> dict[str, Any]:
        """The task that decides whether the order was on time, as in ``order_placed``; empty if never placed."""
        fields = self.placed.payload if self.placed else {}
        return fields.get("delivery") or fields.get("pickup") or {}

    @property
    def task_kind(self) -> Literal["pickup", "delivery"]:
        return "delivery" if self.placed is None or self.placed.payload["delivery"] else "pickup"

    @property
    def customer(self) -> str:
        return self.placed.payload["customer"] if self.placed else ""

    @property
    def windows_us(self) -> list[list[int]]:
        """The windows of the deciding task, as last agreed."""
        agreed = self.changed or self.rebooked
        if agreed is not None:
            return agreed.payload["windows_us"]
        return self.task.get("windows_us", [])

    @property
    def closes_us(self) -> int | None:
        """The close of the last window missed by a late order, None of any other."""
        if self.end is None or self.end.kind != "order_delivered":
            return None
        started_us = self.end.payload["started_us"]
        if any(opens <= started_us <= closes for opens, closes in self.windows_us):
            return None
        return max((closes for _, closes in self.windows_us if closes < started_us), default=None)

    @property
    def late_us(self) -> int:
        """From the close of the last window missed to the start of service; 0 in time (as the KPIs have it)."""
        return 0 if self.closes_us is None or self.end is None else self.end.payload["started_us"] - self.closes_us

    @property
    def last_visits(self) -> list[Row]:
        """The visits since a date was last agreed."""
        return [row for row in self.visits if self.rebooked is None or row.at_us > self.rebooked.at_us]

    @property
    def last_promises(self) -> list[Promise]:
        """The promises since a date was last agreed."""
        return [p for p in self.promises if self.rebooked is None or p.row.at_us >= self.rebooked.at_us]

    @property
    def state(self) -> State:
        if self.end is None:
            return "open"
        if self.end.kind == "order_delivered":
            return "late" if self.late_us else "on_time"
        return self.end.kind.removeprefix("order_")  # type: ignore[return-value]


class RunHistory:
    """The index over a run's ledgers."""

    def __init__(self, ledgers: RunLedgers) -> None:
        self.ledgers = ledgers
        found: dict[str, OrderHistory] = {}
        for row in ledgers.truth:
            if row.kind in _ORDER_KINDS:
                _note(found.setdefault(row.payload["order_id"], OrderHistory(row.payload["order_id"])), row)
        for row in ledgers.office:
            if row.kind == "set_route":
                _note_promises(found, row)
            elif row.kind == "assign_order" and row.payload["order_id"] in found:
                _note_assignment(found[row.payload["order_id"]], row)
        self.orders = {order_id: found[order_id] for order_id in sorted(found, key=natural_key)}

    @cached_property
    def shifts(self) -> list[Shift]:
        """Every driver's shifts with what was done in them."""
        return shifts(self.ledgers.truth)

    @cached_property
    def shifts_of(self) -> dict[str, list[Shift]]:
        """Shifts by vehicle, in order of start."""
        by_vehicle: dict[str, list[Shift]] = {}
        for shift in sorted(self.shifts, key=lambda shift: shift.start_us):
            by_vehicle.setdefault(shift.vehicle_id, []).append(shift)
        return by_vehicle

    @cached_property
    def vehicles(self) -> frozenset[str]:
        """Every vehicle of the fleet."""
        registered = (row for row in self.ledgers.truth if row.kind == "vehicle_registered")
        return frozenset(row.payload["vehicle_id"] for row in registered)

    @cached_property
    def outages(self) -> list[Outage]:
        """What was down at head office, in order of start."""
        found: list[Outage] = []
        down: dict[str, int] = {}  # where in ``found``
        last_us = self.ledgers.truth[-1].at_us if self.ledgers.truth else 0
        for row in self.ledgers.truth:
            if row.kind == "plant_failed":
                down[row.payload["component"]] = len(found)
                found.append(Outage(row.payload["component"], row.at_us, last_us, row.payload["cause"]))
            elif row.kind == "plant_restored" and row.payload["component"] in down:
                number = down.pop(row.payload["component"])
                found[number] = found[number]._replace(end_us=row.at_us)
            elif row.kind == "standby_took_over" and row.subject in down:
                number = down.pop(row.subject)
                cause = f"{found[number].cause}, until the standby took over"
                found[number] = found[number]._replace(end_us=row.at_us, cause=cause)
        return found

    @cached_property
    def incidents(self) -> list[Incident]:
        """What the scenario or a person had happen, in order of start."""
        rows = self.ledgers.truth
        ends = {row.payload["name"]: row.at_us for row in rows if row.kind == "incident_ended"}
        return [
            Incident(p["name"], p["incident"], row.at_us, ends.get(p["name"]), p["details"])
            for row in rows
            if row.kind == "incident_started" and (p := row.payload)
        ]

    @cached_property
    def weather(self) -> list[tuple[int, float, str]]:
        """(from when, speed factor, state) in order of time."""
        rows = (row for row in self.ledgers.truth if row.kind == "weather_changed")
        return [(row.at_us, row.payload["speed_factor"], row.payload["state"]) for row in rows]

    @cached_property
    def blocked_trips(self) -> frozenset[str]:
        """Trips on which a driver stood before a closed road."""
        return frozenset(row.payload["trip_id"] for row in self.ledgers.truth if row.kind == "road_block_met")

    def order(self, order_id: str) -> OrderHistory:
        """One order.

        Raises:
            UnknownOrder: the run has none of this name; says the nearest.
        """
        if order_id not in self.orders:
            raise UnknownOrder(order_id, list(self.orders), sorted(self.vehicles, key=natural_key))
        return self.orders[order_id]


class UnknownOrder(ValueError):
    """An order id that is not in the run, nor that of a vehicle."""

    def __init__(self, order_id: str, known: list[str], vehicles: list[str]) -> None:
        import difflib

        folded = {name.casefold(): name for name in [*known, *vehicles]}
        close = difflib.get_close_matches(order_id.casefold(), folded, n=1, cutoff=0.4)
        self.order_id, self.nearest = order_id, folded[close[0]] if close else None
        hint = f"; the nearest is {self.nearest!r}" if self.nearest else ""
        super().__init__(f"order {order_id!r}: expected one of the run's {len(known)} orders, or a vehicle{hint}")


def _note(order: OrderHistory, row: Row) -> None:
    if row.kind == "order_placed":
        order.placed = row
    if row.kind == "order_rebooked":
        order.rebooked, order.changed = row, None
    if row.kind == "order_changed":
        order.changed = row
    if row.kind in VISIT_ENDS:
        order.visits.append(row)
    if row.kind in ORDER_ENDS:
        order.end = row


def _note_promises(found: dict[str, OrderHistory], row: Row) -> None:
    for stop in row.payload["stops"]:
        order = found.get(stop["order_id"])
        if order is not None and stop["arrive_us"] is not None and stop["task"] == order.task_kind:
            order.promises.append(Promise(row, row.payload["vehicle_id"], stop["arrive_us"]))


def _note_assignment(order: OrderHistory, row: Row) -> None:
    order.assigned.append(row)
    if row.payload.get("arrive_us") is not None:
        order.promises.append(Promise(row, row.payload["vehicle_id"], row.payload["arrive_us"]))
