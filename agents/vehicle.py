"""A vehicle: where it stands, what it has used, what is on board, and its telematics device's number."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np

from agents.population import FleetAgent, Population
from engine.coverage.surroundings import Surroundings
from engine.energy import VehicleType
from engine.motion import Motion
from engine.roads.graph import Profile
from engine.roads.network import Drive
from engine.trip_log import TripLog, cut
from twin.orders import Order, Place

Steps = Generator[Any, Any, Any]

URBAN_MPS, URBAN_STOPS_PER_KM = 13.9, 1.0
"""Below 50 km/h a vehicle is taken to stop once a kilometre on top of the stop at the trip's end (assumption)."""


class Vehicle(FleetAgent):
    """One vehicle. ``node`` is where it stands or, while driving, where its trip ends."""

    def __init__(
        self, population: Population, name: str, group: str, kind: VehicleType, profile: Profile,
        capacity: dict[str, float], depot_id: str, depot: Place, node: int, motion: Motion | None, trips: TripLog,
        fill_share: float, breakdowns_per_km: float, breakdown_s_mean: float,
        surroundings: Surroundings | None = None,
    ) -> None:  # fmt: skip
        super().__init__(population, name)
        self.group, self.kind, self.profile = group, kind, profile
        self.capacity, self.depot_id, self.depot, self.node = capacity, depot_id, depot, node
        self.home_node = node
        self.device_id = f"dev-{name}"
        self.onboard: dict[str, Order] = {}
        self.odometer_mm = self.used = self.idle_used = self.engine_us = self.idle_us = (
            0  # used: microlitres or milliwatt-hours
        )
        self.tank_share = fill_share
        self.trips = 0
        self._motion, self._trip_log = motion, trips
        at_mm = self.world.roads.position_mm(node)
        self._index = -1 if motion is None else motion.add(name, *at_mm, self.world.now)  # an empty one is falsy
        self._surroundings = surroundings
        if surroundings is not None:
            surroundings.add(*at_mm)  # in the order of motion: the same index
        self._breakdowns_per_km, self._breakdown_s_mean = breakdowns_per_km, breakdown_s_mean
        self._failures = 0
        self._next_failure_mm = self._failure_after(0)
        self.drive: Drive | None = None  # the one under way
        self.faults: dict[str, int] = {}  # roadside stops of the next trip by the incident's name, in us
        self.stands_until_us = self.world.now  # the end of the last roadside stop, known from that trip's start

    # --- load ---

    def load(self, unit: str) -> float:
        """What is on board, in a unit of demand."""
        return sum(order.demand.get(unit, 0.0) for order in self.onboard.values())

    # --- motion ---

    def start_trip(self, drive: Drive) -> str:
        """Set off on a drive; returns the trip's id. Fuel and battery follow from speeds and stops."""
        self.trips += 1
        self.drive = drive
        self._used = self._consumption(drive)
        if self._motion is not None and len(drive.t_us) > 1:
            self._motion.append(
                self._index, drive.t_us, drive.x_mm, drive.y_mm, drive.odometer_mm, *self._by_source(self._used)
            )
            if self._surroundings is not None:
                tunnel = self.world.roads.tunnel_pieces(drive)
                self._surroundings.follow(self._index, drive.t_us, drive.x_mm, drive.y_mm, tunnel)
        return f"{self.name}:{self.trips}"

    def end_trip(self, trip_id: str, paused_us: int = 0) -> dict[str, float]:
        """Arrive: counters go up, the trip is logged; returns what the trip took, a roadside stop left out."""
        drive = self.drive
        assert drive is not None  # noqa: S101
        self.drive = None
        used = int(self._used[len(drive.t_us) - 1])
        distance_mm, driving_us = int(drive.odometer_mm[-1]), int(drive.t_us[-1] - drive.t_us[0])
        self.odometer_mm += distance_mm
        self.engine_us += driving_us
        self._use(used)
        self.node = drive.node
        self._trip_log.add(trip_id, self.name, drive.t_us, drive.x_mm, drive.y_mm)
        return {
            "distance_m": distance_mm / 1000,
            "driving_s": (driving_us - paused_us) / 1e6,
            "fuel_ml": 0.0 if self.kind.electric else used / 1000,
            "energy_wh": used / 1000 if self.kind.electric else 0.0,
            "odometer_m": self.odometer_mm / 1000,
        }

    def _consumption(self, drive: Drive) -> np.ndarray:
        """Microlitres or milliwatt-hours used up to each keyframe."""
        odometer_mm, t_us = drive.odometer_mm, drive.t_us
        if len(t_us) == 1:
            return np.zeros(1, np.int64)
        length_m, duration_s = (odometer_mm[1:] - odometer_mm[:-1]) / 1e3, (t_us[1:] - t_us[:-1]) / 1e6
        stops = np.where(length_m < URBAN_MPS * duration_s, length_m * (URBAN_STOPS_PER_KM / 1e3), 0.0)
        stops[0] += 1.0
        return self.kind.drive(length_m, duration_s, stops)

    def _by_source(self, used: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Fuel and energy columns of motion."""
        return (None, used) if self.kind.electric else (used, None)

    def cut_trip(self, drive: Drive) -> None:
        """The drive under way ends earlier than thought: where ``drive`` ends."""
        self.drive = drive
        if self._motion is not None:
            self._motion.truncate(self._index, int(drive.t_us[-1]))
            if self._surroundings is not None:
                self._surroundings.cut(self._index, int(drive.t_us[-1]))

    def idle(self, duration_us: int) -> None:
        """Stand with the engine running from now on."""
        if duration_us <= 0:
            return
        used = self.kind.idle(duration_us / 1e6)
        self.idle_used += used
        self.engine_us += duration_us
        self.idle_us += duration_us
        self._use(used)
        if self._motion is not None:
            x, y = self.world.roads.position_mm(self.node)
            now = self.world.now
            self._motion.append(
                self._index, [now, now + duration_us], [x, x], [y, y], None, *self._by_source(np.array([0, used]))
            )

    def log_unfinished_trip(self) -> None:
        """The run ends while the vehicle is on its way: what it has driven so far is logged."""
        drive, now = self.drive, self.world.now
        if drive is None:
            return
        t_us, x_mm, y_mm = cut(drive.t_us, drive.x_mm, drive.y_mm, min(now, int(drive.t_us[-1])))
        self._trip_log.add(f"{self.name}:{self.trips}", self.name, t_us, x_mm, y_mm)

    # --- fuel and battery ---

    def _use(self, used: int) -> None:
        self.used += used
        self.tank_share -= used / 1e6 / self._full

    @property
    def _full(self) -> float:
        """Litres or kilowatt-hours of a full tank or battery."""
        return self.kind.battery_kwh if self.kind.electric else self.kind.tank_l

    def fill(self, to_share: float) -> dict[str, float]:
        """Fill tank or battery; returns what was taken in, as ``refuelled`` reports it."""
        gained = max(0.0, to_share - self.tank_share)
        self.tank_share += gained
        taken = round(gained * self._full * 1000, 3)
        return {"fuel_ml": 0.0, "energy_wh": taken} if self.kind.electric else {"fuel_ml": taken, "energy_wh": 0.0}

    # --- failures ---

    def _failure_after(self, odometer_mm: int) -> int:
        """Odometer of the next roadside failure: exponential in distance, drawn by vehicle and how many it had."""
        if self._breakdowns_per_km == 0:
            return 1 << 62
        rng = self.world.streams.generator("failure", self.name, self._failures)
        return odometer_mm + int(rng.exponential(1e6 / self._breakdowns_per_km))

    def failure_within(self, distance_mm: int) -> int | None:
        """Length of the roadside stop, in microseconds, if the vehicle fails within a distance; counts the failure.

        Incidents go before its own failure, which comes on the trip after; several are mended one after the other.
        """
        if self.faults and distance_mm > 0:
            pause_us = sum(self.faults.values())
            self.faults.clear()
            return pause_us
        if self.odometer_mm + distance_mm < self._next_failure_mm:
            return None
        rng = self.world.streams.generator("failure_length", self.name, self._failures)
        self._failures += 1
        self._next_failure_mm = self._failure_after(self.odometer_mm + distance_mm)
        return int(rng.exponential(self._breakdown_s_mean) * 1e6)

    def paused(self, drive: Drive, pause_us: int) -> tuple[Drive, int]:
        """The drive with a stop of ``pause_us`` where the vehicle failed; and when it begins."""
        middle = len(drive.t_us) // 2
        self.stands_until_us = int(drive.t_us[middle]) + pause_us
        if middle == 0:
            return drive, int(drive.t_us[0])
        t_us = np.concatenate([drive.t_us[: middle + 1], drive.t_us[middle:] + pause_us])
        x_mm, y_mm, odometer_mm = (
            np.concatenate([values[: middle + 1], values[middle:]])
            for values in (drive.x_mm, drive.y_mm, drive.odometer_mm)
        )
        later = drive.edge_start + (drive.edge_start >= middle)
        paused = replace(drive, t_us=t_us, x_mm=x_mm, y_mm=y_mm, odometer_mm=odometer_mm, edge_start=later)
        return paused, int(drive.t_us[middle])
