"""What an incident may move, and how it says when it begins."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agents.plant.component import exponential_us
from agents.plant.plant import Plant
from agents.plant.runbook import Attendance
from agents.vehicle import Vehicle
from agents.world import World
from engine.clock import SECOND
from scenarios.incidents.instruments import Instruments
from scenarios.section import ClockTime, OneOf, clock_s
from twin.orders import Order, Place

DAY_S = 86_400.0
LONGEST_S = 400 * DAY_S

Area = tuple[float, float, float]
"""A disc: latitude, longitude, radius in metres."""


class Episode(NamedTuple):
    """One time an incident happens: its name then (``x``, ``x#2``, ``x#3``), when it begins, how long it lasts."""

    name: str
    begins_us: int
    lasts_s: float


class Timing(BaseModel):
    """Every incident's fields: what, when, how long. ``day`` counts from 1, the first day of the run.

    Either once, ``at`` a time of that day, or from that day on again and again, ``rate_per_day`` times a day of being
    over, by a draw of its own; it then lasts ``lasts_s`` on average (exponential) and never overlaps itself.
    """

    one_of: ClassVar[tuple[OneOf, ...]] = ((("at",), ("rate_per_day",)),)
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    kind: str
    at: ClockTime | None = Field(None, description="local time")
    rate_per_day: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        None, description="instead of `at`: as often on average; `lasts_s` is then the mean"
    )
    day: int = Field(1, ge=1, le=400)
    lasts_s: Annotated[float, Field(gt=0, le=LONGEST_S)] = 3600.0

    @model_validator(mode="after")
    def _when(self) -> "Timing":
        if (self.at is None) == (self.rate_per_day is None):
            raise ValueError("expected at or rate_per_day, one of them")
        return self

    def episodes(self, name: str, world: World) -> Iterator[Episode]:
        """When it happens, in order. Drawn by name and number: it is the same whatever else the scenario says."""
        day = world.local.day(world.start_us) + self.day - 1
        if self.at is not None:
            yield Episode(name, world.local.at(day, clock_s(self.at)), self.lasts_s)
            return
        assert self.rate_per_day is not None  # noqa: S101  (one of them is given)
        at_us = max(world.now, world.local.at(day, 0))
        for number in count(1):
            at_us += exponential_us(world.streams, DAY_S / self.rate_per_day, "incident", name, number, "after")
            drawn_us = exponential_us(world.streams, self.lasts_s, "incident", name, number, "lasts")
            lasts_s = min(LONGEST_S, max(1.0, round(drawn_us / SECOND)))
            yield Episode(name if number == 1 else f"{name}#{number}", at_us, lasts_s)
            at_us += round(lasts_s * SECOND)


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
    plant: Plant
    attendance: Attendance
    carrier_outage: Callable[[str, tuple[str, ...] | None, Area | None], None]
    carrier_restored: Callable[[str], None]
    instruments: Instruments
