"""Travel times on a large network: one JSON line for each figure.

``python benchmarks/travel_times.py [FILE.osm.pbf]``: on a map, else on a synthetic region of 50,000 nodes.
Targets: 1,000 x 1,000 under 1 s once prepared, a new metric under 0.1 s.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.roads.cache import load_osm
from engine.roads.router import UNREACHABLE, Router

SYNTHETIC_NODES = 50_000
PLACES = 1_000
TARGETS_S = {"matrix_1000x1000": 1.0, "new_metric": 0.1}


def best_of(times: int, what: Callable[[], object]) -> float:
    """Shortest duration in seconds."""
    durations = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        durations.append(time.perf_counter() - began)
    return min(durations)


def main(arguments: list[str]) -> None:
    cache = Path(tempfile.mkdtemp())
    if arguments:
        source = Path(arguments[0]).name
        build_s = best_of(1, lambda: load_osm(arguments[0], cache))
        load_s = best_of(3, lambda: load_osm(arguments[0], cache))
        graph = load_osm(arguments[0], cache)
    else:
        from engine.roads.synthetic import synthetic_region

        source = "synthetic"
        build_s = load_s = best_of(1, lambda: synthetic_region(SYNTHETIC_NODES, 0))
        graph = synthetic_region(SYNTHETIC_NODES, 0)
    weights = np.rint(graph.length_m / graph.speed_mps * 1000).astype(np.int64)
    rng = np.random.default_rng(0)
    places = rng.integers(0, graph.nodes, (2, PLACES))
    topology_s = best_of(1, lambda: Router(graph, cache))
    topology_again_s = best_of(3, lambda: Router(graph, cache))
    router = Router(graph, cache)
    metric = router.metric(weights)
    some = rng.integers(0, graph.edges, 500)
    figures = {
        "build_graph": build_s,
        "load_graph": load_s,
        "build_router": topology_s,
        "load_router": topology_again_s,
        "new_metric": best_of(5, lambda: router.metric(weights)),
        "update_500_edges": best_of(5, lambda: metric.update(some, np.full(500, UNREACHABLE))),
        "matrix_1000x1000": best_of(3, lambda: metric.matrix(*places)),
        "one_path": best_of(3, lambda: [metric.path(a, b) for a, b in places.T.tolist()]) / PLACES,
    }
    for name, seconds in figures.items():
        target = TARGETS_S.get(name)
        print(json.dumps({
            "benchmark": f"travel_times.{name}", "seconds": round(seconds, 6), "target_s": target,
            "ok": target is None or seconds < target, "source": source, "nodes": graph.nodes,
            "edges": graph.edges, "router": router.name,
        }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
