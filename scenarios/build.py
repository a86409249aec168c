"""From a scenario to a world ready to run: the only place that wires."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import simpy

from agents.customer import Customer
from agents.dispatcher import Dispatcher, DispatcherSettings
from agents.driver import Driver
from agents.office import HeadOffice, OfficeSettings
from agents.population import Population
from agents.sources import foreseen
from agents.telematics import Telematics
from agents.vehicle import Vehicle
from agents.world import World
from engine.clock import SECOND
from engine.coverage.surroundings import Surroundings
from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA, Ledger
from engine.motion import Motion
from engine.streams import Streams
from engine.telemetry import Sampler
from engine.telemetry_log import TelemetryLog
from engine.trip_log import TripLog
from engine.weather import SLOT_US, Weather
from scenarios.crew import Maker
from scenarios.ground import Ground
from scenarios.load import Scenario
from scenarios.section import clock_s
from scenarios.wire_desk import Desk, wire_desk
from scenarios.wire_plant import PlantRoom, wire_plant
from scenarios.wire_radio import Radio, wire_radio
from twin.kpis.costs import Costs
from twin.orders import Order
from twin.planning.day import DaySettings, Shift
from twin.policies import Policy, make_policy

EVE_S = 18 * 3600
"""Orders known before their day arrive at this local time of the day before."""


@dataclass
class Built:
    """A wired world."""

    scenario: Scenario
    world: World
    population: Population
    office: HeadOffice
    drivers: dict[str, Driver]
    vehicles: dict[str, Vehicle]
    customers: dict[str, Customer]  # open ones
    telemetry: TelemetryLog
    trips: TripLog
    ground: Ground
    place_order: Callable[[Order], None]
    people: dict[str, Any]
    radio: Radio
    plant: PlantRoom
    desk: Desk


def build(scenario: Scenario, ground: Ground, folder: Path | None = None, policy: Policy | None = None) -> Built:
    """Wire a world; ``folder`` is where ledgers, trips and telemetry stream to (None: memory)."""
    model, streams = scenario.model, Streams(scenario.model.seed)
    motion = Motion()
    surroundings = None if ground.coverage is None else Surroundings(ground.coverage, scenario.start_us)
    world = World(
        simpy.Environment(scenario.start_us), scenario.start_us, scenario.end_us, scenario.local, streams,
        *ground.roads_and_weather(),
        Ledger("truth", TRUTH_SCHEMA, folder), Ledger("office", OFFICE_SCHEMA, folder),
    )  # fmt: skip
    population = Population(world)
    trips = TripLog(folder)
    customers: dict[str, Customer] = {}
    maker = Maker(scenario, ground, world, population, motion, surroundings, trips, customers)
    vehicles = maker.vehicles()
    drivers, rosters = maker.drivers(vehicles)
    decide = policy or make_policy(model.dispatch.policy, model.dispatch.policy_settings)
    office = HeadOffice(
        population, _office_settings(scenario, ground, rosters), decide, maker.travel(), maker.end_order
    )
    decides = model.dispatch.policy if policy is None else "custom"
    office.dispatcher = Dispatcher(population, office, _dispatcher_settings(scenario), decides)
    maker.office = office
    world.receive = office.receive
    radio = wire_radio(scenario, world, maker, vehicles, surroundings)
    plant = wire_plant(model, world, office, radio.courier, drivers)
    office.send, office.may_decide = plant.network.command, plant.may_decide
    world.carry = plant.network.carry
    maker.register(vehicles, drivers)
    telemetry = TelemetryLog(
        folder / "telemetry" if folder is not None else None, radio.devices.ids, [*vehicles], radio.links.networks
    )
    sampler = Sampler(motion, radio.devices, ground.roads.projection, scenario.start_us)
    telematics = Telematics(
        motion, sampler, radio.receivers, radio.lane, plant.plant, telemetry, office.belief, ground.roads.projection,
        surroundings,
    )  # fmt: skip
    world.telematics = telematics
    world.clock = radio.clock(telematics)
    radio.follow(telematics, world)
    desk = wire_desk(scenario, population, office, plant, telematics, customers, drivers)
    for order in ground.orders:
        shown = foreseen(order, scenario.end_us) if model.dispatch.information == "hindsight" else order
        world.at(_placed_us(shown, scenario), partial(maker.place_order, order, shown))
    office.start()
    plant.plant.start()
    desk.start()
    if world.weather is not None:
        _tell_weather(world, world.weather, "fair")
    for driver in drivers.values():
        driver.process = world.env.process(driver.work(rosters[driver.name]))
    return Built(
        scenario, world, population, office, drivers, vehicles, customers, telemetry, trips, ground,
        maker.place_order, maker.people, radio, plant, desk,
    )  # fmt: skip


def _placed_us(order: Order, scenario: Scenario) -> int:
    """When an order is placed; one known before its day comes at the start of the run or on the eve of that day."""
    if order.placed_us is not None:
        return order.placed_us
    windows = order.last_task.windows
    if not windows:
        return scenario.start_us
    return max(scenario.start_us, scenario.local.at(scenario.local.day(windows[0].open_us) - 1, EVE_S))


def _tell_weather(world: World, weather: Weather, before: str) -> None:
    """Put every change of the weather on record, a quarter hour at a time."""
    now = weather.state(world.now)
    if now != before:
        world.happen("weather_changed", "weather", {"state": now, "speed_factor": weather.factor(world.now)})
    world.at((world.now // SLOT_US + 1) * SLOT_US, partial(_tell_weather, world, weather, now))


def _dispatcher_settings(scenario: Scenario) -> DispatcherSettings:
    dispatch = scenario.model.dispatch
    approval = dispatch.approval
    return DispatcherSettings(
        approval.mode, dispatch.decisions_per_h, approval.refuse_share, approval.habit_share,
        round(approval.expires_s * SECOND), approval.at_expiry,
    )  # fmt: skip


def _office_settings(
    scenario: Scenario, ground: Ground, rosters: dict[str, Callable[[int], Shift | None]]
) -> OfficeSettings:
    model, costs = scenario.model, Costs.from_mapping(scenario.model.costs)
    plan, depot = model.dispatch.plan, next(iter(model.depots.values()))
    day = DaySettings(
        plan.planner, plan.effort, model.seed % 2**31, plan.balance, clock_s(plan.speeds_at),
        depot.load_base_s, depot.load_order_s, model.head_office.penalty_left_out,
        costs.vehicle_eur_per_km, costs.driver_eur_per_h, ground.roads.router_name, plan.margin_s,
        plan.settings,
    )  # fmt: skip

    def roster(day_number: int) -> list[Shift]:
        return [shift for shifts in rosters.values() if (shift := shifts(day_number)) is not None]

    return OfficeSettings(
        clock_s(plan.at), round(model.dispatch.period_s * SECOND), round(model.dispatch.decision_s * SECOND),
        model.head_office.max_attempts, model.dispatch.information, round(model.dispatch.check_in_s * SECOND), day,
        roster, model.dispatch.locate,
    )  # fmt: skip
