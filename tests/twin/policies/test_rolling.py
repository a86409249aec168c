"""Rolling against exact optima of small days, and what must hold when the day is changed in known ways."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.clock import HOUR
from tests.contracts.test_policies import Crow, picture
from twin.policies import make_policy
from twin.policies.common import begin
from twin.views import FleetView

FREE = {"margin_s": 0, "gain_s": 0, "iterations": 300}


def orders(seed: int, count: int) -> list[dict[str, Any]]:
    """Collections without windows, anywhere around the depot."""
    rng = np.random.default_rng(seed)
    spot = {"window": False, "kind": "pickup", "kg": 1.0, "needs": []}
    return [spot | {"lat": 50 + rng.uniform(-0.3, 0.3), "lon": 8 + rng.uniform(-0.3, 0.3)} for _ in range(count)]


def driving_ms(view: FleetView, routes: dict[str, list[str]], crow: Any) -> int:
    """Driving of all routes, from where vehicles are until home."""
    total = 0
    for vehicle_id, ids in routes.items():
        vehicle = view.vehicles[vehicle_id]
        stops = [view.orders[i].order.last_task.place for i in ids]
        way = [begin(view, vehicle)[0], *stops, view.depots["main"]]
        total += int(crow.legs_ms(way[:-1], way[1:], view.now_us).sum())
    return total


def commanded(view: FleetView, crow: Any) -> dict[str, list[str]]:
    """Routes as they are once rolling has been obeyed."""
    routes: dict[str, list[str]] = {i: [] for i in view.vehicles}
    for command in make_policy("rolling", FREE)(view, crow, np.random.default_rng(1), 300):
        if command.kind == "set_route":
            routes[command.vehicle_id] = [stop["order_id"] for stop in command.payload["stops"]]
        else:
            at = command.payload["position"]
            at = len(routes[command.vehicle_id]) if at is None else at
            routes[command.vehicle_id].insert(at, command.payload["order_id"])
    return routes


def best_ms(view: FleetView, crow: Any) -> int:
    """The optimum over all ways to share out and order the orders."""
    vehicles, ids = list(view.vehicles), list(view.orders)
    best = 2**62
    for order in itertools.permutations(ids):
        for cuts in itertools.combinations_with_replacement(range(len(ids) + 1), len(vehicles) - 1):
            ends = [0, *cuts, len(ids)]
            routes = {v: list(order[a:b]) for v, a, b in zip(vehicles, ends, ends[1:])}
            best = min(best, driving_ms(view, routes, crow))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_small_days_are_solved_to_the_optimum(seed: int) -> None:
    """Five orders, two vehicles: as little driving as the best of all 720 ways."""
    view, crow = picture(2, orders(seed, 5)), Crow()
    routes = commanded(view, crow)
    assert sorted(i for ids in routes.values() for i in ids) == sorted(view.orders)
    assert driving_ms(view, routes, crow) == best_ms(view, crow)


def test_more_vehicles_never_raise_the_driving() -> None:
    """A third vehicle may stay where it is: what it would drive home is not counted."""
    spots = orders(11, 5)
    two, three = picture(2, spots), picture(3, spots)
    home = driving_ms(three, {"V2": []}, Crow())
    more = driving_ms(three, commanded(three, Crow()), Crow())
    assert more <= driving_ms(two, commanded(two, Crow()), Crow()) + home


class Slower(Crow):
    """Everything takes twice as long."""

    @staticmethod
    def _ms(a: Any, b: Any) -> int:
        return 2 * Crow._ms(a, b)


def test_scaling_all_times_scales_the_answer() -> None:
    """Without windows and shifts in the way, the same routes at twice the time."""
    view = picture(2, orders(5, 5))
    usual = driving_ms(view, commanded(view, Crow()), Crow())
    assert driving_ms(view, commanded(view, Slower()), Slower()) == 2 * usual


def test_plans_change_for_a_stated_gain_only() -> None:
    """What saves less than ``gain_s`` a route is left as insertion has it; a limit on reroutes holds too."""
    two = picture(2, orders(3, 2))
    dear = make_policy("rolling", {"gain_s": 1e6, "margin_s": 0})(two, Crow(), np.random.default_rng(1), 300)
    assert [command.kind for command in dear] == ["assign_order", "assign_order"]
    view = picture(2, orders(3, 5))
    later = replace(view, journal={"reroutes": {i: ((0, 9 * HOUR), [HOUR // 2] * 8) for i in view.vehicles}})
    held = make_policy("rolling", {"gain_s": 0, "margin_s": 0})(later, Crow(), np.random.default_rng(1), 300)
    assert {command.kind for command in held} == {"assign_order"}
