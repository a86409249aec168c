"""How good ``twin solve`` is beside the solvers called directly: one JSON line for each size and engine.

Equal wall time, one thread each, in turn, who begins alternating; ``cpu_s`` and ``direct_cpu_s`` say whether they had
equal shares of the machine as well: the benchmark answers from its file, the solver from a model built here
without anything of ours. Instances: Solomon's of 100 customers and Gehring and Homberger's of 400 in
``../shared/data/vrp`` where that folder is, else random ones of the same size (and then without gaps to a best known).
``points_worse`` is the difference of the mean gaps in percentage points; PyVRP differs between seeds by more than
that, so several are taken; OR-Tools has no dice and is repeated half as often.
"""

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from scenarios.benchmarks import Request, solve
from scenarios.benchmarks.check import cost
from scenarios.benchmarks.instance import Instance
from scenarios.benchmarks.static import read_instance

SHARED = Path(__file__).parents[2] / "shared" / "data" / "vrp"

SIZES = {100: ("solomon/[A-Z]*[0-9][0-9][0-9].txt", 5.0, 2), 400: ("homberger/*_4_[0-9].txt", 10.0, 4)}
"""Customers: instances, seconds a search, seeds."""

BEST_DISTANCE = {"r1_4_7.txt": 7616.1532}
"""Stands in for a best known distance where only a table that counts vehicles first is given: scale, no claim."""

PARTS = 1000


def direct_pyvrp(instance: Instance, seconds: float, seed: int) -> float:
    """Cost of PyVRP's own model."""
    from pyvrp import Model
    from pyvrp.stop import MaxRuntime

    legs = np.rint(PARTS * instance.legs).astype(int).tolist()
    opens, closes, service = ((PARTS * part).astype(int).tolist() for part in _times(instance))
    model = Model()
    places = [model.add_location(0, 0) for _ in range(instance.nodes)]
    depot = model.add_depot(places[0])
    vehicle = instance.vehicles[0]
    model.add_vehicle_type(len(instance.vehicles), vehicle.capacity, depot, depot, tw_early=opens[0], tw_late=closes[0])
    for node in instance.customers:
        model.add_client(places[node], int(instance.demand[node]), 0, service[node], opens[node], closes[node])
    for a, row in enumerate(legs):
        for b, leg in enumerate(row):
            model.add_edge(places[a], places[b], leg, leg)
    result = model.solve(MaxRuntime(seconds), seed=seed, collect_stats=False, display=False)
    return result.cost() / PARTS if result.is_feasible() else float("inf")


def direct_ortools(instance: Instance, seconds: float, seed: int) -> float:
    """Cost of OR-Tools with the settings its own examples of tight windows need: insertion, guided local search."""
    from ortools.constraint_solver import pywrapcp
    from ortools.constraint_solver import routing_enums_pb2 as enums

    legs = np.rint(PARTS * instance.legs).astype(int)
    opens, closes, service = ((PARTS * part).astype(int) for part in _times(instance))
    manager = pywrapcp.RoutingIndexManager(instance.nodes, len(instance.vehicles), 0)
    routing = pywrapcp.RoutingModel(manager)
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(legs.tolist()))
    work = routing.RegisterTransitMatrix((legs + service[:, None]).tolist())
    routing.AddDimension(work, 10**9, 10**9, False, "time")
    time = routing.GetDimensionOrDie("time")
    for node in instance.customers:
        time.CumulVar(manager.NodeToIndex(node)).SetRange(int(opens[node]), int(closes[node]))
    for number in range(len(instance.vehicles)):
        for end in (routing.Start(number), routing.End(number)):
            time.CumulVar(end).SetRange(int(opens[0]), int(closes[0]))
    load = routing.RegisterUnaryTransitVector(instance.demand.tolist())
    routing.AddDimension(load, 0, instance.vehicles[0].capacity, True, "load")
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = enums.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    parameters.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(int(1000 * seconds))
    solution = routing.SolveWithParameters(parameters)
    return solution.ObjectiveValue() / PARTS if solution else float("inf")


DIRECT = {"pyvrp": direct_pyvrp, "ortools": direct_ortools}


def _times(instance: Instance) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return instance.opens, instance.closes, instance.service


def paths(pattern: str, customers: int, folder: Path) -> list[Path]:
    """Published instances, or random ones written to a folder."""
    published = [path for path in sorted(SHARED.glob(pattern)) if ".bks" not in path.name]
    if published:
        return published
    rng = np.random.default_rng(customers)
    lines = [
        "RANDOM",
        "VEHICLE",
        "NUMBER CAPACITY",
        f"{customers // 3} 200",
        "CUSTOMER",
        "NO X Y DEMAND READY DUE SERVICE",
    ]
    lines.append("0 50 50 0 0 400 0")
    for node in range(1, customers + 1):
        x, y = rng.integers(0, 100, 2)
        opens = int(rng.integers(75, 250))
        lines.append(f"{node} {x} {y} {rng.integers(1, 30)} {opens} {opens + rng.integers(20, 60)} 10")
    path = folder / f"random{customers}.txt"
    path.write_text("\n".join(lines))
    return [path]


def _timed(search: Callable[[], Any]) -> tuple[Any, float]:
    """What a search returns, and the processor time (s) it took."""
    began = time.process_time()
    return search(), time.process_time() - began


def measure(customers: int, engine: str) -> None:
    """Print one line."""
    pattern, seconds, seeds = SIZES[customers]
    ours_pct, direct_pct, ours_cpu_s, direct_cpu_s = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for path in paths(pattern, customers, Path(folder)):
            instance = read_instance(path)
            for seed in range(1, 1 + (seeds if engine == "pyvrp" else seeds // 2)):

                def direct(instance: Instance = instance, seed: int = seed) -> float:
                    return DIRECT[engine](instance, seconds, seed)

                def ours(path: Path = path, seed: int = seed) -> dict[str, Any]:
                    return solve(path, Request(policy=engine, seconds=seconds, seed=seed))

                if seed % 2:  # in turn, as the machine may get busier or quieter
                    (of_direct, direct_s), (answer, ours_s) = _timed(direct), _timed(ours)
                else:
                    (answer, ours_s), (of_direct, direct_s) = _timed(ours), _timed(direct)
                of_ours = cost(instance, answer["routes"]) if answer["feasible"] else float("inf")
                best = answer["best_known"] or BEST_DISTANCE.get(path.name) or min(of_ours, of_direct)
                ours_pct.append(100 * (of_ours / best - 1))
                direct_pct.append(100 * (of_direct / best - 1))
                ours_cpu_s.append(ours_s)
                direct_cpu_s.append(direct_s)
    figures = {
        "mean_gap_pct": round(fmean(ours_pct), 3),
        "direct_mean_gap_pct": round(fmean(direct_pct), 3),
        "points_worse": round(fmean(ours_pct) - fmean(direct_pct), 3),
        "seconds": seconds,
        "searches": len(ours_pct),
        "cpu_s": round(fmean(ours_cpu_s), 2),
        "direct_cpu_s": round(fmean(direct_cpu_s), 2),
    }
    print(json.dumps({"benchmark": f"solve.{engine}.{customers}"} | figures), flush=True)


def main() -> None:
    """Measure both engines on both sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=tuple(DIRECT), nargs="*", default=tuple(DIRECT))
    parser.add_argument("--customers", type=int, choices=tuple(SIZES), nargs="*", default=tuple(SIZES))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # PyVRP's about penalties, in direct calls too
    for engine in arguments.engine:
        for customers in arguments.customers:
            measure(customers, engine)


if __name__ == "__main__":
    main()
