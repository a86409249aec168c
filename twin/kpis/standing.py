"""Standing at the depot, folded: how long until the first departure, and how long without work while orders waited.

An order waits from when it is placed until a driver has accepted it, and again once it has come off every route; a
driver is idle at the depot when the inspection is over or the vehicle is back, and no order is on the route. An order
could wait for a driver if one of its windows opens before that driver's shift is due to end: goods, needs and load are
not looked at.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate

from twin.kpis.tables import Event

Span = tuple[int, int]
"""From and until, microseconds."""


@dataclass(slots=True)
class Stood:
    """What one shift came to: idle spans at the depot, and the first departure after its start (None: none)."""

    driver: str
    vehicle: str
    until_us: int  # when it was due to end
    first_departure_us: int | None
    idle: list[Span]


@dataclass(slots=True)
class _Vehicle:
    until_us: int = 0
    there: bool = False  # at the depot, inspection over
    idle_us: int | None = None  # since when
    idle: list[Span] = field(default_factory=list)
    departed_us: list[int] = field(default_factory=list)
    orders: set[str] = field(default_factory=set)  # on its route
    under_way: str = ""


class Standing:
    """One account's vehicles at the depot and its waiting orders, fed event by event."""

    def __init__(self) -> None:
        self.shifts: list[Stood] = []
        self._waits: list[tuple[int, int, int]] = []  # from, until, when its first window opens
        self._waiting_us: dict[str, int] = {}  # open orders on no route -> since when
        self._opens_us: dict[str, int] = {}  # open orders
        self._vehicle_of: dict[str, str] = {}  # order -> vehicle with it on its route
        self._vehicles: dict[str, _Vehicle] = defaultdict(_Vehicle)
        self._rules: dict[str, Callable[[Event, int, dict], None]] = {
            name[3:]: getattr(self, name) for name in dir(self) if name.startswith("on_")
        }

    def take(self, event: Event, at_us: int) -> None:
        """Fold one event; ``at_us`` is when this account learnt of it."""
        rule = self._rules.get(event.kind)
        if rule is not None:
            rule(event, at_us, event.payload)

    def accepted(self, vehicle: str, kind: str, payload: dict, at_us: int) -> None:
        """A driver has accepted a command."""
        v = self._vehicles[vehicle]
        if kind == "set_route":
            stops = {stop["order_id"] for stop in payload["stops"]}
            for order_id in sorted(v.orders - stops - {v.under_way}):
                self._off_route(order_id, at_us)
            for order_id in sorted(stops):
                self._on_route(order_id, vehicle, at_us)
        elif kind == "assign_order":
            self._on_route(payload["order_id"], vehicle, at_us)
        else:
            self._off_route_of(vehicle, payload["order_id"], at_us)

    def idle_while_waiting_us(self, end_us: int) -> Iterable[tuple[Stood, int]]:
        """Every shift with its idle time while some order could wait for it; ``end_us`` ends the account."""
        waits = [*self._waits, *((since, end_us, self._opens_us[i]) for i, since in self._waiting_us.items())]
        waits.sort()
        by_end: dict[int, list[Stood]] = defaultdict(list)
        for stood in self.shifts:
            by_end[stood.until_us].append(stood)
        for until_us, shifts in by_end.items():
            from_us = min((start for stood in shifts for start, _ in stood.idle), default=until_us)
            waited = _Waited((a, b) for a, b, opens_us in waits if opens_us < until_us and b > from_us)
            for stood in shifts:
                yield stood, sum(waited.before(b) - waited.before(a) for a, b in stood.idle)

    # --- orders ---

    def on_order_placed(self, event: Event, at_us: int, p: dict) -> None:
        self._opens_us[p["order_id"]] = _opens_us((p["delivery"] or p["pickup"])["windows_us"])
        self._waiting_us.setdefault(p["order_id"], at_us)

    def on_order_rebooked(self, event: Event, at_us: int, p: dict) -> None:
        self._off_route(p["order_id"], at_us)
        self._stop_waiting(p["order_id"], at_us)
        if p["order_id"] in self._opens_us:
            self._opens_us[p["order_id"]] = _opens_us(p["windows_us"])
            self._waiting_us[p["order_id"]] = at_us

    def on_order_delivered(self, event: Event, at_us: int, p: dict) -> None:
        self._off_route(p["order_id"], at_us)
        self._stop_waiting(p["order_id"], at_us)
        self._opens_us.pop(p["order_id"], None)

    on_order_cancelled = on_order_failed = on_order_left_out = on_order_delivered

    def on_delivery_attempted(self, event: Event, at_us: int, p: dict) -> None:
        self._off_route_of(p["vehicle_id"], p["order_id"], at_us)

    # --- vehicles ---

    def on_shift_started(self, event: Event, at_us: int, p: dict) -> None:
        self._vehicles[p["vehicle_id"]].until_us = p["until_us"]

    def on_inspection_done(self, event: Event, at_us: int, p: dict) -> None:
        self._vehicles[p["vehicle_id"]].there = True
        self._settle(p["vehicle_id"], at_us)

    def on_departed(self, event: Event, at_us: int, p: dict) -> None:
        v = self._vehicles[p["vehicle_id"]]
        v.there, v.under_way = False, p["to"] if p["purpose"] == "task" else ""
        v.departed_us.append(event.occurred_us)
        self._settle(p["vehicle_id"], at_us)

    def on_arrived(self, event: Event, at_us: int, p: dict) -> None:
        if p["purpose"] == "depot":
            self._vehicles[p["vehicle_id"]].there = True
            self._settle(p["vehicle_id"], at_us)

    def on_break_taken(self, event: Event, at_us: int, p: dict) -> None:
        v = self._vehicles[p["vehicle_id"]]
        if v.idle_us is not None:
            v.idle.append((v.idle_us, max(v.idle_us, at_us)))
            v.idle_us = max(at_us, p["until_us"])

    def on_shift_ended(self, event: Event, at_us: int, p: dict) -> None:
        for order_id in p["unserved"]:
            self._off_route_of(p["vehicle_id"], order_id, at_us)
        v = self._vehicles[p["vehicle_id"]]
        v.there = False
        self._settle(p["vehicle_id"], at_us)
        start_us = event.occurred_us - round(p["duty_s"] * 1e6)
        first_us = min((t for t in v.departed_us if t >= start_us), default=None)
        self.shifts.append(Stood(
            p["driver_id"], p["vehicle_id"], v.until_us or event.occurred_us,
            None if first_us is None else first_us - start_us, v.idle,
        ))  # fmt: skip
        self._vehicles[p["vehicle_id"]] = _Vehicle(orders=v.orders)

    # --- small helpers ---

    def _on_route(self, order_id: str, vehicle: str, at_us: int) -> None:
        if order_id not in self._opens_us:  # it has ended
            return
        self._off_route(order_id, at_us)
        self._stop_waiting(order_id, at_us)
        self._vehicle_of[order_id] = vehicle
        self._vehicles[vehicle].orders.add(order_id)
        self._settle(vehicle, at_us)

    def _off_route_of(self, vehicle: str, order_id: str, at_us: int) -> None:
        if self._vehicle_of.get(order_id) == vehicle:  # another may have it by now
            self._off_route(order_id, at_us)

    def _off_route(self, order_id: str, at_us: int) -> None:
        """The order is on no route; if it is open, it waits."""
        vehicle = self._vehicle_of.pop(order_id, None)
        if vehicle is not None:
            self._vehicles[vehicle].orders.discard(order_id)
            self._settle(vehicle, at_us)
        if order_id in self._opens_us:
            self._waiting_us.setdefault(order_id, at_us)

    def _stop_waiting(self, order_id: str, at_us: int) -> None:
        since_us = self._waiting_us.pop(order_id, at_us)
        if since_us < at_us:
            self._waits.append((since_us, at_us, self._opens_us[order_id]))

    def _settle(self, vehicle: str, at_us: int) -> None:
        """A span of idleness begins or ends."""
        v = self._vehicles[vehicle]
        idle = v.there and not v.orders
        if idle and v.idle_us is None:
            v.idle_us = at_us
        elif not idle and v.idle_us is not None:
            if v.idle_us < at_us:
                v.idle.append((v.idle_us, at_us))
            v.idle_us = None


class _Waited:
    """How much of the time before a moment lies in any of some spans, given in order of their beginning."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._from_us: list[int] = []
        self._until_us: list[int] = []
        for start, end in spans:
            if self._until_us and start <= self._until_us[-1]:
                self._until_us[-1] = max(self._until_us[-1], end)
            else:
                self._from_us.append(start)
                self._until_us.append(end)
        self._sums_us = [0, *accumulate(b - a for a, b in zip(self._from_us, self._until_us))]

    def before(self, at_us: int) -> int:
        n = bisect_right(self._from_us, at_us)
        return self._sums_us[n] - (max(0, self._until_us[n - 1] - at_us) if n else 0)


def _opens_us(windows_us: list[list[int]]) -> int:
    """When the first window opens; 0: there is none, any time will do."""
    return min((open_us for open_us, _ in windows_us), default=0)
