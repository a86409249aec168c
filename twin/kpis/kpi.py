"""What a KPI is: a tiny function of facts, with everything a reader of the number needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from twin.kpis.records import Facts

Basis = Literal["both", "truth", "office"]
ORDERS = ("driver", "vehicle", "depot", "zone", "customer", "hour")
"""Dimensions of what is counted over orders."""
NO_CUSTOMER = ("driver", "vehicle", "depot", "zone", "hour")
"""The same without customers: of little meaning where one has an order or two."""
WORK = ("driver", "vehicle", "depot", "hour")
"""Dimensions of what is counted over trips and stops."""
SHIFTS = ("driver", "vehicle", "depot")
"""Dimensions of what needs whole shifts."""
DIMENSIONS = (*ORDERS, "rule", "cost_item")


@dataclass(frozen=True)
class Kpi:
    """A registered KPI.

    ``basis``: ``both`` is a value from truth and a reported one from what the office knew; ``truth`` has no reported
    figure; ``office`` is a property of the office's own knowledge (commands, telemetry), so that is its value.
    ``of`` gives None where the KPI is undefined. ``doc`` states formula, window, unit and denominator.
    """

    name: str
    unit: str
    better: Literal["higher", "lower", "neither"]
    kind: Literal["leading", "lagging"]
    owner: str
    doc: str
    of: Callable[[Facts], float | None]
    dimensions: tuple[str, ...] = ()
    basis: Basis = "both"
