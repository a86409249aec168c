"""Low-emission zones: which edges lie within."""

import itertools

import numpy as np

from engine.roads.graph import LOW_EMISSION_ZONE


def mark_zones(
    zones: list[list[np.ndarray]],
    shape_ptr: np.ndarray,
    shape_lat: np.ndarray,
    shape_lon: np.ndarray,
    flags: np.ndarray,
) -> int:
    """Set LOW_EMISSION_ZONE in ``flags`` (in place) of edges whose middle is inside a zone.

    Returns how many zones were ignored because their boundary is not closed (clipped at the edge of the map).
    """
    low = (shape_ptr[:-1] + shape_ptr[1:] - 1) // 2
    high = (shape_ptr[:-1] + shape_ptr[1:]) // 2
    lat, lon = (shape_lat[low] + shape_lat[high]) / 2, (shape_lon[low] + shape_lon[high]) / 2
    ignored = 0
    for lines in zones:
        if not _closed(lines):
            ignored += 1
            continue
        flags[inside(lines, lat, lon)] |= LOW_EMISSION_ZONE
    return ignored


def inside(lines: list[np.ndarray], lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """bool: which points are inside closed boundaries, by crossings of a line due east (even-odd rule).

    Outer and inner boundaries, in pieces and in any order, need no assembling: every segment is counted once.
    """
    odd = np.zeros(len(lat), bool)
    for line in lines:
        for (lat_a, lon_a), (lat_b, lon_b) in itertools.pairwise(line.tolist()):
            crossed = np.flatnonzero((lat_a > lat) != (lat_b > lat))
            at_lon = lon_a + (lat[crossed] - lat_a) / (lat_b - lat_a) * (lon_b - lon_a)
            odd[crossed[lon[crossed] < at_lon]] ^= True
    return odd


def _closed(lines: list[np.ndarray]) -> bool:
    """Whether every end of a line is the end of another, so that the lines enclose something."""
    ends: dict[tuple[float, float], int] = {}
    for line in lines:
        if len(line) < 2:
            return False
        for point in (tuple(line[0]), tuple(line[-1])):
            ends[point] = ends.get(point, 0) + 1
    return bool(ends) and all(count % 2 == 0 for count in ends.values())
