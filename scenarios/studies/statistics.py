"""Statistics of simulation studies: means, paired differences with Student's t intervals, many comparisons at once.

A replication (a whole run) is the unit: what happens within one day is correlated and is never the n of a test.
Sources: Law, Simulation Modeling and Analysis (paired t, common random numbers); Holm, Scand. J. Statist. 6 (1979);
Quenouille, Biometrika 43 (1956) and Tukey (jackknife). What intervals promise and reach: ``docs/statistics.md``.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special, stats

CONFIDENCE = 0.95
ROUNDING = 1e-12
"""Values that differ by no more than this share of the largest are the same number, summed in another order."""


class Estimate(NamedTuple):
    """A mean with its two-sided t interval; no interval from one replication, nothing from none."""

    mean: float | None
    low: float | None
    high: float | None


class Difference(NamedTuple):
    """The mean of ``a - b``, paired, over the ``n`` replications in which both are defined.

    ``p`` is of the two-sided paired t test that the mean is 0; None where the difference does not vary or n is 1.
    ``correlation`` is of a with b; None where one of them does not vary. ``unpaired_low`` and ``unpaired_high`` are
    Welch's interval, what days drawn apart would have given; it is a yardstick and no substitute: the pairs are
    dependent whether that helps or not.
    """

    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    correlation: float | None
    n: int
    unpaired_low: float | None = None
    unpaired_high: float | None = None


def estimate(values: np.ndarray, level: float = CONFIDENCE) -> Estimate:
    """Mean and interval of the values that are not NaN; exactly the mean where nothing varies."""
    values = values[~np.isnan(values)]
    if not len(values):
        return Estimate(None, None, None)
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, None, None)
    if _constant(values):
        return Estimate(mean, mean, mean)
    half = half_width(values, level)
    return Estimate(mean, mean - half, mean + half)


def share_estimate(values: np.ndarray, counts: np.ndarray, level: float = CONFIDENCE) -> Estimate:
    """Mean and interval of daily shares of so many, which may be near 0 or 1, or all the same.

    Wilson's interval with the effective count of Korn & Graubard (Survey Methodology 24, 1998): what the shares'
    variation between days amounts to, at most what was counted. A t interval has no width where no day had a failure.
    """
    used = _weighed(values, counts)
    values, counts = values[used], counts[used]
    n = len(values)
    if n < 2:
        return Estimate(float(values[0]) if n else None, None, None)
    mean, most = float(values.mean()), float(counts.sum())
    spread, variance = mean * (1 - mean), float(values.var(ddof=1) / n)
    z, t = special.ndtri((1 + level) / 2), special.stdtrit(n - 1, (1 + level) / 2)
    count = (min(most, spread / variance) if variance else most) * (z / t) ** 2
    centre = (mean + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(spread / count + (z / (2 * count)) ** 2)
    return Estimate(mean, max(0.0, min(mean, float(centre - half))), min(1.0, max(mean, float(centre + half))))


def half_width(values: np.ndarray, level: float = CONFIDENCE) -> float:
    """Of the t interval of the mean of at least two values, none of them NaN."""
    n = len(values)
    return float(special.stdtrit(n - 1, (1 + level) / 2) * values.std(ddof=1) / np.sqrt(n))


def difference(a: np.ndarray, b: np.ndarray, level: float = CONFIDENCE) -> Difference:
    """Paired difference of two arrays [replications]; NaN where a value is undefined."""
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    n = len(a)
    if not n:
        return Difference(None, None, None, None, None, 0)
    change = a - b
    mean = float(change.mean())
    if n < 2:
        return Difference(mean, None, None, None, None, n)
    apart = _unpaired(a, b, level)
    if _constant(change, max(np.abs(a).max(), np.abs(b).max())):
        return Difference(mean, mean, mean, None, _correlation(a, b), n, *apart)
    half = half_width(change, level)
    p = float(stats.ttest_rel(a, b).pvalue)
    return Difference(mean, mean - half, mean + half, p, _correlation(a, b), n, *apart)


def ratio_of_sums(values: np.ndarray, weights: np.ndarray, level: float = CONFIDENCE) -> Estimate:
    """The ratio over all replications together: values weighted by their own denominators, jackknifed.

    A day's cost per stop times its stops is its cost, so with stops as weights this is all cost over all stops; the
    mean of the days' values counts a day of ten stops as much as one of a thousand.
    """
    return _jackknifed(_left_out(values, weights), level)


def difference_of_ratios(
    a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray], level: float = CONFIDENCE
) -> Estimate:
    """The first ratio of sums minus the second, jackknifed by leaving a replication out of both at once.

    Each is ``(values, weights)``; replications in which one of the two has no weight count for neither.
    """
    both = _weighed(*a) & _weighed(*b)
    return _jackknifed(_left_out(*(part[both] for part in a)) - _left_out(*(part[both] for part in b)), level)


def change_of_sums(
    a: np.ndarray, b: np.ndarray, less: Sequence[np.ndarray] = (), level: float = CONFIDENCE
) -> Estimate:
    """By which share the sum of ``a`` over all replications is above that of ``b``, jackknifed over whole replications.

    ``less``: a second pair, whose change is taken off. Replications in which a value is undefined count for neither.
    """
    columns = np.array([a, b, *less])
    columns = columns[:, ~np.isnan(columns).any(axis=0)]
    totals = columns.sum(axis=1, keepdims=True)
    sums = np.hstack([totals, totals - columns]) if columns.shape[1] > 1 else totals
    if not columns.size or not sums[1::2].all():
        return Estimate(None, None, None)
    changes = sums[0::2] / sums[1::2] - 1
    return _jackknifed(changes[0] - changes[1:].sum(axis=0), level)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjusted p of a family of tests, in the order given; what has no p is no test."""
    tests = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(tests):
        largest = max(largest, min(1.0, (len(tests) - rank) * p))
        adjusted[place] = largest
    return adjusted


def _correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    if _constant(a) or _constant(b):
        return None
    return float(stats.pearsonr(a, b).statistic)


def _unpaired(a: np.ndarray, b: np.ndarray, level: float) -> tuple[float, float]:
    """Welch's interval (``ttest_ind`` warns where one of the two does not vary)."""
    n, mean = len(a), a.mean() - b.mean()
    of_a, of_b = (0.0 if _constant(part) else part.var(ddof=1) for part in (a, b))
    if not of_a + of_b:
        return float(mean), float(mean)
    share = of_a / (of_a + of_b)
    freedom = (n - 1) / (share**2 + (1 - share) ** 2)
    half = special.stdtrit(freedom, (1 + level) / 2) * np.sqrt((of_a + of_b) / n)
    return float(mean - half), float(mean + half)


def _constant(values: np.ndarray, scale: float | None = None) -> bool:
    scale = float(np.abs(values).max()) if scale is None else scale
    smallest = float(np.finfo(float).tiny) / ROUNDING  # squares of less are lost
    return bool(np.ptp(values) <= max(ROUNDING * scale, smallest))


def _weighed(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return ~np.isnan(values) & (weights > 0)


def _left_out(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The ratio of all [0], and with each replication left out in turn [1:]; empty where there is none."""
    used = _weighed(values, weights)
    parts, weights = (values * weights)[used], weights[used]
    if not len(parts):
        return np.empty(0)
    whole = parts.sum() / weights.sum()
    if len(parts) < 2:
        return np.array([whole])
    return np.array([whole, *((parts.sum() - parts) / (weights.sum() - weights))])


def _jackknifed(ratios: np.ndarray, level: float) -> Estimate:
    """Mean and interval of the pseudovalues ``n * all - (n - 1) * left out``, around the ratio of all."""
    if len(ratios) < 2:
        return Estimate(float(ratios[0]) if len(ratios) else None, None, None)
    whole, n = float(ratios[0]), len(ratios) - 1
    found = estimate(n * whole - (n - 1) * ratios[1:], level)
    assert found.mean is not None  # noqa: S101  (n is not 0)
    assert found.low is not None  # noqa: S101
    assert found.high is not None  # noqa: S101
    return Estimate(whole, whole + (found.low - found.mean), whole + (found.high - found.mean))
