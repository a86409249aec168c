"""Where vehicles of a scenario can go: its profiles, the nodes they share, how far a place is from them."""

import math
from typing import Any

import numpy as np

from engine.energy import TYPES as VEHICLE_KINDS
from engine.roads.graph import Profile
from scenarios.load import Scenario
from twin.orders import Place


def fleet_profiles(scenario: Scenario) -> list[Profile]:
    """The vehicle profiles of the fleet, each once."""
    found: dict[str, Profile] = {}
    for config in scenario.model.fleet.values():
        kind = VEHICLE_KINDS[config.kind]
        name = f"{config.kind}{'' if config.low_emission else '-no-lez'}"
        found[name] = Profile(name, kind.truck, config.low_emission, kind.max_speed_mps)
    return list(found.values())


def common_nodes(roads: Any, profiles: list[Profile]) -> np.ndarray:
    """Nodes that vehicles of every profile can reach."""
    nodes = roads.component(profiles[0])
    for profile in profiles[1:]:
        nodes = np.intersect1d(nodes, roads.component(profile))
    return nodes


def distance_text(metres: float) -> str:
    """A distance as people say it."""
    if math.isinf(metres):
        return "not on the roads at all"
    return f"{metres:.0f} m" if metres < 5000 else f"{metres / 1000:.0f} km"


def away_m(roads: Any, place: Place, profile: Profile) -> float:
    """How far a place is from where a vehicle of the profile can stop; infinite where it is not on the roads at all."""
    try:
        return roads.snap(place.lat, place.lon, profile, place.place_id).distance_m
    except ValueError:
        return math.inf


def region_text(roads: Any) -> str:
    """Where the roads, or the places of a table of travel times, lie."""
    at = roads if roads.graph is None else roads.graph
    south, north, west, east = (float(edge) for edge in (at.lat.min(), at.lat.max(), at.lon.min(), at.lon.max()))
    return f"the region: latitudes {south:.2f} to {north:.2f}, longitudes {west:.2f} to {east:.2f}"
