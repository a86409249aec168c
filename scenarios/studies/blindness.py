"""The price of blindness: one day and policy, decided on paper, on what got through, and on the truth.

The price of a source of information is what it costs more than the truth does, in money and in orders not delivered on
time, paired by replication (same seed, so the same customers, roads and failures).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from scenarios.load import Scenario
from scenarios.studies.run import Tell, run_study, with_changes
from scenarios.studies.statistics import Estimate, estimate

Source = Literal["paper", "belief", "perfect"]
SOURCES: tuple[Source, ...] = ("paper", "belief", "perfect")
FIGURES = ("cost_eur", "not_on_time_orders")
"""KPIs by which a source of information is priced."""


@dataclass(frozen=True)
class Blindness:
    """Figures by source, arrays [replications]: EUR, and orders that were not delivered on time."""

    figures: Mapping[Source, Mapping[str, np.ndarray]]

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


def price_of_blindness(
    scenario: Scenario, replications: int = 1, workers: int = 1, tell: Tell | None = None
) -> Blindness:
    """Run the scenario under every source of information, ``replications`` times each.

    Raises:
        BadInput: roads or orders that cannot be used.
        RunFailed: a run that began and could not go on.
    """
    ran = run_study({source: informed(scenario, source) for source in SOURCES}, replications, workers, tell)
    return Blindness({source: {name: ran.of(source, name) for name in FIGURES} for source in SOURCES})


def informed(scenario: Scenario, source: str) -> Scenario:
    """The scenario with decisions made on a source of information."""
    return with_changes(scenario, dispatch=scenario.model.dispatch.model_copy(update={"information": source}))
