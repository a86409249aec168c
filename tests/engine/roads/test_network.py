"""The facade: snapping, travel times, drives, closures."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo import great_circle_m
from engine.roads.build import build_graph
from engine.roads.graph import LOW_EMISSION_ZONE, TRUCK_FORBIDDEN, Profile
from engine.roads.metrics import METRICS_KEPT
from engine.roads.network import RoadNetwork
from engine.roads.osm import read_osm
from engine.roads.router import UNREACHABLE, make_router
from tests.engine.roads.conftest import PLANE, graph_of

CAR, TRUCK = Profile("car"), Profile("truck", truck=True)
OLD_VAN = Profile("old van", low_emission=False)
HOUR_US = 3_600_000_000


class Steady:
    """Traffic at the posted speed; in odd hours twice as slow on edges of class 6."""

    def __init__(self, graph):
        self.graph = graph

    def bucket(self, t_us):
        return int(t_us // HOUR_US % 2)

    def seconds(self, bucket, max_speed_mps):
        slow = np.where((self.graph.road_class == 6) & (bucket == 1), 2.0, 1.0)
        return np.maximum(self.graph.length_m / self.graph.speed_mps * slow, self.graph.length_m / max_speed_mps)

    def usual_weights_ms(self, profile, bucket):
        return np.rint(self.seconds(bucket, profile.max_speed_mps) * 1000).astype(np.int64)

    def drive(self, edges, depart_us, pace, max_speed_mps):
        seconds = self.seconds(self.bucket(depart_us), max_speed_mps)[edges] / pace
        return depart_us + np.cumsum(np.rint(seconds * 1e6).astype(np.int64))


def network_of(graph):
    return RoadNetwork(graph, Steady(graph), make_router(graph))


@pytest.fixture
def roads(town):
    return network_of(build_graph(read_osm(town)))


def near(roads, x_m, y_m, profile=CAR):
    return roads.snap(*PLANE.to_lat_lon(x_m, y_m), profile).node


def test_snapping_finds_the_nearest_node(roads):
    """Against all distances; the stated distance is the great-circle one."""
    rng = np.random.default_rng(1)
    lat, lon = PLANE.to_lat_lon(rng.uniform(-200, 1100, 50), rng.uniform(-200, 1100, 50))
    nodes, away_m = roads.snap_all(lat, lon, CAR)
    all_m = great_circle_m(lat[:, None], lon[:, None], roads.graph.lat, roads.graph.lon)
    assert away_m == pytest.approx(all_m.min(axis=1), abs=0.05)
    one = roads.snap(lat[3], lon[3], CAR)
    assert (one.node, one.distance_m) == (nodes[3], away_m[3])


def test_each_profile_snaps_to_where_it_can_get_about():
    """The nearest node is an island for trucks; and for old vans the zone splits the network in two."""
    x = [0, 10, 20, 30]
    tail, head = [0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]
    roads = network_of(
        graph_of(x, [0] * 4, tail, head, flags=[TRUCK_FORBIDDEN] * 2 + [LOW_EMISSION_ZONE] * 2 + [0] * 2)
    )
    assert near(roads, 0, 0) == 0
    assert near(roads, 0, 0, TRUCK) == 1
    assert roads.component(OLD_VAN).tolist() in ([0, 1], [2, 3])
    duration, distance = roads.matrix([1], [0], 0, TRUCK)
    assert duration[0, 0] == distance[0, 0] == UNREACHABLE
    barred = network_of(graph_of(x[:2], [0] * 2, [0, 1], [1, 0], flags=[TRUCK_FORBIDDEN] * 2))
    with pytest.raises(ValueError, match="profile 'truck'"):
        barred.snap(45, 10, TRUCK)


def test_travel_times_follow_the_bucket_of_departure(roads):
    """The hour of departure decides which metric answers; distance is the shortest, whatever is fastest."""
    a, b = near(roads, 0, 0), near(roads, 900, 0)
    even, metres = roads.matrix([a], [b], 0, CAR)
    odd, same_metres = roads.matrix([a], [b], HOUR_US, CAR)
    assert even[0, 0] == pytest.approx(900 / (50 / 3.6) * 1000, rel=0.9)
    assert odd[0, 0] > even[0, 0]
    assert metres[0, 0] == same_metres[0, 0] == pytest.approx(900, abs=1)
    places = [PLANE.to_lat_lon(0, 0), PLANE.to_lat_lon(900, 0)]
    by_place, _ = roads.matrix(places, places, 0, CAR)
    assert by_place.tolist() == [[0, even[0, 0]], [even[0, 0], 0]]


def test_closures_lengthen_the_way_and_do_not_linger(roads):
    """A closed edge is driven round; the next question without closures gets the old answer."""
    a, b = near(roads, 0, 0), near(roads, 300, 0)
    edge = int(np.flatnonzero(roads.graph.tail == a)[0])
    free = roads.matrix([a], [b], 0, CAR)
    direct = frozenset(roads.drive(a, b, 0, CAR).edges.tolist())
    closed = roads.matrix([a], [b], 0, CAR, direct)
    assert closed[0][0, 0] > free[0][0, 0]
    assert closed[1][0, 0] > free[1][0, 0]
    assert [part.tolist() for part in roads.matrix([a], [b], 0, CAR)] == [part.tolist() for part in free]
    out = frozenset(np.flatnonzero(roads.graph.tail == a).tolist())
    assert edge in out
    assert roads.matrix([a], [b], 0, CAR, out)[0][0, 0] == UNREACHABLE
    assert roads.legs_ms([a, a], [b, a], 0, CAR, out).tolist() == [UNREACHABLE, 0]


def test_a_drive_follows_the_road(roads):
    """Keyframes are the shape driven; times rise strictly; odometer and clock agree with the edges."""
    a, b = near(roads, 0, 0), near(roads, 900, 900)
    drive = roads.drive(a, b, 5_000_000, CAR)
    assert drive.node == b
    assert drive.blocked_edge is None
    assert (drive.t_us[0], drive.odometer_mm[0]) == (5_000_000, 0)
    assert (np.diff(drive.t_us) > 0).all()
    assert drive.distance_mm == np.rint(roads.graph.length_m[drive.edges] * 1000).sum()
    assert drive.end_us == roads.traffic.drive(drive.edges, 5_000_000, 1.0, CAR.max_speed_mps)[-1]
    assert (drive.x_mm[0], drive.y_mm[0]) == roads.position_mm(a)
    assert (drive.x_mm[-1], drive.y_mm[-1]) == roads.position_mm(b)
    step_mm = np.hypot(np.diff(drive.x_mm), np.diff(drive.y_mm))
    assert step_mm.sum() == pytest.approx(drive.distance_mm, rel=1e-3)
    assert (np.abs(np.diff(drive.odometer_mm) - step_mm) < 0.01 * step_mm + 2).all()
    assert (drive.end_us - 5_000_000) // 1000 == pytest.approx(roads.matrix([a], [b], 0, CAR)[0][0, 0], abs=20)
    assert {array.dtype for array in (drive.t_us, drive.x_mm, drive.y_mm, drive.odometer_mm)} == {np.dtype(np.int64)}
    faster = roads.drive(a, b, 5_000_000, CAR, pace=1.25)
    assert faster.end_us - 5_000_000 == pytest.approx((drive.end_us - 5_000_000) / 1.25, rel=1e-6)


def test_driving_nowhere_is_standing(roads):
    """Origin and destination the same: one keyframe, no edges."""
    drive = roads.drive(3, 3, 77, CAR)
    assert (drive.t_us.tolist(), drive.odometer_mm.tolist(), len(drive.edges), drive.node) == (
        [77],
        [0],
        0,
        3,
    )
    assert (drive.x_mm[0], drive.y_mm[0]) == roads.position_mm(3)


def test_an_unknown_closure_stops_the_drive_in_front_of_it(roads):
    """The way is chosen without knowing; known closures are driven round from the start."""
    a, b = near(roads, 0, 0), near(roads, 900, 0)
    free = roads.drive(a, b, 0, CAR)
    third = int(free.edges[2])
    met = roads.drive(a, b, 0, CAR, closed=frozenset([third]))
    assert (met.blocked_edge, met.node) == (third, roads.graph.tail[third])
    assert met.edges.tolist() == free.edges[:2].tolist()
    assert met.t_us.tolist() == free.t_us[: len(met.t_us)].tolist()
    known = roads.drive(a, b, 0, CAR, known_closed=frozenset([third]), closed=frozenset([third]))
    assert known.node == b
    assert third not in known.edges
    at_once = roads.drive(a, b, 9, CAR, closed=frozenset([int(free.edges[0])]))
    assert (at_once.blocked_edge, at_once.node, at_once.t_us.tolist()) == (free.edges[0], a, [9])


def test_without_any_way_the_vehicle_stays(roads):
    """All ways out known to be closed."""
    a, b = near(roads, 0, 0), near(roads, 900, 0)
    out = frozenset(np.flatnonzero(roads.graph.tail == a).tolist())
    drive = roads.drive(a, b, 4, CAR, known_closed=out)
    assert (drive.node, drive.blocked_edge, drive.t_us.tolist()) == (a, None, [4])


def test_a_closure_during_the_drive_cuts_it_before_the_edge(roads):
    """The first closed edge not yet entered; one already entered is left in peace."""
    a, b = near(roads, 0, 0), near(roads, 900, 0)
    drive = roads.drive(a, b, 0, CAR)
    edge = int(drive.edges[3])
    cut = drive.cut_before(frozenset([edge]), 1)
    assert (cut.blocked_edge, cut.node) == (edge, roads.graph.tail[edge])
    assert cut.edges.tolist() == drive.edges[:3].tolist()
    assert (cut.x_mm[-1], cut.y_mm[-1]) == roads.position_mm(cut.node)
    assert cut.distance_mm == np.rint(roads.graph.length_m[drive.edges[:3]] * 1000).sum()
    assert drive.cut_before(frozenset([edge]), int(drive.t_us[drive.edge_start[3]])) is None
    assert drive.cut_before(frozenset([10**6]), 1) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 3 * HOUR_US), st.floats(0.5, 2))
@settings(max_examples=40)
def test_drives_are_sound_on_any_network(seed, depart_us, pace):
    """Coinciding nodes and tiny edges included: strictly rising times, from node to node."""
    rng = np.random.default_rng(seed)
    n = 12
    x, y = rng.integers(0, 4, n) * 0.01, rng.integers(0, 4, n) * 50.0
    tail = np.concatenate([np.arange(n), rng.integers(0, n, 10)])
    head = np.concatenate([np.roll(np.arange(n), -1), rng.integers(0, n, 10)])
    roads = network_of(graph_of(x, y, tail, head))
    drive = roads.drive(0, n // 2, depart_us, CAR, pace)
    assert (np.diff(drive.t_us) > 0).all()
    assert (np.diff(drive.odometer_mm) >= 0).all()
    assert drive.node == n // 2
    assert (drive.x_mm[-1], drive.y_mm[-1]) == roads.position_mm(n // 2)
    assert len(drive.t_us) == len(drive.edges) + 1


def test_edges_near_a_point(roads):
    """Distance to the line, not to its ends; both directions of a street."""
    lat, lon = PLANE.to_lat_lon(75, 10)
    edges = roads.edges_near(lat, lon, 11)
    assert len(edges) == 2
    assert {roads.graph.names[roads.graph.name_id[edge]] for edge in edges} == {"Row 0"}
    assert roads.edges_near(lat, lon, 5).tolist() == []
    assert len(roads.edges_near(lat, lon, 5000)) == roads.graph.edges


def test_edges_of_a_street(roads):
    """By name in any case; an unknown name is answered with the nearest."""
    edges = roads.edges_of_street(" row 2 ")
    assert len(edges) == 12
    with pytest.raises(ValueError, match="nearest name is 'Row 2'"):
        roads.edges_of_street("Rwo 2")


def test_centre_and_random_nodes(roads):
    """The centre is in the middle; outer nodes are far from it; draws depend on the generator alone."""
    centre = roads.centre(CAR)
    x_m, y_m = PLANE.to_xy(*roads.place_of(centre))
    assert max(abs(x_m - 450), abs(y_m - 450)) < 200
    outer = roads.random_nodes(np.random.default_rng(5), 6, CAR, "edge")
    away_m = great_circle_m(*roads.place_of(centre), roads.graph.lat[outer], roads.graph.lon[outer])
    assert away_m.min() > 400
    assert len(set(outer.tolist())) == 6
    assert outer.tolist() == roads.random_nodes(np.random.default_rng(5), 6, CAR, "edge").tolist()
    assert len(roads.random_nodes(np.random.default_rng(5), 500, CAR)) == 500


def test_vehicles_that_drive_alike_share_their_ways(roads):
    """A profile's name changes nothing; its top speed does."""
    everywhere = np.arange(roads.graph.nodes)
    usual = roads.durations_ms(everywhere, everywhere, 0, CAR)
    assert roads.durations_ms(everywhere, everywhere, 0, replace(CAR, name="electric")) is usual
    assert (roads.durations_ms(everywhere, everywhere, 0, replace(CAR, max_speed_mps=3.0)) > usual).any()


def test_metrics_are_kept_within_bounds(roads):
    """A day of ever new closures does not grow memory."""
    for edge in range(METRICS_KEPT + 10):
        roads.matrix([0], [1], 0, CAR, frozenset([edge]))
    assert len(roads.metrics) == METRICS_KEPT
