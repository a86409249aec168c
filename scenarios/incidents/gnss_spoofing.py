"""False satellite signals lead a vehicle's device astray."""

from collections.abc import Generator
from math import cos, radians, sin
from typing import Annotated, Literal

from pydantic import Field

from scenarios.incidents.stage import Stage, Timing


class GnssSpoofing(Timing):
    """``vehicle``'s position is wrong: off by ``offset_m`` at once, by ``drift_mps`` more each second, or frozen."""

    vehicle: str
    mode: Literal["jump", "frozen", "drift"] = "jump"
    offset_m: Annotated[float, Field(gt=0, le=1e6)] = Field(2000.0, description="with `jump`")
    drift_mps: Annotated[float, Field(gt=0, le=100)] = Field(6.0, description="with `drift`")
    bearing_deg: Annotated[float, Field(ge=0, lt=360)] = Field(90.0, description="which way: 0 north, 90 east")


def gnss_spoofing(stage: Stage, name: str, what: GnssSpoofing) -> Generator[int, None, None]:
    """A spoofer: received power up, signals all alike, and the position as the spoofer says."""
    interference, world = stage.instruments.receivers.interference, stage.world
    size_m, course = what.drift_mps if what.mode == "drift" else what.offset_m, radians(what.bearing_deg)
    north_m, east_m = round(size_m * cos(course), 3), round(size_m * sin(course), 3)
    device = stage.instruments.device_of[what.vehicle]
    spoofer = interference.spoof(device, what.mode, north_m, east_m, world.now)
    yield round(what.lasts_s * 1e6)
    interference.end(spoofer, world.now)
