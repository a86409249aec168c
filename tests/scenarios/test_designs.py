"""Designs: the right number of points, each in its range, the same every time."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc

from scenarios.studies.designs import Factor, point_name, points, rows_of, sample

REAL, WHOLE, LISTED = Factor("a.x", (), -2.0, 3.0), Factor("b.n", (), 1.0, 4.0, True), Factor("c.k", ("p", "q", "r"))

bounds = st.tuples(st.integers(-1000, 1000), st.integers(1, 500)).map(lambda t: (float(t[0]), float(t[0] + t[1])))
factors = st.lists(
    st.one_of(
        bounds.map(lambda b: Factor("x", (), *b)),
        bounds.map(lambda b: Factor("x", (), *b, True)),
        st.lists(st.integers(), min_size=2, max_size=5, unique=True).map(lambda v: Factor("x", tuple(v))),
    ),
    min_size=1,
    max_size=4,
).map(lambda found: [Factor(f"f{n}", f.values, f.low, f.high, f.integer) for n, f in enumerate(found)])


@settings(max_examples=60)
@given(factors, st.sampled_from(["latin_hypercube", "sobol", "saltelli", "morris"]), st.integers(1, 4), st.integers(0))
def test_a_sample_has_its_size_stays_in_range_and_comes_again(
    found: list[Factor], kind: str, power: int, seed: int
) -> None:
    """Whatever the factors."""
    rows = sample(kind, found, 2**power, seed)
    assert len(rows) == rows_of(kind, found, 2**power)
    assert rows == sample(kind, found, 2**power, seed)
    for point in points(found, rows):
        for factor in found:
            value = point[factor.key]
            if factor.every:
                assert value in factor.every
            else:
                assert factor.low <= value <= factor.high


@settings(max_examples=60)
@given(factors, st.integers(2, 4))
def test_a_grid_and_a_factorial_are_full_products(found: list[Factor], steps: int) -> None:
    """Every combination once, the ends among them."""
    for kind in ("grid", "factorial"):
        made = points(found, sample(kind, found, steps, 0))
        assert len(made) == len({tuple(point.values()) for point in made}) == rows_of(kind, found, steps)
        ends = [(f.every[0], f.every[-1]) if f.every else (f.low, f.high) for f in found]
        for place, factor in enumerate(found):
            assert {ends[place][0], ends[place][1]} <= {point[factor.key] for point in made}


def test_another_seed_is_another_sample() -> None:
    """Scrambled with the seed."""
    for kind in ("latin_hypercube", "sobol", "saltelli", "morris"):
        assert sample(kind, [REAL, WHOLE], 8, 1) != sample(kind, [REAL, WHOLE], 8, 2)


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    """Of every factor."""
    rows = np.array(sample("latin_hypercube", [REAL, WHOLE, LISTED], 20, 3))
    assert (np.sort(np.floor(rows * 20).astype(int), axis=0) == np.arange(20)[:, None]).all()


def test_a_sobol_sequence_is_more_even_than_chance() -> None:
    """By its discrepancy; a scrambled one of 64 points lies far below that of random ones."""
    rows = np.array(sample("sobol", [REAL, WHOLE], 64, 3))
    assert qmc.discrepancy(rows) < 0.2 * qmc.discrepancy(np.random.default_rng(1).random((64, 2)))


def test_a_grid_has_values_listed_and_steps() -> None:
    """A whole number takes each of few values, or evenly spread ones."""
    assert [p["a.x"] for p in points([REAL], sample("grid", [REAL], 3, 0))] == [-2.0, 0.5, 3.0]
    assert [p["b.n"] for p in points([WHOLE], sample("grid", [WHOLE], None, 0))] == [1, 2, 3, 4]
    assert [p["b.n"] for p in points([WHOLE], sample("grid", [WHOLE], 2, 0))] == [1, 4]
    assert [p["c.k"] for p in points([LISTED], sample("grid", [LISTED], 2, 0))] == ["p", "q", "r"]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(0, 1))
def test_a_real_value_is_what_its_name_says(low: float, width: float, share: float) -> None:
    """Six digits at most, and never beyond the range."""
    factor = Factor("x", (), low, low + width)
    value = factor.value(share)
    assert factor.low <= value <= factor.high
    assert value in (factor.low, factor.high) or value == float(f"{value:.6g}")
    assert math.isfinite(value)


@pytest.mark.parametrize(
    ("point", "name"),
    [
        ({"fleet.vans.count": 3}, "count=3"),
        ({"fleet.vans.count": 3, "radio.latency_s": 0.5}, "count=3, latency_s=0.5"),
        ({"fleet.vans.count": 3, "fleet.e-vans.count": 1}, "vans.count=3, e-vans.count=1"),
        ({"count": 3, "fleet.count": 1}, "count=3, fleet.count=1"),
    ],
)
def test_a_point_is_named_by_what_tells_its_factors_apart(point: dict[str, float], name: str) -> None:
    """``count`` twice would not."""
    assert point_name(point) == name
