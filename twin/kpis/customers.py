"""Customers: what they were told, what they called and disputed, and the proofs head office had."""

from collections.abc import Callable

from twin.kpis.care import Care
from twin.kpis.kpi import NO_CUSTOMER, ORDERS, Kpi
from twin.kpis.numbers import quantile, ratio, seconds
from twin.kpis.records import Facts


def cares(f: Facts) -> list[Care]:
    """Of the orders whose customers anything passed with."""
    return [order.care for order in f.orders.values() if order.care is not None]


def total(f: Facts, of: Callable[[Care], int]) -> int:
    """A sum over all orders."""
    return sum(map(of, cares(f)))


def _count(f: Facts, of: Callable[[Care], int]) -> int | None:
    """The same, None where nothing passed with any customer."""
    return total(f, of) if cares(f) else None


def notification_cost_eur(f: Facts) -> float | None:
    return total(f, lambda c: c.cost_ueur) / 1e6 if f.customers_told else None


def eta_told_wrong_share(f: Facts) -> float | None:
    return ratio(total(f, lambda c: c.told_wrong), total(f, lambda c: c.told))


def wismo_calls(f: Facts) -> int | None:
    return total(f, lambda c: c.calls) if f.customers_told else None


def call_h(f: Facts) -> float | None:
    return total(f, lambda c: c.call_us) / 3.6e9 if f.customers_told else None


def proofs(f: Facts) -> int | None:
    return _count(f, lambda c: c.captured_us is not None)


def proof_delay_s_p95(f: Facts) -> float | None:
    delays = (c.arrived_us - c.captured_us for c in cares(f) if c.arrived_us is not None and c.captured_us is not None)
    return seconds(quantile(delays, 0.95))


def disputes(f: Facts) -> int | None:
    return _count(f, lambda c: c.disputes)


def disputes_lost_share(f: Facts) -> float | None:
    return ratio(total(f, lambda c: c.lost), total(f, lambda c: c.decided))


def disputes_lost_to_late_proof(f: Facts) -> int | None:
    return _count(f, lambda c: c.lost if c.captured_us is not None else 0)


KPIS = (
    Kpi("notification_cost_eur", "EUR", "lower", "lagging", "customer service",
        "What sending notifications to customers cost, over the run; undefined where customers were neither told "
        "anything nor called.", notification_cost_eur, NO_CUSTOMER, "office"),
    Kpi("eta_told_wrong_share", "share", "lower", "leading", "customer service",
        "Arrival times told to customers (by message, or on the phone) that were off by more than the exactness told "
        "with them / arrival times told. Right is what lies between arrival and start of service of the visit it was "
        "about (the driver may have waited for a window to open); a time that passed without any visit is wrong, one "
        "told for an order then cancelled is left out.",
        eta_told_wrong_share, ORDERS),
    Kpi("wismo_calls", "calls", "lower", "lagging", "customer service",
        "Calls of the kind 'where is my order?', of customers whose order was open; reported are those that were "
        "taken. Undefined where customers were neither told anything nor called.", wismo_calls, NO_CUSTOMER),
    Kpi("call_h", "h", "lower", "lagging", "customer service",
        "Time spent on the phone with customers, waiting left out, over the run.", call_h, NO_CUSTOMER, "office"),
    Kpi("proofs", "proofs", "neither", "lagging", "customer service",
        "Proofs of delivery captured at the door; reported are those that had arrived by the end of the run.",
        proofs, NO_CUSTOMER),
    Kpi("proof_delay_s_p95", "s", "lower", "leading", "telematics manager",
        "95th percentile (nearest rank) of the time from capture to arrival at head office, over proofs that arrived.",
        proof_delay_s_p95, NO_CUSTOMER, "office"),
    Kpi("disputes", "disputes", "lower", "lagging", "customer service",
        "Deliveries disputed by their customers up to the end of the run.", disputes, NO_CUSTOMER),
    Kpi("disputes_lost_share", "share", "lower", "lagging", "customer service",
        "Disputes decided for the customer, no proof having arrived by then / disputes decided.",
        disputes_lost_share, NO_CUSTOMER, "office"),
    Kpi("disputes_lost_to_late_proof", "disputes", "lower", "lagging", "customer service",
        "Disputes lost although a proof had been captured: it had not arrived when the dispute was decided.",
        disputes_lost_to_late_proof, NO_CUSTOMER, "truth"),
)  # fmt: skip
