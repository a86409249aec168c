"""The metrics of a road network that were used last, each with what it has been asked."""

from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np

from engine.roads.graph import Profile, RoadGraph
from engine.roads.router import UNREACHABLE, AnyRouter, Metric

METRICS_KEPT = 48
"""Metrics are kept for so many (kind of vehicle, time bucket, closures); a new one takes hundredths of a second."""

LEGS_KEPT = 100_000
"""So many weights of single legs are remembered for each metric kept."""

MATRIX_KEPT = 4_000_000
"""A larger matrix (2,000 places, 32 MB) is not remembered: metrics are many."""


class KnownMetric:
    """A metric that remembers single legs, and its largest matrix within bounds: that of a day to be planned, which is
    asked for again by vehicles that drive alike and by other variants of a study."""

    def __init__(self, metric: Metric, unit: int = 1) -> None:
        """``unit``: matrices are in so many weights, rounded."""
        self._metric, self._unit = metric, unit
        self.forget()

    def forget(self) -> None:
        """Let go of all answers."""
        self._legs: dict[tuple[int, int], int] = {}
        self._asked, self._matrix = (b"", b""), np.zeros((0, 0), np.int64)

    def path(self, source: int, target: int) -> np.ndarray:
        """The edges of the way, int32; none without one."""
        return self._metric.path(source, target)[1]

    def leg(self, source: int, target: int) -> int:
        """The weight of a single leg, UNREACHABLE where no way."""
        pair = source, target
        weight = self._legs.get(pair)
        if weight is None:
            if len(self._legs) >= LEGS_KEPT:
                self._legs.clear()
            weight = self._legs[pair] = self._metric.weight(source, target)
        return weight

    def matrix(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """As ``Metric.matrix``, in units; read-only."""
        asked = sources.tobytes(), targets.tobytes()
        if asked == self._asked:
            return self._matrix
        found = self._metric.matrix(sources, targets)
        if self._unit > 1:
            found = np.where(found == UNREACHABLE, UNREACHABLE, (found + self._unit // 2) // self._unit)
        found.flags.writeable = False
        if self._matrix.size <= found.size <= MATRIX_KEPT:
            self._asked, self._matrix = asked, found
        return found


class KnownMetrics:
    """The metrics of one graph by key; those not asked for longest are let go."""

    def __init__(self, graph: RoadGraph, router: AnyRouter) -> None:
        self._graph, self._router = graph, router
        self._kept: OrderedDict[Hashable, KnownMetric] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def forget(self) -> None:
        """Let go of all answers; the metrics stay."""
        for metric in self._kept.values():
            metric.forget()

    def get(
        self, key: Hashable, profile: Profile, closed: frozenset[int], weights: Callable[[], np.ndarray], unit: int = 1
    ) -> KnownMetric:
        """The metric of a key, made of the weights of edges (``unit``: see ``KnownMetric``) where it is not kept."""
        known = self._kept.get(key)
        if known is None:
            allowed = self._graph.allowed(profile)
            allowed[list(closed)] = False
            metric = self._router.metric(np.where(allowed, weights(), UNREACHABLE))
            known = self._kept[key] = KnownMetric(metric, unit)
            if len(self._kept) > METRICS_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return known
