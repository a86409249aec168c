"""A day of the Dynamic Pickup and Delivery Problem, with the constants of its rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.orders import Order, Place
from twin.travel import TravelMatrix

PERIOD_S = 600
"""Between two decisions; the first is one period into the day."""
DOCKING_S = 1800
LATE_PER_H = 10_000.0
DEMAND = "pallets"
ITEM_PALLETS = {"q_standard": 1.0, "q_small": 0.5, "q_box": 0.25}
"""Items an order is made of, by the column that counts them; larger ones come first."""


@dataclass(frozen=True)
class Factory:
    """A place with docks."""

    place: Place
    docks: int


@dataclass(frozen=True)
class Vehicle:
    """``capacity`` in pallets; it stands at factory ``start`` when the day begins."""

    vehicle_id: str
    capacity: float
    start: str


@dataclass(frozen=True)
class Roads:
    """Travel between factories, implementing ``twin.travel.TravelTimes``: the same all day and for all vehicles.

    ``seconds`` and ``metres`` are int64 [factories, factories], in the order of ``row``.
    """

    row: Mapping[str, int]
    seconds: np.ndarray
    metres: np.ndarray

    def matrix(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> TravelMatrix:
        """Times and distances of the given roads."""
        cells = np.ix_(self._rows(origins), self._rows(destinations))
        return TravelMatrix(1000 * self.seconds[cells], self.metres[cells])

    def legs_ms(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> np.ndarray:
        """Times of single legs."""
        return 1000 * self.seconds[self._rows(origins), self._rows(destinations)]

    def basis(self, depart_at_us: int) -> None:
        """Nothing else."""

    def _rows(self, places: Sequence[Place]) -> np.ndarray:
        return np.array([self.row[place.place_id] for place in places], dtype=np.int64)


@dataclass(frozen=True)
class Day:
    """Orders by creation, as the policy gets them: those larger than any vehicle as one order for each item.

    Times are microseconds since midnight. ``whole`` names the order of the file an item belongs to.
    """

    name: str
    factories: Mapping[str, Factory]
    vehicles: tuple[Vehicle, ...]
    orders: tuple[Order, ...]
    roads: Roads
    whole: Mapping[str, str] = field(default_factory=dict)
