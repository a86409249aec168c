"""An instance in whole numbers for solvers that know no others: whatever is feasible in them is feasible."""

from typing import NamedTuple

import numpy as np

from scenarios.benchmarks.instance import FOREVER, Instance

FINEST = 1000
"""Parts of a unit that is not whole, the customary precision ("exact" in PyVRP), less where a unit costs more than
one: PyVRP's penalties end at 100,000 a unit of load."""

HUNDREDTHS = 100
"""Of a unit cost, where it is not whole."""

SLACK = 1e-7
"""What doubles are off by: a leg of 2.0000000001 parts counts as 2."""

OPEN_END = int(np.iinfo(np.int64).max)
"""A window or limit that is none, as PyVRP writes it."""


class WholeNumbers(NamedTuple):
    """Legs as costs (nearest) and as times (rounded up), windows narrowed, limits cut, all int64.

    ``parts`` of these are one unit of the instance; ``unit_costs`` and ``fixed_costs`` (by vehicle) are such that
    a unit cost times a leg and a fixed cost are in the same unit.
    """

    parts: int
    distances: np.ndarray
    durations: np.ndarray
    opens: np.ndarray
    closes: np.ndarray
    service: np.ndarray
    release: np.ndarray
    unit_costs: tuple[int, ...]
    fixed_costs: tuple[int, ...]

    def limit(self, value: float) -> int:
        """A limit of a route in parts, rounded down."""
        return OPEN_END if value == FOREVER else int(np.floor(value * self.parts + SLACK))


def whole_numbers(instance: Instance) -> WholeNumbers:
    """The instance in whole numbers; unit costs that are not whole are kept to two decimals."""
    unit_costs = [vehicle.unit_cost for vehicle in instance.vehicles]
    times = 1 if all(cost == int(cost) for cost in unit_costs) else HUNDREDTHS
    whole_costs = [round(cost * times) for cost in unit_costs]
    divisor = int(np.gcd.reduce(whole_costs)) or 1
    most = max(whole_costs) // divisor
    parts = 1 if instance.integral else max(1, FINEST // max(1, most))
    per_unit = parts * times / divisor

    def up(values: np.ndarray) -> np.ndarray:
        return np.ceil(values * parts - SLACK).astype(np.int64)

    closes = np.where(np.isinf(instance.closes), 0, np.floor(instance.closes * parts + SLACK)).astype(np.int64)
    return WholeNumbers(
        parts=parts,
        distances=np.rint(instance.legs * parts).astype(np.int64),
        durations=up(instance.legs),
        opens=up(instance.opens),
        closes=np.where(np.isinf(instance.closes), OPEN_END, closes),
        service=up(instance.service),
        release=up(instance.release),
        unit_costs=tuple(cost // divisor for cost in whole_costs),
        fixed_costs=tuple(round(vehicle.fixed_cost * per_unit) for vehicle in instance.vehicles),
    )
