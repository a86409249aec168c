"""A policy's commands as routes, refused where a vehicle could not do them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from twin.commands import Command
from twin.policies.dockyard import KEY, Dockyard, task_of
from twin.views import FleetView, Stop, VehicleView

Routes = Mapping[str, tuple[Stop, ...]]


class Refused(ValueError):
    """An answer that cannot be driven; says when, which vehicle and why."""


def routes_after(view: FleetView, commands: Sequence[Command]) -> Routes:
    """The routes of all vehicles once the commands hold: ``set_route``, or ``assign_order`` within the free part.

    Raises:
        Refused: a command or a route is not allowed.
    """
    routes = {name: vehicle.stops for name, vehicle in view.vehicles.items()}
    for command in commands:
        if command.kind not in ("set_route", "assign_order") or command.vehicle_id not in routes:
            raise Refused(f"{_clock(view)}: {command.kind} to {command.payload.get('vehicle_id')}: cannot be done here")
        if command.kind == "set_route":
            stops = tuple(Stop(s["order_id"], s["task"]) for s in command.payload["stops"])
        else:
            stops = _with(view, routes[command.vehicle_id], command.payload)
        routes[command.vehicle_id] = stops
    for problem in _problems(view, routes):
        raise Refused(f"{_clock(view)}: {problem}")
    return routes


def _with(view: FleetView, stops: tuple[Stop, ...], payload: Mapping) -> tuple[Stop, ...]:
    """A route with an order's pickup and delivery added; positions count from after the stop under way."""
    bound = 1 if view.vehicles[payload["vehicle_id"]].started else 0
    at = len(stops) if payload["position"] is None else bound + payload["position"]
    new = (Stop(payload["order_id"], "pickup"), Stop(payload["order_id"], "delivery"))
    return (*stops[:at], *new, *stops[at:])


def _problems(view: FleetView, routes: Routes) -> Iterator[str]:
    yard: Dockyard = view.journal[KEY]
    for name, stops in routes.items():
        for problem in _route(view, view.vehicles[name], yard.cargo[name], stops):
            yield f"{name}: {problem}"
    counts = Counter(stop.order_id for stops in routes.values() for stop in stops if stop.task == "pickup")
    for order_id, count in counts.items():
        if count > 1:
            yield f"order {order_id} is fetched {count} times"
    for order_id, known in view.orders.items():
        overdue = known.order.last_task.windows[-1].close_us < view.now_us
        if overdue and known.onboard is None and order_id not in counts:
            yield f"order {order_id} is overdue and on no route"


def _route(view: FleetView, vehicle: VehicleView, cargo: Sequence[str], stops: Sequence[Stop]) -> Iterator[str]:
    """What is wrong with one route: the stop it is bound for, loading order, room, what is left on board."""
    for stop in stops:
        if stop.order_id not in view.orders or stop.task not in ("pickup", "delivery"):
            yield f"{stop.task} of {stop.order_id}: there is no such open order"
            return
    if vehicle.started is not None:
        bound = task_of(view.orders[vehicle.started.order_id], vehicle.started).place
        first = task_of(view.orders[stops[0].order_id], stops[0]).place if stops else None
        if first != bound:
            yield f"is bound for {bound.place_id}, not for {first.place_id if first else 'nowhere'}"
    stack = list(cargo)
    load = {unit: sum(view.orders[o].order.demand[unit] for o in cargo) for unit in vehicle.capacity}
    for stop in stops:
        known = view.orders[stop.order_id]
        sign = 1 if stop.task == "pickup" else -1
        if sign > 0 and known.onboard is not None:
            yield f"order {stop.order_id} is on board {known.onboard} already"
        elif sign > 0:
            stack.append(stop.order_id)
        elif not stack or stack.pop() != stop.order_id:
            yield f"order {stop.order_id} is not the last loaded when it is to be unloaded"
            return
        for unit, most in vehicle.capacity.items():
            load[unit] += sign * known.order.demand[unit]
            if load[unit] > most:
                yield f"{load[unit]:g} {unit} on board after the pickup of {stop.order_id}, room for {most:g}"
    if stack:
        yield f"order {stack[-1]} stays on board, its delivery is not on the route"


def _clock(view: FleetView) -> str:
    """Time of day, hours going on after midnight."""
    minutes, seconds = divmod(view.now_us // 1_000_000, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
