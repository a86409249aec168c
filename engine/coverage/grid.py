"""The square cells a region is cut into."""

from dataclasses import dataclass

import numpy as np

MOST_CELLS = 1_000_000
_LEAST_CELL_MM, _STEP_MM = 50_000, 10_000


@dataclass(frozen=True)
class Grid:
    """``rows`` x ``columns`` cells of ``cell_mm``; the lower left corner of the first is (``x0_mm``, ``y0_mm``)."""

    x0_mm: int
    y0_mm: int
    cell_mm: int
    rows: int
    columns: int

    @classmethod
    def around(cls, x_mm: np.ndarray, y_mm: np.ndarray, margin_m: float = 500.0) -> "Grid":
        """Cells over all positions and a margin: 50 m, or larger so that there are at most ``MOST_CELLS``."""
        margin_mm = round(margin_m * 1000)
        low_x, low_y = int(x_mm.min()) - margin_mm, int(y_mm.min()) - margin_mm
        wide, high = int(x_mm.max()) + margin_mm - low_x, int(y_mm.max()) + margin_mm - low_y
        cell = max(_LEAST_CELL_MM, int((wide / MOST_CELLS * high) ** 0.5))
        cell = -(-cell // _STEP_MM) * _STEP_MM
        return cls(low_x, low_y, cell, max(high // cell, 1), max(wide // cell, 1))

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def cell_m(self) -> float:
        return self.cell_mm / 1000

    def cells(self, x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
        """Numbers (row * columns + column) of the cells of positions, of the nearest cell for those outside."""
        column = (x_mm - self.x0_mm) // self.cell_mm
        cell = (y_mm - self.y0_mm) // self.cell_mm
        np.minimum(np.maximum(column, 0, out=column), self.columns - 1, out=column)
        np.minimum(np.maximum(cell, 0, out=cell), self.rows - 1, out=cell)
        cell *= self.columns
        cell += column
        return cell

    def centres_m(self) -> tuple[np.ndarray, np.ndarray]:
        """x of the columns' and y of the rows' middles in metres."""
        half = self.cell_mm // 2
        x_mm = self.x0_mm + half + np.arange(self.columns) * self.cell_mm
        y_mm = self.y0_mm + half + np.arange(self.rows) * self.cell_mm
        return x_mm / 1000, y_mm / 1000

    def disc(self, x_mm: int, y_mm: int, radius_m: float) -> np.ndarray:
        """Numbers of the cells whose middle lies within a radius, and of the cell of the position itself."""
        reach = int(radius_m * 1000) // self.cell_mm + 1
        column, row = (x_mm - self.x0_mm) // self.cell_mm, (y_mm - self.y0_mm) // self.cell_mm
        columns = np.arange(max(column - reach, 0), min(column + reach + 1, self.columns))
        rows = np.arange(max(row - reach, 0), min(row + reach + 1, self.rows))
        across_mm = self.x0_mm + columns * self.cell_mm + self.cell_mm // 2 - x_mm
        up_mm = self.y0_mm + rows * self.cell_mm + self.cell_mm // 2 - y_mm
        near = across_mm[None, :] ** 2 + up_mm[:, None] ** 2 <= (radius_m * 1000) ** 2
        near |= (columns == column)[None, :] & (rows == row)[:, None]
        return (rows[:, None] * self.columns + columns[None, :])[near]
