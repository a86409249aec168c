"""Service to customers: was it done, when, and how completely."""

from twin.kpis.kpi import NO_CUSTOMER, ORDERS, Kpi
from twin.kpis.numbers import quantile, ratio, seconds
from twin.kpis.records import Facts


def orders_total(f: Facts) -> int:
    return len(f.orders)


def orders_due(f: Facts) -> int:
    return len(f.due())


def delivered_share(f: Facts) -> float | None:
    due = f.due()
    return ratio(sum(order.delivered for order in due), len(due))


def on_time_share(f: Facts) -> float | None:
    due = f.due()
    return ratio(sum(order.on_time for order in due), len(due))


def not_on_time_orders(f: Facts) -> int:
    return sum(not order.on_time for order in f.due())


def otif_share(f: Facts) -> float | None:
    due = f.due()
    return ratio(sum(order.on_time and order.share_ppm == 1_000_000 for order in due), len(due))


def first_attempt_share(f: Facts) -> float | None:
    attempted = [order for order in f.orders.values() if order.attempt]
    return ratio(sum(order.delivered and order.attempt == 1 for order in attempted), len(attempted))


def left_out_share(f: Facts) -> float | None:
    due = f.due()
    return ratio(sum(order.end == "order_left_out" for order in due), len(due))


def failed_share(f: Facts) -> float | None:
    due = f.due()
    return ratio(sum(order.end == "order_failed" for order in due), len(due))


def late_orders(f: Facts) -> int:
    return sum(order.lateness_us > 0 for order in f.delivered())


def lateness_s_p95(f: Facts) -> float | None:
    return seconds(quantile((order.lateness_us for order in f.delivered() if order.windows), 0.95))


def eta_error_s_p50(f: Facts) -> float | None:
    errors = (abs(o.arrived_us - o.planned_us) for o in f.delivered() if o.planned_us is not None)
    return seconds(quantile(errors, 0.5))


DUE = (
    "An order is due unless it was cancelled before anybody set out for it; one still open counts once its last "
    "window has closed by the end of the run."
)

KPIS = (
    Kpi("orders_total", "orders", "neither", "lagging", "operations manager",
        "Orders placed up to the end of the run, those known before it included.", orders_total, ORDERS),
    Kpi("orders_due", "orders", "neither", "lagging", "operations manager",
        f"Orders due over the run: what the shares of orders are shares of. {DUE}", orders_due, ORDERS),
    Kpi("delivered_share", "share", "higher", "lagging", "operations manager",
        f"Orders delivered (or collected) / orders due, over the run. {DUE}", delivered_share, ORDERS),
    Kpi("on_time_share", "share", "higher", "lagging", "operations manager",
        "On-time delivery: orders whose service started within one of their windows, ends included, no tolerance / "
        "orders due, over the run. Waiting for a window to open is on time; an order without a window is on time when "
        "delivered; failed, left-out and late-cancelled orders count as late. After a failed visit the window is the "
        f"one agreed anew. {DUE}", on_time_share, ORDERS),
    Kpi("not_on_time_orders", "orders", "lower", "lagging", "operations manager",
        f"Orders due and not delivered on time: late, failed or left out. {DUE}", not_on_time_orders, NO_CUSTOMER),
    Kpi("otif_share", "share", "higher", "lagging", "operations manager",
        f"On time in full: orders on time with all goods handed over / orders due, over the run. {DUE}",
        otif_share, ORDERS),
    Kpi("first_attempt_share", "share", "higher", "lagging", "customer service",
        "Orders delivered at the first visit / orders visited at least once, over the run.",
        first_attempt_share, ORDERS),
    Kpi("left_out_share", "share", "lower", "lagging", "planner",
        f"Orders left out, by planning or because nobody could take them / orders due, over the run. {DUE}",
        left_out_share, NO_CUSTOMER),
    Kpi("failed_share", "share", "lower", "lagging", "customer service",
        f"Orders that failed after their visits / orders due, over the run. {DUE}", failed_share, NO_CUSTOMER),
    Kpi("late_orders", "orders", "lower", "lagging", "dispatcher",
        "Delivered orders whose service started after their window had closed.", late_orders, NO_CUSTOMER),
    Kpi("lateness_s_p95", "s", "lower", "lagging", "dispatcher",
        "95th percentile (nearest rank) of the time from a window's close to the start of service, zero if on time, "
        "over delivered orders that have a window.", lateness_s_p95, ORDERS),
    Kpi("eta_error_s_p50", "s", "lower", "leading", "dispatcher",
        "Median (nearest rank) of |actual arrival - arrival in the last plan the driver accepted before it|, over "
        "delivered orders with a planned arrival.", eta_error_s_p50, NO_CUSTOMER),
)  # fmt: skip
