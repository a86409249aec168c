"""What every registered dispatch policy keeps to."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import HOUR
from scenarios.run import Session
from tests.tiny import tiny
from twin.belief import Belief
from twin.commands import Command
from twin.events import COMMANDS, validate
from twin.policies import POLICIES
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

    @staticmethod
    def _ms(a: Any, b: Any) -> int:
        if max(a.lat, b.lat) > 80:
            return UNREACHABLE
        return round(3_600_000 * ((a.lat - b.lat) ** 2 + (a.lon - b.lon) ** 2) ** 0.5)


def picture(vehicles: int, orders: list[dict[str, Any]]) -> FleetView:
    """Head office's view at one o'clock: vehicles at work since noon, orders open."""
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
        belief.observe(SampleBatch.of(n, 10, 50.0 + n / 50, 8.0))
    for n, drawn in enumerate(orders):
        task = {
            "place": {"place_id": f"P{n}", "lat": drawn["lat"], "lon": drawn["lon"]},
            "windows_us": [[HOUR, 8 * HOUR]] if drawn["window"] else [],
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
                "priority": 1,
                "needs": drawn["needs"],
                "customer": "c",
                "depot": None,
                "known_before": False,
            },
        )
    return belief.view(HOUR)


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
    asleep = {vehicle_id: replace(v, shift_us=None, state="off") for vehicle_id, v in off.vehicles.items()}
    assert decide(name, replace(off, vehicles=asleep)) == []


@every_policy
@settings(max_examples=40, deadline=None)
@given(orders=some_orders, vehicles=st.integers(1, 4))
def test_decisions_are_sound(name: str, orders: list[dict[str, Any]], vehicles: int) -> None:
    """Valid commands with a reason, the same when asked again, the view untouched; room, needs and reach respected."""
    view = picture(vehicles, orders)
    before = str(view)
    commands = decide(name, view)
    assert plain(decide(name, picture(vehicles, orders))) == plain(commands)
    assert str(view) == before
    loads: dict[str, float] = {}
    assigned = []
    for command in commands:
        assert command.kind in COMMANDS
        assert validate(command.kind, command.payload) is None
        assert command.payload["reason"]
        if command.kind != "assign_order":
            continue
        order, vehicle = view.orders[command.payload["order_id"]].order, view.vehicles[command.vehicle_id]
        assigned.append(order.order_id)
        loads[vehicle.vehicle_id] = loads.get(vehicle.vehicle_id, 0.0) + order.demand["kg"]
        assert order.needs <= vehicle.offers
        assert all(task.place.lat < 80 for task in order.tasks)
    assert all(load <= MOST_KG for load in loads.values())
    assert len(assigned) == len(set(assigned))


@pytest.mark.parametrize("name", sorted(set(POLICIES) - {"plan_only"}))
def test_an_easy_order_finds_a_vehicle(name: str) -> None:
    """A policy that never does anything would keep all the rules above."""
    order = {"lat": 50.1, "lon": 8.0, "window": True, "kind": "delivery", "kg": 1.0, "needs": []}
    assert [command.kind for command in decide(name, picture(2, [order]))] == ["assign_order"]


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
