"""The agents of one scenario: vehicles, drivers and their rosters, devices, customers as they appear."""

from collections.abc import Callable
from typing import Any

import numpy as np

from agents.customer import Customer
from agents.customer_behaviour import behaviour
from agents.driver import DepotWork, Driver, Rules
from agents.office import HeadOffice
from agents.population import Population
from agents.road_user import Traits
from agents.tablet import Tablet
from agents.vehicle import Vehicle
from agents.world import World
from engine.clock import SECOND, LocalTime
from engine.coverage.surroundings import Surroundings
from engine.energy import TYPES as VEHICLE_KINDS
from engine.motion import Motion
from engine.roads.graph import Profile
from engine.streams import Streams
from engine.trip_log import TripLog
from scenarios.ground import Ground
from scenarios.load import Scenario
from scenarios.network import profile_of
from scenarios.office_travel import OfficeTravel
from scenarios.schema import DriverGroup, FleetGroup, ScenarioModel
from scenarios.section import WEEKDAYS, clock_s
from twin.orders import Order, Place
from twin.planning.day import Shift


class Maker:
    """Makes the agents of one scenario."""

    def __init__(
        self, scenario: Scenario, ground: Ground, world: World, population: Population, motion: Motion,
        surroundings: Surroundings | None, trips: TripLog, customers: dict[str, Customer],
    ) -> None:  # fmt: skip
        self.scenario, self.ground, self.world, self.population = scenario, ground, world, population
        self.motion, self.surroundings, self.trips, self.customers = motion, surroundings, trips, customers
        self.model: ScenarioModel = scenario.model
        self.office: HeadOffice | None = None
        self.people: dict[str, Any] = dict(ground.people)
        self._nodes = dict(ground.nodes)
        self._profiles: dict[str, Profile] = {}

    # --- fleet ---

    def vehicles(self) -> dict[str, Vehicle]:
        """All vehicles by id, ``<group>-<n>``."""
        made: dict[str, Vehicle] = {}
        for group, config in self.model.fleet.items():
            kind = VEHICLE_KINDS[config.kind]
            profile = self._profile(kind, config)
            depot_id = config.depot or next(iter(self.model.depots))
            depot = self.ground.depots[depot_id]
            for number in range(1, config.count + 1):
                name = f"{group}-{number}"
                made[name] = Vehicle(
                    self.population, name, group, kind, profile, dict(sorted(config.capacity.items())), depot_id, depot,
                    self.node(depot, profile), self.motion, self.trips, config.start_fill_share,
                    config.breakdowns_per_1000_km / 1000, config.breakdown_s_mean, self.surroundings,
                )  # fmt: skip
        return made

    def _profile(self, kind: Any, config: FleetGroup) -> Profile:
        name = f"{config.kind}{'' if config.low_emission else '-no-lez'}"
        profile = Profile(name, kind.truck, config.low_emission, kind.max_speed_mps)
        return self._profiles.setdefault(name, profile)

    def drivers(
        self, vehicles: dict[str, Vehicle]
    ) -> tuple[dict[str, Driver], dict[str, Callable[[int], Shift | None]]]:
        """Drivers by pseudonym, each with a vehicle, and their rosters; a vehicle has one driver at most."""
        drivers: dict[str, Driver] = {}
        rosters: dict[str, Callable[[int], Shift | None]] = {}
        free = dict(vehicles)
        for group, config in self.model.drivers.items():
            fleets = config.fleet or list(self.model.fleet)
            theirs = [v for v in free.values() if v.group in fleets]
            for number, vehicle in enumerate(theirs[: config.count], start=1):
                del free[vehicle.name]
                name = f"{group}-D{number}"
                driver = Driver(
                    self.population, name, vehicle, Tablet(self.world, vehicle, self._open_order),
                    self._traits(name, config),
                    Rules(
                        round(config.inspection_s * SECOND), round(config.overtime_s * SECOND),
                        round(config.stand_by_s * SECOND), wait_at_most_us=self._waits_us(vehicle),
                    ),
                    self._depot_work(vehicle.depot_id), self.ground.stations, self.customers.get,
                    lambda place, of: self.node(place, of.profile),
                )  # fmt: skip
                drivers[name] = driver
                rosters[name] = _roster(self.scenario.local, name, vehicle.name, config)
                self.people[name] = {"name": _person(self.world.streams, name)}
        return drivers, rosters

    def _traits(self, name: str, config: DriverGroup) -> Traits:
        """A driver's lasting differences: lognormal around 1 (mean 1), drawn by the driver's name."""
        rng = self.world.streams.generator("driver", name)
        pace, work, care = (
            round(float(np.exp(cv * z - cv * cv / 2)), 6)
            for cv, z in zip((config.pace_cv, config.work_cv, 0.5), rng.standard_normal(3))
        )
        return Traits(pace, work, config.harsh_per_100_km / 100 * care, min(1.0, config.idle_share * care))

    def _waits_us(self, vehicle: Vehicle) -> int:
        """How long the driver waits for a connection, 0 with an offline mode."""
        profile = profile_of(self.model, vehicle.group)
        return 0 if profile.offline_mode else max(1, round(profile.wait_at_most_s * SECOND))

    def _depot_work(self, depot_id: str) -> DepotWork:
        depot = self.model.depots[depot_id]
        return DepotWork(round(depot.load_base_s * SECOND), round(depot.load_order_s * SECOND), depot.charger_kw)

    def register(self, vehicles: dict[str, Vehicle], drivers: dict[str, Driver]) -> None:
        """Put the master data on record, in truth and at head office."""
        assert self.office is not None  # noqa: S101
        for depot_id, place in self.ground.depots.items():
            self.office.act("depot_registered", depot_id, {"depot_id": depot_id, "place": place._asdict()})
        for name, vehicle in vehicles.items():
            self.office.act(
                "vehicle_registered", name,
                {
                    "vehicle_id": name, "device_id": vehicle.device_id, "group": vehicle.group,
                    "kind": vehicle.kind.name, "profile": vehicle.profile.name, "depot_id": vehicle.depot_id,
                    "capacity": vehicle.capacity, "offers": sorted(self.model.fleet[vehicle.group].offers),
                },
            )  # fmt: skip
        for name, driver in drivers.items():
            group = name.rpartition("-")[0]
            self.office.act(
                "driver_registered", name,
                {
                    "driver_id": name, "group": group, "vehicle_id": driver.vehicle.name,
                    "depot_id": driver.vehicle.depot_id, "offers": sorted(self.model.drivers[group].offers),
                },
            )  # fmt: skip

    # --- places and orders ---

    def node(self, place: Place, profile: Profile) -> int:
        """Where a vehicle of a profile stops for a place."""
        key = (profile.name, place)
        node = self._nodes.get(key)
        if node is None:
            node = self.ground.roads.snap(place.lat, place.lon, profile, place.place_id).node
            if place.place_id:  # a position on the way is not met again
                self._nodes[key] = node
        return node

    def travel(self) -> OfficeTravel:
        """Head office's own metric."""
        return OfficeTravel(self.ground.roads, self._profiles, self.node, self._reported)

    def _reported(self) -> frozenset[int]:
        assert self.office is not None  # noqa: S101
        return frozenset(edge for edges in self.office.picture.closures.values() for edge in edges)

    def _open_order(self, order_id: str) -> Order | None:
        customer = self.customers.get(order_id)
        return customer.order if customer is not None else None

    def end_order(self, order_id: str, kind: str) -> bool:
        """End an order in truth; False if it has ended already or somebody is at the door."""
        customer = self.customers.get(order_id)
        if customer is None or customer.being_served:
            return False
        customer.end(kind)
        return True

    def place_order(self, order: Order, shown: Order | None = None) -> None:
        """A customer appears and places the order; ``shown``: as it is placed, if not as it was drawn."""
        config = self.model.customers
        day = (self.world.start_us, self.world.end_us)
        customer = Customer(self.population, shown or order, behaviour(order, day, self.world.streams, config))
        customer.on_end = lambda: self.customers.pop(order.order_id, None)
        self.customers[order.order_id] = customer
        customer.place()


def _roster(local: LocalTime, name: str, vehicle: str, config: DriverGroup) -> Callable[[int], Shift | None]:
    """A driver's shift on a local day, None when off."""
    start_s, end_s = clock_s(config.shift_start), clock_s(config.shift_end)

    def shift(day: int) -> Shift | None:
        if WEEKDAYS[(day + 3) % 7] not in config.days:
            return None
        start_us, end_us = local.at(day, start_s), local.at(day, end_s)
        breaks: tuple[tuple[int, int, int], ...] = ()
        if config.rest is not None and start_us + round(config.rest.after_s * SECOND) < end_us:
            earliest = start_us + round(config.rest.after_s * SECOND)
            latest = earliest + round(config.rest.within_s * SECOND)
            breaks = ((earliest, latest, round(config.rest.lasts_s * SECOND)),)
        return Shift(vehicle, name, start_us, end_us, config.inspection_s, breaks)

    return shift


_FIRST = ("Ana", "Bo", "Chidi", "Dana", "Emil", "Fatma", "Goran", "Hana", "Ines", "João", "Kofi", "Lea", "Mei", "Nuno")
_LAST = ("Almeida", "Berg", "Costa", "Diallo", "Evans", "Fischer", "Garcia", "Horvat", "Ito", "Jansen", "Kaya", "Lopes")


def _person(streams: Streams, name: str) -> str:
    """An invented name for a pseudonym; it is kept outside ledgers and digest."""
    first, last = (streams.key("person", part, name) for part in ("first", "last"))
    return f"{_FIRST[first % len(_FIRST)]} {_LAST[last % len(_LAST)]}"
