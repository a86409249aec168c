"""Shortest paths: one prepared topology, any number of metrics.

RoutingKit's customizable contraction hierarchies (Dibbelt, Strasser, Wagner, "Customizable Contraction
Hierarchies", ACM JEA 2016) answer 1,000 x 1,000 travel times on 50,000 nodes in well under a second and take
a new metric in hundredths. scipy is the slow stand-in where the wheel is missing, and what tests compare
with.
"""

import hashlib
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from engine.roads.graph import RoadGraph

UNREACHABLE = 2**31 - 1
"""Entry of a matrix where there is no way, and the weight of an edge that must not be driven."""


class Metric(Protocol):
    """Shortest paths under one set of edge weights. All answers are exact."""

    def matrix(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Least weights between nodes, int64 [sources, targets]; UNREACHABLE where there is no way."""
        ...

    def path(self, source: int, target: int) -> tuple[int, np.ndarray]:
        """Least weight from node to node and the edges driven (int32); (UNREACHABLE, none) without a way."""
        ...

    def weight(self, source: int, target: int) -> int:
        """The weight of a ``path``, in a third of the time."""
        ...

    def update(self, edges: np.ndarray, weights: np.ndarray) -> None:
        """Change the weights of a few edges in place."""
        ...


class AnyRouter(Protocol):
    """Prepared shortest paths over one graph; ``name`` is for the manifest."""

    name: str

    def metric(self, weights: np.ndarray) -> Metric:
        """Take weights, integers [edges] from 0, UNREACHABLE for edges that must not be driven.

        Raises:
            ValueError: wrong length or a negative weight.
        """
        ...


def make_router(graph: RoadGraph, cache_dir: Path | None = None) -> AnyRouter:
    """RoutingKit where its wheel is installed, else scipy."""
    return Router(graph, cache_dir) if find_spec("pyroutingkit") else ScipyRouter(graph)


class _Arcs:
    """Edge weights as arc weights."""

    def __init__(self, graph: RoadGraph) -> None:
        self.graph, self._nodes = graph, graph.nodes
        self._free = graph.arc_edge < 0
        self._by_edge = np.argsort(graph.arc_edge, kind="stable")
        self._ptr = np.searchsorted(graph.arc_edge[self._by_edge], np.arange(graph.edges + 1))

    def weights(self, weights: np.ndarray) -> np.ndarray:
        """Weights of all arcs, int64."""
        if len(weights) != self.graph.edges:
            raise ValueError(f"expected {self.graph.edges} edge weights, got {len(weights)}")
        arc_weights = _checked(weights)[self.graph.arc_edge]
        arc_weights[self._free] = 0
        return arc_weights

    def changed(self, edges: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Arcs that stand for some edges, and their new weights."""
        edges, weights = np.asarray(edges, np.int64), _checked(weights)
        first, count = self._ptr[edges], self._ptr[edges + 1] - self._ptr[edges]
        offset = np.cumsum(count) - count
        arcs = self._by_edge[np.repeat(first - offset, count) + np.arange(count.sum())]
        return arcs, np.repeat(weights, count)

    def ends(self, sources: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
        """Routing nodes where journeys between nodes start and end; RoutingKit itself checks no bounds.

        Raises:
            IndexError: a node number out of range.
        """
        sources, targets = np.asarray(sources, np.int64), np.asarray(targets, np.int64)
        for given in (sources, targets):
            if len(given) and not (given.min() >= 0 and given.max() < self.graph.nodes):
                raise IndexError(f"nodes are 0 to {self.graph.nodes - 1}, got {given.min()} to {given.max()}")
        return sources, self.graph.sink[targets].astype(np.int64)

    def journey(self, source: int, target: int) -> tuple[int, int]:
        """``ends`` of one journey."""
        if not (0 <= source < self._nodes and 0 <= target < self._nodes):
            raise IndexError(f"nodes are 0 to {self._nodes - 1}, got {source} and {target}")
        return int(source), int(self.graph.sink[target])


def _checked(weights: np.ndarray) -> np.ndarray:
    weights = np.minimum(np.asarray(weights, np.int64), UNREACHABLE)
    if len(weights) and weights.min() < 0:
        raise ValueError(f"edge weights must not be negative, got {weights.min()}")
    return weights


class Router:
    """RoutingKit over the routing nodes of a graph. Answers depend on graph and weights alone.

    The contraction order (seconds for a large network) is kept in ``cache_dir`` where one is given.
    """

    def __init__(self, graph: RoadGraph, cache_dir: Path | None = None) -> None:
        import pyroutingkit

        self.name = "routingkit"
        self._kit: Any = pyroutingkit
        self._arcs = _Arcs(graph)
        path = cache_dir / "routes" / f"{_topology_key(graph)}.zip" if cache_dir else None
        self._topology = _stored_topology(path)
        if self._topology is None:
            self._topology = _built_topology(graph)
            _store_topology(self._topology, path)

    def metric(self, weights: np.ndarray) -> "RoutingKitMetric":
        """See AnyRouter; 0.02 s for 70,000 nodes."""
        metric = self._kit.CCHMetric(self._topology)
        metric.customize(self._arcs.weights(weights).astype(np.uint32))
        return RoutingKitMetric(self._arcs, metric)


class RoutingKitMetric:
    """See Metric."""

    def __init__(self, arcs: _Arcs, metric: Any) -> None:
        self._arcs = arcs
        self._metric = metric

    def matrix(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        sources, sinks = self._arcs.ends(sources, targets)
        if not len(sources) or not len(sinks):
            return np.zeros((len(sources), len(sinks)), np.int64)
        weights = self._metric.distances_many_to_many(sources.astype(np.uint32), sinks.astype(np.uint32))
        return weights.astype(np.int64)

    def path(self, source: int, target: int) -> tuple[int, np.ndarray]:
        start, sink = self._arcs.journey(source, target)
        if source == target:
            return 0, np.empty(0, np.int32)
        weight, _, arcs = self._metric.query(start, sink)
        edges = self._arcs.graph.arc_edge[np.array(arcs, np.int64)]
        return int(weight), edges[edges >= 0]

    def weight(self, source: int, target: int) -> int:
        start, sink = self._arcs.journey(source, target)
        if source == target:
            return 0
        found = self._metric.distances_many_to_many(np.array([start], np.uint32), np.array([sink], np.uint32))
        return int(found[0, 0])

    def update(self, edges: np.ndarray, weights: np.ndarray) -> None:
        arcs, arc_weights = self._arcs.changed(edges, weights)
        self._metric.update_weights(arcs.astype(np.uint32), arc_weights.astype(np.uint32))


def _topology_key(graph: RoadGraph) -> str:
    """Digest of all that the contraction order depends on."""
    from importlib.metadata import version

    digest = hashlib.sha256(version("pyroutingkit").encode())
    for column in (graph.arc_tail, graph.arc_head, graph.routing_node, graph.lat, graph.lon):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:24]


def _built_topology(graph: RoadGraph) -> Any:
    import pyroutingkit

    topology = pyroutingkit.CCHTopology()
    at = graph.routing_node
    topology.build(
        graph.arc_tail.astype(np.uint32), graph.arc_head.astype(np.uint32),
        graph.lat[at].astype(np.float32), graph.lon[at].astype(np.float32), len(at),
    )  # fmt: skip
    return topology


def _stored_topology(path: Path | None) -> Any | None:
    """The topology in a cache file; None where there is none or it fails its checksums."""
    import pyroutingkit

    if path is None:
        return None
    topology = pyroutingkit.CCHTopology()
    with tempfile.TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as stored:
                stored.extractall(folder)
            topology.load(folder)
        except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile):
            return None
    return topology


def _store_topology(topology: Any, path: Path | None) -> None:
    """RoutingKit saves a folder; one zip of it can be replaced in one step and carries checksums."""
    from engine.roads.cache import publish

    if path is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        topology.save(folder)

        def write(file: Any) -> None:
            with zipfile.ZipFile(file, "w") as store:
                for part in sorted(Path(folder).iterdir()):
                    store.write(part, part.name)

        publish(path, write)


class ScipyRouter:
    """Dijkstra by scipy with the same answers; hundreds of times slower on large matrices."""

    def __init__(self, graph: RoadGraph) -> None:
        self.name = "scipy"
        self._arcs = _Arcs(graph)

    def metric(self, weights: np.ndarray) -> "ScipyMetric":
        """See AnyRouter."""
        return ScipyMetric(self._arcs, self._arcs.weights(weights))


class ScipyMetric:
    """See Metric. Weights are exact: sums of whole milliseconds stay far below 2**53."""

    def __init__(self, arcs: _Arcs, weights: np.ndarray) -> None:
        self._arcs = arcs
        self._weights = weights
        self._prepare()

    def _prepare(self) -> None:
        """The cheapest of parallel arcs (the first of equals) as a sparse matrix."""
        graph, weights = self._arcs.graph, self._weights
        open_arcs = np.flatnonzero(weights < UNREACHABLE)
        tail, head = graph.arc_tail[open_arcs].astype(np.int64), graph.arc_head[open_arcs].astype(np.int64)
        order = np.lexsort((open_arcs, weights[open_arcs], head, tail))
        pair = (tail * len(graph.routing_node) + head)[order]
        best = order[np.concatenate([[True], np.diff(pair) != 0])[: len(order)]]
        self._arc_of = dict(zip(zip(tail[best].tolist(), head[best].tolist()), open_arcs[best].tolist()))
        size = len(graph.routing_node)
        ptr = np.searchsorted(tail[best], np.arange(size + 1))
        data = weights[open_arcs[best]].astype(np.float64)
        self._matrix = sparse.csr_array((data, head[best], ptr), shape=(size, size))

    def matrix(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        sources, sinks = self._arcs.ends(sources, targets)
        if not len(sources) or not len(sinks):
            return np.zeros((len(sources), len(sinks)), np.int64)
        weights = csgraph.dijkstra(self._matrix, indices=sources)[:, sinks]
        return np.where(np.isfinite(weights), weights, UNREACHABLE).astype(np.int64)

    def path(self, source: int, target: int) -> tuple[int, np.ndarray]:
        start, sink = self._arcs.journey(source, target)
        if source == target:
            return 0, np.empty(0, np.int32)
        weights, before = csgraph.dijkstra(self._matrix, indices=start, return_predecessors=True)
        if not np.isfinite(weights[sink]):
            return UNREACHABLE, np.empty(0, np.int32)
        arcs, node = [], sink
        while node != start:
            arcs.append(self._arc_of[int(before[node]), node])
            node = int(before[node])
        edges = self._arcs.graph.arc_edge[np.array(arcs[::-1], np.int64)]
        return int(weights[sink]), edges[edges >= 0]

    def weight(self, source: int, target: int) -> int:
        return self.path(source, target)[0]

    def update(self, edges: np.ndarray, weights: np.ndarray) -> None:
        arcs, arc_weights = self._arcs.changed(edges, weights)
        self._weights[arcs] = arc_weights
        self._prepare()
