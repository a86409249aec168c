"""Rolling dispatch of a dockyard day: insertion and search over last-in-first-out routes, sent as late as is safe."""

from collections.abc import Mapping, Sequence

import numpy as np

from twin.commands import Command, set_route
from twin.policies.dock_queues import queues
from twin.policies.dockyard import KEY, Dockyard
from twin.policies.lifo_search import LifoSearch
from twin.policies.loading import Act, Lorry, Prices, slack_s
from twin.policies.lots import SECOND_US, Lots
from twin.travel import TravelTimes
from twin.views import FleetView, Stop

SECOND = 0.1
"""What a second of a vehicle costs, in points of the score, for the orders still to come [A]."""
MARGIN_S = 3600
CLOSE_SECOND = 0.3
"""Points for each second by which an order arrives less than ``MARGIN_S`` before it is due: delays are to come [A]."""
HOLD_S = 5400
"""A vehicle that is empty stays where it is while everything on its route would be earlier than this [A]."""


def last_in_first_out(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
    """Plan all that is known; tell only what cannot be told at the next decision: others may come to share the way.

    A function of the view: what was told is in its routes, the rest is planned anew. ``budget`` is the number of
    iterations of the search.
    """
    if not view.vehicles or not view.orders:
        return []
    yard: Dockyard = view.journal[KEY]
    row = _rows(view)
    lots = Lots(view, row)
    routes = [lots.route(vehicle.stops) for vehicle in view.vehicles.values()]
    prices = _prices(view, yard, travel, row)
    lorries = [lots.lorry(vehicle, acts, prices) for vehicle, acts in zip(view.vehicles.values(), routes)]
    prices = prices.with_queues(queues(prices, lorries, routes, _ports(yard, row), _taken(view, row)))
    search = LifoSearch(prices, lorries, lots, routes)
    for lot in lots.waiting(max(lorry.room for lorry in lorries)):
        search.insert(lot)
    search.improve(budget, rng, yard.left_s)
    commands = []
    for lorry, acts in zip(lorries, search.routes):
        stops = lots.stops(_to_send(view, yard, prices, lorry, acts))
        if stops != [stop._replace(arrive_us=None) for stop in view.vehicles[lorry.vehicle_id].stops]:
            commands.append(set_route(lorry.vehicle_id, stops, _reason(stops, len(lots.stops(acts)))))
    return commands


def _reason(stops: Sequence[Stop], planned: int) -> str:
    """For a dispatcher: what the route is, and what it leaves open."""
    left = f", {planned - len(stops)} more planned and not yet told" if planned > len(stops) else ""
    fetched = sum(1 for stop in stops if stop.task == "pickup")
    return f"{fetched} orders to fetch, {len(stops) - fetched} to bring{left}"


def _to_send(view: FleetView, yard: Dockyard, prices: Prices, lorry: Lorry, acts: list[Act]) -> list[Act]:
    """The part of a planned route that has to be told now; an overdue order is always told."""
    period_s = yard.period_us // SECOND_US
    if not acts or any(act.unload and act.due_s[0] < prices.now_s for act in acts):
        return acts
    if lorry.bound is None and not yard.cargo[lorry.vehicle_id]:
        busy = lorry.start.leave_s >= prices.now_s + period_s
        if busy or slack_s(prices, lorry, acts) > HOLD_S:
            return []
    return _until_empty(acts, len(yard.cargo[lorry.vehicle_id]))


def _until_empty(acts: list[Act], aboard: int) -> list[Act]:
    """Up to the first visit after which nothing is on board: it takes longer than a period, the rest can wait."""
    for at, act in enumerate(acts):
        aboard += -1 if act.unload else 1
        if aboard == 0 and (at + 1 == len(acts) or acts[at + 1].place != act.place):
            return acts[: at + 1]
    return acts


def _rows(view: FleetView) -> dict[str, int]:
    """A row of the tables for each place that matters now."""
    names = {vehicle.place.place_id for vehicle in view.vehicles.values() if vehicle.place}
    names |= {task.place.place_id for known in view.orders.values() for task in known.order.tasks}
    return {name: at for at, name in enumerate(sorted(names))}


def _prices(view: FleetView, yard: Dockyard, travel: TravelTimes, row: Mapping[str, int]) -> Prices:
    """Travel between the places, and the score's weights."""
    places = [view.depots[name] for name in row]
    ways = travel.matrix(places, places, view.now_us)
    seconds = (ways.duration_ms // 1000).tolist()
    leg_cost = (ways.distance_m / 1000 * yard.per_km).tolist()
    return Prices(
        seconds=seconds * 2,
        leg_cost=leg_cost * 2,
        stands=len(places),
        docking_s=yard.docking_us // SECOND_US,
        second=SECOND,
        late_second=yard.late_per_h / 3600,
        close_second=CLOSE_SECOND,
        margin_s=MARGIN_S,
        now_s=view.now_us // SECOND_US,
        period_s=yard.period_us // SECOND_US,
        queue_s=[[] for _ in places],
    )


def _ports(yard: Dockyard, row: Mapping[str, int]) -> dict[int, int]:
    """Docks by row."""
    return {at: yard.ports[name] for name, at in row.items()}


def _taken(view: FleetView, row: Mapping[str, int]) -> dict[int, list[int]]:
    """When the vehicles that hold docks or wait for one will leave, by row."""
    taken: dict[int, list[int]] = {}
    for vehicle in view.vehicles.values():
        if vehicle.state == "serving" and vehicle.place is not None and vehicle.free_at_us is not None:
            taken.setdefault(row[vehicle.place.place_id], []).append(vehicle.free_at_us // SECOND_US)
    return taken
