"""Dispatch policies: ``decide(view, travel, rng, budget) -> [Command]``, functions of a snapshot.

A policy sees belief only. Its memory is ``view.journal``; randomness and effort come only from what it is given.
Register one with a line here; other packages use the entry point group ``fleet_twin.policies``.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TypeAlias

import numpy as np

from twin.commands import Command
from twin.policies.insertion import insertion
from twin.policies.nearest import nearest
from twin.policies.plan_only import plan_only
from twin.travel import TravelTimes
from twin.views import FleetView

Policy: TypeAlias = Callable[[FleetView, TravelTimes, np.random.Generator, int], list[Command]]

POLICIES: dict[str, Policy] = {
    "insertion": insertion,
    "nearest": nearest,
    "plan_only": plan_only,
}


def policies() -> dict[str, Policy]:
    """All registered policies by name, ours and those of installed packages."""
    found = {point.name: point.load() for point in entry_points(group="fleet_twin.policies")}
    return dict(sorted((found | POLICIES).items()))
