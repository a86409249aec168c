"""The port through which head office asks for travel times: its own metric, never today's true traffic."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol

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

    def basis(self, depart_at_us: int) -> Hashable:
        """What times rest on beside places and profile: as long as it is equal, so are they."""
        ...


class Way(NamedTuple):
    """Places in turn, and the driving times between them."""

    places: list[Place]
    legs_ms: list[int]


def legs_again(
    travel: TravelTimes, ways: Iterable[tuple[list[Place], Way | None]], depart_at_us: int, profile: str
) -> list[list[int]]:
    """Driving times between the places of each way: those that the way before it, timed on the same basis, has at its
    end too are not asked for. Vehicles lose places at the beginning and gain them anywhere.
    """
    kept = [(places, [] if before is None else _end_in_common(places, before)) for places, before in ways]
    heads = [places[: len(places) - len(legs_ms)] for places, legs_ms in kept]
    starts = [place for head in heads for place in head[:-1]]
    ends = [place for head in heads for place in head[1:]]
    asked = iter(travel.legs_ms(starts, ends, depart_at_us, profile).tolist() if starts else ())
    return [[*islice(asked, len(head) - 1), *legs_ms] for head, (_, legs_ms) in zip(heads, kept)]


def _end_in_common(places: list[Place], before: Way) -> list[int]:
    """The legs at the end of a way that an earlier one has too."""
    same = 0
    for place, other in zip(reversed(places), reversed(before.places)):
        if place != other:
            break
        same += 1
    return before.legs_ms[len(before.places) - same :]
