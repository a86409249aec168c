"""The port through which head office asks for travel times: its own metric, never today's true traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from twin.orders import Place

UNREACHABLE = 2**31 - 1
"""Entry of a matrix where no allowed way exists (both in ms and in metres)."""


@dataclass(frozen=True)
class TravelMatrix:
    """Travel between places: ``duration_ms`` and ``distance_m``, both int64 [origins, destinations]."""

    duration_ms: np.ndarray
    distance_m: np.ndarray


class TravelTimes(Protocol):
    """What planning, ETAs and policies may know of the roads: usual speeds by time of day, closures as reported."""

    def matrix(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> TravelMatrix:
        """Fastest driving times leaving at ``depart_at_us`` (UTC) for a vehicle profile.

        ``distance_m`` is the shortest driving distance, at most that of the fastest way.
        """
        ...

    def legs_ms(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> np.ndarray:
        """Driving times of the single legs origin[i] to destination[i]: int64 [legs], ``UNREACHABLE`` where none."""
        ...
