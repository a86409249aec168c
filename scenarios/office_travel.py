"""The office's travel-time port, filled by the road network: usual speeds, closures as reported."""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property

import numpy as np

from engine.roads.graph import Profile
from engine.roads.metrics import LEGS_KEPT
from engine.roads.network import RoadNetwork
from twin.orders import Place
from twin.travel import TravelMatrix

HOURS_KEPT = 8
"""Legs are remembered for so many pairs of profile and time bucket: policies ask for those of this hour [A]."""


class OfficeTravel:
    """Implements ``twin.travel.TravelTimes``."""

    def __init__(
        self, roads: RoadNetwork, profiles: dict[str, Profile], node: Callable[[Place, Profile], int],
        reported: Callable[[], frozenset[int]],
    ) -> None:  # fmt: skip
        self._roads, self._profiles, self._node, self._reported = roads, profiles, node, reported
        self._legs: dict[Hashable, dict[tuple[Place, Place], int]] = {}  # places cost more to look up than a leg

    def matrix(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> TravelMatrix:
        """Fastest usual driving times, shortest distances."""
        kind, closed = self._profiles[profile], self._reported()
        starts, ends = self._nodes(origins, kind), self._nodes(destinations, kind)
        duration_ms = self._roads.durations_ms(starts, ends, depart_at_us, kind, closed)
        return _RoadMatrix(duration_ms, lambda: self._roads.distances_m(starts, ends, kind, closed))

    def legs_ms(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> np.ndarray:
        """Usual driving times of single legs."""
        kind = self._profiles[profile]
        known = self._known((profile, self.basis(depart_at_us)))
        pairs = [*zip(origins, destinations)]
        found = [*map(known.get, pairs)]
        if None in found:
            missing = [pair for pair, leg in zip(pairs, found) if leg is None]
            starts, ends = (self._nodes(places, kind) for places in zip(*missing))
            known.update(zip(missing, self._roads.legs_ms(starts, ends, depart_at_us, kind, self._reported()).tolist()))
            found = [known[pair] for pair in pairs]
        return np.array(found, np.int64)

    def basis(self, depart_at_us: int) -> tuple[int, frozenset[int]]:
        """The time bucket, and what is reported closed."""
        return self._roads.traffic.bucket(depart_at_us), self._reported()

    def _known(self, metric: Hashable) -> dict[tuple[Place, Place], int]:
        if metric not in self._legs and len(self._legs) == HOURS_KEPT:
            del self._legs[next(iter(self._legs))]
        known = self._legs.setdefault(metric, {})
        if len(known) > LEGS_KEPT:
            known.clear()
        return known

    def _nodes(self, places: Sequence[Place], kind: Profile) -> np.ndarray:
        return np.array([self._node(place, kind) for place in places], np.int64)


class _RoadMatrix(TravelMatrix):
    """Distances are searched only where somebody looks at them: policies do not."""

    _distances_m: Callable[[], np.ndarray]

    def __init__(self, duration_ms: np.ndarray, distances_m: Callable[[], np.ndarray]) -> None:
        object.__setattr__(self, "duration_ms", duration_ms)
        object.__setattr__(self, "_distances_m", distances_m)

    @cached_property
    def distance_m(self) -> np.ndarray:
        return self._distances_m()
