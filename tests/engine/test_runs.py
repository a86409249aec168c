"""Runs of rows, each helper against the loop it stands for."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.runs import last_below, opens, ranges, stops


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 9)), max_size=8))
def test_ranges_are_whole_numbers_one_run_after_another(runs):
    """Empty ones among them."""
    first, lengths = np.array(runs, np.int64).reshape(-1, 2).T
    assert ranges(first, lengths).tolist() == [k for start, n in runs for k in range(start, start + n)]


@given(st.lists(st.integers(0, 3), max_size=20))
def test_runs_of_equal_values_open_and_stop(values):
    """Cut where they say, every run has one value, and another than the one before it."""
    array = np.array(values, np.int64)
    first = opens(array).nonzero()[0]
    runs = [values[a:b] for a, b in zip(first.tolist(), stops(first, len(values)).tolist())]
    assert [value for run in runs for value in run] == values
    assert all(len(set(run)) == 1 for run in runs)
    assert all(a[0] != b[0] for a, b in pairwise(runs))


@settings(max_examples=200)
@given(st.lists(st.lists(st.integers(0, 20), max_size=9), max_size=6), st.data())
def test_the_last_row_below_a_limit_is_found_in_every_run(runs, data):
    """A limit each or one for all; runs without rows, and rows of no run in between."""
    values = np.array([value for run in runs for value in [-99, *sorted(run)]], np.int64)
    stop = np.cumsum([len(run) + 1 for run in runs], dtype=np.int64)
    first = stop - [len(run) for run in runs]
    limits = data.draw(st.lists(st.integers(-1, 21), min_size=len(runs), max_size=len(runs)))
    expected = [
        max((row for row in range(a, b) if values[row] < limit), default=a - 1)
        for a, b, limit in zip(first.tolist(), stop.tolist(), limits)
    ]
    assert last_below(values, first, stop, np.array(limits, np.int64)).tolist() == expected
    for limit in set(limits):
        each = last_below(values, first, stop, np.full(len(runs), limit))
        assert last_below(values, first, stop, limit).tolist() == each.tolist()
