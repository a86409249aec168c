"""Geofences: circles and polygons on the map, and which positions lie in them."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

M_PER_DEG_LAT = 111_195.0
"""On a sphere of 6,371 km."""


@dataclass(frozen=True)
class Circle:
    """All positions at most ``radius_m`` from a centre."""

    lat: float
    lon: float
    radius_m: float

    def contains(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Which positions (degrees, arrays) lie in it: bool of the same length; NaN lies nowhere."""
        return distance_m(self.lat, self.lon, lat, lon) <= self.radius_m


@dataclass(frozen=True)
class Polygon:
    """The inside of a ring of corners ``(lat, lon)``, at least three; the ring closes itself."""

    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.corners) < 3:
            raise ValueError(f"a polygon has at least three corners, not {len(self.corners)}")

    def contains(self, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        """Which positions (degrees, arrays) lie in it, by counting edges crossed to the east; NaN lies nowhere."""
        lat, lon = np.asarray(lat, float), np.asarray(lon, float)
        inside = np.zeros(lat.shape, bool)
        for (lat_a, lon_a), (lat_b, lon_b) in zip(self.corners, (*self.corners[1:], self.corners[0])):
            if lat_a != lat_b:
                between = (lat_a > lat) != (lat_b > lat)
                inside ^= between & (lon < lon_a + (lat - lat_a) * (lon_b - lon_a) / (lat_b - lat_a))
        return inside


Fence: TypeAlias = Circle | Polygon


def fence_of(numbers: tuple[float, ...]) -> Fence:
    """A fence from plain numbers: ``lat, lon, radius_m``, or three and more corners ``lat, lon, lat, lon, …``.

    Raises:
        ValueError: neither.
    """
    if len(numbers) == 3:
        return Circle(*numbers)
    if len(numbers) >= 6 and len(numbers) % 2 == 0:
        return Polygon(tuple(zip(numbers[::2], numbers[1::2])))
    raise ValueError(f"expected lat, lon, radius_m or at least three corners lat, lon, …; found {len(numbers)} numbers")


def distance_m(lat_a, lon_a, lat_b, lon_b):  # numbers or arrays alike
    """Distance on a plane that touches the earth between the two: within 0.1 % up to 100 km below 60 degrees."""
    north = (lat_b - lat_a) * M_PER_DEG_LAT
    east = (lon_b - lon_a) * M_PER_DEG_LAT * np.cos(np.radians((lat_a + lat_b) / 2))
    return np.hypot(north, east)
