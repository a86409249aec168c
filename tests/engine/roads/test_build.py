"""From ways to a graph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.geo import Projection, great_circle_m
from engine.roads.build import MAX_EDGE_M, build_graph
from engine.roads.graph import LOW_EMISSION_ZONE, ROAD_CLASSES, TRUCK_FORBIDDEN, Profile
from engine.roads.osm import read_osm
from engine.roads.raw import RawRoads, RawWay, RoadFileError

STREET = {"highway": "residential"}


def test_town_has_the_streets_drawn(town):
    """Sixteen crossings, 24 blocks of 300 m cut in two halves, driven both ways."""
    graph = build_graph(read_osm(town))
    assert (graph.nodes, graph.edges) == (16 + 24, 24 * 2 * 2)
    assert graph.length_m == pytest.approx(np.full(96, 150.0), rel=1e-3)
    assert graph.names == ("Column 0", "Column 1", "Column 2", "Column 3", "Row 0", "Row 1", "Row 2", "Row 3")
    assert (graph.house_number, graph.names[graph.house_street[0]]) == (("7",), "Row 0")
    assert "OpenStreetMap" in graph.meta["attribution"]


def test_shapes_join_the_nodes_and_measure_up(town):
    """Every shape starts and ends at the edge's nodes exactly and is as long as stated."""
    graph = build_graph(read_osm(town))
    for edge in range(graph.edges):
        lat, lon = graph.shape(edge)
        assert (lat[0], lon[0]) == (graph.lat[graph.tail[edge]], graph.lon[graph.tail[edge]])
        assert (lat[-1], lon[-1]) == (graph.lat[graph.head[edge]], graph.lon[graph.head[edge]])
        assert great_circle_m(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum() == pytest.approx(graph.length_m[edge])


def test_ways_meet_only_at_shared_nodes(osm_file):
    """A bridge crosses a road without a node: no junction; bends are shape points, not nodes."""
    nodes = {1: (-90, 0), 2: (90, 0), 3: (0, -90), 4: (0, 90), 5: (60, 20)}
    ways = [(1, [1, 5, 2], STREET), (2, [3, 4], STREET), (3, [1, 3], STREET), (4, [2, 4], STREET)]
    graph = build_graph(read_osm(osm_file(nodes, ways)))
    assert (graph.nodes, graph.edges) == (4, 8)
    assert sorted(np.diff(graph.shape_ptr).tolist()) == [2] * 6 + [3] * 2


def test_ways_are_split_where_a_node_is_missing(osm_file):
    """A clipped extract loads: the way ends at the gap and goes on behind it."""
    nodes = {1: (0, 0), 2: (50, 0), 4: (150, 0), 5: (200, 0), 6: (100, 80)}
    ways = [(1, [1, 2, 99, 4, 5], STREET), (2, [2, 6, 4], STREET), (3, [98, 97], STREET)]
    graph = build_graph(read_osm(osm_file(nodes, ways)))
    assert graph.nodes == 4
    assert graph.length_m.sum() == pytest.approx(2 * (50 + 50 + 2 * np.hypot(50, 80)), rel=1e-3)


def test_dead_ends_of_one_way_streets_are_dropped(osm_file):
    """Nobody can be stranded: what cannot be left again is no part of the network."""
    nodes = {1: (0, 0), 2: (60, 0), 3: (60, 60), 4: (150, 0)}
    ways = [(1, [1, 2, 3, 1], STREET | {"oneway": "yes"}), (2, [2, 4], STREET | {"oneway": "yes"})]
    graph = build_graph(read_osm(osm_file(nodes, ways)))
    assert graph.nodes == 2
    assert graph.meta["nodes_dropped"] == 1
    assert (np.bincount(graph.tail) == 1).all()


def test_one_way_against_the_drawing(osm_file):
    """``oneway=-1`` is driven from the last node to the first."""
    nodes = {1: (0, 0), 2: (90, 0), 3: (90, 90)}
    ways = [(1, [1, 2], STREET | {"oneway": "-1"}), (2, [2, 3], STREET), (3, [1, 3], STREET)]
    graph = build_graph(read_osm(osm_file(nodes, ways)))
    flat = [e for e in range(graph.edges) if abs(graph.lat[graph.tail[e]] - graph.lat[graph.head[e]]) < 1e-6]
    assert [(graph.lon[graph.tail[e]] > graph.lon[graph.head[e]]) for e in flat] == [True]


def test_closed_road_and_repeated_nodes(osm_file):
    """A loop without a junction, drawn with a node twice in a row, is a road of its own length."""
    nodes = {1: (0, 0), 2: (300, 0), 3: (300, 300), 4: (0, 300)}
    graph = build_graph(read_osm(osm_file(nodes, [(1, [1, 2, 2, 3, 4, 1], STREET)])))
    assert graph.length_m.sum() == pytest.approx(2400, rel=1e-3)
    assert graph.length_m.max() <= MAX_EDGE_M


def test_speeds_from_tags_and_defaults(osm_file):
    """A tagged speed holds by direction; elsewhere the default of the class, links slower than their road."""
    nodes = {1: (0, 0), 2: (90, 0), 3: (90, 90), 4: (0, 90)}
    ways = [
        (1, [1, 2], {"highway": "primary", "maxspeed:forward": "36", "maxspeed:backward": "72"}),
        (2, [2, 3], {"highway": "primary_link", "maxspeed": "999"}),
        (3, [3, 4], {"highway": "primary", "maxspeed": "fixme"}),
        (4, [4, 1], {"highway": "road"}),
    ]
    graph = build_graph(read_osm(osm_file(nodes, ways)))
    assert sorted(set((graph.speed_mps * 3.6).round(6))) == [20, 36, 60, 65, 72]
    classes = {ROAD_CLASSES[index] for index in graph.road_class}
    assert classes == {"primary", "unclassified"}


def test_untagged_speed_is_the_median_of_many_tagged_ones(osm_file):
    """Thirty tagged ways of a class teach what the class allows here; a few do not."""
    nodes = {i: (90.0 * i, 0.0) for i in range(36)}
    ways = [(i + 1, [i, i + 1], {"highway": "tertiary", "maxspeed": "70" if i % 2 else "80"}) for i in range(31)]
    ways += [(i + 1, [i, i + 1], {"highway": "tertiary"}) for i in range(31, 35)]
    graph = build_graph(read_osm(osm_file(nodes, ways)))
    assert graph.meta["default_kmh"] == {"tertiary": 80.0}
    few = build_graph(read_osm(osm_file(nodes, ways[5:], name="few.osm")))
    assert few.meta["default_kmh"] == {"tertiary": 50.0}


def test_truck_forbidden_edges(osm_file):
    """A light bridge is closed to the truck profile and open to cars."""
    nodes = {1: (0, 0), 2: (90, 0), 3: (90, 90)}
    ways = [(1, [1, 2], STREET | {"maxweight": "3.5"}), (2, [2, 3], STREET), (3, [3, 1], STREET)]
    graph = build_graph(read_osm(osm_file(nodes, ways)))
    assert (graph.flags & TRUCK_FORBIDDEN > 0).sum() == 2
    assert graph.allowed(Profile("car")).all()
    assert graph.allowed(Profile("truck", truck=True)).sum() == 4


def test_low_emission_zone_with_a_hole(osm_file, town):
    """Edges inside the outer boundary and outside the inner one are marked; lines come in any order."""
    nodes = {10 * row + col: (300.0 * col, 300.0 * row) for row in range(4) for col in range(4)}
    ways = [(100 + i, [10 * i + c for c in range(4)], STREET) for i in range(4)]
    ways += [(200 + i, [10 * r + i for r in range(4)], STREET) for i in range(4)]
    nodes |= {901: (-50, -50), 902: (1000, -50), 903: (1000, 650), 904: (-50, 650)}
    nodes |= {911: (200, 200), 912: (400, 200), 913: (400, 400), 914: (200, 400)}
    ways += [(300, [903, 904, 901], {}), (301, [901, 902, 903], {}), (302, [911, 912, 913, 914, 911], {})]
    zone = (
        {"type": "boundary", "boundary": "low_emission_zone"},
        [("w", 302, "inner"), ("w", 300, "outer"), ("w", 301, "outer")],
    )
    graph = build_graph(read_osm(osm_file(nodes, ways, [zone])))
    marked = graph.flags & LOW_EMISSION_ZONE > 0
    x_m, y_m = Projection(45.0, 10.0).to_xy(*(
        (of[graph.tail] + of[graph.head]) / 2 for of in (graph.lat, graph.lon)
    ))  # fmt: skip
    in_hole = np.maximum(abs(x_m - 300), abs(y_m - 300)) < 100
    assert in_hole.sum() == 8
    assert (marked == ((y_m < 650) & ~in_hole)).all()
    assert graph.allowed(Profile("old van", low_emission=False)).sum() == (~marked).sum()
    clipped = read_osm(osm_file(nodes, ways[:-2], [zone], name="clipped.osm"))
    assert build_graph(clipped).meta["zones_ignored"] == 1


def test_houses_on_buildings_stand_at_their_middle(osm_file):
    """A building outline with an address becomes one house number."""
    nodes = {1: (0, 0), 2: (90, 0), 5: (10, 10), 6: (30, 10), 7: (30, 30), 8: (10, 30)}
    outline = (9, [5, 6, 7, 8], {"building": "yes", "addr:housenumber": "12 bis", "addr:street": "Lane"})
    graph = build_graph(read_osm(osm_file(nodes, [(1, [1, 2], STREET), outline])))
    assert graph.house_number == ("12 bis",)
    assert great_circle_m(graph.house_lat[0], graph.house_lon[0], graph.lat[0], graph.lon[0]) == pytest.approx(
        np.hypot(20, 20), rel=0.01
    )
    assert graph.names == ("Lane",)


@pytest.mark.parametrize(
    ("nodes", "ways", "says"),
    [
        ({1: (0, 0), 2: (90, 0)}, [(1, [1, 2], {"highway": "footway"})], "no road that a car may use"),
        ({1: (0, 0)}, [(1, [1, 7], STREET)], "no road that a car may use"),
        ({1: (0, 0), 2: (90, 0)}, [(1, [1, 2], STREET | {"oneway": "yes"})], "connected both ways"),
    ],
)
def test_useless_road_files_are_refused(osm_file, nodes, ways, says):
    """No road, only broken roads, or roads without a way back: one line that names the file."""
    with pytest.raises(RoadFileError, match=says) as refused:
        build_graph(read_osm(osm_file(nodes, ways)))
    assert "town.osm" in str(refused.value)
    assert "\n" not in str(refused.value)


@given(
    st.lists(st.lists(st.integers(0, 14), min_size=1, max_size=8), min_size=1, max_size=8),
    st.integers(0, 2**32),
)
def test_any_ways_give_a_sound_graph_or_an_error(way_nodes, seed):
    """Loops, repeats, missing nodes: edges fit their shapes and all nodes reach each other."""
    rng = np.random.default_rng(seed)
    there = np.flatnonzero(rng.random(15) < 0.9)
    tags = [STREET | {"oneway": ["no", "yes", "-1"][rng.integers(3)]} for _ in way_nodes]
    ways = [RawWay(i, tuple(nodes), tags[i]) for i, nodes in enumerate(way_nodes)]
    raw = RawRoads(there, 45 + rng.random(len(there)) / 100, 10 + rng.random(len(there)) / 100, ways)
    try:
        graph = build_graph(raw)
    except RoadFileError:
        return
    assert graph.length_m.max() <= MAX_EDGE_M * (1 + 1e-6)
    first, last = graph.shape_ptr[:-1], graph.shape_ptr[1:] - 1
    assert (graph.shape_lat[first] == graph.lat[graph.tail]).all()
    assert (graph.shape_lon[last] == graph.lon[graph.head]).all()
    assert (np.bincount(graph.tail, minlength=graph.nodes) > 0).all()
    from scipy.sparse import coo_array, csgraph

    adjacency = coo_array((np.ones(graph.edges), (graph.tail, graph.head)), shape=(graph.nodes, graph.nodes))
    assert csgraph.connected_components(adjacency.tocsr(), connection="strong")[0] == 1
