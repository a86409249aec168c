"""The coverage map: which code where, and what a trip meets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.coverage.code import NO_SKY, level, pack, sky
from engine.coverage.map import CoverageMap

CELL = 100_000


def striped() -> CoverageMap:
    """Ten cells in a row: carrier a has LTE in the even ones, carrier b has 5G everywhere."""
    a = np.where(np.arange(10) % 2 == 0, 2, 0)[None, :]
    return CoverageMap(("a", "b"), pack([a, np.full((1, 10), 3)]), 0, 0, CELL)


def ints(*values: int) -> np.ndarray:
    """An int64 array."""
    return np.array(values, np.int64)


def test_outside_the_raster_the_nearest_cell_counts():
    """Left of, right of and far above the row."""
    codes = striped().codes(ints(-5 * CELL, 50 * CELL, 2 * CELL), ints(0, 0, 99 * CELL))
    assert level(codes, 0).tolist() == [2, 0, 2]


def test_a_trip_across_stripes_changes_at_their_borders():
    """10 cells at 10 s each, within a quarter of a cell (2.5 s)."""
    start_us, code = striped().along(ints(0, 100_000_000), ints(0, 10 * CELL - 1), ints(50, 50), np.zeros(1, bool))
    assert level(code, 0).tolist() == [2, 0] * 5
    assert start_us == pytest.approx(np.arange(10) * 10_000_000, abs=2_500_000)


def test_a_vehicle_that_stays_meets_one_code():
    """One keyframe, and two at one place."""
    for t in (ints(7), ints(7, 1000)):
        start_us, code = striped().along(t, ints(*[CELL + 5] * len(t)), ints(*[5] * len(t)), np.zeros(len(t) - 1, bool))
        assert start_us.tolist() == [7]
        assert level(code, 0).tolist() == [0]


@pytest.mark.parametrize("dark", [True, False])
def test_tunnels_are_met_exactly_at_their_portals(dark):
    """The second of three pieces lies in a tunnel; after it, and at rest, the sky is back."""
    coverage = CoverageMap(("a",), pack([np.full((1, 10), 2)]), 0, 0, CELL, tunnels_dark=dark)
    t, x = ints(0, 10, 20, 30), ints(0, 1000, 2000, 3000)
    start_us, code = coverage.along(t, x, np.zeros(4, np.int64), np.array([False, True, False]))
    assert start_us.tolist() == [0, 10, 20]
    assert (sky(code) == NO_SKY).tolist() == [False, True, False]
    assert level(code, 0).tolist() == [2, 0 if dark else 2, 2]


def test_an_outage_takes_one_carrier_in_the_area_only():
    """A disc of 150 m around the third cell's middle; and everywhere."""
    coverage = striped()
    area = coverage.disc(2 * CELL + CELL // 2, CELL // 2, 150.0)
    assert area.tolist() == [[False, True, True, True] + [False] * 6]
    local = coverage.without("a", area)
    assert level(local.raster, 0).tolist() == [[2, 0, 0, 0, 2, 0, 2, 0, 2, 0]]
    assert (level(local.raster, 1) == 3).all()
    assert (level(coverage.without("b").raster, 1) == 0).all()
    assert (level(coverage.without("b").raster, 0) == level(coverage.raster, 0)).all()
    with pytest.raises(ValueError, match="no carrier 'c', there are a, b"):
        coverage.without("c")


def test_a_disc_smaller_than_a_cell_is_that_cell():
    """And none outside the raster."""
    assert np.flatnonzero(striped().disc(5 * CELL + 3, 3, 1.0)).tolist() == [5]
    assert not striped().disc(-5 * CELL, 0, 1.0).any()


way = st.lists(
    st.tuples(st.integers(1, 10**8), st.integers(-(10**6), 10**7), st.integers(0, 10**6), st.booleans()),
    min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=50)
@given(way, st.integers(0, 7))
def test_the_tail_of_a_trip_meets_the_tail_of_its_runs(keyframes, first):
    """Runs rise, differ from their neighbours and depend on their own piece alone."""
    steps, x, y, tunnel = (np.array(column) for column in zip(*keyframes))
    t, first = np.cumsum(steps), min(first, len(keyframes) - 1)
    start_us, code = striped().along(t, x, y, tunnel[1:])
    assert start_us[0] == t[0]
    assert (np.diff(start_us) > 0).all()
    assert (code[1:] != code[:-1]).all()
    assert start_us[-1] <= t[-1]
    tail_us, tail = striped().along(t[first:], x[first:], y[first:], tunnel[1 + first :])
    whole = code[np.searchsorted(start_us, tail_us, side="right") - 1]
    assert whole.tolist() == tail.tolist()
    later = start_us > t[first]
    assert set(start_us[later].tolist()) <= set(tail_us.tolist())
