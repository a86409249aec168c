"""The control room: checks by the clock, exceptions worked on by few people, every act on record once."""

from collections import Counter
from typing import Any

import pytest
import simpy

from agents.control_room import ControlRoom, ControlSettings
from agents.population import Population
from agents.world import World
from engine.clock import HOUR, MINUTE, LocalTime
from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA, Ledger
from engine.streams import Streams
from scenarios.schema_network import AlertConfig
from tests.twin.alerts.pictures import NOON_US, Crow, Fleet
from twin.alerts import Watch, watches
from twin.alerts.rule import Alert, Rule
from twin.events import validate
from twin.feed_monitor import FeedSettings
from twin.views import FleetView


class Office:
    """What the control room needs of head office; its acts are kept."""

    def __init__(self, world: World, fleet: Fleet) -> None:
        self.world, self.fleet, self.travel, self.belief = world, fleet, Crow(), fleet.belief
        self.acts: list[tuple[int, str, dict[str, Any]]] = []
        self.asked = 0

    def view(self) -> FleetView:
        return self.fleet.view(self.world.now)

    def act(self, kind: str, subject: str, payload: dict[str, Any]) -> None:
        assert validate(kind, payload) is None
        self.acts.append(((self.world.now - NOON_US) // MINUTE, kind, payload))

    def ask_soon(self) -> None:
        self.asked += 1

    def of(self, kind: str) -> list[tuple[int, dict[str, Any]]]:
        return [(minute, payload) for minute, what, payload in self.acts if what == kind]


class Scripted:
    """A rule that says what a script says: subjects by minute."""

    def __init__(self, script: dict[int, list[str]]) -> None:
        self.script = script

    def check(self, view: FleetView, params: Any) -> list[Alert]:
        return [Alert(name, view.now_us, name) for name in self.script.get((view.now_us - NOON_US) // MINUTE, [])]


def world() -> World:
    """A world without roads, from noon to eight."""
    return World(
        simpy.Environment(NOON_US), NOON_US, NOON_US + 8 * HOUR, LocalTime("UTC"), Streams(1), None, None,  # type: ignore[arg-type]
        Ledger("truth", TRUTH_SCHEMA, None), Ledger("office", OFFICE_SCHEMA, None),
    )  # fmt: skip


def room(
    script: dict[int, list[str]], dispatchers: int = 1, exception_minutes: float = 4, **config: Any
) -> tuple[ControlRoom, Office]:
    """A control room with one scripted rule, checked every minute."""
    office = Office(world(), Fleet(2))
    rule = Rule(Scripted(script).check, AlertConfig)
    one = watches({"late_delivery_predicted": AlertConfig(**config).model_dump()})[0]
    scripted = Watch(**{**vars(one), "check": rule})
    settings = ControlSettings(MINUTE, dispatchers, round(exception_minutes * MINUTE))
    made = ControlRoom(Population(office.world), office, [scripted], settings)  # type: ignore[arg-type]
    made.start()
    return made, office


def run(office: Office, minutes: int) -> None:
    office.world.env.run(NOON_US + minutes * MINUTE + 1)


def lasting(begin: int, end: int, *names: str) -> dict[int, list[str]]:
    return {minute: list(names) for minute in range(begin, end)}


def test_one_alert_sets_off_each_action_once() -> None:
    """Raised, opened, acknowledged, assigned, resolved, cleared: a row each; the policy is asked once."""
    _, office = room(lasting(5, 20, "O1"))
    run(office, 60)
    rows = [(minute, kind) for minute, kind, _ in office.acts]
    assert rows == [
        (5, "alert_raised"), (5, "exception_opened"), (5, "exception_acknowledged"), (5, "exception_assigned"),
        (9, "exception_resolved"), (24, "alert_cleared"),
    ]  # fmt: skip
    assert office.asked == 1
    assert office.of("exception_resolved")[0][1] == {
        "exception_id": "E1", "by": "dispatcher-1", "outcome": "handled", "minutes": 4.0
    }  # fmt: skip


def test_attention_is_limited() -> None:
    """Five at once, four minutes each: one dispatcher takes them one by one, two in pairs; a check does not wait."""
    names = [f"O{n}" for n in range(5)]
    for dispatchers, expected in ((1, [5, 9, 13, 17, 21]), (2, [5, 5, 9, 9, 13])):
        _, office = room(lasting(5, 60, *names), dispatchers)
        run(office, 40)
        assert [minute for minute, _ in office.of("exception_acknowledged")] == expected
        assert len(office.of("alert_raised")) == 5


def test_the_queue_waits_as_queueing_theory_says() -> None:
    """One exception every five minutes for eight hours, four minutes each: D/D/1 never waits; bursts of two do."""
    _, office = room({minute: [f"O{minute}"] for minute in range(5, 400, 5)})
    run(office, 420)
    assert [m for m, _ in office.of("exception_acknowledged")] == [m for m, _ in office.of("exception_opened")]
    _, office = room({minute: [f"O{minute}", f"P{minute}"] for minute in range(10, 400, 10)})
    run(office, 420)
    waits = [a - o for (a, _), (o, _) in zip(office.of("exception_acknowledged"), office.of("exception_opened"))]
    assert Counter(waits) == {0: 39, 4: 39}


def test_nobody_at_the_desk_nothing_is_worked_on_and_it_escalates() -> None:
    """The dispatcher is away from the start; after half an hour another role is told; back at 50 min it is taken."""
    control, office = room(lasting(5, 60, "O1"), severity="info", escalate_after_s=1_800.0, escalate_to="chief")
    control.attend(1)
    run(office, 50)
    assert office.of("exception_acknowledged") == []
    assert office.of("exception_escalated") == [
        (35, {"exception_id": "E1", "owner": "chief", "severity": "warning"})
    ]  # fmt: skip
    control.attend(0)
    run(office, 60)
    assert [minute for minute, _ in office.of("exception_acknowledged")] == [50]


def without_tools(control: ControlRoom, office: Office, begin: int, end: int) -> None:
    """The platform is down between two minutes, and up again a second before the check at the end."""
    lost_us, back_us = NOON_US + begin * MINUTE + 1, NOON_US + end * MINUTE - 1_000_000
    control.at_work = lambda: not lost_us <= office.world.now < back_us
    office.world.at(back_us, control.tools_are_back)


def test_without_tools_nothing_is_checked_and_afterwards_the_present_counts() -> None:
    """Down from 10 to 40 min. What came and went meanwhile was never raised; what is the case at 40 is raised then;
    what lasted all along is not raised again; what ended meanwhile is cleared at 40."""
    spans = {"O1": (5, 60), "O2": (12, 30), "O3": (15, 60), "O4": (0, 20)}
    script = {m: [name for name, (begin, end) in spans.items() if begin <= m < end] for m in range(60)}
    control, office = room(script, exception=False)
    without_tools(control, office, 10, 40)
    run(office, 59)
    raised = [(minute, payload["subject"], payload["since_us"]) for minute, payload in office.of("alert_raised")]
    assert raised == [
        (1, "O4", NOON_US + MINUTE), (5, "O1", NOON_US + 5 * MINUTE), (40, "O3", NOON_US + 40 * MINUTE)
    ]  # fmt: skip
    assert [(minute, payload["subject"]) for minute, payload in office.of("alert_cleared")] == [(40, "O4")]
    assert {minute for minute, _, _ in office.acts} == {1, 5, 40}


def test_without_tools_nobody_takes_anything_up_and_escalations_wait() -> None:
    """Two minutes' work on O1 is finished; O2 and its escalation, due at 36, wait until 40."""
    script = {minute: ["O1"] * (minute >= 5) + ["O2"] * (minute >= 6) for minute in range(60)}
    control, office = room(script, exception_minutes=5, severity="info", escalate_after_s=1_800.0)
    without_tools(control, office, 8, 40)
    run(office, 50)
    acknowledged = office.of("exception_acknowledged")
    assert [(minute, payload["exception_id"]) for minute, payload in acknowledged] == [(5, "E1"), (39, "E2")]
    assert [minute for minute, _ in office.of("exception_resolved")] == [10, 44]
    assert [minute for minute, _ in office.of("exception_escalated")] == [39]


def test_what_was_heard_before_the_tools_went_is_late_when_they_are_back() -> None:
    """A harsh event half a minute before the platform goes is told half an hour later as over: no exception."""
    office = Office(world(), Fleet(2))
    control = ControlRoom(
        Population(office.world), office, watches({"harsh_driving": AlertConfig().model_dump()}), ControlSettings()  # type: ignore[arg-type]
    )  # fmt: skip
    control.start()
    without_tools(control, office, 10, 40)
    run(office, 10)
    control.hear("harsh_event", office.world.now, {"vehicle_id": "V1", "driver_id": "D1", "what": "brake"})
    run(office, 50)
    ((minute, raised),) = office.of("alert_raised")
    assert (minute, raised["late"]) == (40, True)
    assert office.of("exception_opened") == []


def test_what_clears_by_itself_costs_nobody_time() -> None:
    """Away, and the condition goes: resolved as cleared, no minutes."""
    control, office = room(lasting(5, 8, "O1"))
    control.attend(1)
    run(office, 30)
    assert office.of("exception_resolved") == [
        (12, {"exception_id": "E1", "by": "system", "outcome": "cleared", "minutes": 0.0})
    ]  # fmt: skip
    assert len(control.queue) == 0


def test_people_may_take_over() -> None:
    """Somebody at the screen acknowledges and resolves; saying it twice changes nothing."""
    control, office = room(lasting(5, 60, "O1"))
    control.attend(1)
    run(office, 6)
    control.obey("acknowledge_exception", {"exception_id": "E1", "by": "ann"})
    control.obey("acknowledge_exception", {"exception_id": "E1", "by": "ann"})
    control.assign("E1", "bob", "ann")
    for _ in range(2):
        control.obey("resolve_exception", {"exception_id": "E1", "by": "bob", "note": "customer agreed"})
    run(office, 30)
    kinds = Counter(kind for _, kind, _ in office.acts if kind.startswith("exception"))
    assert kinds == {
        "exception_opened": 1, "exception_acknowledged": 1, "exception_assigned": 1, "exception_noted": 1,
        "exception_resolved": 1,
    }  # fmt: skip
    assert office.asked == 1


def test_what_is_only_told_opens_no_exception() -> None:
    """``exception: false``: rows, and nobody's time."""
    _, office = room(lasting(5, 8, "O1"), exception=False)
    run(office, 30)
    assert [kind for _, kind, _ in office.acts] == ["alert_raised", "alert_cleared"]


@pytest.mark.parametrize(("late", "opened"), [(False, 1), (True, 0)])
def test_harsh_events_are_heard(late: bool, opened: int) -> None:
    """Once each, at the next check; one that happened long ago is marked and opens nothing."""
    office = Office(world(), Fleet(2))
    control = ControlRoom(
        Population(office.world), office, watches({"harsh_driving": AlertConfig().model_dump()}), ControlSettings()  # type: ignore[arg-type]
    )  # fmt: skip
    control.start()
    run(office, 10)
    happened = NOON_US + (0 if late else 9 * MINUTE)
    office.world.env.run(NOON_US + 10 * MINUTE + 2)
    control.hear("harsh_event", happened, {"vehicle_id": "V1", "driver_id": "D1", "what": "brake"})
    run(office, 30)
    ((minute, raised),) = office.of("alert_raised")
    assert (minute, raised["subject"], raised["late"]) == (11, "V1", late)
    assert len(office.of("exception_opened")) == opened


def test_expected_arrivals_are_put_on_record_once_a_stop() -> None:
    """When the vehicle has set out."""
    _, office = room({})
    fleet = office.fleet
    fleet.order("A", 50.5, 8.0)
    fleet.route(0, "A")
    run(office, 3)
    assert office.acts == []
    fleet.depart(0, "A", NOON_US + 3 * MINUTE, NOON_US + 33 * MINUTE)
    run(office, 20)
    ((minute, payload),) = office.of("eta_estimated")
    assert (minute, payload["order_id"], payload["arrive_us"]) == (4, "A", NOON_US + 33 * MINUTE)


def test_feeds_are_watched_for_rules_about_them() -> None:
    """Such a rule is shown the ill ones, and its thresholds hold; without one nobody looks."""
    seen: list[dict[str, Any]] = []

    def look(view: FleetView, _: Any) -> list[Alert]:
        seen.append(dict(view.feeds))
        return []

    for params in (AlertConfig(), FeedSettings(vehicle_s=1_800)):
        office = Office(world(), Fleet(2))
        watch = Watch("w", "w", Rule(look, type(params)), params, "dispatcher")
        ControlRoom(Population(office.world), office, [watch], ControlSettings(MINUTE)).start()  # type: ignore[arg-type]
        office.world.env.run(NOON_US + HOUR)
    assert seen[:59] == [{}] * 59
    assert list(seen[80]) == []
    assert list(seen[-1]) == ["V0", "V1"]
