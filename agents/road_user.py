"""Who drives a vehicle on the road: trips, closed roads, roadside failures, refuelling, and telling head office."""

from dataclasses import dataclass
from typing import Any

import simpy

from agents.population import FleetAgent, Population
from agents.tablet import Tablet
from agents.vehicle import Steps, Vehicle
from engine.clock import SECOND
from engine.roads.router import UNREACHABLE
from twin.orders import Place

NO_WAY_US = 600 * SECOND
"""A driver for whom every way is closed tries again after this."""

UNREACHABLE_US = UNREACHABLE * 1000

TRY_AGAIN_US = 15 * SECOND
"""A driver whose screen shows no next stop looks again after this (assumption)."""

READ_US = 20 * SECOND
"""A message is read so long after it came, or when the trip under way is over (assumption)."""

REFUEL_S, STATION_KW = 480.0, 50.0
"""A stop for fuel takes eight minutes; a public charger gives 50 kW (assumptions)."""


@dataclass(frozen=True)
class Traits:
    """What stays with a driver: 1 is average; ``work`` above 1 is slower, ``pace`` above 1 drives faster."""

    pace: float = 1.0
    work: float = 1.0
    harsh_per_km: float = 0.0
    idle_share: float = 0.0


class RoadUser(FleetAgent):
    """Drives one vehicle by navigation: knows usual times and the closures met, not today's traffic."""

    def __init__(
        self, population: Population, name: str, vehicle: Vehicle, tablet: Tablet, traits: Traits,
        stations: list[tuple[str, int]],
    ) -> None:  # fmt: skip
        super().__init__(population, name)
        self.vehicle, self.tablet, self.traits, self.stations = vehicle, tablet, traits, stations
        self.known_closed: set[int] = set()
        self.driving_us = 0  # on all trips so far
        self.process: simpy.Process | None = None
        self._on_the_road = self._failed = False

    def _drive(self, node: int, to: str, purpose: str, place: Place) -> Steps:
        """Drive to a node, round closed roads as they are met, with a roadside stop if the vehicle fails."""
        while True:
            usual_us = self._usual_us(self.vehicle.node, node)
            if usual_us >= UNREACHABLE_US:  # closed in: wait, and try what was closed
                yield self._for(NO_WAY_US)
                self.known_closed.clear()
                continue
            blocked = yield from self._leg(node, to, purpose, place, self.world.now + usual_us)
            if blocked is None:
                return
            self.known_closed.add(blocked)

    def _leg(self, node: int, to: str, purpose: str, place: Place, due_us: int) -> Steps:
        world, vehicle = self.world, self.vehicle
        drive = world.roads.drive(
            vehicle.node, node, world.now, vehicle.profile, self.traits.pace, frozenset(self.known_closed),
            world.closed_edges,
        )  # fmt: skip
        pause_us = vehicle.failure_within(int(drive.odometer_mm[-1]))
        fails_us = 0
        if pause_us:
            drive, fails_us = vehicle.paused(drive, pause_us)
        trip_id = vehicle.start_trip(drive)
        self._tell("departed", trip_id=trip_id, to=to, purpose=purpose, onboard=list(vehicle.onboard), due_us=due_us)
        began = world.now
        if pause_us:
            self._failed = True  # a closure matters only once the vehicle runs again
            yield self._until(fails_us)
            self._tell_vehicle("breakdown_started", minutes=pause_us / 60e6)
            yield self._until(fails_us + pause_us)
            self._tell_vehicle("breakdown_ended")
            self._failed = False
            self.closure_ahead()
        self._on_the_road = True
        while world.now < vehicle.drive.t_us[-1]:  # type: ignore[union-attr]
            try:
                yield self._until(int(vehicle.drive.t_us[-1]))  # type: ignore[union-attr]
            except simpy.Interrupt:
                continue  # a closure ahead: the drive was cut shorter
        self._on_the_road = False
        blocked = vehicle.drive.blocked_edge  # type: ignore[union-attr]
        self._harsh(began)
        took = vehicle.end_trip(trip_id, pause_us or 0)
        self.driving_us += world.now - began - (pause_us or 0)
        self._read()
        lat, lon = (place.lat, place.lon) if blocked is None else world.roads.place_of(vehicle.node)
        payload = {
            **took, "trip_id": trip_id, "at": to, "purpose": purpose, "lat": lat, "lon": lon,
            "empty": not vehicle.onboard,
        }  # fmt: skip
        if blocked is None:
            self._tell("arrived", **payload)
        else:
            self._tell("arrived", **(payload | {"at": "road-block", "purpose": "block"}))
            self._tell("road_block_met", trip_id=trip_id, edge=blocked, lat=lat, lon=lon)
        return blocked

    def closure_ahead(self) -> None:
        """A road closed somewhere: if it lies ahead on the drive under way, that drive ends before it."""
        drive = self.vehicle.drive
        if drive is None or self._failed:
            return
        cut = drive.cut_before(self.world.closed_edges, self.world.now)
        if cut is not None:
            self.vehicle.cut_trip(cut)
            if self._on_the_road and self.process is not None:
                self.process.interrupt("road closed")

    def _harsh(self, began_us: int) -> None:
        """Harsh events of the trip that ends now: drawn for every kilometre of the vehicle's life."""
        drive = self.vehicle.drive
        if drive is None or self.traits.harsh_per_km <= 0:
            return
        first = self.vehicle.odometer_mm // 1_000_000
        last = (self.vehicle.odometer_mm + int(drive.odometer_mm[-1])) // 1_000_000
        for km in range(first, last):
            draw = self.world.streams.uniform("harsh", self.vehicle.name, km)
            if draw < self.traits.harsh_per_km:
                what = ("brake", "accelerate", "corner")[int(draw / self.traits.harsh_per_km * 3)]
                self._tell("harsh_event", what=what)

    def _refuel(self) -> Steps:
        """Go to the nearest station and fill up."""
        vehicle = self.vehicle
        times = [(self._usual_us(vehicle.node, node), name, node) for name, node in self.stations]
        _, name, node = min(times)
        yield from self._drive(node, name, "refuel", Place(name, *self.world.roads.place_of(node)))
        before = max(0.0, vehicle.tank_share)
        target = 0.8 if vehicle.kind.electric else 1.0  # beyond 80 % charging slows down
        seconds = vehicle.kind.charge_time_s(before, target, STATION_KW) if vehicle.kind.electric else REFUEL_S
        yield self._for(int(seconds * SECOND))
        self._tell("refuelled", at=name, minutes=seconds / 60, **vehicle.fill(target))

    def _wait_for_connection(self, at_most_us: int) -> Steps:
        """Stand until head office's platform is reached again, looking now and then."""
        began, why = self.world.now, self.tablet.barred_by()
        while self.tablet.barred_by() and self.world.now < began + at_most_us:
            yield self._for(min(TRY_AGAIN_US, began + at_most_us - self.world.now))
        waited_s = (self.world.now - began) / SECOND
        payload = {"vehicle_id": self.vehicle.name, "driver_id": self.name, "waited_s": waited_s, "why": why}
        self.world.happen("waited_for_connection", self.name, payload)

    def _read(self) -> None:
        """Read what is on the screen, unless driving."""
        while self.tablet.unread and self.vehicle.drive is None:
            self._tell("message_read", command_id=self.tablet.unread.popleft())

    # --- small helpers ---

    def _for(self, duration_us: int) -> simpy.Event:
        return self.world.env.timeout(max(0, duration_us))

    def _until(self, moment_us: int) -> simpy.Event:
        return self.world.env.timeout(max(0, moment_us - self.world.now))

    def _usual_us(self, origin: int, destination: int) -> int:
        if origin == destination:
            return 0
        world, closed = self.world, frozenset(self.known_closed)
        return world.roads.leg_ms(origin, destination, world.now, self.vehicle.profile, closed) * 1000

    def _tell(self, kind: str, subject: str | None = None, /, **payload: Any) -> None:
        full = {**payload, "vehicle_id": self.vehicle.name, "driver_id": self.name}
        self.tablet.report(kind, subject or self.name, full)

    def _tell_vehicle(self, kind: str, /, **payload: Any) -> None:
        self.tablet.report(kind, self.vehicle.name, {**payload, "vehicle_id": self.vehicle.name})
