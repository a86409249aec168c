"""An independent judge of what policies command: what the routes would become, and when their stops are reached."""

from collections.abc import Iterator
from typing import Any

from twin.commands import Command
from twin.policies.common import begin
from twin.travel import UNREACHABLE
from twin.views import FleetView, OrderView, Stop, VehicleView

SECOND_US = 1_000_000
LOAD_US = 300 * SECOND_US
TOLERANCE_US = 60 * SECOND_US

Routes = dict[str, list[Stop]]


def wrongs(view: FleetView, commands: list[Command], travel: Any) -> Iterator[str]:
    """Everything commands break: what is frozen, capacity, needs, promises, hours; one line each."""
    before = {i: [stop for stop in v.stops if stop != v.started] for i, v in view.vehicles.items()}
    after = {i: list(stops) for i, stops in before.items()}
    for command in commands:
        yield from _apply(view, command, after)
    for order_id, known in view.orders.items():
        visits = [(i, stop.task) for i, stops in after.items() for stop in stops if stop.order_id == order_id]
        if len(visits) != len({task for _, task in visits}) or len({i for i, _ in visits}) > 1:
            yield f"{order_id} is visited twice: {visits}"
        if [task for _, task in visits] == ["delivery", "pickup"]:
            yield f"{order_id} is delivered before it is fetched"
        if known.onboard is not None and known.vehicle_id == known.onboard:
            started = view.vehicles[known.onboard].started
            if not (started is not None and started.order_id == order_id) and not visits:
                yield f"{order_id} is on board and on no route"
    was = {i: _times(view, i, stops, travel) for i, stops in before.items()}
    for vehicle_id, stops in after.items():
        if stops != before[vehicle_id]:
            vehicle = view.vehicles[vehicle_id]
            yield from _route(view, vehicle, stops)
            if not _overload(view, vehicle, before[vehicle_id]) and (over := _overload(view, vehicle, stops)):
                yield over
            yield from _times_kept(view, vehicle_id, was, _times(view, vehicle_id, stops, travel))


def _apply(view: FleetView, command: Command, routes: Routes) -> Iterator[str]:
    payload, vehicle_id = command.payload, command.vehicle_id
    vehicle = view.vehicles[vehicle_id]
    if vehicle_id not in payload["reason"]:
        yield f"reason does not name {vehicle_id}: {payload['reason']}"
    if command.kind == "set_route":
        routes[vehicle_id] = [Stop(**stop) for stop in payload["stops"]]
        return
    order_id = payload["order_id"]
    known = view.orders[order_id]
    if order_id not in payload["reason"]:
        yield f"reason does not name {order_id}: {payload['reason']}"
    if command.kind == "unassign_order":
        if known.onboard is not None or (vehicle.started is not None and vehicle.started.order_id == order_id):
            yield f"{order_id} is started or on board and taken off {vehicle_id}"
        routes[vehicle_id] = [stop for stop in routes[vehicle_id] if stop.order_id != order_id]
    if command.kind == "assign_order":
        at = len(routes[vehicle_id]) if payload["position"] is None else payload["position"]
        tasks = known.order.tasks if known.onboard is None else (known.order.last_task,)
        routes[vehicle_id][at:at] = [Stop(order_id, task.kind, payload["arrive_us"]) for task in tasks]


def _route(view: FleetView, vehicle: VehicleView, stops: list[Stop]) -> Iterator[str]:
    """Frozen parts and needs."""
    if vehicle.started is not None and vehicle.started in stops:
        yield f"{vehicle.vehicle_id}: {vehicle.started} is started and commanded again"
    for stop in stops:
        known = view.orders[stop.order_id]
        if known.onboard not in (None, vehicle.vehicle_id):
            yield f"{stop.order_id} is on board of {known.onboard} and given to {vehicle.vehicle_id}"
        if not known.order.needs <= vehicle.offers:
            yield f"{stop.order_id} needs {known.order.needs}"


def _overload(view: FleetView, vehicle: VehicleView, stops: list[Stop]) -> str:
    """The first load that is too large, as far as it is known; "" if there is none."""
    ahead = [*([vehicle.started] if vehicle.started else []), *stops]
    aboard = {i for i, known in view.orders.items() if known.onboard == vehicle.vehicle_id}
    depot = {stop.order_id for stop in ahead if _from_depot(view.orders[stop.order_id])}
    for stop in ahead:
        if stop.order_id in depot:
            aboard, depot = aboard | depot, set()
        if stop.task == "pickup":
            aboard.add(stop.order_id)
        for unit, most in vehicle.capacity.items():
            if sum(view.orders[i].order.demand.get(unit, 0.0) for i in aboard) > most:
                return f"{vehicle.vehicle_id} carries {sorted(aboard)}, holds {most} {unit}"
        if stop.task == "delivery":
            aboard.discard(stop.order_id)
    return ""


def _times_kept(view: FleetView, vehicle_id: str, was: dict[str, Any], now: Any) -> Iterator[str]:
    if now is None:
        yield f"{vehicle_id} cannot get there"
        return
    starts, back_us = now
    shift_us = view.vehicles[vehicle_id].shift_us
    if shift_us is None:
        yield f"{vehicle_id} is not at work"
    elif back_us > max(shift_us[1], was[vehicle_id][1]) + TOLERANCE_US:
        yield f"{vehicle_id} is back {(back_us - shift_us[1]) / 60e6:.0f} min after its shift"
    for (order_id, kind), start_us in starts.items():
        known = view.orders[order_id]
        task = known.order.pickup if kind == "pickup" else known.order.delivery
        if task is None or not task.windows:
            continue
        earlier = [times[0].get((order_id, kind), 0) for times in was.values() if times is not None]
        if start_us > task.windows[-1].close_us and start_us > max(earlier) + TOLERANCE_US:
            yield f"{vehicle_id}: {kind} of {order_id} starts after its promise"


def _times(view: FleetView, vehicle_id: str, stops: list[Stop], travel: Any) -> Any:
    """((order, task) -> start of service, home), None where there is no way."""
    vehicle = view.vehicles[vehicle_id]
    place, now = begin(view, vehicle)
    home, starts = view.depots[vehicle.depot_id], {}
    loaded = vehicle.state in ("off", "preparing", "loading")

    def leg_us(a: Any, b: Any) -> int:
        return int(travel.legs_ms([a], [b], view.now_us, vehicle.profile)[0]) * 1000

    for stop in stops:
        known = view.orders[stop.order_id]
        if _from_depot(known) and not loaded:
            now, place, loaded = now + leg_us(place, home) + LOAD_US, home, True
        task = (known.order.pickup if stop.task == "pickup" else known.order.delivery) or known.order.last_task
        now += leg_us(place, task.place)
        now = max(now, next((w.open_us for w in task.windows if now <= w.close_us), now))
        starts[stop.order_id, stop.task] = now
        place, now = task.place, now + int(task.service_s * 1e6)
    back_us = now + leg_us(place, home)
    return None if back_us - view.now_us >= UNREACHABLE * 1000 else (starts, back_us)


def _from_depot(known: OrderView) -> bool:
    return known.order.pickup is None and known.onboard is None
