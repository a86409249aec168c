"""The world of one run: clock, roads, radio and both ledgers, and how something that happened becomes known.

A run owns everything; two worlds in one process share nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import simpy
from simpy.events import NORMAL

from engine.clock import LocalTime
from engine.ledger import Ledger, Stored
from engine.roads.network import RoadNetwork
from engine.streams import Streams
from engine.weather import Weather
from twin.events import KINDS
from twin.ingest import Message

if TYPE_CHECKING:
    from agents.telematics import Telematics

URGENT, LATE = NORMAL - 1, NORMAL + 1


@dataclass
class World:
    """What every agent of a run may use; agents act through ``happen`` and ``send``."""

    env: simpy.Environment
    start_us: int
    end_us: int
    local: LocalTime
    streams: Streams
    roads: RoadNetwork
    weather: Weather | None
    truth: Ledger
    office_ledger: Ledger
    telematics: "Telematics | None" = None
    closed: dict[str, tuple[int, ...]] = field(default_factory=dict)  # closure -> edges, in truth
    receive: Callable[[Message, int], None] = lambda message, received_us: None  # head office's ear
    carry: Callable[[Message, int | None], None] = lambda message, size_bytes: None  # the way to head office
    clock: Callable[[str, int], int] = lambda source, now_us: now_us  # what a sender's own clock shows
    onlookers: list[Callable[[str, int, dict], None]] = field(default_factory=list)  # told at once: perfect information
    on_closure: list[Callable[[], None]] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """Microseconds UTC."""
        return self.env._now  # type: ignore[return-value]

    @property
    def closed_edges(self) -> frozenset[int]:
        """Every edge that cannot be driven now."""
        return frozenset(edge for edges in self.closed.values() for edge in edges)

    def next_id(self, source: str) -> str:
        """The next event id of a source: ``<source>:<number>``, gapless."""
        number = self._numbers.get(source, 0)
        self._numbers[source] = number + 1
        return f"{source}:{number}"

    def happen(
        self, kind: str, subject: str, payload: dict[str, Any], source: str = "world", stored: Stored | None = None
    ) -> str:
        """Write what happened to the truth ledger; nobody has heard of it yet. Returns the event id.

        ``stored`` is the payload as ledgers hold it, where the caller has it already.
        """
        event_id = self.next_id(source)
        now = self.now
        stored = stored or self.truth.stored(payload)
        self.truth.append(event_id, kind, KINDS[kind].version, now, subject, source, stored)
        for tell in self.onlookers:
            tell(kind, now, payload)
        return event_id

    def report(
        self, kind: str, subject: str, payload: dict[str, Any], source: str, channel: str = "radio",
        size_bytes: int | None = None,
    ) -> str:  # fmt: skip
        """Something happened and its message sets out for head office, with the time its sender's clock shows.

        ``size_bytes`` is that of a proof; other messages have the size of their device's events.
        """
        stored = self.truth.stored(payload)
        event_id = self.happen(kind, subject, payload, source, stored)
        claimed_us = self.clock(source, self.now)
        message = Message(event_id, kind, claimed_us, subject, source, payload, channel, KINDS[kind].version, stored)
        self.carry(message, size_bytes)
        return event_id

    def after(self, delay_us: int, act: Callable[[], None], priority: int = NORMAL) -> None:
        """Call ``act`` later; of acts at one instant, those of higher number in ``priority`` come last."""
        event = simpy.Event(self.env)
        event._ok, event._value = True, None
        event.callbacks.append(lambda _event: act())
        self.env.schedule(event, priority, delay_us)  # type: ignore[arg-type]  # beside SimPy's own two

    def at(self, when_us: int, act: Callable[[], None], priority: int = NORMAL) -> None:
        """Call ``act`` at a moment, now if it has passed."""
        self.after(max(0, when_us - self.now), act, priority)
