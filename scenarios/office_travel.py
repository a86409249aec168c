"""The office's travel-time port, filled by the road network: usual speeds, closures as reported."""

from collections.abc import Callable, Sequence

import numpy as np

from engine.roads.graph import Profile
from engine.roads.network import RoadNetwork
from twin.orders import Place
from twin.travel import TravelMatrix


class OfficeTravel:
    """Implements ``twin.travel.TravelTimes``."""

    def __init__(
        self, roads: RoadNetwork, profiles: dict[str, Profile], node: Callable[[Place, Profile], int],
        reported: Callable[[], frozenset[int]],
    ) -> None:  # fmt: skip
        self._roads, self._profiles, self._node, self._reported = roads, profiles, node, reported

    def matrix(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> TravelMatrix:
        """Fastest usual driving times, shortest distances."""
        kind = self._profiles[profile]
        starts, ends = self._nodes(origins, kind), self._nodes(destinations, kind)
        return TravelMatrix(*self._roads.matrix(starts, ends, depart_at_us, kind, self._reported()))

    def legs_ms(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> np.ndarray:
        """Usual driving times of single legs."""
        kind = self._profiles[profile]
        starts, ends = self._nodes(origins, kind), self._nodes(destinations, kind)
        return self._roads.legs_ms(starts, ends, depart_at_us, kind, self._reported())

    def _nodes(self, places: Sequence[Place], kind: Profile) -> np.ndarray:
        return np.array([self._node(place, kind) for place in places], np.int64)
