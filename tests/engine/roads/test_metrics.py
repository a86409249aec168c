"""What is remembered of shortest ways is what the router says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roads import metrics
from engine.roads.metrics import KnownMetric
from engine.roads.router import UNREACHABLE, Router
from tests.engine.roads.conftest import graph_of

NODES = 5
nodes = st.integers(0, NODES - 1)
places = st.lists(nodes, max_size=4)
questions = st.lists(st.one_of(st.tuples(nodes, nodes), st.tuples(places, places)), max_size=12)


class Asked:
    """A metric that counts what it is asked."""

    def __init__(self, metric):
        self.metric, self.count = metric, 0

    def weight(self, source, target):
        self.count += 1
        return self.metric.weight(source, target)

    def matrix(self, sources, targets):
        self.count += 1
        return self.metric.matrix(sources, targets)


def plain_metric(weights):
    """A ring of five nodes, driven one way."""
    ends = [(i, (i + 1) % NODES) for i in range(NODES)]
    angle = np.arange(NODES)
    return Router(graph_of(np.cos(angle) * 1e3, np.sin(angle) * 1e3, *zip(*ends))).metric(np.array(weights))


@given(st.lists(st.sampled_from([1, 49, 50, 151, UNREACHABLE]), min_size=NODES, max_size=NODES), questions)
def test_every_answer_is_the_plain_one(weights, asked):
    """Whatever was asked before: legs, and matrices in units of 100, rounded."""
    plain = plain_metric(weights)
    known = KnownMetric(plain, 100)
    for sources, targets in asked:
        if isinstance(sources, int):
            assert known.leg(sources, targets) == plain.weight(sources, targets)
        else:
            from_nodes, to_nodes = np.array(sources, np.int64), np.array(targets, np.int64)
            cells = [w if w == UNREACHABLE else (w + 50) // 100 for w in plain.matrix(from_nodes, to_nodes).ravel()]
            found = known.matrix(from_nodes, to_nodes)
            assert found.shape == (len(sources), len(targets))
            assert found.ravel().tolist() == cells


def test_the_largest_matrix_is_worked_out_once():
    """Smaller ones asked in between do not displace it; nobody can change it."""
    asked = Asked(plain_metric([1] * NODES))
    known, everywhere, some = KnownMetric(asked), np.arange(NODES), np.arange(2)
    first = known.matrix(everywhere, everywhere)
    known.matrix(some, everywhere)
    assert known.matrix(everywhere, everywhere) is first
    assert asked.count == 2
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 7
    known.forget()
    assert known.matrix(everywhere, everywhere).tolist() == first.tolist()
    assert asked.count == 3


def test_a_matrix_beyond_bounds_is_not_kept(monkeypatch):
    """Nor does it displace the one that is."""
    monkeypatch.setattr(metrics, "MATRIX_KEPT", 10)
    asked = Asked(plain_metric([1] * NODES))
    known, everywhere, some = KnownMetric(asked), np.arange(NODES), np.arange(2)
    kept, _ = known.matrix(some, everywhere), known.matrix(everywhere, everywhere)
    assert known.matrix(some, everywhere) is kept
    known.matrix(everywhere, everywhere)
    assert asked.count == 3


def test_legs_are_kept_within_bounds(monkeypatch):
    """Memory stays flat, and answers right, over a long run."""
    monkeypatch.setattr(metrics, "LEGS_KEPT", 3)
    asked = Asked(plain_metric([1] * NODES))
    known = KnownMetric(asked)
    assert [known.leg(0, target) for target in (1, 2, 1, 3, 4, 0, 1, 1)] == [1, 2, 1, 3, 4, 0, 1, 1]
    assert asked.count == 6
