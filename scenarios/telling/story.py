"""The story of one order: what happened, beside what head office saw of it and when."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from engine.clock import MINUTE, LocalTime, from_us
from scenarios.rows import Row, RunLedgers, ledger_rows, open_run
from scenarios.telling.history import OrderHistory, RunHistory, State
from scenarios.telling.incidents import at_office, incident_text, incidents_about
from scenarios.telling.lateness import Lateness, lateness_cause
from scenarios.telling.route_changes import RouteChange, changes_of_order
from scenarios.telling.story_customer import customer_text
from scenarios.telling.story_office import (
    advice_about,
    advice_text,
    office_text,
    outage_text,
    outages_during,
    told_beside,
)
from twin.ingest import refused

if TYPE_CHECKING:
    from scenarios.results import Run

Side = Literal["truth", "office"]

OUTCOMES = {
    "not_home": "nobody there", "refused": "goods refused", "damaged": "goods damaged", "too_late": "came too late",
    "wrong_load": "wrong goods on board",
}  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """One thing that happened or was decided.

    ``side`` is where it began: ``truth`` on the road, ``office`` at head office. ``learned_us`` is when the other side
    had it (None: never), ``by`` the channel.
    """

    at_us: int
    side: Side
    kind: str
    text: str
    learned_us: int | None = None
    by: str = ""

    @property
    def age_s(self) -> float | None:
        """How old it was when the other side learned of it."""
        return None if self.learned_us is None else (self.learned_us - self.at_us) / 1e6


@dataclass(frozen=True)
class Story:
    """One order's story; ``office_state`` is how it stood for head office when the run ended."""

    order_id: str
    customer: str
    place: str
    windows_us: tuple[tuple[int, int], ...]
    state: State
    office_state: str
    vehicle_id: str
    driver_id: str
    verdict: str
    lateness: Lateness | None
    moments: tuple[Moment, ...]
    changes: tuple[RouteChange, ...]
    time_zone: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; times in microseconds UTC, parts of a lateness in minutes."""
        found = asdict(self)
        found["windows_us"] = [list(window) for window in self.windows_us]
        found["moments"] = [asdict(moment) | {"age_s": moment.age_s} for moment in self.moments]
        found["changes"] = [change.as_dict() for change in self.changes]
        found["lateness"] = self.lateness and {
            "minutes": round(self.lateness.minutes, 3),
            "cause": self.lateness.cause.cause,
            "parts": [
                {"cause": p.cause, "text": p.text, "minutes": round(p.minutes, 3), "note": p.note}
                for p in self.lateness.parts
            ],
        }
        return found


def order_story(run: "Path | str | Run | RunLedgers | RunHistory", order_id: str) -> Story:
    """Tell one order's story from a run folder, a run as ``scenarios.run`` returns it, or its ledgers.

    Raises:
        UnknownOrder: no such order in the run; says the nearest.
        FileNotFoundError: not a run folder.
        ValueError: its manifest is damaged.
    """
    if isinstance(run, Path | str):
        run = open_run(Path(run))
    if not isinstance(run, RunLedgers | RunHistory):
        run = RunLedgers(ledger_rows(run.truth), ledger_rows(run.office), run.manifest)
    history = run if isinstance(run, RunHistory) else RunHistory(run)
    order = history.order(order_id)
    last = order.visits[-1] if order.visits else None
    office_end = next((r for r in reversed(history.ledgers.office) if _ends(r, order_id)), None)
    clock = LocalTime(history.ledgers.time_zone)
    lateness = lateness_cause(history, order_id)
    return Story(
        order_id=order_id,
        customer=order.customer,
        place=order.task.get("place", {}).get("place_id", ""),
        windows_us=tuple((o, c) for o, c in order.windows_us),
        state=order.state,
        office_state=office_end.kind.removeprefix("order_") if office_end else "open",
        vehicle_id=last.payload["vehicle_id"] if last else "",
        driver_id=last.payload["driver_id"] if last else "",
        verdict=verdict(order, lateness, clock),
        lateness=lateness,
        moments=tuple(_moments(history, order, clock)),
        changes=changes_of_order(history, order_id),
        time_zone=history.ledgers.time_zone,
    )


def verdict(order: OrderHistory, lateness: Lateness | None, clock: LocalTime) -> str:
    """How the order ended, in one sentence."""
    end = order.end
    if end is None:
        return "Still open when the run ended."
    at, p = clock.text(end.at_us)[:5], end.payload
    if end.kind == "order_delivered":
        short = "" if p["share"] >= 1 else f" Only {p['share']:.0%} of it was accepted."
        if lateness is None:
            return f"Done on time: arrived {clock.text(p['arrived_us'])[:5]}.{short}"
        cause = lateness.cause
        late = f"{lateness.minutes:.0f} min late: arrived {clock.text(p['arrived_us'])[:5]}."
        return f"{late} Mostly {cause.text} ({cause.minutes:.0f} min).{short}"
    if end.kind == "order_cancelled":
        return f"Cancelled by the {p['by']} at {at}: {p['reason']}."
    how = "Not served" if end.kind == "order_left_out" else f"Failed at {at} after {_times(p['attempts'])}"
    return f"{how}: {plain(p['reason'])}."


def plain(reason: str) -> str:
    """A reason as words: known outcomes in full, underscores as spaces."""
    return OUTCOMES.get(reason, reason.replace("_", " "))


def _times(n: int) -> str:
    return "no visit" if n == 0 else "1 visit" if n == 1 else f"{n} visits"


def _ends(row: Row, order_id: str) -> bool:
    return (
        row.kind in ("order_delivered", "order_failed", "order_cancelled", "order_left_out")
        and row.payload.get("order_id") == order_id
        and not refused(row.reason)
    )


# --- moments ------------------------------------------------------------------------------------------------------


def _moments(history: RunHistory, order: OrderHistory, clock: LocalTime) -> list[Moment]:
    """Everything that concerns the order, in order of time."""
    learned: dict[str, Row] = {}
    for row in history.ledgers.office:
        if row.received_us is not None and not refused(row.reason):
            learned.setdefault(row.event_id, row)
    answers = {r.payload["command_id"]: r for r in history.ledgers.truth if r.kind == "command_received"}
    trips, beside = _own_trips(history, order), told_beside(history, order)
    advice = advice_about(history, order.order_id)
    truth_ids = {row.event_id for row in history.ledgers.truth}
    moments = [
        _from_truth(row, text, learned.get(row.event_id))
        for row in history.ledgers.truth
        if (text := beside.get(row.event_id) or _truth_text(row, order, trips, clock))
        or (text := advice_text(row, advice))
    ]
    moments += [
        _from_office(row, text, answers.get(row.event_id))
        for row in history.ledgers.office
        if row.event_id not in truth_ids and (text := _office_text(row, order, clock))
    ]
    moments += [
        Moment(outage.start_us, "office", "plant_failed", outage_text(outage, clock))
        for outage in outages_during(history, order)
    ]
    moments += [
        Moment(
            incident.start_us, "office" if at_office(incident) else "truth", "incident_started",
            incident_text(incident, clock),
        )
        for incident in incidents_about(history, order)
    ]  # fmt: skip
    return sorted(moments, key=lambda moment: moment.at_us)


def _from_truth(row: Row, text: str, heard: Row | None) -> Moment:
    if row.source == "office":
        return Moment(row.at_us, "office", row.kind, text)
    if heard is None:
        return Moment(row.at_us, "truth", row.kind, text)
    return Moment(row.at_us, "truth", row.kind, text, heard.received_us, heard.channel)


def _from_office(row: Row, text: str, answer: Row | None) -> Moment:
    if answer is None:
        return Moment(row.at_us, "office", row.kind, text)
    p = answer.payload
    why = f" ({plain(p['reason'])})" if p.get("reason") else ""
    return Moment(row.at_us, "office", row.kind, f"{text} → {p['answer']}{why}", answer.at_us, row.channel)


def _own_trips(history: RunHistory, order: OrderHistory) -> set[str]:
    """Trips driven to this order."""
    rows = history.ledgers.truth
    return {r.payload["trip_id"] for r in rows if r.kind == "departed" and r.payload["to"] == order.order_id}


def _truth_text(row: Row, order: OrderHistory, trips: set[str], clock: LocalTime) -> str | None:
    """What a truth row says of the order; None if it does not concern it."""
    p, own = row.payload, order.order_id
    if row.kind == "loading_done":
        told = f"Loading of {p['vehicle_id']} finished, orders loaded: {len(p['orders'])}"
        return told if own in p["orders"] else None
    if row.kind in ("departed", "arrived", "road_block_met"):
        if p["trip_id"] not in trips:
            return None
        match row.kind:
            case "departed":
                return f"{p['vehicle_id']} set off to it ({p['driver_id']} driving)"
            case "arrived":
                return f"{p['vehicle_id']} arrived after {p['distance_m'] / 1000:.1f} km, {p['driving_s'] / 60:.0f} min"
            case _:
                return f"{p['vehicle_id']} stood before a closed road and turned round"
    if p.get("order_id") != own and not (row.kind in ("alert_raised", "alert_cleared") and p["subject"] == own):
        return None
    match row.kind:
        case "order_placed":
            return "Ordered before the day" if p["known_before"] else "Ordered"
        case "order_picked_up":
            return f"Loaded onto {p['vehicle_id']} at depot {p['at_depot']}" if p.get("at_depot") else "Picked up"
        case "service_started":
            waited = row.at_us - p["arrived_us"]
            after = f" after waiting {waited / MINUTE:.0f} min" if waited >= MINUTE / 2 else ""
            return f"{p['task'].capitalize()} began{after}"
        case "order_delivered":
            return f"Done in {p['service_s'] / 60:.0f} min at visit {p['attempt']}"
        case "delivery_attempted":
            return f"Visit {p['attempt']} without success: {plain(p['outcome'])}"
        case "order_failed" | "order_left_out":
            return f"{'Given up' if row.kind == 'order_failed' else 'Left out'}: {plain(p['reason'])}"
        case "order_cancelled":
            return f"Cancelled by the {p['by']}: {p['reason']}"
        case "order_end_overtaken":
            ended = plain(p["end"].removeprefix("order_"))
            return f"Written off as {ended} by head office, which had not heard better: no effect"
        case "order_changed":
            note = f": {p['note']}" if p["note"] else ""
            return f"Changed by {p['by']}{''.join(f', {_dated(window, clock)}' for window in p['windows_us'])}{note}"
        case "order_rebooked":
            return "New date agreed" + "".join(f", {_dated(window, clock)}" for window in p["windows_us"])
        case _:
            return customer_text(row, clock) or office_text(row, clock) or row.kind.replace("_", " ").capitalize()


def _dated(window: list[int], clock: LocalTime) -> str:
    opens, closes = window
    return f"{from_us(opens).astimezone(clock.zone):%d %b} {clock.text(opens)[:5]}–{clock.text(closes)[:5]}"


def _office_text(row: Row, order: OrderHistory, clock: LocalTime) -> str | None:
    """What an office row that is no message says of the order; None if it does not concern it."""
    p, own = row.payload, order.order_id
    if row.kind == "set_route":
        stops = [stop["order_id"] for stop in p["stops"]]
        if own not in stops:
            return None
        stop = p["stops"][len(stops) - 1 - stops[::-1].index(own)]
        planned = f", planned arrival {clock.text(stop['arrive_us'])[:5]}" if stop["arrive_us"] is not None else ""
        return f"Route for {p['vehicle_id']}: stop {stops.index(own) + 1} of {len(stops)}{planned}{_because(p)}"
    if p.get("order_id") != own:
        return None
    match row.kind:
        case "assign_order":
            return f"Assigned to {p['vehicle_id']}{_because(p)}"
        case "unassign_order":
            return f"Taken off {p['vehicle_id']}{_because(p)}"
        case _:
            return f"{row.kind.replace('_', ' ').capitalize()}{_because(p)}"


def _because(payload: dict[str, Any]) -> str:
    return f" ({plain(payload['reason'])})" if payload.get("reason") else ""
