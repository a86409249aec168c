"""A courier over contacts written by hand, in seconds; what lies ahead may be rewritten while the clock runs."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import simpy

from agents.courier import Courier
from agents.outbox import Transport
from agents.world import World
from engine.clock import SECOND, LocalTime
from engine.motion import FOREVER_US
from engine.radio import NEVER_US
from engine.radio.links import Contact
from engine.streams import Streams
from twin.commands import Command
from twin.ingest import Message

BPS = 8_000
"""A thousand bytes take a second."""
Spans = list[tuple[float, float]]


class HandMadeLinks:
    """As ``engine.radio.links.Links``: contacts of each device by hand, one carrier."""

    def __init__(self, contacts: Sequence[Spans], loss_share: float = 0.0) -> None:
        self.settings: Any = SimpleNamespace(ids=tuple(f"dev-{n}" for n in range(len(contacts))))
        self.surroundings: object | None = object()
        self.review_us = FOREVER_US
        self.on_change: list[Callable[[int | None, int], None]] = []
        self.on_end: list[Callable[[int, str], None]] = []
        self.share, self.used_bytes = loss_share, [0] * len(contacts)
        self._gone: dict[int, str] = {}
        self._spans = [spans_us(spans) for spans in contacts]

    def __len__(self) -> int:
        return len(self._spans)

    def connected(self, device: int, t_us: int) -> Contact | None:
        return next((Contact(s, e, 1, 2) for s, e in self._of(device) if s <= t_us < e), None)

    def next_contact_us(self, device: int, from_us: int) -> int:
        return next((max(s, from_us) for s, e in self._of(device) if e > from_us), NEVER_US)

    def rate_bps(self, device: int, contact: Contact) -> int:
        return BPS

    def loss_share(self, device: int, contact: Contact) -> float:
        return self.share

    def use(self, device: int, contact: Contact, size_bytes: int, t_us: int) -> None:
        self.used_bytes[device] += size_bytes

    def gone(self, device: int) -> str | None:
        return self._gone.get(device)

    def rewrite(self, device: int, now_us: int, contacts: Spans) -> None:
        """From now on these contacts hold; up to now nothing changes."""
        past = [(s, min(e, now_us)) for s, e in self._spans[device] if s < now_us]
        self._spans[device] = past + [(max(s, now_us), e) for s, e in spans_us(contacts) if e > now_us]
        for listener in self.on_change:
            listener(device, now_us)

    def end(self, device: int, cause: str) -> None:
        self._gone[device] = cause
        for change in self.on_change:
            change(device, 0)
        for end in self.on_end:
            end(device, cause)

    def revive(self, device: int) -> None:
        del self._gone[device]
        for listener in self.on_change:
            listener(device, 0)

    def _of(self, device: int) -> list[tuple[int, int]]:
        return [] if device in self._gone else self._spans[device]


class Road:
    """Devices, a courier and an office that notes what arrives: (second, device, number)."""

    def __init__(
        self, contacts: Sequence[Spans], loss_share: float = 0.0, perfect: bool = False, seed: int = 1, **transport: Any
    ) -> None:
        self.env = simpy.Environment(0)
        nothing: Any = None
        self.world = World(
            self.env, 0, FOREVER_US, LocalTime("UTC"), Streams(seed), nothing, None, nothing, nothing, nothing
        )
        self.links: Any = HandMadeLinks(contacts, loss_share)
        if perfect:
            self.links.surroundings = None
        settings = {"latency_us": 200_000, "event_bytes": 1000, "jitter": False} | transport
        self.messages: list[Message] = []
        self.heard: list[tuple[float, str]] = []  # when and which, as it comes
        self.done: list[tuple[float, str]] = []  # commands
        self.courier = Courier(self.world, self.links, [Transport(**settings)] * len(contacts), self.hear)
        self._numbers = [0] * len(contacts)

    def hear(self, message: Message) -> None:
        self.messages.append(message)
        self.heard.append((self.env.now / SECOND, message.event_id))

    def send(self, at_s: float, device: int = 0, size_bytes: int | None = None) -> None:
        """The device will report at a moment."""
        self.at(at_s, lambda: self._send(device, size_bytes))

    def _send(self, device: int, size_bytes: int | None) -> None:
        name = f"dev-{device}"
        payload = {"vehicle_id": "V", "driver_id": "D", "what": "brake"}
        message = Message(f"{name}:{self._numbers[device]}", "harsh_event", self.world.now, "D", name, payload)
        self._numbers[device] += 1
        self.courier.send(message, name, size_bytes)

    def command(self, at_s: float, device: int = 0) -> None:
        """Head office will give a command at a moment."""
        name = f"dev-{device}"

        def give() -> None:
            self.courier.command(self.world.next_id("office"), Command("unassign_order", {}), name, self._obey)

        self.at(at_s, give)

    def _obey(self, command_id: str, _command: Command) -> None:
        self.done.append((self.env.now / SECOND, command_id))

    def at(self, at_s: float, act: Callable[[], None]) -> None:
        self.world.at(round(at_s * SECOND), act)

    @property
    def ahead(self) -> int:
        """Events on the calendar."""
        return sum(at > self.env.now for at, *_ in self.env._queue)

    def run(self, until_s: float) -> "Road":
        self.env.run(round(until_s * SECOND))  # type: ignore[arg-type]
        return self


def spans_us(spans: Spans) -> list[tuple[int, int]]:
    return [(round(start * SECOND), round(end * SECOND)) for start, end in spans]
