"""A static routing instance as plain arrays, and the rounding conventions its costs are stated under."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

FOREVER = float("inf")


class Rounding(NamedTuple):
    """How file units become the units of a published cost.

    ``name`` is that of ``--rounding`` where there is one. Every distance and time is multiplied by ``per_unit``
    and rounded by ``round_to``; a cost is divided by ``divisor`` when it is stated.
    """

    name: str
    per_unit: int
    round_to: Callable[[np.ndarray], np.ndarray]
    divisor: int


NONE = Rounding("none", 1, np.asarray, 1)
INTEGER = Rounding("integer", 1, np.rint, 1)
TRUNCATE = Rounding("truncate", 10, np.floor, 10)
THOUSANDTHS = Rounding("thousandths", 1000, np.rint, 1)
TENTHS = Rounding("tenths", 10, np.floor, 1)
BY_NAME = {rounding.name: rounding for rounding in (NONE, INTEGER, TRUNCATE)}
"""What may be asked for; thousandths (MDVRPTW) and tenths (MTVRPTWR) are defaults of sets, their costs not divided."""


@dataclass(frozen=True)
class Vehicle:
    """A vehicle of an instance; it starts and ends at ``depot`` and may reload at ``reload_depots``."""

    capacity: int
    depot: int = 0
    unit_cost: float = 1
    fixed_cost: float = 0
    max_duration: float = FOREVER
    max_distance: float = FOREVER
    reload_depots: tuple[int, ...] = ()
    max_reloads: float = FOREVER


class Pair(NamedTuple):
    """What is picked up at one customer and delivered to another."""

    pickup: int
    delivery: int
    amount: int


@dataclass(frozen=True)
class Instance:
    """Nodes are numbered from 0, depots first: a customer's number is that of published solutions.

    ``legs`` (float64 [nodes, nodes]) is both distance and driving time. ``demand`` comes from the depot and
    ``backhaul`` goes there (int64 [nodes]); ``opens``, ``closes`` (of the start of service), ``service`` and
    ``release`` are float64 [nodes], all in file units until ``rounded``. A cost is unit cost times distance
    plus fixed costs, divided by ``price_divisor``.
    """

    name: str
    problem: str
    depots: int
    legs: np.ndarray
    demand: np.ndarray
    backhaul: np.ndarray
    opens: np.ndarray
    closes: np.ndarray
    service: np.ndarray
    release: np.ndarray
    vehicles: tuple[Vehicle, ...]
    default_rounding: Rounding
    pairs: tuple[Pair, ...] = ()
    linehaul_first: bool = False
    price_divisor: float = 1
    rounding: Rounding = NONE

    @property
    def nodes(self) -> int:
        """Depots and customers."""
        return len(self.legs)

    @property
    def customers(self) -> range:
        """Numbers of the customers."""
        return range(self.depots, self.nodes)

    @cached_property
    def vehicles_differ(self) -> bool:
        """Whether it matters which vehicle drives a route; then route k is vehicle k."""
        return len(set(self.vehicles)) > 1

    @cached_property
    def integral(self) -> bool:
        """Whether all legs are whole numbers."""
        return bool((self.legs == np.rint(self.legs)).all())

    def vehicle(self, route: int) -> Vehicle:
        """The vehicle of a route (of routes beyond the fleet: the first)."""
        return self.vehicles[route if route < len(self.vehicles) else 0]

    def rounded(self, rounding: Rounding) -> "Instance":
        """The same instance in the units of a convention; to be asked of an instance in file units."""

        def units(values: np.ndarray) -> np.ndarray:
            return rounding.round_to(rounding.per_unit * values)

        return replace(
            self,
            legs=units(self.legs),
            opens=units(self.opens),
            closes=units(self.closes),
            service=units(self.service),
            release=units(self.release),
            vehicles=tuple(
                replace(
                    vehicle,
                    fixed_cost=rounding.per_unit * vehicle.fixed_cost,
                    max_duration=float(units(np.array(vehicle.max_duration))),
                    max_distance=float(units(np.array(vehicle.max_distance))),
                )
                for vehicle in self.vehicles
            ),
            rounding=rounding,
            price_divisor=self.price_divisor * rounding.divisor,
        )


def euclidean(points: np.ndarray) -> np.ndarray:
    """Distances between points (float64 [nodes, 2]), correctly rounded square roots."""
    difference = points[:, None] - points[None]
    return np.sqrt((difference**2).sum(axis=2))
