"""What head office's tools and people had to do with an order, in words: alerts, estimates, outages, runbook, phone."""

from engine.clock import LocalTime
from scenarios.rows import Row
from scenarios.telling.history import OrderHistory, Outage, RunHistory
from scenarios.telling.route_changes import approved_by, moves_text

NOT_SHOWN = {
    "platform": "the dispatch platform was down", "outage": "the mobile network was out of order",
    "network": "the network did not take the device", "dead_zone": "no coverage",
}  # fmt: skip
"""Why a driver could not be shown the next stop."""


PURPOSES = {
    "status": "how things stand", "command": "a change of the route", "route": "the route of the day",
    "dispatcher": "asked for by a dispatcher",
}  # fmt: skip
"""What head office phones drivers about."""

TASKS = {
    "nothing": "no more than is written", "call_drivers": "call the drivers", "dispatch_by_phone": "dispatch by phone",
    "call_supplier": "call the supplier", "stand_in": "stand in for the dispatcher",
}  # fmt: skip
"""What a step of the runbook asks for."""


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


def advice_about(history: RunHistory, order_id: str) -> dict[str, Row]:
    """Recommendations that would have moved an order, by id."""
    made = (row for row in history.ledgers.truth if row.kind == "recommendation_made")
    return {
        row.payload["recommendation_id"]: row
        for row in made
        if any(move["order_id"] == order_id for move in row.payload["moves"])
    }


def advice_text(row: Row, about: dict[str, Row]) -> str | None:
    """A recommendation somebody had to approve, or what became of it; None where nobody was asked, or of other rows."""
    made = about.get(row.payload["recommendation_id"]) if row.kind.startswith("recommendation_") else None
    if made is None or not made.payload["approval"]:
        return None
    p = row.payload
    if row.kind == "recommendation_made":
        return f"Recommended by {p['source']}: {p['reason']}"
    because = f" ({p['reason']})" if p["reason"] else ""
    if p["answer"] == "changed":
        return f"Recommendation changed by {p['by']}{because}: {moves_text(p['moves'])}"
    if p["answer"] == "accepted":
        return f"Recommendation followed; approved by {approved_by(p, made.payload)}"
    by = "" if p["by"] == "clock" else f" by {p['by']}"
    return f"Recommendation {p['answer']}{by}{because}"


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


def told_beside(history: RunHistory, order: OrderHistory) -> dict[str, str]:
    """Sentences for truth rows that do not name the order but touched it, by event id: waits for a connection on the
    way to it, runbook steps taken while it was open, calls to the driver who was to serve it then."""
    waits, calls = waits_before(history, order.order_id), calls_about(history, order)
    told = {}
    for row in history.ledgers.truth:
        if row.event_id in waits:
            told[row.event_id] = waiting_text(row)
        elif row.event_id in calls:
            told[row.event_id] = _call_text(row)
        elif row.kind == "runbook_step_taken" and _open_at(order, row.at_us):
            p = row.payload
            why = f"{TASKS.get(p['does'], p['does'])}, because of: {p['trigger'].replace('_', ' ')}"
            told[row.event_id] = f"Runbook step {p['step']} ({p['role']}, {p['minutes']:.0f} min): {why}"
    return told


def calls_about(history: RunHistory, order: OrderHistory) -> set[str]:
    """Event ids of calls to the driver who was to serve an open order, as head office had it when the call ended."""
    given = [(promise.row.at_us, promise.vehicle_id) for promise in order.promises]
    given = sorted(given + [(row.at_us, row.payload["vehicle_id"]) for row in order.assigned])
    found = set()
    for row in history.ledgers.truth:
        if row.kind == "phone_call_ended" and _open_at(order, row.at_us):
            vehicle = next((name for at_us, name in reversed(given) if at_us <= row.at_us), None)
            shifts = history.shifts_of.get(vehicle, []) if vehicle else []
            if any(s.driver_id == row.payload["who"] and s.start_us <= row.at_us <= s.end_us for s in shifts):
                found.add(row.event_id)
    return found


def _call_text(row: Row) -> str:
    p = row.payload
    waited = f" after waiting {p['waited_s'] / 60:.0f} min for a line" if p["waited_s"] >= 30 else ""
    return f"Phoned {p['who']} for {p['call_s'] / 60:.0f} min{waited}: {PURPOSES.get(p['purpose'], p['purpose'])}"


def _open_at(order: OrderHistory, at_us: int) -> bool:
    return (order.placed is None or order.placed.at_us <= at_us) and (order.end is None or at_us <= order.end.at_us)


def outages_during(history: RunHistory, order: OrderHistory) -> list[Outage]:
    """What was down at head office for a time while an order was open."""
    from_us = order.placed.at_us if order.placed else 0
    until_us = order.end.at_us if order.end else None
    return [o for o in history.outages if o.end_us > from_us and (until_us is None or o.start_us < until_us)]


def outage_text(outage: Outage, clock: LocalTime) -> str:
    """An outage as a sentence."""
    what, until = outage.component.replace("_", " ").capitalize(), clock.text(outage.end_us)[:5]
    return f"{what} down until {until}, cause: {outage.cause}"
