"""What-if: variants of a scenario against it, under common random numbers."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scenarios.comparison import comparisons, tables
from scenarios.ground import prepare
from scenarios.load import Scenario, load
from scenarios.problems import BadInput, Problem
from scenarios.study_run import Tell, run_study
from twin.kpis.registry import KPIS

BASE = "base"
OPENING, CLOSING = "[{(", ")}]"


def variants_of(path: Path, sets: Iterable[str], seed: int | None, texts: Sequence[str]) -> dict[str, Scenario]:
    """The scenario as ``base``, and with each text's keys set, by name.

    Raises:
        BadInput: a text that is no variant, a name given twice, keys or values that do not fit.
    """
    sets = tuple(sets)
    made = {BASE: load(path, sets, seed)}
    for text in texts:
        name, changes = read_variant(text)
        if name in made:
            raise BadInput([Problem("--with", name, text, "another name for each variant")])
        made[name] = load(path, [*sets, *changes], seed)
    return made


def read_variant(text: str) -> tuple[str, list[str]]:
    """``NAME: key=value, key+=value`` as its name and what to set; commas in brackets or quotes belong to a value."""
    name, colon, rest = text.partition(":")
    changes = [part.strip() for part in _split(rest) if part.strip()]
    if not (colon and name.strip() and changes) or not all("=" in change for change in changes):
        raise BadInput([Problem("--with", "", text, "NAME: key=value, key=value")])
    return name.strip(), changes


def compare(
    variants: Mapping[str, Scenario], replications: int, workers: int = 1, tell: Tell | None = None
) -> dict[str, Any]:
    """Every KPI of the base, and of each variant with its paired difference, as JSON.

    Raises:
        BadInput: roads or orders that cannot be used.
        RunFailed: a run that began and could not go on.
    """
    for variant in variants.values():
        prepare(variant)
    figures = run_study(variants, replications, workers, tell)
    made = tables({BASE: figures}, [*variants], [*KPIS, "decisions"])
    base, *others = variants
    return {
        "base": made[BASE][base],
        "variants": {name: made[BASE][name] for name in others},
        "replications": replications,
        "comparisons": comparisons(made),
    }


def _split(text: str) -> list[str]:
    """The parts between commas that stand outside brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for char in text:
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in OPENING + CLOSING:
            depth += 1 if char in OPENING else -1
        elif char == "," and not depth:
            parts.append("")
            continue
        parts[-1] += char
    return parts
