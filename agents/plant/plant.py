"""What stands between the platform's door and the coordinators' eyes: feeds, dispatch platform, terminal link.

    at the door -> feed (of some kinds) -> platform up? (+ response) -> terminal link up? -> head office

With nothing configured and nothing forced every stage is transparent: what is admitted is received in the same call.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import numpy as np

from agents.plant.component import NEVER_US, PENDING, Act, Component, Gate, Reliability
from agents.plant.terminal import LinkSettings, TerminalLink
from agents.plant.vendor import SchemaChange
from agents.world import World
from engine.clock import SECOND
from twin.events import KINDS
from twin.ingest import Message

TELEMATICS, MAINTENANCE, PLATFORM = "telematics_feed", "maintenance_feed", "platform"

FEED_OF = {"harsh_event": TELEMATICS, "refuelled": MAINTENANCE}
"""The feed that messages of a kind come through, as telemetry samples come through ``TELEMATICS``; others come to the
platform from the driver's app or the customer (assumption)."""

LOST_IN = "feed"
"""The cause of what the plant loses: only a feed that does not backfill does."""


@dataclass(frozen=True)
class FeedSettings:
    """A hand-over between systems; nobody is told when it breaks."""

    breaks_per_year: float = 0.0
    repair_s_mean: float = 7_200.0
    backfill: bool = True  # what was held back comes after the repair; else it is lost


@dataclass(frozen=True)
class PlatformSettings:
    """The dispatch platform as a service."""

    availability: float = 1.0
    outage_s_mean: float = 1_800.0
    response_s: float = 0.0


@dataclass(frozen=True)
class PlantSettings:
    """Head office's plant; the fields are those of the scenario's ``head_office``."""

    platform: PlatformSettings = field(default_factory=PlatformSettings)
    terminal_link: LinkSettings = field(default_factory=LinkSettings)
    telematics_feed: FeedSettings = field(default_factory=FeedSettings)
    maintenance_feed: FeedSettings = field(default_factory=FeedSettings)

    @classmethod
    def from_mapping(cls, section: Mapping[str, Any]) -> "PlantSettings":
        """From a ``head_office`` section as plain mappings; its other keys are passed over."""
        made: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "platform": lambda values: PlatformSettings(**values),
            "terminal_link": LinkSettings.from_mapping,
            "telematics_feed": lambda values: FeedSettings(**values),
            "maintenance_feed": lambda values: FeedSettings(**values),
        }
        return cls(**{part.name: made[part.name](section[part.name]) for part in fields(cls)})


class Plant:
    """The plant of one run. Conserves: admitted = received + held + lost, for the event lane."""

    def __init__(self, world: World, settings: PlantSettings, hear: Callable[[Message, int], None]) -> None:
        """``hear(message, received_us)`` is head office noticing what happens to its own systems."""
        self.world, self.settings, self._hear = world, settings, hear
        self.feeds = {
            name: Gate(Component(world, name, self._tell_silently), feed.backfill)
            for name, feed in ((TELEMATICS, settings.telematics_feed), (MAINTENANCE, settings.maintenance_feed))
        }
        self.platform = Gate(Component(world, PLATFORM, self._tell))
        self.link = TerminalLink(world, settings.terminal_link, self._tell)
        self.listeners: list[Callable[[str, bool], None]] = []  # told a runbook trigger, and whether it lasts
        self.changes: dict[str, SchemaChange] = {}  # of the vendors' payloads, not yet mended, by name
        self.on_mended: list[Callable[[SchemaChange], None]] = []
        self.admitted = self.received = self.lost_samples = self._answering = 0
        self.lost: Counter[str] = Counter()
        self._response_us = round(settings.platform.response_s * SECOND)
        self.platform.component.on_change.append(lambda: self._trigger("platform_down", not self.platform.component.up))
        self.link.on_change.append(lambda: self._trigger("terminal_link_down", not self.link.up))

    def start(self) -> None:
        """Play the failures of all components from now on."""
        settings = self.settings
        platform = Reliability.of_availability(settings.platform.availability, settings.platform.outage_s_mean)
        self.platform.component.fails_by_itself(platform)
        for name, feed in ((TELEMATICS, settings.telematics_feed), (MAINTENANCE, settings.maintenance_feed)):
            self.feeds[name].component.fails_by_itself(Reliability.of_rate(feed.breaks_per_year, feed.repair_s_mean))
        self.link.start()

    # --- what is up ---

    def command_path_open(self) -> bool:
        """Whether dispatchers can give commands: the platform is up and they can reach it."""
        return self.platform.component.up and self.link.up

    def answers_at_once(self) -> bool:
        """Whether what a device tells now is received now: nothing is down on its way, and the platform is quick."""
        return not self._response_us and self.command_path_open() and self.feeds[TELEMATICS].component.up

    def tools(self) -> frozenset[str]:
        """What dispatchers can use now, of ``phone``, ``internet`` and ``platform``."""
        found = {"phone"}
        if self.link.up:
            found.add("internet")
        if self.command_path_open():
            found.add("platform")
        return frozenset(found)

    def _trigger(self, trigger: str, lasts: bool) -> None:
        for tell in self.listeners:
            tell(trigger, lasts)

    # --- the event lane ---

    def admit(self, message: Message, then: Callable[[Message], None]) -> None:
        """A message is at the door; ``then(message)`` is called when the coordinators' side receives it."""
        self.admitted += 1
        feed = FEED_OF.get(message.kind)
        if feed is None:
            self._to_platform(message, then)
        elif not self.feeds[feed].admit(partial(self._to_platform, message, then)):
            self.lost[LOST_IN] += 1

    def _to_platform(self, message: Message, then: Callable[[Message], None]) -> None:
        self.platform.admit(partial(self._answer, message, then))

    def _answer(self, message: Message, then: Callable[[Message], None]) -> None:
        """The platform has it: what it has taken in it shows after its response time, whatever becomes of it."""
        show = partial(self.link.admit, partial(self._deliver, message, then))
        if self._response_us:
            self._answering += 1
            self.world.after(self._response_us, partial(self._answered, show))
        else:
            show()

    def _answered(self, show: Act) -> None:
        self._answering -= 1
        show()

    def _deliver(self, message: Message, then: Callable[[Message], None]) -> None:
        self.received += 1
        for change in self.changes.values():
            message = change.applied(message)
        then(message)

    @property
    def held(self) -> int:
        """Messages on their way through the plant."""
        return sum(feed.held for feed in self.feeds.values()) + self.platform.held + self._answering + self.link.held

    def counts(self) -> dict[str, int]:
        """Messages of the event lane: admitted = received + held + lost."""
        return {
            "admitted": self.admitted, "received": self.received, "held": self.held, "lost": self.lost.total(),
        }  # fmt: skip

    # --- the sample lane ---

    @property
    def clear(self) -> bool:
        """Whether nothing that samples pass has failed so far and the platform answers at once: what arrives is
        received."""
        parts = (self.feeds[TELEMATICS].component, self.platform.component, self.link.primary)
        return not self._response_us and all(part.never_failed for part in parts)

    def admit_samples(self, device: np.ndarray, arrive_us: np.ndarray, now_us: int) -> np.ndarray:
        """When samples are received: int64, us.

        PENDING for what is not by ``now_us``: ask again later, with all that is still pending, those of a device in
        the order they were sent. NEVER_US for what a broken feed has lost. With ``now_us`` PENDING: as if nothing
        more would change (the end of a run).
        """
        at_us = np.where(arrive_us <= now_us, arrive_us, PENDING)
        at_us = self.feeds[TELEMATICS].through(at_us)
        lost = at_us == NEVER_US
        at_us = self.platform.through(np.where(lost, PENDING, at_us)) + self._response_us
        at_us = self.link.through(device, at_us, now_us)
        self.lost_samples += int(np.count_nonzero(lost))
        return np.where(lost, NEVER_US, at_us)

    # --- vendors ---

    def change_schema(self, name: str, change: SchemaChange) -> None:
        """From now on messages of some kinds arrive as a vendor has changed them."""
        self.changes[name] = change

    def mend_schema(self, name: str) -> None:
        """The vendor's change is understood from now on; who replays dead letters is told."""
        change = self.changes.pop(name)
        for tell in self.on_mended:
            tell(change)

    # --- telling ---

    def _tell_silently(self, kind: str, component: str, payload: dict[str, Any]) -> None:
        self.world.happen(kind, component, payload, component)

    def _tell(self, kind: str, component: str, payload: dict[str, Any]) -> None:
        """Head office sees it happen: the people in the room need no network for that."""
        now, event_id = self.world.now, self.world.happen(kind, component, payload, component)
        self._hear(Message(event_id, kind, now, component, component, payload, "office", KINDS[kind].version), now)
