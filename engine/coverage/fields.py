"""Random fields on a grid: what shadowing by hills, woods and houses looks like from above."""

import numpy as np
from scipy.fft import fftfreq, irfft2, next_fast_len, rfft2, rfftfreq

from engine.coverage.grid import Grid

_PAD_LENGTHS = 3.0


def gaussian_field(grid: Grid, rng: np.random.Generator, length_m: float, smooth_m: float = 0.0) -> np.ndarray:
    """Standard normal values float64 [rows, columns] whose correlation falls as exp(-distance / length_m).

    Exponential correlation: Gudmundson, "Correlation model for shadow fading in mobile radio systems",
    Electronics Letters 1991. ``smooth_m`` is the deviation of a Gaussian average taken over it. Drawn by
    Fourier transform on a torus larger than the grid, rounded to 1e-5 (transforms differ in the last bits
    between machines).
    """
    pad = int(_PAD_LENGTHS * length_m / grid.cell_m)
    shape = tuple(next_fast_len(n + pad, real=True) for n in grid.shape)
    up, across = (np.minimum(np.arange(n), n - np.arange(n)) * grid.cell_m for n in shape)
    distance_m = np.hypot(up[:, None], across[None, :])
    power = np.maximum(rfft2(np.exp(distance_m / -length_m)).real, 0.0)
    if smooth_m:
        up, across = (2 * np.pi * frequencies(n, grid.cell_m) for n, frequencies in zip(shape, (fftfreq, rfftfreq)))
        power *= np.exp(-(smooth_m**2) * (up[:, None] ** 2 + across[None, :] ** 2))
        power /= irfft2(power, s=shape)[0, 0]
    field = irfft2(rfft2(rng.standard_normal(shape)) * np.sqrt(power), s=shape)
    return np.round(field[: grid.rows, : grid.columns], 5)
