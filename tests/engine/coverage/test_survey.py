"""Carriers put together: what they share, and what is cut out of each."""

import numpy as np
import pytest

from engine.coverage.code import LTE, level
from engine.coverage.survey import CarrierPlan, survey
from engine.coverage.terrain import Holes
from engine.coverage.towers import Towers
from tests.engine.coverage.regions import PLANE, region
from tests.engine.coverage.test_zones import square

LAT, LON = PLANE.to_lat_lon(np.array([-4000.0, 3000.0]), np.array([-3000.0, 4000.0]))
SITES = Towers(("LTE", "LTE"), LAT, LON)
"""Two masts that leave the edges of the region dark."""


def dark(correlation: float, carriers: list[CarrierPlan]) -> list[np.ndarray]:
    """The cells without signal of each carrier."""
    raster = survey(region(400, 100_000), carriers, correlation).raster
    return [level(raster, number) == 0 for number in range(len(carriers))]


def test_carriers_on_the_same_masts_are_in_the_shadow_of_the_same_hills():
    """As far as the correlation says: not at all, in part, and wholly; which differs from two draws of one name."""
    plans = [CarrierPlan(name, LTE, SITES) for name in ("red", "blue")]
    differ = []
    for correlation in (0.0, 0.58, 1.0):
        red, blue = dark(correlation, plans)
        assert 0.05 < red.mean() < 0.95
        differ.append((red != blue).mean())
    assert differ[0] > 0.03
    assert differ[1] < 0.8 * differ[0]
    assert differ[2] == 0


@pytest.mark.parametrize("source", ["towers", "terrain", "everywhere"])
def test_dead_zones_are_cut_out_of_whatever_covers(source):
    """And out of no other carrier's coverage."""
    sites = SITES if source == "towers" else None
    plans = [
        CarrierPlan(name, LTE, sites, Holes(name, 0.2, 1) if source == "terrain" else None, zones)
        for name, zones in (("red", [[square(1500, -4000, -3000)]]), ("blue", ()))
    ]
    red, blue = dark(1.0, plans)
    x_m, y_m = region(400, 100_000).grid.centres_m()
    inside = (abs(x_m + 4000) < 1500)[None, :] & (abs(y_m + 3000) < 1500)[:, None]
    assert red[inside].all()
    assert blue[inside].mean() < 0.7
    assert np.array_equal(red[~inside], blue[~inside])
