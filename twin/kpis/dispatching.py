"""Dispatching: how soon drivers set out, whether they stand idle while orders wait, and the dispatchers' own time."""

from collections.abc import Iterator

from twin.kpis.kpi import SHIFTS, Kpi
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
)  # fmt: skip
