"""The dispatch platform is down."""

from collections.abc import Generator

from engine.clock import SECOND
from scenarios.incidents.stage import Stage, Timing


class PlatformOutage(Timing):
    """Messages wait at the platform's door, no command can be given; both go on in order when it is back."""


def platform_outage(stage: Stage, name: str, what: PlatformOutage) -> Generator[int, None, None]:
    """The dispatch platform is down for a while."""
    platform = stage.plant.platform.component
    platform.fail(name)
    yield round(what.lasts_s * SECOND)
    platform.restore(name)
