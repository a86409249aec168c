"""Turn restrictions as routing arcs, and which nodes a vehicle can both reach and leave again."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph


class RoutingArcs(NamedTuple):
    """The arc fields of RoadGraph; see its docstring."""

    arc_tail: np.ndarray
    arc_head: np.ndarray
    arc_edge: np.ndarray
    routing_node: np.ndarray
    sink: np.ndarray


def routing_arcs(nodes: int, tail: np.ndarray, head: np.ndarray, banned: np.ndarray) -> RoutingArcs:
    """Expand the nodes where turns are banned; every other node is its own routing node.

    ``banned`` is int [turns, 2]: (edge driven in, edge not to be driven next), both at the same node. Edges
    into a node with equal bans share a copy of it. No bans: arcs are the edges.
    """
    copies, edge_end = _copies(nodes, head, banned)
    expanded = sorted({node for node, _ in copies})
    sink = np.arange(nodes)
    sink[expanded] = nodes + len(copies) + np.arange(len(expanded))
    tails, heads, edges = [tail], [edge_end], [np.arange(len(tail))]
    out_edges = EdgesByNode(nodes, tail)
    for number, (node, forbidden) in enumerate(copies):
        onward = np.setdiff1d(out_edges[node], forbidden)
        tails.append(np.full(len(onward), nodes + number))
        heads.append(edge_end[onward])
        edges.append(onward)
    ends = [*expanded, *range(nodes, nodes + len(copies))]
    tails.append(np.array(ends, np.int64))
    heads.append(sink[[*expanded, *(node for node, _ in copies)]] if ends else np.empty(0, np.int64))
    edges.append(np.full(len(ends), -1))
    stands_at = [*range(nodes), *(node for node, _ in copies), *expanded]
    columns = (np.concatenate(tails), np.concatenate(heads), np.concatenate(edges), np.array(stands_at), sink)
    return RoutingArcs(*(column.astype(np.int32) for column in columns))


def _copies(nodes: int, head: np.ndarray, banned: np.ndarray) -> tuple[list[tuple[int, tuple[int, ...]]], np.ndarray]:
    """(node, banned onward edges) of each copy, and the routing node where each edge ends."""
    forbidden: dict[int, set[int]] = {}
    for edge_in, edge_out in banned.tolist():
        forbidden.setdefault(edge_in, set()).add(edge_out)
    edge_end = head.astype(np.int64)
    number: dict[tuple[int, tuple[int, ...]], int] = {}
    for edge_in in sorted(forbidden):
        key = (int(head[edge_in]), tuple(sorted(forbidden[edge_in])))
        edge_end[edge_in] = nodes + number.setdefault(key, len(number))
    return list(number), edge_end


class EdgesByNode:
    """Edges grouped by one of their ends."""

    def __init__(self, nodes: int, end: np.ndarray) -> None:
        self._order = np.argsort(end, kind="stable")
        self._ptr = np.searchsorted(end[self._order], np.arange(nodes + 1))

    def __getitem__(self, node: int) -> np.ndarray:
        return self._order[self._ptr[node] : self._ptr[node + 1]]


def connected_nodes(arcs: RoutingArcs, allowed: np.ndarray) -> np.ndarray:
    """bool [nodes]: the largest set with a way from each node to each over ``allowed`` edges (bool [edges]).

    Ways keep the turn restrictions and stay within the set. A journey starts at a node free to leave in any
    direction, so a node belongs when it can be left towards the core and some way into it leads from the
    core. All False where no two nodes are connected both ways.
    """
    nodes = len(arcs.sink)
    driven = arcs.arc_edge >= 0
    tail, head, edge = arcs.arc_tail[driven], arcs.arc_head[driven], arcs.arc_edge[driven]
    tail_node, head_node = arcs.routing_node[tail], arcs.routing_node[head]
    keep = np.ones(nodes, bool)
    while True:
        used = allowed[edge] & keep[tail_node] & keep[head_node] & (tail_node != head_node)
        graph = _adjacency(len(arcs.routing_node), tail[used], head[used])
        labels = csgraph.connected_components(graph, connection="strong")[1]
        sizes = np.bincount(labels)
        if sizes.max(initial=0) < 2:
            return np.zeros(nodes, bool)
        core = int(np.flatnonzero(labels == np.argmax(sizes))[0])
        reached = csgraph.breadth_first_order(graph, core, return_predecessors=False)
        returning = csgraph.breadth_first_order(graph.T.tocsr(), core, return_predecessors=False)
        entered = np.zeros(nodes, bool)
        entered[arcs.routing_node[reached]] = True
        left = np.zeros(len(labels), bool)
        left[returning] = True
        now = keep & entered & left[:nodes]
        if np.array_equal(now, keep):
            return keep
        keep = now  # a node dropped may have carried ways of others: look again


def _adjacency(size: int, tail: np.ndarray, head: np.ndarray) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(tail), np.int32), (tail, head)), shape=(size, size))
