"""A named vehicle fails on its next trip."""

from collections.abc import Generator

from engine.clock import SECOND
from scenarios.incidents.stage import Stage, Timing


class Breakdown(Timing):
    """``vehicle`` stands for ``lasts_s`` in the middle of the next trip it begins, if it begins one within ``lasts_s``;
    of several that overlap none is lost: those that wait for the same trip are mended there one after the other, and
    one that begins during a trip on which the vehicle fails waits for the trip after.
    """

    vehicle: str


def breakdown(stage: Stage, name: str, what: Breakdown) -> Generator[int, None, None]:
    """A vehicle fails in the middle of its next trip."""
    vehicle, lasts_us = stage.vehicles[what.vehicle], round(what.lasts_s * SECOND)
    while vehicle.stands_until_us > stage.world.now:
        yield vehicle.stands_until_us - stage.world.now
    vehicle.faults[name] = lasts_us
    yield lasts_us
    vehicle.faults.pop(name, None)
