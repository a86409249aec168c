"""Break-even: from which value of a factor on one variant is better than another, as an interval of the factor.

Both variants meet the same days at every value, so what is searched is where a paired difference crosses zero. A few
values over the whole range come first; then the gaps in which the answer changes are halved: between the last value at
which one side is told and the next, the same for the other side, and where the mean changes its sign. Each difference
has a 95 % interval of its own; an answer rests on about three of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from scenarios.load import Scenario
from scenarios.studies.comparison import unit_and_better
from scenarios.studies.run import Figures
from scenarios.studies.statistics import difference
from scenarios.studies.study import BreakEven, Study, at_factor
from scenarios.studies.wording import begun, spread
from twin.kpis.labels import label

FIRST = 5
"""Values tried before any gap is halved; a crossing and back between two of them is not seen. [A]"""
STEPS = 64
"""A real factor is known to this part of its range. [A]"""

Verdict = Literal["from", "up_to", "always", "never", "same", "open", "more_than_once"]
Run = Callable[[dict[str, Scenario], str], Figures]
"""The figures of some variants on the study's days; the text says which value of the factor they have."""


@dataclass(frozen=True)
class Evaluation:
    """The paired difference at a value of the factor; no interval from one replication, nothing where undefined."""

    value: float
    diff: float | None
    ci_low: float | None
    ci_high: float | None
    n: int

    @property
    def sign(self) -> int:
        """1 or -1 where the interval is all on one side of zero, else 0: it cannot be told."""
        if self.ci_low is None or self.ci_high is None:
            return 0
        return (self.ci_low > 0) - (self.ci_high < 0)

    @property
    def same(self) -> bool:
        """Whether there was no difference on any day."""
        return self.ci_low == self.ci_high == 0


@dataclass(frozen=True)
class Found:
    """The answer. ``at``: where the mean crosses zero (a whole number: the first beyond), None if it does not.

    ``ci_low``, ``ci_high``: the last value at which one side is told and the first at which the other is; None where
    that side is told nowhere. ``verdict``: ``from`` or ``up_to`` (the variant is better), ``always``, ``never``,
    ``more_than_once``, ``same`` (no difference on any day), or ``open``: at one end at least it cannot be told.
    """

    asked: BreakEven
    unit: str
    better: str
    verdict: Verdict
    at: float | None
    ci_low: float | None
    ci_high: float | None
    evaluations: tuple[Evaluation, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON; ``says`` is the answer in words."""
        return asdict(self.asked) | {
            "unit": self.unit, "better": self.better, "verdict": self.verdict, "at": self.at, "ci_low": self.ci_low,
            "ci_high": self.ci_high, "says": says(self), "evaluations": [asdict(one) for one in self.evaluations],
        }  # fmt: skip


def find(study: Study, run: Run) -> Found:
    """Search the study's break-even; ``run`` runs the two variants it is given on the study's days.

    Raises:
        BadInput: a value of the factor that the scenario cannot take.
        RunFailed: a run that began and could not go on.
    """
    asked = study.break_even
    assert asked is not None  # noqa: S101  (the caller's question)

    def evaluate(value: float) -> Evaluation:
        figures = run(at_factor(study, asked, value), f"{asked.factor} {value:g}")
        found = difference(figures.of(asked.variant, asked.figure), figures.of(asked.against, asked.figure))
        return Evaluation(value, found.mean, found.low, found.high, found.n)

    return conclude(asked, search(asked.low, asked.high, asked.integer, evaluate))


def search(low: float, high: float, integer: bool, evaluate: Callable[[float], Evaluation]) -> list[Evaluation]:
    """Every value tried, in order: first over the whole range, then in the gaps in which the answer changes."""
    finest = 1.0 if integer else (high - low) / STEPS
    first = np.linspace(low, high, FIRST)
    values = sorted({float(value) for value in (np.round(first) if integer else first)})
    tried = [evaluate(value) for value in values]
    while True:
        wide = [(a, b) for a, b in _changing(tried) if b.value - a.value > finest * (1 + 1e-9)]
        if not wide:
            return tried
        a, b = wide[0]
        middle = (a.value + b.value) / 2
        tried.append(evaluate(float(np.floor(middle)) if integer else middle))
        tried.sort(key=lambda one: one.value)


def conclude(asked: BreakEven, tried: Sequence[Evaluation]) -> Found:
    """The answer that some evaluations, in order of their values, give."""
    unit, better = unit_and_better(asked.figure)
    end, begin = _bounds(tried)
    verdict = _verdict(tried, better)
    crossing = next(_crossings(tried), None) if verdict in ("from", "up_to", "open") else None
    at = None if crossing is None else _between(*crossing, asked.integer, better)
    low, high = (None if bound is None else bound.value for bound in (end, begin))
    return Found(asked, unit, better, verdict, at, low, high, tuple(tried))


def _bounds(tried: Sequence[Evaluation]) -> tuple[Evaluation | None, Evaluation | None]:
    """The last evaluation of the side told first, and the first of the side told last; None: that side is told nowhere.

    Both None where no side is told, where one is told at both ends, and where sides are told in turns.
    """
    told = [one for one in tried if one.sign]
    if not told:
        return None, None
    if told[0].sign != told[-1].sign:
        end = [one for one in told if one.sign == told[0].sign][-1]
        begin = next(one for one in told if one.sign == told[-1].sign)
        return (end, begin) if end.value < begin.value else (None, None)
    if tried[0].sign and not tried[-1].sign:
        return told[-1], None
    if tried[-1].sign and not tried[0].sign:
        return None, told[0]
    return None, None


def _verdict(tried: Sequence[Evaluation], better: str) -> Verdict:
    signs = [one.sign for one in tried]
    told = [sign for sign in signs if sign]
    turns = sum(a != b for a, b in pairwise(told))
    if turns > 1:
        return "more_than_once"
    if turns == 1:
        return "from" if _favourable(told[-1], better) else "up_to"
    if all(one.same for one in tried):
        return "same"
    if 0 in signs:
        return "open"
    return "always" if _favourable(told[0], better) else "never"


def _crossings(tried: Sequence[Evaluation]) -> Iterator[tuple[Evaluation, Evaluation]]:
    """Neighbours between which the mean changes its sign."""
    for a, b in pairwise(tried):
        if a.diff is not None and b.diff is not None and np.sign(a.diff) != np.sign(b.diff):
            yield a, b


def _changing(tried: Sequence[Evaluation]) -> Iterator[tuple[Evaluation, Evaluation]]:
    """The gaps that the answer lies in: neighbours of which the second, or the first, is not told as the other is."""
    end, begin = _bounds(tried)
    yield from (gap for gap in pairwise(tried) if gap[0] is end or gap[1] is begin)
    yield from list(_crossings(tried))[:1]


def _between(a: Evaluation, b: Evaluation, integer: bool, better: str) -> float:
    """Where the mean is zero between two neighbours; of whole numbers the one at which the variant is better."""
    assert a.diff is not None  # noqa: S101  (a crossing has both)
    assert b.diff is not None  # noqa: S101
    if integer:
        return b.value if _favourable(b.diff, better) else a.value
    return a.value + (b.value - a.value) * a.diff / (a.diff - b.diff)


def _favourable(difference: float, better: str) -> bool:
    return difference < 0 if better == "lower" else difference > 0


# --- in words ---


def says(found: Found) -> str:
    """The answer as a sentence."""
    asked, name = found.asked, found.asked.factor
    subject = _subject(found, "is")
    reach = f"{asked.low:g} to {asked.high:g}"
    ends = "; ".join(_at_value(one, found.unit) for one in (found.evaluations[0], found.evaluations[-1]))
    if found.verdict in ("always", "never"):
        return f"{_subject(found, f'is {found.verdict}')} within {name} {reach}: {ends}"
    if found.verdict == "same":
        figure = begun(label(asked.figure))
        return f"‘{asked.variant}’ and ‘{asked.against}’ are exactly the same in {figure} within {name} {reach}"
    if found.verdict == "more_than_once":
        return f"{subject} for some {name} within {reach} and worse for others, in turns: no single break-even"
    if found.verdict == "open":
        return _open(found, reach, ends)
    at = "" if found.at is None else f" {found.at:.4g}"
    where = f"from {name}{at} on" if found.verdict == "from" else f"up to {name}{at}"
    return f"{subject} {where}; {_untold(found)}"


def _subject(found: Found, verb: str, favourable: bool = True) -> str:
    more, less = ("more", "less") if found.better == "neither" else ("better", "worse")
    asked, word = found.asked, more if favourable else less
    return f"‘{asked.variant}’ {verb} {word} than ‘{asked.against}’ in {begun(label(asked.figure))}"


def _untold(found: Found) -> str:
    assert found.ci_low is not None  # noqa: S101  (both sides are told)
    assert found.ci_high is not None  # noqa: S101
    if found.asked.integer and found.ci_high - found.ci_low <= 1:
        return "told on both sides"
    return f"between {found.ci_low:.4g} and {found.ci_high:.4g} it cannot be told"


def _open(found: Found, reach: str, ends: str) -> str:
    told = [one for one in found.evaluations if one.sign]
    if not told:
        return f"whether {_subject(found, 'is')} cannot be told within {found.asked.factor} {reach}: {ends}"
    side = _subject(found, "is", _favourable(told[0].sign, found.better))
    same = all(one.same for one in found.evaluations if not one.sign)
    untold = "they are exactly the same" if same else "it cannot be told"
    if found.ci_low is not None:
        return f"{side} up to {found.asked.factor} {found.ci_low:.4g}; above {untold}: {ends}"
    if found.ci_high is not None:
        return f"{side} from {found.asked.factor} {found.ci_high:.4g} on; below {untold}: {ends}"
    return f"{side} at some values of {found.asked.factor} within {reach}; at others it cannot be told: {ends}"


def _at_value(one: Evaluation, unit: str) -> str:
    return f"at {one.value:.4g} {spread(one.diff, one.ci_low, one.ci_high, unit)}"
