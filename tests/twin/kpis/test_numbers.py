"""Exact arithmetic: ranks, ratios and spreads of integers."""

import math
import statistics

from hypothesis import given
from hypothesis import strategies as st

from twin.kpis.numbers import quantile, ratio, spread

whole = st.lists(st.integers(0, 10**12), min_size=1, max_size=50)


def test_quantile_is_one_of_the_values():
    """Nearest rank: of 1 to 20 the 95th percentile is 19, the median 10; of nothing there is none."""
    assert quantile(range(1, 21), 0.95) == 19
    assert quantile(range(1, 21), 0.5) == 10
    assert quantile([7], 0.95) == 7
    assert quantile([], 0.5) is None


@given(whole, st.randoms(use_true_random=False))
def test_order_of_values_changes_no_bit(values, random):
    """Quantile and spread are the same for any order of the values."""
    shuffled = values.copy()
    random.shuffle(shuffled)
    assert quantile(shuffled, 0.95) == quantile(values, 0.95)
    assert spread(shuffled) == spread(values)


@given(whole)
def test_spread_is_the_coefficient_of_variation(values):
    """The integer formula agrees with the statistics module."""
    got = spread(values)
    if not sum(values):
        assert got is None
    else:
        expected = statistics.pstdev(values) / statistics.fmean(values)
        assert math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-9)


def test_nothing_divided_by_nothing_is_undefined():
    """0/0 is None, never NaN."""
    assert ratio(0, 0) is None
    assert ratio(0, 3) == 0.0
