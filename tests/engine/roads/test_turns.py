"""Which nodes belong together."""

import numpy as np
from hypothesis import given

from engine.roads.graph import RoadGraph
from engine.roads.router import UNREACHABLE, ScipyRouter
from engine.roads.turns import RoutingArcs, connected_nodes, routing_arcs
from tests.engine.roads.conftest import graph_of
from tests.engine.roads.test_router import networks


def arcs_of(graph: RoadGraph) -> RoutingArcs:
    return RoutingArcs(graph.arc_tail, graph.arc_head, graph.arc_edge, graph.routing_node, graph.sink)


def test_no_bans_no_expansion():
    """Routing nodes are the nodes, arcs the edges, every node its own sink."""
    arcs = routing_arcs(3, np.array([0, 1]), np.array([1, 2]), np.empty((0, 2), int))
    assert arcs.arc_head.tolist() == [1, 2]
    assert arcs.sink.tolist() == arcs.routing_node.tolist() == [0, 1, 2]


def test_equal_bans_share_a_copy():
    """Two edges into node 2 with the same ban end in one copy; a third, free, ends at the node."""
    tail, head = np.array([0, 1, 3, 2, 2]), np.array([2, 2, 2, 0, 1])
    arcs = routing_arcs(4, tail, head, np.array([[0, 3], [1, 3]]))
    assert arcs.arc_head[:3].tolist() == [4, 4, 2]
    assert arcs.routing_node.tolist() == [0, 1, 2, 3, 2, 2]
    assert arcs.sink.tolist() == [0, 1, 5, 3]
    assert [(t, e) for t, e in zip(arcs.arc_tail[5:].tolist(), arcs.arc_edge[5:].tolist())] == [
        (4, 4),
        (2, -1),
        (4, -1),
    ]


@given(networks())
def test_the_connected_part_is_connected(network):
    """Within the part, over allowed edges between its nodes alone, every node reaches every other."""
    nodes, edges, banned, weights = network
    graph = graph_of(np.arange(nodes), np.zeros(nodes), *zip(*edges), banned=banned)
    allowed = np.array(weights) < UNREACHABLE
    part = connected_nodes(arcs_of(graph), allowed)
    inside = allowed & part[graph.tail] & part[graph.head]
    kept = np.flatnonzero(part)
    table = ScipyRouter(graph).metric(np.where(inside, 1, UNREACHABLE)).matrix(kept, kept)
    assert (table < UNREACHABLE).all()
    assert len(kept) != 1


@given(networks())
def test_without_bans_it_is_the_largest_strong_component(network):
    """No node more could be added: the size is that of scipy's largest component."""
    from scipy.sparse import coo_array, csgraph

    nodes, edges, _, _ = network
    graph = graph_of(np.arange(nodes), np.zeros(nodes), *zip(*edges))
    part = connected_nodes(arcs_of(graph), np.ones(len(edges), bool))
    adjacency = coo_array((np.ones(len(edges)), tuple(zip(*edges))), shape=(nodes, nodes)).tocsr()
    largest = np.bincount(csgraph.connected_components(adjacency, connection="strong")[1]).max()
    assert part.sum() == (largest if largest > 1 else 0)
