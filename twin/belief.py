"""What head office knows: folded from what it received and did, never from what is.

``Belief`` is the fold; ``twin.views.FleetView`` the read-only snapshot of it.

Messages come late and out of order. Every field of a vehicle or order rests on the newest fact that told it: an older
one that comes later changes the fields nobody has told since, and no other. Of one source the newer is the one with
the higher number, of two the one of the later time. Some facts hold whenever they come: an order that has ended stays
so, its stops are nowhere, and what is on board need not be fetched. So the picture depends on what is known, not on
the order in which it was heard, except where an own command overtook what it was about: where in a route an order was
put, an answer that declines what was on board already, and news of an order or vehicle before it was placed or
registered.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from twin.events import KINDS
from twin.known import When
from twin.last_known import LastKnown, Track
from twin.order_payload import order_from_payload
from twin.orders import Place, Window
from twin.routes import Routes
from twin.samples import SampleBatch
from twin.views import NEVER_US, FleetView, OrderView, VehicleView

_MET = "met-"  # closures drivers stood before, as opposed to reported ones
_REMEMBER_ENDS_US = 2 * 86_400_000_000  # news of an order's beginning comes no later than this after its end [A]


class Belief(Routes):
    """The fold of received messages and own acts into a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.depots: dict[str, Place] = {}
        self.closures: dict[str, tuple[int, ...]] = {}
        self.journal: dict[str, Any] = {}
        self.index: dict[str, int] = {}
        self._index_view: Mapping[str, int] = MappingProxyType({})
        self.last = LastKnown()
        self.events_us = 0  # last reception of a message
        self._day_us = -NEVER_US  # what drivers found closed before this does not matter

    # --- looking ---

    def view(self, now_us: int) -> FleetView:
        """A snapshot; later messages do not change it."""
        if len(self._index_view) < len(self.index):  # vehicles are only ever added
            self._index_view = MappingProxyType(self.index.copy())
        columns: dict[str, Any] = self.last.snapshot()
        return FleetView(
            now_us,
            MappingProxyType(self.vehicles.copy()),
            MappingProxyType(self.orders.copy()),
            MappingProxyType(self.depots.copy()),
            MappingProxyType(self.closures.copy()),
            self._index_view,
            events_us=self.events_us,
            journal=self.journal,
            **columns,
        )

    def copy(self) -> "Belief":
        """The same picture, to go on from apart from this one."""
        other = Belief()
        for name in vars(other):
            value = getattr(self, name)
            if isinstance(value, dict):  # the dictionaries within are changed in place, all else is replaced
                value = {key: dict(entry) if isinstance(entry, dict) else entry for key, entry in value.items()}
            setattr(other, name, deepcopy(value) if name == "last" else value)
        return other

    def track(self, vehicle_id: str) -> Track:
        """Where a vehicle was lately, late fixes in their places."""
        return self.last.track(self.index[vehicle_id])

    # --- taking in ---

    def observe(self, batch: SampleBatch) -> None:
        """Take in received telemetry of registered vehicles; an older sample never replaces a newer one."""
        self.last.observe(batch)

    def locate(self, batch: SampleBatch) -> None:
        """Take in where registered vehicles answered that they are, a row each."""
        self.last.locate(batch)

    def hear(self, vehicle_id: str | None, occurred_us: int, received_us: int, by_device: bool = True) -> None:
        """Note that a message was received; not ``by_device``: somebody told it on the phone."""
        self.events_us = max(self.events_us, received_us)
        if vehicle_id in self.index:
            row = self.index[vehicle_id]
            self.last.hear(row, received_us)
            if by_device:
                self.last.tell(row, occurred_us, received_us)

    def apply(self, kind: str, occurred_us: int, payload: dict[str, Any], event_id: str = "") -> None:
        """Fold one event or own command; passed over is what says nothing about the picture, and what tells of a
        vehicle or depot that was never registered. ``event_id`` (``<source>:<number>``) orders what a source told.
        """
        fold = getattr(self, "_" + kind, None)
        if fold is None or kind not in KINDS:
            return
        if self._known(kind, payload):
            source, _, number = event_id.rpartition(":")
            fold(When(occurred_us, source, int(number)) if source else When(occurred_us), payload)

    def _known(self, kind: str, payload: dict[str, Any]) -> bool:
        vehicle_id, depot_id = payload.get("vehicle_id"), payload.get("depot_id")
        new_vehicle, new_depot = kind == "vehicle_registered", kind == "depot_registered"
        return (vehicle_id is None or new_vehicle or vehicle_id in self.vehicles) and (
            depot_id is None or new_depot or depot_id in self.depots
        )

    def new_day(self, now_us: int) -> None:
        """What drivers found closed may be open again; closures that were reported stay. Old ends are forgotten."""
        self._day_us = now_us
        self.closures = {name: edges for name, edges in self.closures.items() if not name.startswith(_MET)}
        for what in [what for what in self._rests if what[0] == "closure" and what[1].startswith(_MET)]:
            del self._rests[what]
        self._ended = {name: us for name, us in self._ended.items() if us > now_us - _REMEMBER_ENDS_US}

    # --- master data ---

    def _depot_registered(self, _when: When, p: dict) -> None:
        self.depots[p["depot_id"]] = Place(**p["place"])

    def _vehicle_registered(self, when: When, p: dict) -> None:
        vehicle_id = p["vehicle_id"]
        self.vehicles[vehicle_id] = VehicleView(
            vehicle_id, p["kind"], p["profile"], p["depot_id"], MappingProxyType(p["capacity"]),
            frozenset(p["offers"]), place=self.depots[p["depot_id"]], heard_us=when.us, state_us=when.us,
        )  # fmt: skip
        self.index[vehicle_id] = len(self.index)
        self.last.add_vehicle()

    def _driver_registered(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], driver_id=p["driver_id"])
        vehicle = self.vehicles[p["vehicle_id"]]
        self.vehicles[p["vehicle_id"]] = vehicle._replace(offers=vehicle.offers | frozenset(p["offers"]))

    # --- orders ---

    def _order_placed(self, when: When, p: dict) -> None:
        if p["order_id"] not in self._ended:
            self.orders[p["order_id"]] = OrderView(order_from_payload(p, when.us), when.us)

    def _order_rebooked(self, when: When, p: dict) -> None:
        known = self.orders.get(p["order_id"])
        if known:
            task = replace(known.order.last_task, windows=tuple(Window(*w) for w in p["windows_us"]))
            self.orders[p["order_id"]] = known._replace(order=known.order.moved(**{task.kind: task}))
            self._order(when, p["order_id"], not_before_us=p["not_before_us"], vehicle_id=None, planned_us=None)

    def _order_changed(self, _when: When, p: dict) -> None:
        known = self.orders.get(p["order_id"])
        if known:
            task = replace(known.order.last_task, windows=tuple(Window(*w) for w in p["windows_us"]))
            self.orders[p["order_id"]] = known._replace(order=known.order.moved(**{task.kind: task}))

    def _end(self, when: When, p: dict) -> None:
        """Ends are final: whatever else is heard of the order, it is not open any more."""
        order_id = p["order_id"]
        known = self.orders.pop(order_id, None)
        self._rests.pop(("order", order_id), None)
        self._ended[order_id] = when.us
        if known and known.vehicle_id:
            self._drop_stops(known.vehicle_id, order_id)
            vehicle = self.vehicles[known.vehicle_id]
            if vehicle.started is not None and vehicle.started.order_id == order_id:
                self.vehicles[known.vehicle_id] = vehicle._replace(started=None)

    _order_failed = _order_cancelled = _order_left_out = _end

    def _order_delivered(self, when: When, p: dict) -> None:
        self._drop_stops(p["vehicle_id"], p["order_id"])
        self._free(when, p["vehicle_id"])
        self._end(when, p)

    def _order_picked_up(self, when: When, p: dict) -> None:
        order_id, vehicle_id = p["order_id"], p["vehicle_id"]
        self._order(when, order_id, onboard=vehicle_id)
        known = self.orders.get(order_id)
        brought_back = known is not None and known.onboard is None  # as was heard before
        if known is not None and ("at_depot" in p or brought_back):
            self._goods_at_depot(order_id, vehicle_id)
        if "at_depot" in p:
            return
        self._drop_stops(vehicle_id, order_id, task="pickup")
        self._free(when, vehicle_id)

    def _delivery_attempted(self, when: When, p: dict) -> None:
        # not to be visited again before head office has agreed on it with the customer
        self._order(when, p["order_id"], attempts=p["attempt"], vehicle_id=None, not_before_us=NEVER_US)
        self._drop_stops(p["vehicle_id"], p["order_id"], until=when)
        self._free(when, p["vehicle_id"])

    def _goods_at_depot(self, order_id: str, vehicle_id: str) -> None:
        """Where goods of a pair are when they were fetched and brought back: what remains is a delivery."""
        known = self.orders[order_id]
        if known.order.pickup and known.order.delivery:
            order = known.order.moved(pickup=None, depot=self.vehicles[vehicle_id].depot_id)
            self.orders[order_id] = known._replace(order=order)

    def _free(self, when: When, vehicle_id: str) -> None:
        """A visit is over."""
        self._vehicle(when, vehicle_id, state="idle", started=None, free_at_us=None, heard_us=when.us)

    # --- vehicles and drivers ---

    def _shift_started(self, when: When, p: dict) -> None:
        vehicle_id = p["vehicle_id"]
        self._vehicle(
            when, vehicle_id, driver_id=p["driver_id"], state="preparing", shift_us=(when.us, p["until_us"]),
            place=self.depots[p["depot_id"]], heard_us=when.us,
        )  # fmt: skip
        self._began_us[vehicle_id] = max(self._began_us.get(vehicle_id, 0), when.us)
        self._count_changes(vehicle_id)

    def _inspection_done(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], state="loading")

    def _loading_done(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], state="idle", place=self.depots[p["depot_id"]], heard_us=when.us)

    def _departed(self, when: When, p: dict) -> None:
        vehicle_id = p["vehicle_id"]
        started = self._stop_under_way(when, vehicle_id, p["to"]) if p["purpose"] == "task" else None
        self._vehicle(when, vehicle_id, state="driving", started=started, free_at_us=p["due_us"], leave_us=None)

    def _arrived(self, when: When, p: dict) -> None:
        state = "waiting" if p["purpose"] == "task" else "idle"
        place = Place(p["at"], p["lat"], p["lon"])
        self._vehicle(when, p["vehicle_id"], state=state, place=place, heard_us=when.us)

    def _service_started(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], state="serving", free_at_us=p["due_us"])

    def _break_taken(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], state="break", free_at_us=p["until_us"])

    def _shift_ended(self, when: When, p: dict) -> None:
        vehicle_id = p["vehicle_id"]
        for order_id in p["unserved"]:
            known = self.orders.get(order_id)
            if known and known.onboard == vehicle_id and self._newest(when, ("order", order_id), {"onboard": None}):
                self._goods_at_depot(order_id, vehicle_id)
            self._order(when, order_id, vehicle_id=None, onboard=None)
        self._vehicle(when, vehicle_id, state="off", shift_us=None, started=None, free_at_us=None)
        self._forget_route(vehicle_id, when)

    def _breakdown_started(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], state="broken", free_at_us=None)

    def _breakdown_ended(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], state="driving")

    def _hold_vehicle(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], held=True)

    def _release_vehicle(self, when: When, p: dict) -> None:
        self._vehicle(when, p["vehicle_id"], held=False)

    # --- roads ---

    def _road_closed(self, when: When, p: dict) -> None:
        self._closure(when, p["closure"], tuple(p["edges"]))

    def _road_opened(self, when: When, p: dict) -> None:
        self._closure(when, p["closure"], None)
        for edge in p["edges"]:
            self._closure(when, f"{_MET}{edge}", None)

    def _road_block_met(self, when: When, p: dict) -> None:
        if when.us > self._day_us:
            self._closure(when, f"{_MET}{p['edge']}", (p["edge"],))

    def _closure(self, when: When, name: str, edges: tuple[int, ...] | None) -> None:
        if not self._newest(when, ("closure", name), {"edges": edges}):
            return
        self.closures.pop(name, None)
        if edges is not None:
            self.closures[name] = edges
