"""What happens on a day: vehicles drive, queue for docks, unload and load, in whole seconds.

A vehicle's next visit is fixed once it is bound for it, so every arrival is known when the one before it happens;
the only events are arrivals. Those of one second come in the order of the vehicles in their file.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scenarios.benchmarks.dpdp.day import DOCKING_S, Day
from twin.orders import Order, Task
from twin.policies.dockyard import DockVisit


@dataclass
class Truck:
    """A vehicle of the day: at ``place_id`` until ``free_s``, or later on its way to ``visits[0]``, there ``due_s``."""

    vehicle_id: str
    capacity: float
    place_id: str
    free_s: int = 0
    due_s: int | None = None
    visits: list[DockVisit] = field(default_factory=list)
    cargo: list[str] = field(default_factory=list)  # last loaded last
    driven_m: int = 0
    route: list[str] = field(default_factory=list)  # delivered, in order


class Yard:
    """Vehicles, docks and what became of the orders: seconds of their pickup and delivery by id."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self.now_s = 0
        self.trucks = {v.vehicle_id: Truck(v.vehicle_id, v.capacity, v.start) for v in day.vehicles}
        self._number = {vehicle_id: number for number, vehicle_id in enumerate(self.trucks)}
        self._names = tuple(self.trucks)
        self._orders = {order.order_id: order for order in day.orders}
        self._docks = {name: [0] * factory.docks for name, factory in day.factories.items()}  # heaps: free from
        self._arrivals: list[tuple[int, int]] = []  # heap: second, number of the vehicle
        self.picked_s: dict[str, int] = {}
        self.delivered_s: dict[str, int] = {}

    def advance(self, until_s: int | None = None) -> None:
        """Let everything happen up to and with a second (None: until all have come to rest)."""
        while self._arrivals and (until_s is None or self._arrivals[0][0] <= until_s):
            at_s, number = heapq.heappop(self._arrivals)
            self._arrive(self.trucks[self._names[number]], at_s)
        self.now_s = self.now_s if until_s is None else until_s

    def send(self, vehicle_id: str, visits: Sequence[DockVisit]) -> None:
        """Give a vehicle its visits; the place of the first is fixed if it is bound for one already."""
        truck = self.trucks[vehicle_id]
        truck.visits = list(visits)
        if truck.due_s is None and visits:
            self._depart(truck, max(self.now_s, truck.free_s))

    def _depart(self, truck: Truck, at_s: int) -> None:
        roads = self._day.roads
        leg = roads.row[truck.place_id], roads.row[truck.visits[0].place_id]
        truck.due_s = at_s + int(roads.seconds[leg])
        truck.driven_m += int(roads.metres[leg])
        heapq.heappush(self._arrivals, (truck.due_s, self._number[truck.vehicle_id]))

    def _arrive(self, truck: Truck, at_s: int) -> None:
        visit = truck.visits.pop(0)
        service_s = DOCKING_S
        for stop in visit.stops:
            order = self._orders[stop.order_id]
            if stop.task == "delivery":
                truck.cargo.pop()
                truck.route.append(stop.order_id)
                self.delivered_s[stop.order_id] = at_s
                service_s += _seconds(order, lambda o: o.delivery)
            else:
                truck.cargo.append(stop.order_id)
                self.picked_s[stop.order_id] = at_s
                service_s += _seconds(order, lambda o: o.pickup)
        docks = self._docks[visit.place_id]
        truck.place_id, truck.due_s = visit.place_id, None
        truck.free_s = max(at_s, docks[0]) + service_s
        heapq.heapreplace(docks, truck.free_s)
        if truck.visits:
            self._depart(truck, truck.free_s)


def _seconds(order: Order, end: Callable[[Order], Task | None]) -> int:
    task = end(order)
    return int(task.service_s) if task else 0
