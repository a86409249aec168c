"""A whole day through the real run: planning apart, then everything else, with 1 Hz telemetry; and a large fleet.

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


def day(vehicles: int, orders: int, period_s: float, hours: float, nodes: int) -> Scenario:
    """A day in a synthetic city, planned by hand: how good the plan is does not matter here."""
    return load({
        "name": "bench", "time_zone": "UTC", "start": "2026-03-02T00:00", "horizon_s": hours * 3600, "seed": 3,
        "roads": {"synthetic": {"nodes": nodes, "seed": 1}},
        "depots": {"main": {"position": "centre"}},
        "fleet": {"vans": {"count": vehicles}},
        "drivers": {"crew": {"shift_start": "07:00", "shift_end": "17:00"}},
        "orders": {"generate": {"known_per_day": orders, "service": {"median_s": 180.0}}},
        "devices": {"tracker": {"sample_period_s": period_s, "parked_every": 1}},
        "dispatch": {"plan": {"planner": "manual", "at": "05:45"}, "policy": "plan_only"},
    })  # fmt: skip


def measure(scenario: Scenario, folder: Path | None) -> dict[str, float]:
    """Run once; planning time is taken out."""
    ground = prepare(scenario)
    session = Session(scenario, ground, folder)
    planning = [0.0]

    def planned(plan: object) -> None:
        planning[0] += time.process_time() * (1 if plan is not None else -1)

    session.on_plan(planned)
    start = time.process_time()
    session.advance(scenario.end_us)
    if folder is not None:
        session.built.telemetry.seal()
        session.built.telemetry.digest()
    seconds = time.process_time() - start - planning[0]
    vehicles = len(session.built.vehicles)
    hours = (scenario.end_us - scenario.start_us) / 3.6e9
    return {
        "cpu_s": round(seconds, 2),
        "vehicle_h_per_s": round(vehicles * hours / seconds),
        "samples": session.built.telemetry.rows,
        "planning_s": round(planning[0], 2),
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
    arguments = parser.parse_args()
    scenario = day(arguments.vehicles, arguments.orders, arguments.period_s, arguments.hours, 4000)
    touch_memory(1.5)
    for case in arguments.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(scenario, Path(folder) if case == "disk" else None)
        name = f"day.{arguments.vehicles}x{arguments.hours:g}h@{arguments.period_s:g}s.{case}"
        print(json.dumps({"item": name, **found}), flush=True)


if __name__ == "__main__":
    main()
