"""Outside commands: what may be said to a running world, checked before it is recorded, applied at its moment."""

from typing import Any

from pydantic import ValidationError

from scenarios.build import Built
from scenarios.incidents import INCIDENTS
from scenarios.problems import nearest
from twin.commands import Command
from twin.events import COMMANDS, order_from_payload, validate
from twin.policies import policies

SETTINGS = ("dispatch.policy", "dispatch.period_s", "dispatch.decision_s", "head_office.max_attempts")
"""Settings that can change during a run; a change is itself a recorded command."""


def check_command(kind: str, payload: dict[str, Any], built: Built) -> None:
    """Refuse what cannot be given.

    Raises:
        ValueError: unknown kind, malformed payload, unknown vehicle, setting, policy or incident.
    """
    if kind not in COMMANDS:
        hint = nearest(kind, COMMANDS)
        raise ValueError(f"unknown command {kind!r}{f'; did you mean {hint!r}?' if hint else ''}")
    problem = validate(kind, payload)
    if problem:
        raise ValueError(problem)
    if "vehicle_id" in payload and payload["vehicle_id"] not in built.vehicles:
        hint = nearest(payload["vehicle_id"], built.vehicles)
        raise ValueError(f"{kind}: no vehicle {payload['vehicle_id']!r}{f'; did you mean {hint!r}?' if hint else ''}")
    if kind == "change_setting":
        check_setting(payload["key"], payload["value"])
    if kind == "inject_incident":
        check_incident(payload["incident"])


def check_setting(key: str, value: Any) -> None:
    """Refuse settings that cannot change during a run.

    Raises:
        ValueError: naming those that can.
    """
    if key not in SETTINGS:
        raise ValueError(f"{key}: cannot change during a run; what can: {', '.join(SETTINGS)}, incidents.<name>")
    if key == "dispatch.policy" and value not in policies():
        hint = nearest(str(value), policies())
        raise ValueError(f"{key}: unknown policy {value!r}{f'; did you mean {hint!r}?' if hint else ''}")
    if key != "dispatch.policy" and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
        raise ValueError(f"{key}: expected a number above 0, not {value!r}")


def check_incident(raw: dict[str, Any]) -> None:
    """Refuse unknown or malformed incidents.

    Raises:
        ValueError: saying what is wrong.
    """
    kind = raw.get("kind")
    if kind not in INCIDENTS:
        raise ValueError(f"incident: unknown kind {kind!r}; expected one of {', '.join(INCIDENTS)}")
    try:
        INCIDENTS[kind].parameters.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"incident {kind}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def apply_command(built: Built, director: Any, kind: str, payload: dict[str, Any], by: str) -> None:
    """Let a recorded command take effect now."""
    office, world = built.office, built.world
    if kind in ("set_route", "assign_order", "unassign_order"):
        office.command(Command(kind, payload))
    elif kind == "cancel_order":
        if payload["by"] == "customer" and payload["order_id"] in built.customers:
            built.customers[payload["order_id"]].cancel(payload["reason"])
        else:
            office.cancel(payload["order_id"], payload["reason"])
    elif kind == "add_order":
        placed = payload["order"] | {"known_before": False}
        built.place_order(order_from_payload(placed, world.now))
    elif kind == "close_road":
        incident = {
            "kind": "road_closure", "at": "00:00", "lat": payload["lat"], "lon": payload["lon"],
            "radius_m": payload["radius_m"], "lasts_s": payload["lasts_s"],
        }  # fmt: skip
        director.start(payload["closure"], INCIDENTS["road_closure"].parameters.model_validate(incident))
    elif kind == "inject_incident":
        raw = payload["incident"]
        director.start(payload["name"], INCIDENTS[raw["kind"]].parameters.model_validate(raw))
    elif kind == "change_setting":
        office.change(payload["key"], payload["value"])
        office.act("setting_changed", payload["key"], {"key": payload["key"], "value": payload["value"], "by": by})
