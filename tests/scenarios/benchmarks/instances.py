"""Small instances as the texts of their formats, and their optima by trying everything."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from scenarios.benchmarks.instance import Instance, Vehicle

Row = Sequence[float]
"""A customer: x, y, demand, ready, due, service."""


def solomon_text(rows: Sequence[Row], vehicles: int = 4, capacity: int = 20, name: str = "TINY") -> str:
    """A file in Solomon's format; row 0 is the depot."""
    lines = [
        name,
        "",
        "VEHICLE",
        "NUMBER     CAPACITY",
        f"  {vehicles}  {capacity}",
        "",
        "CUSTOMER",
        "CUST NO. XCOORD.",
    ]
    return "\n".join([*lines, "", *(f"{i} {' '.join(map(str, row))}" for i, row in enumerate(rows))]) + "\n"


def random_rows(seed: int, customers: int = 6, horizon: int = 300) -> list[list[int]]:
    """Customers around a depot, half of them with a narrow window that a vehicle of their own can meet."""
    rng = np.random.default_rng(seed)
    rows = [[50, 50, 0, 0, horizon, 0]]
    for _ in range(customers):
        x, y = rng.integers(0, 100, 2).tolist()
        away = math.ceil(math.hypot(x - 50, y - 50))
        opens = int(rng.integers(away, horizon - away - 10 - 40)) if rng.random() < 0.5 else 0
        closes = opens + 40 if opens else horizon - away - 10
        rows.append([x, y, int(rng.integers(1, 10)), opens, closes, 10])
    return rows


def vrplib_text(kind: str, sections: dict[str, Sequence[Row]], **specifications: object) -> str:
    """A file in VRPLIB's format; sections are rows by node (or vehicle), numbered from 1."""
    size = len(sections["NODE_COORD"])
    given = {"NAME": "tiny", "TYPE": kind, "DIMENSION": size, "EDGE_WEIGHT_TYPE": "EUC_2D"} | specifications
    lines = [f"{key} : {value}" for key, value in given.items()]
    for name, rows in sections.items():
        lines.append(f"{name}_SECTION")
        lines += [" ".join(map(str, row)) if name == "DEPOT" else _row(i, row) for i, row in enumerate(rows, 1)]
    return "\n".join([*lines, *([] if "DEPOT" in sections else ["DEPOT_SECTION", "1", "-1"]), "EOF"]) + "\n"


def _row(number: int, row: Row) -> str:
    return f"{number} {' '.join(map(str, row))}"


def optimum(instance: Instance, fewest_vehicles: bool = False) -> tuple[int, float]:
    """(vehicles, cost) of the best solution, every order of every group of customers tried.

    Cost is before division. Only for vehicles that do not differ, or fleets that may all be used.
    """
    customers = list(instance.customers)
    full = (1 << len(customers)) - 1
    best: dict[int, tuple[int, float]] = {0: (0, 0.0)}
    for number, vehicle in enumerate(instance.vehicles):
        if number >= len(customers):
            break
        prices = {
            group: price
            for group in range(1, full + 1)
            if (price := _cheapest(instance, vehicle, [c for i, c in enumerate(customers) if group >> i & 1]))
            < math.inf
        }
        grown = dict(best)
        for done, (used, spent) in best.items():
            for group, price in prices.items():
                if not done & group:
                    found = (used + 1, spent + price)
                    key = (lambda entry: entry) if fewest_vehicles else (lambda entry: entry[1])
                    known = grown.get(done | group)
                    if known is None or key(found) < key(known):
                        grown[done | group] = found
        best = grown
    return best[full]


def _cheapest(instance: Instance, vehicle: Vehicle, group: list[int]) -> float:
    """The cheapest way to serve a group with one vehicle, reloads where it may."""
    return min(
        (
            vehicle.fixed_cost + vehicle.unit_cost * _length(instance, vehicle, trips)
            for order in itertools.permutations(group)
            for trips in _cuts(order, bool(vehicle.reload_depots))
            if _drivable(instance, vehicle, trips)
        ),
        default=math.inf,
    )


def _cuts(order: tuple[int, ...], reloads: bool) -> Iterator[list[list[int]]]:
    """A route as one trip and, with reloads, every way to cut it into several."""
    for cut in itertools.product((False, True), repeat=len(order) - 1) if reloads else [(False,) * (len(order) - 1)]:
        trips = [[order[0]]]
        for node, new in zip(order[1:], cut, strict=True):
            if new:
                trips.append([])
            trips[-1].append(node)
        yield trips


def _length(instance: Instance, vehicle: Vehicle, trips: list[list[int]]) -> float:
    depot = vehicle.depot
    return sum(float(instance.legs[a, b]) for trip in trips for a, b in itertools.pairwise([depot, *trip, depot]))


def _drivable(instance: Instance, vehicle: Vehicle, trips: list[list[int]]) -> bool:
    """A plain walk through time and load, leaving as early as possible."""
    depot = vehicle.depot
    now = float(instance.opens[depot])
    pairs = {pair.delivery: pair for pair in instance.pairs} | {pair.pickup: pair for pair in instance.pairs}
    for trip in trips:
        now = max([now, *(float(instance.release[node]) for node in trip)])
        load, at, seen = sum(int(instance.demand[node]) for node in trip), depot, set()
        if load > vehicle.capacity:
            return False
        for node in trip:
            now = max(now + float(instance.legs[at, node]), float(instance.opens[node]))
            if now > instance.closes[node] + 1e-6:
                return False
            now, at = now + float(instance.service[node]), node
            load += int(instance.backhaul[node]) - int(instance.demand[node])
            if node in pairs:
                load += pairs[node].amount * (1 if node == pairs[node].pickup else -1)
                if node == pairs[node].delivery and pairs[node].pickup not in seen:
                    return False
            if load > vehicle.capacity:
                return False
            seen.add(node)
        if any((pair.pickup in seen) != (pair.delivery in seen) for pair in instance.pairs):
            return False
        kinds = [bool(instance.backhaul[node]) for node in trip]
        if instance.linehaul_first and (kinds != sorted(kinds) or kinds[0]):
            return False
        now += float(instance.legs[at, depot])
        if now > instance.closes[depot] + 1e-6:
            return False
    return True
