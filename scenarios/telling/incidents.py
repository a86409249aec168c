"""Incidents of a run as people read them: what happened on purpose, when, to whom, and to which orders it mattered."""

from typing import Any, NamedTuple

from engine.clock import LocalTime
from scenarios.incidents import INCIDENTS
from scenarios.telling.history import Incident, OrderHistory, RunHistory

TOLD_AS_OUTAGES = frozenset(("feed_break", "platform_outage", "terminal_link_cut"))
"""Kinds whose whole effect is a part of head office that is down, which is told of anyway."""

OF_ONE_VEHICLE = ("vehicle", "other")
"""Details that say whom alone an incident touches."""


class IncidentLine(NamedTuple):
    """An incident in the report's table; times are local text, ``until`` empty if it lasted to the end."""

    name: str
    what: str
    begins: str
    until: str
    details: str


def incident_lines(history: RunHistory, clock: LocalTime) -> tuple[IncidentLine, ...]:
    """Every incident in order of its beginning."""
    return tuple(
        IncidentLine(
            incident.name, _words(incident.kind), clock.text(incident.start_us)[:5],
            "" if incident.end_us is None else clock.text(incident.end_us)[:5],
            details(incident) + ("" if _met(history, incident) else " (it began no trip: nothing happened)"),
        )
        for incident in history.incidents
    )  # fmt: skip


def incidents_about(history: RunHistory, order: OrderHistory) -> list[Incident]:
    """What may have touched an order between its placing and its end: what was everywhere, or with a vehicle that drove
    to it. What shows as an outage of head office is left out, and so is demand, which touches no order itself."""
    from_us = order.placed.at_us if order.placed else 0
    until_us = order.end.at_us if order.end else None
    vehicles = {
        row.payload["vehicle_id"]
        for row in history.ledgers.truth
        if row.kind == "departed" and row.payload["to"] == order.order_id
    }
    found = []
    for incident in history.incidents:
        whom = {incident.details[key] for key in OF_ONE_VEHICLE if incident.details.get(key) is not None}
        meanwhile = (incident.end_us is None or incident.end_us > from_us) and (
            until_us is None or incident.start_us < until_us
        )
        told = incident.kind in TOLD_AS_OUTAGES or incident.kind == "demand_surge"
        if meanwhile and not told and (not whom or whom & vehicles):
            found.append(incident)
    return found


def at_office(incident: Incident) -> bool:
    """Whether it happens where head office sees it."""
    return incident.kind == "dispatcher_absent"


def incident_text(incident: Incident, clock: LocalTime) -> str:
    """An incident as a sentence."""
    until = "to the end of the run" if incident.end_us is None else f"until {clock.text(incident.end_us)[:5]}"
    whom = details(incident)
    return f"Incident {incident.name}: {_words(incident.kind)} {until}{f' ({whom})' if whom else ''}"


def details(incident: Incident) -> str:
    """What the scenario says of it, but for times and what is as usual: ``vehicle vans-1, cause stolen``."""
    fields = INCIDENTS[incident.kind].parameters.model_fields
    said = {
        key: value
        for key, value in incident.details.items()
        if key not in ("at", "day", "lasts_s") and value != fields[key].get_default(call_default_factory=True)
    }
    return ", ".join(f"{key} {_short(value)}" for key, value in said.items())


def _met(history: RunHistory, incident: Incident) -> bool:
    """Whether an incident found what it needs: a breakdown a trip of its vehicle that begins while it waits for one."""
    if incident.kind != "breakdown":
        return True
    return any(
        row.kind == "departed"
        and row.payload["vehicle_id"] == incident.details["vehicle"]
        and row.at_us >= incident.start_us
        and (incident.end_us is None or row.at_us < incident.end_us)
        for row in history.ledgers.truth
    )


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{old} → {new}" for old, new in value.items())
    if isinstance(value, list):
        return " and ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
