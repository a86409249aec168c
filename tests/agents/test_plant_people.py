"""People at head office: the phone against queueing theory, the runbook step by step."""

import math
from typing import Any

import numpy as np
import pytest

from agents.plant.phone import Call, PhoneDesk
from agents.plant.runbook import Attendance, Runbook, Step
from engine.clock import SECOND
from tests.agents.plant_world import START_US, at, bare_world, run_until

# --- the phone: theory ---


def erlang_c(lines: int, load: float) -> float:
    """The probability that a call waits, for ``load`` = arrival rate x mean call length (in erlangs) below ``lines``.

    Erlang, 1917; from the recursion of the loss formula B(n) = a B(n-1) / (n + a B(n-1)).
    """
    blocked = 1.0
    for line in range(1, lines + 1):
        blocked = load * blocked / (line + load * blocked)
    return blocked / (1 - load / lines * (1 - blocked))


def test_erlang_c_for_one_line_is_the_load() -> None:
    """M/M/1 waits with probability rho; and a worked value (Erlang's tables: two lines, one erlang: 1/3)."""
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)


@pytest.mark.parametrize(("lines", "load"), [(1, 0.6), (3, 2.1)])
def test_the_phone_desk_is_an_mmc_queue(lines: int, load: float) -> None:
    """Callers at random who never give up: waiting as Erlang C says, and L = lambda W for those who wait."""
    mean_s, calls = 180.0, 8000
    gaps_s = np.random.Generator(np.random.PCG64(7)).exponential(mean_s / load, calls)
    moments_s = np.cumsum(gaps_s)
    world = bare_world(lasts_s=moments_s[-1] + 1e5)
    desk = PhoneDesk(world, lines, mean_s, 1e8)
    over: list[Call] = []
    desk.on_end.append(over.append)
    for number, second in enumerate(moments_s):
        world.at(at(second), lambda number=number: desk.ring(f"C{number}", "order", lambda call_s: None))
    queue = []
    for second in np.arange(0.0, moments_s[-1], 97.0):
        run_until(world, second)
        queue.append(desk.waiting)
    busy_share = desk.busy_share()
    run_until(world, moments_s[-1] + 1e5)
    waits_s = np.array([call.waited_s for call in over])
    assert len(over) == desk.answered == calls
    assert (waits_s > 0).mean() == pytest.approx(erlang_c(lines, load), abs=0.03)
    assert waits_s.mean() == pytest.approx(erlang_c(lines, load) * mean_s / (lines - load), rel=0.12)
    assert busy_share == pytest.approx(load / lines, abs=0.02)
    assert np.mean(queue) == pytest.approx(waits_s.mean() * calls / moments_s[-1], rel=0.05)
    assert desk.waited_us == pytest.approx(waits_s.sum() * SECOND, abs=calls)


# --- the phone: examples ---


def test_a_caller_gives_up_after_a_while() -> None:
    """One line, taken for long: the second caller waits in vain and is told so."""
    world = bare_world()
    desk = PhoneDesk(world, 1, 1e6, 60.0)
    outcomes: list[tuple[str, float | None, int]] = []
    for who in ("A", "B"):
        desk.ring(who, "order", lambda call_s, who=who: outcomes.append((who, call_s, world.now)))
    run_until(world, 61)
    assert outcomes == [("B", None, at(60))]
    assert (desk.gave_up, desk.waited_us, desk.waiting) == (1, 60 * SECOND, 0)


def test_a_call_is_as_long_whoever_calls_before() -> None:
    """Lengths are drawn by caller and number of the call."""

    def lengths(first: str) -> dict[str, list[float | None]]:
        world = bare_world()
        desk = PhoneDesk(world, 2, 180.0, 1e6)
        found: dict[str, list[float | None]] = {}
        for who in (first, "B", "A", "B"):
            desk.ring(who, "order", found.setdefault(who, []).append)
        run_until(world, 80_000)
        return found

    one, other = lengths("A"), lengths("X")
    assert one["B"] == other["B"]
    assert one["A"][0] == other["A"][0]
    assert one["B"][0] != one["B"][1]


def test_a_call_of_the_offices_own_is_not_made_once_it_is_not_wanted() -> None:
    """It waits for a line without giving up, and takes no time if nobody wants it by then."""
    world = bare_world()
    desk = PhoneDesk(world, 1, 100.0, 60.0)
    wanted, made = {"A": True, "B": False, "C": True}, []
    for who in wanted:
        desk.call(who, "status", lambda call: made.append(call.who), lambda who=who: wanted[who])
    run_until(world, 10_000)
    assert made == ["A", "C"]
    assert (desk.answered, desk.gave_up) == (2, 0)


# --- the runbook ---


class Room:
    """A runbook with an attendance and a phone, and a record of all that came of it."""

    def __init__(self, call_s_mean: float = 60.0, **steps: Step) -> None:
        self.world = bare_world()
        self.acts: list[tuple[str, str, float]] = []
        self.told: list[str] = []
        self.attendance = Attendance()
        self.attendance.listeners.append(lambda absent: self.runbook.set("dispatcher_absent", absent))
        self.runbook = Runbook(
            self.world, steps, PhoneDesk(self.world, 1, call_s_mean, 60.0), self._act, lambda: ["D1", "D2"],
            self.told.append, self.attendance.stand_in,
        )  # fmt: skip

    def _act(self, kind: str, subject: str, payload: dict[str, Any]) -> None:
        self.acts.append((kind, subject, (self.world.now - START_US) / SECOND))

    def set_at(self, second: float, trigger: str, lasts: bool) -> None:
        self.world.at(at(second), lambda: self.runbook.set(trigger, lasts))

    @property
    def steps(self) -> list[tuple[str, float]]:
        return [(subject, second) for kind, subject, second in self.acts if kind == "runbook_step_taken"]


def test_steps_are_taken_when_a_trigger_has_lasted() -> None:
    """Each after its time; a trigger that ends and begins anew starts again."""
    room = Room(
        look=Step("platform_down"), ring=Step("platform_down", 600.0, does="call_supplier"),
        other=Step("feed_silent", 10.0),
    )  # fmt: skip
    for second, lasts in ((0, True), (100, True), (500, False), (550, True), (1200, False)):
        room.set_at(second, "platform_down", lasts)
    run_until(room.world, 5000)
    assert room.steps == [("look", 0.0), ("look", 550.0), ("ring", 1150.0)]


def test_drivers_are_called_one_by_one_until_the_trigger_ends() -> None:
    """Their true state is known at the end of a call; who was not reached by then is not called any more."""
    room = Room(call_s_mean=1e5, call=Step("platform_down", 60.0, minutes=1.0, does="call_drivers"))
    room.set_at(0, "platform_down", True)
    room.set_at(130, "platform_down", False)
    run_until(room.world, 1e6)
    assert room.told == ["D1"]
    (ended,) = [second for kind, _, second in room.acts if kind == "phone_call_ended"]
    assert ended > 130
    again = Room(call=Step("platform_down", does="call_drivers"))
    again.set_at(0, "platform_down", True)
    run_until(again.world, 10_000)
    assert again.told == ["D1", "D2"]


def test_commands_go_by_phone_while_the_tools_are_gone() -> None:
    """From the end of the step's minutes to the end of the trigger; what waits for a line then is dropped."""
    room = Room(call_s_mean=1e5, go=Step("terminal_link_down", 60.0, minutes=2.0, does="dispatch_by_phone"))
    room.set_at(0, "terminal_link_down", True)
    run_until(room.world, 179)
    assert not room.runbook.by_phone
    run_until(room.world, 180)
    assert room.runbook.by_phone
    for driver in ("D1", "D2"):
        room.runbook.send_by_phone(driver, lambda driver=driver: room.told.append(driver))
    room.set_at(200, "terminal_link_down", False)
    run_until(room.world, 1e7)
    assert not room.runbook.by_phone
    assert room.told == ["D1"]


def test_somebody_stands_in_for_an_absent_dispatcher() -> None:
    """From the step's end until the dispatcher is back; a second absence needs a stand-in of its own."""
    room = Room(deputy=Step("dispatcher_absent", 600.0, "supervisor", 5.0, "stand_in"))
    absent = []
    for second, name, leaves in ((0, "ill", True), (2000, "ill", False), (3000, "ill", True), (3100, "ill", False)):
        move = room.attendance.leave if leaves else room.attendance.back
        room.world.at(at(second), lambda move=move, name=name: move(name))
    for second in (1, 899, 901, 1999, 2500, 3001, 3101, 5000):
        run_until(room.world, second)
        absent.append(room.attendance.absent)
    assert absent == [True, True, False, False, False, True, False, False]
    assert room.steps == [("deputy", 600.0)]


def test_an_unknown_trigger_is_named() -> None:
    """It would never be answered otherwise."""
    with pytest.raises(ValueError, match="unknown trigger 'platform_dwn'"):
        Room().runbook.trigger("platform_dwn")


def test_waiting_grows_as_lines_are_taken_away() -> None:
    """The formula itself: more lines, less waiting; no lines to spare, everybody waits."""
    shares = [erlang_c(lines, 2.0) for lines in (3, 4, 6)]
    assert shares == sorted(shares, reverse=True)
    assert erlang_c(2, 2.0 - 1e-9) == pytest.approx(1.0, abs=1e-6)
    assert math.isclose(erlang_c(3, 2.0), 4 / 9)
