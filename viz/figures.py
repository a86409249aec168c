"""Numbers and names as people read them."""

LABELS = {
    "orders_total": "Orders",
    "delivered_share": "Delivered",
    "on_time_share": "On time",
    "first_attempt_share": "First visit succeeded",
    "left_out_share": "Left out",
    "lateness_s_p95": "Lateness, 95th percentile",
    "stops_per_h": "Stops per hour",
    "distance_km": "Distance",
    "driving_h": "Driving time",
    "duty_h": "Duty time",
    "empty_distance_share": "Driven empty",
    "utilisation_share": "Utilisation",
    "workload_spread": "Spread of workload",
    "fuel_l": "Fuel",
    "idle_share": "Engine idling",
    "cost_eur": "Cost",
    "cost_per_stop_eur": "Cost per stop",
    "eta_error_s_p50": "Arrival estimate off by, median",
    "belief_age_s_mean": "Age of the office's picture, mean",
    "belief_age_s_p95": "Age of the office's picture, 95th percentile",
    "samples_lost_share": "Telematics samples lost",
    "alert_precision": "Alerts that were right",
    "alert_recall": "Problems that were alerted",
    "alerts_scored": "Alerts of rules that are scored",
    "alert_causes": "True problems behind them",
    "alert_precision_low": "Alerts that were right, at least (95 %)",
    "alert_precision_high": "Alerts that were right, at most (95 %)",
    "alert_recall_low": "Problems that were alerted, at least (95 %)",
    "alert_recall_high": "Problems that were alerted, at most (95 %)",
    "alert_delay_s_p50": "Alert delay, median",
    "alert_lead_s_p50": "Alert lead, median",
    "stop_class_accuracy": "Long stops classified rightly",
    "exceptions_opened": "Exceptions opened",
    "exceptions_handled": "Exceptions handled",
    "dispatcher_exception_h": "Dispatchers' time on exceptions",
    "time_to_acknowledge_s_p50": "Exception to notice taken, median",
    "eta_error_live_s_p50": "Arrival expected on setting out off by, median",
    "not_on_time_orders": "Orders not on time",
    "assignment_latency_s_p50": "Order to assignment, median",
    "plan_changes_per_driver": "Plan changes per driver",
    "wismo_calls": "Calls asking where it is",
    "call_h": "On the phone with customers",
    "notification_cost_eur": "Messages to customers",
    "eta_told_wrong_share": "Arrival times told that were wrong",
    "proofs": "Proofs of delivery",
    "proof_delay_s_p95": "Proof on its way, 95th percentile",
    "disputes": "Disputed deliveries",
    "disputes_lost_share": "Disputes lost",
    "disputes_lost_to_late_proof": "Disputes lost to late proofs",
    "late_orders": "Late orders",
    "failed_share": "Failed",
    "otif_share": "On time and complete",
    "route_adherence_share": "Planned sequence kept",
    "co2_kg": "CO₂",
    "energy_kwh": "Energy charged",
}
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
    "changes": "",
    "calls": "",
    "proofs": "",
    "disputes": "",
}
"""What stands behind a number; nothing where the label says it."""


def label(name: str) -> str:
    """A KPI's name in words."""
    return LABELS.get(name) or name.replace("_", " ").capitalize()


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
