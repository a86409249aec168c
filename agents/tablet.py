"""The driver's tablet: holds the route, takes commands, and turns what the driver does into messages."""

from collections.abc import Callable
from typing import Any

from agents.vehicle import Vehicle
from agents.world import World
from twin.belief import Stop
from twin.commands import Command
from twin.orders import Order


class Tablet:
    """The device of one vehicle as its driver uses it. ``stops`` are still to do, the one under way not among them."""

    def __init__(self, world: World, vehicle: Vehicle, order_of: Callable[[str], Order | None]) -> None:
        self.world, self.vehicle, self.order_of = world, vehicle, order_of
        self.stops: list[Stop] = []
        self.under_way: Stop | None = None
        self.leave_us: int | None = None
        self.breaks_us: list[list[int]] = []  # as planned: start and end
        self.on_change: Callable[[], None] = lambda: None

    def report(self, kind: str, subject: str, payload: dict[str, Any], channel: str = "radio") -> str:
        """Tell head office; the message carries this device's name."""
        return self.world.report(kind, subject, payload, self.vehicle.device_id, channel)

    def deliver(self, command_id: str, command: Command) -> None:
        """A command arrived: obey it if it still makes sense, and answer."""
        payload = command.payload
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
        wanted = [Stop(**stop) for stop in payload["stops"]]
        stops = [stop for stop in wanted if self._still_to_do(stop)]
        if not self._fits(stops):
            return "declined", [stop.order_id for stop in wanted], "would not fit on board"
        self.stops, self.leave_us, self.breaks_us = stops, payload["leave_us"], payload["breaks_us"]
        return "accepted", [stop.order_id for stop in stops], ""

    def _assign_order(self, payload: dict[str, Any]) -> tuple[str, list[str], str]:
        order_id, at = payload["order_id"], payload["position"]
        order = self.order_of(order_id)
        if order is None:
            return "outdated", [order_id], "the order has ended"
        added = [Stop(order_id, task.kind, payload["arrive_us"]) for task in order.tasks]
        added = [stop for stop in added if stop not in self.stops and self._still_to_do(stop)]
        at = len(self.stops) if at is None else min(at, len(self.stops))
        stops = [*self.stops[:at], *added, *self.stops[at:]]
        if not self._fits(stops):
            return "declined", [order_id], "would not fit on board"
        self.stops = stops
        return "accepted", [order_id], ""

    def _unassign_order(self, payload: dict[str, Any]) -> tuple[str, list[str], str]:
        order_id = payload["order_id"]
        if not any(stop.order_id == order_id for stop in self.stops):
            return "outdated", [order_id], "not on the route any more"
        self.drop(order_id)
        return "accepted", [order_id], ""

    def drop(self, order_id: str) -> None:
        """Take an order's remaining stops off the route."""
        self.stops = [stop for stop in self.stops if stop.order_id != order_id]

    def _still_to_do(self, stop: Stop) -> bool:
        order = self.order_of(stop.order_id)
        if order is None or (self.under_way is not None and self.under_way[:2] == stop[:2]):
            return False
        return not (stop.task == "pickup" and stop.order_id in self.vehicle.onboard)

    def _fits(self, stops: list[Stop]) -> bool:
        """Whether the load never exceeds the capacity, with all depot goods of the route loaded together."""
        vehicle = self.vehicle
        aboard = dict(vehicle.onboard)
        orders = {stop.order_id: order for stop in stops if (order := self.order_of(stop.order_id)) is not None}
        depot_goods = {i: o for i, o in orders.items() if o.pickup is None and i not in aboard}
        loaded = not depot_goods
        for stop in [None, *stops]:
            if stop is not None:
                order = orders[stop.order_id]
                if stop.order_id in depot_goods and not loaded:
                    loaded = True
                    aboard.update(depot_goods)
                    if self._over(aboard.values()):
                        return False
                if stop.task == "pickup":
                    aboard[stop.order_id] = order
                else:
                    aboard.pop(stop.order_id, None)
            if self._over(aboard.values()):
                return False
        return True

    def _over(self, orders: Any) -> bool:
        orders = list(orders)
        return any(
            sum(order.demand.get(unit, 0.0) for order in orders) > limit * (1 + 1e-9)
            for unit, limit in self.vehicle.capacity.items()
        )
