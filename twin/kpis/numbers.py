"""Exact arithmetic for KPIs: sums and ranks of integers, one division at the end."""

import math
from collections.abc import Iterable


def ratio(part: float, whole: float, scale: float = 1.0) -> float | None:
    """``part / (whole * scale)``; None where there is nothing to divide by."""
    return part / (whole * scale) if whole else None


def quantile(values: Iterable[int], q: float) -> int | None:
    """The value that at least the share ``q`` of the values does not exceed (nearest rank); None of nothing.

    No interpolation: the answer is one of the values, the same whatever their order.
    """
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def spread(values: Iterable[int]) -> float | None:
    """Coefficient of variation: population standard deviation over mean; None if the mean is zero or undefined."""
    numbers = list(values)
    n, total, squares = len(numbers), sum(numbers), sum(v * v for v in numbers)
    if not total:
        return None
    return math.sqrt(n * squares - total * total) / total


def seconds(value_us: int | None) -> float | None:
    """Microseconds as seconds."""
    return None if value_us is None else value_us / 1e6
