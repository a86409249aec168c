"""A named vehicle fails on its next trip."""

from collections.abc import Generator

from scenarios.incidents.stage import Stage, Timing


class Breakdown(Timing):
    """``vehicle`` stands for ``lasts_s`` in the middle of the next trip it begins."""

    vehicle: str


def breakdown(stage: Stage, name: str, what: Breakdown) -> Generator[int, None, None]:
    """A vehicle fails in the middle of its next trip."""
    vehicle = stage.vehicles[what.vehicle]
    vehicle.fail_next_us = round(what.lasts_s * 1e6)
    yield round(what.lasts_s * 1e6)
    vehicle.fail_next_us = 0
