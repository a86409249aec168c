"""Coverage of real regions: Andorra's valleys and passes, Monaco's tunnels, Porto's size."""

import time
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from engine.clock import LocalTime
from engine.coverage import towers
from engine.coverage.code import NO_SKY, NR, level, sky
from engine.coverage.elevation import read_elevation
from engine.coverage.region import region_of_roads
from engine.coverage.survey import CarrierPlan, survey
from engine.coverage.terrain import VALLEY_AROUND_M, Holes, levels
from engine.roads.cache import load_osm
from engine.roads.graph import TUNNEL, Profile
from engine.roads.network import RoadNetwork
from engine.roads.router import make_router
from engine.streams import Streams
from engine.traffic import Traffic, TrafficConfig

OSM = Path(__file__).parents[3] / "shared" / "data" / "osm"
CAR = Profile("car")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def network(city, cache) -> RoadNetwork:
    """A city's roads."""
    graph = load_osm(OSM / f"{city}.osm.pbf", cache)
    return RoadNetwork(graph, Traffic(graph, TrafficConfig(), Streams(0), LocalTime("UTC")), make_router(graph))


@pytest.fixture(scope="module")
def andorra(cache):
    """The region with and without its raster."""
    roads = network("andorra", cache)
    raster = read_elevation(OSM / "N42E001.hgt.zip")
    return region_of_roads(roads.graph, roads.projection, raster), region_of_roads(roads.graph, roads.projection)


def test_heights_of_andorra():
    """Andorra la Vella and Port d'Envalira, as checked beside the data."""
    raster = read_elevation(OSM / "N42E001.hgt.zip")
    assert raster.heights_m(np.array([42.5063, 42.5400]), np.array([1.5218, 1.7186])) == pytest.approx(
        [1036, 2406], abs=25
    )


def test_the_valleys_of_andorra_are_darker_than_its_passes(andorra):
    """With the raster a deep cell is dark far more often than a high one; without, hardly."""
    hilly, flat = andorra
    around = gaussian_filter(hilly.height_m, VALLEY_AROUND_M / hilly.grid.cell_m / 2, mode="nearest")
    above_m = hilly.height_m - around
    quarters = np.quantile(above_m[hilly.roads], [0.25, 0.75])
    deep, high = hilly.roads & (above_m < quarters[0]), hilly.roads & (above_m > quarters[1])
    shares = {}
    for name, region in (("raster", hilly), ("none", flat)):
        dark = [levels(region, [Holes("a", 0.2, seed)], 0.58)[0] == 0 for seed in range(6)]
        shares[name] = [np.mean([one[cells].mean() for one in dark]) for cells in (deep, high)]
    assert shares["raster"][0] > 5 * shares["raster"][1]
    assert shares["raster"][0] > shares["none"][0] + 0.1
    assert shares["raster"][1] < shares["none"][1] - 0.1


def test_hills_hide_towers_in_andorra(andorra):
    """25 masts beside roads: under 5 % of the roads' cells are out of reach, above 15 % behind hills."""
    hilly, flat = andorra
    cells = np.random.Generator(np.random.PCG64(3)).choice(np.flatnonzero(hilly.roads), 25, replace=False)
    row, column = np.divmod(cells, hilly.grid.columns)
    lat, lon = hilly.middles()
    sites = towers.Towers(("LTE",) * 25, lat[row, 0], lon[0, column])
    calm = np.zeros(hilly.grid.shape)
    dark = [(towers.levels(region, sites, calm) == 0)[hilly.roads].mean() for region in (flat, hilly)]
    assert dark[0] < 0.05
    assert dark[1] > 0.15


def test_every_tunnel_of_monaco_is_dark(cache):
    """Driven from end to end: no signal and no sky in every tunnel edge, both everywhere else."""
    roads = network("monaco", cache)
    graph = roads.graph
    region = region_of_roads(graph, roads.projection)
    coverage = survey(region, [CarrierPlan("a", NR)], 0.58)
    tunnels = np.flatnonzero(graph.flags & TUNNEL)
    assert len(tunnels) >= 69  # ways so tagged, most of them cut at junctions
    driven = set()
    for edge in tunnels.tolist():
        drive = roads.drive(int(graph.tail[edge]), int(graph.head[edge]), 0, CAR)
        inside = roads.tunnel_pieces(drive)
        start_us, code = coverage.along(drive.t_us, drive.x_mm, drive.y_mm, inside)
        middle_us = (drive.t_us[1:] + drive.t_us[:-1]) // 2
        met = code[np.maximum(np.searchsorted(start_us, middle_us) - 1, 0)]
        assert np.array_equal(sky(met) == NO_SKY, inside)
        assert np.array_equal(level(met, 0) == 0, inside)
        driven |= set(drive.edges.tolist())
    assert len(driven & set(tunnels.tolist())) > 0.9 * len(tunnels)


def test_the_map_of_porto_is_made_in_seconds(cache):
    """15,804 km of directed road, five carriers: a million cells at most, made well under 10 s."""
    roads = network("porto", cache)
    began = time.perf_counter()
    region = region_of_roads(roads.graph, roads.projection)
    carriers = [CarrierPlan(name, NR, holes=Holes(name, 0.2, 1)) for name in "abcde"]
    coverage = survey(region, carriers, 0.58)
    assert time.perf_counter() - began < 10
    assert coverage.raster.size <= 1_000_000
    on_road = coverage.raster[region.road_m > 0]
    dark = np.array([level(on_road, carrier) == 0 for carrier in range(5)])
    assert dark.mean(axis=1) == pytest.approx([0.2] * 5, abs=1e-3)
    alike = np.corrcoef(dark)[np.triu_indices(5, 1)]
    assert alike.mean() == pytest.approx(0.58, abs=0.03)
    assert alike == pytest.approx([0.58] * 10, abs=0.08)
