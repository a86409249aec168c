"""Outside commands: what may be said to a running world, checked before it is recorded, applied at its moment."""

from collections.abc import Iterable
from typing import Any

from scenarios.build import Built
from scenarios.ground import Ground
from scenarios.incidents.whereabouts import place_problem
from scenarios.load import Scenario
from scenarios.names import incident_problems, vehicle_names
from scenarios.problems import BadInput, Problem, nearest
from scenarios.reach import away_m, fleet_profiles
from twin.commands import Command
from twin.events import COMMANDS, EVENTS, validate
from twin.order_payload import order_from_payload
from twin.policies import policies

SETTINGS = ("dispatch.policy", "dispatch.period_s", "dispatch.decision_s", "head_office.max_attempts")
"""Settings that can change during a run; a change is itself a recorded command."""

TO_ROUTES = ("set_route", "assign_order", "unassign_order")
TO_DRIVERS = ("hold_vehicle", "release_vehicle", "send_message")
"""Commands that travel to a vehicle: those that change its route, and others."""


class Rules:
    """What may be said to one run. Names are used up as they are given: an order or an incident comes once."""

    def __init__(self, scenario: Scenario, ground: Ground) -> None:
        self.scenario, self.ground = scenario, ground
        self.vehicles = vehicle_names(scenario.model)
        self.orders = {order.order_id for order in ground.orders}
        self.incidents = set(scenario.model.incidents)

    def check(self, at_us: Any, kind: Any, payload: Any) -> None:
        """Refuse what cannot be given, and remember the names of what can.

        Raises:
            ValueError: outside the run, unknown kind, malformed payload, unknown vehicle, setting, policy or incident,
                an order or incident there is already, a place that is not on the roads.
        """
        first_us, last_us = self.scenario.start_us, self.scenario.end_us
        if isinstance(at_us, bool) or not isinstance(at_us, int) or not first_us <= at_us <= last_us:
            raise ValueError(f"at_us: expected microseconds within the run, {first_us} to {last_us}, not {at_us!r}")
        if not isinstance(kind, str) or kind not in COMMANDS:
            raise ValueError(f"unknown command {kind!r}{_hint(kind, COMMANDS)}")
        problem = validate(kind, payload)
        if problem:
            raise ValueError(problem)
        if "vehicle_id" in payload and payload["vehicle_id"] not in self.vehicles:
            wanted = payload["vehicle_id"]
            raise ValueError(f"{kind}: no vehicle {wanted!r}{_hint(wanted, sorted(self.vehicles))}")
        if kind.endswith("_recommendation") and self.scenario.model.dispatch.approval.mode == "none":
            raise ValueError(f"{kind}: nothing waits for approval: dispatch.approval.mode is none")
        if (payload.get("position") or 0) < 0:
            raise ValueError(f"{kind}: position: expected 0 or more, not {payload['position']}")
        if kind == "change_setting":
            check_setting(payload["key"], payload["value"])
        elif kind == "inject_incident":
            self._check_incident(payload["name"], payload["incident"])
        elif kind == "close_road":
            self._check_incident(payload["closure"], _closure(payload))
        elif kind == "add_order":
            self._check_order(payload["order"])
        elif kind == "change_order":
            _check_windows(kind, payload["windows_us"] or ())
        elif kind == "update_stop":
            raise ValueError("update_stop: follows by itself from change_order")
        elif kind == "replay_dead_letters":
            _check_replay(payload["kind"], payload["rename"])

    def _check_incident(self, name: str, raw: dict[str, Any]) -> None:
        if name in self.incidents:
            raise ValueError(f"incident {name!r}: there is one of this name already")
        problems = incident_problems(self.scenario.model, "commands", name, raw)
        if problems:
            raise ValueError("; ".join(problem.line() for problem in problems))
        problem = place_problem(self.ground.roads, "commands", name, raw)
        if problem is not None:
            raise ValueError(problem.line())
        self.incidents.add(name)

    def _check_order(self, fields: dict[str, Any]) -> None:
        order_id = fields["order_id"]
        if order_id in self.orders:
            raise ValueError(f"add_order: there is an order {order_id!r} already")
        for task in (fields["pickup"], fields["delivery"]):
            _check_windows("add_order", task["windows_us"] if task else ())
            if task and not 0 <= task["service_s"] <= 86_400:
                raise ValueError(f"add_order: service_s: expected 0 to 86400, not {task['service_s']}")
        if any(amount < 0 for amount in fields["demand"].values()):
            raise ValueError(f"add_order: demand: expected no negative amounts, not {fields['demand']}")
        if fields["depot"] is not None and fields["depot"] not in self.ground.depots:
            raise ValueError(f"add_order: no depot {fields['depot']!r}{_hint(fields['depot'], self.ground.depots)}")
        order = order_from_payload(fields | {"known_before": False}, 0)
        for task in order.tasks:
            for profile in fleet_profiles(self.scenario):
                metres = away_m(self.ground.roads, task.place, profile)
                if metres > self.scenario.model.roads.snap_m:
                    where = f"{task.place.lat}, {task.place.lon}"
                    raise ValueError(f"add_order: {where} is {metres:.0f} m away from the roads")
        self.orders.add(order_id)


def check_all(scenario: Scenario, ground: Ground, commands: Iterable[dict[str, Any]], file: str) -> None:
    """Check commands before anything is written.

    Raises:
        BadInput: every one that cannot be given, by its place in the file.
    """
    rules, problems = Rules(scenario, ground), []
    for number, command in enumerate(commands, start=1):
        try:
            rules.check(command["at_us"], command["kind"], command["payload"])
        except ValueError as error:
            expected = f"a command that can be given ({error})"
            problems.append(Problem(file, f"command {number}", str(command["kind"]), expected))
    if problems:
        raise BadInput(problems)


def check_setting(key: str, value: Any) -> None:
    """Refuse settings that cannot change during a run.

    Raises:
        ValueError: naming those that can.
    """
    if key not in SETTINGS:
        raise ValueError(f"{key}: cannot change during a run; what can: {', '.join(SETTINGS)}, incidents.<name>")
    if key == "dispatch.policy":
        if value not in policies():
            raise ValueError(f"{key}: unknown policy {value!r}{_hint(value, policies())}")
        return
    least = 0 if key == "dispatch.decision_s" else 1
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= 1e9:
        raise ValueError(f"{key}: expected a number of at least {least}, not {value!r}")


def _check_replay(kind: str, rename: dict[str, str]) -> None:
    if kind not in EVENTS:
        raise ValueError(f"replay_dead_letters: no kind of event {kind!r}{_hint(kind, EVENTS)}")
    fields = EVENTS[kind].payload.__annotations__
    for sent, known in rename.items():
        if known not in fields:
            raise ValueError(f"replay_dead_letters: rename.{sent}: {kind} has no field {known!r}{_hint(known, fields)}")


def _check_windows(kind: str, windows_us: Iterable[list[int]]) -> None:
    for window in windows_us:
        if len(window) != 2 or window[0] > window[1]:
            raise ValueError(f"{kind}: windows_us: expected [open, close], open first, not {window}")


def _hint(name: object, known: Iterable[str]) -> str:
    close = nearest(str(name), known)
    return f"; did you mean {close!r}?" if close else ""


def _closure(payload: dict[str, Any]) -> dict[str, Any]:
    """A ``close_road`` as the incident it is."""
    where = {key: payload[key] for key in ("lat", "lon", "radius_m", "lasts_s")}
    return {"kind": "road_closure", "at": "00:00", **where}


def apply_command(built: Built, director: Any, kind: str, payload: dict[str, Any], by: str) -> None:
    """Let a recorded command take effect now; an incident begins at its own time, or now if that has passed."""
    office, world = built.office, built.world
    if kind in TO_ROUTES:
        office.give([Command(kind, payload)], by or "outside")
    elif kind in TO_DRIVERS:
        office.command(Command(kind, payload))
    elif kind.endswith("_recommendation"):
        office.dispatcher.obey(kind, payload)
    elif kind == "call_driver":
        built.desk.orders.call(**payload)
    elif kind == "change_order":
        built.desk.orders.change(**payload)
    elif kind == "cancel_order":
        if payload["by"] == "customer" and payload["order_id"] in built.customers:
            built.customers[payload["order_id"]].cancel(payload["reason"])
        else:
            office.cancel(payload["order_id"], payload["reason"])
    elif kind == "add_order":
        placed = payload["order"] | {"known_before": False}
        built.place_order(order_from_payload(placed, world.now))
    elif kind == "close_road":
        director.schedule({payload["closure"]: _closure(payload)})
    elif kind == "inject_incident":
        director.schedule({payload["name"]: payload["incident"]})
    elif kind == "replay_dead_letters":
        office.replay_dead_letters(payload["kind"], payload["rename"])
    elif kind.endswith("_exception"):
        if built.desk.control is not None:
            built.desk.control.obey(kind, payload)
    elif kind == "change_setting":
        office.change(payload["key"], payload["value"])
        office.act("setting_changed", payload["key"], {"key": payload["key"], "value": payload["value"], "by": by})
