"""Geofences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.geofences import M_PER_DEG_LAT, Circle, Polygon, distance_m, fence_of

SQUARE = Polygon(((50.0, 8.0), (50.0, 9.0), (51.0, 9.0), (51.0, 8.0)))


def test_a_circle_is_measured_in_metres_in_every_direction() -> None:
    """99 m north and east are inside 100 m, 101 m are not; nowhere known is nowhere."""
    circle = Circle(50.0, 8.0, 100.0)
    north = np.array([99.0, 101.0]) / M_PER_DEG_LAT
    east = north / np.cos(np.radians(50.0))
    assert circle.contains(50.0 + north, np.array([8.0, 8.0])).tolist() == [True, False]
    assert circle.contains(np.array([50.0, 50.0]), 8.0 + east).tolist() == [True, False]
    assert not circle.contains(np.array([np.nan]), np.array([8.0])).any()


def test_a_notch_is_outside() -> None:
    """A polygon need not be convex."""
    arrow = Polygon(((0.0, 0.0), (2.0, 1.0), (0.0, 2.0), (1.0, 1.0)))
    assert arrow.contains(np.array([1.5, 0.5]), np.array([1.0, 1.0])).tolist() == [True, False]


@given(st.floats(49, 52), st.floats(7, 10))
def test_a_square_is_two_intervals(lat: float, lon: float) -> None:
    """Away from its edges."""
    if min(abs(lat - 50), abs(lat - 51), abs(lon - 8), abs(lon - 9)) > 1e-9:
        inside = bool(SQUARE.contains(np.array([lat]), np.array([lon]))[0])
        assert inside == (50 < lat < 51 and 8 < lon < 9)


def test_distance_against_the_great_circle() -> None:
    """50 km at 60 degrees north, by the haversine formula, within 0.1 %."""
    a, b = np.radians([[60.0, 10.0], [60.3, 10.7]])
    h = np.sin((b[0] - a[0]) / 2) ** 2 + np.cos(a[0]) * np.cos(b[0]) * np.sin((b[1] - a[1]) / 2) ** 2
    great_m = 2 * 6_371_000 * np.arcsin(np.sqrt(h))
    assert distance_m(60.0, 10.0, 60.3, 10.7) == pytest.approx(great_m, rel=1e-3)


def test_fences_from_numbers() -> None:
    """Three are a circle, six and more corners; anything else is refused."""
    assert fence_of((50.0, 8.0, 100.0)) == Circle(50.0, 8.0, 100.0)
    assert fence_of((0.0, 0.0, 2.0, 1.0, 0.0, 2.0)) == Polygon(((0.0, 0.0), (2.0, 1.0), (0.0, 2.0)))
    with pytest.raises(ValueError, match="found 4 numbers"):
        fence_of((1.0, 2.0, 3.0, 4.0))
