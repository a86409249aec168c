"""Dispatching: how soon drivers set out, whether they stand idle while orders wait, and the dispatchers' own time."""

from collections.abc import Callable, Iterator

from twin.kpis.kpi import ORDERS, SHIFTS, Kpi
from twin.kpis.numbers import quantile, ratio, seconds
from twin.kpis.records import Facts


def first_departure_s_p50(f: Facts) -> float | None:
    return seconds(quantile(_first_departures_us(f), 0.5))


def first_departure_s_p95(f: Facts) -> float | None:
    return seconds(quantile(_first_departures_us(f), 0.95))


def _first_departures_us(f: Facts) -> Iterator[int]:
    return (after_us for duty in f.duty.values() for after_us in duty.first_departures_us)


def idle_while_waiting_share(f: Facts) -> float | None:
    return ratio(f.duty_total(lambda d: d.idle_waiting_us), f.duty_total(lambda d: d.duty_us))


def dispatcher_phone_h(f: Facts) -> float:
    return f.phone_us / 3600e6


def dispatcher_runbook_h(f: Facts) -> float:
    return f.runbook_us / 3600e6


def dispatcher_deciding_h(f: Facts) -> float:
    return f.deciding_us / 3600e6


def advice_asked(f: Facts) -> int:
    return sum(advice.approval for advice in f.advice.values())


def advice_overridden_share(f: Facts) -> float | None:
    judged = [advice for advice in f.advice.values() if advice.judged]
    return ratio(sum(advice.overridden for advice in judged), len(judged))


def advice_lapsed_share(f: Facts) -> float | None:
    asked = [advice for advice in f.advice.values() if advice.approval]
    return ratio(sum(advice.answer in ("expired", "overtaken") for advice in asked), len(asked))


def advice_answer_s_p50(f: Facts) -> float | None:
    judged = (advice for advice in f.advice.values() if advice.judged)
    return seconds(quantile((a.answered_us - a.made_us for a in judged if a.answered_us and a.made_us), 0.5))


def _on_time_share(advice: str) -> Callable[[Facts], float | None]:
    def share(f: Facts) -> float | None:
        due = [order for order in f.due() if order.advice == advice]
        return ratio(sum(order.on_time for order in due), len(due))

    return share


def _lateness_s_mean(advice: str) -> Callable[[Facts], float | None]:
    def mean(f: Facts) -> float | None:
        done = [order for order in f.delivered() if order.advice == advice and order.windows]
        return ratio(sum(order.lateness_us for order in done), len(done), 1e6)

    return mean


_ASKED_ABOUT = (
    "An order counts if a person was asked about a recommendation that moves it, and answered; the last such answer "
    "counts. What became of the orders is compared, not what the other answer would have led to."
)
_LATENESS = "Mean lateness (start of service after the close of the last window missed; 0 in time) of delivered orders "

KPIS = (
    Kpi("first_departure_s_p50", "s", "lower", "leading", "dispatcher",
        "Median (nearest rank) of the time from the start of a shift to its first departure, over shifts that ended "
        "and had one. Inspection and loading are part of it, and so is waiting until the plan says to leave.",
        first_departure_s_p50, SHIFTS),
    Kpi("first_departure_s_p95", "s", "lower", "leading", "dispatcher",
        "95th percentile (nearest rank) of the time from the start of a shift to its first departure, over shifts that "
        "ended and had one.", first_departure_s_p95, SHIFTS),
    Kpi("idle_while_waiting_share", "share", "lower", "leading", "dispatcher",
        "On-duty time during which a driver was idle at the depot while at least one order could wait for them / "
        "on-duty time, over shifts that ended. Idle at the depot: from the end of the inspection, or the return, until "
        "an order is on the route or the vehicle departs, breaks left out. An order waits while it is placed, not "
        "ended and on no route a driver has accepted; it could wait for a driver if a window of it opens before their "
        "shift is due to end. Whether the vehicle could serve it is not asked. Reported is the same by when head "
        "office heard.", idle_while_waiting_share, SHIFTS),
    Kpi("dispatcher_phone_h", "h", "lower", "lagging", "operations manager",
        "Time spent calling drivers, waiting for a line left out, over calls that ended; calls with customers are "
        "call_h, exceptions dispatcher_exception_h.", dispatcher_phone_h, (), "office"),
    Kpi("dispatcher_runbook_h", "h", "lower", "lagging", "operations manager",
        "Minutes of the runbook's steps that the role dispatcher took, over the run; the calls that follow are "
        "dispatcher_phone_h.", dispatcher_runbook_h, (), "office"),
    Kpi("dispatcher_deciding_h", "h", "lower", "lagging", "operations manager",
        "Time a dispatcher spent deciding, or answering recommendations, over the run: an hour divided by "
        "dispatch.decisions_per_h each. What was dropped while being thought about and a live person's time do not "
        "count.", dispatcher_deciding_h, (), "office"),
    Kpi("advice_asked", "recommendations", "neither", "lagging", "dispatcher",
        "Recommendations that somebody had to approve, over the run.", advice_asked, (), "office"),
    Kpi("advice_overridden_share", "share", "neither", "lagging", "dispatcher",
        "Recommendations a person changed or refused / those a person answered.", advice_overridden_share, (),
        "office"),
    Kpi("advice_lapsed_share", "share", "lower", "leading", "dispatcher",
        "Recommendations that expired, or were overtaken by events, before a person had followed them / those somebody "
        "had to approve. One that is followed when it expires, because the scenario says so, is not among them.",
        advice_lapsed_share, (), "office"),
    Kpi("advice_answer_s_p50", "s", "lower", "leading", "dispatcher",
        "Median (nearest rank) of the time from a recommendation to a person's answer, over those a person answered.",
        advice_answer_s_p50, (), "office"),
    Kpi("accepted_on_time_share", "share", "higher", "lagging", "dispatcher",
        "Orders on time (as on_time_share) / orders due, of those whose recommendation was accepted. " + _ASKED_ABOUT,
        _on_time_share("accepted"), ORDERS),
    Kpi("overridden_on_time_share", "share", "higher", "lagging", "dispatcher",
        "Orders on time (as on_time_share) / orders due, of those whose recommendation was changed or refused. "
        + _ASKED_ABOUT, _on_time_share("overridden"), ORDERS),
    Kpi("accepted_lateness_s_mean", "s", "lower", "lagging", "dispatcher",
        _LATENESS + "with a window whose recommendation was accepted. " + _ASKED_ABOUT,
        _lateness_s_mean("accepted"), ORDERS),
    Kpi("overridden_lateness_s_mean", "s", "lower", "lagging", "dispatcher",
        _LATENESS + "with a window whose recommendation was changed or refused. " + _ASKED_ABOUT,
        _lateness_s_mean("overridden"), ORDERS),
)  # fmt: skip
