"""The road network as agents and head office use it: snap, travel times, drives."""

import difflib
from collections.abc import Sequence
from copy import copy
from typing import Any, Literal, Protocol

import numpy as np
from scipy.spatial import cKDTree

from engine.geo import Projection, great_circle_m
from engine.roads.drive import Drive, Geometry, Snap
from engine.roads.graph import TUNNEL, Profile, RoadGraph
from engine.roads.metrics import KnownMetric, KnownMetrics
from engine.roads.router import AnyRouter
from engine.roads.turns import RoutingArcs, connected_nodes

CM_PER_M = 100

OUTER_SHARE = 0.8
"""``random_nodes(where="edge")`` draws from the nodes farther from the centre than this share of them."""


class TrafficModel(Protocol):
    """What the network needs of ``engine.traffic``."""

    def bucket(self, t_us: int) -> int:
        """Number of the time-of-day bucket of a moment."""
        ...

    def usual_weights_ms(self, profile: Profile, bucket: int) -> np.ndarray:
        """Usual driving time of every edge, int64 [edges], all finite."""
        ...

    def drive(self, edges: np.ndarray, depart_us: int, pace: float, max_speed_mps: float) -> np.ndarray:
        """True moments at which each edge in turn is left, int64 [edges]."""
        ...


class RoadNetwork:
    """Road graph, traffic and router behind one door."""

    def __init__(self, graph: RoadGraph, traffic: TrafficModel, router: AnyRouter) -> None:
        self.graph = graph
        self.traffic = traffic
        self.router = router
        self.projection = Projection(*_middle(graph))
        self._geometry = Geometry(graph, self.projection)
        self.metrics = KnownMetrics(graph, router)
        self._components: dict[tuple[bool, bool], tuple[np.ndarray, cKDTree]] = {}

    def with_traffic(self, traffic: TrafficModel) -> "RoadNetwork":
        """The same roads under other traffic; what is known of usual times is shared."""
        other = copy(self)
        other.traffic = traffic
        return other

    # Places

    def snap(self, lat: float, lon: float, profile: Profile, place_id: str = "") -> Snap:
        """The nearest node from which the vehicle can get about, and its distance from the position.

        ``place_id`` is for roads given as a matrix (see MatrixRoads); not looked at here.
        """
        nodes, distances_m = self.snap_all(np.array([lat]), np.array([lon]), profile)
        return Snap(int(nodes[0]), float(distances_m[0]))

    def snap_all(self, lat: np.ndarray, lon: np.ndarray, profile: Profile) -> tuple[np.ndarray, np.ndarray]:
        """``snap`` for arrays: nodes int64 and distances in metres float64, both [places]."""
        nodes, tree = self._component(profile)
        x_m, y_m = self.projection.to_xy(lat, lon)
        found = nodes[tree.query(np.column_stack([x_m, y_m]))[1]]
        return found, great_circle_m(lat, lon, self.graph.lat[found], self.graph.lon[found])

    def component(self, profile: Profile) -> np.ndarray:
        """Nodes, ascending, that a vehicle of the profile can reach from each other.

        Raises:
            ValueError: there are none.
        """
        return self._component(profile)[0]

    def place_of(self, node: int) -> tuple[float, float]:
        """Latitude and longitude of a node."""
        return float(self.graph.lat[node]), float(self.graph.lon[node])

    def centre(self, profile: Profile) -> int:
        """The node nearest to the median position of all nodes: the middle of where roads are dense."""
        return self.snap(float(np.median(self.graph.lat)), float(np.median(self.graph.lon)), profile).node

    def random_nodes(
        self, rng: np.random.Generator, n: int, profile: Profile, where: Literal["any", "edge"] = "any"
    ) -> np.ndarray:
        """``n`` different nodes (repeated where there are fewer), anywhere or at the edge of the region."""
        nodes = self.component(profile)
        if where == "edge":
            centre = self.centre(profile)
            away_m = great_circle_m(*self.place_of(centre), self.graph.lat[nodes], self.graph.lon[nodes])
            nodes = nodes[away_m >= np.quantile(away_m, OUTER_SHARE)]
        return rng.choice(nodes, n, replace=n > len(nodes))

    def edges_near(self, lat: float, lon: float, radius_m: float) -> np.ndarray:
        """Edges any point of which is within a radius, int64 ascending."""
        x_mm, y_mm = (float(value) * 1000 for value in self.projection.to_xy(lat, lon))
        at_x, at_y = self._geometry.x_mm - x_mm, self._geometry.y_mm - y_mm
        start = np.ones(len(at_x), bool)
        start[self.graph.shape_ptr[1:] - 1] = False  # the last point of an edge starts no segment
        a = np.flatnonzero(start)
        step_x, step_y = at_x[a + 1] - at_x[a], at_y[a + 1] - at_y[a]
        squared = np.maximum(step_x**2 + step_y**2, 1e-9)
        nearest = np.clip(-(at_x[a] * step_x + at_y[a] * step_y) / squared, 0.0, 1.0)
        distance_mm = np.hypot(at_x[a] + nearest * step_x, at_y[a] + nearest * step_y)
        close = a[distance_mm <= radius_m * 1000]
        return np.unique(np.searchsorted(self.graph.shape_ptr, close, side="right") - 1)

    def edges_of_street(self, name: str) -> np.ndarray:
        """Edges of a street, int64 ascending; upper and lower case are the same.

        Raises:
            ValueError: no street has the name; the nearest one is named.
        """
        wanted = name.strip().casefold()
        ids = [index for index, known in enumerate(self.graph.names) if known.casefold() == wanted]
        edges = np.flatnonzero(np.isin(self.graph.name_id, ids)) if ids else np.empty(0, np.int64)
        if not len(edges):
            driven = [self.graph.names[index] for index in np.unique(self.graph.name_id).tolist() if index >= 0]
            nearest = difflib.get_close_matches(name, driven, 1, 0.0)
            hint = f"; the nearest name is {nearest[0]!r}" if nearest else "; the roads carry no names"
            raise ValueError(f"no street is named {name!r}{hint}")
        return edges

    # Travel

    def matrix(
        self,
        origins: Sequence[Any] | np.ndarray,
        destinations: Sequence[Any] | np.ndarray,
        depart_at_us: int,
        profile: Profile,
        closed: frozenset[int] = frozenset(),
    ) -> tuple[np.ndarray, np.ndarray]:
        """Usual fastest driving times (ms) and shortest distances (m), both int64 [origins, destinations].

        Places are node numbers or (lat, lon) pairs; UNREACHABLE in both where ``closed`` edges leave no way.
        Times are those of the bucket of ``depart_at_us``.
        """
        from_nodes, to_nodes = self._nodes(origins, profile), self._nodes(destinations, profile)
        duration_ms = self.durations_ms(from_nodes, to_nodes, depart_at_us, profile, closed)
        return duration_ms, self.distances_m(from_nodes, to_nodes, profile, closed)

    def durations_ms(
        self, origins: np.ndarray, destinations: np.ndarray, depart_at_us: int, profile: Profile,
        closed: frozenset[int] = frozenset(),
    ) -> np.ndarray:  # fmt: skip
        """The driving times of a ``matrix`` between nodes, read-only."""
        return self._time_metric(profile, self.traffic.bucket(depart_at_us), closed).matrix(origins, destinations)

    def distances_m(
        self, origins: np.ndarray, destinations: np.ndarray, profile: Profile, closed: frozenset[int] = frozenset()
    ) -> np.ndarray:
        """The distances of a ``matrix`` between nodes, read-only."""
        return self._length_metric(profile, closed).matrix(origins, destinations)

    def legs_ms(
        self,
        origins: np.ndarray,
        destinations: np.ndarray,
        depart_at_us: int,
        profile: Profile,
        closed: frozenset[int] = frozenset(),
    ) -> np.ndarray:
        """Usual driving times of legs origin[i] to destination[i]: int64 [legs], UNREACHABLE where no way."""
        metric = self._time_metric(profile, self.traffic.bucket(depart_at_us), closed)
        pairs = zip(np.asarray(origins).tolist(), np.asarray(destinations).tolist())
        return np.array([metric.leg(origin, destination) for origin, destination in pairs], np.int64)

    def leg_ms(
        self, origin: int, destination: int, depart_at_us: int, profile: Profile, closed: frozenset[int] = frozenset()
    ) -> int:
        """The usual driving time of one leg."""
        return self._time_metric(profile, self.traffic.bucket(depart_at_us), closed).leg(origin, destination)

    def tunnel_pieces(self, drive: Drive) -> np.ndarray:
        """bool [keyframes - 1]: which pieces of a drive lie in a tunnel."""
        in_tunnel = (self.graph.flags[drive.edges] & TUNNEL) > 0
        if not in_tunnel.any():
            return np.zeros(len(drive.t_us) - 1, bool)
        pieces = np.diff(np.append(drive.edge_start, len(drive.t_us) - 1))
        return np.repeat(in_tunnel, pieces)

    def position_mm(self, node: int) -> tuple[int, int]:
        """Where a node is on the plane."""
        return int(self._geometry.node_x_mm[node]), int(self._geometry.node_y_mm[node])

    @property
    def router_name(self) -> str:
        """What answers shortest paths, for the manifest."""
        return self.router.name

    def drive(
        self,
        origin_node: int,
        destination_node: int,
        depart_us: int,
        profile: Profile,
        pace: float = 1.0,
        known_closed: frozenset[int] = frozenset(),
        closed: frozenset[int] = frozenset(),
    ) -> Drive:
        """Drive the usually fastest way that avoids ``known_closed``, in true traffic.

        Meeting an edge in ``closed`` ends the drive in front of it (``blocked_edge``). Without any way the
        vehicle stays (``node`` is then the origin and there is no ``blocked_edge``).
        """
        metric = self._time_metric(profile, self.traffic.bucket(depart_us), known_closed)
        edges = metric.path(origin_node, destination_node)
        blocked_edge = None
        for index, edge in enumerate(edges.tolist() if closed else ()):
            if edge in closed:
                edges, blocked_edge = edges[:index], edge
                break
        if not len(edges):
            return self._geometry.stand(int(origin_node), depart_us, blocked_edge)
        end_us = self.traffic.drive(edges, depart_us, pace, profile.max_speed_mps)
        return self._geometry.drive(edges, depart_us, end_us, int(self.graph.head[edges[-1]]), blocked_edge)

    def _nodes(self, places: Sequence[Any] | np.ndarray, profile: Profile) -> np.ndarray:
        given = np.asarray(places)
        if given.ndim == 2:
            return self.snap_all(given[:, 0].astype(float), given[:, 1].astype(float), profile)[0]
        return given.astype(np.int64)

    def _time_metric(self, profile: Profile, bucket: int, closed: frozenset[int]) -> KnownMetric:
        """Usual times in ms: those of profiles that differ in name alone are the same."""
        key = (profile.truck, profile.low_emission, profile.max_speed_mps, bucket, closed)
        return self.metrics.get(key, profile, closed, lambda: self.traffic.usual_weights_ms(profile, bucket))

    def _length_metric(self, profile: Profile, closed: frozenset[int]) -> KnownMetric:
        """Lengths in cm: 21,000 km fit RoutingKit's 31 bits, and rounding is below a metre in 100 edges."""
        key = ("length", profile.truck, profile.low_emission, closed)
        return self.metrics.get(key, profile, closed, self._lengths_cm, CM_PER_M)

    def _lengths_cm(self) -> np.ndarray:
        return np.rint(self.graph.length_m * CM_PER_M).astype(np.int64)

    def _component(self, profile: Profile) -> tuple[np.ndarray, cKDTree]:
        key = (profile.truck, profile.low_emission)
        if key not in self._components:
            nodes = np.flatnonzero(connected_nodes(_arcs(self.graph), self.graph.allowed(profile)))
            if not len(nodes):
                raise ValueError(f"no two places are connected both ways for vehicles of profile {profile.name!r}")
            x_m, y_m = self.projection.to_xy(self.graph.lat[nodes], self.graph.lon[nodes])
            self._components[key] = nodes, cKDTree(np.column_stack([x_m, y_m]))
        return self._components[key]


def _arcs(graph: RoadGraph) -> RoutingArcs:
    return RoutingArcs(graph.arc_tail, graph.arc_head, graph.arc_edge, graph.routing_node, graph.sink)


def _middle(graph: RoadGraph) -> tuple[float, float]:
    """Middle of the bounding box, to whole micro-degrees."""
    lat = (float(graph.lat.min()) + float(graph.lat.max())) / 2
    lon = (float(graph.lon.min()) + float(graph.lon.max())) / 2
    return round(lat, 6), round(lon, 6)
