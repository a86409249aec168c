"""How well head office knows its fleet, and how fast it acts on what it knows."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from twin.kpis.kpi import Kpi
from twin.kpis.numbers import quantile, ratio, seconds
from twin.kpis.records import Alarm, Facts

ALERT_WITHIN_US = 15 * 60_000_000
"""An alert counts for a cause if it comes at most this long after it (or before: an early warning)."""


class AlertScore(NamedTuple):
    """How alerts met their causes: hits, alerts of no cause, causes without alert, and alert time minus cause time."""

    hits: int
    false: int
    missed: int
    delays_us: tuple[int, ...]


def score_alerts(alerts: Iterable[Alarm], causes: Iterable[Alarm], within_us: int = ALERT_WITHIN_US) -> AlertScore:
    """Match alerts with what truly began: same rule and subject, at most ``within_us`` apart.

    A cause is met by the first alert near it; repeats for the same cause are neither right nor wrong.
    """
    waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
    for cause in causes:
        waiting[cause.rule, cause.subject].append(cause.at_us)
    met: set[tuple[str, str, int]] = set()
    delays, false = [], 0
    for alert in sorted(alerts, key=lambda a: a.at_us):
        near = [at for at in sorted(waiting[alert.rule, alert.subject]) if abs(alert.at_us - at) <= within_us]
        new = [at for at in near if (alert.rule, alert.subject, at) not in met]
        if new:
            met.add((alert.rule, alert.subject, new[0]))
            delays.append(alert.at_us - new[0])
        elif not near:
            false += 1
    return AlertScore(len(met), false, sum(map(len, waiting.values())) - len(met), tuple(delays))


def alert_precision(f: Facts) -> float | None:
    score = score_alerts(f.alerts, f.alert_causes)
    return ratio(score.hits, score.hits + score.false)


def alert_recall(f: Facts) -> float | None:
    score = score_alerts(f.alerts, f.alert_causes)
    return ratio(score.hits, score.hits + score.missed)


def alert_delay_s_p50(f: Facts) -> float | None:
    return seconds(quantile((d for d in score_alerts(f.alerts, f.alert_causes).delays_us if d >= 0), 0.5))


def alert_lead_s_p50(f: Facts) -> float | None:
    return seconds(quantile((-d for d in score_alerts(f.alerts, f.alert_causes).delays_us if d < 0), 0.5))


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


def wismo_calls(f: Facts) -> int | None:
    return f.wismo_calls


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
    Kpi("alert_precision", "share", "higher", "leading", "dispatcher",
        "Alerts within 15 minutes of a true cause of their kind / alerts, repeats for one cause left out of both. Null "
        "while no rule raises alerts.",
        alert_precision, (), "truth"),
    Kpi("alert_recall", "share", "higher", "leading", "dispatcher",
        "True causes with an alert within 15 minutes / true causes.", alert_recall, (), "truth"),
    Kpi("alert_delay_s_p50", "s", "lower", "leading", "dispatcher",
        "Median (nearest rank) of alert minus true start, over causes first told of at or after their start.",
        alert_delay_s_p50, (), "truth"),
    Kpi("alert_lead_s_p50", "s", "higher", "leading", "dispatcher",
        "Median (nearest rank) of true start minus alert, over causes told of before their start.",
        alert_lead_s_p50, (), "truth"),
    Kpi("assignment_latency_s_p50", "s", "lower", "leading", "dispatcher",
        "Median (nearest rank) of the time from head office receiving an order during the run to its first command "
        "that carries it, over orders that got one.", assignment_latency_s_p50, ("depot", "zone", "customer"),
        "office"),
    Kpi("wismo_calls", "calls", "lower", "lagging", "customer service",
        "Calls of the kind 'where is my order?'; undefined while customers do not call.", wismo_calls, (), "truth"),
)  # fmt: skip
