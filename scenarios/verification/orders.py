"""Orders, loads and shifts as truth tells them: every order ends once, nothing is served twice, nothing overloaded."""

from collections.abc import Callable
from dataclasses import dataclass, field

from scenarios.verification.findings import Findings
from twin.events import ORDER_ENDS
from twin.kpis import Event

LOAD_TOLERANCE = 1e-6
"""Relative: a sum of decimal demands may exceed the capacity it was planned to by rounding only."""
SECOND_US = 1_000_000


@dataclass(slots=True)
class OrderLife:
    """What has become of one order."""

    demand: dict[str, float]
    collection: bool
    picked_up: bool = False  # its goods were taken on board, somewhere, some time
    collected_seq: int | None = None  # row at which its pickup at a customer was done
    end_seq: int | None = None
    end: str = ""


@dataclass(slots=True)
class VehicleLife:
    """What a vehicle may carry and carries."""

    capacity: dict[str, float]
    onboard: set[str] = field(default_factory=set)
    odometer_mm: int | None = None


class OrderRules:
    """Fed every valid row of truth in order of ``seq``."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.orders: dict[str, OrderLife] = {}
        self.vehicles: dict[str, VehicleLife] = {}
        self._shifts: dict[str, Event] = {}  # driver -> shift_started
        self._rules: dict[str, Callable[[Event], None]] = {
            name[4:]: getattr(self, name) for name in dir(self) if name.startswith("_on_")
        }

    def take(self, event: Event) -> None:
        """Check one row."""
        if event.kind in ORDER_ENDS:
            self._end(event)
        rule = self._rules.get(event.kind)
        if rule is not None:
            rule(event)

    def finish(self) -> None:
        """Every order has ended."""
        for order_id, order in self.orders.items():
            if order.end_seq is None:
                self.findings.add("orders", f"order {order_id}: never ended")

    # --- orders ---

    def _on_order_placed(self, event: Event) -> None:
        p = event.payload
        if p["order_id"] in self.orders:
            self.findings.add("orders", f"{_row(event)}: order {p['order_id']} is placed again")
        self.orders[p["order_id"]] = OrderLife(p["demand"], p["delivery"] is None)

    def _end(self, event: Event) -> None:
        order = self._order(event)
        if order is None:
            return
        if order.end_seq is not None:
            before = f"it was {order.end} in seq {order.end_seq}"
            self.findings.add("orders", f"{_row(event)}: order {event.payload['order_id']} ends again: {before}")
            return
        order.end_seq, order.end = event.seq, event.kind

    def _on_service_started(self, event: Event) -> None:
        order, p = self._order(event), event.payload
        if order is None:
            return
        done = order.end_seq if order.end == "order_delivered" else None
        if p["task"] == "pickup" and done is None:
            done = order.collected_seq
        if done is not None:
            self.findings.add(
                "stops", f"{_row(event)}: {p['task']} of order {p['order_id']} is served again, done in seq {done}"
            )

    def _on_order_picked_up(self, event: Event) -> None:
        order, p = self._order(event), event.payload
        if order is None:
            return
        if "at_depot" not in p:
            if order.collected_seq is not None:
                done = f"done in seq {order.collected_seq}"
                self.findings.add("stops", f"{_row(event)}: pickup of order {p['order_id']} is served again, {done}")
            order.collected_seq = event.seq
        order.picked_up = True
        self._load(event, p["order_id"])

    def _on_order_delivered(self, event: Event) -> None:
        order, p = self._order(event), event.payload
        if order is None:
            return
        if order.collection:
            order.picked_up = True
            self._load(event, p["order_id"])
            return
        if not order.picked_up:
            self.findings.add("loads", f"{_row(event)}: order {p['order_id']} is delivered but was never on board")
        vehicle = self.vehicles.get(p["vehicle_id"])
        if vehicle is not None:
            vehicle.onboard.discard(p["order_id"])

    # --- loads: what was not delivered stays on board until the vehicle is back ---

    def _on_vehicle_registered(self, event: Event) -> None:
        self.vehicles[event.payload["vehicle_id"]] = VehicleLife(event.payload["capacity"])

    def _on_departed(self, event: Event) -> None:
        p = event.payload
        vehicle = self._vehicle(event)
        if vehicle is None:
            return
        for order_id in p["onboard"]:
            order = self.orders.get(order_id)
            if order is None or not order.picked_up:
                self.findings.add("loads", f"{_row(event)}: order {order_id} is on board but was never picked up")
        if vehicle.onboard - set(p["onboard"]):
            missing = ", ".join(sorted(vehicle.onboard - set(p["onboard"])))
            self.findings.add("loads", f"{_row(event)}: {missing} should be on board of {p['vehicle_id']}")
        vehicle.onboard = set(p["onboard"])
        self._weigh(event, vehicle)

    def _on_arrived(self, event: Event) -> None:
        p = event.payload
        vehicle = self._vehicle(event)
        if vehicle is None:
            return
        odometer_mm, distance_mm = round(p["odometer_m"] * 1000), round(p["distance_m"] * 1000)
        before = vehicle.odometer_mm
        if before is not None and abs(odometer_mm - before - distance_mm) > 1000:
            self.findings.add(
                "odometer",
                f"{_row(event)}: {p['vehicle_id']} shows {odometer_mm / 1000} m after {before / 1000} m and a trip of "
                f"{distance_mm / 1000} m",
            )
        vehicle.odometer_mm = odometer_mm
        if p["purpose"] == "depot":
            vehicle.onboard.clear()

    def _load(self, event: Event, order_id: str) -> None:
        vehicle = self._vehicle(event)
        if vehicle is not None:
            vehicle.onboard.add(order_id)
            self._weigh(event, vehicle)

    def _weigh(self, event: Event, vehicle: VehicleLife) -> None:
        for unit, limit in vehicle.capacity.items():
            demands = (self.orders[o].demand.get(unit, 0.0) for o in sorted(vehicle.onboard) if o in self.orders)
            load = sum(demands)
            if load > limit * (1 + LOAD_TOLERANCE):
                self.findings.add(
                    "loads",
                    f"{_row(event)}: {event.payload['vehicle_id']} carries {unit} {load:g}, its capacity is {limit:g}",
                )

    # --- shifts ---

    def _on_shift_started(self, event: Event) -> None:
        driver = event.payload["driver_id"]
        if driver in self._shifts:
            began = f"the one of seq {self._shifts[driver].seq} has not ended"
            self.findings.add("shifts", f"{_row(event)}: {driver} starts a shift, {began}")
        self._shifts[driver] = event

    def _on_shift_ended(self, event: Event) -> None:
        p = event.payload
        driver, duty_s = p["driver_id"], p["duty_s"]
        if p["driving_s"] + p["break_s"] > duty_s + 0.001 or min(p["driving_s"], p["break_s"]) < 0:
            self.findings.add(
                "shifts",
                f"{_row(event)}: {driver} drove {p['driving_s']} s and rested {p['break_s']} s in {duty_s} s of duty",
            )
        if not 0 <= p["idle_s"] <= p["engine_s"] + 0.001:
            self.findings.add(
                "shifts", f"{_row(event)}: {driver} idled {p['idle_s']} s with the engine on for {p['engine_s']} s"
            )
        started = self._shifts.pop(driver, None)
        if started is None:
            self.findings.add("shifts", f"{_row(event)}: {driver} ends a shift that never started")
        elif abs(event.occurred_us - started.occurred_us - duty_s * SECOND_US) > SECOND_US:
            lasted = (event.occurred_us - started.occurred_us) / SECOND_US
            self.findings.add(
                "shifts", f"{_row(event)}: {driver} was {duty_s} s on duty in a shift that lasted {lasted} s"
            )
        vehicle = self.vehicles.get(p["vehicle_id"])
        if vehicle is not None:
            vehicle.onboard.clear()

    # --- small helpers ---

    def _order(self, event: Event) -> OrderLife | None:
        order_id = event.payload["order_id"]
        order = self.orders.get(order_id)
        if order is None:
            self.findings.add("orders", f"{_row(event)}: order {order_id} was never placed")
        return order

    def _vehicle(self, event: Event) -> VehicleLife | None:
        vehicle_id = event.payload["vehicle_id"]
        vehicle = self.vehicles.get(vehicle_id)
        if vehicle is None:
            self.findings.add("vehicles", f"{_row(event)}: vehicle {vehicle_id} was never registered")
        return vehicle


def _row(event: Event) -> str:
    return f"truth seq {event.seq} ({event.kind})"
