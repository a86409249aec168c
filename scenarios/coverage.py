"""From the scenario's ``radio`` section to the coverage map of its region."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from engine.coverage.code import LEVELS
from engine.coverage.elevation import Elevation, read_elevation
from engine.coverage.map import CoverageMap
from engine.coverage.problem import FileProblem
from engine.coverage.region import Region, region_of_places, region_of_roads
from engine.coverage.survey import CarrierPlan, survey
from engine.coverage.terrain import Holes
from engine.coverage.towers import read_towers
from engine.coverage.zones import read_zones
from scenarios.load import Scenario
from scenarios.problems import BadInput, Problem
from scenarios.reach import region_text
from scenarios.schema_network import Carrier
from twin.orders import Place

Read = TypeVar("Read")
NEAR_DEG = 0.3
"""Cells this far outside the region may still serve it: about 30 km, where the signal ends."""


def coverage_map(
    scenario: Scenario, roads: Any, depots: dict[str, Place], stations: list[tuple[str, int]]
) -> CoverageMap | None:
    """What is where; None without carriers (then coverage is perfect).

    Raises:
        BadInput: a file that cannot be read or used, or that lies elsewhere than the roads.
        MissingExtra: GeoTIFF elevation, and rasterio is not installed.
    """
    radio = scenario.model.radio
    if not radio.carriers:
        return None
    reader = _Reader(scenario)
    elevation = reader.read("radio.elevation_file", radio.elevation_file, read_elevation)
    carriers = [_carrier(reader, name, carrier) for name, carrier in radio.carriers.items()]
    problems = reader.problems or _elsewhere(scenario, roads, elevation, carriers)
    if problems:
        raise BadInput(problems)
    return survey(
        _region(roads, elevation),
        carriers,
        radio.shared_correlation,
        _wifi(scenario, roads, depots, stations),
        max(device.gnss.canyon_share for device in scenario.model.devices.values()),
        radio.tunnels_dark,
    )


class _Reader:
    """Reads the files the scenario names and gathers what is wrong with them."""

    def __init__(self, scenario: Scenario) -> None:
        self.problems: list[Problem] = []
        self._source = scenario.source

    def read(self, key: str, path: str | None, read: Callable[[str], Read]) -> Read | None:
        """What a file holds; None where none is named or it is no good."""
        if path is None:
            return None
        try:
            return read(path)
        except FileProblem as problem:
            if problem.where:
                self.problems.append(Problem(path, problem.where, problem.value, problem.expected))
            else:
                self.problems.append(Problem(self._source, key, path, problem.expected))
            return None


def _elsewhere(
    scenario: Scenario, roads: Any, elevation: Elevation | None, carriers: list[CarrierPlan]
) -> list[Problem]:
    """Files that say nothing about the region, most likely the wrong ones."""
    at = roads if roads.graph is None else roads.graph
    south, north, west, east = (float(edge) for edge in (at.lat.min(), at.lat.max(), at.lon.min(), at.lon.max()))
    region, radio, problems = region_text(roads), scenario.model.radio, []

    def problem(key: str, path: str | None, expected: str) -> None:
        problems.append(Problem(scenario.source, f"radio.{key}", str(path), f"{expected} {region}"))

    if elevation is not None and not elevation.covers(south, north, west, east):
        problem("elevation_file", radio.elevation_file, "heights of")
    for plan in carriers:
        given = radio.carriers[plan.name]
        sites, zones = plan.sites, [ring for rings in plan.dead_zones for ring in rings[:1]]
        if sites is not None:
            near_lat = (sites.lat >= south - NEAR_DEG) & (sites.lat <= north + NEAR_DEG)
            near_lon = (sites.lon >= west - NEAR_DEG) & (sites.lon <= east + NEAR_DEG)
            if not (near_lat & near_lon).any():
                problem(f"carriers.{plan.name}.towers_file", given.towers_file, "cells in or near")
        box = [(*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()) for ring in zones]
        if box and not any(a <= east and c >= west and b <= north and d >= south for a, b, c, d in box):
            expected = "polygons (of points longitude, latitude) in"
            problem(f"carriers.{plan.name}.dead_zones_file", given.dead_zones_file, expected)
    return problems


def _carrier(reader: _Reader, name: str, carrier: Carrier) -> CarrierPlan:
    key = f"radio.carriers.{name}"
    sites = reader.read(
        f"{key}.towers_file", carrier.towers_file, lambda path: read_towers(path, carrier.operator, carrier.country)
    )
    zones = reader.read(f"{key}.dead_zones_file", carrier.dead_zones_file, read_zones)
    holes = None if carrier.terrain is None else Holes(name, carrier.terrain.dark_share, carrier.terrain.seed)
    return CarrierPlan(name, LEVELS.index(carrier.best), sites, holes, zones or ())


def _region(roads: Any, elevation: Elevation | None) -> Region:
    if roads.graph is None:
        return region_of_places(roads.lat, roads.lon, roads.projection, elevation)
    return region_of_roads(roads.graph, roads.projection, elevation)


def _wifi(
    scenario: Scenario, roads: Any, depots: dict[str, Place], stations: list[tuple[str, int]]
) -> list[tuple[int, int, float]]:
    """x_mm, y_mm and reach of the Wi-Fi at depots and stations."""
    radio = scenario.model.radio
    at = [(place.lat, place.lon, radio.depot_wifi_m) for place in depots.values()]
    at += [(*roads.place_of(node), radio.station_wifi_m) for _, node in stations]
    lat, lon, reach_m = np.array(at, float).reshape(-1, 3).T
    x_m, y_m = roads.projection.to_xy(lat, lon)
    mm = (np.rint(values * 1000).astype(np.int64).tolist() for values in (x_m, y_m))
    return [place for place in zip(*mm, reach_m.tolist()) if place[2] > 0]
