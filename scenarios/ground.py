"""What a run stands on, read before its folder is made: roads, traffic, depots, stations, orders."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.coverage.map import CoverageMap
from engine.roads.cache import default_cache_dir, load_osm, load_place
from engine.roads.graph import Profile, RoadGraph
from engine.roads.matrix import MatrixRoads
from engine.roads.network import RoadNetwork
from engine.roads.raw import RoadFileError
from engine.roads.router import make_router
from engine.roads.synthetic import synthetic_region
from engine.streams import Streams
from engine.traffic import PRESETS, Traffic, TrafficConfig
from engine.weather import Spell, Weather, WeatherConfig
from scenarios.coverage import coverage_map
from scenarios.demand import check_planner, read_demand
from scenarios.incidents.whereabouts import place_problem
from scenarios.load import Scenario
from scenarios.problems import BadInput, Problem
from scenarios.reach import away_m, common_nodes, distance_text, fleet_profiles
from scenarios.section import clock_s
from twin.orders import Order, Place

FIXED = Streams(0)
"""Generated depots and stations belong to the scenario, not to the replication: they do not move with the seed."""


_invented = lru_cache(maxsize=1)(synthetic_region)
"""Replications of a study stand on one invented region; a graph is read-only."""


@dataclass
class Ground:
    """What is read before a run folder is made: roads, depots and orders."""

    roads: RoadNetwork
    traffic: Traffic | None
    depots: dict[str, Place]
    stations: list[tuple[str, int]]
    orders: list[Order]
    notes: dict[str, Any]
    nodes: dict[tuple[str, Place], int] = field(default_factory=dict)  # (profile, place) -> where vehicles stop for it
    coverage: CoverageMap | None = None
    people: dict[str, Any] = field(default_factory=dict)  # what is behind pseudonyms, as in people.json

    def roads_and_weather(self) -> tuple[RoadNetwork, Weather | None]:
        """For one world: what its incidents do to the weather is not met by the next one on this ground."""
        if self.traffic is None:
            return self.roads, None
        traffic = self.traffic.afresh()
        return self.roads.with_traffic(traffic), traffic.weather


def prepare(scenario: Scenario, cache_dir: Path | None = None) -> Ground:
    """Read roads and orders of a scenario.

    Raises:
        BadInput: roads that cannot be used, depots or orders outside them, bad rows in an order file.
    """
    streams = Streams(scenario.model.seed)
    roads, traffic = _roads(scenario, streams, cache_dir or default_cache_dir())
    _check_incidents(scenario, roads)
    profiles = fleet_profiles(scenario)
    depots = _depots(scenario, roads, profiles)
    nodes: dict[tuple[str, Place], int] = {}
    orders, notes, people = read_demand(scenario, roads, profiles, depots, streams, nodes)
    check_planner(scenario, orders)
    stations = [
        (f"station-{number}", int(node))
        for number, node in enumerate(_nodes(roads, profiles, "stations", scenario.model.roads.stations), start=1)
    ]
    if roads.graph is not None:
        notes["roads"] = {key: value for key, value in roads.graph.meta.items() if _plain(value)}
        notes["roads"] |= {"nodes": roads.graph.nodes, "edges": roads.graph.edges}
    coverage = coverage_map(scenario, roads, depots, stations)
    return Ground(roads, traffic, depots, stations, orders, notes, nodes, coverage, people)


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool | list | dict) or value is None


# --- roads -----------------------------------------------------------------------------------------------------


def _roads(scenario: Scenario, streams: Streams, cache_dir: Path) -> tuple[Any, Traffic | None]:
    config = scenario.model.roads
    try:
        if config.matrix_file is not None:
            return MatrixRoads.read(config.matrix_file), None
        graph = _graph(scenario, cache_dir)
    except RoadFileError as error:
        key = "osm_file" if config.osm_file else "place" if config.place else "matrix_file"
        given = getattr(config, key)
        why = f"{Path(given).name}: {str(error).removeprefix(f'{given}: ')}"
        raise BadInput([Problem(scenario.source, f"roads.{key}", given, f"usable roads ({why})")]) from None
    traffic = Traffic(graph, _traffic_config(scenario), streams, scenario.local)
    return RoadNetwork(graph, traffic, make_router(graph, cache_dir)), traffic


def _graph(scenario: Scenario, cache_dir: Path) -> RoadGraph:
    config = scenario.model.roads
    if config.osm_file is not None:
        return load_osm(config.osm_file, cache_dir)
    if config.place is not None:
        return load_place(config.place, cache_dir)
    assert config.synthetic is not None  # noqa: S101  (the schema asks for one of them)
    return _invented(config.synthetic.nodes, config.synthetic.seed, mountains=config.synthetic.mountains)


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


def _check_incidents(scenario: Scenario, roads: Any) -> None:
    found = (place_problem(roads, scenario.source, name, raw) for name, raw in scenario.model.incidents.items())
    problems = [problem for problem in found if problem is not None]
    if problems:
        raise BadInput(problems)


# --- places ----------------------------------------------------------------------------------------------------


def _nodes(roads: Any, profiles: list[Profile], key: str, count: int) -> np.ndarray:
    nodes = common_nodes(roads, profiles)
    return FIXED.generator(key).choice(nodes, min(count, len(nodes)), replace=False)


def _depots(scenario: Scenario, roads: Any, profiles: list[Profile]) -> dict[str, Place]:
    problems, depots = [], {}
    for name, config in scenario.model.depots.items():
        if config.lat is not None and config.lon is not None:
            place = Place(name, config.lat, config.lon)
            for profile in profiles:
                metres = away_m(roads, place, profile)
                limit_m = scenario.model.roads.snap_m
                if metres > limit_m:
                    expected = f"a depot within {limit_m:.0f} m of a road; it is {distance_text(metres)} away"
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
