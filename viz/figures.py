"""Numbers as people read them, and the KPIs shown first."""

HEADLINES = (
    "delivered_share", "on_time_share", "lateness_s_p95", "cost_per_stop_eur", "cost_eur", "distance_km",
    "stops_per_h", "belief_age_s_p95",
)  # fmt: skip
"""KPIs that get a card, in this order; all others follow in a table."""

_PERCENT_UNITS = ("share", "ratio")
_UNITS = {
    "EUR": "€",
    "EUR/stop": "€",
    "stops/h": "per h",
    "orders": "",
    "stops": "",
    "changes": "",
    "calls": "",
    "proofs": "",
    "disputes": "",
    "recommendations": "",
}
"""What stands behind a number; nothing where the label says it."""


def figure_text(value: float | None, unit: str) -> str:
    """A value with its unit, rounded to what the eye can use: three digits or so."""
    if value is None:
        return "–"
    if unit in _PERCENT_UNITS:
        return f"{number(100 * value)} %"
    if unit == "s" and abs(value) >= 300:
        return f"{number(value / 60)} min"
    return f"{number(value)} {_UNITS.get(unit, unit)}".rstrip()


def number(value: float) -> str:
    """Digits for people: thin spaces between thousands, decimals only where they tell something."""
    if value == round(value) or abs(value) >= 1000:
        return f"{round(value):,}".replace(",", "\u202f").replace("-", "−")
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{decimals}f}".replace("-", "−")


def minutes_text(minutes: float) -> str:
    """Minutes of delay: whole ones, below ten with a decimal."""
    return f"{minutes:.1f}" if minutes < 10 else f"{minutes:.0f}"


def signed(minutes: float) -> str:
    """Whole minutes with their sign, for parts of a sum."""
    return f"{minutes:+.0f}".replace("-", "−")
