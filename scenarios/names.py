"""Names in a scenario that must exist somewhere: each unknown one is answered with the nearest that does."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from pydantic import ValidationError

from engine.clock import LocalTime
from engine.energy import TYPES as VEHICLE_KINDS
from scenarios.incidents import INCIDENTS
from scenarios.orders.rows import DEMAND_UNITS
from scenarios.problems import Problem, nearest
from scenarios.schema import ScenarioModel
from scenarios.schema_problems import plain_message
from scenarios.section import clock_s
from twin.alerts import alert_rules
from twin.alerts.rule import BadThreshold
from twin.events import EVENTS
from twin.kpis.costs import MOST_DAYS, Costs
from twin.kpis.registry import KPIS
from twin.orders import natural_key
from twin.planning import get_planner
from twin.planning import registered as planners
from twin.policies import make_policy, policies


def check_names(model: ScenarioModel, file: str) -> list[Problem]:
    """Every reference of a scenario that leads nowhere, and what only whole sections can get wrong."""
    found: list[Problem] = []

    def known(key: str, value: str | None, names: Iterable[str], what: str) -> None:
        names = list(names)
        if value is not None and value not in names:
            there = ", ".join(names) or "there are none"
            found.append(Problem(file, key, value, f"{what} ({there})", nearest(value, names)))

    for name, group in model.fleet.items():
        known(f"fleet.{name}.kind", group.kind, VEHICLE_KINDS, "a vehicle kind")
        known(f"fleet.{name}.depot", group.depot, model.depots, "a depot")
        known(f"fleet.{name}.device", group.device, model.devices, "a device profile")
        for unit in group.capacity:
            known(f"fleet.{name}.capacity.{unit}", unit, DEMAND_UNITS, "a unit of orders")
    for name, device in model.devices.items():
        for sim in device.sims or ():
            known(f"devices.{name}.sims", sim, model.radio.carriers, "a carrier of radio.carriers")
        known(f"devices.{name}.hotspot", device.hotspot, model.radio.carriers, "a carrier of radio.carriers")
    for name, drivers in model.drivers.items():
        for fleet in drivers.fleet or ():
            known(f"drivers.{name}.fleet", fleet, model.fleet, "a fleet group")
        if clock_s(drivers.shift_end) <= clock_s(drivers.shift_start):
            expected = f"a time after shift_start {drivers.shift_start} (up to 47:59 for the next day)"
            found.append(Problem(file, f"drivers.{name}.shift_end", drivers.shift_end, expected))
    known("dispatch.policy", model.dispatch.policy, policies(), "a policy")
    if model.dispatch.policy in policies():
        try:
            make_policy(model.dispatch.policy, model.dispatch.policy_settings)
        except ValueError as error:
            found.append(Problem(file, "dispatch.policy_settings", str(model.dispatch.policy_settings), str(error)))
    plan = model.dispatch.plan
    known("dispatch.plan.planner", plan.planner, planners(), "a planner")
    if plan.planner in planners():
        try:
            get_planner(plan.planner, plan.settings)
        except ValueError as error:
            found.append(Problem(file, "dispatch.plan.settings", str(plan.settings), str(error)))
    if model.head_office.notifications.answered_by == "dispatchers" and not (
        model.alerts and model.head_office.dispatchers
    ):
        expected = "phone, where no `dispatchers` work on `alerts`"
        found.append(Problem(file, "head_office.notifications.answered_by", "dispatchers", expected))
    rules = alert_rules()
    for name, alert in model.alerts.items():
        rule = alert.rule or name
        known(f"alerts.{name}.rule", rule, rules, "an alert rule")
        if rule in rules:
            try:
                rules[rule].configured(alert.set)
            except BadThreshold as bad:
                found.append(Problem(file, f"alerts.{name}.set.{bad.name}", bad.value, bad.expected, bad.nearest))
    for cost in model.costs:
        known(f"costs.{cost}", cost, [field.name for field in fields(Costs)], "a price")
    days = model.costs.get("working_days_per_year", 1)
    if not 1 <= days <= MOST_DAYS:
        found.append(Problem(file, "costs.working_days_per_year", f"{days:g}", f"1 to {MOST_DAYS} days"))
    for kpi, expectation in model.kpis.items():
        if kpi not in KPIS:
            found.append(Problem(file, f"kpis.{kpi}", kpi, "a KPI: twin list kpis", nearest(kpi, KPIS)))
        low, high = expectation.expect
        if low > high:
            found.append(Problem(file, f"kpis.{kpi}.expect", str(expectation.expect), "low before high"))
    for name, raw in model.incidents.items():
        found += incident_problems(model, file, name, raw)
    return found


def vehicle_names(model: ScenarioModel) -> frozenset[str]:
    """Every vehicle of the fleet: ``<group>-<number>``."""
    return frozenset(f"{group}-{n}" for group, config in model.fleet.items() for n in range(1, config.count + 1))


def incident_problems(model: ScenarioModel, file: str, name: str, raw: dict[str, Any]) -> list[Problem]:
    """What is wrong with one incident: its kind, its fields, the vehicle or depot it names."""
    key = f"incidents.{name}"
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in INCIDENTS:
        hint = nearest(str(kind), INCIDENTS) if kind else None
        return [Problem(file, f"{key}.kind", str(kind or ""), f"one of {', '.join(INCIDENTS)}", hint)]
    parameters = INCIDENTS[kind].parameters
    try:
        incident: Any = parameters.model_validate(raw)
    except ValidationError as error:
        problems = []
        for entry in error.errors(include_url=False):
            field = ".".join(str(part) for part in entry["loc"])
            hint = nearest(field, parameters.model_fields) if entry["type"] == "extra_forbidden" else None
            shown = "" if entry["type"] == "missing" else str(entry.get("input"))
            where = f"{key}.{field}" if field else key
            expected = plain_message(entry["msg"])
            problems.append(Problem(file, where, shown, expected, hint))
        return problems
    vehicles = sorted(vehicle_names(model), key=natural_key)
    references = {
        "near_depot": ([*model.depots], "a depot"),
        "vehicle": (vehicles, "a vehicle of the fleet"),
        "other": (vehicles, "a vehicle of the fleet"),
        "carriers": ([*model.radio.carriers], "a carrier of radio.carriers"),
        "kinds": ([*EVENTS], "a kind of event"),
    }
    for field, (names, what) in references.items():
        value = raw.get(field)
        for one in value if isinstance(value, list) else [value]:
            if one is not None and one not in names:
                expected = what if names else f"{what}, which has none"
                return [Problem(file, f"{key}.{field}", str(one), expected, nearest(str(one), names))]
    if kind == "carrier_outage" and not model.radio.carriers:
        return [Problem(file, f"{key}.kind", kind, "radio.carriers: without any, coverage is perfect")]
    if kind == "schema_change":
        return _rename_problems(file, f"{key}.renamed", incident.renamed, incident.kinds)
    no_standby = model.head_office.terminal_link.standby is None
    if kind == "terminal_link_cut" and no_standby and incident.standby != "as_drawn":
        expected = "as_drawn, as there is no head_office.terminal_link.standby"
        return [Problem(file, f"{key}.standby", incident.standby, expected)]
    return []


def check_times(model: ScenarioModel, file: str, local: LocalTime, start_us: int, end_us: int) -> list[Problem]:
    """Every incident that the run cannot meet: dated before its start or after its end, or drawn only from then on."""
    found = []
    for name, raw in model.incidents.items():
        if not incident_problems(model, file, name, raw):
            found += _time_problems(f"incidents.{name}", file, raw, local, start_us, end_us)
    return found


def _time_problems(
    key: str, file: str, raw: dict[str, Any], local: LocalTime, start_us: int, end_us: int
) -> list[Problem]:
    first, day, at = local.day(start_us), raw.get("day", 1), raw.get("at")
    begins_us = local.at(first + day - 1, 0 if at is None else clock_s(at))
    if at is None:
        late = Problem(file, f"{key}.day", str(day), f"a day of the run, 1 to {local.day(end_us - 1) - first + 1}")
        return [late] if begins_us >= end_us else []
    if start_us <= begins_us < end_us:
        return []
    return [Problem(file, f"{key}.at", f"day {day} {at}", time_of_the_run(local, start_us, end_us))]


def time_of_the_run(local: LocalTime, start_us: int, end_us: int) -> str:
    """What is expected of a time that lies outside."""
    last = f"day {local.day(end_us) - local.day(start_us) + 1} {local.text(end_us)[:5]}"
    return f"a time of the run, day 1 {local.text(start_us)[:5]} to {last}"


def _rename_problems(file: str, key: str, renamed: dict[str, str], kinds: list[str]) -> list[Problem]:
    """A vendor can only rename fields that its messages have, to names they do not have."""
    for kind in kinds:
        fields_of = [*EVENTS[kind].payload.__annotations__]
        for old, new in renamed.items():
            if old not in fields_of:
                return [Problem(file, key, old, f"a field of {kind}", nearest(old, fields_of))]
            if new in fields_of:
                return [Problem(file, f"{key}.{old}", new, f"a name that is no field of {kind}")]
    return []
