"""From raw ways to RoadGraph: split at junctions, cut to length, direct, restrict, keep what is connected."""

from typing import Any

import numpy as np

from engine.roads.graph import RoadGraph
from engine.roads.pieces import Pieces, cut_pieces, split_ways
from engine.roads.raw import RawRoads, RawWay, RoadFileError
from engine.roads.restrictions import Edges, banned_turns
from engine.roads.tags import (
    DEFAULT_KMH,
    KIND_CLASS,
    KINDS,
    directions,
    drivable,
    flags_of,
    kind_of,
    tagged_kmh,
)
from engine.roads.turns import connected_nodes, routing_arcs
from engine.roads.zones import mark_zones
from engine.runs import ranges

BUILDER_VERSION = 1
"""Raised whenever the same map gives another graph; part of every cache key."""

MAX_EDGE_M = 200.0
"""No edge is longer, so the nearest node is at most about half of this from any point of a road."""

IMPUTE_MIN_WAYS, IMPUTE_MIN_SHARE = 30, 0.2
"""A class takes the median of its tagged speeds where at least so many ways and such a share of its length
are tagged; else the default of ``tags.DEFAULT_KMH``."""

_DIRECTIONS = ("forward", "backward")


def build_graph(raw: RawRoads) -> RoadGraph:
    """Build the largest strongly connected drivable road network of a map.

    Raises:
        RoadFileError: no drivable road, or no two places connected both ways.
    """
    source = raw.meta.get("source", "roads")
    ways = [way for way in raw.ways if drivable(way.tags)]
    pieces = cut_pieces(split_ways(raw, [way.nodes for way in ways]), MAX_EDGE_M)
    if not pieces.count:
        raise RoadFileError(f"{source}: holds no road that a car may use")
    all_edges = _directed(pieces, ways)
    banned, notes = banned_turns(raw, all_edges, np.array([way.way_id for way in ways])[pieces.way])
    edges, banned, kept = _largest_part(pieces.nodes, all_edges, banned)
    if not len(edges.tail):
        raise RoadFileError(f"{source}: no two places of its roads are connected both ways")
    counts = {
        "ways": len(ways),
        "nodes_dropped": len(np.unique(np.concatenate([all_edges.tail, all_edges.head]))) - int(kept.sum()),
        "edges_dropped": len(all_edges.tail) - len(edges.tail),
        **notes,
    }
    return _assemble(raw, ways, pieces, edges, banned, kept, counts)


def _directed(pieces: Pieces, ways: list[RawWay]) -> Edges:
    """One edge for each allowed direction of each piece, sorted by tail and head."""
    both = np.array([directions(way.tags) for way in ways])
    along, against = (np.flatnonzero(both[pieces.way, column]) for column in (0, 1))
    edges = Edges(
        np.concatenate([pieces.start_node[along], pieces.end_node[against]]),
        np.concatenate([pieces.end_node[along], pieces.start_node[against]]),
        np.concatenate([along, against]),
        np.repeat([False, True], [len(along), len(against)]),
    )
    return edges.take(np.lexsort((edges.backward, edges.piece, edges.head, edges.tail)))


def _largest_part(nodes: int, edges: Edges, banned: np.ndarray) -> tuple[Edges, np.ndarray, np.ndarray]:
    """Edges and bans of the largest connected part, renumbered to its nodes, and which nodes those are."""
    arcs = routing_arcs(nodes, edges.tail, edges.head, banned)
    kept = connected_nodes(arcs, np.ones(len(edges.tail), bool))
    rows = np.flatnonzero(kept[edges.tail] & kept[edges.head])
    number = np.cumsum(kept) - 1
    part = edges.take(rows)
    part = part._replace(tail=number[part.tail], head=number[part.head])
    edge_number = np.full(len(edges.tail), -1)
    edge_number[rows] = np.arange(len(rows))
    banned = edge_number[banned]
    return part, banned[(banned >= 0).all(axis=1)], kept


def _assemble(
    raw: RawRoads,
    ways: list[RawWay],
    pieces: Pieces,
    edges: Edges,
    banned: np.ndarray,
    kept: np.ndarray,
    counts: dict[str, int],
) -> RoadGraph:
    way = pieces.way[edges.piece]
    kind = np.array([kind_of(item.tags) for item in ways])
    speed_kmh, class_kmh = _speeds_kmh(pieces, edges, ways, kind)
    shape_ptr, point = _shape_points(pieces, edges)
    shape_lat, shape_lon = pieces.lat[point], pieces.lon[point]
    names, name_id, house_street = _names(raw, ways, way)
    flags = np.array([flags_of(item.tags) for item in ways])[way].astype(np.uint8)
    zones_ignored = mark_zones(raw.zones, shape_ptr, shape_lat, shape_lon, flags)
    meta: dict[str, Any] = {
        **raw.meta, **counts, "zones_ignored": zones_ignored, "default_kmh": class_kmh,
        "max_edge_m": MAX_EDGE_M, "builder_version": BUILDER_VERSION,
    }  # fmt: skip
    return RoadGraph(
        lat=pieces.node_lat[kept],
        lon=pieces.node_lon[kept],
        tail=edges.tail.astype(np.int32),
        head=edges.head.astype(np.int32),
        length_m=pieces.length_m[edges.piece],
        speed_mps=speed_kmh / 3.6,
        road_class=np.array(KIND_CLASS, np.uint8)[kind[way]],
        flags=flags,
        name_id=name_id,
        names=names,
        shape_ptr=shape_ptr,
        shape_lat=shape_lat,
        shape_lon=shape_lon,
        **routing_arcs(int(kept.sum()), edges.tail, edges.head, banned)._asdict(),
        house_street=house_street,
        house_number=tuple(house.number for house in raw.houses),
        house_lat=np.array([house.lat for house in raw.houses], np.float64),
        house_lon=np.array([house.lon for house in raw.houses], np.float64),
        meta=meta,
    )


def _shape_points(pieces: Pieces, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    """Slices of and indices into the pieces' points for every edge, backward ones in reverse."""
    count = np.diff(pieces.ptr)[edges.piece]
    first = np.where(edges.backward, pieces.ptr[edges.piece + 1] - 1, pieces.ptr[edges.piece])
    step = np.where(edges.backward, -1, 1)
    within = ranges(np.zeros(len(count), np.int64), count)
    point = np.repeat(first, count) + np.repeat(step, count) * within
    return np.concatenate([[0], np.cumsum(count)]), point


def _speeds_kmh(
    pieces: Pieces, edges: Edges, ways: list[RawWay], kind: np.ndarray
) -> tuple[np.ndarray, dict[str, float]]:
    """Free-flow speed of every edge, and the speed taken for each class where nothing is tagged."""
    tagged = np.array([[tagged_kmh(way.tags, to) or np.nan for to in _DIRECTIONS] for way in ways])
    way_m = np.bincount(pieces.way, pieces.length_m, len(ways))
    class_kmh = {
        KINDS[index]: _class_kmh(KINDS[index], tagged[kind == index, 0], way_m[kind == index])
        for index in np.unique(kind).tolist()
    }
    default = np.array([class_kmh.get(name, 0.0) for name in KINDS])
    way = pieces.way[edges.piece]
    speed = tagged[way, edges.backward.astype(int)]
    return np.where(np.isnan(speed), default[kind[way]], speed), class_kmh


def _class_kmh(name: str, tagged_kmh: np.ndarray, way_m: np.ndarray) -> float:
    """Length-weighted median of the tagged speeds where enough are tagged, else the default."""
    known = ~np.isnan(tagged_kmh)
    if known.sum() < IMPUTE_MIN_WAYS or way_m[known].sum() < IMPUTE_MIN_SHARE * way_m.sum():
        return DEFAULT_KMH[name]
    order = np.argsort(tagged_kmh[known], kind="stable")
    share = np.cumsum(way_m[known][order])
    return float(tagged_kmh[known][order][np.searchsorted(share, share[-1] / 2)])


def _names(raw: RawRoads, ways: list[RawWay], edge_way: np.ndarray) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """All street names in order, each edge's (-1: none; ``ref`` where there is no name) and each house's."""
    way_name = [way.tags.get("name") or way.tags.get("ref") or "" for way in ways]
    used = {way_name[index] for index in np.unique(edge_way).tolist()} - {""}
    names = tuple(sorted(used | {house.street for house in raw.houses}))
    number = {name: index for index, name in enumerate(names)}
    name_id = np.array([number.get(name, -1) for name in way_name], np.int32)[edge_way]
    return names, name_id, np.array([number[house.street] for house in raw.houses], np.int32)
