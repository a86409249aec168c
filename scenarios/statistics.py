"""Statistics of simulation studies: means, paired differences with Student's t intervals, many comparisons at once.

A replication (a whole run) is the unit: what happens within one day is correlated and is never the n of a test.
Sources: Law, Simulation Modeling and Analysis (paired t, common random numbers); Holm, Scand. J. Statist. 6 (1979).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
ROUNDING = 1e-12
"""Values that differ by no more than this share of the largest are the same number, summed in another order."""


class Estimate(NamedTuple):
    """A mean with its two-sided 95 % t interval; no interval from one replication, nothing from none."""

    mean: float | None
    low: float | None
    high: float | None


class Difference(NamedTuple):
    """The mean of ``a - b``, paired, over the ``n`` replications in which both are defined.

    ``p`` is of the two-sided paired t test that the mean is 0; None where the difference does not vary or n is 1.
    ``correlation`` is of a with b: above 0, pairing made the interval narrower. None where one of them does not vary.
    """

    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    correlation: float | None
    n: int

    @property
    def pairing_helped(self) -> bool | None:
        """None: it cannot be told."""
        return None if self.correlation is None else self.correlation > 0


def estimate(values: np.ndarray) -> Estimate:
    """Mean and interval of the values that are not NaN; exactly the mean where nothing varies."""
    values = values[~np.isnan(values)]
    if not len(values):
        return Estimate(None, None, None)
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, None, None)
    if _constant(values, np.abs(values).max()):
        return Estimate(mean, mean, mean)
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    return Estimate(mean, float(low), float(high))


def difference(a: np.ndarray, b: np.ndarray) -> Difference:
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
    correlation = _correlation(a, b)
    if _constant(change, max(np.abs(a).max(), np.abs(b).max())):
        return Difference(mean, mean, mean, None, correlation, n)
    test = stats.ttest_rel(a, b)
    low, high = test.confidence_interval(CONFIDENCE)
    return Difference(mean, float(low), float(high), float(test.pvalue), correlation, n)


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
    if _constant(a, np.abs(a).max()) or _constant(b, np.abs(b).max()):
        return None
    return float(stats.pearsonr(a, b).statistic)


def _constant(values: np.ndarray, scale: float) -> bool:
    smallest = float(np.finfo(float).tiny) / ROUNDING  # squares of less are lost
    return bool(np.ptp(values) <= max(ROUNDING * scale, smallest))
