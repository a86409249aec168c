"""A drive as arrays: where a vehicle is at every shape point of its way, and when."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from engine.geo import Projection
from engine.roads.graph import RoadGraph

NO_EDGES = np.empty(0, np.int32)


class Snap(NamedTuple):
    """A position moved onto the network."""

    node: int
    distance_m: float


@dataclass(frozen=True)
class Drive:
    """True motion from one node to another, quantised to microseconds and millimetres.

    Keyframes are int64 [k], one for each shape point: ``t_us`` rises strictly, ``odometer_mm`` counts from 0.
    Between two keyframes a vehicle moves evenly on a straight line. One keyframe: it did not move.
    """

    t_us: np.ndarray
    x_mm: np.ndarray
    y_mm: np.ndarray
    odometer_mm: np.ndarray
    node: int  # where it ended
    edges: np.ndarray = field(default_factory=lambda: NO_EDGES)  # int32, driven from end to end
    blocked_edge: int | None = None  # the closed edge in front of which it ended
    edge_start: np.ndarray = field(default_factory=lambda: NO_EDGES)  # keyframe at which each edge begins
    edge_tail: np.ndarray = field(default_factory=lambda: NO_EDGES)  # node at which each edge begins

    def cut_before(self, closed: frozenset[int], now_us: int) -> "Drive | None":
        """The drive ended in front of the first closed edge not yet entered; None where none lies ahead."""
        for leg, edge in enumerate(self.edges.tolist()):
            start = int(self.edge_start[leg])
            if edge in closed and self.t_us[start] > now_us:
                return replace(
                    self, t_us=self.t_us[: start + 1], x_mm=self.x_mm[: start + 1], y_mm=self.y_mm[: start +
                    1], odometer_mm=self.odometer_mm[: start + 1], node=int(self.edge_tail[leg]),
                    edges=self.edges[:leg], blocked_edge=edge, edge_start=self.edge_start[:leg],
                    edge_tail=self.edge_tail[:leg],
                )  # fmt: skip
        return None

    @property
    def end_us(self) -> int:
        return int(self.t_us[-1])

    @property
    def distance_mm(self) -> int:
        return int(self.odometer_mm[-1])


class Geometry:
    """The shapes of a graph on the plane in whole millimetres, ready to be strung together."""

    def __init__(self, graph: RoadGraph, projection: Projection) -> None:
        self._ptr, self._tail = graph.shape_ptr, graph.tail
        self._count = np.diff(graph.shape_ptr) - 1
        self.node_x_mm, self.node_y_mm = _mm(*projection.to_xy(graph.lat, graph.lon))
        self.x_mm, self.y_mm = _mm(*projection.to_xy(graph.shape_lat, graph.shape_lon))
        self.length_mm = np.rint(graph.length_m * 1000).astype(np.int64)
        self._along_mm = self._distance_along_mm()

    def _distance_along_mm(self) -> np.ndarray:
        """Distance from the start of its edge to every shape point, scaled to the edge's length."""
        if not len(self.x_mm):
            return np.empty(0, np.int64)
        step = np.concatenate([[0.0], np.hypot(np.diff(self.x_mm), np.diff(self.y_mm))])
        total = np.cumsum(step)
        first, last = self._ptr[:-1], self._ptr[1:] - 1
        plane_mm = total[last] - total[first]
        scale = self.length_mm / np.maximum(plane_mm, 1.0)
        count = np.diff(self._ptr)
        along = np.rint((total - np.repeat(total[first], count)) * np.repeat(scale, count)).astype(np.int64)
        along[last] = self.length_mm
        return along

    def stand(self, node: int, at_us: int, blocked_edge: int | None = None) -> Drive:
        """No motion."""
        zero = np.zeros(1, np.int64)
        x_mm, y_mm = self.node_x_mm[node : node + 1], self.node_y_mm[node : node + 1]
        return Drive(zero + at_us, x_mm, y_mm, zero, node, blocked_edge=blocked_edge)

    def drive(
        self,
        edges: np.ndarray,
        depart_us: int,
        end_us: np.ndarray,
        node: int,
        blocked_edge: int | None = None,
    ) -> Drive:
        """Keyframes along edges that end at ``end_us``; time passes evenly with distance within an edge."""
        count = self._count[edges]  # the last point of an edge is the first of the next
        edge_start = count.cumsum() - count
        count[-1] += 1  # of the last edge all are taken
        leg = np.arange(len(edges)).repeat(count)
        number = np.arange(len(leg))
        point = (self._ptr[edges] - edge_start)[leg] + number
        along_mm, length_mm = self._along_mm[point], self.length_mm[edges]
        start_us = np.empty_like(end_us)
        start_us[0], start_us[1:] = depart_us, end_us[:-1]
        t_us = start_us[leg] + (end_us - start_us)[leg] * along_mm // np.maximum(length_mm, 1)[leg]
        t_us[-1] = end_us[-1]
        t_us = np.maximum.accumulate(t_us - number) + number  # a microsecond apart where points coincide
        return Drive(
            t_us=t_us,
            x_mm=self.x_mm[point],
            y_mm=self.y_mm[point],
            odometer_mm=(length_mm.cumsum() - length_mm)[leg] + along_mm,
            node=node,
            edges=edges.astype(np.int32),
            blocked_edge=blocked_edge,
            edge_start=edge_start,
            edge_tail=self._tail[edges],
        )


def _mm(x_m: np.ndarray, y_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.rint(x_m * 1000).astype(np.int64), np.rint(y_m * 1000).astype(np.int64)
