"""Coverage of a region as a raster of codes, and what a trip through it meets."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.coverage.code import underground
from engine.coverage.grid import Grid
from engine.runs import opens


@dataclass(frozen=True)
class CoverageMap:
    """What is where: ``raster`` [ny, nx] holds a code (``engine.coverage.code``) for every square cell.

    Cell [0, 0] has its lower left corner at ``x0_mm``, ``y0_mm``; outside the raster the nearest cell counts.
    In tunnels there is no sky and, with ``tunnels_dark``, no signal.
    """

    carriers: tuple[str, ...]
    raster: np.ndarray  # uint16 [ny, nx]
    x0_mm: int
    y0_mm: int
    cell_mm: int
    tunnels_dark: bool = True

    @cached_property
    def grid(self) -> Grid:
        """The raster's cells."""
        return Grid(self.x0_mm, self.y0_mm, self.cell_mm, *self.raster.shape)

    def codes(self, x_mm: np.ndarray, y_mm: np.ndarray) -> np.ndarray:
        """Codes at positions in the open; uint16 of their shape."""
        return self.raster.ravel()[self.grid.cells(x_mm, y_mm)]

    def along(
        self, t_us: np.ndarray, x_mm: np.ndarray, y_mm: np.ndarray, tunnel: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What a trip meets: moments int64 and codes uint16 [runs], neighbours different.

        Code i holds after moment i, up to and including the next. The last one holds at rest at the last
        keyframe, in the open: no one stops for good inside a tunnel of their own will. Each straight piece
        between keyframes is met at the middles of steps of at most half a cell, so a run begins at most a
        quarter of a cell from where a cell does, and any tail of a trip's keyframes gives the tail of its runs.

        Args:
            t_us, x_mm, y_mm: keyframes, int64 [k], k >= 1, times rising.
            tunnel: bool [k - 1], which pieces lie in a tunnel.
        """
        dx, dy = x_mm[1:] - x_mm[:-1], y_mm[1:] - y_mm[:-1]
        steps = np.maximum(np.abs(dx), np.abs(dy))
        steps *= 2
        steps += self.cell_mm - 1
        steps //= self.cell_mm
        lasts_us = t_us[1:] - t_us[:-1]
        np.maximum(np.minimum(steps, lasts_us, out=steps), 1, out=steps)  # a step takes a microsecond at least
        of = np.arange(len(steps)).repeat(steps)
        count = steps[of]
        step = np.arange(len(of)) - (steps.cumsum() - steps)[of]
        start_us = np.concatenate((t_us[of] + lasts_us[of] * step // count, t_us[-1:]))
        step *= 2
        step += 1
        count *= 2
        at_x = np.concatenate((x_mm[of] + dx[of] * step // count, x_mm[-1:]))
        at_y = np.concatenate((y_mm[of] + dy[of] * step // count, y_mm[-1:]))
        code = self.codes(at_x, at_y)
        if tunnel.any():
            inside = np.append(tunnel[of], False)
            code = np.where(inside, underground(code, self.tunnels_dark), code).astype(np.uint16)
        new = opens(code)
        return start_us[new], code[new]

    def disc(self, x_mm: int, y_mm: int, radius_m: float) -> np.ndarray:
        """bool [ny, nx]: cells whose middle lies within a radius, and the cell of the position itself."""
        inside = np.zeros(self.raster.size, bool)
        inside[self.grid.disc(x_mm, y_mm, radius_m)] = True
        return inside.reshape(self.raster.shape)

    def without(self, carrier: str, cells: np.ndarray | None = None) -> "CoverageMap":
        """The same map while a carrier is out, everywhere or in some cells (bool [ny, nx]).

        Raises:
            ValueError: no such carrier.
        """
        if carrier not in self.carriers:
            raise ValueError(f"no carrier {carrier!r}, there are {', '.join(self.carriers)}")
        kept = np.uint16(0xFFFF & ~(3 << 2 * self.carriers.index(carrier)))
        lost = self.raster & kept
        return replace(self, raster=lost if cells is None else np.where(cells, lost, self.raster))
