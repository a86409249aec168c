"""Where the picture that decisions are made on comes from: ``dispatch.information``.

``belief``: what got through. ``perfect``: the truth at once, as an upper bound. ``paper``: no telematics; drivers phone
in at set times and hand in their papers in the evening. ``hindsight``: the truth at once, and every order as if it had
been placed before its day. The policy is the same in all of them.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from agents.world import World
from twin.belief import Belief
from twin.orders import Order, Task, Window

Item = TypeVar("Item")

TOLD_AT_ONCE = frozenset({"shift_started", "breakdown_started", "breakdown_ended", "command_received", "shift_ended"})
"""What a driver without telematics says in person or phones in at once, with all that happened before."""


def by_driver(kind: str, payload: dict[str, Any]) -> bool:
    """Whether an event is told by a driver or the driver's device."""
    return "vehicle_id" in payload and not kind.endswith("_registered")


def foreseen(order: Order, end_us: int) -> Order:
    """An order as known before its day: nothing may be done at its doors before it really is placed.

    Goods may be loaded before: hindsight is a bound, not a way of working.
    """
    if order.placed_us is None:
        return order
    placed_us = order.placed_us

    def later(task: Task) -> Task:
        windows = task.windows or (Window(placed_us, max(placed_us, end_us)),)
        possible = tuple(Window(max(w.open_us, placed_us), w.close_us) for w in windows if w.close_us >= placed_us)
        return replace(task, windows=possible or (Window(placed_us, placed_us),))

    return order.moved(placed_us=None, **{task.kind: later(task) for task in order.tasks})


class Notes(Generic[Item]):
    """What drivers write down, and tell head office by phone at most ``every_us`` later, in the order written."""

    def __init__(self, world: World, every_us: int, tell: Callable[[Item], None]) -> None:
        self._world, self._every_us, self._tell = world, every_us, tell
        self._written: dict[str, list[Item]] = {}

    def write(self, vehicle_id: str, item: Item) -> None:
        """Keep an item until the driver next phones in."""
        if not self._written.setdefault(vehicle_id, []):
            self._world.after(self._every_us, lambda: self.hand_over(vehicle_id))
        self._written[vehicle_id].append(item)

    def hand_over(self, vehicle_id: str) -> None:
        """Tell everything written down so far."""
        for item in self._written.pop(vehicle_id, []):
            self._tell(item)


class Perfect:
    """A belief that hears of everything as it happens and sees where every vehicle is."""

    def __init__(self, world: World) -> None:
        self.belief = Belief()
        world.onlookers.append(self._see)

    def _see(self, kind: str, at_us: int, payload: dict[str, Any]) -> None:
        self.belief.apply(kind, at_us, payload)


class Paper:
    """A belief on phone check-ins and the evening's papers: drivers' doings wait until one of them.

    ``told`` is called for each of the drivers' doings once head office has it. Positions are those of places visited.
    """

    def __init__(self, world: World, check_in_us: int, told: Callable[[str, dict[str, Any]], None]) -> None:
        self.belief, self.told = Belief(), told
        self._notes: Notes[tuple[str, int, dict[str, Any]]] = Notes(world, check_in_us, self._learn)
        world.onlookers.append(self._see)

    def _see(self, kind: str, at_us: int, payload: dict[str, Any]) -> None:
        if not by_driver(kind, payload):
            self.belief.apply(kind, at_us, payload)
            return
        self._notes.write(payload["vehicle_id"], (kind, at_us, payload))
        if kind in TOLD_AT_ONCE:
            self._notes.hand_over(payload["vehicle_id"])

    def _learn(self, note: tuple[str, int, dict[str, Any]]) -> None:
        kind, at_us, payload = note
        self.belief.apply(kind, at_us, payload)
        self.told(kind, payload)
