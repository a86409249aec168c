"""The report's tables about head office: alerts, what was down or could not be read, the runbook, phone calls."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.clock import LocalTime
from scenarios.rows import Row
from scenarios.telling.dead_letters import DeadLetterLine, dead_letter_lines
from scenarios.telling.history import RunHistory
from scenarios.telling.story_office import PURPOSES, TASKS

SCORES = ("alert_precision", "alert_recall", "alert_delay_s_p50", "alert_lead_s_p50", "exceptions_opened")
"""KPIs shown of each rule, as ``kpis.parquet`` has them."""


class RuleLine(NamedTuple):
    """Alerts of one rule: how many were raised, and its KPIs; None where a rule is not scored."""

    rule: str
    raised: int
    precision: float | None
    recall: float | None
    delay_s: float | None
    lead_s: float | None
    exceptions: float | None


class OutageLine(NamedTuple):
    """A part of head office that was down; times are local text."""

    what: str
    begins: str
    ends: str
    minutes: float
    cause: str


class DrillLine(NamedTuple):
    """A drill of the standby line, and what it found."""

    at: str
    found: str


class StepLine(NamedTuple):
    """A step of the runbook that was taken, for how long its role was busy with it."""

    at: str
    step: str
    trigger: str
    role: str
    minutes: float
    does: str


class CallsLine(NamedTuple):
    """Calls to drivers for one purpose, minutes spoken and the longest wait for a line."""

    purpose: str
    calls: int
    minutes: float
    longest_wait_min: float


@dataclass(frozen=True)
class OfficeTables:
    """Lines in order of name (rules, purposes) or of time."""

    rules: tuple[RuleLine, ...]
    outages: tuple[OutageLine, ...]
    drills: tuple[DrillLine, ...]
    steps: tuple[StepLine, ...]
    calls: tuple[CallsLine, ...]
    dead_letters: tuple[DeadLetterLine, ...]


def office_tables(folder: Path, history: RunHistory, clock: LocalTime, most: int) -> tuple[OfficeTables, list[str]]:
    """The tables of a run, each of outages, drills, steps and dead letters cut to ``most`` lines, and a note of each
    cut."""
    truth = history.ledgers.truth
    outages = [
        OutageLine(_words(o.component), _at(o.start_us, clock), _at(o.end_us, clock), (o.end_us - o.start_us) / 60e6,
                   o.cause)
        for o in history.outages
    ]  # fmt: skip
    steps = [_step(row, clock) for row in truth if row.kind == "runbook_step_taken"]
    drills = [
        DrillLine(_at(row.at_us, clock), "had failed, and was mended" if row.payload["found_failed"] else "worked")
        for row in truth
        if row.kind == "standby_drilled"
    ]
    letters = dead_letter_lines(folder)
    limits = [
        f"The table of {what} shows the first {most} of {len(lines)}."
        for what, lines in (
            ("what was down", outages), ("drills", drills), ("runbook steps", steps), ("dead letters", letters),
        )
        if len(lines) > most
    ]  # fmt: skip
    cut = tuple(outages[:most]), tuple(drills[:most]), tuple(steps[:most])
    return OfficeTables(_rules(folder, truth), *cut, _calls(truth), letters[:most]), limits


def _rules(folder: Path, truth: list[Row]) -> tuple[RuleLine, ...]:
    raised = Counter(row.payload["rule"] for row in truth if row.kind == "alert_raised")
    scores: dict[str, dict[str, float]] = {rule: {} for rule in raised}
    path = folder / "kpis.parquet"
    if path.is_file():  # written when a run ends
        table = pq.read_table(path)
        for line in table.filter(pc.equal(table["dimension"], "rule")).to_pylist():
            scores.setdefault(line["key"], {})[line["kpi"]] = line["value"]
    return tuple(RuleLine(rule, raised[rule], *map(scores[rule].get, SCORES)) for rule in sorted(scores))


def _step(row: Row, clock: LocalTime) -> StepLine:
    p = row.payload
    does = TASKS.get(p["does"], _words(p["does"]))
    return StepLine(_at(row.at_us, clock), p["step"], _words(p["trigger"]), p["role"], p["minutes"], does)


def _calls(truth: list[Row]) -> tuple[CallsLine, ...]:
    by_purpose: dict[str, list[Row]] = {}
    for row in truth:
        if row.kind == "phone_call_ended":
            by_purpose.setdefault(row.payload["purpose"], []).append(row)
    return tuple(
        CallsLine(
            PURPOSES.get(purpose, _words(purpose)), len(rows), sum(row.payload["call_s"] for row in rows) / 60,
            max(row.payload["waited_s"] for row in rows) / 60,
        )
        for purpose, rows in sorted(by_purpose.items())
    )  # fmt: skip


def _at(t_us: int, clock: LocalTime) -> str:
    return clock.text(t_us)[:5]


def _words(name: str) -> str:
    return name.replace("_", " ")
