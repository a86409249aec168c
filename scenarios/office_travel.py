"""The office's travel-time port, filled by the road network: usual speeds, closures as reported."""

from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from engine.roads.graph import Profile
from engine.roads.network import RoadNetwork
from twin.orders import Place
from twin.travel import TravelMatrix

LEGS_KEPT, STATES_KEPT = 200_000, 8


class OfficeTravel:
    """Implements ``twin.travel.TravelTimes``. Legs are remembered for a few time buckets."""

    def __init__(
        self, roads: RoadNetwork, profiles: dict[str, Profile], node: Callable[[Place, Profile], int],
        reported: Callable[[], frozenset[int]],
    ) -> None:  # fmt: skip
        self._roads, self._profiles, self._node, self._reported = roads, profiles, node, reported
        self._legs: OrderedDict[tuple, dict[tuple[int, int], int]] = OrderedDict()

    def matrix(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> TravelMatrix:
        """Fastest usual driving times, shortest distances."""
        kind = self._profiles[profile]
        nodes = [np.array([self._node(place, kind) for place in places], np.int64) for places in (origins, destinations)]
        return TravelMatrix(*self._roads.matrix(*nodes, depart_at_us, kind, self._reported()))

    def legs_ms(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> np.ndarray:
        """Usual driving times of single legs."""
        kind, closed = self._profiles[profile], self._reported()
        legs = self._remembered((profile, self._roads.traffic.bucket(depart_at_us), closed))
        pairs = [(self._node(a, kind), self._node(b, kind)) for a, b in zip(origins, destinations)]
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in legs]
        if missing:
            a, b = np.array(missing, np.int64).T
            legs.update(zip(missing, self._roads.legs_ms(a, b, depart_at_us, kind, closed).tolist()))
        return np.array([legs[pair] for pair in pairs], np.int64)

    def _remembered(self, state: tuple) -> dict[tuple[int, int], int]:
        """The legs known for a profile, time bucket and set of closures; the oldest such sets are forgotten."""
        legs = self._legs.pop(state, {})
        self._legs[state] = legs if len(legs) < LEGS_KEPT else {}
        while len(self._legs) > STATES_KEPT:
            self._legs.popitem(last=False)
        return self._legs[state]
