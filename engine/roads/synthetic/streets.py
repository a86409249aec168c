"""Streets of an invented region: a grid of its own in every cell, cut off at the main roads around it.

The result is a fine-grained undirected network of short straight pieces (``Pieces``); ``assemble`` joins
pieces into edges with a shape, so bends cost no nodes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import cKDTree

from engine.roads.synthetic.layout import BANK_M, OLD_TOWN, VILLAGE, Layout
from engine.roads.synthetic.mains import (
    LIVING_STREET,
    RESIDENTIAL,
    SERVICE,
    TRACK,
    UNCLASSIFIED,
    Mains,
)

Columns = dict[str, np.ndarray]
"""Named columns of equal length."""

#                      old town blocks suburb village
GRID_U_M = np.array([78.0, 155.0, 118.0, 105.0])
GRID_V_M = np.array([72.0, 98.0, 82.0, 90.0])
GRID_JITTER = np.array([0.16, 0.025, 0.12, 0.12])
STREET_KEPT = np.array([0.84, 0.93, 0.38, 0.5])
JOINT_KEPT = np.array([0.75, 0.7, 0.12, 0.4])
"""Share of grid streets, and of their joints with main roads, kept beyond those that connect everything."""

MIN_GAP_M = 24.0
"""Streets meeting a main road closer than this share a junction."""

BEND_M = 55.0
"""Distance of shape points on country roads."""

CUT_M = 450.0
"""Longest edge on country roads: a node is forced about this often."""


@dataclass(frozen=True)
class Pieces:
    """Short straight pieces of road between points."""

    z: np.ndarray  # complex [points]
    fixed: np.ndarray  # bool [points], stays a node even where nothing branches off
    u: np.ndarray  # int32 [pieces]
    v: np.ndarray  # int32 [pieces]
    road_class: np.ndarray  # uint8 [pieces]
    street: np.ndarray  # int64 [pieces], pieces of one street share a number
    oneway: np.ndarray  # bool [pieces], only from u to v
    tunnel: np.ndarray  # bool [pieces]


def pieces(layout: Layout, mains: Mains, rng: np.random.Generator) -> Pieces:
    """Cut main roads where streets meet them, wind them through the country, and add streets and farm
    roads."""
    grid, streets, joints = _grids(layout, mains, rng)
    main_z, main_fixed, chains, joint_point = _cut_mains(layout, mains, joints, rng)
    offset = len(main_z)
    u = np.concatenate([streets["u"] + offset, joints["point"] + offset])
    v = np.concatenate([streets["v"] + offset, joint_point])
    kind = np.concatenate([streets["kind"], joints["kind"]])
    name = np.concatenate([streets["street"], joints["street"]])
    is_joint = np.arange(len(u)) >= len(streets["u"])
    z = np.concatenate([main_z, grid])
    keep = _connected_choice(len(z), chains, u, v, kind, is_joint, rng)
    u, v, kind, name = u[keep], v[keep], kind[keep], name[keep]
    street_class = np.where((kind == OLD_TOWN) & (name % 5 == 0), LIVING_STREET, RESIDENTIAL)
    spur_z, spur = _farm_roads(layout, main_z, chains, offset + len(grid), rng)
    return Pieces(
        np.concatenate([z, spur_z]),
        np.concatenate([main_fixed, np.zeros(len(grid) + len(spur_z), bool)]),
        np.concatenate([chains["u"], u, spur["u"]]).astype(np.int32),
        np.concatenate([chains["v"], v, spur["v"]]).astype(np.int32),
        np.concatenate([chains["class"], street_class, spur["class"]]).astype(np.uint8),
        np.concatenate([chains["street"], name + len(mains.a), spur["street"] + 2**40]).astype(np.int64),
        np.concatenate([chains["oneway"], np.zeros(len(u) + len(spur["u"]), bool)]),
        np.concatenate([chains["tunnel"], np.zeros(len(u) + len(spur["u"]), bool)]),
    )


def _grids(layout: Layout, mains: Mains, rng: np.random.Generator) -> tuple[np.ndarray, Columns, Columns]:
    """Grid points of all built-up cells, the streets between them and where streets run into main roads."""
    cell = np.flatnonzero(layout.kind <= VILLAGE)
    kind, seed = layout.kind[cell], layout.seed[cell]
    which = layout.built_up(seed)[1]
    reach = np.minimum(mains.reach_m[cell], 1.25 * layout.radius_m[which] + np.abs(seed - layout.centre[which]))
    reach = np.minimum(reach, 1100.0)
    askew = np.where(rng.random(len(cell)) < 0.25, rng.normal(0, 0.5, len(cell)), 0)
    turn = np.angle(seed - layout.centre[which]) + askew
    stretch = rng.uniform(0.85, 1.2, len(cell))
    step_u, step_v = GRID_U_M[kind] * stretch, GRID_V_M[kind] / np.sqrt(stretch)
    rows, columns = 2 * np.ceil(reach / step_u).astype(int) + 1, 2 * np.ceil(reach / step_v).astype(int) + 1
    count = rows * columns
    of = np.repeat(np.arange(len(cell)), count)
    local = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    row, column = local // columns[of], local % columns[of]
    noise = rng.normal(size=(2, len(of))) * GRID_JITTER[kind[of]] * step_v[of]
    along, across = (row - rows[of] // 2) * step_u[of], (column - columns[of] // 2) * step_v[of]
    z = seed[of] + (along + noise[0] + 1j * (across + noise[1])) * np.exp(1j * turn[of])

    owner = cKDTree(np.c_[layout.seed.real, layout.seed.imag]).query(np.c_[z.real, z.imag])[1]
    inside = owner == cell[of]
    core = np.flatnonzero(inside)
    core = core[layout.built_up(z[core])[0] < 1]
    river_m = np.zeros(len(z))
    river_m[core] = layout.river_m(z[core])
    good = np.abs(river_m) > BANK_M
    street_of_row = 4096 * of.astype(np.int64) + 2 * row
    street_of_column = 4096 * of.astype(np.int64) + 2 * column + 1
    here = np.arange(len(of))
    right, up = here[column < columns[of] - 1], here[row < rows[of] - 1]
    p = np.concatenate([right, up])
    q = np.concatenate([right + 1, up + columns[of[up]]])
    street = np.concatenate([street_of_row[right], street_of_column[up]])
    joined = good[p] & good[q] & (river_m[p] * river_m[q] > 0)
    number = np.cumsum(good) - 1
    streets = {
        "u": number[p[joined]],
        "v": number[q[joined]],
        "kind": kind[of[p[joined]]],
        "street": street[joined],
    }
    out = (good[p] & ~inside[q]) | (good[q] & ~inside[p])
    start, end = np.where(good[p], p, q)[out], np.where(good[p], q, p)[out]
    joints = _joints(layout, mains, z[start], z[end], cell[of[start]], owner[end])
    found = joints.pop("found")
    joints |= {"point": number[start[found]], "kind": kind[of[start[found]]], "street": street[out][found]}
    return z[good], streets, joints


def _joints(
    layout: Layout, mains: Mains, start: np.ndarray, end: np.ndarray, cell: np.ndarray, other: np.ndarray
) -> Columns:
    """Where streets leaving their cell meet the main road between it and the next; ring roads take none."""
    low, high = np.minimum(cell, other).astype(np.int64), np.maximum(cell, other).astype(np.int64)
    key = mains.cells[:, 0].astype(np.int64) * len(layout.seed) + mains.cells[:, 1]
    order = np.argsort(key, kind="stable")
    spot = np.minimum(np.searchsorted(key[order], low * len(layout.seed) + high), len(key) - 1)
    main = order[spot]
    found = (key[main] == low * len(layout.seed) + high) & ~mains.ring[main]
    ours, theirs = np.abs(start - layout.seed[cell]) ** 2, np.abs(start - layout.seed[other]) ** 2
    then_ours, then_theirs = np.abs(end - layout.seed[cell]) ** 2, np.abs(end - layout.seed[other]) ** 2
    share = (ours - theirs) / ((ours - theirs) - (then_ours - then_theirs))
    place = start + share * (end - start)
    a, b = mains.vertex[mains.a[main]], mains.vertex[mains.b[main]]
    along = ((place - a) * np.conj(b - a)).real / np.abs(b - a) ** 2
    foot = a + along * (b - a)
    found &= (along >= 0) & (along <= 1) & (np.abs(place - foot) < 60)
    return {"found": found, "main": main[found], "along": along[found]}


def _cut_mains(
    layout: Layout, mains: Mains, joints: Columns, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, Columns, np.ndarray]:
    """Points and pieces of the main roads with a point at every joint; returns also the point of each
    joint."""
    vertex, a, b = mains.vertex, mains.a, mains.b
    length = np.abs(vertex[a] - vertex[b])
    count = (length / np.where(mains.country | (length > 700), BEND_M, 110.0)).astype(int)
    fill = np.repeat(np.arange(len(a)), count)
    rank = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    fill_along = (rank + 1) / (count[fill] + 1)
    bored_m = _tunnels(layout, mains, rng)
    solid = np.abs(fill_along - 0.5) * length[fill] >= bored_m[fill] / 2
    fill, fill_along = fill[solid], fill_along[solid]
    main = np.concatenate([fill, joints["main"]])
    along = np.concatenate([fill_along, joints["along"]])
    point = np.where(along * length[main] < MIN_GAP_M, a[main], b[main])
    free = np.flatnonzero((along * length[main] >= MIN_GAP_M) & ((1 - along) * length[main] >= MIN_GAP_M))
    free = free[np.lexsort((along[free], main[free]))]
    gap = np.diff(along[free] * length[main[free]], prepend=0.0)
    new = (np.diff(main[free], prepend=-1) != 0) | (gap >= np.where(free >= len(fill), MIN_GAP_M, 0.0))
    point[free] = np.cumsum(new) - 1 + len(vertex)

    of, at = main[free[new]], along[free[new]]
    straight = vertex[a[of]] + at * (vertex[b[of]] - vertex[a[of]])
    z = np.concatenate([vertex, straight + _winding(layout, straight, of, at, vertex[b] - vertex[a], rng)])
    fixed = np.concatenate([np.zeros(len(vertex), bool), _every(at, length[of], np.diff(of, prepend=-1) == 0)])
    first, last = np.diff(of, prepend=-1) != 0, np.diff(of, append=-1) != 0
    number = np.arange(len(of)) + len(vertex)
    bare = np.setdiff1d(np.arange(len(a)), of)
    owner = np.concatenate([of[first], of[~last], of[last], bare])
    chains = {
        "u": np.concatenate([a[of[first]], number[~last], number[last], a[bare]]),
        "v": np.concatenate([number[first], number[~last] + 1, b[of[last]], b[bare]]),
        "class": mains.road_class[owner],
        "street": mains.street[owner],
        "oneway": mains.ring[owner],
    }
    between = (at[:-1] + at[1:])[~last[:-1]] / 2
    middle = np.concatenate([at[first] / 2, between, (1 + at[last]) / 2, np.full(len(bare), 0.5)])
    chains["tunnel"] = np.abs(middle - 0.5) * length[owner] < bored_m[owner] / 2
    return z, fixed, chains, point[len(fill) :]


def _tunnels(layout: Layout, mains: Mains, rng: np.random.Generator) -> np.ndarray:
    """Length of the tunnel in the middle of each main road, 0 without: through mountains and once under the
    ring."""
    a, b = mains.vertex[mains.a], mains.vertex[mains.b]
    length, draw = np.abs(a - b), rng.random((2, len(a)))
    high = (layout.mountain((a + b) / 2) > 0.5) & (layout.built_up((a + b) / 2)[0] > 1.4)
    bored_m = np.where(high & (length > 1000) & (draw[0] < 0.18), 250 + 450 * draw[1], 0.0)
    if mains.ring.any():
        first = mains.cells[np.flatnonzero(mains.ring)[0]]
        bored_m = np.where(mains.ring & (mains.cells == first).all(1), 0.6 * length, bored_m)
    return bored_m


def _winding(
    layout: Layout,
    z: np.ndarray,
    main: np.ndarray,
    along: np.ndarray,
    way: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Sideways offset of points on country roads: mild bends in the plain, hairpins in the mountains."""
    mains = len(way)
    phase, pace = rng.uniform(0, 2 * np.pi, (3, mains)), rng.uniform(0.8, 1.3, (3, mains))
    length = np.abs(way)[main]
    run = along * length
    open_land = np.clip((layout.built_up(z)[0] - 1.05) / 0.5, 0, 1)
    calm = open_land * np.clip(np.minimum(run, length - run) / 220, 0, 1)
    high = layout.mountain(z)
    offset = np.zeros(len(z))
    waves = zip((820.0, 430.0, 230.0), (30.0, 8.0, 0.0), (70.0, 62.0, 22.0))
    for k, (wave_m, plain_m, mountain_m) in enumerate(waves):
        size = plain_m + (mountain_m - plain_m) * high
        offset += size * np.sin(2 * np.pi * run / wave_m * pace[k, main] + phase[k, main])
    return offset * calm * 1j * way[main] / length


def _every(along: np.ndarray, length: np.ndarray, follows: np.ndarray) -> np.ndarray:
    """Points where a long road is cut, about every ``CUT_M``; ``follows`` marks points with a predecessor."""
    parts = np.ceil(length / CUT_M)
    part = np.floor(along * parts)
    return follows & (part != np.concatenate([[0.0], part[:-1]]))


def _connected_choice(
    points: int, chains: Columns, u: np.ndarray, v: np.ndarray, kind: np.ndarray, is_joint: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """bool [streets and joints]: a spanning tree with the main roads, and the share that the kind of cell
    keeps."""
    low = np.minimum(np.concatenate([chains["u"], u]), np.concatenate([chains["v"], v])).astype(np.int64)
    high = np.maximum(np.concatenate([chains["u"], u]), np.concatenate([chains["v"], v])).astype(np.int64)
    cost = np.concatenate([np.full(len(chains["u"]), 1e-3), 1 + rng.random(len(u)) + is_joint])
    key = low * points + high
    unique = np.unique(key, return_index=True)[1]
    matrix = coo_matrix((cost[unique], (low[unique], high[unique])), shape=(points, points)).tocsr()
    tree = minimum_spanning_tree(matrix).tocoo()
    chosen = np.isin(key, tree.row.astype(np.int64) * points + tree.col)
    distinct = np.zeros(len(key), bool)
    distinct[unique] = True
    more = rng.random(len(u)) < np.where(is_joint, JOINT_KEPT[kind], STREET_KEPT[kind])
    return distinct[len(chains["u"]) :] & (chosen[len(chains["u"]) :] | more)


def _farm_roads(
    layout: Layout, z: np.ndarray, chains: Columns, offset: int, rng: np.random.Generator
) -> tuple[np.ndarray, Columns]:
    """Short dead-end roads off country roads, to farms and into the woods; returns points and pieces."""
    draw = rng.random(len(chains["u"]))
    foot = z[chains["u"]]
    open_land = (layout.built_up(foot)[0] > 1.25) & (np.abs(layout.river_m(foot)) > BANK_M) & ~chains["oneway"]
    start = np.flatnonzero(open_land & (draw < BEND_M / np.where(layout.mountain(foot) > 0.5, 2600.0, 950.0)))
    way = z[chains["v"][start]] - foot[start]
    side = np.where(rng.random(len(start)) < 0.5, 1j, -1j)
    steps = rng.integers(2, 9, len(start))
    turns = np.cumsum(rng.normal(0, 0.3, (len(start), 8)), axis=1)
    walk = (way / np.abs(way) * side)[:, None] * np.exp(1j * turns) * BEND_M
    path = foot[start][:, None] + np.cumsum(walk, axis=1)
    used = np.arange(8) < steps[:, None]
    number = np.cumsum(used.ravel()).reshape(used.shape) - 1 + offset
    before = np.concatenate([chains["u"][start][:, None], number[:, :-1]], axis=1)
    of = np.repeat(np.arange(len(start)), steps)
    road_class = rng.choice([UNCLASSIFIED, SERVICE, TRACK], len(start), p=[0.45, 0.35, 0.2])
    return path[used], {"u": before[used], "v": number[used], "class": road_class[of], "street": of}
