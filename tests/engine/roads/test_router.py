"""Shortest paths: RoutingKit and scipy against each other and against the definition."""

import heapq
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roads.build import build_graph
from engine.roads.osm import read_osm
from engine.roads.router import UNREACHABLE, Router, ScipyRouter, make_router
from tests.engine.roads.conftest import graph_of

STREET = {"highway": "residential"}


@st.composite
def networks(draw):
    """(nodes, edges, banned turns, weights) of a small network, parallel edges and loops among them."""
    nodes = draw(st.integers(2, 7))
    ends = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    edges = draw(st.lists(ends, min_size=1, max_size=16))
    turns = [(a, b) for a in range(len(edges)) for b in range(len(edges)) if edges[a][1] == edges[b][0]]
    banned = draw(st.lists(st.sampled_from(turns), max_size=8, unique=True)) if turns else []
    weight = st.one_of(st.integers(0, 9), st.just(UNREACHABLE))
    return nodes, edges, banned, draw(st.lists(weight, min_size=len(edges), max_size=len(edges)))


def by_definition(nodes, edges, banned, weights) -> np.ndarray:
    """Least weights between nodes by Dijkstra over edges, where a banned pair may not follow each other."""
    table = np.full((nodes, nodes), UNREACHABLE)
    for start in range(nodes):
        table[start, start] = 0
        queue = [(weights[e], e) for e, (tail, _) in enumerate(edges) if tail == start and weights[e] < UNREACHABLE]
        heapq.heapify(queue)
        done = set()
        while queue:
            weight, edge = heapq.heappop(queue)
            if edge in done:
                continue
            done.add(edge)
            head = edges[edge][1]
            table[start, head] = min(table[start, head], weight)
            for onward, (tail, _) in enumerate(edges):
                if tail == head and (edge, onward) not in banned and weights[onward] < UNREACHABLE:
                    heapq.heappush(queue, (weight + weights[onward], onward))
    return table


def check_path(edges, banned, weights, source, target, weight, path):
    """A path is what it says: joined end to end, no banned turn, of the stated weight."""
    if weight == UNREACHABLE or source == target:
        assert len(path) == 0
        return
    assert edges[path[0]][0] == source
    assert edges[path[-1]][1] == target
    for before, after in pairwise(path):
        assert edges[before][1] == edges[after][0]
        assert (before, after) not in banned
    assert sum(weights[edge] for edge in path) == weight


@given(networks())
def test_both_routers_answer_as_defined(network):
    """Matrix and paths equal a plain Dijkstra over edges: restrictions, closures, loops, parallel edges."""
    nodes, edges, banned, weights = network
    rng = np.random.default_rng(len(edges))
    graph = graph_of(rng.random(nodes) * 1e3, rng.random(nodes) * 1e3, *zip(*edges), banned=banned)
    expected = by_definition(nodes, edges, set(banned), weights)
    everywhere = np.arange(nodes)
    for router in (Router(graph), ScipyRouter(graph)):
        metric = router.metric(np.array(weights))
        table = metric.matrix(everywhere, everywhere)
        assert table.dtype == np.int64
        assert (table == expected).all(), router.name
        for source in everywhere:
            for target in everywhere:
                weight, path = metric.path(source, target)
                assert weight == metric.weight(source, target) == expected[source, target]
                check_path(edges, set(banned), weights, source, target, weight, path.tolist())


@given(networks(), st.data())
def test_updated_metrics_equal_new_ones(network, data):
    """Changing a few weights gives the metric of all weights together, down to the path among equals."""
    nodes, edges, banned, weights = network
    graph = graph_of(np.arange(nodes) * 10.0, np.zeros(nodes), *zip(*edges), banned=banned)
    changed = data.draw(st.lists(st.integers(0, len(edges) - 1), unique=True))
    new = np.array(weights)
    new[changed] = data.draw(
        st.lists(st.sampled_from([0, 1, 5, UNREACHABLE]), min_size=len(changed), max_size=len(changed))
    )
    everywhere = np.arange(nodes)
    for router in (Router(graph), ScipyRouter(graph)):
        metric, fresh = router.metric(np.array(weights)), router.metric(new)
        metric.update(np.array(changed, int), new[changed])
        assert (metric.matrix(everywhere, everywhere) == fresh.matrix(everywhere, everywhere)).all()
        for target in everywhere:
            assert metric.path(0, target)[1].tolist() == fresh.path(0, target)[1].tolist()
            assert metric.weight(0, target) == fresh.weight(0, target)


def cross(osm_file, restriction=None, extra_ways=()):
    """A crossing 5 with arms south 1, east 2, north 3, west 4, and a ring road around their ends."""
    nodes = {1: (0, -80), 2: (80, 0), 3: (0, 80), 4: (-80, 0), 5: (0, 0)}
    ways = [(10 + arm, [arm, 5], STREET) for arm in (1, 2, 3, 4)]
    ways += [(20 + a, [a, b], STREET) for a, b in ((1, 2), (2, 3), (3, 4), (4, 1))]
    relations = [restriction] if restriction else []
    graph = build_graph(read_osm(osm_file(nodes, [*ways, *extra_ways], relations)))
    number = {name: int(np.argmin(np.hypot(graph.lat - lat, graph.lon - lon))) for name, (lat, lon) in ENDS.items()}
    return graph, number


ENDS = {
    name: (45 + y / 111195.08, 10 + x / 78626.8)
    for name, (x, y) in {
        "south": (0, -80),
        "east": (80, 0),
        "north": (0, 80),
        "west": (-80, 0),
        "middle": (0, 0),
    }.items()
}


def turn(kind, from_way, to_way, **tags):
    """A restriction at the crossing."""
    members = [("w", from_way, "from"), ("n", 5, "via"), ("w", to_way, "to")]
    return {"type": "restriction", "restriction": kind} | tags, members


def way_taken(graph, origin, destination, avoid_ring=True):
    """Nodes passed on the shortest way; the ring costs ten times as much and is taken only if it must."""
    weights = np.rint(graph.length_m * 1000).astype(np.int64)
    if avoid_ring:
        weights = np.where(graph.length_m > 100, weights * 10, weights)
    routes = [
        make_router(graph).metric(weights).path(origin, destination),
        ScipyRouter(graph).metric(weights).path(origin, destination),
    ]
    assert routes[0][0] == routes[1][0]
    edges = routes[0][1]
    return [origin, *graph.head[edges].tolist()]


def test_without_a_restriction_the_crossing_is_crossed(osm_file):
    """The yardstick of the next tests."""
    graph, at = cross(osm_file)
    assert way_taken(graph, at["south"], at["west"]) == [at["south"], at["middle"], at["west"]]
    assert len(graph.arc_tail) == graph.edges


def test_no_left_turn(osm_file):
    """From the south no left turn; straight on and left turns from elsewhere stay possible."""
    graph, at = cross(osm_file, turn("no_left_turn", 11, 14))
    route = way_taken(graph, at["south"], at["west"])
    assert route[:3] != [at["south"], at["middle"], at["west"]]
    assert route[-1] == at["west"]
    assert way_taken(graph, at["south"], at["north"]) == [at["south"], at["middle"], at["north"]]
    assert way_taken(graph, at["north"], at["east"]) == [at["north"], at["middle"], at["east"]]
    assert way_taken(graph, at["middle"], at["west"]) == [at["middle"], at["west"]]


def test_only_straight_on(osm_file):
    """From the south only the north may follow; the crossing can still be a destination and a start."""
    graph, at = cross(osm_file, turn("only_straight_on", 11, 13))
    for side in ("west", "east"):
        assert way_taken(graph, at["south"], at[side])[1:3] != [at["middle"], at[side]]
    assert way_taken(graph, at["south"], at["north"]) == [at["south"], at["middle"], at["north"]]
    assert way_taken(graph, at["south"], at["middle"]) == [at["south"], at["middle"]]
    assert way_taken(graph, at["west"], at["east"]) == [at["west"], at["middle"], at["east"]]


def test_no_u_turn(osm_file):
    """At the end of a one-way approach a U-turn is the shortest way back, unless it is forbidden."""
    nodes = {1: (0, 0), 2: (90, 0), 3: (180, 0), 4: (180, 90)}
    ways = [(1, [1, 2], STREET), (2, [2, 3], STREET), (3, [3, 4], STREET)]
    ways.append((4, [2, 4], STREET))
    banned = (
        {"type": "restriction", "restriction": "no_u_turn"},
        [("w", 1, "from"), ("n", 2, "via"), ("w", 1, "to")],
    )
    graph = build_graph(read_osm(osm_file(nodes, ways, [banned])))
    assert graph.meta["restrictions"] == 1
    first = int(np.argmin(graph.lon))
    into = int(np.flatnonzero(graph.tail == first)[0])
    middle = int(graph.head[into])
    copy = int(graph.arc_head[into])
    onward = {int(e) for t, e in zip(graph.arc_tail, graph.arc_edge) if t == copy and e >= 0}
    assert onward == {e for e in range(graph.edges) if graph.tail[e] == middle and graph.head[e] != first}


@pytest.mark.parametrize(
    "restriction",
    [
        turn("no_left_turn", 11, 14, **{"except": "motorcar"}),
        turn("no_left_turn", 11, 999),
        (
            {"type": "restriction", "restriction:hgv": "no_left_turn"},
            [("w", 11, "from"), ("n", 5, "via"), ("w", 14, "to")],
        ),
        (
            {"type": "restriction", "restriction": "no_left_turn"},
            [("w", 11, "from"), ("w", 12, "via"), ("w", 14, "to")],
        ),
        ({"type": "restriction", "restriction": "no_left_turn"}, [("w", 11, "from"), ("w", 14, "to")]),
    ],
)
def test_restrictions_that_do_not_bind(osm_file, restriction):
    """Exempt, of others, over a way, or with missing parts: counted and left out."""
    graph, _ = cross(osm_file, restriction)
    assert len(graph.arc_tail) == graph.edges
    counts = ("restrictions_ignored", "restrictions_via_ways", "restrictions_of_others")
    assert sum(graph.meta[key] for key in counts) == 1


def test_a_way_through_the_crossing_is_ambiguous(osm_file):
    """Drawn through the via node, the side meant cannot be told: ignored rather than guessed."""
    through = (30, [1, 5, 3], STREET | {"name": "Through"})
    graph, _ = cross(osm_file, turn("no_left_turn", 30, 14), [through])
    assert (graph.meta["restrictions"], graph.meta["restrictions_ignored"]) == (0, 1)


def test_two_only_restrictions_allow_both(osm_file):
    """``only_straight_on`` and ``only_right_turn`` from one street leave two ways on."""
    nodes = {1: (0, -80), 2: (80, 0), 3: (0, 80), 4: (-80, 0), 5: (0, 0)}
    ways = [(10 + arm, [arm, 5], STREET) for arm in (1, 2, 3, 4)]
    graph = build_graph(
        read_osm(osm_file(nodes, ways, [turn("only_straight_on", 11, 13), turn("only_right_turn", 11, 12)]))
    )
    into = [e for e in range(graph.edges) if graph.arc_head[e] >= graph.nodes]
    assert len(into) == 1
    onward = [
        e for t, e in zip(graph.arc_tail.tolist(), graph.arc_edge.tolist()) if t == graph.arc_head[into[0]] and e >= 0
    ]
    assert len(onward) == 2


def test_restrictions_strand_nobody(osm_file):
    """A street that may be entered but, by restriction, not left again is no part of the network."""
    nodes = {1: (0, 0), 2: (90, 0), 3: (90, 90), 4: (180, 0)}
    ways = [(1, [1, 2], STREET), (2, [2, 3], STREET), (3, [3, 1], STREET), (4, [2, 4], STREET)]
    only_in = (
        {"type": "restriction", "restriction": "no_entry"},
        [("w", 1, "from"), ("n", 2, "via"), ("w", 4, "to")],
    )
    also = (
        {"type": "restriction", "restriction": "no_entry"},
        [("w", 2, "from"), ("n", 2, "via"), ("w", 4, "to")],
    )
    graph = build_graph(read_osm(osm_file(nodes, ways, [only_in, also])))
    everywhere = np.arange(graph.nodes)
    weights = np.rint(graph.length_m * 1000).astype(np.int64)
    assert make_router(graph).metric(weights).matrix(everywhere, everywhere).max() < UNREACHABLE
    assert graph.meta["nodes_dropped"] == 1


def test_bad_weights_and_nodes_are_refused(make_graph):
    """RoutingKit itself checks nothing."""
    graph = make_graph([0, 10], [0, 0], [0, 1], [1, 0])
    for router in (Router(graph), ScipyRouter(graph)):
        with pytest.raises(ValueError, match="2 edge weights, got 3"):
            router.metric(np.array([1, 2, 3]))
        with pytest.raises(ValueError, match="negative"):
            router.metric(np.array([1, -2]))
        metric = router.metric(np.array([1, 2]))
        with pytest.raises(IndexError, match="0 to 1"):
            metric.matrix(np.array([0]), np.array([2]))
        with pytest.raises(IndexError, match="0 to 1"):
            metric.path(-1, 0)
        assert metric.matrix(np.array([], int), np.array([1])).shape == (0, 1)


def test_without_the_wheel_scipy_stands_in(make_graph, monkeypatch):
    """The manifest names which router answered."""
    graph = make_graph([0, 10], [0, 0], [0, 1], [1, 0])
    assert make_router(graph).name == "routingkit"
    monkeypatch.setattr("engine.roads.router.find_spec", lambda name: None)
    assert make_router(graph).name == "scipy"
