"""A device's clock is suddenly wrong."""

from collections.abc import Generator
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from engine.device_clock import ROLLOVER_US
from scenarios.incidents.stage import Stage, Timing
from scenarios.section import OneOf


class ClockJump(Timing):
    """The clock of ``vehicle``'s device jumps by ``by_s``, or ``to`` 1970, or back over a roll-over of GPS weeks."""

    one_of: ClassVar[tuple[OneOf, ...]] = (*Timing.one_of, (("by_s",), ("to",)))

    vehicle: str
    by_s: Annotated[float, Field(ge=-1e9, le=1e9)] | None = None
    to: Literal["1970", "rollover"] | None = Field(None, description="`rollover`: 1,024 weeks back")

    @model_validator(mode="after")
    def _how(self) -> "ClockJump":
        if (self.by_s is None) == (self.to is None):
            raise ValueError("expected by_s or to, one of them")
        return self


def clock_jump(stage: Stage, name: str, what: ClockJump) -> Generator[int, None, None]:
    """A device's clock jumps; what it measures and reports bears the wrong time."""
    clocks, world = stage.instruments.receivers.clocks, stage.world
    by_us = -world.now if what.to == "1970" else ROLLOVER_US
    if what.by_s is not None:
        by_us = round(what.by_s * 1e6)
    jump = clocks.jump(stage.instruments.device_of[what.vehicle], world.now, by_us)
    yield round(what.lasts_s * 1e6)
    clocks.end(jump, world.now)
