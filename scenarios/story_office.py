"""What head office's tools and rules had to do with an order, in words: alerts, estimates, outages."""

from engine.clock import LocalTime
from scenarios.history import OrderHistory, Outage, RunHistory
from scenarios.rows import Row

NOT_SHOWN = {
    "platform": "the dispatch platform was down", "network": "the network was down", "dead_zone": "no coverage",
}  # fmt: skip
"""Why a driver could not be shown the next stop."""


def office_text(row: Row, clock: LocalTime) -> str | None:
    """An alert about the order, or an estimate of its arrival, as a sentence; None for any other row."""
    p = row.payload
    match row.kind:
        case "alert_raised":
            return f"Alert {p['alert']} for {p['owner']}: {p['text']}"
        case "alert_cleared":
            return f"Alert {p['alert']} is over"
        case "eta_estimated":
            low, high = (clock.text(p[end])[:5] for end in ("low_us", "high_us"))
            return f"Expects {p['vehicle_id']} there at {clock.text(p['arrive_us'])[:5]} ({low}–{high})"
        case _:
            return None


def waiting_text(row: Row) -> str:
    """A driver without offline mode has stood until the next stop was shown."""
    p = row.payload
    why = NOT_SHOWN.get(p["why"], p["why"])
    return f"{p['driver_id']} has stood {p['waited_s'] / 60:.0f} min without a connection ({why})"


def waits_before(history: RunHistory, order_id: str) -> set[str]:
    """Event ids of the waits for a connection after which a driver set off to an order."""
    pending: dict[str, list[str]] = {}  # by driver
    found: set[str] = set()
    for row in history.ledgers.truth:
        if row.kind == "waited_for_connection":
            pending.setdefault(row.payload["driver_id"], []).append(row.event_id)
        elif row.kind == "departed":
            waits = pending.pop(row.payload["driver_id"], [])
            found.update(waits if row.payload["to"] == order_id else ())
    return found


def outages_during(history: RunHistory, order: OrderHistory) -> list[Outage]:
    """What was down at head office for a time while an order was open."""
    from_us = order.placed.at_us if order.placed else 0
    until_us = order.end.at_us if order.end else None
    return [o for o in history.outages if o.end_us > from_us and (until_us is None or o.start_us < until_us)]


def outage_text(outage: Outage, clock: LocalTime) -> str:
    """An outage as a sentence."""
    what, until = outage.component.replace("_", " ").capitalize(), clock.text(outage.end_us)[:5]
    return f"{what} down until {until}, cause: {outage.cause}"
