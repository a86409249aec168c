"""A feed between systems breaks, and nobody is told."""

from collections.abc import Generator
from typing import Literal

from engine.clock import SECOND
from scenarios.incidents.stage import Stage, Timing


class FeedBreak(Timing):
    """What the feed carries waits for its repair, or is lost (``backfill`` of the feed in ``head_office``)."""

    feed: Literal["telematics_feed", "maintenance_feed"] = "telematics_feed"


def feed_break(stage: Stage, name: str, what: FeedBreak) -> Generator[int, None, None]:
    """A feed breaks silently."""
    feed = stage.plant.feeds[what.feed].component
    feed.fail(name)
    yield round(what.lasts_s * SECOND)
    feed.restore(name)
