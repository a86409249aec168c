"""Head office's own systems and people: plant, phone, attendance, runbook, and the network that ends there."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from agents.courier import Courier
from agents.driver import Driver
from agents.network import Network
from agents.office import HeadOffice
from agents.plant.phone import PhoneDesk
from agents.plant.plant import Plant, PlantSettings
from agents.plant.runbook import Attendance, Runbook, Step
from agents.plant.vendor import SchemaChange
from agents.world import World
from engine.clock import SECOND
from scenarios.schema import ScenarioModel


@dataclass
class PlantRoom:
    """What coordinators work with."""

    plant: Plant
    phone: PhoneDesk
    attendance: Attendance
    runbook: Runbook
    network: Network

    def may_decide(self) -> bool:
        """Whether somebody is there to decide, and has a way to say so."""
        return not self.attendance.absent and (self.plant.command_path_open() or self.runbook.by_phone)


def wire_plant(
    model: ScenarioModel, world: World, office: HeadOffice, courier: Courier, drivers: dict[str, Driver]
) -> PlantRoom:
    """Make head office's systems and tell the runbook what happens to them."""
    section = model.head_office
    plant = Plant(world, PlantSettings.from_mapping(section.model_dump()), office.receive)
    phone = PhoneDesk(world, **section.phone.model_dump())
    attendance = Attendance()
    network = Network(
        world, round(model.radio.latency_s * SECOND), courier, plant, office.receive,
        round(model.dispatch.check_in_s * SECOND),
    )  # fmt: skip
    steps = {name: Step(**step.model_dump()) for name, step in section.runbook.items()}
    runbook = Runbook(
        world, steps, phone, office.act, lambda: _on_the_road(office), network.status_call, attendance.stand_in
    )
    driver_of = {driver.vehicle.name: name for name, driver in drivers.items()}
    network.connect({driver.vehicle.name: driver.tablet for driver in drivers.values()}, driver_of, runbook)
    if model.dispatch.release == "phone":
        office.release = network.release_by_phone
    for vehicle_id, name in driver_of.items():
        drivers[name].tablet.to_be_told = partial(network.to_be_told, vehicle_id)
    for driver in drivers.values():
        device = driver.vehicle.device_id
        driver.tablet.cut_off_by = lambda device=device: courier.cut_off_by(device)  # type: ignore[misc]
        driver.tablet.reachable = lambda: plant.platform.component.up

    def tool_changed(trigger: str, lasts: bool) -> None:
        runbook.set(trigger, lasts)
        if plant.command_path_open():
            network.tools_are_back()
            office.wake()

    def attendance_changed(absent: bool) -> None:
        runbook.set("dispatcher_absent", absent)
        if not absent:
            office.wake()

    understood: dict[str, dict[str, str]] = defaultdict(dict)  # by kind: what fields were sent as, and are here

    def mended(change: SchemaChange) -> None:
        for kind in sorted(change.kinds):
            understood[kind] |= change.names_known  # a letter may have met an earlier change as well
            office.replay_dead_letters(kind, understood[kind])

    plant.listeners.append(tool_changed)
    plant.on_mended.append(mended)
    attendance.listeners.append(attendance_changed)
    return PlantRoom(plant, phone, attendance, runbook, network)


def _on_the_road(office: HeadOffice) -> Iterable[str]:
    """Drivers on shift, as far as head office knows."""
    return [v.driver_id for v in office.picture.vehicles.values() if v.shift_us and v.driver_id]
