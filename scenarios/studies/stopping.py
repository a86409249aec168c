"""When a study may end before its last replication, and how that is asked for on the command line."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from scenarios.problems import BadInput, Problem, nearest
from scenarios.studies.precision import precision_rule
from scenarios.studies.run import Figures
from scenarios.studies.selection import choice_rule
from scenarios.studies.study import Choose, Study
from twin.kpis.registry import KPIS

MOST = 100
"""Replications at most where the study may end before and nobody said how many."""


def stop_rule(study: Study) -> Callable[[Figures], bool] | None:
    """Whether all that is asked is known: as precisely as asked, and which is best. None: every replication is run."""
    rules = [
        rule for asked, rule in ((study.precision, precision_rule(study)), (study.choose, choice_rule(study))) if asked
    ]
    return (lambda figures: all(rule(figures) for rule in rules)) if rules else None


def asked_to_stop(study: Study, precision: Sequence[str], choose: str | None, exactly: bool) -> Study:
    """The study with the rules of ``--precision KPI=REL`` and ``--choose KPI=DELTA`` put to it.

    ``exactly``: the number of replications was given; else a study that may stop gets room to.

    Raises:
        BadInput: no KPI, or no number that fits.
    """
    if not precision and choose is None:
        return study
    made = replace(
        study,
        precision={**study.precision, **dict(read_precision(text) for text in precision)},
        choose=study.choose if choose is None else read_choose(choose),
    )
    return made if exactly else replace(made, replications=max(made.replications, MOST))


def read_precision(text: str) -> tuple[str, float]:
    """``KPI=0.05`` or ``KPI=5%``: the relative half-width asked for.

    Raises:
        BadInput: as ``asked_to_stop``.
    """
    kpi, value = _kpi_and_number("--precision", text, "a share above 0 and below 1, such as 0.05 or 5%", "%")
    value = value / 100 if text.rstrip().endswith("%") else value
    if not 0 < value < 1:
        raise BadInput([Problem("--precision", kpi, text.partition("=")[2], "a share above 0 and below 1")])
    return kpi, value


def read_choose(text: str) -> Choose:
    """``KPI=DELTA``: differences below ``DELTA``, in the KPI's unit, do not matter.

    Raises:
        BadInput: as ``asked_to_stop``.
    """
    kpi, value = _kpi_and_number("--choose", text, "a difference above 0, in the KPI's unit")
    if not 0 < value < float("inf"):
        raise BadInput([Problem("--choose", kpi, text.partition("=")[2], "a difference above 0, in the KPI's unit")])
    if KPIS[kpi].better == "neither":
        raise BadInput([Problem("--choose", kpi, text, "a KPI of which more or less is better")])
    return Choose(kpi, value)


def _kpi_and_number(option: str, text: str, expected: str, sign: str = "") -> tuple[str, float]:
    """``sign`` may stand behind the number."""
    kpi, equals, number = (part.strip() for part in text.partition("="))
    if not equals:
        raise BadInput([Problem(option, "", text, f"KPI=NUMBER, {expected}")])
    if kpi not in KPIS:
        raise BadInput([Problem(option, "", kpi, "a KPI: twin list kpis", nearest(kpi, KPIS))])
    try:
        return kpi, float(number.removesuffix(sign))
    except ValueError:
        raise BadInput([Problem(option, kpi, number, expected)]) from None
