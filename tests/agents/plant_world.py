"""A world with a clock, random streams and ledgers, and nothing on the roads."""

from collections.abc import Iterable
from typing import Any

import simpy

from agents.plant.plant import Plant, PlantSettings
from agents.plant.terminal import LinkSettings, StandbySettings
from agents.world import World
from engine.clock import SECOND, LocalTime
from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA, Ledger
from engine.streams import Streams
from twin.ingest import Message

START_US = 1_772_431_200_000_000
"""Monday 2 March 2026, 06:00 UTC."""
WITH_STANDBY = LinkSettings(standby=StandbySettings(messages_per_s=2.0, detect_s=60.0, switch_s=30.0))


def bare_world(seed: int = 1, lasts_s: float = 86_400.0) -> World:
    """No roads and no weather."""
    nothing: Any = None
    return World(
        simpy.Environment(START_US), START_US, START_US + round(lasts_s * SECOND), LocalTime("UTC"), Streams(seed),
        nothing, None, Ledger("truth", TRUTH_SCHEMA), Ledger("office", OFFICE_SCHEMA),
    )  # fmt: skip


def at(second: float) -> int:
    """Seconds after the start as microseconds UTC."""
    return START_US + round(second * SECOND)


def run_until(world: World, second: float) -> None:
    """Everything up to and including a moment, as a session advances its clock."""
    while world.env.peek() <= at(second):
        world.env.step()
    world.env._now = at(second)


class Receiving:
    """A plant and what came out of it: (message id, second)."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world = world
        self.heard: list[tuple[str, float]] = []  # of the plant itself: kind and second
        self.received: list[tuple[str, float]] = []
        self.messages: list[Message] = []
        self.plant = Plant(world, PlantSettings(**settings), self._hear)

    def _hear(self, message: Message, _received_us: int) -> None:
        self.heard.append((message.kind, self.second))

    @property
    def second(self) -> float:
        return (self.world.now - START_US) / SECOND

    def send_at(self, second: float, message_id: str, kind: str = "shift_ended") -> None:
        """A message comes to the door at a moment."""
        self.world.at(at(second), lambda: self.send(message_id, kind))

    def send(self, message_id: str, kind: str = "shift_ended", payload: dict[str, Any] | None = None) -> None:
        """A message comes to the door now."""
        source = message_id.partition(":")[0]
        message = Message(message_id, kind, self.world.now, source, source, payload or {})
        self.plant.admit(message, self._take)

    def _take(self, message: Message) -> None:
        self.messages.append(message)
        self.received.append((message.event_id, self.second))


def play(office: Receiving, schedule: Iterable) -> None:
    """Put outages (part, start, length, whether the standby takes over) on the calendar, 10 s a unit.

    No two change at the same moment: what goes through then depends on which is first, and only events know.
    """
    world, link = office.world, office.plant.link
    gates = {"platform": office.plant.platform, **office.plant.feeds}
    for number, (part, start, lasts, takes_over) in enumerate(schedule):
        cause, from_us = f"outage-{number}", at(10 * start) + number
        until_us = from_us + 10 * lasts * SECOND + 100
        if part == "terminal_link":
            world.at(from_us, lambda cause=cause, takes_over=takes_over: link.cut(cause, takes_over))
            world.at(until_us, lambda cause=cause: link.mend(cause))
        else:
            component = gates[part].component
            world.at(from_us, lambda cause=cause, component=component: component.fail(cause))
            world.at(until_us, lambda cause=cause, component=component: component.restore(cause))
