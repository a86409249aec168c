"""How well head office knows its fleet, and how fast it acts on what it knows."""

from twin.kpis.kpi import Kpi
from twin.kpis.numbers import quantile, seconds
from twin.kpis.records import Facts


def belief_age_s_mean(f: Facts) -> float | None:
    return f.telemetry.mean_age_s() if f.telemetry else None


def belief_age_s_p95(f: Facts) -> float | None:
    return f.telemetry.age_quantile_s(0.95) if f.telemetry else None


def samples_lost_share(f: Facts) -> float | None:
    return f.telemetry.lost_share() if f.telemetry else None


def assignment_latency_s_p50(f: Facts) -> float | None:
    waits = (
        order.commanded_us - order.heard_us
        for order in f.orders.values()
        if order.heard_us is not None and order.commanded_us is not None
    )
    return seconds(quantile(waits, 0.5))


AGE = (
    "Age of information of a vehicle's position: now minus when the newest sample received so far was measured; an "
    "older sample arriving late resets nothing. Counted while a shift is on, from zero at its start (a parked vehicle "
    "stands where it was left); without any shift, from a vehicle's first reception to its last. True clock."
)

KPIS = (
    Kpi("belief_age_s_mean", "s", "lower", "leading", "telematics manager",
        f"Mean over time and vehicles. {AGE}", belief_age_s_mean, ("vehicle",), "office"),
    Kpi("belief_age_s_p95", "s", "lower", "leading", "telematics manager",
        f"The age not exceeded for 95 % of the time of all vehicles together, within 0.8 %. {AGE}",
        belief_age_s_p95, (), "office"),
    Kpi("samples_lost_share", "share", "lower", "leading", "telematics manager",
        "Samples never received / samples taken, over the run.", samples_lost_share, ("vehicle",), "office"),
    Kpi("assignment_latency_s_p50", "s", "lower", "leading", "dispatcher",
        "Median (nearest rank) of the time from head office receiving an order during the run to its first command "
        "that carries it, over orders that got one.", assignment_latency_s_p50, ("depot", "zone", "customer"),
        "office"),
)  # fmt: skip
