"""Figures and differences as words, for text that people read."""

from collections.abc import Sequence

EVERY_TIME = "every time"
LEAST = 1e-4
"""Less, in the unit shown, is shown as 0."""


def number(value: float, unit: str) -> str:
    """A KPI's value as people read it."""
    if unit == "share":
        return f"{_rounded(value * 100, 1)} %"
    whole = float(f"{value:.9g}").is_integer()  # but for the rounding of a sum
    digits = 0 if abs(value) >= 1000 or whole else 1 if abs(value) >= 10 else 2
    return f"{_rounded(value, digits)} {unit}".strip()


def between(mean: float | None, low: float | None, high: float | None, unit: str) -> str:
    """A mean with its interval."""
    if mean is None:
        return "undefined"
    if low is None or high is None:
        return f"{number(mean, unit)} (no interval)"
    return f"{number(mean, unit)} ({number(low, unit).split()[0]} to {number(high, unit).split()[0]})"


def signed(value: float, unit: str) -> str:
    """A difference: of shares in percentage points."""
    size = number(abs(value), unit)
    return f"{'+' if value >= 0 else '-'}{size.replace('%', 'pp') if unit == 'share' else size}"


def _rounded(value: float, digits: int) -> str:
    """With so many digits; what these would show as 0 and is not has its first one."""
    text = f"{value:z,.{digits}f}"
    return text if abs(value) < LEAST or any(digit in "123456789" for digit in text) else f"{value:.1g}"


def spread(mean: float | None, low: float | None, high: float | None, unit: str) -> str:
    """A difference with its interval."""
    if mean is None:
        return "undefined"
    if low is None or high is None:
        return f"{signed(mean, unit)} (no interval)"
    ends = reach(low, high, unit)
    return f"{signed(mean, unit)} {ends if ends == EVERY_TIME else f'({ends})'}"


def reach(low: float, high: float, unit: str) -> str:
    """A difference's interval, beside which the unit already stands, or that it was the same in every replication."""
    if low == high:  # a width of zero would promise something of other days that nobody knows
        return EVERY_TIME
    return " to ".join(signed(bound, unit).split()[0] for bound in (low, high))


def on_days(n: int, replications: int) -> str:
    """What a difference rests on, where a figure was undefined on some of the days."""
    return "" if n == replications else f" on {n} of {replications} days"


def listed(parts: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def begun(label: str) -> str:
    """A label within a sentence: a small first letter, but for abbreviations, and no comma."""
    name, comma, of = label.partition(", ")
    name = name if name[1:2].isupper() else name[:1].lower() + name[1:]
    return f"{name} ({of})" if comma else name
