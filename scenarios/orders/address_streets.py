"""Streets as places: where a house is on one, and which pieces of road of one name are one street."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scenarios.orders.address_text import House

Accuracy = Literal["house", "interpolated", "street", "gazetteer"]
"""How exactly a position is known."""

SAME_STREET_M = 400.0
"""Pieces of road of one name nearer than this to each other are one street; farther apart, streets of one
name."""
NEIGHBOUR_NUMBERS = 10
"""Beyond the first and last known number, a house this many numbers on is put at the last one."""
MAX_BRACKET_M = 500.0
"""Between known houses farther apart than this nothing is interpolated."""


@dataclass(frozen=True)
class Street:
    """One street of a region: where its road runs and its known houses, in metres of the book's plane."""

    x_m: np.ndarray  # midpoints of its edges
    y_m: np.ndarray
    houses: dict[House, tuple[float, float]]

    def house(self, wanted: House) -> tuple[float, float, Accuracy] | None:
        """The position of a house, or None if the street's known numbers say nothing about it."""
        if wanted in self.houses:
            return (*self.houses[wanted], "house")
        same_value = sorted((h.letter, xy) for h, xy in self.houses.items() if h.value == wanted.value)
        if same_value:
            return (*same_value[0][1], "interpolated")
        for parity in (True, False):
            found = self._between(wanted.value, parity)
            if found:
                return (*found, "interpolated")
        return None

    def _between(self, value: int, same_side: bool) -> tuple[float, float] | None:
        known = sorted((h.value, xy) for h, xy in self.houses.items() if not same_side or h.value % 2 == value % 2)
        below = max((item for item in known if item[0] < value), default=None)
        above = min((item for item in known if item[0] > value), default=None)
        if below and above:
            (low, (x0, y0)), (high, (x1, y1)) = below, above
            share = (value - low) / (high - low)
            if np.hypot(x1 - x0, y1 - y0) > MAX_BRACKET_M:
                return None
            return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        end = below or above
        return end[1] if end and abs(end[0] - value) <= NEIGHBOUR_NUMBERS else None

    def middle(self) -> tuple[float, float]:
        """The midpoint of the edge nearest to the middle of the street: a point on the road."""
        if not len(self.x_m):
            return sorted(self.houses.items(), key=lambda item: (item[0].value, item[0].letter))[0][1]
        best = int(np.argmin(np.hypot(self.x_m - self.x_m.mean(), self.y_m - self.y_m.mean())))
        return float(self.x_m[best]), float(self.y_m[best])


def streets_of(
    road_xy: tuple[np.ndarray, np.ndarray], houses: Sequence[House], house_xy: tuple[np.ndarray, np.ndarray]
) -> tuple[Street, ...]:
    """The streets of one name: midpoints of edges and houses within ``SAME_STREET_M`` of each other are one.

    ``road_xy`` and ``house_xy`` are x and y in metres; of houses with one number the first counts.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    x, y = (np.concatenate(pair) for pair in zip(road_xy, house_xy))
    roads = len(road_xy[0])
    pairs = cKDTree(np.column_stack([x, y])).query_pairs(SAME_STREET_M, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(x), len(x)))
    count, piece = connected_components(links, directed=False)
    streets = []
    for number in range(count):
        at: dict[House, tuple[float, float]] = {}
        for index in np.flatnonzero(piece[roads:] == number).tolist():
            at.setdefault(houses[index], (float(house_xy[0][index]), float(house_xy[1][index])))
        on_road = np.flatnonzero(piece[:roads] == number)
        streets.append(Street(x[on_road], y[on_road], at))
    return tuple(streets)
