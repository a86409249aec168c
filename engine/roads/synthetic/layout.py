"""Where things lie in an invented region: settlements, hills, a river, and the cells that roads run around.

Points are complex numbers, x east and y north in metres from the city centre: rotation, interpolation and
distance are then single operations. Everything is laid out on straight lines and bent at the end by
``Layout.warp``.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

OLD_TOWN, BLOCKS, SUBURB, VILLAGE, COUNTRY, OUTSIDE = range(6)
"""Kinds of cell, from dense to empty."""

CITY_NODES_PER_KM2 = 74.0
"""Junctions per km2 of built-up area as generated here; Porto's OpenStreetMap extract has about as many."""

Cells = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Seeds, kinds and sides of the ring road of some cells, as in ``Layout``."""

BANK_M = 80.0
"""Nothing is built nearer to the middle of the river."""


@dataclass(frozen=True)
class Layout:
    """The plan of a region. Settlement 0 is the city; the others are ordered by size."""

    centre: np.ndarray  # complex [settlements]
    radius_m: np.ndarray  # float [settlements]
    region_m: float
    ring_m: float  # radius of the ring road, 0 without one
    mountain_to: complex  # unit vector towards the mountains
    mountain_from: float  # where they begin along it, as a share of region_m
    phase: np.ndarray  # float [24], of every wave below
    seed: np.ndarray  # complex [cells]
    kind: np.ndarray  # int8 [cells]
    ring_side: np.ndarray  # int8 [cells], 1 just inside the ring road, 2 just outside, 0 elsewhere

    def edge_of_town_m(self, z: np.ndarray, settlement: np.ndarray | int) -> np.ndarray:
        """Built-up radius of a settlement in the direction of ``z``: a wobbly circle."""
        angle, shift = np.angle(z - self.centre[settlement]), np.angle(self.centre[settlement] + 1.7)
        wobble = 0.14 * np.sin(3 * angle + self.phase[0] + 5 * shift) + 0.1 * np.sin(5 * angle + 9 * shift)
        return self.radius_m[settlement] * (1 + wobble)

    def built_up(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance to the nearest settlement as a share of its radius (below 1: built up), and which it
        is."""
        share = np.abs(z) / self.edge_of_town_m(z, 0)
        which = np.zeros(z.shape, np.int32)
        if len(self.centre) > 1:
            tree = cKDTree(np.c_[self.centre[1:].real, self.centre[1:].imag])
            town = tree.query(np.c_[z.real, z.imag])[1] + 1
            town_share = np.abs(z - self.centre[town]) / self.edge_of_town_m(z, town)
            which = np.where(town_share < share, town, which).astype(np.int32)
            share = np.minimum(share, town_share)
        return share, which

    def mountain(self, z: np.ndarray) -> np.ndarray:
        """0 in the plain to 1 in the mountains."""
        along = (z * np.conj(self.mountain_to)).real / self.region_m
        across = (z * np.conj(self.mountain_to)).imag / self.region_m
        along = along + 0.12 * np.sin(4 * across + self.phase[1])
        return _smooth_step((along - self.mountain_from) / 0.28)

    def height_m(self, z: np.ndarray) -> np.ndarray:
        """Elevation above sea: low rolling land, and ridges up to about 1,000 m in the mountains."""
        ridges = np.zeros(z.shape)
        for k, wave_m in enumerate((8200.0, 4700.0, 2600.0)):
            way = np.exp(1j * self.phase[2 + k])
            ridges += (1 - np.abs(np.sin(np.pi * (z * way).real / wave_m + self.phase[5 + k]))) / 2.0**k
        rolling = 25 * np.sin(z.real / 1300 + self.phase[8]) + 20 * np.sin(z.imag / 1700 + self.phase[9])
        return 120 + rolling + self.mountain(z) * (250 + 420 * ridges)

    def river_m(self, z: np.ndarray) -> np.ndarray:
        """Signed distance to the middle of the river, positive on the mountain side."""
        along = (z * np.conj(self.mountain_to)).imag
        city = self.radius_m[0]
        bend = 0.22 * city * np.sin(along / (0.9 * city) + self.phase[10]) + 0.1 * city * np.sin(
            along / (0.37 * city) + self.phase[11]
        )
        return (z * np.conj(self.mountain_to)).real - 0.42 * city - bend

    def warp(self, z: np.ndarray) -> np.ndarray:
        """Bend the plan: gentle curves everywhere, tighter ones in old towns; never folds (waves shear, they
        do not squeeze)."""
        bent = z + 0.13 * np.exp(1j * self.phase[22]) * np.conj(z)  # longer one way than the other
        for wave_m, size, turn, shift in zip(
            (7700.0, 4300.0, 2100.0, 1050.0), (0.05, 0.05, 0.032, 0.025), self.phase[12:16], self.phase[16:20]
        ):
            way = np.exp(1j * turn)
            bent += 1j * way * size * wave_m * np.sin(2 * np.pi * (z * np.conj(way)).real / wave_m + shift)
        share, which = self.built_up(z)
        old = np.where((share < 0.35) & (which == 0), 1 - share / 0.35, 0.0)
        small = np.exp(1j * self.phase[20])
        turned = z * np.conj(small)
        bent += old * 14 * small * (1j * np.sin(turned.real / 70) + np.sin(turned.imag / 55))
        return bent


def plan(nodes: float, mountains: float, ring: bool, rng: np.random.Generator) -> Layout:
    """Lay out a region that will have about ``nodes`` junctions; ``mountains`` is their share of the
    region."""
    city_nodes, towns = _sizes(nodes)
    size = np.concatenate([[city_nodes], TOWN_SHARE * city_nodes / np.arange(2, towns + 2)])
    radius_m = 1000 * np.sqrt(size / CITY_NODES_PER_KM2 / np.pi)
    area_km2 = np.pi * (1.35 * radius_m[0] / 1000) ** 2 + (8.0 + 5.0 * mountains) * towns + 2
    region_m = 1000 * np.sqrt(area_km2 / np.pi)
    towards = np.exp(2j * np.pi * rng.random())
    start = max(np.interp(mountains, [0, 0.2, 0.35, 0.5, 1.0], [1.6, 0.45, 0.22, 0.0, -1.2]), -1.2)
    phase = rng.random(24) * 2 * np.pi
    shell = Layout(
        np.zeros(1, complex), radius_m[:1], region_m, 0.0, towards, start, phase,
        np.zeros(0, complex), np.zeros(0, np.int8), np.zeros(0, np.int8),
    )  # fmt: skip
    centre = _place_towns(shell, radius_m, rng)
    radius_m = radius_m[: len(centre)]
    ring_m = 0.74 * radius_m[0] if ring else 0.0
    seed, kind, ring_side = _cells(shell, centre, radius_m, ring_m, rng)
    return Layout(centre, radius_m, region_m, ring_m, towards, start, phase, seed, kind, ring_side)


TOWN_SHARE = 0.25
"""Town number k has this share of the city's junctions divided by k + 1: a rank-size rule with a dominant
city."""

VILLAGE_NODES = 42.0
COUNTRY_SHARE = 0.24
"""Share of all junctions outside settlements."""


def _sizes(nodes: float) -> tuple[float, int]:
    """Junctions of the city and the number of towns and villages, so that all add up to ``nodes``."""
    low, high = 0.0, float(nodes)
    for _ in range(50):
        city = (low + high) / 2
        towns = max(int(TOWN_SHARE * city / VILLAGE_NODES) - 1, 2)
        total = city * (1 + TOWN_SHARE * np.sum(1 / np.arange(2, towns + 2)))
        low, high = (city, high) if total < nodes * (1 - COUNTRY_SHARE) else (low, city)
    return city, towns


def _place_towns(shell: Layout, radius_m: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Centres of the city and of as many towns as find room, biggest first, rarer in the mountains."""
    spots = hex_points(0.93 * shell.region_m, 1900.0, 0.3, rng)
    spots = spots[np.abs(spots) > 1.3 * radius_m[0] + 500]
    order = np.argsort(rng.random(len(spots)) + 0.35 * shell.mountain(spots), kind="stable")
    spots, free = spots[order], np.ones(len(spots), bool)
    chosen = [0j]
    for own in radius_m[1:]:
        room = np.flatnonzero(free & (np.abs(spots) > 1.25 * radius_m[0] + 1.3 * own + 300))
        if len(room) == 0:
            break
        spot = spots[room[0]]
        chosen.append(spot)
        free &= np.abs(spots - spot) > 1.5 * own + 1300
    return np.array(chosen)


def _cells(shell: Layout, centre: np.ndarray, radius_m: np.ndarray, ring_m: float, rng: np.random.Generator) -> Cells:
    """Seeds of the cells whose borders become the main roads."""
    parts = [_city_cells(radius_m[0], ring_m, rng)]
    for spot, own in zip(centre[1:], radius_m[1:]):
        parts.append(_town_cells(spot, own, rng))
    seed, kind, side = (np.concatenate(column) for column in zip(*parts))
    plain = hex_points(1.2 * shell.region_m + 5000, 2000.0, 0.32, rng)
    high = hex_points(1.2 * shell.region_m + 5000, 2900.0, 0.32, rng)
    land = np.concatenate([plain[shell.mountain(plain) < 0.5], high[shell.mountain(high) >= 0.5]])
    gap = cKDTree(np.c_[seed.real, seed.imag]).query(np.c_[land.real, land.imag])[0]
    land = land[(gap > 750) & (np.abs(land) > radius_m[0] * 1.12)]
    border = shell.region_m * (1 + 0.06 * np.sin(3 * np.angle(land) + shell.phase[21]))
    land_kind = np.where(np.abs(land) > border, OUTSIDE, COUNTRY)
    return (
        np.concatenate([seed, land]),
        np.concatenate([kind, land_kind]).astype(np.int8),
        np.concatenate([side, np.zeros(len(land))]).astype(np.int8),
    )


def _city_cells(radius_m: float, ring_m: float, rng: np.random.Generator) -> Cells:
    """An old centre of small irregular cells, rows of blocks around it, the ring road between two rows,
    suburbs."""
    old_m = float(np.clip(0.22 * radius_m, 250, 1400))
    old = hex_points(old_m, 260.0, 0.28, rng)
    phase, first = rng.random() * 2 * np.pi, max(round(2 * np.pi * old_m / 480), 5)
    inner_end = ring_m or 0.7 * radius_m
    edges = _row_edges(old_m + 60, inner_end, 430.0, 700.0)
    outer = _row_edges(inner_end, 1.08 * radius_m, edges[-1] - edges[-2], 800.0)
    seeds, kinds, sides = [old], [np.full(len(old), OLD_TOWN)], [np.zeros(len(old))]
    for low, high in [*pairwise(edges), *pairwise(outer)]:
        at_ring = ring_m > 0 and (high == inner_end or low == inner_end)
        suburb = low >= inner_end
        jitter = 0.0 if at_ring else (0.16 if suburb else 0.07)
        middle = inner_end - (outer[1] - outer[0]) / 2 if at_ring and not suburb else (low + high) / 2
        row = _row(middle, first, 560.0, phase, jitter * (high - low), rng)
        seeds.append(row)
        kinds.append(np.full(len(row), SUBURB if suburb else BLOCKS))
        sides.append(np.full(len(row), (2 if suburb else 1) if at_ring else 0))
    return np.concatenate(seeds), np.concatenate(kinds), np.concatenate(sides)


def _town_cells(centre: complex, radius_m: float, rng: np.random.Generator) -> Cells:
    """Rows of cells around a crossroads."""
    phase, first = rng.random() * 2 * np.pi, int(rng.integers(3, 6))
    start_m = 0.62 * radius_m if radius_m < 650 else 330.0
    edges = [0.0, 2 * start_m]
    while edges[-1] < radius_m:
        edges.append(edges[-1] + 560.0)
    rows = []
    for low, high in pairwise(edges):
        rows.append(centre + _row((low + high) / 2, first, 620.0, phase, 0.05 * (high - low), rng))
    inner, outer = (BLOCKS, SUBURB) if radius_m > 700 else (VILLAGE, VILLAGE)
    kinds = [np.full(len(row), outer if k else inner) for k, row in enumerate(rows)]
    seed = np.concatenate(rows)
    return seed, np.concatenate(kinds), np.zeros(len(seed))


def _row_edges(start: float, end: float, first_m: float, last_m: float) -> np.ndarray:
    """Borders of rows from ``start`` to ``end``, their depth growing from ``first_m`` to about ``last_m``."""
    count = max(round((end - start) / (first_m + last_m) * 2), 1)
    depth = np.linspace(first_m, last_m, count)
    return start + np.concatenate([[0.0], np.cumsum(depth) / depth.sum()]) * (end - start)


def _row(
    radius_m: float, first: int, cell_m: float, phase: float, jitter_m: float, rng: np.random.Generator
) -> np.ndarray:
    """Seeds on a circle, as many as keep their distance near ``cell_m``, doubling so that radial roads run
    on."""
    doublings = max(int(np.round(np.log2(2 * np.pi * radius_m / (first * cell_m)))), 0)
    count = first * 2**doublings
    angle = phase + 2 * np.pi * (np.arange(count) + 0.5) / count
    angle = angle + 0.35 / first * np.sin(2 * angle + phase)
    noise = rng.normal(size=(2, count))
    return radius_m * np.exp(1j * angle) + jitter_m * (noise[0] + 1j * noise[1])


def hex_points(radius_m: float, spacing_m: float, jitter: float, rng: np.random.Generator) -> np.ndarray:
    """Points of a jittered hexagonal lattice within a radius of the origin (at least one)."""
    reach = int(1.2 * radius_m / spacing_m) + 2
    column, row = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))
    lattice = ((column + 0.5 * (row % 2)) + 1j * row * np.sqrt(0.75)).ravel() * spacing_m
    noise = rng.uniform(-jitter, jitter, (2, len(lattice))) * spacing_m
    points = lattice + noise[0] + 1j * noise[1]
    return points[np.abs(points) <= max(radius_m, spacing_m)]


def _smooth_step(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)
