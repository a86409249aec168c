"""Roads closed for a while: an area around a point, or a street by name."""

from collections.abc import Generator
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field, model_validator

from scenarios.incidents.stage import Stage, Timing
from scenarios.section import OneOf
from twin.orders import Place

ASIDE_DEG = 0.008
"""A closure near a depot is about 900 m north of it: the depot itself stays reachable."""


class RoadClosure(Timing):
    """Where: ``lat``, ``lon`` and ``radius_m``, or ``street``, or ``near_depot`` for one that fits any region."""

    one_of: ClassVar[tuple[OneOf, ...]] = (*Timing.one_of, (("lat", "lon"), ("street",), ("near_depot",)))

    lat: Annotated[float, Field(ge=-85, le=85)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    near_depot: str | None = None
    radius_m: Annotated[float, Field(gt=0, le=50_000)] = 200.0
    street: str | None = None
    reported_after_s: Annotated[float, Field(ge=0)] | None = Field(
        None, description="head office is told this much later; null: only by drivers who meet it"
    )

    @model_validator(mode="after")
    def _where(self) -> "RoadClosure":
        given = [self.lat is not None and self.lon is not None, self.street is not None, self.near_depot is not None]
        if sum(given) != 1:
            raise ValueError("expected lat and lon, or street, or near_depot")
        return self


def edges_closed(roads: Any, depots: dict[str, Place], what: RoadClosure) -> np.ndarray:
    """Edges of the roads a closure shuts, int64 ascending; none where there is no road."""
    if what.street is not None:
        return roads.edges_of_street(what.street)
    if what.near_depot is None:
        return roads.edges_near(what.lat, what.lon, what.radius_m)
    depot, radius_m = depots[what.near_depot], what.radius_m
    while True:  # it is to fit any region: where no road is so near, it reaches the nearest
        edges = roads.edges_near(depot.lat + ASIDE_DEG, depot.lon, radius_m)
        if len(edges):
            return edges
        radius_m *= 2


def road_closure(stage: Stage, name: str, what: RoadClosure) -> Generator[int, None, None]:
    """Close an area's or a street's roads; drivers turn round where they meet it."""
    world = stage.world
    edges = edges_closed(world.roads, stage.depots, what)
    closed = tuple(sorted(int(edge) for edge in edges))
    stage.close_roads(name, closed)
    told = False
    waited = 0
    total = round(what.lasts_s * 1e6)
    if what.reported_after_s is not None and what.reported_after_s < what.lasts_s:
        waited = round(what.reported_after_s * 1e6)
        yield waited
        world.report("road_closed", name, {"closure": name, "edges": list(closed)}, "traffic-centre", "feed")
        told = True
    yield total - waited
    stage.open_roads(name)
    if told:
        world.report("road_opened", name, {"closure": name, "edges": list(closed)}, "traffic-centre", "feed")
