"""Paired differences, intervals and many comparisons: worked numbers, what intervals promise, what must not happen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from scenarios.studies.comparison import pairing_hurt
from scenarios.studies.statistics import (
    Difference,
    Estimate,
    difference,
    difference_of_ratios,
    estimate,
    holm,
    ratio_of_sums,
    share_estimate,
)

A = np.array([52.1, 48.7, 50.3, 55.0, 49.6, 51.2, 47.9, 53.4, 50.8, 52.5])
B = np.array([50.9, 47.8, 49.6, 53.2, 48.8, 50.5, 46.5, 52.6, 49.9, 51.0])
NAN = float("nan")


def cell_of(found: Difference) -> dict[str, float | None]:
    """As in the document."""
    return found._asdict() | {"ci_low": found.low, "ci_high": found.high}


def test_the_worked_pair_of_samples() -> None:
    """Two systems under common random numbers: mean 1.070, deviation 0.3831, half-width 0.2741, t = 8.83."""
    found = difference(A, B)
    assert found.mean == pytest.approx(1.070)
    assert found.high - found.mean == pytest.approx(0.2741, abs=1e-4)
    assert found.mean - found.low == pytest.approx(0.2741, abs=1e-4)
    assert found[1:3] == pytest.approx(stats.ttest_rel(A, B).confidence_interval())
    assert found.p == pytest.approx(2 * stats.t.sf(8.83, 9), rel=0.01)
    assert found.n == 10
    assert not pairing_hurt(cell_of(found))
    unpaired = stats.ttest_ind(A, B, equal_var=False).confidence_interval()
    assert (found.unpaired_low, found.unpaired_high) == pytest.approx(tuple(unpaired))
    assert (unpaired.high - unpaired.low) / 2 == pytest.approx(1.983, abs=1e-3)  # seven times wider
    alone = estimate(A)
    assert alone[1:] == pytest.approx(stats.ttest_1samp(A, 0.0).confidence_interval())
    assert (alone.high - alone.mean) / alone.mean == pytest.approx(0.0304, abs=1e-4)


def test_95_per_cent_means_95_per_cent() -> None:
    """Of 1,000 studies of 8 correlated replications, the interval holds the true difference in 950 (4 sigma: 28)."""
    rng = np.random.default_rng(20)
    held = 0
    for _ in range(1000):
        day = rng.normal(100.0, 10.0, 8)
        found = difference(day + rng.normal(3.0, 2.0, 8), day + rng.normal(0.0, 2.0, 8))
        held += found.low <= 3.0 <= found.high
    assert abs(held - 950) <= 28


def test_holm_keeps_the_family_together() -> None:
    """With five true hypotheses tested at once, any is refused in at most 5 % of studies (plus 3 sigma)."""
    rng = np.random.default_rng(21)
    refused = 0
    for _ in range(400):
        base, noise = rng.normal(0.0, 1.0, 10), rng.normal(0.0, 1.0, (5, 10))
        refused += min(holm([difference(variant, base).p for variant in noise])) < 0.05
    assert refused <= 20 + 3 * np.sqrt(400 * 0.05 * 0.95)


def test_holm_by_hand() -> None:
    """Smallest times 4, next times 3, and so on, never falling, at most 1; without p no test."""
    assert holm([0.01, None, 0.04, 0.03, 0.005]) == [pytest.approx(0.03), None, 0.06, pytest.approx(0.06), 0.02]
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_against_itself_the_difference_is_exactly_nothing() -> None:
    """No p: nothing was tested."""
    found = difference(A, A)
    assert found[:4] == (0.0, 0.0, 0.0, None)
    assert found.correlation == pytest.approx(1.0)


def test_a_difference_that_does_not_vary_has_no_p() -> None:
    """Also where it varies only by rounding."""
    found = difference(A + 0.1, A)
    assert found.p is None
    assert found.low == found.mean == found.high == pytest.approx(0.1)


def test_only_replications_with_both_values_count() -> None:
    """A KPI undefined in a run is not zero."""
    a, b = np.array([1.0, NAN, 3.0, 5.0]), np.array([0.0, 7.0, NAN, 3.0])
    assert difference(a, b).n == 2
    assert difference(a, b).mean == 1.5
    assert difference(np.array([NAN]), np.array([1.0])) == Difference(None, None, None, None, None, 0)
    assert estimate(np.array([NAN, 4.0])) == Estimate(4.0, None, None)
    assert estimate(np.array([NAN])) == Estimate(None, None, None)
    assert difference(a[:1], b[:1]) == Difference(1.0, None, None, None, None, 1)


def test_pairing_that_does_not_help_is_told() -> None:
    """Values that go against each other, or hardly with each other: the paired interval is the wider one."""
    a = np.array([1.0, 2.0, 3.0, 4.0])
    found = difference(a, a[::-1] + np.array([0.1, 0.0, 0.2, 0.0]))
    assert found.low < found.unpaired_low < found.unpaired_high < found.high
    assert pairing_hurt(cell_of(found))
    assert not pairing_hurt(cell_of(difference(a, np.ones(4))))
    hardly, plainly = (difference(a, np.array(b)) for b in ([1.0, 4.0, 2.0, 3.0], [1.0, 3.0, 2.0, 4.0]))
    assert (hardly.correlation, plainly.correlation) == (pytest.approx(0.4), pytest.approx(0.8))
    assert pairing_hurt(cell_of(hardly))  # three degrees of freedom, not six: worth a correlation of 0.41
    assert not pairing_hurt(cell_of(plainly))


def test_the_paired_interval_holds_also_where_pairing_hurts_and_welch_does_not() -> None:
    """Of 1,000 studies of days that go against each other: 95 % (4 sigma: 28) against far fewer."""
    rng = np.random.default_rng(22)
    held = held_apart = 0
    for _ in range(1000):
        day = rng.normal(0.0, 3.0, 12)
        found = difference(10.0 + day + rng.normal(0.0, 1.0, 12), 9.0 - day + rng.normal(0.0, 1.0, 12))
        held += found.low <= 1.0 <= found.high
        held_apart += found.unpaired_low <= 1.0 <= found.unpaired_high
    assert abs(held - 950) <= 28
    assert held_apart < 900


def test_many_against_one_base_dunnett_without_pairs_sees_less_than_holm_with_them() -> None:
    """Dunnett's test takes samples for independent; under common random numbers the day's part drowns what differs."""
    rng = np.random.default_rng(23)
    day = rng.normal(100.0, 10.0, 12)
    base, *others = (day + shift + rng.normal(0.0, 1.0, 12) for shift in (0.0, 2.0, 3.0, 0.0))
    assert min(stats.dunnett(*others, control=base).pvalue) > 0.5
    adjusted = holm([difference(other, base).p for other in others])
    assert [p < 0.05 for p in adjusted] == [True, True, False]


# --- shares and ratios ---


def test_a_share_of_one_in_every_replication_is_not_certain() -> None:
    """None of 300 failed: Wilson's interval of 300 counted, a little wider for the ten days they came from."""
    found = share_estimate(np.ones(10), np.full(10, 30.0))
    wilson = stats.binomtest(300, 300).proportion_ci(method="wilson")
    assert found.mean == found.high == 1.0
    assert wilson.low - 0.006 < found.low < wilson.low


def test_a_shares_interval_is_wilsons_of_what_the_days_are_worth() -> None:
    """Its ends solve (share - p)² = z² p (1 - p) / count, and the count is what the days' scatter amounts to."""
    days, counts = np.array([0.9, 0.8, 1.0, 0.7, 0.85, 0.95]), np.full(6, 40.0)
    share, t, z = days.mean(), stats.t.ppf(0.975, 5), stats.norm.ppf(0.975)
    count = share * (1 - share) / (np.var(days, ddof=1) / 6) * (z / t) ** 2
    ends = np.roots([1 + z**2 / count, -2 * share - z**2 / count, share**2])
    assert share_estimate(days, counts) == pytest.approx((share, ends.min(), ends.max()))


@given(st.lists(st.integers(0, 7), min_size=2, max_size=9))
def test_a_share_lies_in_its_interval_and_that_between_0_and_1(late: list[int]) -> None:
    """To the last bit, where all or none are late too."""
    found = share_estimate(np.array(late) / 7, np.full(len(late), 7.0))
    assert 0.0 <= found.low <= found.mean <= found.high <= 1.0


def test_far_from_its_bounds_a_share_has_about_the_t_interval() -> None:
    """Many days that vary much more than their counts explain."""
    shares = np.random.default_rng(25).beta(6.0, 4.0, 60)
    assert share_estimate(shares, np.full(60, 1e6)) == pytest.approx(estimate(shares), abs=2e-3)


@pytest.mark.parametrize(("orders", "share"), [(20, 0.9), (100, 0.98), (100, 0.999), (20, 0.0)])
def test_shares_near_their_bounds_hold_at_least_95_per_cent(orders: int, share: float) -> None:
    """Of 1,000 studies of 10 days (less 3 sigma: 21)."""
    rng = np.random.default_rng(26)
    counts = np.full(10, float(orders))
    found = [share_estimate(rng.binomial(orders, share, 10) / orders, counts) for _ in range(1000)]
    assert sum(low <= share <= high for _, low, high in found) >= 950 - 21


def test_a_share_of_nothing_is_undefined() -> None:
    """No day on which anything was due; one day has no interval."""
    assert share_estimate(np.array([NAN]), np.array([0.0])) == Estimate(None, None, None)
    assert share_estimate(np.array([1.0]), np.array([9.0])) == Estimate(1.0, None, None)


def test_a_ratio_of_sums_weighs_days_by_what_was_done() -> None:
    """1,000 EUR for 100 stops and 90 EUR for 3: 10.58 a stop, not the 20 of the mean of days."""
    per_stop, stops = np.array([10.0, 30.0]), np.array([100.0, 3.0])
    assert ratio_of_sums(per_stop, stops).mean == pytest.approx(1090 / 103)
    assert estimate(per_stop).mean == 20.0


def test_the_jackknife_by_hand() -> None:
    """Three days: pseudovalues 3 R - 2 R without the day, their t interval around R."""
    values, weights = np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 1.0])
    whole = 9 / 4
    pseudo = [3 * whole - 2 * part for part in (8 / 3, 5 / 2, 5 / 3)]
    half = stats.t.ppf(0.975, 2) * np.std(pseudo, ddof=1) / np.sqrt(3)
    assert ratio_of_sums(values, weights) == pytest.approx((whole, whole - half, whole + half))


def test_equal_weights_make_a_ratio_the_mean() -> None:
    """The jackknife of a mean is the mean's own t interval."""
    assert ratio_of_sums(A, np.full(10, 7.0)) == pytest.approx(estimate(A))
    same = np.full(10, 7.0)
    assert difference_of_ratios((A, same), (B, same)) == pytest.approx(difference(A, B)[:3])


def test_days_without_a_denominator_count_for_neither() -> None:
    """Nothing was due: there is no share, and no day."""
    values, weights = np.array([0.5, NAN, 1.0]), np.array([2.0, 0.0, 2.0])
    assert ratio_of_sums(values, weights).mean == 0.75
    assert difference_of_ratios((values, weights), (np.ones(3), np.ones(3))).mean == -0.25
    assert ratio_of_sums(values[1:2], weights[1:2]) == Estimate(None, None, None)
    assert ratio_of_sums(np.nan_to_num(values), weights) == ratio_of_sums(values, weights)


def test_the_jackknifed_ratio_holds_95_per_cent() -> None:
    """Of 1,000 studies of 20 days of unequal size, 95 % (4 sigma: 28)."""
    rng = np.random.default_rng(24)
    held = 0
    for _ in range(1000):
        orders = rng.integers(20, 200, 20)
        share = rng.binomial(orders, 0.8) / orders
        found = ratio_of_sums(share, orders.astype(float))
        held += found.low <= 0.8 <= found.high
    assert abs(held - 950) <= 28


values = st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=2, max_size=12)


@given(values)
def test_turned_round_the_difference_changes_its_sign(pairs: list[tuple[float, float]]) -> None:
    """And nothing else."""
    a, b = np.array(pairs).T
    there, back = difference(a, b), difference(b, a)
    assert there.mean == -back.mean
    assert there.p == back.p
    assert there.low == pytest.approx(-back.high, rel=1e-9, abs=1e-9)


@given(st.lists(st.one_of(st.none(), st.floats(0.0, 1.0)), max_size=10))
def test_adjusting_never_makes_p_smaller_nor_swaps_two(p_values: list[float | None]) -> None:
    """Bonferroni is the upper bound."""
    adjusted = holm(p_values)
    tested = [(p, q) for p, q in zip(p_values, adjusted) if p is not None]
    assert [q is None for q in adjusted] == [p is None for p in p_values]
    for p, q in tested:
        assert p <= q <= min(1.0, len(tested) * p)
    ordered = sorted(tested)
    assert [q for _, q in ordered] == sorted(q for _, q in ordered)
