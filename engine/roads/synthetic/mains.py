"""Main roads of an invented region: the borders between cells, thinned in the country and ranked by what they
carry."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, dijkstra, minimum_spanning_tree
from scipy.spatial import Voronoi

from engine.roads.graph import ROAD_CLASSES
from engine.roads.synthetic.layout import COUNTRY, OUTSIDE, Layout

TRUNK, PRIMARY, SECONDARY, TERTIARY, UNCLASSIFIED, RESIDENTIAL, LIVING_STREET, SERVICE, TRACK = (
    ROAD_CLASSES.index(name)
    for name in (
        "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street",
        "service", "track",
    )
)  # fmt: skip

BRIDGE_DETOUR_M = 1500.0
"""What crossing the river counts extra when main roads are ranked: traffic gathers on few bridges."""


CARRIAGEWAY_M = 12.0
"""Each carriageway of the ring road lies this far from its middle."""


@dataclass(frozen=True)
class Mains:
    """Straight main roads between vertices; each separates two cells."""

    vertex: np.ndarray  # complex [vertices]
    a: np.ndarray  # int32 [mains], vertex
    b: np.ndarray  # int32 [mains], vertex
    cells: np.ndarray  # int32 [mains, 2], ascending
    road_class: np.ndarray  # uint8 [mains]
    street: np.ndarray  # int32 [mains], mains of one street share a number
    country: np.ndarray  # bool [mains], between two cells without streets
    ring: np.ndarray  # bool [mains], a carriageway driven from a to b
    reach_m: np.ndarray  # float [cells], how far a cell extends from its seed


def main_roads(layout: Layout, rng: np.random.Generator) -> Mains:
    """Build the main roads of a layout."""
    seed = layout.seed
    diagram = Voronoi(np.c_[seed.real, seed.imag])
    corner = diagram.vertices[:, 0] + 1j * diagram.vertices[:, 1]
    ends, cells = np.array(diagram.ridge_vertices), np.sort(diagram.ridge_points, axis=1)
    real = (ends >= 0).all(1) & (layout.kind[cells] != OUTSIDE).all(1)
    real &= (np.abs(corner[ends]) < 1.15 * layout.region_m).all(1)  # thin cells at the border run far out
    ends, cells = ends[real], cells[real]

    reach_m = np.zeros(len(seed))
    for side in (0, 1):
        for end in (0, 1):
            np.maximum.at(reach_m, cells[:, side], np.abs(corner[ends[:, end]] - seed[cells[:, side]]))

    length = np.abs(corner[ends[:, 0]] - corner[ends[:, 1]])
    short = length < 0.24 * np.abs(seed[cells[:, 0]] - seed[cells[:, 1]])
    vertex, label = _merge(corner, ends[short], np.unique(ends))
    a, b = label[ends[:, 0]], label[ends[:, 1]]
    order = np.lexsort((np.maximum(a, b), np.minimum(a, b)))
    pair = np.c_[np.minimum(a, b), np.maximum(a, b)][order]
    fresh = np.concatenate([[True], (pair[1:] != pair[:-1]).any(1)]) & (pair[:, 0] != pair[:, 1])
    pick = order[fresh]
    a, b, cells = a[pick], b[pick], cells[pick]

    sides = layout.ring_side[cells]
    ring = (sides.min(1) == 1) & (sides.max(1) == 2)
    country = (layout.kind[cells] == COUNTRY).all(1)
    keep = ring | _thinned(layout, vertex, a, b, country, rng)
    keep &= ~_loose_ends(layout, vertex, a, b, keep)
    a, b, cells, ring, country = a[keep], b[keep], cells[keep], ring[keep], country[keep]
    road_class, street, keep = _rank(layout, vertex, a, b, ring, country)
    part = (a[keep], b[keep], cells[keep], road_class[keep], street[keep], country[keep], ring[keep])
    return _dual_ring(layout, Mains(vertex, *part, reach_m))


def _dual_ring(layout: Layout, mains: Mains) -> Mains:
    """Split the ring road into two one-way carriageways, driven on the right, and link them at every
    junction."""
    if not mains.ring.any():
        return mains
    on_ring = np.unique(np.r_[mains.a[mains.ring], mains.b[mains.ring]])
    twin = np.arange(len(mains.vertex))
    twin[on_ring] = len(mains.vertex) + np.arange(len(on_ring))
    outward = mains.vertex[on_ring] / np.abs(mains.vertex[on_ring]) * CARRIAGEWAY_M
    vertex = np.concatenate([mains.vertex, mains.vertex[on_ring] + outward])
    vertex[on_ring] -= outward
    outside = ~mains.ring & (np.abs(layout.seed[mains.cells]) > layout.ring_m).all(1)
    a, b = np.where(outside, twin[mains.a], mains.a), np.where(outside, twin[mains.b], mains.b)
    turns_left = (np.conj(vertex[a]) * vertex[b]).imag > 0
    swap = mains.ring & turns_left
    a, b = np.where(swap, b, a), np.where(swap, a, b)  # the inner carriageway runs clockwise
    ring = np.flatnonzero(mains.ring)
    links = len(on_ring)
    return Mains(
        vertex,
        np.concatenate([a, twin[b[ring]], on_ring]),
        np.concatenate([b, twin[a[ring]], twin[on_ring]]),
        np.concatenate([mains.cells, mains.cells[ring], np.full((links, 2), -1)]),
        np.concatenate([mains.road_class, mains.road_class[ring], np.full(links, PRIMARY)]).astype(np.uint8),
        np.concatenate([mains.street, mains.street[ring], mains.street[ring[0]].repeat(links)]),
        np.concatenate([mains.country, mains.country[ring], np.zeros(links, bool)]),
        np.concatenate([mains.ring, mains.ring[ring], np.zeros(links, bool)]),
        mains.reach_m,
    )


def _merge(corner: np.ndarray, short: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join corners linked by short borders, so that crossings have four arms; returns places and labels."""
    links = coo_matrix((np.ones(len(short)), (short[:, 0], short[:, 1])), shape=(len(corner),) * 2)
    label = connected_components(links, directed=False)[1]
    present, compact = np.unique(label[used], return_inverse=True)
    number = np.zeros(label.max() + 1, np.int32)
    number[present] = np.arange(len(present))
    weight = np.bincount(compact)
    place = np.bincount(compact, corner[used].real) / weight + 1j * np.bincount(compact, corner[used].imag) / weight
    return place, number[label].astype(np.int32)


def _thinned(
    layout: Layout,
    vertex: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    country: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Which borders become roads: all in towns; in the country those that connect, along low ground, and some
    more."""
    middle = (vertex[a] + vertex[b]) / 2
    high = layout.mountain(middle)
    cost = np.abs(vertex[a] - vertex[b]) * (1 + high * layout.height_m(middle) / 400)
    tree = _tree_edges(a, b, np.where(country, cost, 1e-3 * cost), len(vertex))
    return tree | ~country | (rng.random(len(a)) < np.where(high > 0.5, 0.16, 0.42))


def _loose_ends(layout: Layout, vertex: np.ndarray, a: np.ndarray, b: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Country roads that lead nowhere, save some up the mountain valleys."""
    place = (vertex * 1e-3).real
    matters = (layout.built_up(vertex)[0] < 1) | (layout.mountain(vertex) > 0.5) & (place % 1 < 0.4)
    loose = np.zeros(len(a), bool)
    for _ in range(6):
        left = kept & ~loose
        degree = np.bincount(np.r_[a[left], b[left]], minlength=len(vertex))
        tip = (degree == 1) & ~matters
        loose |= left & (tip[a] | tip[b])
    return loose


def _tree_edges(a: np.ndarray, b: np.ndarray, cost: np.ndarray, nodes: int) -> np.ndarray:
    """bool [edges]: a minimum spanning tree; edges must be distinct pairs and cost more than 0."""
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    tree = minimum_spanning_tree(coo_matrix((cost, (low, high)), shape=(nodes, nodes)).tocsr()).tocoo()
    return np.isin(low * nodes + high, tree.row.astype(np.int64) * nodes + tree.col)


def _rank(
    layout: Layout, vertex: np.ndarray, a: np.ndarray, b: np.ndarray, ring: np.ndarray, country: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class and street of each main road from the flow towards the city, and which to keep at the river."""
    wet = layout.river_m(vertex[a]) * layout.river_m(vertex[b]) < 0
    length = np.abs(vertex[a] - vertex[b])
    cost = length * np.where(ring, 0.8, 1.0) + BRIDGE_DETOUR_M * wet
    both = coo_matrix((np.r_[cost, cost], (np.r_[a, b], np.r_[b, a])), shape=(len(vertex),) * 2).tocsr()
    weight = _traffic(layout, vertex)
    flow, heavy = np.zeros(len(a)), np.full(len(vertex), -1)
    edge_of = {(int(i), int(j)): k for k, (i, j) in enumerate(zip(a, b))} | {
        (int(j), int(i)): k for k, (i, j) in enumerate(zip(a, b))
    }
    street = np.full(len(a), -1, np.int32)
    linked = np.unique(np.r_[a, b])
    hubs = [0, *range(1, min(len(layout.centre), 4))]
    for hub in hubs:
        root = int(linked[np.argmin(np.abs(vertex[linked] - layout.centre[hub]))])
        distance, parent = dijkstra(both, indices=root, return_predecessors=True)
        order = [int(v) for v in np.argsort(distance, kind="stable") if np.isfinite(distance[v]) and v != root]
        carried = weight.copy()
        for v in reversed(order):
            carried[parent[v]] += carried[v]
        up = np.array([edge_of[v, int(parent[v])] for v in order])
        flow[up] += carried[order] * (1.0 if hub == 0 else 0.3)
        if hub == 0:
            heavy = _heaviest_child(order, parent, carried, len(vertex))
            for v, edge in zip(order, up):
                above = int(parent[v])
                inherits = heavy[above] == v and above != root
                street[edge] = street[edge_of[above, int(parent[above])]] if inherits else edge
    street = np.where(street < 0, np.arange(len(a)), street).astype(np.int32)
    if ring.any():
        street[ring] = np.flatnonzero(ring)[0]
    share = flow / weight.sum()
    small = 220.0 / max(weight.sum(), 220.0)
    road_class = np.select(
        [
            ring,
            share > max(0.16, small),
            share > max(0.035, small / 4),
            share > np.where(country, 0.02, 0.0015),
        ],
        [TRUNK, PRIMARY, SECONDARY, TERTIARY],
        UNCLASSIFIED,
    )
    road_class = np.where(~country & (share < 1e-9) & (length < 260), RESIDENTIAL, road_class)
    return road_class.astype(np.uint8), street, ~wet | ring | (share > 0.01) | country


def _traffic(layout: Layout, vertex: np.ndarray) -> np.ndarray:
    """Traffic starting at each vertex: town vertices share their settlement's size, country ones send a
    little."""
    share, which = layout.built_up(vertex)
    inside = share < 1
    count = np.maximum(np.bincount(which[inside], minlength=len(layout.centre)), 1)
    return np.where(inside, (layout.radius_m[which] / 100) ** 2 / count[which], 0.3)


def _heaviest_child(order: list[int], parent: np.ndarray, carried: np.ndarray, nodes: int) -> np.ndarray:
    """For each vertex the child with most traffic: the way its street goes on."""
    heavy = np.full(nodes, -1)
    for v in order:
        above = parent[v]
        if heavy[above] < 0 or carried[v] > carried[heavy[above]]:
            heavy[above] = v
    return heavy
