"""What an incident may move, and how it says when it begins."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agents.vehicle import Vehicle
from agents.world import World
from scenarios.section import ClockTime, clock_s
from twin.orders import Order, Place


class Timing(BaseModel):
    """Every incident's fields: what, when, how long. ``day`` counts from 1, the first day of the run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    kind: str
    at: ClockTime = Field(description="local time")
    day: int = Field(1, ge=1, le=400)
    lasts_s: Annotated[float, Field(gt=0, le=400 * 86_400)] = 3600.0

    def begins_us(self, world: World) -> int:
        """When it begins."""
        return world.local.at(world.local.day(world.start_us) + self.day - 1, clock_s(self.at))


@dataclass
class Stage:
    """The handles of a run that incidents may move."""

    world: World
    vehicles: dict[str, Vehicle]
    depots: dict[str, Place]
    close_roads: Callable[[str, tuple[int, ...]], None]
    open_roads: Callable[[str], None]
    place_order: Callable[[Order], None]
    surge: Callable[[str, int, float], list[Order]]
