"""A small region to survey: a square of roads that thin out, with or without hills."""

import numpy as np

from engine.coverage.grid import Grid
from engine.coverage.region import Region
from engine.geo import Projection

PLANE = Projection(42.5, 1.5)


def region(cells: int = 240, cell_mm: int = 50_000, height_m: np.ndarray | None = None) -> Region:
    """``cells`` x ``cells`` around the plane's centre; a road in every second cell, in all of the middle third."""
    grid = Grid(-cells * cell_mm // 2, -cells * cell_mm // 2, cell_mm, cells, cells)
    row, column = np.indices(grid.shape)
    middle = (abs(row - cells / 2) < cells / 6) & (abs(column - cells / 2) < cells / 6)
    return Region(grid, PLANE, np.where(middle | ((row + column) % 2 == 0), 100.0, 0.0), height_m)
