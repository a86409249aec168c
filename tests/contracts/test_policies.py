"""What every registered dispatch policy keeps to."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import HOUR
from scenarios import Scenario
from scenarios.run import Session, run
from tests.contracts.policy_judge import wrongs
from tests.tiny import tiny
from twin.belief import Belief
from twin.commands import Command
from twin.events import COMMANDS, validate
from twin.policies import POLICIES
from twin.recommendations import as_if_given
from twin.samples import SampleBatch
from twin.travel import UNREACHABLE, TravelMatrix
from twin.views import FleetView

every_policy = pytest.mark.parametrize("name", sorted(POLICIES))
MOST_KG = 100.0


class Crow:
    """Travel times as the crow flies, an hour a degree; nothing is reachable from or to latitudes above 80."""

    def matrix(self, origins: Any, destinations: Any, depart_at_us: int, profile: str = "car") -> TravelMatrix:
        ms = np.array([[self._ms(a, b) for b in destinations] for a in origins], np.int64).reshape(
            len(origins), len(destinations)
        )
        return TravelMatrix(ms, ms)

    def legs_ms(self, origins: Any, destinations: Any, depart_at_us: int, profile: str = "car") -> np.ndarray:
        return np.array([self._ms(a, b) for a, b in zip(origins, destinations)], np.int64)

    def basis(self, depart_at_us: int) -> str:
        return type(self).__name__

    @staticmethod
    def _ms(a: Any, b: Any) -> int:
        if max(a.lat, b.lat) > 80:
            return UNREACHABLE
        return round(3_600_000 * ((a.lat - b.lat) ** 2 + (a.lon - b.lon) ** 2) ** 0.5)


def picture(vehicles: int, orders: list[dict[str, Any]], dark: bool = False, broken: tuple[str, ...] = ()) -> FleetView:
    """Head office's view at one o'clock: vehicles at work since noon, orders open; ``dark``: no fix of any of them."""
    return believed(vehicles, orders, dark, broken).view(HOUR)


def believed(vehicles: int, orders: list[dict[str, Any]], dark: bool = False, broken: tuple[str, ...] = ()) -> Belief:
    """The belief that a ``picture`` is taken of."""
    belief = Belief()
    depot = {"place_id": "main", "lat": 50.0, "lon": 8.0}
    belief.apply("depot_registered", 0, {"depot_id": "main", "place": depot})
    for n in range(vehicles):
        name, driver = f"V{n}", f"D{n}"
        belief.apply(
            "vehicle_registered",
            0,
            {
                "vehicle_id": name,
                "device_id": name,
                "group": "g",
                "kind": "van",
                "profile": "van",
                "depot_id": "main",
                "capacity": {"kg": MOST_KG},
                "offers": ["cold"] if n % 2 else [],
            },
        )
        belief.apply(
            "driver_registered",
            0,
            {"driver_id": driver, "group": "c", "vehicle_id": name, "depot_id": "main", "offers": []},
        )
        belief.apply(
            "shift_started", 0, {"driver_id": driver, "vehicle_id": name, "depot_id": "main", "until_us": 9 * HOUR}
        )
        belief.apply(
            "loading_done",
            5,
            {"driver_id": driver, "vehicle_id": name, "depot_id": "main", "orders": [], "started_us": 0},
        )
        if not dark:
            belief.observe(SampleBatch.of(n, 10, 50.0 + n / 50, 8.0))
    for n, drawn in enumerate(orders):
        task = {
            "place": {"place_id": f"P{n}", "lat": drawn["lat"], "lon": drawn["lon"]},
            "windows_us": [[HOUR, drawn.get("close", 8) * HOUR]] if drawn["window"] else [],
            "service_s": 60.0,
        }
        kind = drawn["kind"]
        belief.apply(
            "order_placed",
            20,
            {
                "order_id": f"O{n}",
                "pickup": task if kind != "delivery" else None,
                "delivery": task if kind != "pickup" else None,
                "demand": {"kg": drawn["kg"]},
                "priority": drawn.get("priority", 1),
                "needs": drawn["needs"],
                "customer": "c",
                "depot": None,
                "known_before": False,
            },
        )
        if drawn.get("held") is not None and drawn["held"] < vehicles:
            hold(belief, f"O{n}", drawn)
    for name in broken:
        belief.apply("breakdown_started", HOUR // 2, {"vehicle_id": name})
    return belief


def hold(belief: Belief, order_id: str, drawn: dict[str, Any]) -> None:
    """An order that a vehicle was told to do; it may have it on board, or be on its way there."""
    vehicle_id = f"V{drawn['held']}"
    told = {"order_id": order_id, "vehicle_id": vehicle_id, "position": None, "arrive_us": None, "reason": "plan"}
    belief.apply("assign_order", 30, told)
    who = {"vehicle_id": vehicle_id, "driver_id": "D", "order_id": order_id}
    if drawn["kind"] == "delivery" and drawn["aboard"]:
        belief.apply("order_picked_up", 40, who | {"at_depot": "main"})
        if drawn["started"] and belief.vehicles[vehicle_id].started is None:
            going = {"vehicle_id": vehicle_id, "to": order_id, "purpose": "task", "due_us": HOUR + HOUR // 10}
            belief.apply("departed", 50, going)


some_orders = st.lists(
    st.fixed_dictionaries(
        {
            "lat": st.sampled_from([50.1, 50.2, 49.9, 85.0]),
            "lon": st.sampled_from([8.0, 8.1]),
            "window": st.booleans(),
            "kind": st.sampled_from(["delivery", "pickup", "pair"]),
            "kg": st.sampled_from([1.0, 40.0, 70.0, 101.0]),
            "needs": st.sampled_from([[], [], ["cold"], ["crane"]]),
        }
    ),
    max_size=8,
)


def decide(name: str, view: FleetView, seed: int = 1) -> list[Command]:
    """Ask a policy."""
    return POLICIES[name](view, Crow(), np.random.default_rng(seed), 100)  # type: ignore[arg-type]


def plain(commands: list[Command]) -> list[tuple[str, str]]:
    return [(command.kind, json.dumps(command.payload, sort_keys=True)) for command in commands]


@every_policy
def test_without_vehicles_or_orders_there_is_nothing_to_do(name: str) -> None:
    """No fleet, no orders, neither; nobody at work."""
    order = {"lat": 50.1, "lon": 8.0, "window": True, "kind": "delivery", "kg": 1.0, "needs": []}
    assert decide(name, picture(0, [])) == []
    assert decide(name, picture(3, [])) == []
    assert decide(name, picture(0, [order])) == []
    off = picture(2, [order])
    asleep = {vehicle_id: v._replace(shift_us=None, state="off") for vehicle_id, v in off.vehicles.items()}
    assert decide(name, replace(off, vehicles=asleep)) == []


busy_orders = st.lists(
    st.fixed_dictionaries(
        {
            "lat": st.sampled_from([50.1, 50.2, 49.9, 51.5]),
            "lon": st.sampled_from([8.0, 8.1, 8.3]),
            "window": st.booleans(),
            "close": st.sampled_from([1, 2, 3, 8]),
            "kind": st.sampled_from(["delivery", "pickup", "pair"]),
            "kg": st.sampled_from([1.0, 20.0, 40.0]),
            "needs": st.just([]),
            "priority": st.sampled_from([1, 1, 9]),
            "held": st.sampled_from([None, 0, 0, 1, 2]),
            "aboard": st.booleans(),
            "started": st.booleans(),
        }
    ),
    max_size=9,
)


def picture_of(view: FleetView) -> str:
    """All of a view but the policy's own memory."""
    return str(replace(view, journal={}))


@every_policy
@settings(max_examples=40, deadline=None)
@given(orders=some_orders, vehicles=st.integers(1, 4), dark=st.booleans())
def test_decisions_are_sound(name: str, orders: list[dict[str, Any]], vehicles: int, dark: bool) -> None:
    """Valid commands, the same when asked again, the view untouched; room, needs, reach, promises, hours respected."""
    view = picture(vehicles, orders, dark)
    before = picture_of(view)
    commands = decide(name, view)
    assert plain(decide(name, picture(vehicles, orders, dark))) == plain(commands)
    assert plain(decide(name, view)) == plain(commands)
    assert picture_of(view) == before
    for command in commands:
        assert command.kind in COMMANDS
        assert validate(command.kind, command.payload) is None
    assert [*wrongs(view, commands, Crow())] == []


@every_policy
@settings(max_examples=60, deadline=None)
@given(orders=busy_orders, broken=st.sampled_from([(), ("V0",)]))
def test_routes_under_way_stay_sound(name: str, orders: list[dict[str, Any]], broken: tuple[str, ...]) -> None:
    """What is started or on board is frozen; no accepted promise is broken, no load too large, no shift too long."""
    held = [
        order | {"kind": "delivery"} if order["held"] is not None and order["aboard"] else order for order in orders
    ]
    view = picture(3, held, broken=broken)
    assert [*wrongs(view, decide(name, view), Crow())] == []


@every_policy
def test_what_was_declined_is_not_offered_again_at_once(name: str) -> None:
    """An order that is nobody's at the next call goes to another vehicle; after the back-off the first may have it."""
    order = {"lat": 50.1, "lon": 8.0, "window": False, "kind": "delivery", "kg": 1.0, "needs": []}
    view = picture(2, [order])
    first = [command.vehicle_id for command in decide(name, view)]
    later = replace(view, now_us=view.now_us + HOUR // 60)
    assert set(first).isdisjoint(command.vehicle_id for command in decide(name, later))
    assert [c.vehicle_id for c in decide(name, replace(view, now_us=view.now_us + 2 * HOUR))][
        : len(first)
    ] != [] or not first


@pytest.mark.parametrize("name", sorted(set(POLICIES) - {"plan_only"}))
def test_an_easy_order_finds_a_vehicle(name: str) -> None:
    """A policy that never does anything would keep all the rules above."""
    order = {"lat": 50.1, "lon": 8.0, "window": True, "kind": "delivery", "kg": 1.0, "needs": []}
    assert [command.kind for command in decide(name, picture(2, [order]))] == ["assign_order"]
    assert [command.kind for command in decide(name, picture(2, [order], dark=True))] == ["assign_order"]


@every_policy
def test_a_closure_nobody_reported_changes_no_decision(name: str) -> None:
    """In the middle of a day all roads are closed in truth: asked at that moment, a policy decides as before."""
    day = tiny(orders={"generate": {"arriving_per_day": 20}}, dispatch={"policy": "plan_only"})
    session = Session(day)
    session.advance(day.start_us + 5 * HOUR // 2)
    office, decided = session.built.office, []
    for _ in range(2):
        view = office.view()
        assert len(view.unassigned()) > 0
        decided.append(plain(POLICIES[name](view, office.travel, np.random.default_rng(1), 100)))
        graph = session.world.roads.graph
        assert graph is not None
        session.world.closed["all"] = tuple(range(graph.edges))
    assert decided[0] == decided[1]
    session.built.population.close()


@every_policy
@settings(max_examples=40, deadline=None)
@given(orders=busy_orders, broken=st.sampled_from([(), ("V0",)]))
def test_what_waits_for_approval_is_not_recommended_again(
    name: str, orders: list[dict[str, Any]], broken: tuple[str, ...]
) -> None:
    """Shown what it recommended as if it had been given, a policy recommends none of it for the same vehicle again."""
    held = [
        order | {"kind": "delivery"} if order["held"] is not None and order["aboard"] else order for order in orders
    ]
    view = picture(3, held, broken=broken)
    given_before = {pair for command in decide(name, view) for pair in _given(view, command)}
    foreseen = as_if_given(view, decide(name, view))
    assert not given_before & {pair for command in decide(name, foreseen) for pair in _given(foreseen, command)}


def _given(view: FleetView, command: Command) -> set[tuple[str, str]]:
    """Pairs of order and vehicle that a command brings together."""
    if command.kind == "unassign_order":
        return set()
    stops = command.payload.get("stops", [command.payload])
    new = {stop["order_id"] for stop in stops}
    return {
        (order_id, command.vehicle_id) for order_id in new if view.orders[order_id].vehicle_id != command.vehicle_id
    }


@every_policy
def test_every_recommendation_ends_in_exactly_one_answer(name: str) -> None:
    """A day with a doubtful dispatcher: none is lost, none answered twice, and nothing is commanded without one."""
    approval = {"mode": "simulated", "refuse_share": 0.25, "habit_share": 0.8}
    day = tiny(
        horizon_s=6 * 3600,
        orders={"generate": {"arriving_per_day": 20}},
        dispatch={"policy": name, "approval": approval, "decisions_per_h": 30},
    )
    rows = [(kind, json.loads(text)) for kind, text in zip(*(_office(day)[c].to_pylist() for c in ("kind", "payload")))]
    made = [p["recommendation_id"] for kind, p in rows if kind == "recommendation_made"]
    answers = [p for kind, p in rows if kind == "recommendation_answered"]
    assert sorted(made) == sorted(p["recommendation_id"] for p in answers)
    assert len(set(made)) == len(made)
    assert all(bool(p["command_ids"]) == (p["answer"] in ("accepted", "changed")) for p in answers)
    commands = [kind for kind, _ in rows if kind == "assign_order"]
    assert len(commands) <= sum(len(p["command_ids"]) for p in answers)
    assert name == "plan_only" or {p["answer"] for p in answers} >= {"accepted", "changed", "refused"}


def _office(day: Scenario) -> Any:
    return run(day).office
