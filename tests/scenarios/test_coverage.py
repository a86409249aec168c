"""From the scenario's radio section to a coverage map, and what is said of files that cannot be used."""

import json

import numpy as np
import pytest

from engine.coverage.code import NO_SKY, STREET_CANYON, has_wifi, level, sky
from engine.coverage.elevation import Elevation
from engine.coverage.region import region_of_roads
from engine.roads.graph import TUNNEL, Profile
from engine.roads.matrix import MatrixRoads
from scenarios.coverage import coverage_map
from scenarios.ground import prepare
from scenarios.problems import BadInput
from tests.tiny import tiny
from twin.orders import Place

VAN = Profile("van")


def ground(**sections):
    """The scenario, its roads and what stands on them."""
    scenario = tiny(**sections)
    stands = prepare(scenario)
    return scenario, stands.roads, stands.depots, stands.stations


def survey(**radio):
    """The map of the tiny region."""
    return coverage_map(*ground(radio=radio))


@pytest.fixture(scope="module")
def tower_file(tmp_path_factory):
    """One LTE cell of net 1 in the middle of the tiny region, one of net 2 far away."""
    path = tmp_path_factory.mktemp("towers") / "towers.csv"
    path.write_text("LTE,1,1,1,1,1,8.0,47.0,1,1,1,1,1,1\nLTE,1,2,1,1,1,-8.0,40.0,1,1,1,1,1,1\n")
    return path


def test_without_carriers_there_is_no_map():
    """Coverage is perfect."""
    assert survey() is None


def test_a_carrier_without_a_source_covers_everything():
    """At its best technology."""
    coverage = survey(carriers={"one": {}, "two": {"best": "3g"}}, depot_wifi_m=0.0)
    assert coverage.carriers == ("one", "two")
    assert (level(coverage.raster, 0) == 2).all()
    assert (level(coverage.raster, 1) == 1).all()
    assert not has_wifi(coverage.raster).any()


def test_terrain_is_dark_for_its_share_of_the_cells_with_a_road():
    """And does not change with the run's seed; a newest technology of LTE leaves no 5G."""
    carriers = {"one": {"terrain": {"dark_share": 0.3}}, "two": {"terrain": {"dark_share": 0.1}, "best": "5g"}}
    scenario, roads, *places = ground(radio={"carriers": carriers})
    coverage = coverage_map(scenario, roads, *places)
    on_road = region_of_roads(roads.graph, roads.projection).road_m > 0
    assert [(level(coverage.raster, c)[on_road] == 0).mean() for c in (0, 1)] == pytest.approx([0.3, 0.1], abs=2e-3)
    assert [level(coverage.raster, c).max() for c in (0, 1)] == [2, 3]
    again = coverage_map(*ground(radio={"carriers": carriers}, seed=99))
    assert np.array_equal(again.raster, coverage.raster)


def test_depots_and_stations_have_wifi():
    """Within reach of each and nowhere else."""
    radio = {"carriers": {"one": {}}, "depot_wifi_m": 150.0, "station_wifi_m": 80.0}
    scenario, roads, depots, stations = ground(radio=radio)
    coverage = coverage_map(scenario, roads, depots, stations)
    depot = depots["main"]
    at = [(depot.lat, depot.lon), *(roads.place_of(node) for _, node in stations)]
    x, y = (np.rint(v * 1000).astype(np.int64) for v in roads.projection.to_xy(*np.array(at).T))
    assert has_wifi(coverage.codes(x, y)).all()
    assert not has_wifi(coverage.codes(x[:1] + 300_000, y[:1])).any()
    assert has_wifi(coverage.raster).sum() * (coverage.cell_mm / 1000) ** 2 < 3 * np.pi * 150**2


def test_street_canyons_are_where_roads_are_densest():
    """A tenth of the cells with a road."""
    sections = {"radio": {"carriers": {"one": {}}}, "devices": {"tracker": {"gnss": {"canyon_share": 0.1}}}}
    scenario, roads, *places = ground(**sections)
    coverage = coverage_map(scenario, roads, *places)
    region = region_of_roads(roads.graph, roads.projection)
    canyons = sky(coverage.raster) == STREET_CANYON
    assert canyons.sum() == round(0.1 * (region.road_m > 0).sum())
    density = region.road_density()
    assert density[canyons].min() >= np.quantile(density[region.road_m > 0], 0.89)


def test_dead_zones_and_towers(tower_file, tmp_path):
    """A tower covers its surroundings only; a polygon over the whole region leaves nothing."""
    box = [[7.5, 46.5], [8.5, 46.5], [8.5, 47.5], [7.5, 47.5], [7.5, 46.5]]
    (tmp_path / "zones.geojson").write_text(json.dumps({"type": "Polygon", "coordinates": [box]}))
    towers = {"towers_file": str(tower_file)}
    coverage = survey(carriers={"one": towers, "two": {"dead_zones_file": str(tmp_path / "zones.geojson")}})
    assert (level(coverage.raster, 0) == 2).any()
    assert (level(coverage.raster, 1) == 0).all()


def test_files_that_cannot_be_used_are_all_named(tower_file, tmp_path):
    """Each with its key, or with the row in the file."""
    bad, far, heights = tmp_path / "bad.csv", tmp_path / "far.geojson", tmp_path / "N42E001.hgt"
    bad.write_text("LTE,1,1,1,1,1,8.0,470\n")
    far.write_text(json.dumps({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}))
    heights.write_bytes(b"\0" * 8)
    with pytest.raises(BadInput) as caught:
        survey(carriers={"one": {"towers_file": str(bad)}, "two": {"towers_file": "/nowhere.csv"}})
    assert [problem.key for problem in caught.value.problems] == [
        "row 1, column lat",
        "radio.carriers.two.towers_file",
    ]
    assert caught.value.problems[0].file == str(bad)
    carriers = {
        "one": {"towers_file": str(tower_file), "operator": 2},
        "two": {"dead_zones_file": str(far)},
    }
    with pytest.raises(BadInput) as caught:
        survey(carriers=carriers, elevation_file=str(heights))
    assert [problem.key for problem in caught.value.problems] == [
        "radio.elevation_file",
        "radio.carriers.one.towers_file",
        "radio.carriers.two.dead_zones_file",
    ]
    assert "the region: latitudes 4" in str(caught.value)
    with pytest.raises(BadInput, match="cells of net 5; its nets are 1, 2"):
        survey(carriers={"one": {"towers_file": str(tower_file), "operator": 5}})


def test_roads_given_as_a_matrix_have_coverage_too():
    """Without roads every cell counts."""
    scenario = tiny(radio={"carriers": {"one": {"terrain": {"dark_share": 0.25}}}})
    times = np.array([[0, 600_000], [600_000, 0]])
    roads = MatrixRoads(["A", "B"], np.array([47.0, 47.05]), np.array([8.0, 8.1]), times, times // 60)
    coverage = coverage_map(scenario, roads, {"A": Place("A", 47.0, 8.0)}, [("station-1", 1)])
    assert (level(coverage.raster, 0) == 0).mean() == pytest.approx(0.25, abs=1e-3)
    assert has_wifi(coverage.codes(*(np.array([mm]) for mm in roads.position_mm(0)))).all()


def test_tunnels_of_a_drive_are_dark():
    """Pieces of edges with the tunnel flag, exactly; and the code along the drive says so."""
    scenario, roads, *places = ground(radio={"carriers": {"one": {}}})
    graph, coverage = roads.graph, coverage_map(scenario, roads, *places)
    nodes = roads.component(VAN)
    drive = max((roads.drive(int(nodes[0]), int(node), 0, VAN) for node in nodes[::7]), key=lambda d: d.distance_mm)
    graph.flags[drive.edges[1]] |= TUNNEL
    inside = roads.tunnel_pieces(drive)
    flagged = (graph.flags[drive.edges] & TUNNEL) > 0
    assert len(inside) == len(drive.t_us) - 1
    assert inside.sum() == sum(np.diff(graph.shape_ptr)[drive.edges[flagged]] - 1)
    first, stop = (int(drive.t_us[drive.edge_start[edge]]) for edge in (1, 2))
    start_us, code = coverage.along(drive.t_us, drive.x_mm, drive.y_mm, inside)
    dark = sky(code) == NO_SKY
    assert {first} <= set(start_us[dark].tolist())
    assert flagged[2] or {stop} <= set(start_us[~dark].tolist())
    assert len(roads.tunnel_pieces(roads.drive(int(nodes[0]), int(nodes[0]), 0, VAN))) == 0


def test_heights_come_from_the_raster_or_the_roads():
    """The raster wins; a synthetic region knows its own heights."""
    _, roads, *_ = ground()
    assert region_of_roads(roads.graph, roads.projection).height_m is not None
    flat = Elevation(np.full((2, 2), 7.0, np.float32), 90.0, -180.0, 180.0, 360.0)
    assert (region_of_roads(roads.graph, roads.projection, flat).height_m == 7).all()
