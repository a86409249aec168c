"""The day as a policy sees it: a ``FleetView`` of the orders created so far and the vehicles as they are."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from scenarios.benchmarks.dpdp.day import DEMAND, DOCKING_S, LATE_PER_H, PERIOD_S, Day
from scenarios.benchmarks.dpdp.yard import Truck, Yard
from twin.last_known import LastKnown
from twin.policies.dockyard import KEY, Dockyard
from twin.views import FleetView, OrderView, Stop, VehicleState, VehicleView

SECOND_US = 1_000_000
ENDLESS_US = 10 * 86_400 * SECOND_US
"""Vehicles work around the clock until everything is delivered."""


class Picture:
    """Makes views; the policy's journal lasts from one to the next."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._journal: dict[str, Any] = {}
        self._next = 0
        self._open: dict[str, OrderView] = {}

    def view(self, yard: Yard, left_s: Callable[[], float] | None = None) -> FleetView:
        """What is known now; ``left_s`` tells the seconds left to decide, if that is timed."""
        day, now_us = self._day, yard.now_s * SECOND_US
        self._update(yard, now_us)
        cargo = {name: tuple(truck.cargo) for name, truck in yard.trucks.items()}
        self._journal[KEY] = Dockyard(
            PERIOD_S * SECOND_US,
            DOCKING_S * SECOND_US,
            {name: factory.docks for name, factory in day.factories.items()},
            cargo,
            day.whole,
            LATE_PER_H,
            1 / len(day.vehicles),
            left_s,
        )
        never_heard = LastKnown()
        never_heard.vehicles = len(yard.trucks)
        columns: dict[str, Any] = never_heard.snapshot()
        return FleetView(
            now_us,
            MappingProxyType({name: self._vehicle(truck, yard.now_s) for name, truck in yard.trucks.items()}),
            MappingProxyType(self._open.copy()),
            {name: factory.place for name, factory in day.factories.items()},
            {},
            {name: row for row, name in enumerate(yard.trucks)},
            journal=self._journal,
            **columns,
        )

    def _update(self, yard: Yard, now_us: int) -> None:
        """Orders created since the last view come in, delivered ones go; who has which."""
        orders = self._day.orders
        while self._next < len(orders) and (orders[self._next].placed_us or 0) <= now_us:
            order = orders[self._next]
            self._open[order.order_id] = OrderView(order, order.placed_us or 0)
            self._next += 1
        told = {
            stop.order_id: name for name, truck in yard.trucks.items() for visit in truck.visits for stop in visit.stops
        }
        onboard = {order_id: name for name, truck in yard.trucks.items() for order_id in truck.cargo}
        self._open = {
            order_id: OrderView(known.order, known.known_us, told.get(order_id), onboard.get(order_id))
            for order_id, known in self._open.items()
            if order_id not in yard.delivered_s
        }

    def _vehicle(self, truck: Truck, now_s: int) -> VehicleView:
        state: VehicleState = "serving" if truck.free_s > now_s else "idle" if truck.due_s is None else "driving"
        stops = tuple(stop for visit in truck.visits for stop in visit.stops)
        if stops and truck.due_s is not None:
            stops = (Stop(stops[0].order_id, stops[0].task, truck.due_s * SECOND_US), *stops[1:])
        return VehicleView(
            truck.vehicle_id,
            "truck",
            "truck",
            truck.place_id,
            {DEMAND: truck.capacity},
            frozenset(),
            state=state,
            place=self._day.factories[truck.place_id].place,
            shift_us=(0, ENDLESS_US),
            stops=stops,
            started=stops[0] if stops else None,
            free_at_us=truck.free_s * SECOND_US,
        )
