"""Naive dispatch of a dockyard day: waiting orders dealt to the vehicles in turn, as the competition's demo does."""

from collections.abc import Sequence

import numpy as np

from twin.commands import Command, set_route
from twin.policies.dockyard import KEY, Dockyard, visits
from twin.travel import TravelTimes
from twin.views import FleetView, OrderView, Stop


def dealt(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
    """Each order fetched and delivered by itself, dealt to the vehicles in turn; all afresh at every call.

    A vehicle first delivers what it has, or does the pickup it is bound for. An order that is too large is dealt in
    as few lots as its items allow.
    """
    yard: Dockyard = view.journal[KEY]
    routes: dict[str, list[Stop]] = {}
    promised: set[str] = set()
    for name, vehicle in view.vehicles.items():
        routes[name] = [Stop(order_id, "delivery") for order_id in reversed(yard.cargo[name])]
        if not routes[name] and vehicle.started is not None:
            bound = [stop.order_id for stop in visits(view, vehicle.stops)[0].stops if stop.task == "pickup"]
            routes[name] = _there_and_back(bound)
            promised.update(bound)
    names = list(view.vehicles)
    waiting = [o for o in view.orders.values() if o.onboard is None and o.order.order_id not in promised]
    lots = _lots(waiting, yard, min((v.capacity["pallets"] for v in view.vehicles.values()), default=0.0))
    for turn, lot in enumerate(lots if names else []):
        routes[names[turn % len(names)]] += _there_and_back(lot)
    return [set_route(name, stops, f"{len(stops)} stops dealt in turn") for name, stops in routes.items() if stops]


def _there_and_back(lot: Sequence[str]) -> list[Stop]:
    """Load a lot, and unload it in the opposite order."""
    return [Stop(name, "pickup") for name in lot] + [Stop(name, "delivery") for name in reversed(lot)]


def _lots(waiting: Sequence[OrderView], yard: Dockyard, most: float) -> list[list[str]]:
    """Orders one by one; items of one order together as long as they fit."""
    lots: list[list[str]] = []
    whole, load = "", 0.0
    for known in waiting:
        order_id, demand = known.order.order_id, known.order.demand["pallets"]
        of = yard.whole.get(order_id, order_id)
        if of != whole or load + demand > most:
            lots.append([])
            whole, load = of, 0.0
        lots[-1].append(order_id)
        load += demand
    return lots
