"""Many orders at once."""

from collections.abc import Generator
from typing import Annotated

from pydantic import Field

from scenarios.incidents.stage import Stage, Timing


class DemandSurge(Timing):
    """``orders`` more, placed evenly over ``lasts_s``, drawn like the scenario's generated ones."""

    orders: Annotated[int, Field(ge=1, le=100_000)] = 20


def demand_surge(stage: Stage, name: str, what: DemandSurge) -> Generator[int, None, None]:
    """Extra orders are placed during the day."""
    gap_us = round(what.lasts_s * 1e6) // what.orders
    for order in stage.surge(name, what.orders, what.lasts_s):
        stage.place_order(order)
        yield gap_us
