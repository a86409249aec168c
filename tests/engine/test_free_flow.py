"""Driving without any variation takes what the router says."""

import numpy as np
import pytest

from engine.clock import LocalTime
from engine.roads.graph import Profile
from engine.roads.network import RoadNetwork
from engine.roads.router import UNREACHABLE, make_router
from engine.roads.synthetic import synthetic_region
from engine.streams import Streams
from engine.traffic import Traffic, TrafficConfig
from engine.weather import WeatherConfig

MONDAY_4_US = 1_772_424_000_000_000
FREE = (0.0,) * 24


def test_a_drive_without_variation_takes_the_routers_time() -> None:
    """No congestion, no variation, pace 1: the driven time is the path's usual time, up to a rounding per edge."""
    graph = synthetic_region(300, 1)
    config = TrafficConfig(
        congestion_weekday=FREE,
        congestion_weekend=FREE,
        day_cv=0.0,
        local_cv=0.0,
        junction_cv=0.0,
        weather=WeatherConfig(random=False),
    )
    traffic = Traffic(graph, config, Streams(1), LocalTime("UTC"))
    roads = RoadNetwork(graph, traffic, make_router(graph))
    profile = Profile("van", False, True, 36.0)
    nodes = roads.component(profile)
    origins, destinations = nodes[:40], nodes[::-1][:40]
    usual_ms = roads.legs_ms(origins, destinations, MONDAY_4_US, profile)
    assert np.all(usual_ms < UNREACHABLE)
    for origin, destination, expected_ms in zip(origins.tolist(), destinations.tolist(), usual_ms.tolist()):
        drive = roads.drive(origin, destination, MONDAY_4_US, profile)
        driven_ms = (int(drive.t_us[-1]) - MONDAY_4_US) / 1000
        assert driven_ms == pytest.approx(expected_ms, abs=0.6 * len(drive.edges) + 1)
