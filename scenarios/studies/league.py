"""The league: policies over scenarios and replications, on what the office knew, on the truth, and in hindsight."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scenarios.ground import prepare
from scenarios.load import Scenario
from scenarios.problems import BadInput, Problem, nearest
from scenarios.studies.blindness import FIGURES as PRICED
from scenarios.studies.blindness import informed
from scenarios.studies.comparison import comparisons, tables
from scenarios.studies.run import Figures, Progress, Store, run_study, with_changes
from scenarios.studies.statistics import Estimate, estimate
from twin.policies import policies

TABLE = (
    "delivered_share", "on_time_share", "cost_eur", "distance_km", "assignment_latency_s_p50",
    "plan_changes_per_driver", "decisions",
)  # fmt: skip
"""Figures of the table."""
BOUNDS = ("perfect", "hindsight")
"""Sources of information every policy is also run on."""


@dataclass(frozen=True)
class League:
    """What was run: figures by scenario; variants are policies, and ``POLICY on SOURCE``."""

    figures: Mapping[str, Figures]
    policies: tuple[str, ...]
    replications: int

    def price_of_blindness(self, scenario: str, policy: str, figure: str = "cost_eur") -> Estimate:
        """What deciding on what the office knew costs more than deciding on the truth."""
        of = self.figures[scenario].of
        return estimate(of(policy, figure) - of(_variant(policy, "perfect"), figure))

    def regret(self, scenario: str, policy: str) -> Estimate:
        """Cost above the least that any policy of the league found in hindsight, day by day; may be negative."""
        of = self.figures[scenario].of
        hindsight = [of(_variant(other, "hindsight"), "cost_eur") for other in self.policies]
        return estimate(of(policy, "cost_eur") - np.min(hindsight, axis=0))

    def as_dict(self) -> dict[str, Any]:
        """As JSON. ``decision_time`` is wall clock as measured; all else is the same every time."""
        made = tables(self.figures, self.policies, TABLE)
        return {
            "scenarios": {
                name: {
                    "policies": made[name],
                    "price_of_blindness": {
                        policy: {figure: _interval(self.price_of_blindness(name, policy, figure)) for figure in PRICED}
                        for policy in self.policies
                    },
                    "regret": {policy: _interval(self.regret(name, policy)) for policy in self.policies},
                    "decision_time": {
                        policy: figures.decision_times[policy].as_dict() for policy in self.policies
                    },
                }
                for name, figures in self.figures.items()
            },
            "replications": self.replications,
            "comparisons": comparisons(made),
        }  # fmt: skip


def league(
    scenarios: Sequence[Scenario],
    names: Sequence[str],
    replications: int,
    on: int | str = 1,
    tell: Callable[[str, Progress], None] | None = None,
    stores: Mapping[str, Store] | None = None,
) -> League:
    """Run every policy on every scenario; differences are from the first policy.

    ``tell`` is called with a scenario's name and how far it is; ``stores`` keep finished replications, by scenario.

    Raises:
        BadInput: a policy nobody registered or named twice, roads or orders that cannot be used.
        RunFailed: a run that began and could not go on.
    """
    check_policies(names)
    for scenario in scenarios:
        prepare(scenario)  # what is wrong with the last is said before the first is run
    figures = {}
    for name, scenario in by_name(scenarios).items():

        def told(done: Progress, name: str = name) -> None:
            if tell is not None:
                tell(name, done)

        figures[name] = run_study(
            variants(scenario, names), replications, on, told, store=stores[name] if stores else None
        )
    return League(figures, tuple(names), replications)


def variants(scenario: Scenario, names: Sequence[str]) -> dict[str, Scenario]:
    """Every policy on the scenario's own source of information, on the truth, and in hindsight."""
    made = {}
    for policy in names:
        decided = with_changes(scenario, dispatch=scenario.model.dispatch.model_copy(update={"policy": policy}))
        made[policy] = decided
        made |= {_variant(policy, source): informed(decided, source) for source in BOUNDS}
    return made


def by_name(scenarios: Sequence[Scenario]) -> dict[str, Scenario]:
    """Scenarios by their names, or by file where two have the same name."""
    names = [scenario.model.name for scenario in scenarios]
    return {s.model.name if names.count(s.model.name) == 1 else s.source: s for s in scenarios}


def check_policies(names: Sequence[str]) -> None:
    """Refuse what is no policy, or is named twice."""
    known = policies()
    problems = [
        Problem("--policies", "", name, f"a policy ({', '.join(known)})", nearest(name, known))
        for name in names
        if name not in known
    ]
    problems += [
        Problem("--policies", "", name, "each policy once") for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    if problems:
        raise BadInput(problems)


def _variant(policy: str, source: str) -> str:
    return f"{policy} on {source}"


def _interval(found: Estimate) -> dict[str, float | None]:
    return {"mean": found.mean, "ci_low": found.low, "ci_high": found.high}
