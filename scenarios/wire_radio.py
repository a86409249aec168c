"""The devices of a run and their radio: samplers, receivers, links, the lanes of events and of samples."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agents.courier import Courier
from agents.telematics import Telematics
from agents.vehicle import Vehicle
from agents.world import World
from engine.clock import SECOND
from engine.coverage.surroundings import Surroundings
from engine.device_clock import Clocks
from engine.devices import Devices
from engine.gnss import Receivers, Reception
from engine.radio.lane_settings import LaneSettings
from engine.radio.links import Links
from engine.radio.samples import SampleLane
from engine.supply import Supply
from scenarios.load import Scenario
from scenarios.network import carriers, link_settings, months_us, profile_of, transports
from scenarios.schema_network import DeviceProfile

if TYPE_CHECKING:
    from scenarios.crew import Maker


@dataclass
class Radio:
    """Devices and networks of one run; device k is on vehicle k."""

    devices: Devices
    receivers: Receivers
    surroundings: Surroundings | None
    links: Links
    lane: SampleLane
    courier: Courier

    def follow(self, telematics: Telematics, world: World) -> None:
        """Settle the lane before a device ends or a plan is reviewed, and at every review."""
        self.links.settle = telematics.settle

        def review() -> None:
            telematics.settle(world.now)
            watch()

        def watch() -> None:
            if self.links.review_us < world.end_us:
                world.at(self.links.review_us, review)

        watch()

    def clock(self, telematics: Telematics) -> Callable[[str, int], int]:
        """What the clock of whoever sends a message shows: a device's own, true time for everybody else."""
        number = {name: device for device, name in enumerate(self.devices.ids)}
        clocks = self.receivers.clocks

        def read(source: str, now_us: int) -> int:
            device = number.get(source)
            if device is None or clocks.true:
                return now_us
            if clocks.follow_fixes:  # what it shows rests on the samples up to now
                telematics.advance(now_us)
            return clocks.read(device, now_us)

        return read


def wire_radio(
    scenario: Scenario, world: World, maker: "Maker", vehicles: dict[str, Vehicle], surroundings: Surroundings | None
) -> Radio:
    """Make the devices of all vehicles, and connect tablets to what connects them."""
    model = scenario.model
    profiles = [profile_of(model, vehicle.group) for vehicle in vehicles.values()]
    ids = [vehicle.device_id for vehicle in vehicles.values()]
    devices = Devices.fit(
        ids, np.arange(len(ids)), world.streams, [p.sample_period_s for p in profiles],
        [p.parked_every for p in profiles], [p.gnss_sigma_m for p in profiles],
    )  # fmt: skip
    links = Links(
        link_settings(model, ids, profiles), carriers(model), world.streams, world.start_us, surroundings,
        months_us(world.local, world.start_us, world.end_us),
    )  # fmt: skip
    lane = SampleLane(links, _lane_settings(profiles), round(model.radio.latency_s * SECOND))
    courier = Courier(world, links, transports(model, profiles), lambda message: None)
    return Radio(devices, _receivers(profiles, devices, maker), surroundings, links, lane, courier)


def _lane_settings(profiles: list[DeviceProfile]) -> LaneSettings:
    return LaneSettings.fit(
        len(profiles), [float(p.sample_bytes) for p in profiles], [float(p.batch_samples) for p in profiles],
        [float(p.buffer_samples) for p in profiles], [p.flush == "newest_first" for p in profiles],
        [p.when_full == "drop_newest" for p in profiles], [p.retry_s for p in profiles],
        [p.retry_most_s for p in profiles], [p.retry_jitter for p in profiles], [p.duplicate_share for p in profiles],
    )  # fmt: skip


def _receivers(profiles: list[DeviceProfile], devices: Devices, maker: "Maker") -> Receivers:
    """Receivers, clocks and supplies."""
    gnss, clock, world = [p.gnss for p in profiles], [p.clock for p in profiles], maker.world
    reception = Reception.fit(
        len(devices), [g.canyon_sigma_m for g in gnss], [g.cold_start_s for g in gnss], [g.hot_start_s for g in gnss]
    )
    drift_ppm, resync = [c.drift_ppm for c in clock], [c.resync for c in clock]
    clocks = Clocks.fit(devices.ids, world.streams, world.start_us, drift_ppm, resync)
    supply = Supply.fit([p.supply for p in profiles], [p.battery_h for p in profiles], world.start_us)
    return Receivers(devices, reception, clocks, supply, maker.ground.roads.projection)
