"""A mobile network is down."""

from collections.abc import Generator
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from engine.clock import SECOND
from scenarios.incidents.stage import Area, Stage, Timing
from scenarios.section import OneOf


class CarrierOutage(Timing):
    """``carriers``, or all of them, are down within ``radius_m`` of ``lat``, ``lon`` or of the depot ``near_depot``;
    without either: everywhere."""

    one_of: ClassVar[tuple[OneOf, ...]] = (*Timing.one_of, (("lat", "lon"), ("near_depot",)))

    carriers: list[str] | None = Field(None, min_length=1, description="of `radio.carriers`; null: all")
    lat: Annotated[float, Field(ge=-85, le=85)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    near_depot: str | None = None
    radius_m: Annotated[float, Field(gt=0, le=1_000_000)] = 10_000.0

    @model_validator(mode="after")
    def _where(self) -> "CarrierOutage":
        if (self.lat is None) != (self.lon is None):
            raise ValueError("expected lat and lon, both or neither")
        if self.lat is not None and self.near_depot is not None:
            raise ValueError("expected lat and lon, or near_depot, or none of them (everywhere)")
        return self


def carrier_outage(stage: Stage, name: str, what: CarrierOutage) -> Generator[int, None, None]:
    """A mobile network, or all of them, is down in an area or everywhere."""
    stage.carrier_outage(name, None if what.carriers is None else tuple(what.carriers), _area(stage, what))
    yield round(what.lasts_s * SECOND)
    stage.carrier_restored(name)


def _area(stage: Stage, what: CarrierOutage) -> Area | None:
    if what.near_depot is not None:
        depot = stage.depots[what.near_depot]
        return depot.lat, depot.lon, what.radius_m
    if what.lat is None or what.lon is None:
        return None
    return what.lat, what.lon, what.radius_m
