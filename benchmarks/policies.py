"""How long a policy call takes: 100 orders to place, 200 vehicles with two stops ahead each; one JSON line a policy.

``given_ms``: travel times from a table. ``computed_ms``: by the router on the default scenario's roads, nothing kept
from earlier calls. Medians of processor time; ``p95_ms`` is the 95th percentile of the former, for ``rolling`` with its
default iterations. ``placed``: orders given out. Bars: nearest, insertion and smart 20 ms and 60 ms.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from engine.roads.graph import Profile
from scenarios import load
from scenarios.ground import prepare
from scenarios.office_travel import OfficeTravel
from twin.belief import Belief
from twin.orders import Place
from twin.policies import make_policy
from twin.samples import SampleBatch
from twin.travel import TravelMatrix, TravelTimes
from twin.views import FleetView

VEHICLES, STOPS, WAITING, CALLS = 200, 2, 100, 15
MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
NOW_US = 10 * HOUR_US


def picture(nodes: list[Place], seed: int = 1) -> FleetView:
    """Ten o'clock: vehicles on their way with goods on board, pickup-and-delivery orders and deliveries waiting."""
    rng, belief = np.random.default_rng(seed), Belief()
    at = iter(rng.integers(0, len(nodes), VEHICLES * (STOPS + 2) + 2 * WAITING).tolist())
    belief.apply("depot_registered", 0, {"depot_id": "main", "place": nodes[0]._asdict()})
    for n in range(VEHICLES):
        vehicle = {"vehicle_id": f"V{n}", "device_id": f"V{n}", "group": "g", "kind": "van", "profile": "van",
                   "depot_id": "main", "capacity": {"kg": 900.0}, "offers": ["cold"] if n % 3 == 0 else []}  # fmt: skip
        belief.apply("vehicle_registered", 0, vehicle)
        who = {"driver_id": f"D{n}", "vehicle_id": f"V{n}", "depot_id": "main"}
        belief.apply("driver_registered", 0, who | {"group": "c", "offers": []})
        belief.apply("shift_started", 8 * HOUR_US, who | {"until_us": 17 * HOUR_US})
        mine = [_place_order(belief, f"A{n}-{k}", None, nodes[next(at)], rng) for k in range(STOPS + 1)]
        for order_id in mine:
            belief.apply("assign_order", 8 * HOUR_US, {"order_id": order_id, "vehicle_id": f"V{n}", "position": None,
                                                      "arrive_us": None, "reason": "plan"})  # fmt: skip
            aboard = {"order_id": order_id, "vehicle_id": f"V{n}", "driver_id": f"D{n}", "at_depot": "main"}
            belief.apply("order_picked_up", 8 * HOUR_US, aboard)
        belief.apply("departed", 9 * HOUR_US, {"vehicle_id": f"V{n}", "to": mine[0], "purpose": "task",
                                               "due_us": NOW_US + int(rng.integers(20)) * MINUTE_US})  # fmt: skip
        here = nodes[next(at)]
        belief.observe(SampleBatch.of(n, NOW_US // 1000 * 1000, here.lat, here.lon))
    for n in range(WAITING):
        pickup = nodes[next(at)] if n % 2 else None
        _place_order(belief, f"O{n}", pickup, nodes[next(at)], rng)
    return belief.view(NOW_US)


def _place_order(belief: Belief, order_id: str, pickup: Place | None, place: Place, rng: np.random.Generator) -> str:
    def task(where: Place | None) -> dict[str, Any] | None:
        opens = int(NOW_US + rng.integers(0, 4) * HOUR_US)
        return None if where is None else {
            "place": where._asdict(), "windows_us": [[opens, opens + 2 * HOUR_US]], "service_s": 180.0}  # fmt: skip

    belief.apply("order_placed", 0, {
        "order_id": order_id, "pickup": task(pickup) and task(pickup) | {"windows_us": []}, "delivery": task(place),
        "demand": {"kg": 20.0}, "priority": 1, "needs": ["cold"] if rng.random() < 0.1 else [], "customer": "c",
        "depot": None, "known_before": False})  # fmt: skip
    return order_id


class Table:
    """Travel times given: a matrix by place, rows found by name."""

    def __init__(self, travel: TravelTimes, places: list[Place]) -> None:
        self._row = {place.place_id: i for i, place in enumerate(places)}
        self._matrix = travel.matrix(places, places, NOW_US, "van")

    def _rows(self, places: list[Place]) -> list[int]:
        return [self._row[place.place_id] for place in places]

    def matrix(self, origins: Any, destinations: Any, depart_at_us: int, profile: str = "car") -> TravelMatrix:
        grid = np.ix_(self._rows(origins), self._rows(destinations))
        return TravelMatrix(self._matrix.duration_ms[grid], self._matrix.distance_m[grid])

    def legs_ms(self, origins: Any, destinations: Any, depart_at_us: int, profile: str = "car") -> np.ndarray:
        return self._matrix.duration_ms[self._rows(origins), self._rows(destinations)]

    def basis(self, depart_at_us: int) -> None:
        """Nothing else."""


def milliseconds(call: Callable[[], object]) -> np.ndarray:
    """Processor time of some calls, the first left out: other processes do not count."""
    taken = []
    for _ in range(CALLS + 1):
        began = time.process_time()
        call()
        taken.append(1000 * (time.process_time() - began))
    return np.array(taken[1:])


def main() -> None:
    """Measure every policy that places orders."""
    roads = prepare(load("configs/default.yaml")).roads
    graph, rows = roads.graph, range(0, roads.graph.nodes, 4)
    nodes = [Place(f"n{i}", round(float(graph.lat[i]), 6), round(float(graph.lon[i]), 6)) for i in rows]
    number = {f"n{i}": i for i in rows}

    def routed() -> OfficeTravel:
        """One that remembers nothing."""
        roads.metrics.forget()
        return OfficeTravel(roads, {"van": Profile("van")}, lambda place, kind: number[place.place_id], frozenset)

    view = picture(nodes)
    table = Table(routed(), nodes)
    for name in ("nearest", "insertion", "smart", "manual", "rolling"):
        policy = make_policy(name)
        fresh = replace(view, journal={})

        def call(travel: TravelTimes) -> list:
            fresh.journal.clear()  # noqa: B023
            return policy(fresh, travel, np.random.default_rng(1), 300)  # noqa: B023

        given = milliseconds(lambda: call(table))
        computed = milliseconds(lambda: call(routed()))
        told = (stop["order_id"] for c in call(table) for stop in c.payload.get("stops", [c.payload]))
        placed = {order_id for order_id in told if order_id.startswith("O")}
        print(json.dumps({
            "benchmark": f"policies.{name}", "vehicles": VEHICLES, "waiting": WAITING, "placed": len(placed),
            "given_ms": round(float(np.median(given)), 1), "computed_ms": round(float(np.median(computed)), 1),
            "p95_ms": round(float(np.percentile(given, 95)), 1),
        }))  # fmt: skip


if __name__ == "__main__":
    main()
