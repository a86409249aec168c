"""Satellite positioning drowned in noise, around a place or on board of a vehicle."""

from collections.abc import Generator
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from engine.interference import Jam, JamArea
from scenarios.incidents.stage import Stage, Timing
from scenarios.section import OneOf


class GnssJamming(Timing):
    """Where: ``lat`` and ``lon``, or ``near_depot`` (all vehicles within ``radius_m``), or on board of ``vehicle``."""

    one_of: ClassVar[tuple[OneOf, ...]] = (*Timing.one_of, (("lat", "lon"), ("near_depot",), ("vehicle",)))

    lat: Annotated[float, Field(ge=-85, le=85)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    near_depot: str | None = None
    vehicle: str | None = None
    radius_m: Annotated[float, Field(gt=0, le=50_000)] = Field(
        500.0, description="reach; in its outer 30 % there are fixes, but bad ones"
    )

    @model_validator(mode="after")
    def _where(self) -> "GnssJamming":
        given = [self.lat is not None and self.lon is not None, self.near_depot is not None, self.vehicle is not None]
        if sum(given) != 1 or (self.lat is None) != (self.lon is None):
            raise ValueError("expected lat and lon, or near_depot, or vehicle")
        return self


def gnss_jamming(stage: Stage, name: str, what: GnssJamming) -> Generator[int, None, None]:
    """A jammer: received power up, no fix or a bad one, for all around it or for one vehicle."""
    interference, now = stage.instruments.receivers.interference, stage.world.now
    jammer: Jam | JamArea
    if what.vehicle is not None:
        jammer = interference.jam(stage.instruments.device_of[what.vehicle], now)
    else:
        lat, lon = what.lat, what.lon
        if what.near_depot is not None:
            depot = stage.depots[what.near_depot]
            lat, lon = depot.lat, depot.lon
        assert lat is not None  # noqa: S101  (checked by the model)
        assert lon is not None  # noqa: S101
        jammer = interference.jam_area(lat, lon, what.radius_m, now)
    yield round(what.lasts_s * 1e6)
    interference.end(jammer, stage.world.now)
