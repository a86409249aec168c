"""A whole day through the real run, with 1 Hz telemetry; and a large fleet. Routes are dealt out, not planned.

Vehicle-hours simulated per second of one core. In memory: until all samples are held as columns; on disk: until the
folder is sealed and its digest known. Peak memory is that of this process. Memory is touched once before the clock
starts: on a fresh virtual machine the first touch costs up to 2 s a GB, which says nothing about this program.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from scenarios.ground import prepare
from scenarios.load import Scenario, load
from scenarios.run import Session
from twin.commands import Command, set_route
from twin.views import FleetView, Stop


def day(vehicles: int, orders: int, period_s: float, hours: float, nodes: int, carriers: int = 0) -> Scenario:
    """A day in a synthetic city; how good the routes are does not matter here."""
    return load({
        "name": "bench", "time_zone": "UTC", "start": "2026-03-02T00:00", "horizon_s": hours * 3600, "seed": 3,
        "roads": {"synthetic": {"nodes": nodes, "seed": 1}},
        "depots": {"main": {"position": "centre"}},
        "fleet": {"vans": {"count": vehicles}},
        "drivers": {"crew": {"shift_start": "07:00", "shift_end": "17:00"}},
        "orders": {"generate": {"known_per_day": orders, "service": {"median_s": 180.0}}},
        "devices": {"tracker": {"sample_period_s": period_s, "parked_every": 1}},
        "radio": {"carriers": {f"c{n}": {"terrain": {"dark_share": 0.1, "seed": n}} for n in range(1, carriers + 1)}},
        "dispatch": {"plan": {"planner": "manual", "at": "23:59"}},  # no route is left to plan by then
    })  # fmt: skip


def deal(view: FleetView, travel, rng, budget) -> list[Command]:
    """Once, when the shifts have begun: every order to a vehicle, in turn, in order of place."""
    if view.journal or not any(v.shift_us for v in view.vehicles.values()):
        return []
    view.journal["dealt"] = True
    orders = sorted((o.order for o in view.orders.values()), key=lambda o: (o.last_task.place.lon, o.order_id))
    share = -(-len(orders) // len(view.vehicles))
    return [
        set_route(
            vehicle, [Stop(o.order_id, t.kind) for o in orders[i * share : (i + 1) * share] for t in o.tasks], "dealt"
        )
        for i, vehicle in enumerate(view.vehicles)
    ]


def measure(scenario: Scenario, folder: Path | None) -> dict[str, float]:
    """Run once."""
    session = Session(scenario, prepare(scenario), folder, deal)
    start = time.process_time()
    session.advance(scenario.end_us)
    assert session.world.telematics is not None  # noqa: S101
    session.world.telematics.close(scenario.end_us)
    if folder is not None:
        session.built.telemetry.seal()
        session.built.telemetry.digest()
    seconds = time.process_time() - start
    vehicles = len(session.built.vehicles)
    hours = (scenario.end_us - scenario.start_us) / 3.6e9
    return {
        "cpu_s": round(seconds, 2),
        "vehicle_h_per_s": round(vehicles * hours / seconds),
        "samples": session.built.telemetry.rows,
        "trips": sum(v.trips for v in session.built.vehicles.values()),
        "times_real_time": round(hours * 3600 / seconds),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


def touch_memory(gigabytes: float) -> None:
    """Have the host back this much memory before anything is timed."""
    kept = [np.ones(1_000_000, np.int64) for _ in range(int(gigabytes * 125))]
    del kept


def main() -> None:
    """Print a line a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="memory,disk")
    parser.add_argument("--vehicles", type=int, default=200)
    parser.add_argument("--period-s", type=float, default=1.0)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--carriers", type=int, default=0, help="0: a perfect radio; else dead zones, loss and repeats")
    arguments = parser.parse_args()
    scenario = day(arguments.vehicles, arguments.orders, arguments.period_s, arguments.hours, 4000, arguments.carriers)
    touch_memory(1.5)
    for case in arguments.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(scenario, Path(folder) if case == "disk" else None)
        name = f"day.{arguments.vehicles}x{arguments.hours:g}h@{arguments.period_s:g}s.{case}"
        name += f".{arguments.carriers}carriers" if arguments.carriers else ""
        print(json.dumps({"item": name, **found}), flush=True)


if __name__ == "__main__":
    main()
