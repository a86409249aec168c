"""Positions as orders carry them."""

from dataclasses import dataclass

import numpy as np

from twin.orders import Place

DEGREE_DECIMALS = 7
"""Positions are kept to 1e-7 degree (about a centimetre) before they are compared or stored."""


def place_at(lat: float, lon: float) -> Place:
    """The place at a position in degrees, named by it, so that two orders to one door share one place."""
    lat, lon = round(float(lat), DEGREE_DECIMALS) + 0.0, round(float(lon), DEGREE_DECIMALS) + 0.0
    return Place(f"{lat:.{DEGREE_DECIMALS}f},{lon:.{DEGREE_DECIMALS}f}", lat, lon)


@dataclass(frozen=True)
class Candidates:
    """Where customers may be: ``lat``, ``lon`` in degrees and a ``weight`` each (None: all alike), equal
    lengths.

    Raises ValueError when empty, of unequal lengths, or when the weights are not positive somewhere.
    """

    lat: np.ndarray
    lon: np.ndarray
    weight: np.ndarray | None = None

    def __post_init__(self) -> None:
        if len(self.lat) == 0 or len(self.lat) != len(self.lon):
            raise ValueError(f"candidates: {len(self.lat)} latitudes and {len(self.lon)} longitudes")
        if self.weight is not None and (
            len(self.weight) != len(self.lat) or not np.all(self.weight >= 0) or not self.weight.sum() > 0
        ):
            raise ValueError("candidates: one non-negative weight each, not all zero")
