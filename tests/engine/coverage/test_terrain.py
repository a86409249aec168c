"""Seeded coverage: shares as stated, holes as alike as stated, roads and hills followed."""

import numpy as np
import pytest
from scipy.special import ndtri

from engine.coverage.fields import gaussian_field
from engine.coverage.grid import Grid
from engine.coverage.terrain import COVERED_SHARES, Holes, levels, loading
from engine.streams import Streams
from tests.engine.coverage.regions import region


@pytest.mark.parametrize("p", [0.02, 0.204, 0.5, 0.9])
@pytest.mark.parametrize("phi", [0.1, 0.58, 0.95])
def test_the_copula_gives_the_correlation_asked_for(p, phi):
    """Against a million draws of the bivariate normal, and at the ends exactly."""
    r = loading(p, phi)
    a, b = np.random.Generator(np.random.PCG64(1)).standard_normal((2, 1_000_000))
    dark = np.array([a, r * a + (1 - r * r) ** 0.5 * b]) < ndtri(p)
    assert np.corrcoef(dark)[0, 1] == pytest.approx(phi, abs=0.01)
    assert [loading(p, end) for end in (0.0, 1.0)] == [0.0, 1.0]


@pytest.mark.parametrize(("phi", "removed"), [(0.0, 0.79), (0.58, 0.34), (1.0, 0.0)])
def test_a_second_sim_removes_as_much_dead_time_as_the_theory_says(phi, removed):
    """P(both dark) = p^2 + phi p (1 - p): for p = 0.204 a second SIM removes 79.6, 33.4 and 0 % of the dark.

    Averaged over pairs of carriers, since a region of 12 km has few independent holes.
    """
    p, roads = 0.204, region().roads
    kept = []
    for seed in range(12):
        a, b = levels(region(), [Holes("a", p, seed), Holes("b", p, seed)], phi)
        assert (a[roads] == 0).mean() == pytest.approx(p, abs=1e-3)
        kept.append(((a == 0) & (b == 0))[roads].mean() / p)
    assert 1 - np.mean(kept) == pytest.approx(removed, abs=0.03)


@pytest.mark.parametrize("dark_share", [0.0, 0.05, 0.5])
def test_technologies_have_their_shares_of_what_is_covered(dark_share):
    """To a cell in a thousand; a dark share of 0 leaves no cell dark, on roads or off."""
    (of,) = levels(region(), [Holes("a", dark_share, 1)], 0.58)
    assert (of[region().roads] == 0).mean() == pytest.approx(dark_share, abs=1e-3)
    for level, share in COVERED_SHARES.items():
        assert (of[region().roads] == level).mean() == pytest.approx((1 - dark_share) * share, abs=1e-3)
    assert dark_share > 0 or (of > 0).all()


def test_dark_is_where_roads_are_few_and_in_valleys():
    """With holes alike, the town in the middle is covered best, and a valley is darker than the ridge beside it."""
    third = region().grid.rows // 3
    middle = (slice(third, 2 * third),) * 2
    (of,) = levels(region(), [Holes("a", 0.2, 1)], 1.0)
    assert (of[middle] == 0).mean() < 0.1
    east_m = np.arange(240) * 50.0
    waves = np.broadcast_to(200 * np.sin(east_m * 2 * np.pi / 3000), (240, 240))
    (of,) = levels(region(height_m=waves), [Holes("a", 0.2, 1)], 1.0)
    assert (of[waves < -100] == 0).mean() > 3 * (of[waves > 100] == 0).mean()


def test_seeds_change_a_carriers_own_part_only():
    """Same seed, same holes; another seed, others; identical carriers whatever the seeds."""
    one, other = ([Holes("a", 0.2, seed)] for seed in (1, 2))
    assert np.array_equal(levels(region(), one, 0.58), levels(region(), one, 0.58))
    assert not np.array_equal(levels(region(), one, 0.58), levels(region(), other, 0.58))
    assert np.array_equal(levels(region(), one, 1.0), levels(region(), other, 1.0))


def test_fields_are_correlated_as_stated():
    """exp(-distance / length), variance 1, also smoothed; mean of 20 fields of 12 km."""
    grid = Grid(0, 0, 50_000, 240, 240)
    fields = [gaussian_field(grid, Streams(seed).generator("f"), 300.0) for seed in range(20)]
    for lag in (1, 6, 12):
        measured = np.mean([f[:, lag:] * f[:, :-lag] for f in fields])
        assert measured == pytest.approx(np.exp(-lag * 50 / 300), abs=0.05)
    smooth = [gaussian_field(grid, Streams(seed).generator("f"), 300.0, 200.0) for seed in range(20)]
    assert np.var(smooth) == pytest.approx(1, abs=0.1)
    assert np.mean([f[:, 1:] * f[:, :-1] for f in smooth]) > 0.95
