"""The office's travel times: what is asked of the roads, and what is remembered."""

from typing import Any

import numpy as np

from engine.clock import HOUR
from engine.roads.graph import Profile
from scenarios.office_travel import HOURS_KEPT, OfficeTravel
from twin.orders import Place

A, B = Place("a", 50.0, 8.0), Place("b", 50.1, 8.0)


class Roads:
    """Roads that keep count: each hour, and each closed edge, makes every leg a second longer."""

    def __init__(self) -> None:
        self.traffic, self.legs, self.distances = self, 0, 0

    def bucket(self, t_us: int) -> int:
        return t_us // HOUR

    def legs_ms(self, starts: np.ndarray, ends: np.ndarray, at_us: int, kind: Profile, closed: frozenset) -> np.ndarray:
        self.legs += len(starts)
        return np.full(len(starts), 1000 * (1 + self.bucket(at_us) + len(closed)))

    def durations_ms(self, starts: np.ndarray, ends: np.ndarray, *asked: Any) -> np.ndarray:
        return np.ones((len(starts), len(ends)), np.int64)

    def distances_m(self, starts: np.ndarray, ends: np.ndarray, *asked: Any) -> np.ndarray:
        self.distances += 1
        return np.full((len(starts), len(ends)), 7)


def office(roads: Roads, closed: list[int]) -> OfficeTravel:
    """A port whose roads are reported closed as listed."""
    return OfficeTravel(roads, {"van": Profile("van")}, lambda place, kind: 0, lambda: frozenset(closed))  # type: ignore[arg-type]


def test_a_leg_is_searched_once_an_hour() -> None:
    """Until the hour is over or something else is reported closed; an older hour may come again."""
    roads, closed = Roads(), list[int]()
    travel = office(roads, closed)
    assert travel.legs_ms([A, A], [B, B], 0, "van").tolist() == [1000, 1000]
    asked = roads.legs
    assert travel.legs_ms([A], [B], HOUR - 1, "van").tolist() == [1000]
    assert roads.legs == asked
    assert travel.legs_ms([B, A], [A, B], 0, "van").tolist() == [1000, 1000]
    assert roads.legs == asked + 1
    assert travel.legs_ms([A], [B], HOUR, "van").tolist() == [2000]
    assert travel.basis(0) == travel.basis(HOUR - 1) != travel.basis(HOUR)
    before = travel.basis(0)
    closed.append(1)
    assert travel.basis(0) != before
    assert travel.legs_ms([A], [B], 0, "van").tolist() == [2000]
    closed.clear()
    assert travel.legs_ms([], [], 0, "van").tolist() == []
    for hour in [*range(2 * HOURS_KEPT), 0]:
        assert travel.legs_ms([A], [B], hour * HOUR, "van").tolist() == [1000 * (1 + hour)]


def test_distances_are_searched_only_for_those_who_look() -> None:
    """And once."""
    roads = Roads()
    matrix = office(roads, []).matrix([A], [A, B], 0, "van")
    assert matrix.duration_ms.tolist() == [[1, 1]]
    assert roads.distances == 0
    assert matrix.distance_m.tolist() == matrix.distance_m.tolist() == [[7, 7]]
    assert roads.distances == 1
