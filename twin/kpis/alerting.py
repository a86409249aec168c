"""Alerts against truth, and what people made of them."""

from collections import defaultdict
from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from twin.kpis.kpi import Kpi
from twin.kpis.numbers import quantile, ratio, seconds
from twin.kpis.records import Alarm, Facts

ALERT_WITHIN_US = 15 * 60_000_000
"""An alert counts for a cause if it comes at most this long after it (or before: an early warning)."""
Z = 1.959964
"""Standard normal quantile of two-sided 95 %."""


class AlertScore(NamedTuple):
    """How alerts met their causes: hits, alerts of no cause, causes without alert, and alert time minus cause time."""

    hits: int
    false: int
    missed: int
    delays_us: tuple[int, ...]


class _Matched(NamedTuple):
    hits: list[tuple[Alarm, Alarm]]  # alert, cause
    false: int
    causes: int


def score_alerts(alerts: Iterable[Alarm], causes: Iterable[Alarm], within_us: int = ALERT_WITHIN_US) -> AlertScore:
    """Match alerts with what truly began: same rule and subject, from ``early_us`` before a cause to ``within_us``
    after its end.

    A cause is met by the first alert near it; repeats for the same cause are neither right nor wrong.
    """
    matched = _match(alerts, causes, within_us)
    delays = tuple(alert.at_us - cause.at_us for alert, cause in matched.hits)
    return AlertScore(len(matched.hits), matched.false, matched.causes - len(matched.hits), delays)


def _match(alerts: Iterable[Alarm], causes: Iterable[Alarm], within_us: int = ALERT_WITHIN_US) -> _Matched:
    of: dict[tuple[str, str], list[Alarm]] = defaultdict(list)
    for cause in sorted(causes):
        of[cause.rule, cause.subject].append(cause)
    met: set[Alarm] = set()
    hits, false = [], 0
    for alert in sorted(alerts, key=lambda a: (a.at_us, a)):
        candidates = of.get((alert.rule, alert.subject), []) + of.get((alert.rule, ""), [])
        near = [c for c in candidates if c.at_us - c.early_us <= alert.at_us <= max(c.at_us, c.until_us) + within_us]
        new = [cause for cause in near if cause not in met]
        if new:
            met.add(new[0])
            hits.append((alert, new[0]))
        elif not near:
            false += 1
    return _Matched(hits, false, sum(map(len, of.values())))


def wilson(hits: int, n: int) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a proportion (E. B. Wilson, JASA 22, 1927); None of nothing."""
    if not n:
        return None
    share, shift = hits / n, Z * Z / n
    middle = share + shift / 2
    half = Z * sqrt(share * (1 - share) / n + shift / (4 * n))
    low, high = (middle - half) / (1 + shift), (middle + half) / (1 + shift)
    return (low if hits else 0.0), (high if hits < n else 1.0)


def _score(f: Facts) -> AlertScore:
    return score_alerts(f.alerts, f.alert_causes)


def alerts_scored(f: Facts) -> int:
    return len(f.alerts)


def alert_causes(f: Facts) -> int:
    return len(f.alert_causes)


def alert_precision(f: Facts) -> float | None:
    score = _score(f)
    return ratio(score.hits, score.hits + score.false)


def alert_recall(f: Facts) -> float | None:
    score = _score(f)
    return ratio(score.hits, score.hits + score.missed)


def _precision_bound(f: Facts, side: int) -> float | None:
    score = _score(f)
    interval = wilson(score.hits, score.hits + score.false)
    return None if interval is None else interval[side]


def _recall_bound(f: Facts, side: int) -> float | None:
    score = _score(f)
    interval = wilson(score.hits, score.hits + score.missed)
    return None if interval is None else interval[side]


def alert_precision_low(f: Facts) -> float | None:
    return _precision_bound(f, 0)


def alert_precision_high(f: Facts) -> float | None:
    return _precision_bound(f, 1)


def alert_recall_low(f: Facts) -> float | None:
    return _recall_bound(f, 0)


def alert_recall_high(f: Facts) -> float | None:
    return _recall_bound(f, 1)


def alert_delay_s_p50(f: Facts) -> float | None:
    return seconds(quantile((d for d in _score(f).delays_us if d >= 0), 0.5))


def alert_lead_s_p50(f: Facts) -> float | None:
    return seconds(quantile((-d for d in _score(f).delays_us if d < 0), 0.5))


def stop_class_accuracy(f: Facts) -> float | None:
    hits = [(alert, cause) for alert, cause in _match(f.alerts, f.alert_causes).hits if alert.rule == "long_stop"]
    return ratio(sum(alert.detail == cause.detail for alert, cause in hits), len(hits))


def exceptions_opened(f: Facts) -> int:
    return len(f.exceptions)


def exceptions_handled(f: Facts) -> int:
    return sum(case.handled for case in f.exceptions.values())


def dispatcher_exception_h(f: Facts) -> float:
    return sum(case.worked_us for case in f.exceptions.values()) / 3600e6


def time_to_acknowledge_s_p50(f: Facts) -> float | None:
    cases = f.exceptions.values()
    return seconds(quantile((c.acknowledged_us - c.opened_us for c in cases if c.acknowledged_us is not None), 0.5))


def eta_error_live_s_p50(f: Facts) -> float | None:
    return seconds(quantile((abs(o.arrived_us - o.live_us) for o in f.delivered() if o.live_us is not None), 0.5))


SCORED = (
    "Scored are the rules at work in the run whose causes the truth ledger tells: late_delivery (_predicted), "
    "missed_stop, long_stop, harsh_driving, device_silent, feed_stale, tampering, position_implausible; alerts marked "
    "as late claim nothing about now and are left out."
)
BY_RULE = ("rule",)

KPIS = (
    Kpi("alerts_scored", "alerts", "neither", "leading", "dispatcher",
        f"Alerts raised by rules that are scored. {SCORED}", alerts_scored, BY_RULE, "truth"),
    Kpi("alert_causes", "causes", "neither", "leading", "dispatcher",
        f"True causes, the number behind alert_recall. {SCORED}", alert_causes, BY_RULE, "truth"),
    Kpi("alert_precision", "share", "higher", "leading", "dispatcher",
        "Alerts near a true cause of their rule and subject (from 15 minutes before it began to 15 minutes after it "
        "ended; predictions and missed stops up to 4 hours before) / alerts, repeats for one cause left out of both. "
        "Lateness that was predicted and then averted counts as a false alert. Null while no rule raises alerts. "
        f"{SCORED}", alert_precision, BY_RULE, "truth"),
    Kpi("alert_precision_low", "share", "higher", "leading", "dispatcher",
        "Lower end of Wilson's 95 % interval of alert_precision.", alert_precision_low, BY_RULE, "truth"),
    Kpi("alert_precision_high", "share", "higher", "leading", "dispatcher",
        "Upper end of Wilson's 95 % interval of alert_precision.", alert_precision_high, BY_RULE, "truth"),
    Kpi("alert_recall", "share", "higher", "leading", "dispatcher",
        "True causes with an alert near them / true causes. An event that is over before a rule's own waiting time has "
        "passed can only be missed.", alert_recall, BY_RULE, "truth"),
    Kpi("alert_recall_low", "share", "higher", "leading", "dispatcher",
        "Lower end of Wilson's 95 % interval of alert_recall.", alert_recall_low, BY_RULE, "truth"),
    Kpi("alert_recall_high", "share", "higher", "leading", "dispatcher",
        "Upper end of Wilson's 95 % interval of alert_recall.", alert_recall_high, BY_RULE, "truth"),
    Kpi("alert_delay_s_p50", "s", "lower", "leading", "dispatcher",
        "Median (nearest rank) of alert minus true start, over causes first told of at or after their start. A long "
        "stop starts when it has become one.", alert_delay_s_p50, BY_RULE, "truth"),
    Kpi("alert_lead_s_p50", "s", "higher", "leading", "dispatcher",
        "Median (nearest rank) of true start minus alert, over causes told of before their start.",
        alert_lead_s_p50, BY_RULE, "truth"),
    Kpi("stop_class_accuracy", "share", "higher", "leading", "dispatcher",
        "Long-stop alerts whose class (in service, waiting, break, traffic, breakdown, private) is that of the longest "
        "part of the true stop / long-stop alerts that met one.", stop_class_accuracy, (), "truth"),
    Kpi("exceptions_opened", "exceptions", "lower", "leading", "dispatcher",
        "Alerts that somebody had to deal with, over the run.", exceptions_opened, BY_RULE, "office"),
    Kpi("exceptions_handled", "exceptions", "higher", "lagging", "dispatcher",
        "Exceptions resolved by people, over the run.", exceptions_handled, BY_RULE, "office"),
    Kpi("dispatcher_exception_h", "h", "lower", "lagging", "operations manager",
        "Dispatchers' time spent on exceptions that were resolved, over the run.", dispatcher_exception_h, BY_RULE,
        "office"),
    Kpi("time_to_acknowledge_s_p50", "s", "lower", "leading", "operations manager",
        "Median (nearest rank) of the time from an exception being opened to somebody taking notice, over those of "
        "which somebody did.", time_to_acknowledge_s_p50, BY_RULE, "office"),
    Kpi("eta_error_live_s_p50", "s", "lower", "leading", "dispatcher",
        "Median (nearest rank) of |actual arrival - arrival expected when the vehicle had just set out for the stop|, "
        "over delivered orders with such an estimate; undefined while no rules are checked.", eta_error_live_s_p50),
)  # fmt: skip
