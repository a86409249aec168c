"""Ways split at junctions and cut to length: undirected pieces of road, all in numpy."""

from dataclasses import dataclass

import numpy as np

from engine.geo import great_circle_m
from engine.roads.raw import RawRoads
from engine.runs import ranges


@dataclass(frozen=True)
class Pieces:
    """Undirected pieces of road between nodes.

    Nodes are rows of ``RawRoads.node_id`` and after them the points where long roads were cut.
    """

    node_lat: np.ndarray  # float64 [nodes]
    node_lon: np.ndarray  # float64 [nodes]
    way: np.ndarray  # int64 [pieces], position in the list of ways
    start_node: np.ndarray  # int64 [pieces]
    end_node: np.ndarray  # int64 [pieces]
    ptr: np.ndarray  # int64 [pieces + 1], slices of lat/lon, both ends included
    lat: np.ndarray  # float64
    lon: np.ndarray  # float64
    length_m: np.ndarray  # float64 [pieces], great-circle

    @property
    def count(self) -> int:
        return len(self.way)

    @property
    def nodes(self) -> int:
        return len(self.node_lat)


def split_ways(raw: RawRoads, way_nodes: list[tuple[int, ...]]) -> Pieces:
    """Split ways where they meet, at their ends, and where a node is missing (a clipped extract)."""
    counts = np.array([len(nodes) for nodes in way_nodes], np.int64)
    ids = np.array([node for nodes in way_nodes for node in nodes], np.int64)
    way = np.repeat(np.arange(len(counts)), counts)
    row = np.minimum(np.searchsorted(raw.node_id, ids), max(len(raw.node_id) - 1, 0))
    there = np.flatnonzero(raw.node_id[row] == ids) if len(raw.node_id) else np.empty(0, np.int64)
    row, way = row[there], way[there]
    joined = (np.diff(there) == 1) & (np.diff(way) == 0)  # to the point before
    run = np.concatenate([[0], np.cumsum(~joined)])[: len(row)]
    repeated = np.concatenate([[False], joined & (np.diff(row) == 0)])[: len(row)]
    row, way, run = row[~repeated], way[~repeated], run[~repeated]

    shared = np.bincount(row, minlength=len(raw.node_id))[row] >= 2
    ends = np.ones(len(run), bool)
    ends[1:-1] = (run[1:-1] != run[:-2]) | (run[1:-1] != run[2:])
    stops = np.flatnonzero(shared | ends)
    same_run = np.flatnonzero(np.diff(run[stops]) == 0)
    first, last = stops[same_run], stops[same_run + 1]
    count = last - first + 1
    point = row[ranges(first, count)]
    return _pieces(
        raw.node_lat,
        raw.node_lon,
        way[first],
        row[first],
        row[last],
        count,
        raw.node_lat[point],
        raw.node_lon[point],
    )


def cut_pieces(pieces: Pieces, max_m: float) -> Pieces:
    """Cut every piece longer than ``max_m`` into equal parts that are not, with new nodes between them."""
    parts = np.maximum(np.ceil(pieces.length_m / max_m - 1e-9), 1).astype(np.int64)
    new = parts - 1
    if not new.sum():
        return pieces
    # Positions along one line made of all pieces end to end, a metre apart so that no two ends coincide.
    step = great_circle_m(pieces.lat[:-1], pieces.lon[:-1], pieces.lat[1:], pieces.lon[1:])
    step[pieces.ptr[1:-1] - 1] = 1.0
    along = np.concatenate([[0.0], np.cumsum(step)])
    first, last = pieces.ptr[:-1], pieces.ptr[1:] - 1
    owner = np.repeat(np.arange(pieces.count), new)
    fraction = (ranges(np.zeros(pieces.count, np.int64), new) + 1) / parts[owner]
    cut = along[first[owner]] + fraction * (along[last] - along[first])[owner]
    cut_lat, cut_lon = np.interp(cut, along, pieces.lat), np.interp(cut, along, pieces.lon)

    # A cut point is the end of one part and the start of the next: it stands twice in the merged line.
    cut_node = pieces.nodes + np.arange(len(cut))
    is_first, is_last = np.zeros(len(along), bool), np.zeros(len(along), bool)
    is_first[first] = is_last[last] = True
    end_node = np.zeros(len(along), np.int64)
    end_node[first], end_node[last] = pieces.start_node, pieces.end_node
    no, yes = np.zeros(len(cut), bool), np.ones(len(cut), bool)
    order = np.argsort(np.concatenate([along, cut, cut]), kind="stable")
    starts = np.flatnonzero(np.concatenate([is_first, no, yes])[order])
    ends = np.flatnonzero(np.concatenate([is_last, yes, no])[order])
    node = np.concatenate([end_node, cut_node, cut_node])[order]
    start_node, finish_node = node[starts], node[ends]
    # First and last point of a piece may be one node (a closed road), and then end_node holds only its last
    # role.
    opening = np.concatenate([is_first, no, no])[order][starts]
    start_node[opening] = pieces.start_node
    return _pieces(
        np.concatenate([pieces.node_lat, cut_lat]),
        np.concatenate([pieces.node_lon, cut_lon]),
        np.repeat(pieces.way, parts),
        start_node,
        finish_node,
        ends - starts + 1,
        np.concatenate([pieces.lat, cut_lat, cut_lat])[order],
        np.concatenate([pieces.lon, cut_lon, cut_lon])[order],
    )


def _pieces(
    node_lat: np.ndarray,
    node_lon: np.ndarray,
    way: np.ndarray,
    start_node: np.ndarray,
    end_node: np.ndarray,
    count: np.ndarray,
    lat: np.ndarray,
    lon: np.ndarray,
) -> Pieces:
    ptr = np.concatenate([[0], np.cumsum(count)])
    along = np.concatenate([[0.0], np.cumsum(great_circle_m(lat[:-1], lon[:-1], lat[1:], lon[1:]))])
    length_m = along[ptr[1:] - 1] - along[ptr[:-1]]
    return Pieces(node_lat, node_lon, way, start_node, end_node, ptr, lat, lon, length_m)
