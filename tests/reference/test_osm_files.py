"""Every road extract at hand, whole: lengths as published beside the data, travel times as by scipy."""

import time
from pathlib import Path

import numpy as np
import pytest

from engine.roads.build import MAX_EDGE_M
from engine.roads.cache import load_osm
from engine.roads.graph import TUNNEL
from engine.roads.router import UNREACHABLE, Router, ScipyRouter

OSM = Path(__file__).parents[3] / "shared" / "data" / "osm"

DIRECTED_KM = {"helsinki-centre": 27, "monaco": 71, "andorra": 801, "columbus": 5967, "porto": 15804}
"""Sum of directed edge lengths of OSMnx's largest strongly connected component, as in the data's README."""
SIMPLIFIED_NODES = {"helsinki-centre": 134, "monaco": 371, "andorra": 1631, "columbus": 13391, "porto": 50398}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("city", DIRECTED_KM)
@pytest.mark.parametrize("kind", ["osm.pbf", "drive.osm.bz2"])
def test_extract_loads_with_the_published_length(city, kind, cache):
    """Read, build, route: the length of the network agrees with OSMnx, travel times with scipy."""
    graph = load_osm(OSM / f"{city}.{kind}", cache)
    assert graph.length_m.sum() / 1000 == pytest.approx(DIRECTED_KM[city], rel=0.02)
    assert graph.nodes >= SIMPLIFIED_NODES[city]
    assert graph.length_m.max() <= MAX_EDGE_M * 1.0001
    assert (graph.speed_mps > 1).all()
    assert (graph.speed_mps < 40).all()
    weights = np.rint(graph.length_m / graph.speed_mps * 1000).astype(np.int64)
    rng = np.random.default_rng(4)
    sources, targets = rng.integers(0, graph.nodes, 8), rng.integers(0, graph.nodes, 40)
    metric = Router(graph, cache).metric(weights)
    table = metric.matrix(sources, targets)
    assert table.max() < UNREACHABLE
    assert (table == ScipyRouter(graph).metric(weights).matrix(sources, targets)).all()
    for column, (source, target) in enumerate(zip(sources.tolist(), targets.tolist())):
        total, edges = metric.path(source, target)
        assert total == table[column, column] == weights[edges].sum()


@pytest.mark.parametrize(
    ("city", "restrictions", "tunnels"), [("porto", 300, 200), ("monaco", 30, 60), ("columbus", 5, 10)]
)
def test_restrictions_and_tunnels_are_found(city, restrictions, tunnels, cache):
    """Turn restrictions expand a few nodes only; tunnel edges are marked in both kinds of file."""
    graph = load_osm(OSM / f"{city}.osm.pbf", cache)
    assert graph.meta["restrictions"] >= restrictions
    assert len(graph.routing_node) - graph.nodes < 3 * graph.meta["restrictions"]
    assert (graph.flags & TUNNEL > 0).sum() >= tunnels


def test_the_cache_answers_at_once(cache):
    """A network read before is there in well under a second, and equal."""
    first = load_osm(OSM / "porto.osm.pbf", cache)
    began = time.perf_counter()
    second = load_osm(OSM / "porto.osm.pbf", cache)
    assert time.perf_counter() - began < 1.0
    assert np.array_equal(first.arc_head, second.arc_head)
    assert first.names == second.names
