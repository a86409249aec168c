"""Dead zones: polygons to cells, and GeoJSON of every shape."""

import json
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.coverage.grid import Grid
from engine.coverage.problem import FileProblem
from engine.coverage.zones import inside, read_zones
from tests.engine.coverage.regions import PLANE

GRID = Grid(-2_000_000, -2_000_000, 20_000, 200, 200)
CELL_KM2 = 0.02**2


def ring(*corners_m: tuple[float, float]) -> np.ndarray:
    """A closed ring of corners on the plane, in degrees (longitude, latitude)."""
    x, y = np.array([*corners_m, corners_m[0]], float).T
    lat, lon = PLANE.to_lat_lon(x, y)
    return np.column_stack([lon, lat])


def square(half_m: float, x_m: float = 0.0, y_m: float = 0.0) -> np.ndarray:
    """A square around a point."""
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return ring(*((x_m + a * half_m, y_m + b * half_m) for a, b in signs))


def km2(polygons) -> float:
    """Area of the cells inside."""
    return float(inside(GRID, PLANE, polygons).sum() * CELL_KM2)


def test_areas():
    """A square, one with a hole, a triangle, two that overlap (counted once), one that reaches out of the grid."""
    assert km2([[square(1000)]]) == pytest.approx(4.0, rel=0.01)
    assert km2([[square(1000), square(500)]]) == pytest.approx(3.0, rel=0.01)
    assert km2([[ring((-1500, -1500), (1500, -1500), (0, 1500))]]) == pytest.approx(4.5, rel=0.01)
    assert km2([[square(1000)], [square(1000, 500)]]) == pytest.approx(5.0, rel=0.01)
    assert km2([[square(9000)]]) == pytest.approx(16.0)
    assert km2([[square(100, 5000, 0)]]) == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-1900, 1900), st.floats(-1900, 1900)), min_size=3, max_size=9))
def test_cells_are_those_that_the_even_odd_rule_says(corners):
    """Against counting crossings of a ray from each of some cells, one at a time."""
    found = inside(GRID, PLANE, [[ring(*corners)]])
    closed = np.column_stack(PLANE.to_xy(*ring(*corners).T[::-1]))
    x_m, y_m = GRID.centres_m()
    for row in range(5, 200, 27):
        for column in range(3, 200, 31):
            x, y = x_m[column], y_m[row]
            left = 0
            for (ax, ay), (bx, by) in pairwise(closed):
                if (ay <= y) != (by <= y):
                    left += ax + (y - ay) * (bx - ax) / (by - ay) <= x
            near = np.abs(closed - (x, y)).min() < 1e-3  # rounding may decide there
            assert near or found[row, column] == (left % 2 == 1)


def test_many_small_zones_cost_what_they_cover():
    """As a regulator publishes them: 3,000 on and around a large grid, a millisecond each at most."""
    grid = Grid(-20_000_000, -20_000_000, 50_000, 800, 800)
    at_m = np.random.default_rng(1).uniform(-25_000, 25_000, (3_000, 2))
    polygons = [[square(100.0, x, y)] for x, y in at_m]
    started = time.process_time()
    found = inside(grid, PLANE, polygons)
    assert time.process_time() - started < 3.0
    x_m, y_m = grid.centres_m()
    each = np.zeros(grid.shape, bool)
    for x, y in at_m:
        each |= (np.abs(y_m - y) < 100.0)[:, None] & (np.abs(x_m - x) < 100.0)
    assert (found == each).all()


def test_every_shape_of_geojson(tmp_path):
    """Collections, features, bare geometries; points and lines are passed over."""
    outline, hole = square(1000).tolist(), square(500).tolist()
    polygon = {"type": "Polygon", "coordinates": [outline, hole]}
    several = {"type": "MultiPolygon", "coordinates": [[outline], [hole]]}
    point = {"type": "Point", "coordinates": [1, 2]}
    for value, count in (
        (polygon, 1),
        (several, 2),
        ({"type": "Feature", "properties": {}, "geometry": several}, 2),
        ({"type": "GeometryCollection", "geometries": [point, polygon]}, 1),
        (
            {
                "type": "FeatureCollection",
                "features": [{"type": "Feature", "geometry": g} for g in (polygon, point, None)],
            },
            1,
        ),
    ):
        for encoding in ("utf-8", "utf-8-sig"):  # with a byte-order mark, as some programs write it
            (tmp_path / "zones.geojson").write_text(json.dumps(value), encoding=encoding)
            assert len(read_zones(tmp_path / "zones.geojson")) == count


@pytest.mark.parametrize(
    ("value", "where", "words"),
    [
        ("no json", "", "GeoJSON file"),
        ({"type": "Point", "coordinates": [1, 2]}, "", "at least one Polygon"),
        ({"type": "Circle"}, "type", "a GeoJSON type"),
        ([1], "type", "a GeoJSON type"),
        ({"type": "FeatureCollection"}, "features", "a list"),
        ({"type": "Polygon", "coordinates": []}, "coordinates", "rings"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}, "coordinates[0]", "the first again"),
        ({"type": "Polygon", "coordinates": [[["a", 0]]]}, "coordinates[0]", "positions"),
        ({"type": "Polygon", "coordinates": [[[0, 91], [1, 0], [1, 1], [0, 91]]]}, "coordinates[0]", "within"),
        (
            {"type": "Polygon", "coordinates": [[[179, -17], [-179, -17], [-179, -16], [179, -16], [179, -17]]]},
            "coordinates[0]",
            "two polygons, one on each side",
        ),
        (
            {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "X"}}]},
            "features[0].geometry.type",
            "a GeoJSON type",
        ),
    ],
)
def test_bad_files_are_named_by_place(value, where, words, tmp_path):
    """Where in the file, and what was expected."""
    (tmp_path / "zones.geojson").write_text(value if isinstance(value, str) else json.dumps(value))
    with pytest.raises(FileProblem) as caught:
        read_zones(tmp_path / "zones.geojson")
    assert caught.value.where == where
    assert words in caught.value.expected
