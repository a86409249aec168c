"""Which variant is best: ranking and selection with an indifference zone.

The procedure KN of Kim & Nelson, ACM TOMACS 11 (2001), with common random numbers: after ``FIRST_LOOK`` replications
and after each further one, a variant is eliminated once another's mean is ahead by more than what chance still
explains. Where the best is ahead by ``delta`` or more, it is chosen with 95 % probability (for normal figures). An
eliminated variant goes on being run, so that every table of the study rests on the same days.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scenarios.studies.comparison import unit_and_better
from scenarios.studies.precision import FIRST_LOOK
from scenarios.studies.run import Figures
from scenarios.studies.statistics import CONFIDENCE
from scenarios.studies.study import Choose, Study


@dataclass(frozen=True)
class Choice:
    """``best`` is None while it cannot be told.

    ``eliminated``: after how many replications, by variant. ``left``: the variants nobody beat yet, the best among
    them. ``equal``: those left that chance no longer separates from the best. ``replications``: those looked at.
    """

    best: str | None
    eliminated: dict[str, int]
    left: tuple[str, ...]
    equal: tuple[str, ...]
    replications: int

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "best": self.best, "eliminated": self.eliminated, "left": [*self.left], "equal": [*self.equal],
            "replications": self.replications,
        }  # fmt: skip


def choice_rule(study: Study) -> Callable[[Figures], bool]:
    """Whether the best variant can be told; a study that does not ask never can."""

    def enough(figures: Figures) -> bool:
        return study.choose is not None and choice(figures, study.choose).best is not None

    return enough


def choice(figures: Figures, choose: Choose) -> Choice:
    """The best variant of a study so far; replications in which the KPI is undefined somewhere do not count."""
    values = {variant: figures.of(variant, choose.kpi) for variant in figures.values}
    return select(values, choose.delta, unit_and_better(choose.kpi)[1])


def select(
    values: Mapping[str, np.ndarray], delta: float, better: str, first: int = FIRST_LOOK, alpha: float = 1 - CONFIDENCE
) -> Choice:
    """The best of systems with figures [replications], paired; ``better`` is ``higher`` or ``lower``."""
    names = [*values]
    table = np.array([values[name] for name in names]) * (1 if better == "higher" else -1)
    table = table[:, ~np.isnan(table).any(axis=0)]
    n = table.shape[1]
    if n < first or len(names) == 1:
        return Choice(names[0] if len(names) == 1 else None, {}, tuple(names), (), n)
    _, h2 = kn_constants(len(names), first, alpha)
    variances = (table[:, None, :first] - table[None, :, :first]).var(axis=2, ddof=1)
    means = table.cumsum(axis=1) / np.arange(1, n + 1)
    left = np.arange(len(names))
    eliminated: dict[str, int] = {}
    for stage in range(first, n + 1):
        mean = means[left, stage - 1]
        slack = np.maximum(0.0, delta / (2 * stage) * (h2 * variances[np.ix_(left, left)] / delta**2 - stage))
        stays = (mean[:, None] >= mean[None, :] - slack).all(axis=1)
        eliminated |= {names[i]: stage for i in left[~stays]}
        left, slack = left[stays], slack[np.ix_(stays, stays)]
        if len(left) == 1 or not slack.any():  # without slack only equal means are left
            best, *equal = (names[i] for i in left)
            return Choice(best, eliminated, (best, *equal), tuple(equal), stage)
    return Choice(None, eliminated, tuple(names[i] for i in left), (), n)


def kn_constants(systems: int, first: int, alpha: float) -> tuple[float, float]:
    """``eta`` and ``h2`` of the procedure, with its constant c = 1."""
    eta = 0.5 * ((2 * alpha / (systems - 1)) ** (-2 / (first - 1)) - 1)
    return eta, 2 * eta * (first - 1)
