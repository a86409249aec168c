"""Dead zones drawn as polygons: GeoJSON to cells."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.coverage.grid import Grid
from engine.coverage.problem import FileProblem, why
from engine.geo import Projection

Rings = list[np.ndarray]
"""Of one polygon: its outline and its holes, each float64 [points, 2] of longitude and latitude."""


def read_zones(path: str | Path) -> list[Rings]:
    """Polygons of a GeoJSON file (RFC 7946): Polygon and MultiPolygon, alone, in features or in collections.

    Raises:
        FileProblem: not readable, not GeoJSON, no polygons, positions that are none.
    """
    path = Path(path)
    try:
        found = _polygons(json.loads(path.read_text(encoding="utf-8-sig")), "")
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise FileProblem("", path.name, f"a GeoJSON file ({why(error)})") from None
    if not found:
        raise FileProblem("", path.name, "at least one Polygon or MultiPolygon")
    return found


def inside(grid: Grid, projection: Projection, polygons: list[Rings]) -> np.ndarray:
    """Cells whose middle lies in any of the polygons, bool [rows, columns]; even-odd rule, so holes are out."""
    cells = np.zeros(grid.shape, bool)
    for rings in polygons:
        _fill(cells, grid, [np.column_stack(projection.to_xy(ring[:, 1], ring[:, 0])) for ring in rings])
    return cells


def _fill(cells: np.ndarray, grid: Grid, rings: Rings) -> None:
    """Every side of a polygon changes in and out for the cells to the right of where it crosses their row."""
    middle_m = grid.centres_m()[1]
    points = np.concatenate(rings)
    (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
    rows = slice(*np.searchsorted(middle_m, (bottom, top)).tolist())
    columns = slice(*_columns(grid, np.array([left, right])).tolist())
    window = cells[rows, columns]
    if not window.size:
        return
    middle_m = middle_m[rows]
    turns = np.zeros((window.shape[0], window.shape[1] + 1), np.int32)
    for ring in rings:
        a, b = ring, np.roll(ring, -1, axis=0)
        low, high = (np.searchsorted(middle_m, end(a[:, 1], b[:, 1])) for end in (np.minimum, np.maximum))
        count = high - low
        of = np.repeat(np.arange(len(a)), count)
        row = np.arange(len(of)) + (low - (np.cumsum(count) - count))[of]
        slope = (b[:, 0] - a[:, 0])[of] / (b[:, 1] - a[:, 1])[of]
        x_m = a[of, 0] + (middle_m[row] - a[of, 1]) * slope
        column = np.clip(_columns(grid, x_m), columns.start, columns.stop) - columns.start
        np.add.at(turns, (row, column), 1)
    window |= np.cumsum(turns, axis=1)[:, :-1] % 2 == 1


def _columns(grid: Grid, x_m: np.ndarray) -> np.ndarray:
    """The first columns whose middle lies right of these; the number of columns where none does."""
    first = np.floor((x_m * 1000 - grid.x0_mm) / grid.cell_mm + 0.5).astype(np.int64)
    return np.clip(first, 0, grid.columns)


def _polygons(node: Any, where: str) -> list[Rings]:
    kind = node.get("type") if isinstance(node, dict) else None
    match kind:
        case "FeatureCollection" | "GeometryCollection":
            key = "features" if kind == "FeatureCollection" else "geometries"
            parts = node.get(key)
            if not isinstance(parts, list):
                raise FileProblem(f"{where}{key}", parts, "a list")
            return [polygon for i, part in enumerate(parts) for polygon in _polygons(part, f"{where}{key}[{i}].")]
        case "Feature":
            return _polygons(node["geometry"], f"{where}geometry.") if node.get("geometry") else []
        case "Polygon":
            return [_rings(node.get("coordinates"), f"{where}coordinates")]
        case "MultiPolygon":
            several = node.get("coordinates")
            if not isinstance(several, list):
                raise FileProblem(f"{where}coordinates", several, "a list of polygons")
            return [_rings(one, f"{where}coordinates[{i}]") for i, one in enumerate(several)]
        case "Point" | "MultiPoint" | "LineString" | "MultiLineString":
            return []
    raise FileProblem(f"{where}type", kind, "a GeoJSON type")


def _rings(value: Any, where: str) -> Rings:
    if not isinstance(value, list) or not value:
        raise FileProblem(where, value, "a list of rings")
    return [_ring(ring, f"{where}[{i}]") for i, ring in enumerate(value)]


def _ring(value: Any, where: str) -> np.ndarray:
    try:
        points = np.array([(float(point[0]), float(point[1])) for point in value])
    except (TypeError, ValueError, IndexError, KeyError):
        raise FileProblem(where, value, "positions [longitude, latitude]") from None
    if len(points) < 4 or (points[0] != points[-1]).any():
        raise FileProblem(where, value, "four or more positions, the last one the first again")
    if not ((np.abs(points[:, 0]) <= 180) & (np.abs(points[:, 1]) <= 90)).all():
        raise FileProblem(where, value, "longitudes within 180 and latitudes within 90 degrees")
    if (np.abs(np.diff(points[:, 0])) > 180).any():  # RFC 7946, 3.1.9
        raise FileProblem(where, value, "a ring that does not cross the antimeridian: two polygons, one on each side")
    return points
