"""What a study is: the variants of a scenario that are run on the same days, and what is asked of them.

A study comes from a file (``scenarios.studies.file``) or from the command line; both make the same ``Study``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scenarios.changes import OVERLAY, as_sets, as_yaml, key_path, touches
from scenarios.load import Scenario, read_scenario, resolve
from scenarios.problems import BadInput, Problem
from scenarios.section import PATTERNS, VARIANT_NAME
from scenarios.studies.claim import ClaimConfig
from scenarios.studies.designs import Design, point_name, points, sample
from scenarios.studies.file import BreakEvenConfig, StudyModel, is_study, read_study_file

BASE = "base"
DEFAULT_REPLICATIONS = 10
OPENING, CLOSING = "[{(", ")}]"

Make = Callable[[Iterable[str]], Scenario]
"""The study's scenario with some more set."""


@dataclass(frozen=True)
class Choose:
    """Which variant is best on a KPI, where differences below ``delta`` (in the KPI's unit) do not matter."""

    kpi: str
    delta: float


@dataclass(frozen=True)
class BreakEven:
    """From which value of ``factor`` (a dotted key) between ``low`` and ``high`` on a variant is better than another.

    The difference in ``figure`` (a KPI) is ``variant`` less ``against``.
    """

    factor: str
    low: float
    high: float
    integer: bool
    figure: str
    variant: str
    against: str


@dataclass(frozen=True)
class Study:
    """Variants on the same days.

    ``variants``: scenarios by name, the first is the base. ``replications``: how many days, at most where there is a
    ``precision`` (relative half-width by KPI). ``kpis``: shown first; empty: all alike. ``points``: where there is a
    ``design``, what each variant after the base sets, in their order. ``days_per_year``: working days that money per
    year counts. ``claim``: what somebody says, and when it counts as reproduced (``scenarios.studies.claims``).
    """

    name: str
    variants: dict[str, Scenario]
    replications: int = DEFAULT_REPLICATIONS
    precision: Mapping[str, float] = field(default_factory=dict)
    kpis: tuple[str, ...] = ()
    choose: Choose | None = None
    points: tuple[dict[str, Any], ...] = ()
    break_even: BreakEven | None = None
    claim: ClaimConfig | None = None
    design: Design | None = None
    days_per_year: float | None = None

    @property
    def base(self) -> str:
        """The variant that the others are compared with."""
        return next(iter(self.variants))


# --- from a study file ---


def read_study(path: Path, sets: Iterable[str] = (), seed: int | None = None) -> Study:
    """The study in a file; ``sets`` change its scenario in every variant, ``seed`` goes before the file's.

    Raises:
        BadInput: with the problems of the first part that has any: the file, its scenario, its variants.
        ImportError: the design needs an extra that is missing.
    """
    model, file = read_study_file(path), str(path)
    place = path.parent / model.scenario
    raw = read_scenario(place)
    resolve(raw, str(place))  # what is wrong with the scenario itself is not the study's
    seed = model.seed if seed is None else seed
    common = _sets_of(model.set, path, "set")
    if model.days_per_year is not None:
        common.append(f"costs.working_days_per_year={model.days_per_year}")

    def make(more: Iterable[str]) -> Scenario:
        return resolve(raw, str(place), [*common, *more], seed)

    with _at(file, "set", str(place), common):
        make([])
    sets = tuple(sets)
    base = make(sets)
    changed = {name: _sets_of(changes, path, f"variants.{name}") for name, changes in model.variants.items()}
    made = _made(
        {f"variants.{name}": (name, changes) for name, changes in changed.items()}
        | {f"policies.{name}": (name, [f"dispatch.policy={name}"]) for name in model.policies},
        file, str(place), lambda changes: make([*sets, *changes]),
    )  # fmt: skip
    variants = made if model.policies else {model.base: base} | made
    study = Study(
        model.name, variants, model.replications, model.precision, tuple(model.kpis),
        Choose(model.choose.kpi, model.choose.delta) if model.choose else None,
        claim=model.claim,
        days_per_year=model.days_per_year,
    )  # fmt: skip
    if model.design is not None:
        return _designed(study, model, file, lambda changes: make([*sets, *changes]))
    return replace(study, break_even=_break_even(model.break_even, study, file)) if model.break_even else study


def _sets_of(changes: dict[str, Any] | str, path: Path, key: str) -> list[str]:
    """What a study file says to change, as texts of ``--set``."""
    folder = path.resolve().parent
    if isinstance(changes, str):
        return [f"{OVERLAY}{folder / changes.removeprefix(OVERLAY)}"]
    return as_sets(changes, folder, f"{path}: {key}")


def _made(asked: dict[str, tuple[str, list[str]]], file: str, scenario: str, make: Make) -> dict[str, Scenario]:
    """Variants by name, out of the key each has in the file and what it sets; every problem in one pass."""
    made: dict[str, Scenario] = {}
    problems: list[Problem] = []
    for key, (name, changes) in asked.items():
        try:
            with _at(file, key, scenario, changes):
                made[name] = make(changes)
        except BadInput as error:
            problems += error.problems
    if problems:
        raise BadInput(problems)
    return made


def _designed(study: Study, model: StudyModel, file: str, make: Make) -> Study:
    """The study with a variant for each point of its design."""
    assert model.design is not None  # noqa: S101  (asked for)
    factors, base = model.design.listed(), study.variants[study.base]
    rows = sample(model.design.kind, factors, model.design.samples, base.model.seed)
    rowed = points(factors, rows)
    names = [point_name(point) for point in rowed]
    variants, seen = dict(study.variants), dict(zip(names, rowed))
    for name, point in seen.items():
        changes = [f"{key}={as_yaml(value)}" for key, value in point.items()]
        with _at(file, "design.factors", base.source, changes):
            variants[name] = make(changes)
    design = Design(model.design.kind, tuple(factors), tuple(rows), tuple(names))
    return replace(study, variants=variants, points=tuple(seen.values()), design=design)


def _break_even(config: BreakEvenConfig, study: Study, file: str) -> BreakEven:
    """The question, both ends of the range tried."""
    variant = config.variant or [*study.variants][-1]
    asked = BreakEven(
        config.factor, config.low, config.high, config.integer, config.figure, variant, config.against or study.base
    )
    if asked.variant == asked.against:
        raise BadInput([Problem(file, "break_even.against", asked.against, "another variant than break_even.variant")])
    for end in (asked.low, asked.high):
        pair = study.variants[asked.variant], study.variants[asked.against]
        with _at(file, "break_even.factor", pair[0].source, [_text(asked, end)]):
            at_factor(study, asked, end)
    return asked


def at_factor(study: Study, asked: BreakEven, value: float) -> dict[str, Scenario]:
    """The two variants of a break-even with the factor at a value; the first is what the other is compared with."""
    made, seed = {}, study.variants[study.base].model.seed
    for name in (asked.against, asked.variant):
        scenario = study.variants[name]
        raw = read_scenario(Path(scenario.source))
        made[name] = resolve(raw, scenario.source, [*scenario.sets, _text(asked, value)], seed)
    return made


def _text(asked: BreakEven, value: float) -> str:
    return f"{asked.factor}={int(value) if asked.integer else value}"


@contextmanager
def _at(file: str, key: str, scenario: str, changes: Iterable[str]) -> Iterator[None]:
    """Problems of a scenario that some changes made are those of the place in the study file where these stand."""
    paths = [key_path(text.partition("=")[0]) for text in changes if not text.startswith(OVERLAY)]

    def own(problem: Problem) -> Problem:
        inner = f"{key}.{problem.key}" if any(touches(problem.key, path) for path in paths) else key
        return replace(problem, file=file, key=inner) if problem.file in (scenario, "--set") else problem

    try:
        yield
    except BadInput as error:
        raise BadInput(map(own, error.problems)) from None


# --- from the command line ---


def study_at(
    path: Path, sets: Iterable[str], seed: int | None, texts: Sequence[str], replications: int | None
) -> Study:
    """The study that ``twin compare`` is asked for: a study file, or a scenario with the variants of ``--with``.

    Raises:
        BadInput: anything that does not fit.
        ImportError: the design needs an extra that is missing.
    """
    if is_study(path):
        if texts:
            raise BadInput([Problem("--with", "", texts[0], f"a scenario; {path} is a study with its own variants")])
        study = read_study(path, sets, seed)
    elif texts:
        study = asked_study(path, sets, seed, texts)
    else:
        expected = "variants: --with 'NAME: key=value' beside a scenario, or a study file"
        raise BadInput([Problem(str(path), "", "", expected)])
    return study if replications is None else replace(study, replications=replications)


def asked_study(path: Path, sets: Iterable[str], seed: int | None, texts: Sequence[str]) -> Study:
    """A scenario with the variants of ``--with``, of the scenario's name.

    Raises:
        BadInput: a text that is no variant, a name given twice, keys or values that do not fit.
    """
    sets, raw = tuple(sets), read_scenario(path)

    def make(more: Iterable[str]) -> Scenario:
        return resolve(raw, str(path), [*sets, *more], seed)

    base = make([])
    asked: dict[str, list[str]] = {}
    for text in texts:
        name, changes = read_variant(text)
        if name in asked or name == BASE:
            raise BadInput([Problem("--with", name, text, "another name for each variant")])
        asked[name] = changes
    made = _made({name: (name, changes) for name, changes in asked.items()}, "--with", str(path), make)
    return Study(base.model.name, {BASE: base} | made)


def read_variant(text: str) -> tuple[str, list[str]]:
    """``NAME: key=value, key+=value, @overlay.yaml`` as its name and what to set.

    Commas in brackets or quotes belong to a value.
    """
    name, colon, rest = text.partition(":")
    changes = [part.strip() for part in _split(rest) if part.strip()]
    if not (colon and name.strip() and changes) or not all(map(_is_change, changes)):
        raise BadInput([Problem("--with", "", text, "NAME: key=value, key=value or NAME: @overlay.yaml")])
    if not re.search(VARIANT_NAME, name.strip()):
        raise BadInput([Problem("--with", "", name.strip(), PATTERNS[VARIANT_NAME])])
    return name.strip(), changes


def _is_change(text: str) -> bool:
    return len(text) > len(OVERLAY) if text.startswith(OVERLAY) else "=" in text


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
