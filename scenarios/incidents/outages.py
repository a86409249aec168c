"""Carriers that are down: the map as it is without them, whatever the order in which outages begin and end."""

from agents.world import World
from engine.coverage.map import CoverageMap
from engine.coverage.surroundings import Surroundings
from engine.geo import Projection
from scenarios.incidents.stage import Area


class Outages:
    """The outages under way in one run. Without carriers there is nothing to fail."""

    def __init__(self, surroundings: Surroundings | None, projection: Projection, world: World) -> None:
        self._surroundings, self._projection, self._world = surroundings, projection, world
        self._whole = None if surroundings is None else surroundings.map
        self._under_way: dict[str, tuple[tuple[str, ...] | None, Area | None]] = {}

    def begin(self, name: str, carriers: tuple[str, ...] | None, area: Area | None) -> None:
        """``carriers`` (None: all) are down in an area (None: everywhere)."""
        self._under_way[name] = carriers, area
        self._apply()

    def end(self, name: str) -> None:
        """They are back, as far as no other outage holds them down."""
        del self._under_way[name]
        self._apply()

    def _apply(self) -> None:
        if self._surroundings is None or self._whole is None:
            return
        left: CoverageMap = self._whole
        for carriers, area in self._under_way.values():
            cells = None
            if area is not None:
                lat, lon, radius_m = area
                x_m, y_m = self._projection.to_xy(lat, lon)
                cells = left.disc(round(float(x_m) * 1000), round(float(y_m) * 1000), radius_m)
            for carrier in left.carriers if carriers is None else carriers:
                left = left.without(carrier, cells)
        self._surroundings.change_map(left, self._world.now)
