"""Studies: paired replications of a day of 100 vehicles and 1,000 orders, planning included; one JSON line an item.

``study.100x1000``: the default day, scaled up and planned in 150 iterations, against two more vans (planned apart) or
another policy (planned once), in two processes. ``wall_s`` is as measured; ``free_cores_s``: what it takes where
nobody else uses the two cores, the processor time of all replications divided among the workers and by their busy
share. ``busy_share``: part of the workers' time spent on replications, start and end of the pool included: what is
reached of the ideal speed-up, whoever else uses the machine. ``overhead_share``: processor time of a study in this
process, log and table included, outside grounds and runs. ``study.memory``: peak of a process after 10 and after 100
replications of a small day. ``study.same``: one process, two processes and a Dask cluster of two workers; their
digests are asserted to be equal.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from scenarios.load import Scenario, load
from scenarios.studies import run as study_run
from scenarios.studies.places import Processes
from scenarios.studies.run import Replication, replicate, run_study
from scenarios.studies.store import StudyStore

DEFAULT = Path(__file__).resolve().parents[1] / "configs" / "default.yaml"
LARGE = (
    "fleet.vans.count=60", "fleet.e-vans.count=40", "orders.generate.known_per_day=1000", "dispatch.plan.effort=150"
)  # fmt: skip
SMALL = (
    "fleet.vans.count=2", "fleet.e-vans.count=1", "orders.generate.known_per_day=6", "roads.synthetic.nodes=300",
    "orders.generate.arriving_per_day=0", "orders.generate.closes=12:00", "horizon_s=25200", "dispatch.plan.effort=10",
)  # fmt: skip
VARIANTS = {"vans": "fleet.vans.count+=2", "policy": "dispatch.policy=smart"}


def pair(sets: tuple[str, ...], variant: str) -> dict[str, Scenario]:
    """The day, and the day with a change."""
    return {"base": load(DEFAULT, sets), variant: load(DEFAULT, [*sets, VARIANTS[variant]])}


def with_processor_time(variants: dict[str, Scenario], number: int) -> tuple[Replication, float]:
    """A replication and the processor time it took."""
    begun = time.process_time()
    return replicate(variants, number), time.process_time() - begun


def speed(variant: str, replications: int) -> dict[str, Any]:
    """Two worker processes."""
    workers, begun = 2, time.perf_counter()
    done = [*Processes(workers).run(partial(with_processor_time, pair(LARGE, variant)), range(replications))]
    wall_s = time.perf_counter() - begun
    busy_share = sum(replication.took_s for replication, _ in done) / (workers * wall_s)
    cpu_s = sum(cpu_s for _, cpu_s in done)
    return {
        "replications": replications, "wall_s": round(wall_s, 1), "cpu_s_per_run": round(cpu_s / len(done) / 2, 2),
        "free_cores_s": round(cpu_s / workers / busy_share, 1), "busy_share": round(busy_share, 3),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


def overhead(replications: int) -> dict[str, Any]:
    """In this process, with a store; what is not the ground, the world or the run is overhead."""
    spent = [0.0]

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def timed_call(*arguments: Any) -> Any:
            begun = time.process_time()
            result = call(*arguments)
            spent[0] += time.process_time() - begun
            return result

        return timed_call

    own = {name: getattr(study_run, name) for name in ("prepare", "Session", "outcome")}
    for name, call in own.items():
        setattr(study_run, name, timed(call))
    variants = pair(LARGE, "vans")
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        with StudyStore(Path(folder), "bench", "", variants, replications) as store:
            run_study(variants, replications, store=store)
        cpu_s = time.process_time() - begun
    for name, call in own.items():
        setattr(study_run, name, call)
    return {"replications": replications, "cpu_s": round(cpu_s, 2), "overhead_share": round(1 - spent[0] / cpu_s, 4)}


def memory() -> dict[str, Any]:
    """Each count in a process of its own."""
    peaks = {}
    for count in (10, 100):
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "benchmarks.study", "--peak", str(count)], capture_output=True, text=True, check=True
        )
        peaks[count] = float(done.stdout)
    return {f"peak_mb_{n}": round(peak) for n, peak in peaks.items()} | {"grows": round(peaks[100] / peaks[10], 3)}


def peak_mb(replications: int) -> float:
    """Of this process, after a study with a store."""
    variants = pair(SMALL, "vans")
    with (
        tempfile.TemporaryDirectory() as folder,
        StudyStore(Path(folder), "bench", "", variants, replications) as store,
    ):
        run_study(variants, replications, store=store)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def same(replications: int) -> dict[str, Any]:
    """The small day, everywhere."""
    from distributed import LocalCluster

    variants = pair(SMALL, "policy")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        places = (1, 2, cluster.scheduler_address)
        digests = {run_study(variants, replications, on).digest() for on in places}
    assert len(digests) == 1, digests  # noqa: S101
    return {"replications": replications, "digest": digests.pop(), "places": len(places)}


def main() -> None:
    """Print a line an item."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=30)
    parser.add_argument("--only", default="vans,policy,overhead,memory,same")
    parser.add_argument("--peak", type=int, help="only print the peak of so many small replications, MB")
    arguments = parser.parse_args()
    if arguments.peak:
        print(peak_mb(arguments.peak))
        return
    cases: dict[str, Callable[[], dict[str, Any]]] = {
        "vans": lambda: speed("vans", arguments.replications),
        "policy": lambda: speed("policy", arguments.replications),
        "overhead": lambda: overhead(3),
        "memory": memory,
        "same": lambda: same(6),
    }
    for name in arguments.only.split(","):
        item = f"study.100x1000.{name}" if name in VARIANTS else f"study.{name}"
        print(json.dumps({"item": item, **cases[name]()}), flush=True)


if __name__ == "__main__":
    main()
