"""Incidents: causes injected into a run as data, each restoring the world when it ends.

An incident is a generator over a ``Stage`` (the handles it may move); what it does before its first ``yield`` is its
start, what it yields is how long to wait (microseconds). Register one with a line here.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from scenarios.incidents.breakdown import Breakdown, breakdown
from scenarios.incidents.demand_surge import DemandSurge, demand_surge
from scenarios.incidents.road_closure import RoadClosure, road_closure
from scenarios.incidents.weather import WeatherIncident, weather

Play: TypeAlias = Callable[[Any, str, Any], Generator[int, None, None]]


@dataclass(frozen=True)
class Incident:
    """A registered kind of incident: its parameters and what it does."""

    parameters: type[BaseModel]
    play: Play

    @property
    def summary(self) -> str:
        """First line of its documentation."""
        return (self.play.__doc__ or "").strip().splitlines()[0]


INCIDENTS: dict[str, Incident] = {
    "breakdown": Incident(Breakdown, breakdown),
    "demand_surge": Incident(DemandSurge, demand_surge),
    "road_closure": Incident(RoadClosure, road_closure),
    "weather": Incident(WeatherIncident, weather),
}
