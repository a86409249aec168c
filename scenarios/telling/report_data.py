"""Everything the report shows, counted and cut to size here; viz only lays it out."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from engine.clock import LocalTime, from_us
from scenarios.rows import Row, RunLedgers, folder_rows, read_manifest
from scenarios.telling.history import OrderHistory, RunHistory
from scenarios.telling.incidents import IncidentLine, incident_lines
from scenarios.telling.lateness import Part, late_orders
from scenarios.telling.report_kpis import Kpi, report_kpis
from scenarios.telling.report_map import MapData, map_data
from scenarios.telling.report_money import CostLine, cost_lines
from scenarios.telling.report_office import OfficeTables, office_tables
from scenarios.telling.report_timeline import Timeline, timeline
from scenarios.telling.route_changes import RouteChange, route_changes
from scenarios.telling.story import plain, verdict
from twin.kpis.costs import Costs

MAX_TABLE_ROWS = 60
"""Rows shown of each table of orders."""


class OrderLine(NamedTuple):
    """An order in one of the tables; times are local text, ``parts`` why it was late."""

    order_id: str
    customer: str
    vehicle_id: str
    window: str
    arrived: str
    late_min: float | None
    reason: str
    parts: tuple[Part, ...]


class ChangeLine(NamedTuple):
    """A changed route in the table."""

    at: str
    vehicles: str
    what: str
    why: str
    cost: str
    approved_by: str


@dataclass(frozen=True)
class ReportData:
    """One run's report, laid out by ``viz.report``."""

    name: str
    status: str
    date: str
    time_zone: str
    facts: tuple[tuple[str, str], ...]
    digest: str
    summary: str
    warnings: tuple[str, ...]
    limits: tuple[str, ...]
    kpis: tuple[Kpi, ...]
    costs: tuple[CostLine, ...]
    map: MapData
    timeline: Timeline
    late: tuple[OrderLine, ...]
    late_total: int
    left_out: tuple[OrderLine, ...]
    failed: tuple[OrderLine, ...]
    changes: tuple[ChangeLine, ...]
    changes_total: int
    causes: tuple[tuple[str, int], ...]
    incidents: tuple[IncidentLine, ...]
    office: OfficeTables
    assumptions: tuple[tuple[str, str], ...]
    commands: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    attribution: str
    scenario_text: str


def report_data(folder: Path) -> ReportData:
    """Prepare a run folder's report, finished or not.

    Raises:
        FileNotFoundError: not a run folder.
        ValueError: its manifest or KPIs are damaged.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    ledgers, missing = _ledgers(folder, manifest)
    history = RunHistory(ledgers)
    kpis = report_kpis(folder, missing)
    clock = LocalTime(ledgers.time_zone)
    late = late_orders(history)
    roads_map = map_data(folder, history, clock)
    lanes, limits = timeline(history, clock)
    by_state = {state: [o for o in history.orders.values() if o.state == state] for state in ("left_out", "failed")}
    shown = MAX_TABLE_ROWS
    for what, total in (("late", len(late)), *((state, len(orders)) for state, orders in by_state.items())):
        if total > shown:
            limits.append(f"The table of {what.replace('_', ' ')} orders shows {shown} of {total}.")
    changes = route_changes(history)
    if len(changes) > shown:
        limits.append(f"The table of route changes shows {shown} of {len(changes)}.")
    incidents = incident_lines(history, clock)
    if len(incidents) > shown:
        limits.append(f"The table of incidents shows {shown} of {len(incidents)}.")
    office, cut = office_tables(folder, history, clock, shown)
    limits += cut
    causes = Counter(item.lateness.cause.text for item in late)
    return ReportData(
        name=str(manifest.get("name") or folder.name),
        status=str(manifest.get("status") or "unknown"),
        date=_date(history, manifest),
        time_zone=ledgers.time_zone,
        facts=_facts(manifest),
        digest=str(manifest.get("digest") or ""),
        summary=_summary(history, {kpi.name: kpi for kpi in kpis}, causes),
        warnings=(*_status_warnings(manifest), *missing),
        limits=(*roads_map.limits, *limits),
        kpis=kpis,
        costs=cost_lines(folder),
        map=roads_map,
        timeline=lanes,
        late=tuple(_line(i.order, clock, i.lateness.cause.text, i.lateness.parts) for i in late[:shown]),
        late_total=len(late),
        left_out=tuple(_ended(order, clock) for order in by_state["left_out"][:shown]),
        failed=tuple(_ended(order, clock) for order in by_state["failed"][:shown]),
        changes=tuple(_change_line(change, clock) for change in changes[:shown]),
        changes_total=len(changes),
        causes=tuple(causes.most_common()),
        incidents=incidents[:shown],
        office=office,
        assumptions=_assumptions(manifest.get("scenario") or {}),
        commands=_commands(manifest, late[0].order.order_id if late else next(iter(history.orders), None)),
        versions=tuple((str(k), str(v)) for k, v in (manifest.get("versions") or {}).items()),
        attribution=_attribution(manifest),
        scenario_text=json.dumps(manifest.get("scenario") or {}, indent=2, ensure_ascii=False),
    )


def _ledgers(folder: Path, manifest: dict[str, Any]) -> tuple[RunLedgers, list[str]]:
    """Of both ledgers what a report needs; one that is not there is empty and named."""
    missing: list[str] = []

    def rows(name: str, **kinds: Any) -> list[Row]:
        try:
            return folder_rows(folder, name, **kinds)
        except FileNotFoundError:
            missing.append(f"The {name} ledger is missing.")
            return []

    truth = rows("truth", without=("harsh_event", "command_received"))
    return RunLedgers(truth, rows("office", only=("set_route", "assign_order", "unassign_order")), manifest), missing


# --- words ----------------------------------------------------------------------------------------------------------


def _date(history: RunHistory, manifest: dict[str, Any]) -> str:
    """The local day the run is about, or its first and last one."""
    zone = ZoneInfo(history.ledgers.time_zone)
    start = (manifest.get("scenario") or {}).get("start")
    if start:
        first = datetime.fromisoformat(str(start)).date()
        horizon = timedelta(seconds=float(manifest["scenario"].get("horizon_s") or 0))
        last = (datetime.fromisoformat(str(start)) + max(horizon - timedelta(seconds=1), timedelta())).date()
    else:
        rows = history.ledgers.truth or history.ledgers.office
        if not rows:
            return "no date"
        first, last = (from_us(t).astimezone(zone).date() for t in (rows[0].at_us, rows[-1].at_us))
    text = f"{first:%A}, {first.day} {first:%B %Y}"
    return text if first == last else f"{text} to {last:%A}, {last.day} {last:%B %Y}"


def _facts(manifest: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    scenario = manifest.get("scenario") or {}
    dispatch = scenario.get("dispatch") or {}
    plan = dispatch.get("plan")
    planner = plan.get("planner") if isinstance(plan, dict) else plan
    facts = [("seed", manifest.get("seed")), ("planner", planner), ("policy", dispatch.get("policy"))]
    facts += [("information", dispatch.get("information")), ("digest", str(manifest.get("digest") or "none yet")[:16])]
    return tuple((name, _short(value)) for name, value in facts if value is not None)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_short(v)}" for k, v in value.items() if v is not None)
    return ", ".join(_short(item) for item in value) if isinstance(value, list) else str(value)


def _status_warnings(manifest: dict[str, Any]) -> tuple[str, ...]:
    why = f" ({manifest['error']})" if manifest.get("error") else ""
    match manifest.get("status"):
        case "finished":
            return ()
        case "running":
            state = f"This run did not finish: it is still going on or was stopped{why}."
        case "failed":
            state = f"This run failed{why}."
        case other:
            state = f"The manifest gives the status {other!r}."
    return (f"{state} What it had written is shown here.",)


def _summary(history: RunHistory, kpis: dict[str, Kpi], causes: Counter[str]) -> str:
    """The day in three sentences."""
    states = Counter(order.state for order in history.orders.values())
    total, done = len(history.orders), states["on_time"] + states["late"]
    vehicles = len({s.vehicle_id for s in history.shifts if any(stretch.what == "driving" for stretch in s.stretches)})
    if not total:
        return "No orders were placed."
    if not vehicles:
        return f"No vehicle had set out; {_count(total, 'order')} had been placed."
    text = f"{_count(vehicles, 'vehicle')} completed {done} of {_count(total, 'order')}"
    text += f", {states['on_time']} of them on time."
    if states["late"]:
        cause, n = causes.most_common(1)[0]
        text += f" {states['late']} came late, most often because of: {cause} ({n})."
    rest = [f"{states[s]} {s.replace('_', ' ')}" for s in ("failed", "left_out", "cancelled", "open") if states[s]]
    if rest:
        text += f" Not completed: {', '.join(rest)}."
    age = kpis.get("belief_age_s_mean")
    if age is not None and age.value is not None:
        text += f" Head office's picture was {age.value:.0f} s old on average."
    return text


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _assumptions(scenario: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What the answer rests on: every plain value of these sections, by dotted key; prices with their defaults."""
    found: list[tuple[str, str]] = []
    _flatten("costs", asdict(Costs.from_mapping(scenario.get("costs") or {})), found)
    for section in ("dispatch", "traffic", "drivers", "fleet", "radio", "head_office"):
        _flatten(section, scenario.get(section), found)
    return tuple(found)


def _flatten(key: str, value: Any, found: list[tuple[str, str]]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _flatten(f"{key}.{name}", inner, found)
    elif value is not None and value != []:
        found.append((key, _short(value)))


def _commands(manifest: dict[str, Any], order_id: str | None) -> tuple[str, ...]:
    import shlex

    source = str(manifest.get("scenario_file") or "SCENARIO.yaml")
    sets = "".join(f" --set {shlex.quote(text)}" for text in manifest.get("sets", ()))
    commands = [f"twin run {shlex.quote(source)} --seed {manifest.get('seed')}{sets}", "twin verify RUN"]
    return (*commands, *([f"twin explain RUN {shlex.quote(order_id)}"] if order_id else []))


def _attribution(manifest: dict[str, Any]) -> str:
    return str(((manifest.get("notes") or {}).get("roads") or {}).get("attribution") or "")


# --- tables ---------------------------------------------------------------------------------------------------------


def _line(order: OrderHistory, clock: LocalTime, reason: str, parts: tuple[Part, ...] = ()) -> OrderLine:
    visit = order.visits[-1].payload if order.visits else {}
    return OrderLine(
        order_id=order.order_id,
        customer=order.customer,
        vehicle_id=visit.get("vehicle_id", ""),
        window=", ".join(f"{clock.text(o)[:5]}–{clock.text(c)[:5]}" for o, c in order.windows_us) or "any time",
        arrived=clock.text(visit["arrived_us"])[:5] if visit else "",
        late_min=order.late_us / 60e6 if order.late_us else None,
        reason=reason,
        parts=parts,
    )


def _change_line(change: RouteChange, clock: LocalTime) -> ChangeLine:
    at = clock.text(change.at_us)[:5]
    return ChangeLine(at, ", ".join(change.vehicles), change.what, change.why, change.cost, change.approved_by)


def _ended(order: OrderHistory, clock: LocalTime) -> OrderLine:
    reason = plain(order.end.payload["reason"]) if order.end else verdict(order, None, clock)
    return _line(order, clock, reason)
