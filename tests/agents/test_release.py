"""Routes told by phone: in turn, complete, and with everything a driver is to do by then."""

from types import SimpleNamespace
from typing import Any

from agents.network import Network
from agents.plant.phone import PhoneDesk
from agents.plant.runbook import Runbook
from engine.clock import SECOND
from tests.agents.plant_world import START_US, bare_world, run_until
from twin.commands import Command, assign_order, set_route, unassign_order


class Office:
    """A network whose radio delivers at once, two drivers with tablets that note what they get, one line."""

    def __init__(self, lines: int = 1) -> None:
        self.world = bare_world()
        self.got: list[tuple[str, str, float]] = []  # vehicle, command, second
        self.calls: list[tuple[str, dict[str, Any], float]] = []
        courier: Any = SimpleNamespace(
            gone=lambda source: False, command=lambda command_id, command, device, then: then(command_id, command)
        )
        self.plant: Any = SimpleNamespace(command_path_open=lambda: True)
        self.network = Network(self.world, 0, courier, self.plant, lambda message, at_us: None, 60 * SECOND)
        runbook = Runbook(
            self.world, {}, PhoneDesk(self.world, lines, 120.0, 600.0), self._act, lambda: [],
            self.network.status_call, lambda: None,
        )  # fmt: skip
        tablets: Any = {name: self._tablet(name) for name in ("V1", "V2")}
        self.network.connect(tablets, {"V1": "D1", "V2": "D2"}, runbook)

    def _tablet(self, name: str) -> Any:
        return SimpleNamespace(
            vehicle=SimpleNamespace(device_id=f"dev-{name}"),
            deliver=lambda command_id, command: self.got.append((name, command_id, self.second)),
        )

    def _act(self, kind: str, subject: str, payload: dict[str, Any]) -> None:
        assert kind == "phone_call_ended"
        self.calls.append((subject, payload, self.second))

    @property
    def second(self) -> float:
        return (self.world.now - START_US) / SECOND

    def release(self, *vehicles: str) -> None:
        for vehicle in vehicles:
            self.network.release_by_phone(f"route-{vehicle}", route(vehicle))


def route(vehicle: str) -> Command:
    return set_route(vehicle, [], "day plan")


def test_drivers_are_told_one_after_another() -> None:
    """Each route is on the tablet as its call ends; the second call waits for the line as long as the first lasts."""
    office = Office()
    office.release("V1", "V2")
    run_until(office.world, 0)
    assert office.got == []
    run_until(office.world, 10_000)
    assert [(vehicle, command) for vehicle, command, _ in office.got] == [("V1", "route-V1"), ("V2", "route-V2")]
    (first, one, ended), (second, other, ended_too) = office.calls
    assert (first, second, one["purpose"], other["purpose"]) == ("D1", "D2", "route", "route")
    assert [moment for *_, moment in office.got] == [ended, ended_too]
    assert (one["waited_s"], other["waited_s"]) == (0.0, one["call_s"] == other["waited_s"] and ended)
    assert ended_too == ended + other["call_s"]


def test_what_is_commanded_without_tools_is_told_once_they_are_back() -> None:
    """In the order given, each once; and what is given then follows."""
    office = Office()
    office.plant.command_path_open = lambda: False
    for number, vehicle in enumerate(("V1", "V2", "V1")):
        office.network.command(f"c{number}", assign_order(f"O{number}", vehicle, "new"))
    assert office.got == []
    office.plant.command_path_open = lambda: True
    for _ in range(2):
        office.network.tools_are_back()
    office.network.command("c3", assign_order("O3", "V2", "new"))
    told = [(vehicle, command) for vehicle, command, _ in office.got]
    assert told == [("V1", "c0"), ("V2", "c1"), ("V1", "c2"), ("V2", "c3")]


def test_two_lines_tell_two_drivers_at_a_time() -> None:
    """Nobody waits for a line."""
    office = Office(lines=2)
    office.release("V1", "V2")
    run_until(office.world, 10_000)
    assert [payload["waited_s"] for _, payload, _ in office.calls] == [0.0, 0.0]


def test_what_comes_meanwhile_is_told_in_the_same_call() -> None:
    """A change to a route cannot overtake the route; a driver who has been told is reached over the radio."""
    office = Office()
    office.release("V1", "V2")
    office.network.command("more", assign_order("O9", "V2", "new"))
    office.network.command("less", unassign_order("O9", "V2", "cancelled"))
    office.network.release_by_phone("tomorrow", route("V2"))
    run_until(office.world, 10_000)
    told = [command for vehicle, command, _ in office.got if vehicle == "V2"]
    assert told == ["route-V2", "more", "less", "tomorrow"]
    assert len({moment for vehicle, _, moment in office.got if vehicle == "V2"}) == 1
    assert len(office.calls) == 2
    office.network.command("later", assign_order("O10", "V2", "new"))
    assert office.got[-1] == ("V2", "later", office.second)
