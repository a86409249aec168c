"""Roads as lines to draw: every piece once."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.roads.graph import RoadGraph
from engine.roads.lines import LINES_SCHEMA, road_lines


def graph(edges: list[tuple[int, int, list[tuple[float, float]], int, int]]) -> RoadGraph:
    """A graph of edges (tail, head, shape, class, name); what lines do not read is empty."""
    points = [point for edge in edges for point in edge[2]]
    lat, lon = (np.array([point[axis] for point in points], float) for axis in (0, 1))
    none, ints = np.empty(0), np.empty(0, np.int32)
    return RoadGraph(
        lat=none, lon=none,
        tail=np.array([e[0] for e in edges], np.int32), head=np.array([e[1] for e in edges], np.int32),
        length_m=none, speed_mps=none, road_class=np.array([e[3] for e in edges], np.uint8),
        flags=np.zeros(len(edges), np.uint8), name_id=np.array([e[4] for e in edges], np.int32),
        names=("High Street", "Mill Lane"),
        shape_ptr=np.concatenate(([0], np.cumsum([len(e[2]) for e in edges]))).astype(np.int64),
        shape_lat=lat, shape_lon=lon, arc_tail=ints, arc_head=ints, arc_edge=ints, routing_node=ints,
        sink=ints, house_street=ints, house_number=(), house_lat=none, house_lon=none,
    )  # fmt: skip


BENT = [(50.0, 8.0), (50.001, 8.002), (50.002, 8.0)]
STRAIGHT = [(50.0, 8.0), (50.002, 8.0)]


def test_both_directions_of_a_road_are_one_line_and_another_way_between_the_same_ends_is_its_own():
    """A two-way street is drawn once; a straight street between the same junctions is another street."""
    lines = road_lines(graph([(0, 1, BENT, 2, 1), (1, 0, BENT[::-1], 2, 1), (0, 1, STRAIGHT, 6, -1)]))
    assert lines.schema == LINES_SCHEMA
    assert lines["road_class"].to_pylist() == ["primary", "residential"]
    assert lines["name"].to_pylist() == ["Mill Lane", None]
    assert [len(shape) for shape in lines["lat"].to_pylist()] == [3, 2]
    np.testing.assert_allclose(lines["lon"].to_pylist()[0], [8.0, 8.002, 8.0], atol=1e-6)


def test_no_roads_are_an_empty_table():
    """A graph without edges has no lines."""
    lines = road_lines(graph([]))
    assert lines.schema == LINES_SCHEMA
    assert lines.num_rows == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_adding_every_road_backwards_adds_no_line(pairs):
    """Whatever the streets, their way back is the same line."""
    there = [(a, b, [(float(a), 0.0), (float(b), 1e-3 * (a + b))], 0, -1) for a, b in pairs]
    back = [(b, a, shape[::-1], kind, name) for a, b, shape, kind, name in there]
    assert road_lines(graph(there + back)).equals(road_lines(graph(there)))
