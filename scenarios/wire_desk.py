"""What head office's people do all day beside dispatching: alerts and exceptions, customers, proofs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from agents.control_room import ControlRoom, ControlSettings
from agents.customer import Customer
from agents.customer_service import Answer, CustomerService
from agents.driver import Driver
from agents.office import HeadOffice
from agents.order_desk import OrderDesk
from agents.population import Population
from agents.telematics import Telematics
from engine.clock import MINUTE, SECOND
from scenarios.customer_care import customer_service, proof_capture
from scenarios.load import Scenario
from scenarios.wire_plant import PlantRoom
from twin.alerts import watches
from twin.eta import KnownCourses, etas
from twin.notifications import arrivals


@dataclass
class Desk:
    """Control room and customer service of one run, None where the scenario has none; and who settles by phone."""

    control: ControlRoom | None
    service: CustomerService | None
    orders: OrderDesk

    def start(self) -> None:
        """Set their clockworks going."""
        for part in (self.control, self.service):
            if part is not None:
                part.start()

    def attend(self, absent: bool) -> None:
        """The dispatchers are away, or back."""
        if self.control is not None:
            self.control.attend(self.control.settings.dispatchers if absent else 0)


def wire_desk(
    scenario: Scenario, population: Population, office: HeadOffice, room: PlantRoom, telematics: Telematics,
    customers: dict[str, Customer], drivers: dict[str, Driver],
) -> Desk:  # fmt: skip
    """Make what the scenario's ``alerts``, ``notifications`` and ``proofs`` ask for, listening at head office."""
    model = scenario.model
    control = None
    if model.alerts:
        at_work = watches({name: alert.model_dump() for name, alert in model.alerts.items()})
        settings = ControlSettings(
            round(model.head_office.alerts_every_s * SECOND), model.head_office.dispatchers,
            round(model.head_office.exception_minutes * MINUTE),
        )  # fmt: skip
        control = ControlRoom(population, office, at_work, settings)
        office.listeners.append(control.hear)
        office.listeners.append(partial(_silent_feed, room))
        telematics.listeners.append(control.sightings.take)
        control.at_work = room.plant.command_path_open
        room.plant.listeners.append(partial(_tools_changed, room, control))
    ring: Answer = partial(_ring_phone, room)
    if control is not None and model.head_office.notifications.answered_by == "dispatchers":
        ring = control.take_calls(model.head_office.phone.call_s_mean, model.head_office.phone.patience_s).ring
    courses = KnownCourses(office.travel)
    service = customer_service(
        model, office, customers.get, lambda view: arrivals(view, etas(view, courses)),
        ring,
    )  # fmt: skip
    if service is not None:
        hear = service.heard
        office.listeners.append(lambda kind, at_us, payload: hear(kind, payload))
        service.at_work = room.plant.command_path_open
    capture = proof_capture(model, population.world.streams)
    for driver in drivers.values():
        driver.proofs = capture
    desk = Desk(control, service, OrderDesk(office, customers.get, drivers, room.network))
    room.attendance.listeners.append(desk.attend)
    return desk


def _ring_phone(room: PlantRoom, order_id: str, then: Callable[[float | None], None]) -> None:
    """A customer calls those who have nothing else to do."""
    room.phone.ring(order_id, "where_is_my_order", then)


def _tools_changed(room: PlantRoom, control: ControlRoom, _trigger: str, _lasts: bool) -> None:
    """The control room is told when its tools are there again."""
    if room.plant.command_path_open():
        control.tools_are_back()


def _silent_feed(room: PlantRoom, kind: str, _at_us: int, payload: dict[str, Any]) -> None:
    """The runbook is told when somebody notices that a feed is silent."""
    if kind in ("alert_raised", "alert_cleared") and payload["rule"] == "feed_stale":
        room.runbook.set("feed_silent", kind == "alert_raised")
