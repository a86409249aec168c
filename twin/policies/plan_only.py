"""The morning's plan and nothing else: orders that come during the day wait for the next plan."""

import numpy as np

from twin.commands import Command
from twin.travel import TravelTimes
from twin.views import FleetView


def plan_only(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
    """Do nothing: what the planner left open stays open."""
    return []
