"""R5, R6 and R8: what head office may not know, the order in which it hears, and whether the days are rough enough."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.soak.days import TIMES, VEHICLES, rough_day
from benchmarks.soak.figures import Figure, each
from scenarios import Scenario
from scenarios.results import Run
from scenarios.run import Session
from tests.tiny import tiny
from tests.twin.test_belief_order import MINUTE, fold, history, picture, shuffled

# --- R5 ---


def poisoned(cases: range, processes: int, seconds: float) -> Figure:
    """Days that differ in what nobody at head office can know."""
    figure = Figure("R5", "truth changed where nothing got through: other decisions", "0", unit="pairs of days")
    commands = 0
    for case, (count, problems) in each(told_apart, cases, processes, seconds):
        figure.tried += 1
        commands += count
        figure.take(case, problems)
    figure.note = f"{commands:,} commands, all alike" if not figure.wrong else ""
    return figure


def told_apart(case: int) -> tuple[int, list[str]]:
    """Commands of two days, and how what head office did, heard and reported differs where only the truth does."""
    calm, poisoned_run = (Session(blind_day(case, poison)).run() for poison in (False, True))
    problems = [] if decisions(calm) == decisions(poisoned_run) else ["other commands were given"]
    if not calm.office.equals(poisoned_run.office):
        problems.append("something else was heard, decided or written down")
    if reported(calm) != reported(poisoned_run):
        problems.append("other KPIs were reported")
    if calm.truth.equals(poisoned_run.truth):
        problems.append("nothing was poisoned")
    return len(decisions(calm)), problems


def blind_day(case: int, poison: bool, **sections: Any) -> Scenario:
    """From a moment in the first morning on no device is connected, and no sample of the two days gets through.

    ``poison``: from then on other things happen on the road, and other positions are measured all day.
    """
    draw = random.Random(f"blind day {case}")  # noqa: S311
    dark = draw.choice(TIMES[2:5])
    one, other = draw.sample(VEHICLES, 2)
    later = {"at": TIMES[TIMES.index(dark) + 1], "lasts_s": 20_000.0}
    poisons = {
        "breaks": {"kind": "breakdown", "vehicle": one}, "breaks-too": {"kind": "breakdown", "vehicle": other},
        "closed": {"kind": "road_closure", "near_depot": "main", "radius_m": 1500.0},
        "storm": {"kind": "weather", "state": "storm"}, "spoofer": {"kind": "gnss_spoofing", "vehicle": one},
        "gone": {"kind": "device_unplugged", "vehicle": other},
    }  # fmt: skip
    chosen = {name: poisons[name] | later for name in sorted(draw.sample(sorted(poisons), draw.randint(1, 4)))}
    blind: dict[str, Any] = {
        "silent": {"kind": "feed_break", "at": "06:00", "lasts_s": 200_000.0},
        "dark": {"kind": "carrier_outage", "at": dark, "lasts_s": 200_000.0},
    }
    return tiny(**{
        "seed": case, "horizon_s": 2 * 86_400.0 - 21_600.0,
        "radio": {"carriers": {"red": {}}, "depot_wifi_m": 0.0, "station_wifi_m": 0.0},
        "devices": {"tracker": {"gnss_sigma_m": 300.0 if poison else 3.0}},
        "head_office": {"telematics_feed": {"backfill": False}},
        "orders": {"generate": {"known_per_day": 14, "arriving_per_day": 12, "pair_share": 0.2}},
        "dispatch": {"policy": draw.choice(["insertion", "nearest"]), "period_s": 300.0},
        "customers": {"cancelled_share": 0.0}, "alerts": {"late_delivery_predicted": {}, "missed_stop": {}},
        "incidents": blind | (chosen if poison else {}),
    } | sections)  # fmt: skip


def decisions(run: Run) -> list[tuple]:
    """Every command with its moment and its reason."""
    return [
        (row["occurred_at"], row["kind"], row["subject"], row["payload"])
        for row in run.office.to_pylist() if row["received_at"] is None
    ]  # fmt: skip


def reported(run: Run) -> dict[str, float | None]:
    """Every KPI as head office would state it."""
    return {name: kpi["reported"] for name, kpi in run.kpis.items()}


def heard(run: Run) -> list[tuple]:
    """Every message of a device, and when it came."""
    return [
        (row["received_at"], row["event_id"], row["payload"])
        for row in run.office.to_pylist() if row["source"].startswith("dev-")
    ]  # fmt: skip


# --- R6 ---


def shuffles(cases: range, processes: int, seconds: float) -> Figure:
    """One day heard in another order."""
    figure = Figure("R6", "the same picture in whatever order it is heard", "1,000 shuffles", unit="shuffles")
    for case, problems in each(shuffle, cases, processes, seconds):
        figure.tried += 1
        figure.take(case, problems)
    return figure


def shuffle(case: int) -> list[str]:
    """What differs when what comes over the radio is late by up to some hours."""
    draw = random.Random(f"shuffle {case}")  # noqa: S311
    facts = history(draw.choice([3, 5]), 0)
    window_us = draw.choice([1, 10, 60, 240]) * MINUTE
    late, usual = fold(shuffled(facts, window_us, case)), fold(facts)
    return [] if picture(late) == picture(usual) else [f"another picture after {window_us // MINUTE} min"]


# --- R8 ---


@dataclass
class Day:
    """A run with what its tables say, as plain rows."""

    session: Session
    run: Run

    def __post_init__(self) -> None:
        self.truth, self.office = (
            [row | {"payload": json.loads(row["payload"])} for row in table.to_pylist()]
            for table in (self.run.truth, self.run.office)
        )

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Rows of truth of a kind."""
        return [row for row in self.truth if row["kind"] == kind]

    def spells(self, *incidents: str) -> list[tuple[Any, Any]]:
        """When incidents of some kinds were on."""
        ends = {row["subject"]: row["occurred_at"] for row in self.told("incident_ended")}
        return [
            (row["occurred_at"], ends.get(row["subject"], self.truth[-1]["occurred_at"]))
            for row in self.told("incident_started") if row["payload"]["incident"] in incidents
        ]  # fmt: skip

    def reasons(self, begins: str) -> list[dict[str, Any]]:
        """Rows of the office with a reason."""
        return [row for row in self.office if row["reason"].startswith(begins)]


def _late(day: Day) -> bool:
    """Believed although the same device had told of something ten minutes newer before."""
    newest: dict[str, Any] = {}
    for row in day.office:
        if row["received_at"] is not None and row["reason"] == "" and row["source"].startswith("dev-"):
            before = newest.get(row["source"])
            if before is not None and (before - row["occurred_at"]).total_seconds() > 60:
                return True
            newest[row["source"]] = max(before or row["occurred_at"], row["occurred_at"])
    return False


def _sim_switch(day: Day) -> bool:
    networks: dict[str, set[str]] = {}
    rows = day.run.telemetry.select(["device_id", "network"]).to_pylist()
    for row in rows:
        networks.setdefault(row["device_id"], set()).add(row["network"])
    return any({"red", "blue"} <= used for used in networks.values())


def _straddled(day: Day) -> bool:
    """A proof was captured in an outage, and came after it."""
    spells = day.spells("carrier_outage", "platform_outage", "terminal_link_cut")
    proofs = [row for row in day.office if row["kind"] == "proof_captured" and not row["reason"]]
    return any(a <= row["occurred_at"] <= b <= row["received_at"] for row in proofs for a, b in spells)


def _fail_over_and_back(day: Day) -> bool:
    over = [row["occurred_at"] for row in day.told("standby_took_over")]
    link = day.session.built.plant.plant.link.primary.name
    back = [row["occurred_at"] for row in day.told("plant_restored") if row["subject"] == link]
    return bool(over and back and over[0] < back[-1])


def _spoof_flagged(day: Day) -> bool:
    spoofed = {
        row["payload"]["details"]["vehicle"]
        for row in day.told("incident_started") if row["payload"]["incident"] == "gnss_spoofing"
    }  # fmt: skip
    alerts = [row["payload"] for row in day.told("alert_raised")]
    return any(alert["rule"] == "position_implausible" and alert["subject"] in spoofed for alert in alerts)


def _clock_repaired(day: Day) -> bool:
    """A wrong time was replaced, and later ones of the same device were believed again."""
    faults = {row["source"]: row["received_at"] for row in reversed(day.reasons("clock:"))}
    return any(
        row["reason"] == "" and row["received_at"] is not None and row["received_at"] > faults[row["source"]]
        for row in day.office if row["source"] in faults
    )  # fmt: skip


def _reassigned_in_the_dark(day: Day) -> bool:
    """An order goes to another vehicle while the one it is taken from cannot be told for a minute or more."""
    reached = {row["payload"]["command_id"]: row["occurred_at"] for row in day.told("command_received")}
    holder: dict[str, str] = {}
    for row in day.office:
        if row["kind"] == "assign_order":
            holder[row["payload"]["order_id"]] = row["subject"]
        elif row["kind"] == "set_route":
            holder |= {stop["order_id"]: row["subject"] for stop in row["payload"]["stops"]}
        elif row["kind"] == "unassign_order" and holder.get(row["payload"]["order_id"]) is not None:
            at = reached.get(row["event_id"])
            if at is None or (at - row["occurred_at"]).total_seconds() > 60:
                return True
    return False


SOMETIMES: dict[str, Callable[[Day], object]] = {
    "duplicate suppressed": lambda day: day.reasons("duplicate"),
    "late event folded": _late,
    "buffer overflow": lambda day: "overrun" in day.run.telemetry["fate"].to_pylist(),
    "SIM switch": _sim_switch,
    "outage straddling a proof": _straddled,
    "dispatch fail-over and fail-back": _fail_over_and_back,
    "device gone with messages": lambda day: any(
        tally.lost for tally in day.session.built.radio.courier.counts().values()
    ),
    "dead letter": lambda day: day.reasons("dead_letter"),
    "clock jump repaired": _clock_repaired,
    "spoofed fix flagged": _spoof_flagged,
    "reassignment in a blackout": _reassigned_in_the_dark,
    "infeasible solve": lambda day: any(row["payload"]["left_out"] for row in day.told("plan_made")),
}
"""What has to happen on some day, or the days are not rough enough; true for a day on which it did."""


def sometimes(cases: range, processes: int, seconds: float, wanted: Iterable[str] = tuple(SOMETIMES)) -> Figure:
    """Days until all has happened."""
    figure = Figure("R8", f"{len([*wanted])} things that must happen sometimes", "all within 200 seeds")
    seen: Counter[str] = Counter()
    first: dict[str, int] = {}
    for case, happened in each(what_happened, cases, processes, seconds):
        figure.tried += 1
        seen.update(happened)
        for name in happened:
            first.setdefault(name, case)
    figure.take(-1, [f"never: {name}" for name in wanted if name not in seen])
    figure.note = ", ".join(f"{name} on {seen[name]} (first {first.get(name, '-')})" for name in wanted)
    return figure


def what_happened(case: int) -> list[str]:
    """Which of them a rough day has."""
    session = Session(rough_day(case))
    day = Day(session, session.run())
    return [name for name, happened in SOMETIMES.items() if happened(day)]
