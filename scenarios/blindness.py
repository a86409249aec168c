"""The price of blindness: one day and policy, decided on paper, on what got through, and on the truth.

The price of a source of information is what it costs more than the truth does, in money and in orders not delivered on
time, paired by replication (same seed, so the same customers, roads and failures).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy import stats

from scenarios.ground import prepare
from scenarios.load import Scenario
from scenarios.replications import replication_seed
from scenarios.run import run

Source = Literal["paper", "belief", "perfect"]
SOURCES: tuple[Source, ...] = ("paper", "belief", "perfect")
FIGURES = ("cost_eur", "not_on_time_orders")
"""KPIs by which a source of information is priced."""


class Estimate(NamedTuple):
    """A mean with its two-sided 95 % t interval; no interval from one replication."""

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Blindness:
    """Figures by source, arrays [replications]: EUR, and orders that were not delivered on time."""

    figures: dict[Source, dict[str, np.ndarray]]

    def price(self, source: Source, figure: str) -> Estimate:
        """What a source costs more than the truth, by ``figure``."""
        return estimate(self.figures[source][figure] - self.figures["perfect"][figure])

    def as_dict(self) -> dict[str, Any]:
        """As JSON: means and prices with their intervals, by source."""
        return {
            source: {
                name: {"mean": float(values.mean()), "price": self.price(source, name)._asdict()}
                for name, values in figures.items()
            }
            for source, figures in self.figures.items()
        }


def estimate(values: np.ndarray) -> Estimate:
    """Mean and 95 % interval by Student's t; exactly the mean where nothing varies."""
    mean = float(values.mean())
    if len(values) < 2:
        return Estimate(mean, None, None)
    half = float(stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return Estimate(mean, mean - half, mean + half)


def price_of_blindness(
    scenario: Scenario, replications: int = 1, tell: Callable[[float, str], None] | None = None
) -> Blindness:
    """Run the scenario under every source of information, ``replications`` times each.

    Raises:
        BadInput: roads or orders that cannot be used.
        RunFailed: a run that began and could not go on.
    """
    figures: dict[Source, dict[str, list[float]]] = {s: {f: [] for f in FIGURES} for s in SOURCES}
    for number in range(replications):
        seed = scenario.model.seed if replications == 1 else replication_seed(scenario.model.seed, number)
        seeded = _with(scenario, seed=seed)
        ground = prepare(seeded)
        for place, source in enumerate(SOURCES):
            if tell is not None:
                tell((number + place / len(SOURCES)) / replications, f"replication {number + 1}, {source}")
            dispatch = seeded.model.dispatch.model_copy(update={"information": source})
            kpis = run(_with(seeded, dispatch=dispatch), ground=ground).kpis
            for name in FIGURES:
                figures[source][name].append(kpis[name]["value"])
    return Blindness({source: {name: np.array(v) for name, v in by.items()} for source, by in figures.items()})


def _with(scenario: Scenario, **changes: Any) -> Scenario:
    return replace(scenario, model=scenario.model.model_copy(update=changes))
