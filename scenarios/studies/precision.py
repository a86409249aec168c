"""When a study has run enough days: sequential stopping at a relative precision.

Law & Kelton's rule: after ten replications and after each further one, stop once half-width / |mean| is at most
g / (1 + g); then the relative error of the mean is at most g with the level of the interval (Law, Simulation Modeling
and Analysis, section 9.4; Law, Kelton & Koenig, Commun. Statist. B 10 (1981)). A study stops early on days that happen
to be alike, so its intervals hold the truth less often than at a fixed number of days. Its rule and its intervals are
therefore of a higher level, which brings the coverage back (measured: ``docs/statistics.md``).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from scenarios.studies.comparison import estimate_of
from scenarios.studies.run import Figures
from scenarios.studies.statistics import CONFIDENCE, Estimate, estimate
from scenarios.studies.study import Study

FIRST_LOOK = 10
"""Replications before the first look: fewer say too little about how much days vary."""
STOPPED_LEVEL = 0.97
"""Level of the t intervals of a study that may stop early, so that they hold the truth 95 times in 100 [A]."""


class Precision(NamedTuple):
    """How precisely a KPI is known: ``relative`` half-width, the widest of the study and ``of`` what.

    It is that of a variant's mean over the mean itself, or of a variant's paired difference over the mean of the base.
    None where too few replications define the KPI, or something that varies has mean 0.
    """

    kpi: str
    asked: float
    relative: float | None
    of: str
    reached: bool

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"asked": self.asked, "relative": self.relative, "of": self.of, "reached": self.reached}


def interval_level(study: Study) -> float:
    """The level of a study's t intervals."""
    return STOPPED_LEVEL if study.precision or study.choose else CONFIDENCE


def precision_rule(study: Study) -> Callable[[Figures], bool]:
    """Whether what was asked for is known precisely enough; a study that asks for nothing never is."""

    def enough(figures: Figures) -> bool:
        return precise(figures, study.precision) is True

    return enough


def precise(figures: Figures, precision: Mapping[str, float]) -> bool | None:
    """Whether every KPI named is as precise as asked; None where none is."""
    if not precision:
        return None
    return all(precision_of(figures, kpi, asked).reached for kpi, asked in precision.items())


def precision_of(figures: Figures, kpi: str, asked: float) -> Precision:
    """The precision reached of a KPI, over all variants of a study and their differences from the first."""
    base, *others = figures.values
    columns = {variant: figures.of(variant, kpi) for variant in figures.values}
    means = {variant: estimate_of(figures, variant, kpi, STOPPED_LEVEL) for variant in columns}
    widths = {variant: _relative(columns[variant], mean, mean.mean) for variant, mean in means.items()}
    for variant in others:
        change = columns[variant] - columns[base]
        widths[f"{variant} less {base}"] = _relative(change, estimate(change, STOPPED_LEVEL), means[base].mean)
    of, widest = max(widths.items(), key=lambda item: item[1])
    reached = widest <= asked / (1 + asked)
    return Precision(kpi, asked, widest if math.isfinite(widest) else None, of, reached)


def _relative(values: np.ndarray, found: Estimate, scale: float | None) -> float:
    """Half the interval over a mean; infinite before the first look."""
    if np.count_nonzero(~np.isnan(values)) < FIRST_LOOK or found.low is None or found.high is None:
        return math.inf
    half = (found.high - found.low) / 2
    if not half:
        return 0.0
    return half / abs(scale) if scale else math.inf
