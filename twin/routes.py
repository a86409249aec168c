"""Routes as commanded, less what has become of their stops: own commands, the answers to them, and departures."""

from typing import NamedTuple

from twin.known import ALWAYS, Known, When
from twin.views import Stop


class _Dropped(NamedTuple):
    """The first stop of an order that a new route left out, with what was planned, and the command."""

    stop: Stop
    planned_us: int | None
    when: When


class Routes(Known):
    """Which stops each vehicle still has to do."""

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, dict[str, When]] = {}  # vehicle -> order -> the command that put it on the route
        self._dropped: dict[str, dict[str, _Dropped]] = {}  # vehicle -> order -> what the last route left out
        self._changed: dict[str, list[int]] = {}  # vehicle -> when its route was changed, this shift
        self._began_us: dict[str, int] = {}  # vehicle -> its last shift
        self._ended: dict[str, int] = {}  # order -> when, for a while

    # --- own commands, and what drivers answered ---

    def _set_route(self, when: When, p: dict) -> None:
        vehicle_id, vehicle = p["vehicle_id"], self.vehicles[p["vehicle_id"]]
        stops = tuple(
            Stop(s["order_id"], s["task"], s["arrive_us"]) for s in p["stops"] if self._to_do(s["order_id"], s["task"])
        )
        kept = {stop.order_id for stop in stops}
        under_way = vehicle.started if vehicle.started in vehicle.stops else None
        dropped: dict[str, _Dropped] = {}
        for stop in vehicle.stops:
            known = self.orders.get(stop.order_id)
            if stop.order_id not in kept and known is not None:
                dropped.setdefault(stop.order_id, _Dropped(stop, known.planned_us, when))
        for order_id in dropped:
            if under_way is None or order_id != under_way.order_id:
                self._order(when, order_id, vehicle_id=None, planned_us=None)
        for stop in stops:
            self._order(when, stop.order_id, vehicle_id=vehicle_id, planned_us=stop.arrive_us)
        told = dict.fromkeys(kept, when)
        if under_way is not None and under_way not in stops:
            stops = (under_way, *stops)
            told.setdefault(under_way.order_id, self._told[vehicle_id][under_way.order_id])
        self._dropped[vehicle_id], self._told[vehicle_id] = dropped, told
        breaks_us = tuple((start, end) for start, end in p["breaks_us"])
        self._vehicle(when, vehicle_id, leave_us=p["leave_us"], breaks_us=breaks_us)
        self._route(vehicle_id, stops)
        self._change(when, vehicle_id)

    def _assign_order(self, when: When, p: dict) -> None:
        known = self.orders.get(p["order_id"])
        if known is None:
            return
        vehicle_id, vehicle = p["vehicle_id"], self.vehicles[p["vehicle_id"]]
        free = [s for s in vehicle.stops if s != vehicle.started]
        position = len(free) if p["position"] is None else p["position"]
        tasks = [task.kind for task in known.order.tasks if self._to_do(p["order_id"], task.kind)]
        added = [Stop(p["order_id"], task, p["arrive_us"]) for task in tasks]
        started = [s for s in vehicle.stops if s == vehicle.started]
        self._told.setdefault(vehicle_id, {})[p["order_id"]] = when
        self._order(when, p["order_id"], vehicle_id=vehicle_id, planned_us=p["arrive_us"])
        self._route(vehicle_id, (*started, *free[:position], *added, *free[position:]))
        self._change(when, vehicle_id)

    def _unassign_order(self, when: When, p: dict) -> None:
        self._drop_stops(p["vehicle_id"], p["order_id"])
        self._order(when, p["order_id"], vehicle_id=None, planned_us=None)

    def _command_received(self, when: When, p: dict) -> None:
        if p["answer"] == "accepted":
            return
        for order_id in p["orders"]:
            known = self.orders.get(order_id)
            if known and known.vehicle_id == p["vehicle_id"] and known.onboard is None:
                self._drop_stops(p["vehicle_id"], order_id, until=when)
                self._order(when, order_id, vehicle_id=None, planned_us=None)

    # --- routes ---

    def _to_do(self, order_id: str, task: str) -> bool:
        """Whether a task may still be open: its order has not ended, nor its goods been fetched already."""
        known = self.orders.get(order_id)
        return order_id not in self._ended and not (task == "pickup" and known is not None and known.onboard)

    def _stop_under_way(self, when: When, vehicle_id: str, order_id: str) -> Stop | None:
        """The stop a vehicle has set out for. A route that overtook the news may have left it out: it is driven to
        all the same, and belongs to the vehicle unless another was told to do it since.
        """
        stops = self.vehicles[vehicle_id].stops
        found = next((stop for stop in stops if stop.order_id == order_id), None)
        gone = self._dropped.get(vehicle_id, {}).get(order_id)
        if found or gone is None or not when.older_than(gone.when) or order_id not in self.orders:
            return found
        if self._rests.get(("vehicle", vehicle_id), {}).get("started", ALWAYS).older_than(when):
            rests = self._rests.get(("order", order_id), {})
            if rests.get("vehicle_id") == gone.when:
                del rests["vehicle_id"], rests["planned_us"]
                self._order(when, order_id, vehicle_id=vehicle_id, planned_us=gone.planned_us)
            self._told[vehicle_id][order_id] = when
            self._route(vehicle_id, (gone.stop, *stops))
        return gone.stop

    def _drop_stops(self, vehicle_id: str, order_id: str, task: str | None = None, until: When | None = None) -> None:
        """Take an order's stops off a route, unless it was put there after ``until``."""
        told = self._told.get(vehicle_id, {}).get(order_id, ALWAYS)
        stops = self.vehicles[vehicle_id].stops
        if until is None or not until.older_than(told):
            left = tuple(s for s in stops if s.order_id != order_id or (task is not None and s.task != task))
            if len(left) < len(stops):
                self._route(vehicle_id, left)

    def _route(self, vehicle_id: str, stops: tuple[Stop, ...]) -> None:
        self.vehicles[vehicle_id] = self.vehicles[vehicle_id]._replace(stops=stops)

    def _forget_route(self, vehicle_id: str, until: When) -> None:
        """A shift is over: what was put on the route after it stays."""
        for order_id in dict.fromkeys(stop.order_id for stop in self.vehicles[vehicle_id].stops):
            self._drop_stops(vehicle_id, order_id, until=until)
        left = {stop.order_id for stop in self.vehicles[vehicle_id].stops}
        self._told[vehicle_id] = {name: when for name, when in self._told.get(vehicle_id, {}).items() if name in left}

    def _change(self, when: When, vehicle_id: str) -> None:
        self._changed[vehicle_id] = [*self._changed.get(vehicle_id, []), when.us]
        self._count_changes(vehicle_id)

    def _count_changes(self, vehicle_id: str) -> None:
        """Those before the shift began do not count, nor any longer."""
        began_us = self._began_us.get(vehicle_id, 0)
        self._changed[vehicle_id] = [us for us in self._changed.get(vehicle_id, []) if us >= began_us]
        self.vehicles[vehicle_id] = self.vehicles[vehicle_id]._replace(changes=len(self._changed[vehicle_id]))
