"""Recommendations: what belongs together of a policy's commands, what it would change and cost, whether it still holds.

Pure functions of snapshots. What waits for an answer is shown to policies as if it had been given (``as_if_given``), so
that they build on it and do not recommend it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from twin.commands import Command
from twin.payloads_advice import Alternative, OrderMove
from twin.policies.common import at_work, free_stops
from twin.policies.courses import course, drive, legs_of
from twin.policies.moves import movable
from twin.policies.second_look import next_best
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView, Stop, VehicleView

Routes = dict[str, tuple[Stop, ...]]
"""Free stops by vehicle."""


class Estimate(NamedTuple):
    """What a change costs, over the vehicles it touches: whole seconds more than without it; None: not known."""

    driving_s: int | None
    late_s: int | None


UNKNOWN = Estimate(None, None)


@dataclass(frozen=True)
class Recommendation:
    """Commands that make sense only together, with the picture they were made for."""

    recommendation_id: str
    commands: tuple[Command, ...]
    made_us: int
    moves: tuple[OrderMove, ...]
    assumed: Mapping[str, tuple[Stop, ...]]  # free stops of every vehicle whose route changes
    estimate: Estimate
    expires_us: int
    alternative: Alternative | None = None

    @property
    def subject(self) -> str:
        """The order it is about, the first of several; a vehicle where no order changes hands."""
        return self.moves[0]["order_id"] if self.moves else next(iter(self.assumed))

    @property
    def reason(self) -> str:
        """Why, as the policy said it; why an order is taken off a route is part of why it goes to another."""
        said = [c.payload["reason"] for c in self.commands if c.kind != "unassign_order"]
        return "; ".join(said or [c.payload["reason"] for c in self.commands])


def grouped(commands: Sequence[Command]) -> list[tuple[Command, ...]]:
    """Commands that touch the same vehicle or order together, each group in order, by its first command."""
    root = {number: number for number in range(len(commands))}

    def find(number: int) -> int:
        while root[number] != number:
            number = root[number]
        return number

    seen: dict[tuple[str, str], int] = {}
    for number, command in enumerate(commands):
        for thing in [("vehicle", command.vehicle_id), *(("order", order_id) for order_id in orders_of(command))]:
            one, other = sorted((find(seen.setdefault(thing, number)), find(number)))
            root[other] = one
    groups: dict[int, list[Command]] = {}
    for number, command in enumerate(commands):
        groups.setdefault(find(number), []).append(command)
    return [tuple(group) for group in groups.values()]


def orders_of(command: Command) -> list[str]:
    """The orders a command names."""
    if command.kind == "set_route":
        return list(dict.fromkeys(stop["order_id"] for stop in command.payload["stops"]))
    return [command.payload["order_id"]]


# --- what would be ----------------------------------------------------------------------------------------------


def free_routes(view: FleetView, commands: Iterable[Command]) -> Routes:
    """The free stops of the vehicles that commands are for, as they are; unknown vehicles are passed over."""
    vehicles = (view.vehicles.get(command.vehicle_id) for command in commands)
    return {vehicle.vehicle_id: tuple(free_stops(vehicle)) for vehicle in vehicles if vehicle is not None}


def routes_after(view: FleetView, commands: Iterable[Command]) -> Routes:
    """The free stops of these vehicles once the commands are carried out."""
    commands = tuple(commands)
    routes = free_routes(view, commands)
    for command in commands:
        if command.vehicle_id in routes:
            routes[command.vehicle_id] = _after(view, command, routes[command.vehicle_id])
    return routes


def _after(view: FleetView, command: Command, stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
    p = command.payload
    if command.kind == "set_route":
        return tuple(Stop(**stop) for stop in p["stops"] if _to_do(view, stop["order_id"], stop["task"]))
    if command.kind == "unassign_order":
        return tuple(stop for stop in stops if stop.order_id != p["order_id"])
    known = view.orders.get(p["order_id"])
    if known is None:
        return stops
    at = len(stops) if p["position"] is None else p["position"]
    tasks = [task.kind for task in known.order.tasks if _to_do(view, p["order_id"], task.kind)]
    return (*stops[:at], *(Stop(p["order_id"], task, p["arrive_us"]) for task in tasks), *stops[at:])


def _to_do(view: FleetView, order_id: str, task: str) -> bool:
    known = view.orders.get(order_id)
    return known is not None and not (task == "pickup" and known.onboard is not None)


def as_if_given(view: FleetView, commands: Iterable[Command]) -> FleetView:
    """The picture as it would be if the commands were given now. The journal stays the same one."""
    commands = tuple(commands)
    before, after = free_routes(view, commands), routes_after(view, commands)
    vehicles, orders = dict(view.vehicles), dict(view.orders)
    for vehicle_id, stops in after.items():
        vehicle, left = vehicles[vehicle_id], {stop[:2] for stop in stops}
        under_way = tuple(stop for stop in vehicle.stops if stop == vehicle.started)
        changes = sum(c.vehicle_id == vehicle_id and c.kind != "unassign_order" for c in commands)
        if changes:
            stops = (*under_way, *stops)
        else:
            stops = tuple(stop for stop in vehicle.stops if stop in under_way or stop[:2] in left)
        vehicles[vehicle_id] = vehicle._replace(stops=stops, changes=vehicle.changes + changes)
    for stops in before.values():
        for stop in stops:
            if stop.order_id in orders:
                orders[stop.order_id] = orders[stop.order_id]._replace(vehicle_id=None, planned_us=None)
    for vehicle_id, stops in after.items():
        for stop in stops:
            if stop.order_id in orders:
                known = orders[stop.order_id]
                orders[stop.order_id] = known._replace(vehicle_id=vehicle_id, planned_us=stop.arrive_us)
    return replace(view, vehicles=MappingProxyType(vehicles), orders=MappingProxyType(orders))


def moves_of(view: FleetView, commands: Iterable[Command]) -> tuple[OrderMove, ...]:
    """The orders that change hands."""
    commands = tuple(commands)
    before, after = free_routes(view, commands), routes_after(view, commands)
    was, now = (
        {stop.order_id: vehicle_id for vehicle_id, stops in routes.items() for stop in stops}
        for routes in (before, after)
    )
    assigned = {command.payload["order_id"] for command in commands if command.kind == "assign_order"}
    moves = []
    for order_id in [*now, *(order_id for order_id in was if order_id not in now)]:
        to = now.get(order_id)
        if order_id not in view.orders or (was.get(order_id) == to and order_id not in assigned):
            continue
        holder = view.orders[order_id].vehicle_id
        if holder != to:
            stop = None if to is None else 1 + [s.order_id for s in after[to]].index(order_id)
            moves.append(OrderMove(order_id=order_id, from_vehicle=holder, to_vehicle=to, stop=stop))
    return tuple(moves)


def estimate(view: FleetView, travel: TravelTimes, commands: Iterable[Command]) -> Estimate:
    """What the commands cost: driving and lateness, over the vehicles concerned that are at work."""
    commands = tuple(commands)
    able = [i for i in free_routes(view, commands) if at_work(view.vehicles[i])]
    after = as_if_given(view, commands)
    courses = [course(picture, picture.vehicles[i]) for picture in (view, after) for i in able]
    timings = [drive(c, legs) for c, legs in zip(courses, legs_of(travel, courses, view.now_us))]
    known = [timing for timing in timings if timing is not None]
    if len(known) < len(timings):
        return UNKNOWN
    driving_us = [sum(a - d for a, d in zip(timing.arrive_us, timing.depart_us)) for timing in known]
    late_us = [timing.late_us for timing in known]
    half = len(able)
    return Estimate(*(round((sum(us[half:]) - sum(us[:half])) / 1e6) for us in (driving_us, late_us)))


def alternative(view: FleetView, travel: TravelTimes, what: Recommendation) -> Alternative | None:
    """The next best vehicle, where one order is given to one; None if there is none."""
    if len(what.moves) != 1 or what.moves[0]["to_vehicle"] is None:
        return None
    commands = next_best(view, travel, what.moves[0]["order_id"], [what.moves[0]["to_vehicle"]])
    cost = estimate(view, travel, commands)
    if not commands or cost.driving_s is None or cost.late_s is None:
        return None
    return Alternative(vehicle_id=commands[-1].vehicle_id, driving_s=cost.driving_s, late_s=cost.late_s)


# --- whether it still holds -------------------------------------------------------------------------------------


def overtaken(view: FleetView, what: Recommendation) -> str:
    """Why a recommendation cannot be followed any more, "" if it can: only progress on the routes is no hindrance."""
    named = (command.payload["order_id"] for command in what.commands if command.kind == "assign_order")
    reasons = (
        *(f"{order_id} is not open any more" for order_id in named if order_id not in view.orders),
        *(_order_overtaken(view, move) for move in what.moves),
        *(_route_overtaken(view, what, vehicle_id) for vehicle_id in what.assumed),
    )
    return next((reason for reason in reasons if reason), "")


def _order_overtaken(view: FleetView, move: OrderMove) -> str:
    order_id, holder, to = move["order_id"], move["from_vehicle"], move["to_vehicle"]
    known = view.orders.get(order_id)
    if known is None:
        return f"{order_id} is not open any more"
    if known.not_before_us > view.now_us:
        return f"{order_id} is not to be visited now"
    if known.vehicle_id != holder:
        return f"{order_id} is with {known.vehicle_id}" if known.vehicle_id else f"{order_id} is with nobody any more"
    if known.onboard not in (None, to):
        return f"{order_id} is on board of {known.onboard}"
    if holder is not None and holder != to and not movable(view.vehicles[holder], known):
        return f"{order_id} cannot be taken off {holder} any more"
    return ""


def _route_overtaken(view: FleetView, what: Recommendation, vehicle_id: str) -> str:
    vehicle, then = view.vehicles[vehicle_id], {stop[:2] for stop in what.assumed[vehicle_id]}
    kinds = {command.kind for command in what.commands if command.vehicle_id == vehicle_id}
    if kinds == {"unassign_order"}:
        return ""
    if not at_work(vehicle):
        return f"{vehicle_id} is not at work"
    now = {stop[:2] for stop in free_stops(vehicle)}
    for order_id, _ in sorted(now - then):
        return f"{vehicle_id} has been given {order_id}"
    if "set_route" in kinds:
        for order_id, task in sorted(then - now):
            if not _gone_on(view, vehicle, order_id, task):
                return f"{order_id} is not on the route of {vehicle_id} any more"
    return ""


def _gone_on(view: FleetView, vehicle: VehicleView, order_id: str, task: str) -> bool:
    """Whether a stop is no longer free because the driver did it or set out for it, or its order ended."""
    started = vehicle.started is not None and vehicle.started[:2] == (order_id, task)
    known = view.orders.get(order_id)
    return started or known is None or (task == "pickup" and known.onboard == vehicle.vehicle_id)


def as_of_now(view: FleetView, what: Recommendation) -> tuple[Command, ...]:
    """The commands for routes on which drivers have gone on: what was put before a stop still comes before it."""
    then = {vehicle_id: list(stops) for vehicle_id, stops in what.assumed.items()}
    now = {vehicle_id: free_stops(view.vehicles[vehicle_id]) for vehicle_id in what.assumed}
    found = []
    for command in what.commands:
        p, vehicle_id = command.payload, command.vehicle_id
        if command.kind == "assign_order":
            known = view.orders[p["order_id"]]
            position = p["position"] if p["position"] is None else _position(then, now, vehicle_id, p["position"])
            for routes, at in ((then, p["position"]), (now, position)):
                _insert(routes[vehicle_id], at, known)
            command = replace(command, payload=p | {"position": position})
        elif command.kind == "set_route":
            free = {stop[:2] for stop in now[vehicle_id]}
            came = {move["order_id"] for move in what.moves if move["to_vehicle"] == vehicle_id}
            stops = [s for s in p["stops"] if (s["order_id"], s["task"]) in free or s["order_id"] in came]
            command = replace(command, payload=p | {"stops": stops})
        else:
            for routes in (then, now):
                routes[vehicle_id] = [stop for stop in routes[vehicle_id] if stop.order_id != p["order_id"]]
        found.append(command)
    return tuple(found)


def _position(then: dict[str, list[Stop]], now: dict[str, list[Stop]], vehicle_id: str, position: int) -> int | None:
    """Where the first stop that was to come afterwards stands now; None: all of them have gone."""
    at = {stop[:2]: number for number, stop in enumerate(now[vehicle_id])}
    return next((at[stop[:2]] for stop in then[vehicle_id][position:] if stop[:2] in at), None)


def _insert(stops: list[Stop], position: int | None, known: OrderView) -> None:
    at = len(stops) if position is None else position
    stops[at:at] = [Stop(known.order.order_id, task.kind) for task in known.order.tasks]
