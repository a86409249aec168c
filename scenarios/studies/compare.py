"""What-if: variants of a scenario against it, under common random numbers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scenarios.ground import prepare
from scenarios.load import Scenario
from scenarios.studies.answer import TOLD, answer, verdict
from scenarios.studies.break_even import find
from scenarios.studies.claims import judged
from scenarios.studies.comparison import comparisons, tables, unit_and_better
from scenarios.studies.money import money_table
from scenarios.studies.precision import interval_level, precise, precision_of
from scenarios.studies.run import Figures, InMemory, Progress, Store, Tell, run_study
from scenarios.studies.selection import choice
from scenarios.studies.sensitivity import sensitivity
from scenarios.studies.statistics import CONFIDENCE
from scenarios.studies.stopping import stop_rule
from scenarios.studies.study import Study
from twin.kpis.registry import KPIS

ALWAYS = ("cost_eur", "delivered_share", "on_time_share")
IF_DIFFERENT = ("lateness_s_p95", "distance_km", "duty_h", "wismo_calls", "belief_age_s_mean")
"""KPIs told of where a study names none."""


def compare(study: Study, on: "int | str" = 1, tell: Tell | None = None, store: Store | None = None) -> dict[str, Any]:
    """Run a study, and say what it found (``evaluate``); the arguments are those of ``run.run_study``.

    Raises:
        BadInput: roads or orders that cannot be used.
        RunFailed: a run that began and could not go on.
    """
    for variant in study.variants.values():
        prepare(variant)
    store = store if store is not None else InMemory()
    figures = run_study(study.variants, study.replications, on, tell, stop_rule(study), store)
    if study.break_even is None:
        return evaluate(study, figures)

    def at(variants: Mapping[str, Scenario], value: str) -> Figures:
        def told(progress: Progress) -> None:
            if tell is not None:
                tell(replace(progress, part=f"break-even, {value}"))

        with store.part(variants) as part:
            return run_study(variants, study.replications, on, told, store=part)

    crossing = find(study, at)
    return evaluate(study, figures, crossing.as_dict())


def evaluate(study: Study, figures: Figures, break_even: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the figures of a study say, as JSON; undefined numbers are None.

    ``base`` and ``variants`` hold every KPI (``comparison``); ``kpis`` names those to show first; ``level``
    is that of the t intervals, which hold the truth with ``confidence``; ``money`` is item by item
    (``scenarios.studies.money``); ``answer`` says it in words. What was not
    asked for (``choice``, ``sensitivity``, ``break_even``, ``claim``) is None.
    """
    base, *others = study.variants
    made = tables({study.name: figures}, [*study.variants], [*KPIS, "decisions"], interval_level(study))
    table = made[study.name]
    variants = {name: table[name] for name in others}
    kpis = _shown(study, variants)
    found: dict[str, Any] = {
        "study": study.name,
        "base_name": base,
        "base": table[base],
        "variants": variants,
        "kpis": kpis,
        "replications": figures.replications,
        "replications_at_most": study.replications,
        "comparisons": comparisons(made),
        "confidence": CONFIDENCE,
        "level": interval_level(study),
        "precise": precise(figures, study.precision),
        "precision": {kpi: precision_of(figures, kpi, asked).as_dict() for kpi, asked in study.precision.items()},
        "choice": _choice(study, figures),
        "sensitivity": sensitivity(study, figures, kpis),
        "break_even": break_even,
        "money": money_table(figures, study.variants, study.days_per_year, interval_level(study), table),
        "claim": None if study.claim is None else judged(study.claim, figures),
    }
    return found | {"answer": answer(found)}


def _choice(study: Study, figures: Figures) -> dict[str, Any] | None:
    if study.choose is None:
        return None
    kpi = study.choose.kpi
    unit, better = unit_and_better(kpi)
    asked = {"kpi": kpi, "delta": study.choose.delta, "unit": unit, "better": better}
    return asked | choice(figures, study.choose).as_dict()


def _shown(study: Study, variants: Mapping[str, dict[str, dict[str, Any]]]) -> list[str]:
    asked = [*study.kpis, *study.precision, *([study.choose.kpi] if study.choose else [])]
    differ = [kpi for kpi in IF_DIFFERENT if any(verdict(row[kpi]) in TOLD for row in variants.values())]
    return [*dict.fromkeys([*asked, *([] if study.kpis else [*ALWAYS, *differ])])]
