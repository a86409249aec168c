"""Whether routes are feasible and what they cost, by the published rules; knows no solver."""

import itertools
from collections.abc import Iterator, Sequence

from scenarios.benchmarks.instance import FOREVER, Instance, Vehicle

TOLERANCE = 1e-6
"""How much later than its window (in the instance's units) a service may start: what sums of doubles are off by."""

Routes = Sequence[Sequence[int]]
"""Customer numbers by route; a depot's number within a route is a reload there."""


def cost(instance: Instance, routes: Routes) -> float:
    """The cost of routes as published ones are stated, to four decimals; empty routes cost nothing."""
    total = 0.0
    for number, route in enumerate(routes):
        if route:
            vehicle = instance.vehicle(number)
            total += vehicle.unit_cost * distance(instance, vehicle, route) + vehicle.fixed_cost
    return round(total / instance.price_divisor, 4)


def distance(instance: Instance, vehicle: Vehicle, route: Sequence[int]) -> float:
    """Length of a route from its depot and back."""
    places = [vehicle.depot, *route, vehicle.depot]
    return float(instance.legs[places[:-1], places[1:]].sum())


def violations(instance: Instance, routes: Routes) -> list[str]:
    """What is wrong with routes, a line each; empty if nothing is."""
    found = _visits(instance, routes)
    if any(not 0 <= node < instance.nodes for route in routes for node in route):
        return found
    used = sum(1 for route in routes if route)
    if used > len(instance.vehicles) or (instance.vehicles_differ and len(routes) > len(instance.vehicles)):
        found.append(f"{max(used, len(routes))} routes for {len(instance.vehicles)} vehicles")
    for number, route in enumerate(routes):
        if route:
            found += [f"route {number + 1}: {text}" for text in _route(instance, instance.vehicle(number), route)]
    return found


def _visits(instance: Instance, routes: Routes) -> list[str]:
    """Customers that are not there exactly once."""
    visited = [node for route in routes for node in route if not 0 <= node < instance.depots]
    counts = dict.fromkeys(instance.customers, 0)
    unknown = sorted({node for node in visited if node not in counts})
    for node in visited:
        if node in counts:
            counts[node] += 1
    return [f"customer {node} is not in the instance" for node in unknown] + [
        f"customer {node} is visited {count} times" for node, count in counts.items() if count != 1
    ]


def trips_of(instance: Instance, route: Sequence[int]) -> list[list[int]]:
    """The customers of a route's trips."""
    trips: list[list[int]] = [[]]
    for node in route:
        if node < instance.depots:
            trips.append([])
        else:
            trips[-1].append(node)
    return trips


def _route(instance: Instance, vehicle: Vehicle, route: Sequence[int]) -> Iterator[str]:
    """What is wrong with one route."""
    reloads = [node for node in route if node < instance.depots]
    for depot in sorted(set(reloads) - set(vehicle.reload_depots)):
        yield f"its vehicle may not reload at depot {depot}"
    if len(reloads) > vehicle.max_reloads:
        yield f"{len(reloads)} reloads, at most {vehicle.max_reloads}"
    for trip in trips_of(instance, route):
        yield from _loads(instance, vehicle, trip)
        if instance.linehaul_first:
            yield from _backhauls(instance, trip)
    yield from _times(instance, vehicle, route)
    if (driven := distance(instance, vehicle, route)) > vehicle.max_distance + TOLERANCE:
        yield f"{driven:g} long, at most {vehicle.max_distance:g}"
    position = {node: i for i, node in enumerate(route)}
    for pair in instance.pairs:
        ends = [position.get(pair.pickup), position.get(pair.delivery)]
        if ends != [None, None] and (None in ends or ends[0] > ends[1]):  # type: ignore[operator]
            yield f"{pair.delivery} is not visited after {pair.pickup}"


def _loads(instance: Instance, vehicle: Vehicle, trip: Sequence[int]) -> Iterator[str]:
    """Load along a trip: deliveries are aboard from the start, collections until its end."""
    change = {pair.pickup: pair.amount for pair in instance.pairs}
    change |= {pair.delivery: -pair.amount for pair in instance.pairs}
    load = most = int(instance.demand[list(trip)].sum()) if trip else 0
    for node in trip:
        load += change.get(node, 0) - int(instance.demand[node]) + int(instance.backhaul[node])
        most = max(most, load)
    if most > vehicle.capacity:
        yield f"load {most}, capacity {vehicle.capacity}"


def _backhauls(instance: Instance, trip: Sequence[int]) -> Iterator[str]:
    """Deliveries come first, and there is at least one."""
    collects = [bool(instance.backhaul[node]) for node in trip]
    if collects and (collects[0] or any(a and not b for a, b in itertools.pairwise(collects))):
        yield "backhauls before linehauls"


def _times(instance: Instance, vehicle: Vehicle, route: Sequence[int]) -> Iterator[str]:
    """Windows, releases and the shortest duration the route can have.

    Segments as in Vidal et al. (2013), Computers & Operations Research 40(1), section 4.4: a duration and the
    earliest and latest start that reach it. A trip's depot opens when all it carries is released.
    """
    trips = trips_of(instance, route)
    released = [max((float(instance.release[node]) for node in trip), default=0.0) for trip in trips]
    stops = [vehicle.depot, *route, vehicle.depot]
    trip = 0
    opens = max(float(instance.opens[vehicle.depot]), released[0])
    earliest, latest, duration = opens, float(instance.closes[vehicle.depot]), 0.0
    if earliest > latest + TOLERANCE:
        yield f"its goods are released at {opens:g}, after depot {vehicle.depot} has closed"
    for place, node in itertools.pairwise(stops):
        opens, closes = float(instance.opens[node]), float(instance.closes[node])
        if node < instance.depots and trip + 1 < len(trips):
            trip += 1
            opens = max(opens, released[trip])
        reach = duration + float(instance.legs[place, node])
        late = earliest + reach - closes
        if late > TOLERANCE:
            who = f"depot {node}" if node < instance.depots else f"customer {node}"
            yield f"{who} is reached {late:g} after {closes:g}"
            return
        waiting = max(opens - reach - latest, 0.0) if latest < FOREVER else 0.0
        earliest = max(opens - reach, earliest) - waiting
        latest = min(closes - reach, latest)
        duration = reach + waiting + float(instance.service[node])
    if duration > vehicle.max_duration + TOLERANCE:
        yield f"takes {duration:g}, at most {vehicle.max_duration:g}"
