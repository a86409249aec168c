"""Our kernel beside dvrpsim: the same day of orders, the same trivial policy, travel times given.

Orders appear over ten hours, one depot, Manhattan travel at one unit a minute, loading 2 min, hand-over 3 min, one
order a trip; idle vehicles at the depot take the oldest waiting orders. Both run in one process, in turn; ledgers
(ours writes two, in memory) are part of the time, telemetry is not.
"""

import argparse
import contextlib
import io
import json
import logging
import random
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from scenarios.ground import Ground, prepare
from scenarios.load import Scenario, load
from scenarios.run import Session
from twin.commands import Command, assign_order
from twin.orders import Order, Place, Task, natural_key
from twin.views import FleetView

HALF_WIDTH = 15
DEG = 1e-3  # a unit of the square, in degrees: only to draw it


def day(orders: int, seed: int) -> list[tuple[str, float, int, int]]:
    """Orders as (id, release in minutes, x, y), sorted by release."""
    rng = random.Random(seed)  # noqa: S311
    rows = [
        (rng.uniform(0, 600), rng.randint(-HALF_WIDTH, HALF_WIDTH), rng.randint(-HALF_WIDTH, HALF_WIDTH))
        for _ in range(orders)
    ]
    return [(f"O{i + 1}", *row) for i, row in enumerate(sorted(rows))]


def oldest_first(view: FleetView, travel, rng, budget) -> list[Command]:
    """Idle vehicles at the depot, in order of id, take the orders that wait longest, one each."""
    idle = [v.vehicle_id for v in view.vehicles.values() if not v.stops and v.place and v.place.place_id == "depot"
            and v.state in ("idle", "loading", "preparing")]  # fmt: skip
    if not idle:
        return []
    waiting = view.unassigned()  # in the order head office came to know of them
    return [
        assign_order(o.order.order_id, v, "oldest waiting order")
        for o, v in zip(waiting, sorted(idle, key=natural_key))
    ]


def our_day(rows: list[tuple[str, float, int, int]], vehicles: int, folder: Path) -> tuple[Scenario, Ground]:
    """The same day as a scenario with given travel times."""
    side = range(-HALF_WIDTH, HALF_WIDTH + 1)
    cells = [(x, y) for x in side for y in side]
    names = ["depot", *(f"c{x},{y}" for x, y in cells)]
    xy = np.array([(0, 0), *cells])
    minutes = np.abs(xy[:, None, :] - xy[None, :, :]).sum(axis=2)
    np.savez(
        folder / "square.npz", names=np.array(names), duration_s=minutes * 60.0, distance_m=minutes * 500.0,
        lat=45 + xy[:, 1] * DEG, lon=8 + xy[:, 0] * DEG,
    )  # fmt: skip
    scenario = load({
        "name": "kernel", "start": "2026-03-02T00:00", "horizon_s": 172_800, "seed": 7,
        "roads": {"matrix_file": str(folder / "square.npz"), "stations": 0},
        "depots": {"depot": {"lat": 45.0, "lon": 8.0, "load_base_s": 120.0, "load_order_s": 0.0}},
        "fleet": {"v": {"count": vehicles, "capacity": {"items": 1.0}, "breakdowns_per_1000_km": 0.0}},
        "drivers": {"d": {"shift_start": "00:00", "shift_end": "47:59", "rest": None, "inspection_s": 0.0,
                          "stand_by_s": 86_400.0,
                          "pace_cv": 0.0, "work_cv": 0.0, "harsh_per_100_km": 0.0, "idle_share": 0.0}},
        "customers": {"not_home_share": 0.0, "refused_share": 0.0, "damaged_share": 0.0, "partial_share": 0.0,
                      "cancelled_share": 0.0},
        "devices": {"t": {"sample_period_s": 86_400.0}},
        "orders": {"generate": {"known_per_day": 0}},
        "radio": {"latency_s": 0.0},
        "dispatch": {"plan": {"at": "23:58"}, "decision_s": 0.0, "period_s": 86_000},
    })  # fmt: skip
    ground = prepare(scenario)
    ground.orders = [
        Order(order_id, None,
              Task("delivery", Place(f"c{x},{y}", 45 + y * DEG, 8 + x * DEG), (), 180.0),
              {"items": 1.0}, placed_us=scenario.start_us + round(minute * 60e6))
        for order_id, minute, x, y in rows
    ]  # fmt: skip
    return scenario, ground


def ours(rows: list[tuple[str, float, int, int]], vehicles: int) -> tuple[float, int, int]:
    """Wall seconds, orders delivered, decisions."""
    with tempfile.TemporaryDirectory() as folder:
        scenario, ground = our_day(rows, vehicles, Path(folder))
        session = Session(scenario, ground, None, oldest_first)
        start = time.perf_counter()
        session.advance(scenario.end_us)
        wall = time.perf_counter() - start
        run = session.finish()
    return wall, round(run.kpis["delivered_share"]["value"] * len(rows)), session.built.office.decisions


def dvrpsim(rows: list[tuple[str, float, int, int]], vehicles: int) -> tuple[float, int, int]:
    """The same in dvrpsim, driven as its documentation shows: a routing callback on requests and on returns."""
    from dvrpsim import Location, Model, Order, Vehicle  # type: ignore[attr-defined]
    from dvrpsim.utils.distances import manhattan_distance

    class Square(Model):
        decisions = 0

        def routing_callback(self):
            Square.decisions += 1
            state = self.get_state()
            idle = [v for v, s in state["vehicles"].items()
                    if s["status"] == "IDLE" and s["current_visit"]["location"] == "DEPOT"]  # fmt: skip
            waiting = [o for o, s in state["open_orders"].items() if s["assigned_vehicle"] is None]
            decision = {"orders": {o: {"status": "accepted"} for o in waiting}, "vehicles": {}}
            for order, vehicle in zip(waiting, idle):
                place = state["open_orders"][order]["delivery_location"]
                visits = [{"location": "DEPOT", "pickup_list": [order]},
                          {"location": place, "delivery_list": [order]}, {"location": "DEPOT"}]  # fmt: skip
                decision["vehicles"][vehicle] = {"next_visits": visits}
            return decision

    class Van(Vehicle):
        def travel_time(self, origin, destination):
            return manhattan_distance(origin.x, origin.y, destination.x, destination.y)

        def on_arrival(self):
            if self.current_location.id == "DEPOT" and any(not o.is_picked_up for o in self.model.open_orders):
                self.model.request_for_routing()

    model = Square()
    depot = Location(id="DEPOT", x=0, y=0)
    model.add_location(depot)
    for order_id, release, x, y in rows:
        place = Location(id=f"C-{order_id}", x=x, y=y)
        model.add_location(place)
        order = Order(id=order_id)
        order.pickup_location, order.delivery_location = depot, place
        order.release_date, order.pickup_duration, order.delivery_duration = release, 2, 3
        model.request_order(order, decision_point_on_request=True)
    for number in range(vehicles):
        van = Van(f"V{number + 1}")
        van.initial_location = depot
        model.add_vehicle(van)
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        model.run()
    wall = time.perf_counter() - start
    return wall, sum(1 for _ in model.delivered_orders), Square.decisions


def main() -> None:
    """Print a line a size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, nargs="*", default=[500, 1000, 2000, 4000])
    parser.add_argument("--peer-up-to", type=int, default=2000)
    parser.add_argument("--vehicles", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)  # the peer logs every step: log lines are not the work compared
    for orders in arguments.orders:
        rows = day(orders, 7)
        mine, peer = [], []
        for _ in range(arguments.repeat):
            mine.append(ours(rows, arguments.vehicles))
            if orders <= arguments.peer_up_to:
                peer.append(dvrpsim(rows, arguments.vehicles))
        assert all(delivered == orders for _, delivered, _ in mine + peer)  # noqa: S101
        wall = statistics.median(w for w, _, _ in mine)
        line = {"item": f"kernel.{orders}x{arguments.vehicles}", "wall_s": round(wall, 3),
                "us_per_order": round(wall / orders * 1e6), "decisions": mine[0][2]}  # fmt: skip
        if peer:
            theirs = statistics.median(w for w, _, _ in peer)
            line |= {"dvrpsim_s": round(theirs, 3), "times_faster": round(theirs / wall, 2)}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
