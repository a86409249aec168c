"""Carriers that are down: several outages at once, in whatever order they begin and end."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.coverage.code import LTE, level, pack
from engine.coverage.map import CoverageMap
from engine.coverage.surroundings import Surroundings
from engine.geo import Projection
from scenarios.incidents.outages import Outages

CARRIERS = ("red", "blue")
PLANE = Projection(50.0, 8.0)
WHOLE = CoverageMap(CARRIERS, pack([np.full((20, 20), LTE)] * 2), -1_000_000, -1_000_000, 100_000)

outage = st.tuples(
    st.sampled_from([None, ("red",), ("blue",), CARRIERS]),
    st.sampled_from([None, (50.0, 8.0, 300.0), (50.005, 8.005, 600.0)]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(outage, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_carrier_is_down_where_any_outage_has_it_so_and_nowhere_else(drawn: list[tuple], random: Any) -> None:
    """Each begins and ends once, shuffled; at every moment the map is the whole one less what is under way."""
    world: Any = SimpleNamespace(now=0)
    surroundings = Surroundings(WHOLE, 0)
    outages = Outages(surroundings, PLANE, world)
    acts = [n for n in range(len(drawn)) for _ in range(2)]
    random.shuffle(acts)
    under_way: set[int] = set()
    for number in acts:
        world.now += 1
        under_way ^= {number}
        if number in under_way:
            outages.begin(f"o{number}", *drawn[number])
        else:
            outages.end(f"o{number}")
        down = np.zeros((2, 20, 20), bool)
        for carriers, area in (drawn[n] for n in under_way):
            cells = np.ones((20, 20), bool) if area is None else _disc(*area)
            for carrier in carriers or CARRIERS:
                down[CARRIERS.index(carrier)] |= cells
        for carrier in range(2):
            assert np.array_equal(level(surroundings.map.raster, carrier) == 0, down[carrier])
    assert surroundings.map is WHOLE


def _disc(lat: float, lon: float, radius_m: float) -> np.ndarray:
    x_m, y_m = PLANE.to_xy(lat, lon)
    return WHOLE.disc(round(float(x_m) * 1000), round(float(y_m) * 1000), radius_m)
