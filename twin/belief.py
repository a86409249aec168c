"""What head office knows: folded from what it received and did, never from what is.

``Belief`` is the fold; ``FleetView`` the read-only snapshot that policies, planners, alerts and screens get.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np

from twin.events import KINDS
from twin.order_payload import order_from_payload
from twin.orders import Order, Place, Window

NEVER_US = 2**62
_MET = "met-"  # closures drivers stood before, as opposed to reported ones
VehicleState = Literal["off", "preparing", "loading", "idle", "driving", "waiting", "serving", "break", "broken"]


class Stop(NamedTuple):
    """A stop of a commanded route."""

    order_id: str
    task: Literal["pickup", "delivery"]
    arrive_us: int | None = None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An open order as known: ``vehicle_id`` is who was told to do it, ``onboard`` who has it."""

    order: Order
    known_us: int
    vehicle_id: str | None = None
    onboard: str | None = None
    attempts: int = 0
    not_before_us: int = 0  # after a failed visit: not again today
    planned_us: int | None = None


@dataclass(frozen=True, slots=True)
class VehicleView:
    """A vehicle and its driver as known. ``stops`` are those still to do, ``started`` the one under way (frozen)."""

    vehicle_id: str
    kind: str
    profile: str
    depot_id: str
    capacity: Mapping[str, float]
    offers: frozenset[str]
    driver_id: str | None = None
    state: VehicleState = "off"
    place: Place | None = None  # of the last event that named one
    heard_us: int = 0  # when that was, by the event's own time
    shift_us: tuple[int, int] | None = None
    stops: tuple[Stop, ...] = ()
    started: Stop | None = None
    free_at_us: int | None = None  # planned end of what it does now
    leave_us: int | None = None  # when it was told to leave the depot, until it does
    changes: int = 0  # of its route since the shift began


@dataclass(frozen=True)
class FleetView:
    """Head office's picture at one moment, read-only. Positions are last known ones, each with its age."""

    now_us: int
    vehicles: Mapping[str, VehicleView]
    orders: Mapping[str, OrderView]  # open ones
    depots: Mapping[str, Place]
    closures: Mapping[str, tuple[int, ...]]
    index: Mapping[str, int]  # vehicle id -> row of the arrays below
    lat: np.ndarray  # float64 [vehicles], NaN: never heard
    lon: np.ndarray
    fixed_us: np.ndarray  # int64 [vehicles], when the position was measured by the device's clock
    journal: dict[str, Any] = field(default_factory=dict)  # the policy's own memory

    def position(self, vehicle_id: str) -> Place | None:
        """Last known position: the newer of the last sample and the last event that named a place."""
        vehicle, row = self.vehicles[vehicle_id], self.index[vehicle_id]
        if self.fixed_us[row] > vehicle.heard_us or vehicle.place is None:
            if np.isnan(self.lat[row]):
                return vehicle.place
            return Place("", float(self.lat[row]), float(self.lon[row]))
        return vehicle.place

    def unassigned(self) -> list[OrderView]:
        """Open orders nobody was told to do, that may be visited today."""
        return [o for o in self.orders.values() if o.vehicle_id is None and o.not_before_us <= self.now_us]


class Belief:
    """The fold of received messages and own acts into a picture."""

    def __init__(self) -> None:
        self.vehicles: dict[str, VehicleView] = {}
        self.orders: dict[str, OrderView] = {}
        self.depots: dict[str, Place] = {}
        self.closures: dict[str, tuple[int, ...]] = {}
        self.journal: dict[str, Any] = {}
        self.index: dict[str, int] = {}
        self.lat = np.full(0, np.nan)
        self.lon = np.full(0, np.nan)
        self.fixed_us = np.zeros(0, np.int64)

    def view(self, now_us: int) -> FleetView:
        """A snapshot; later messages do not change it."""
        lat, lon, fixed_us = self.lat.copy(), self.lon.copy(), self.fixed_us.copy()
        for array in (lat, lon, fixed_us):
            array.setflags(write=False)
        return FleetView(
            now_us,
            MappingProxyType(self.vehicles.copy()),
            MappingProxyType(self.orders.copy()),
            MappingProxyType(self.depots.copy()),
            MappingProxyType(self.closures.copy()),
            MappingProxyType(self.index.copy()),
            lat,
            lon,
            fixed_us,
            self.journal,
        )

    def observe(self, rows: np.ndarray, fixed_us: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> None:
        """Take in telemetry, a newest sample per vehicle row; an older one never replaces a newer."""
        newer = fixed_us > self.fixed_us[rows]
        rows = rows[newer]
        self.lat[rows], self.lon[rows], self.fixed_us[rows] = lat[newer], lon[newer], fixed_us[newer]

    def apply(self, kind: str, occurred_us: int, payload: dict[str, Any]) -> None:
        """Fold one event or own command; passed over is what says nothing about the picture, and what tells of a
        vehicle or depot that was never registered.
        """
        fold = getattr(self, "_" + kind, None)
        if fold is None or kind not in KINDS:
            return
        if self._known(kind, payload):
            fold(occurred_us, payload)

    def _known(self, kind: str, payload: dict[str, Any]) -> bool:
        vehicle_id, depot_id = payload.get("vehicle_id"), payload.get("depot_id")
        new_vehicle, new_depot = kind == "vehicle_registered", kind == "depot_registered"
        return (vehicle_id is None or new_vehicle or vehicle_id in self.vehicles) and (
            depot_id is None or new_depot or depot_id in self.depots
        )

    def forget_blocks(self) -> None:
        """A new day: what drivers found closed may be open again; closures that were reported stay."""
        self.closures = {name: edges for name, edges in self.closures.items() if not name.startswith(_MET)}

    # --- master data ---

    def _depot_registered(self, _at: int, p: dict) -> None:
        self.depots[p["depot_id"]] = Place(**p["place"])

    def _vehicle_registered(self, at: int, p: dict) -> None:
        vehicle_id = p["vehicle_id"]
        self.vehicles[vehicle_id] = VehicleView(
            vehicle_id, p["kind"], p["profile"], p["depot_id"], MappingProxyType(p["capacity"]),
            frozenset(p["offers"]), place=self.depots[p["depot_id"]], heard_us=at,
        )  # fmt: skip
        self.index[vehicle_id] = len(self.index)
        self.lat, self.lon = np.append(self.lat, np.nan), np.append(self.lon, np.nan)
        self.fixed_us = np.append(self.fixed_us, 0)

    def _driver_registered(self, _at: int, p: dict) -> None:
        self._vehicle(
            p["vehicle_id"],
            driver_id=p["driver_id"],
            offers=self.vehicles[p["vehicle_id"]].offers | frozenset(p["offers"]),
        )

    # --- orders ---

    def _order_placed(self, at: int, p: dict) -> None:
        self.orders[p["order_id"]] = OrderView(order_from_payload(p, at), at)

    def _order_rebooked(self, _at: int, p: dict) -> None:
        known = self.orders.get(p["order_id"])
        if known:
            windows = tuple(Window(*w) for w in p["windows_us"])
            order = known.order
            task = replace(order.last_task, windows=windows)
            order = order.moved(**{task.kind: task})
            self._order(p["order_id"], order=order, not_before_us=p["not_before_us"], vehicle_id=None, planned_us=None)

    def _ended(self, _at: int, p: dict) -> None:
        known = self.orders.pop(p["order_id"], None)
        if known and known.vehicle_id:
            self._drop_stops(known.vehicle_id, p["order_id"])

    _order_failed = _order_cancelled = _order_left_out = _ended

    def _order_delivered(self, at: int, p: dict) -> None:
        self._served(at, p)
        self._ended(at, p)

    def _order_picked_up(self, at: int, p: dict) -> None:
        self._order(p["order_id"], onboard=p["vehicle_id"])
        if "at_depot" not in p:
            self._served(at, p)

    def _delivery_attempted(self, at: int, p: dict) -> None:
        known = self.orders.get(p["order_id"])
        if known:
            # not to be visited again before head office has agreed on it with the customer
            self._order(p["order_id"], attempts=p["attempt"], vehicle_id=None, not_before_us=NEVER_US)
        self._served(at, p)

    def _served(self, at: int, p: dict) -> None:
        self._drop_stops(p["vehicle_id"], p["order_id"], first_only=True)
        self._vehicle(p["vehicle_id"], state="idle", started=None, free_at_us=None, heard_us=at)

    # --- vehicles and drivers ---

    def _shift_started(self, at: int, p: dict) -> None:
        self._vehicle(
            p["vehicle_id"], driver_id=p["driver_id"], state="preparing", shift_us=(at, p["until_us"]),
            place=self.depots[p["depot_id"]], heard_us=at, changes=0,
        )  # fmt: skip

    def _inspection_done(self, _at: int, p: dict) -> None:
        self._vehicle(p["vehicle_id"], state="loading")

    def _loading_done(self, at: int, p: dict) -> None:
        self._vehicle(p["vehicle_id"], state="idle", place=self.depots[p["depot_id"]], heard_us=at)

    def _departed(self, _at: int, p: dict) -> None:
        vehicle = self.vehicles[p["vehicle_id"]]
        started = next((s for s in vehicle.stops if s.order_id == p["to"]), None) if p["purpose"] == "task" else None
        self._vehicle(p["vehicle_id"], state="driving", started=started, free_at_us=p["due_us"], leave_us=None)

    def _arrived(self, at: int, p: dict) -> None:
        state = "waiting" if p["purpose"] == "task" else "idle"
        place = Place(p["at"], p["lat"], p["lon"])
        self._vehicle(p["vehicle_id"], state=state, place=place, heard_us=at)

    def _service_started(self, _at: int, p: dict) -> None:
        self._vehicle(p["vehicle_id"], state="serving", free_at_us=p["due_us"])

    def _break_taken(self, _at: int, p: dict) -> None:
        self._vehicle(p["vehicle_id"], state="break", free_at_us=p["until_us"])

    def _shift_ended(self, _at: int, p: dict) -> None:
        depot_id = self.vehicles[p["vehicle_id"]].depot_id
        for order_id in p["unserved"]:
            known = self.orders.get(order_id)
            if known and known.onboard and known.order.pickup and known.order.delivery:  # fetched, now at the depot
                self._order(order_id, order=known.order.moved(pickup=None, depot=depot_id))
            self._order(order_id, vehicle_id=None, onboard=None)
        self._vehicle(p["vehicle_id"], state="off", shift_us=None, stops=(), started=None, free_at_us=None)

    def _breakdown_started(self, _at: int, p: dict) -> None:
        self._vehicle(p["vehicle_id"], state="broken", free_at_us=None)

    def _breakdown_ended(self, _at: int, p: dict) -> None:
        self._vehicle(p["vehicle_id"], state="driving")

    # --- roads ---

    def _road_closed(self, _at: int, p: dict) -> None:
        self.closures[p["closure"]] = tuple(p["edges"])

    def _road_opened(self, _at: int, p: dict) -> None:
        self.closures.pop(p["closure"], None)
        for edge in p["edges"]:
            self.closures.pop(f"{_MET}{edge}", None)

    def _road_block_met(self, _at: int, p: dict) -> None:
        self.closures[f"{_MET}{p['edge']}"] = (p["edge"],)

    # --- own commands, and what drivers answered ---

    def _set_route(self, _at: int, p: dict) -> None:
        vehicle = self.vehicles[p["vehicle_id"]]
        stops = tuple(Stop(s["order_id"], s["task"], s["arrive_us"]) for s in p["stops"])
        kept = {stop.order_id for stop in stops}
        for stop in vehicle.stops:
            if stop.order_id not in kept and stop != vehicle.started:
                self._order(stop.order_id, vehicle_id=None, planned_us=None)
        for stop in stops:
            self._order(stop.order_id, vehicle_id=p["vehicle_id"], planned_us=stop.arrive_us)
        if vehicle.started is not None and vehicle.started not in stops:
            stops = (vehicle.started, *stops)
        self._vehicle(p["vehicle_id"], stops=stops, leave_us=p["leave_us"], changes=vehicle.changes + 1)

    def _assign_order(self, _at: int, p: dict) -> None:
        known = self.orders.get(p["order_id"])
        if known is None:
            return
        vehicle = self.vehicles[p["vehicle_id"]]
        free = [s for s in vehicle.stops if s != vehicle.started]
        position = len(free) if p["position"] is None else p["position"]
        added = [Stop(p["order_id"], task.kind, p["arrive_us"]) for task in known.order.tasks]
        started = [vehicle.started] if vehicle.started else []
        stops = (*started, *free[:position], *added, *free[position:])
        self._order(p["order_id"], vehicle_id=p["vehicle_id"], planned_us=p["arrive_us"])
        self._vehicle(p["vehicle_id"], stops=stops, changes=vehicle.changes + 1)

    def _unassign_order(self, _at: int, p: dict) -> None:
        self._drop_stops(p["vehicle_id"], p["order_id"])
        self._order(p["order_id"], vehicle_id=None, planned_us=None)

    def _command_received(self, _at: int, p: dict) -> None:
        if p["answer"] == "accepted":
            return
        for order_id in p["orders"]:
            known = self.orders.get(order_id)
            if known and known.vehicle_id == p["vehicle_id"] and known.onboard is None:
                self._drop_stops(p["vehicle_id"], order_id)
                self._order(order_id, vehicle_id=None, planned_us=None)

    # --- small helpers ---

    def _vehicle(self, vehicle_id: str, **changes: Any) -> None:
        self.vehicles[vehicle_id] = replace(self.vehicles[vehicle_id], **changes)

    def _order(self, order_id: str, **changes: Any) -> None:
        known = self.orders.get(order_id)
        if known is not None:
            self.orders[order_id] = replace(known, **changes)

    def _drop_stops(self, vehicle_id: str, order_id: str, first_only: bool = False) -> None:
        stops = list(self.vehicles[vehicle_id].stops)
        for stop in [s for s in stops if s.order_id == order_id][: 1 if first_only else None]:
            stops.remove(stop)
        self._vehicle(vehicle_id, stops=tuple(stops))
