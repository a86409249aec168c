"""The price of blindness as lines of text."""

from scenarios.studies.blindness import FIGURES, SOURCES, Blindness
from scenarios.studies.statistics import Estimate

UNITS = {"cost_eur": "EUR", "not_on_time_orders": "orders"}


def blindness_lines(found: Blindness) -> list[str]:
    """A line for each source of information and figure: its mean, and what it costs more than the truth."""
    lines = []
    for figure in FIGURES:
        lines.append(f"{figure} ({UNITS[figure]})")
        for source in SOURCES:
            mean = found.figures[source][figure].mean()
            price = "" if source == "perfect" else f"   price of blindness {_text(found.price(source, figure))}"
            lines.append(f"  {source:<8} {mean:>12,.1f}{price}")
    return lines


def _text(price: Estimate) -> str:
    if price.low is None:
        return f"{price.mean:+,.1f} (one day: no interval)"
    return f"{price.mean:+,.1f} (95 %: {price.low:+,.1f} to {price.high:+,.1f})"
