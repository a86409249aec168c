"""What coverage has to know of a region: its cells, how much road runs through each, how high they lie."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from engine.coverage.elevation import Elevation
from engine.coverage.grid import Grid
from engine.geo import Projection
from engine.roads.graph import RoadGraph

_STEP_M = 25.0
_TOWN_M = 500.0


@dataclass(frozen=True)
class Region:
    """A region as arrays [rows, columns] of its grid.

    ``road_m`` is the length of directed road in each cell; ``height_m`` the ground's height at its middle,
    None where nothing is known.
    """

    grid: Grid
    projection: Projection
    road_m: np.ndarray
    height_m: np.ndarray | None

    @property
    def roads(self) -> np.ndarray:
        """bool: cells with a road in them; all where no roads are known."""
        cells = self.road_m > 0
        return cells if cells.any() else np.ones_like(cells)

    def road_density(self) -> np.ndarray:
        """Road within about 500 m of each cell, in metres a cell."""
        return gaussian_filter(self.road_m, _TOWN_M / self.grid.cell_m, mode="constant")

    def middles(self) -> tuple[np.ndarray, np.ndarray]:
        """Latitudes [rows, 1] and longitudes [1, columns] of the cells' middles."""
        return _middles(self.grid, self.projection)


def region_of_roads(graph: RoadGraph, projection: Projection, elevation: Elevation | None = None) -> Region:
    """The region of a road graph; heights from a raster, else from the graph's nodes where it knows them."""
    x_m, y_m = projection.to_xy(graph.shape_lat, graph.shape_lon)
    grid = Grid.around(np.rint(x_m * 1000).astype(np.int64), np.rint(y_m * 1000).astype(np.int64))
    road_m = _road_m(grid, graph, x_m, y_m)
    return Region(grid, projection, road_m, _height_m(grid, projection, elevation, graph))


def region_of_places(lat: np.ndarray, lon: np.ndarray, projection: Projection, elevation: Elevation | None) -> Region:
    """The region of places without roads between them."""
    x_m, y_m = projection.to_xy(lat, lon)
    grid = Grid.around(np.rint(x_m * 1000).astype(np.int64), np.rint(y_m * 1000).astype(np.int64))
    return Region(grid, projection, np.zeros(grid.shape), _height_m(grid, projection, elevation, None))


def _road_m(grid: Grid, graph: RoadGraph, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    """Metres of road by cell: every straight piece counted at the middles of steps of at most 25 m."""
    inside = np.ones(len(x_m) - 1, bool)
    inside[graph.shape_ptr[1:-1] - 1] = False  # from one edge's last point to the next one's first
    first = np.flatnonzero(inside)
    dx, dy = x_m[first + 1] - x_m[first], y_m[first + 1] - y_m[first]
    length_m = np.hypot(dx, dy)
    steps = np.ceil(length_m / _STEP_M).astype(np.int64)
    of = np.repeat(np.arange(len(first)), steps)
    share = (np.arange(len(of)) - (np.cumsum(steps) - steps)[of] + 0.5) / steps[of]
    at = (np.floor((start[first][of] + share * d[of]) * 1000).astype(np.int64) for start, d in ((x_m, dx), (y_m, dy)))
    weights = (length_m / np.maximum(steps, 1))[of]
    return np.bincount(grid.cells(*at), weights, grid.rows * grid.columns).reshape(grid.shape)


def _height_m(
    grid: Grid, projection: Projection, elevation: Elevation | None, graph: RoadGraph | None
) -> np.ndarray | None:
    if elevation is not None:
        return elevation.heights_m(*_middles(grid, projection))
    if graph is None or graph.elevation_m is None:
        return None
    x_m, y_m = grid.centres_m()
    node_x, node_y = projection.to_xy(graph.lat, graph.lon)
    at = np.column_stack([np.tile(x_m, grid.rows), np.repeat(y_m, grid.columns)])
    nearest = cKDTree(np.column_stack([node_x, node_y])).query(at)[1]
    return graph.elevation_m[nearest].astype(float).reshape(grid.shape)


def _middles(grid: Grid, projection: Projection) -> tuple[np.ndarray, np.ndarray]:
    x_m, y_m = grid.centres_m()
    lat, lon = projection.to_lat_lon(0.0, y_m)[0], projection.to_lat_lon(x_m, 0.0)[1]
    return lat[:, None], lon[None, :]
