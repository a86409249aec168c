"""A study's answer in plain words: who is better at what and by how much, what cannot be told, and how far to trust it.

Text made from the JSON of ``scenarios.studies.compare`` alone, the same every time. *Better* and *worse* hold for all
comparisons of the study together (Holm); what holds alone only is called a hint.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from scenarios.studies.comparison import pairing_hurt
from scenarios.studies.precision import FIRST_LOOK
from scenarios.studies.statistics import CONFIDENCE
from scenarios.studies.wording import begun, between, listed, number, on_days, spread
from twin.kpis.labels import label

SIGNIFICANT = 1 - CONFIDENCE
MOST_TOLD = 4
"""Variants that are each told of; of more the table tells."""
TOLD = ("better", "worse", "different", "hint", "open")
MONEY = {
    "saves": "{} saves money",
    "costs more": "{} costs more",
    "hint": "Of what {} does to the cost there is a hint, but no proof",
    "cannot be told": "Whether {} saves money cannot be told",
}
"""How a difference in money is told of, by what ``scenarios.studies.money`` says of it."""
WORDS = {
    "better": "better on", "worse": "worse on", "different": "different in", "hint": "hints, but no proof, in",
    "open": "no difference can be told in", "same": "exactly the same in", "undefined": "undefined in",
}  # fmt: skip
VERDICTS = (*WORDS,)
WITH_NUMBERS = ("better", "worse", "different", "hint")
"""Verdicts that are told with the difference and its interval."""


def verdict(cell: dict[str, Any]) -> str:
    """What a variant's difference from the base amounts to, one of ``VERDICTS``.

    ``same``: no difference in any replication. ``open``: it cannot be told, the interval holds 0. ``hint``: it does
    not, but among so many comparisons that proves nothing.
    """
    if cell["diff"] is None:
        return "undefined"
    if cell["ci_low"] is None:
        return "open"
    if cell["p"] is None:  # a difference that does not vary
        return _direction(cell) if cell["diff"] else "same"
    if cell["ci_low"] <= 0 <= cell["ci_high"]:  # wider than the test's 95 % where the study may stop early
        return "open"
    return _direction(cell) if cell["p_adjusted"] < SIGNIFICANT else "hint"


def answer(found: dict[str, Any]) -> str:
    """The paragraph."""
    return " ".join(_sentences(found))


def _sentences(found: dict[str, Any]) -> Iterator[str]:
    names = _told_of(found)
    n = found["replications"]
    yield f"{n} replication{'s' * (n != 1)} of each variant, on the same day{'s' * (n != 1)}."
    if found["choice"] is not None:
        yield _choice(found["choice"], found["replications"])
    for name in names:
        yield _variant(name, found)
    if not found["variants"]:
        yield f"There is nothing to compare ‘{found['base_name']}’ with: {listed([*_means(found)])}."
    elif not names:
        yield f"{len(found['variants'])} variants are compared with ‘{found['base_name']}’: see the table."
    yield from _money(found)
    if found["claim"] is not None and "verdict" in found["claim"]:
        yield f"The claim ‘{found['claim']['says']}’: {found['claim']['says_verdict']}."
    if found["break_even"] is not None:
        yield f"Break-even: {found['break_even']['says']}."
    if found["sensitivity"] is not None:
        for kpi, indices in found["sensitivity"]["figures"].items():
            yield f"What moves {_named(kpi)}: {indices['says']}."
    if found["precision"]:
        yield _precision(found)
    yield from _caveats(found)


def _means(found: dict[str, Any]) -> Iterator[str]:
    for kpi in found["kpis"]:
        cell = found["base"][kpi]
        yield f"{_named(kpi)} {between(cell['mean'], cell['mean_low'], cell['mean_high'], cell['unit'])}"


def _told_of(found: dict[str, Any]) -> list[str]:
    """The variants that are each told of; none where they are many, or the points of a design."""
    names = [*found["variants"]]
    return names if len(names) <= MOST_TOLD and found["sensitivity"] is None else []


def _variant(name: str, found: dict[str, Any]) -> str:
    row = {kpi: found["variants"][name][kpi] for kpi in found["kpis"]}
    by_verdict = {kind: [kpi for kpi in row if verdict(row[kpi]) == kind] for kind in VERDICTS}
    parts = [
        f"{words} {listed([_told(kpi, row[kpi], kind, found['replications']) for kpi in by_verdict[kind]])}"
        for kind, words in WORDS.items()
        if by_verdict[kind]
    ]
    return f"‘{name}’ against ‘{found['base_name']}’: {'; '.join(parts) or 'nothing to tell'}."


def _named(kpi: str) -> str:
    return begun(label(kpi))


def _quoted(names: Sequence[str]) -> str:
    return listed([f"‘{name}’" for name in names])


def _told(kpi: str, cell: dict[str, Any], kind: str, replications: int) -> str:
    by = f" {spread(cell['diff'], cell['ci_low'], cell['ci_high'], cell['unit'])}" if kind in WITH_NUMBERS else ""
    return f"{_named(kpi)}{by}{on_days(cell['n'], replications) if cell['n'] else ''}"


def _choice(choice: dict[str, Any], replications: int) -> str:
    kpi = _named(choice["kpi"])
    indifferent = f"differences below {number(choice['delta'], choice['unit']).replace(' %', ' pp')} do not matter"
    if choice["replications"] < FIRST_LOOK:
        return f"Which is best on {kpi} cannot be told from fewer than {FIRST_LOOK} replications."
    if choice["best"] is None:
        return (
            f"Which is best on {kpi} cannot be told within {replications} replications: "
            f"{_quoted(choice['left'])} are left ({indifferent})."
        )
    equal = f", and as good: {_quoted(choice['equal'])}" if choice["equal"] else ""
    return (
        f"Best on {kpi}: ‘{choice['best']}’{equal} (told after {choice['replications']} replications; right "
        f"{_share(CONFIDENCE)} of the time, where {indifferent})."
    )


def _money(found: dict[str, Any]) -> Iterator[str]:
    """A year's money: the paired difference of the day times its days. Nothing is called a saving that is not told."""
    money = found["money"]
    for name in _told_of(found):
        total = money["variants"][name]["total"]
        if total["said"] in MONEY:
            diff, low, high = (total[f"{key}_per_year"] for key in ("diff", "ci_low", "ci_high"))
            year = f"{spread(diff, low, high, money['currency'])} in a year of {money['days_per_year']:g} such days"
            yield f"{MONEY[total['said']].format(f'‘{name}’')}: {year}."


def _precision(found: dict[str, Any]) -> str:
    done, most = found["replications"], found["replications_at_most"]
    if found["precise"]:
        return f"Stopped after {done} of at most {most}: precise enough."
    if done < FIRST_LOOK:
        return f"How precise that is cannot be told from fewer than {FIRST_LOOK} replications."
    short = [
        f"the half-width of {_named(kpi)} ({reached['of']}) is {_share(reached['relative'])}, {_asked(reached)}"
        for kpi, reached in found["precision"].items()
        if not reached["reached"]
    ]
    return f"Precision not reached after {done}: {'; '.join(short)}."


def _asked(precision: dict[str, Any]) -> str:
    asked, reached = precision["asked"], precision["relative"]
    takes = f", which takes {_share(asked / (1 + asked))}" if reached is not None and reached <= asked else ""
    return f"asked {_share(asked)}{takes}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{100 * value:.3g} %"


def _caveats(found: dict[str, Any]) -> Iterator[str]:
    for name in _told_of(found):
        if against := [kpi for kpi in found["kpis"] if pairing_hurt(found["variants"][name][kpi])]:
            yield (
                f"Pairing did not help ‘{name}’ on {listed([_named(kpi) for kpi in against])}: intervals there are as "
                "wide as if the days had been drawn apart, or wider."
            )
    if len(days := {*found["money"]["days_per_run"].values()}) > 1:
        yield f"Runs are of {min(days)} to {max(days)} working days: money is by the day, all else by the run."
    n = found["replications"]
    if n < 2:
        yield "One replication has no interval: ask for more."
        return
    for kpi in found["kpis"]:
        cell = found["base"][kpi]
        if cell["unit"] == "share" and cell["mean"] in (0.0, 1.0) and cell["mean_low"] != cell["mean_high"]:
            yield (
                f"{label(kpi)} was {_share(cell['mean'])} in every replication of ‘{found['base_name']}’, "
                f"which allows {_share(cell['mean_low'])} to {_share(cell['mean_high'])}."
            )
    if n < FIRST_LOOK:
        yield f"With fewer than {FIRST_LOOK} replications, trust intervals only where days vary evenly to both sides."
    if not found["comparisons"]:
        return
    yield (
        f"Intervals hold {_share(CONFIDENCE)} of the time, each for itself; better and worse hold for the "
        f"{found['comparisons']} comparisons of the study together (Holm)."
    )


def _direction(cell: dict[str, Any]) -> str:
    if cell["better"] == "neither":
        return "different"
    return "better" if (cell["diff"] > 0) == (cell["better"] == "higher") else "worse"
