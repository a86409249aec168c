"""Turn restrictions as drawn on the map, translated to pairs of edges that must not follow each other."""

import itertools
from typing import NamedTuple

import numpy as np

from engine.roads.raw import RawRestriction, RawRoads
from engine.roads.turns import EdgesByNode


class Edges(NamedTuple):
    """Directed edges while a graph is built: columns of equal length."""

    tail: np.ndarray  # int64, nodes
    head: np.ndarray  # int64, nodes
    piece: np.ndarray  # int64, the piece of road driven
    backward: np.ndarray  # bool, against the order in which it is drawn

    def take(self, rows: np.ndarray) -> "Edges":
        """Some of the edges."""
        return Edges(*(column[rows] for column in self))


def banned_turns(raw: RawRoads, edges: Edges, piece_way_id: np.ndarray) -> tuple[np.ndarray, dict[str, int]]:
    """(edge in, edge not to be driven next) pairs, int64 [turns, 2], and what was applied and ignored.

    A restriction is ignored where its ways or node are not drivable parts of the map, or where a way passes
    through the via node, so that the side meant cannot be told (ways are to be split there).
    """
    turns = _Turns(raw, edges, piece_way_id)
    applied = sum([turns.apply(restriction) for restriction in raw.restrictions])
    counts = {"restrictions": applied, "restrictions_ignored": len(raw.restrictions) - applied}
    return turns.banned(), counts


class _Turns:
    """Collects what is banned after and what is alone allowed after each edge."""

    def __init__(self, raw: RawRoads, edges: Edges, piece_way_id: np.ndarray) -> None:
        self._node_id = raw.node_id
        self._edges = edges
        self._way_id = piece_way_id[edges.piece]
        nodes = int(max(edges.tail.max(initial=-1), edges.head.max(initial=-1))) + 1
        self._nodes = nodes
        self._out, self._into = EdgesByNode(nodes, edges.tail), EdgesByNode(nodes, edges.head)
        self._banned: set[tuple[int, int]] = set()
        self._only: dict[int, set[int]] = {}

    def apply(self, restriction: RawRestriction) -> bool:
        """Take a restriction in; False where it must be ignored."""
        node = int(np.searchsorted(self._node_id, restriction.via_node))
        if node >= min(self._nodes, len(self._node_id)) or self._node_id[node] != restriction.via_node:
            return False
        into = self._of_ways(self._into[node], restriction.from_ways)
        out = self._of_ways(self._out[node], restriction.to_ways)
        pairs = list(itertools.product(into.tolist(), out.tolist()))
        if restriction.kind == "no_u_turn" and set(restriction.from_ways) == set(restriction.to_ways):
            pairs = [pair for pair in pairs if self._is_way_back(*pair)]
        elif self._ambiguous(into) or self._ambiguous(out):
            return False
        if restriction.kind.startswith("only_"):
            for edge_in, edge_out in pairs:
                self._only.setdefault(edge_in, set()).add(edge_out)
        else:
            self._banned.update(pairs)
        return bool(pairs)

    def banned(self) -> np.ndarray:
        """All banned pairs, sorted."""
        pairs = set(self._banned)
        for edge, allowed in self._only.items():
            pairs.update((edge, int(other)) for other in self._out[self._edges.head[edge]] if int(other) not in allowed)
        return np.array(sorted(pairs), np.int64).reshape(-1, 2)

    def _of_ways(self, edges: np.ndarray, ways: tuple[int, ...]) -> np.ndarray:
        return edges[np.isin(self._way_id[edges], ways)]

    def _ambiguous(self, edges: np.ndarray) -> bool:
        """Whether two of the edges are of one way, which then passes through the node."""
        return len(np.unique(self._way_id[edges])) < len(edges)

    def _is_way_back(self, a: int, b: int) -> bool:
        columns = self._edges
        return bool(columns.piece[a] == columns.piece[b] and columns.backward[a] != columns.backward[b])
