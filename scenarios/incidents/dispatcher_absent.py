"""Nobody decides at head office."""

from collections.abc import Generator

from engine.clock import SECOND
from scenarios.incidents.stage import Stage, Timing


class DispatcherAbsent(Timing):
    """Messages arrive; nothing is decided and nothing acknowledged until the dispatcher is back or somebody stands
    in (a runbook step that ``does: stand_in``)."""


def dispatcher_absent(stage: Stage, name: str, what: DispatcherAbsent) -> Generator[int, None, None]:
    """The dispatcher is away."""
    stage.attendance.leave(name)
    yield round(what.lasts_s * SECOND)
    stage.attendance.back(name)
