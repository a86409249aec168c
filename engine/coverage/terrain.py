"""Coverage without a register of towers: seeded holes that follow the road network and the hills.

Every carrier has a latent signal, standard normal over the cells with a road. Where it is lowest it is dark, and
above that come 3G, LTE and 5G. Part of it is common to all carriers: remoteness from dense roads, valleys, and a
random field; the rest is each carrier's own field. How large the common part is decides how alike the holes are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.optimize import brentq
from scipy.special import ndtri, owens_t

from engine.coverage.code import LTE, NR, OLDER
from engine.coverage.fields import gaussian_field
from engine.coverage.region import Region
from engine.streams import Streams

LENGTH_M, SMOOTH_M = 730.0, 175.0
"""Of the random fields: the signal's decorrelation distance along the road, and how far phones' filtering and
hysteresis smooth it before they change technology. Fitted to drives in Cork (``docs/validation.md``)."""

COVERED_SHARES = {OLDER: 0.18, LTE: 0.32, NR: 0.50}
"""Of the covered way, on each technology: drives in Cork (``docs/validation.md``)."""

FOLLOWS = 0.5
"""Share of the common part that roads and hills explain; the rest is a random field [A]."""

VALLEY_M, VALLEY_AROUND_M = 100.0, 1500.0
"""A cell this far below the mean of its surroundings is as badly off as one a standard deviation remoter [A]."""

_SHARED = Streams(0)
"""The common part belongs to the region: it is the same for every run and seed."""


@dataclass(frozen=True)
class Holes:
    """One carrier's coverage: the share of the cells with a road that is dark, and the seed of its own part."""

    name: str
    dark_share: float
    seed: int


def loading(dark_share: float, correlation: float) -> float:
    """Correlation of two latent signals for which their dark cells have a given (phi) correlation.

    Both dark cells are the lowest ``dark_share`` of a bivariate normal: P(both) = p^2 + correlation * p (1 - p).
    By Owen's T function, P(both) = p - 2 T(z, sqrt((1 - r) / (1 + r))) with z the quantile of p.
    """
    if correlation in (0.0, 1.0):
        return correlation
    p = min(max(dark_share, 0.01), 0.99)
    z = float(ndtri(p))
    both = p * p + correlation * p * (1 - p)
    return float(brentq(lambda r: p - 2 * owens_t(z, ((1 - r) / (1 + r)) ** 0.5) - both, 0.0, 1.0 - 1e-12))


def levels(region: Region, carriers: Sequence[Holes], correlation: float) -> list[np.ndarray]:
    """Level of each cell and carrier, uint8 [rows, columns]; the dark share is met among cells with a road.

    With correlation 0 nothing is common, so holes follow neither roads nor hills.
    """
    roads = region.roads
    common = _common(region)
    own = [_field(region, Streams(c.seed).generator("coverage", c.name)) for c in carriers]
    common, *own = _uncorrelated([common, *own], roads)
    out = []
    for carrier, field in zip(carriers, own):
        r = loading(carrier.dark_share, correlation)
        out.append(by_share(np.round(np.sqrt(r) * common + np.sqrt(1 - r) * field, 5), roads, carrier.dark_share))
    return out


def _common(region: Region) -> np.ndarray:
    """What all carriers share: standard normal over the cells with a road."""
    field = _field(region, _SHARED.generator("coverage", "shared"))
    lie = _standard(np.log(region.road_density() + 1.0), region.roads)
    if region.height_m is not None:
        around = gaussian_filter(region.height_m, VALLEY_AROUND_M / region.grid.cell_m / 2, mode="nearest")
        lie = _standard(lie + np.clip((region.height_m - around) / VALLEY_M, -2, 2), region.roads)
    mixed = np.sqrt(FOLLOWS) * lie + np.sqrt(1 - FOLLOWS) * _standard(field, region.roads)
    return _normal_scores(np.round(mixed, 5), region.roads)


def _field(region: Region, rng: np.random.Generator) -> np.ndarray:
    return gaussian_field(region.grid, rng, LENGTH_M, SMOOTH_M)


def _standard(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Mean 0 and deviation 1 over the cells; nothing where all are equal."""
    deviation = float(values[cells].std())
    return (values - values[cells].mean()) / deviation if deviation > 1e-9 else np.zeros_like(values)


def _normal_scores(values: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The normal quantile of each value's rank among those of the cells."""
    ordered = np.sort(values[cells])
    rank = np.searchsorted(ordered, values, side="right") + np.searchsorted(ordered, values, side="left")
    return ndtri(np.clip(rank / (2 * len(ordered)), 0.25 / len(ordered), 1 - 0.25 / len(ordered)))


def _uncorrelated(fields: list[np.ndarray], cells: np.ndarray) -> list[np.ndarray]:
    """The fields standardised, each less what the ones before it explain: a region holds few independent
    patches, so draws correlate by chance."""
    done: list[np.ndarray] = []
    for field in fields:
        field = _standard(field, cells)
        for other in done:
            field = field - float((field[cells] * other[cells]).mean()) * other
        done.append(_standard(field, cells))
    return done


def by_share(latent: np.ndarray, cells: np.ndarray, dark_share: float) -> np.ndarray:
    """Levels by rank among the cells: the lowest share dark, above it older, LTE and 5G."""
    ordered = np.sort(latent[cells])
    shares = np.cumsum([dark_share, *((1 - dark_share) * COVERED_SHARES[level] for level in (OLDER, LTE))])
    places = np.minimum(np.rint(shares * len(ordered)).astype(int), len(ordered) - 1)
    bounds = ordered[places]
    if places[0] == 0:
        bounds[0] = -np.inf
    return np.searchsorted(bounds, latent, side="right").astype(np.uint8)
