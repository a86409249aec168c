"""Rolling dispatch of a dockyard day: insertion and search over last-in-first-out routes, sent as late as is safe."""

from dataclasses import replace

import numpy as np

from twin.commands import Command, set_route
from twin.policies.dockyard import KEY, Dockyard
from twin.policies.lifo_search import LifoSearch
from twin.policies.loading import Act, Lorry, Prices, ravel, slack_s
from twin.policies.lots import SECOND_US, Lots
from twin.travel import TravelTimes
from twin.views import FleetView
import os
SECOND_KM = float(os.environ.get("ALPHA", 0.01))
MARGIN_S = int(os.environ.get("MARGIN", 1800))
CLOSE = float(os.environ.get("CLOSE", 0.05))
HOLD_S = int(os.environ.get("HOLD", 5400))


def last_in_first_out(
    view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int
) -> list[Command]:
    """Plan all that is known; send what has to leave before the next decision and has no time to wait for company."""
    if not view.vehicles or not view.orders:
        return []
    yard: Dockyard = view.journal[KEY]
    row, prices = _prices(view, yard, travel)
    lots = Lots(view, row)
    routes = [lots.route(vehicle.stops) for vehicle in view.vehicles.values()]
    lorries = [lots.lorry(vehicle, acts, prices) for vehicle, acts in zip(view.vehicles.values(), routes)]
    search = LifoSearch(prices, lorries, lots, routes)
    for lot in lots.waiting(max(lorry.room for lorry in lorries)):
        search.insert(lot)
    search.improve(budget, rng)
    commands = []
    for lorry, acts in zip(lorries, search.routes):
        stops = lots.stops(_to_send(view, yard, prices, lorry, acts))
        if tuple(stops) != tuple(stop._replace(arrive_us=None) for stop in view.vehicles[lorry.vehicle_id].stops):
            commands.append(set_route(lorry.vehicle_id, stops, "x"))
    return commands


def _to_send(view, yard, prices: Prices, lorry: Lorry, acts: list[Act]) -> list[Act]:
    if not acts:
        return []
    if lorry.bound is None and not yard.cargo[lorry.vehicle_id]:
        if lorry.start.leave_s >= view.now_us // SECOND_US + yard.period_us // SECOND_US:
            return []
        if slack_s(prices, lorry, acts) > HOLD_S:
            return []
    return _until_empty(acts, lorry.start.load)


def _until_empty(acts: list[Act], load: float) -> list[Act]:
    """Up to the end of the first visit after which nothing is on board: what follows can be told later."""
    for at, act in enumerate(acts):
        load += act.change
        following = acts[at + 1] if at + 1 < len(acts) else None
        if load == 0 and (following is None or following.place != act.place):
            return acts[: at + 1]
    return acts


def _prices(view: FleetView, yard: Dockyard, travel: TravelTimes) -> tuple[dict[str, int], Prices]:
    places = {v.place.place_id: v.place for v in view.vehicles.values() if v.place}
    for known in view.orders.values():
        places |= {task.place.place_id: task.place for task in known.order.tasks}
    names = list(places)
    ways = travel.matrix(list(places.values()), list(places.values()), view.now_us)
    seconds, km = ways.duration_ms // 1000, ways.distance_m / 1000
    return {name: at for at, name in enumerate(names)}, Prices(
        ravel(seconds), ravel(km * yard.per_km), len(names), yard.docking_us // SECOND_US, SECOND_KM,
        yard.late_per_h / 3600, CLOSE, MARGIN_S,
        view.now_us // SECOND_US, yard.period_us // SECOND_US, [[] for _ in names])
