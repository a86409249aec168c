"""Degrees to local metres and back: one plane for the whole region."""

from dataclasses import dataclass

import numpy as np

EARTH_RADIUS_M = 6_371_008.8
"""Mean earth radius (IUGG)."""


@dataclass(frozen=True)
class Projection:
    """Equirectangular plane around a centre: x east, y north, in metres.

    Linear in both axes, so a straight piece of road is the same points on the plane and on the map, and a sample
    costs two multiplications. Lengths are never taken from the plane: road lengths are great-circle lengths.
    East-west scale is exact at ``lat0`` and off by 0.5 % at 30 km north or south of it (50 degrees of latitude).
    """

    lat0: float
    lon0: float

    @property
    def m_per_deg_lat(self) -> float:
        return EARTH_RADIUS_M * np.pi / 180.0

    @property
    def m_per_deg_lon(self) -> float:
        return self.m_per_deg_lat * float(np.cos(np.radians(self.lat0)))

    def to_xy(self, lat, lon):
        """Degrees to metres; scalars or arrays of equal shape."""
        return (
            (np.asarray(lon, float) - self.lon0) * self.m_per_deg_lon,
            (np.asarray(lat, float) - self.lat0) * self.m_per_deg_lat,
        )

    def to_lat_lon(self, x_m, y_m):
        """Metres to degrees; scalars or arrays of equal shape."""
        return (
            np.asarray(y_m, float) / self.m_per_deg_lat + self.lat0,
            np.asarray(x_m, float) / self.m_per_deg_lon + self.lon0,
        )


def great_circle_m(lat_a, lon_a, lat_b, lon_b):
    """Great-circle distance in metres (haversine); degrees, scalars or arrays."""
    a, b = np.radians(lat_a), np.radians(lat_b)
    h = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(np.subtract(lon_b, lon_a)) / 2) ** 2
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(h))
