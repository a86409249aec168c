"""The driver's tablet: holds the route, takes commands, and turns what the driver does into messages."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from agents.vehicle import Vehicle
from agents.world import World
from twin.commands import Command
from twin.ingest import Message
from twin.orders import Order
from twin.views import Stop


class Tablet:
    """The device of one vehicle as its driver uses it. ``stops`` are still to do, the one under way not among them."""

    def __init__(self, world: World, vehicle: Vehicle, order_of: Callable[[str], Order | None]) -> None:
        self.world, self.vehicle, self.order_of = world, vehicle, order_of
        self.stops: list[Stop] = []
        self.sheet: dict[tuple[str, str], Order] = {}  # what each stop is for, by order and task, as it was sent
        self.under_way: Stop | None = None
        self.leave_us: int | None = None
        self.breaks_us: list[list[int]] = []  # as planned: start and end
        self.held = False  # told to set off to no other stop
        self.unread: deque[str] = deque()  # messages on the screen, by the command that brought them
        self.on_change: Callable[[], None] = lambda: None
        self.amend: Callable[[str, list[list[int]]], None] = lambda order_id, windows_us: None  # as agreed anew
        self.cut_off_by: Callable[[], str] = lambda: ""  # why there is no connection (``agents.courier``)
        self.reachable: Callable[[], bool] = lambda: True  # the dispatch platform, once connected
        self.to_be_told: Callable[[], bool] = lambda: False  # head office has work for the driver, and will call
        self.fallback: Callable[[Message], None] | None = None  # how reports travel when the device is gone

    def connected(self) -> bool:
        """Whether a message could set out now."""
        return not self.cut_off_by()

    def barred_by(self) -> str:
        """What keeps the driver from the platform: dead_zone, outage, network, platform; "" if nothing does."""
        return self.cut_off_by() or ("" if self.reachable() else "platform")

    def report(
        self, kind: str, subject: str, payload: dict[str, Any], channel: str = "radio", size_bytes: int | None = None
    ) -> str:
        """Tell head office; the message carries this device's name, and a large one (a proof) its size."""
        return self.world.report(kind, subject, payload, self.vehicle.device_id, channel, size_bytes)

    def deliver(self, command_id: str, command: Command) -> None:
        """A command arrived: obey it if it still makes sense, and answer."""
        payload = command.payload
        if command.kind == "send_message":
            self.unread.append(command_id)
        answer, orders, reason = getattr(self, "_" + command.kind)(payload)
        report = {
            "command_id": command_id,
            "vehicle_id": self.vehicle.name,
            "answer": answer,
            "orders": orders,
            "reason": reason,
        }
        self.report("command_received", self.vehicle.name, report)
        if answer == "accepted":
            self.on_change()

    def _set_route(self, payload: dict[str, Any]) -> tuple[str, list[str], str]:
        wanted = {(stop["order_id"], stop["task"]): Stop(**stop) for stop in payload["stops"]}
        stops = [stop for stop in wanted.values() if self.still_to_do(stop)]
        problem = self._problem(stops)
        if problem:
            return "declined", list(dict.fromkeys(order_id for order_id, _ in wanted)), problem
        self.leave_us, self.breaks_us = payload["leave_us"], payload["breaks_us"]
        self._show(stops)
        return "accepted", [stop.order_id for stop in stops], ""

    def _assign_order(self, payload: dict[str, Any]) -> tuple[str, list[str], str]:
        order_id, at = payload["order_id"], payload["position"]
        order = self.order_of(order_id)
        if order is None:
            return "outdated", [order_id], "the order has ended"
        added = [Stop(order_id, task.kind, payload["arrive_us"]) for task in order.tasks]
        there = {stop[:2] for stop in self.stops}
        added = [stop for stop in added if stop[:2] not in there and self.still_to_do(stop)]
        at = len(self.stops) if at is None else max(0, min(at, len(self.stops)))
        stops = [*self.stops[:at], *added, *self.stops[at:]]
        problem = self._problem(stops)
        if problem:
            return "declined", [order_id], problem
        self._show(stops)
        return "accepted", [order_id], ""

    def _unassign_order(self, payload: dict[str, Any]) -> tuple[str, list[str], str]:
        order_id = payload["order_id"]
        if not any(stop.order_id == order_id for stop in self.stops):
            return "outdated", [order_id], "not on the route any more"
        self.drop(order_id)
        return "accepted", [order_id], ""

    def _hold_vehicle(self, _payload: dict[str, Any]) -> tuple[str, list[str], str]:
        self.held = True
        return "accepted", [], ""

    def _release_vehicle(self, _payload: dict[str, Any]) -> tuple[str, list[str], str]:
        self.held = False
        return "accepted", [], ""

    def _send_message(self, _payload: dict[str, Any]) -> tuple[str, list[str], str]:
        return "accepted", [], ""

    def _update_stop(self, payload: dict[str, Any]) -> tuple[str, list[str], str]:
        order_id = payload["order_id"]
        if self.order_of(order_id) is None:
            return "outdated", [order_id], "the order has ended"
        self.amend(order_id, payload["windows_us"])
        return "accepted", [order_id], ""

    def _show(self, stops: list[Stop]) -> None:
        self.sheet = {stop[:2]: order for stop in stops if (order := self.order_for(stop)) is not None}
        self.stops = stops

    def drop(self, order_id: str) -> None:
        """Take an order's remaining stops off the route."""
        self._show([stop for stop in self.stops if stop.order_id != order_id])

    def set_off(self, stop: Stop) -> None:
        """A stop is under way: no more to do, whatever is heard of it later."""
        self.stops.remove(stop)
        self.sheet.pop(stop[:2], None)
        self.under_way = stop

    def order_for(self, stop: Stop) -> Order | None:
        """The order a stop is for, as far as the driver can know: one that was called off is driven to until somebody
        says so. Only a depot hands out no goods that nobody wants."""
        order = self.order_of(stop.order_id)
        if order is not None:
            return order
        sent = self.sheet.get(stop[:2])
        waits_at_depot = sent is not None and sent.pickup is None and stop.order_id not in self.vehicle.onboard
        return None if waits_at_depot else sent

    def still_to_do(self, stop: Stop) -> bool:
        """Whether a stop is worth driving to: its order is not known to have ended, wants this task, and it is not done
        or begun."""
        order = self.order_for(stop)
        if order is None or (self.under_way is not None and self.under_way[:2] == stop[:2]):
            return False
        if stop.task not in (task.kind for task in order.tasks):
            return False
        return not (stop.task == "pickup" and stop.order_id in self.vehicle.onboard)

    def _problem(self, stops: list[Stop]) -> str:
        """Why a route cannot be driven, "" if it can: the load never exceeds the capacity, nothing is delivered
        before it was fetched. All depot goods of the route are loaded together, when the first of them is due.
        """
        aboard = dict(self.vehicle.onboard)
        ahead = [self.under_way, *stops] if self.under_way else stops
        open_stops = [stop for stop in ahead if self.order_of(stop.order_id) is not None]
        orders = {stop.order_id: order for stop in open_stops if (order := self.order_of(stop.order_id)) is not None}
        depot_goods = {i: o for i, o in orders.items() if o.pickup is None and i not in aboard}
        for order_id, order in depot_goods.items():
            if order.depot not in (None, self.vehicle.depot_id):
                return f"the goods of {order_id} are at depot {order.depot}"
        if self.over(aboard.values()):
            return "would not fit on board"
        for stop in open_stops:
            if stop.order_id in depot_goods:
                aboard.update(depot_goods)
                depot_goods = {}
            if stop.task == "delivery" and stop.order_id not in aboard:
                return f"{stop.order_id} is not on board by then"
            if stop.task == "pickup":
                aboard[stop.order_id] = orders[stop.order_id]
            if self.over(aboard.values()):
                return "would not fit on board"
            if stop.task == "delivery":
                del aboard[stop.order_id]
        return ""

    def over(self, orders: Iterable[Order]) -> bool:
        """Whether these orders' goods together are more than the vehicle may carry, in any unit."""
        orders = list(orders)
        return any(
            sum(order.demand.get(unit, 0.0) for order in orders) > limit * (1 + 1e-9)
            for unit, limit in self.vehicle.capacity.items()
        )
