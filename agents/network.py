"""How messages travel between road and office: a device's by its courier, everybody else's over the internet, all of
them through head office's plant; and by phone where there is no other way."""

from collections.abc import Callable
from functools import partial

from agents.courier import Courier
from agents.plant.plant import Plant
from agents.plant.runbook import Runbook
from agents.sources import Notes
from agents.tablet import Tablet
from agents.world import World
from twin.commands import Command
from twin.ingest import Message

Hear = Callable[[Message, int], None]


class Network:
    """Carries every message and command of a run.

    A driver whose device is gone phones in at set times (``phones_in_us``). Who is called by head office tells by
    voice what has not got through by then; that it comes again later is ingest's affair.
    """

    def __init__(
        self, world: World, latency_us: int, courier: Courier, plant: Plant, hear: Hear, phones_in_us: int,
    ) -> None:  # fmt: skip
        self.world, self.courier, self.plant, self.hear = world, courier, plant, hear
        self._latency_us = latency_us
        self._tablets: dict[str, Tablet] = {}  # by vehicle
        self._drivers: dict[str, str] = {}  # vehicle -> driver
        self._runbook: Runbook | None = None
        self._unheard: dict[str, dict[str, Message]] = {}  # device -> not yet received, by event id, without proofs
        self._undecided: list[tuple[str, Command]] = []  # given while no command could leave
        self._to_tell: dict[str, list[tuple[str, Command]]] = {}  # vehicle -> commands its driver's call is for
        self._notes: Notes[Message] = Notes(world, phones_in_us, self._by_voice)
        courier.door = self.door

    def connect(self, tablets: dict[str, Tablet], drivers: dict[str, str], runbook: Runbook) -> None:
        """Who is at the other end: tablets and drivers by vehicle; and what head office does without its tools."""
        self._tablets, self._drivers, self._runbook = tablets, drivers, runbook

    # --- road to office ---

    def carry(self, message: Message, size_bytes: int | None) -> None:
        """A message sets out."""
        if message.channel != "radio":
            self.world.after(self._latency_us, partial(self.door, message))
            return
        if size_bytes is None:
            self._unheard.setdefault(message.source, {})[message.event_id] = message
        if not self.courier.gone(message.source):
            self.courier.send(message, message.source, size_bytes)
        elif size_bytes is None:
            self._notes.write(message.source, message)

    def door(self, message: Message) -> None:
        """A message is at the platform."""
        self.plant.admit(message, self._received)

    def _received(self, message: Message) -> None:
        unheard = self._unheard.get(message.source)
        if unheard is not None:
            unheard.pop(message.event_id, None)
        self.hear(message, self.world.now)

    def _by_voice(self, message: Message) -> None:
        self._received(message._replace(channel="phone"))

    def status_call(self, driver_id: str) -> None:
        """A driver on the phone tells everything that head office has not heard."""
        for vehicle_id, name in self._drivers.items():
            if name == driver_id:
                for message in [*self._unheard.get(self._tablets[vehicle_id].vehicle.device_id, {}).values()]:
                    self._by_voice(message)

    # --- office to road ---

    def command(self, command_id: str, command: Command) -> None:
        """A command sets out: through the platform, else by phone if the runbook says so, else once one can."""
        tablet = self._tablets.get(command.vehicle_id)
        if tablet is None:
            return
        if command.vehicle_id in self._to_tell:  # it builds on a route that has not been told
            self._to_tell[command.vehicle_id].append((command_id, command))
        elif self.plant.command_path_open():
            self.courier.command(command_id, command, tablet.vehicle.device_id, tablet.deliver)
        elif self._runbook is not None and self._runbook.by_phone:
            driver_id = self._drivers[command.vehicle_id]
            self._runbook.send_by_phone(driver_id, partial(self._told, driver_id, tablet, command_id, command))
        else:
            self._undecided.append((command_id, command))

    def release_by_phone(self, command_id: str, command: Command) -> None:
        """A route of the day's plan is told in a call; whatever else its driver is to do by then, in the same call."""
        vehicle_id, driver_id = command.vehicle_id, self._drivers.get(command.vehicle_id)
        if driver_id is None or self._runbook is None or vehicle_id in self._to_tell:
            self.command(command_id, command)
            return
        self._to_tell[vehicle_id] = [(command_id, command)]

        def over() -> None:
            for told_id, told in self._to_tell.pop(vehicle_id):
                self._tablets[vehicle_id].deliver(told_id, told)
            self.status_call(driver_id)

        self._runbook.tell_route(driver_id, over)

    def call(self, driver_id: str) -> None:
        """Somebody at head office phones a driver about anything."""
        if self._runbook is not None:
            self._runbook.call(driver_id, partial(self.status_call, driver_id))

    def to_be_told(self, vehicle_id: str) -> bool:
        """Whether this vehicle's driver is still to be called about the route."""
        return vehicle_id in self._to_tell

    def _told(self, driver_id: str, tablet: Tablet, command_id: str, command: Command) -> None:
        tablet.deliver(command_id, command)
        self.status_call(driver_id)

    def tools_are_back(self) -> None:
        """Commands can leave again: those that could not do so now."""
        waiting, self._undecided = self._undecided, []
        for command_id, command in waiting:
            self.command(command_id, command)
