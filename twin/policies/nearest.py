"""Each waiting order to the nearest vehicle that may take it, most urgent first."""

import numpy as np

from twin.commands import Command, assign_order
from twin.orders import natural_key
from twin.policies.common import begin, chain_ms, committed_loads, fits, visits_of, waiting_orders
from twin.travel import UNREACHABLE, TravelTimes
from twin.views import FleetView


def nearest(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
    """Append each order to the route of the vehicle that is nearest by usual driving time.

    By way of the depot where the goods have to be fetched. Uses last *known* positions; a vehicle in a dead zone is
    where it was last heard. One order a vehicle and call.
    """
    commands: list[Command] = []
    taken: set[str] = set()
    loads = committed_loads(view)
    for known in waiting_orders(view):
        free = [v for v in view.vehicles.values() if v.vehicle_id not in taken and fits(v, loads[v.vehicle_id], known)]
        if not free:
            continue
        free.sort(key=lambda v: natural_key(v.vehicle_id))
        times = []
        for profile in sorted({v.profile for v in free}):
            some = [v for v in free if v.profile == profile]
            ways = [[visit.place for visit in visits_of(view, v, known)] for v in some]
            into = travel.legs_ms([begin(view, v)[0] for v in some], [way[0] for way in ways], view.now_us, profile)
            onward = {tuple(way): sum(chain_ms(travel, way, view.now_us, profile)) for way in ways}
            times += [(int(leg) + onward[tuple(way)], v) for leg, way, v in zip(into, ways, some)]
        best_ms, best = min(times, key=lambda pair: (pair[0], len(pair[1].stops), natural_key(pair[1].vehicle_id)))
        if best_ms >= UNREACHABLE:
            continue
        order_id = known.order.order_id
        reason = f"{order_id} to {best.vehicle_id}: nearest, {best_ms / 60_000:.0f} min away"
        commands.append(assign_order(order_id, best.vehicle_id, reason))
        taken.add(best.vehicle_id)
    return commands
