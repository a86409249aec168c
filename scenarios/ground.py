"""What a run stands on, read before its folder is made: roads, traffic, depots, stations, orders."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.clock import LocalTime
from engine.energy import TYPES as VEHICLE_KINDS
from engine.roads.cache import default_cache_dir, load_osm, load_place
from engine.roads.graph import ROAD_CLASSES, Profile, RoadGraph
from engine.roads.matrix import MatrixRoads
from engine.roads.network import RoadNetwork
from engine.roads.raw import RoadFileError
from engine.roads.router import make_router
from engine.roads.synthetic import synthetic_region
from engine.streams import Streams
from engine.traffic import PRESETS, Traffic, TrafficConfig
from engine.weather import Spell, Weather, WeatherConfig
from scenarios.build import Built, Ground
from scenarios.load import Scenario
from scenarios.places import Candidates
from scenarios.problems import BadInput, Problem
from scenarios.schema import clock_s
from twin.orders import Order, Place, Window
from twin.planning import get_planner
from twin.planning import registered as planners

FIXED = Streams(0)
"""Generated depots and stations belong to the scenario, not to the replication: they do not move with the seed."""

LIVED_AT = frozenset({"secondary", "tertiary", "unclassified", "residential", "living_street", "service"})


def prepare(scenario: Scenario, cache_dir: Path | None = None) -> Ground:
    """Read roads and orders of a scenario.

    Raises:
        BadInput: roads that cannot be used, depots or orders outside them, bad rows in an order file.
    """
    streams = Streams(scenario.model.seed)
    roads, weather = _roads(scenario, streams, cache_dir or default_cache_dir())
    _check_streets(scenario, roads)
    profiles = fleet_profiles(scenario)
    depots = _depots(scenario, roads, profiles)
    nodes: dict[tuple[str, str], int] = {}
    orders, notes = _orders(scenario, roads, profiles, depots, streams, nodes)
    _check_planner(scenario, orders)
    stations = [
        (f"station-{number}", int(node))
        for number, node in enumerate(_nodes(roads, profiles, "stations", scenario.model.roads.stations), start=1)
    ]
    if roads.graph is not None:
        notes["roads"] = {key: value for key, value in roads.graph.meta.items() if _plain(value)}
        notes["roads"] |= {"nodes": roads.graph.nodes, "edges": roads.graph.edges}
    return Ground(roads, weather, depots, stations, orders, notes, nodes)


def _check_planner(scenario: Scenario, orders: list[Order]) -> None:
    """Refuse a planner that lacks what the scenario's orders or settings ask for, naming those that have it."""
    plan = scenario.model.dispatch.plan
    needed = {"balance"} if plan.balance > 0 else set()
    for order in orders:
        pair = order.pickup is not None and order.delivery is not None
        if pair:
            needed.add("pairs")
        if any(len(task.windows) > 1 for task in order.tasks):
            needed.add("pair_multiple_windows" if pair else "multiple_windows")
    missing = sorted(needed - get_planner(plan.planner).supports())
    if missing:
        able = [name for name in planners() if needed <= get_planner(name).supports()]
        expected = f"a planner that can do {', '.join(missing)}: {', '.join(able) or 'none can'}"
        raise BadInput([Problem(scenario.source, "dispatch.plan.planner", plan.planner, expected)])


def fleet_profiles(scenario: Scenario) -> list[Profile]:
    """The vehicle profiles of the fleet, each once."""
    found: dict[str, Profile] = {}
    for config in scenario.model.fleet.values():
        kind = VEHICLE_KINDS[config.kind]
        name = f"{config.kind}{'' if config.low_emission else '-no-lez'}"
        found[name] = Profile(name, kind.truck, config.low_emission, kind.max_speed_mps)
    return list(found.values())


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | list | dict) or value is None


# --- roads -----------------------------------------------------------------------------------------------------


def _roads(scenario: Scenario, streams: Streams, cache_dir: Path) -> tuple[Any, Weather | None]:
    config = scenario.model.roads
    try:
        if config.matrix_file is not None:
            return MatrixRoads.read(config.matrix_file), None
        graph = _graph(scenario, cache_dir)
    except RoadFileError as error:
        key = "osm_file" if config.osm_file else "place" if config.place else "matrix_file"
        given = getattr(config, key)
        why = str(error).removeprefix(f"{given}: ")
        raise BadInput([Problem(scenario.source, f"roads.{key}", given, f"usable roads ({why})")]) from None
    traffic = Traffic(graph, _traffic_config(scenario), streams, scenario.local)
    return RoadNetwork(graph, traffic, make_router(graph, cache_dir)), traffic.weather


def _graph(scenario: Scenario, cache_dir: Path) -> RoadGraph:
    config = scenario.model.roads
    if config.osm_file is not None:
        return load_osm(config.osm_file, cache_dir)
    if config.place is not None:
        return load_place(config.place, cache_dir)
    assert config.synthetic is not None  # noqa: S101  (the schema asks for one of them)
    return synthetic_region(config.synthetic.nodes, config.synthetic.seed, mountains=config.synthetic.mountains)


def _traffic_config(scenario: Scenario) -> TrafficConfig:
    section = scenario.model.traffic
    usual = PRESETS[section.preset]
    local, first = scenario.local, scenario.local.day(scenario.start_us)
    script = [
        Spell(spell.state, local.at(day, clock_s(spell.at)), local.at(day, clock_s(spell.at) + spell.lasts_s))
        for spell in section.weather_spells.values()
        for day in range(first, local.day(scenario.end_us) + 1)
    ]
    return replace(
        usual,
        congestion_weekday=tuple(min(2.0, level * section.congestion) for level in usual.congestion_weekday),
        congestion_weekend=tuple(min(2.0, level * section.congestion) for level in usual.congestion_weekend),
        day_cv=section.day_cv,
        local_cv=section.local_cv,
        weather=WeatherConfig(random=section.weather == "seeded", script=tuple(script)),
    )


def _check_streets(scenario: Scenario, roads: Any) -> None:
    problems = []
    for name, raw in scenario.model.incidents.items():
        try:
            if raw.get("street") is not None:
                roads.edges_of_street(raw["street"])
        except ValueError as error:
            problems.append(Problem(scenario.source, f"incidents.{name}.street", raw["street"], f"a street ({error})"))
    if problems:
        raise BadInput(problems)


# --- places ----------------------------------------------------------------------------------------------------


def _common_nodes(roads: Any, profiles: list[Profile]) -> np.ndarray:
    nodes = roads.component(profiles[0])
    for profile in profiles[1:]:
        nodes = np.intersect1d(nodes, roads.component(profile))
    return nodes


def _nodes(roads: Any, profiles: list[Profile], key: str, count: int) -> np.ndarray:
    nodes = _common_nodes(roads, profiles)
    return FIXED.generator(key).choice(nodes, min(count, len(nodes)), replace=False)


def _depots(scenario: Scenario, roads: Any, profiles: list[Profile]) -> dict[str, Place]:
    problems, depots = [], {}
    for name, config in scenario.model.depots.items():
        if config.lat is not None and config.lon is not None:
            place = Place(name, config.lat, config.lon)
            for profile in profiles:
                metres = away_m(roads, place, profile)
                if metres > scenario.model.roads.snap_m:
                    expected = f"a depot within {scenario.model.roads.snap_m:.0f} m of a road; it is {_distance(metres)} away"
                    problems.append(Problem(scenario.source, f"depots.{name}", f"{place.lat}, {place.lon}", expected))
                    break
        elif config.position == "centre":
            place = Place(name, *roads.place_of(roads.centre(profiles[0])))
        else:
            where = "edge" if config.position == "edge" else "any"
            node = roads.random_nodes(FIXED.generator("depot", name), 1, profiles[0], where)[0]
            place = Place(name, *roads.place_of(int(node)))
        depots[name] = place
    if problems:
        raise BadInput(problems)
    return depots


def away_m(roads: Any, place: Place, profile: Profile) -> float:
    """How far a place is from where a vehicle of the profile can stop; infinite where it is not on the roads at all."""
    try:
        return roads.snap(place.lat, place.lon, profile, place.place_id).distance_m
    except ValueError:
        return math.inf


def _distance(metres: float) -> str:
    return "not on the roads at all" if math.isinf(metres) else f"{metres:.0f} m" if metres < 5000 else f"{metres / 1000:.0f} km"


# --- orders ----------------------------------------------------------------------------------------------------


def _orders(
    scenario: Scenario, roads: Any, profiles: list[Profile], depots: dict[str, Place], streams: Streams,
    nodes: dict[tuple[str, str], int],
) -> tuple[list[Order], dict[str, Any]]:  # fmt: skip
    config, local = scenario.model.orders, scenario.local
    orders: list[Order] = []
    notes: dict[str, Any] = {}
    if config.file is not None:
        orders, notes = _from_file(scenario, roads, depots)
    if config.generate is not None:
        from scenarios.generate_orders import generate

        taken = {order.order_id for order in orders}
        days = _order_days(scenario, local)
        candidates = _candidates(roads, profiles)
        made = generate(config.generate, days, candidates, list(depots.values()), streams, local)
        orders += [order.moved(order_id=f"G{order.order_id}") if order.order_id in taken else order for order in made]
    return _within_reach(scenario, roads, profiles, orders, notes, nodes), notes


def _order_days(scenario: Scenario, local: LocalTime) -> list[int]:
    """Local days whose planning falls into the run."""
    first, last = local.day(scenario.start_us), local.day(scenario.end_us)
    plan_s = clock_s(scenario.model.dispatch.plan.at)
    return [day for day in range(first, last + 1) if scenario.start_us <= local.at(day, plan_s) < scenario.end_us]


def _candidates(roads: Any, profiles: list[Profile]) -> Candidates:
    """Where customers may be: junctions that every vehicle reaches, on streets where people live."""
    nodes = _common_nodes(roads, profiles)
    graph: RoadGraph | None = roads.graph
    if graph is not None:
        lived = np.isin(graph.road_class, [i for i, name in enumerate(ROAD_CLASSES) if name in LIVED_AT])
        homes = np.intersect1d(nodes, np.concatenate([graph.tail[lived], graph.head[lived]]))
        nodes = homes if len(homes) else nodes
    places = np.array([roads.place_of(int(node)) for node in nodes])
    return Candidates(places[:, 0], places[:, 1])


def _from_file(scenario: Scenario, roads: Any, depots: dict[str, Place]) -> tuple[list[Order], dict[str, Any]]:
    from scenarios.addresses import AddressBook, read_gazetteer
    from scenarios.order_file import read_orders

    config, local = scenario.model.orders, scenario.local
    assert config.file is not None  # noqa: S101
    gazetteer = read_gazetteer(config.gazetteer) if config.gazetteer else None
    locate = None
    if roads.graph is not None:
        book: list[AddressBook] = []

        def locate(text: str) -> Any:  # the book is made when the first address is met
            if not book:
                book.append(AddressBook.from_graph(roads.graph, gazetteer))
            return book[0].locate(text)

    read = read_orders(
        config.file, local, local.day(scenario.start_us), locate=locate, depots=list(depots), on_bad_row=config.on_bad_row
    )
    notes = {
        "order_file": {
            "skipped": [problem.line() for problem in read.problems],
            "notes": [str(note) for note in read.notes],
            "unmatched": [str(row) for row in read.unmatched],
            "accuracy": [_accuracy(match) for match in read.matches],
        }
    }
    return list(read.orders), notes


def _accuracy(match: Any) -> dict[str, Any]:
    """How well an order's address was found, without the address itself: that is personal."""
    fields = match.as_dict()
    return {key: fields[key] for key in ("row", "order_id", "task", "accuracy", "score") if key in fields}


def _within_reach(
    scenario: Scenario, roads: Any, profiles: list[Profile], orders: list[Order], notes: dict[str, Any],
    nodes: dict[tuple[str, str], int],
) -> list[Order]:  # fmt: skip
    """The orders near enough to a road for some vehicle; the others are problems, or skipped where that is asked.

    Where vehicles of each profile stop for each place is put into ``nodes``.
    """
    tasks = [(order, task) for order in orders for task in order.tasks]
    if not tasks or roads.graph is None:
        return orders
    lat, lon = np.array([task.place.lat for _, task in tasks]), np.array([task.place.lon for _, task in tasks])
    snapped = [roads.snap_all(lat, lon, profile) for profile in profiles]
    for profile, (found, _) in zip(profiles, snapped):
        nodes.update(zip(((profile.name, task.place.place_id) for _, task in tasks), found.tolist()))
    metres_of = np.min([metres for _, metres in snapped], axis=0)
    limit_m = scenario.model.roads.snap_m
    problems: dict[str, Problem] = {}
    for (order, task), metres in zip(tasks, metres_of.tolist()):
        if metres > limit_m:
            expected = f"a {task.kind} within {limit_m:.0f} m of a road (roads.snap_m); it is {_distance(metres)} away"
            where = f"{task.place.lat}, {task.place.lon}"
            file = scenario.model.orders.file or scenario.source
            problems[order.order_id] = Problem(file, f"order {order.order_id}", where, expected)
    if problems and scenario.model.orders.on_bad_row == "fail":
        raise BadInput(list(problems.values()))
    if problems:
        notes.setdefault("order_file", {}).setdefault("skipped", []).extend(p.line() for p in problems.values())
    return [order for order in orders if order.order_id not in problems]


def surge_orders(built: Built, name: str, count: int, from_us: int, over_s: float) -> list[Order]:
    """Extra orders, drawn like the generated ones (or like the defaults) under the incident's name."""
    from scenarios.generate_orders import generate
    from scenarios.schema_orders import GenerateConfig

    config = (built.scenario.model.orders.generate or GenerateConfig()).model_copy(
        update={"known_per_day": count, "arriving_per_day": 0.0}
    )
    local, ground = built.scenario.local, built.ground
    profiles = fleet_profiles(built.scenario)
    streams = Streams(built.world.streams.key("surge", name))
    made = generate(config, [local.day(from_us)], _candidates(ground.roads, profiles), list(ground.depots.values()), streams, local)
    gap_us = round(over_s * 1e6) // count
    return [
        _placed_at(order.moved(order_id=f"{name}-{number}"), from_us + number * gap_us, config.promise_s)
        for number, order in enumerate(made)
    ]


def _placed_at(order: Order, placed_us: int, promise_s: float) -> Order:
    """The order placed at a moment, to be done within the promise."""
    window = Window(placed_us, placed_us + round(promise_s * 1e6))
    tasks = {task.kind: replace(task, windows=(window,)) for task in order.tasks}
    return order.moved(placed_us=placed_us, **tasks)
