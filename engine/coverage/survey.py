"""The coverage map of a region: carriers, Wi-Fi and street canyons put together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.coverage import terrain, towers, zones
from engine.coverage.code import NO_SIGNAL, OPEN_SKY, STREET_CANYON, pack
from engine.coverage.fields import gaussian_field
from engine.coverage.map import CoverageMap
from engine.coverage.region import Region
from engine.streams import Streams

_PLACE = Streams(0)
"""Shadowing belongs to the region and the carrier, not to the run."""


@dataclass(frozen=True)
class CarrierPlan:
    """Where a carrier's coverage is from: ``sites`` or ``holes`` (neither: everywhere), less ``dead_zones``."""

    name: str
    best: int  # newest level it offers
    sites: towers.Towers | None = None
    holes: terrain.Holes | None = None
    dead_zones: Sequence[zones.Rings] = ()


def survey(
    region: Region,
    carriers: Sequence[CarrierPlan],
    correlation: float,
    wifi: Sequence[tuple[int, int, float]] = (),
    canyon_share: float = 0.0,
    tunnels_dark: bool = True,
) -> CoverageMap:
    """What is where.

    Args:
        correlation: how alike carriers' holes are (phi); of shadowing with towers, that of the signals.
        wifi: x_mm, y_mm and reach in metres of places with Wi-Fi.
        canyon_share: share of the cells with a road, those with most road around, that are street canyons.
    """
    levels = _levels(region, carriers, correlation)
    code = pack(levels, _wifi(region, wifi), _sky(region, canyon_share))
    grid = region.grid
    return CoverageMap(
        tuple(carrier.name for carrier in carriers), code, grid.x0_mm, grid.y0_mm, grid.cell_mm, tunnels_dark
    )


def _levels(region: Region, carriers: Sequence[CarrierPlan], correlation: float) -> list[np.ndarray]:
    holes = [carrier.holes for carrier in carriers if carrier.holes is not None]
    of_terrain = dict(zip((one.name for one in holes), terrain.levels(region, holes, correlation)))
    out = []
    for carrier in carriers:
        level = np.full(region.grid.shape, carrier.best, np.uint8)
        if carrier.sites is not None:
            level = np.minimum(level, towers.levels(region, carrier.sites, _shadowing(region, carrier, correlation)))
        elif carrier.holes is not None:
            level = np.minimum(level, of_terrain[carrier.name])
        if carrier.dead_zones:
            level[zones.inside(region.grid, region.projection, list(carrier.dead_zones))] = NO_SIGNAL
        out.append(level)
    return out


def _shadowing(region: Region, carrier: CarrierPlan, correlation: float) -> np.ndarray:
    """Standard normal, correlated between carriers: the same hills and houses stand in the way of all."""
    shared, own = (
        gaussian_field(region.grid, _PLACE.generator("shadowing", *name), towers.SHADOWING_M)
        for name in ((), (carrier.name,))
    )
    return np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own


def _wifi(region: Region, places: Sequence[tuple[int, int, float]]) -> np.ndarray:
    cells = np.zeros(region.grid.shape, bool)
    for x_mm, y_mm, reach_m in places:
        if reach_m > 0:
            cells.ravel()[region.grid.disc(x_mm, y_mm, reach_m)] = True
    return cells


def _sky(region: Region, canyon_share: float) -> np.ndarray:
    sky = np.full(region.grid.shape, OPEN_SKY, np.uint8)
    canyons = round(canyon_share * int((region.road_m > 0).sum()))
    if canyons:
        density = np.round(np.where(region.road_m > 0, region.road_density(), -1.0), 5).ravel()
        sky.ravel()[np.argsort(-density, kind="stable")[:canyons]] = STREET_CANYON
    return sky
