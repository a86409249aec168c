"""The study file's shape: which variants of a scenario are run, and what is asked of them. ``docs/studies.md``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from scenarios.changes import OVERLAY
from scenarios.problems import BadInput, Problem, nearest
from scenarios.schema_problems import schema_problems
from scenarios.section import DOTTED_KEY, VARIANT_NAME, Positive, Section, Slug
from scenarios.studies.claim import ClaimConfig
from scenarios.studies.designs import POWERS_OF_TWO, SAMPLED, Factor, rows_of
from scenarios.studies.replications import MOST_REPLICATIONS
from scenarios.yaml_file import read_yaml
from twin.kpis.costs import MOST_DAYS
from twin.kpis.money import FIGURES
from twin.kpis.registry import KPIS
from twin.policies import policies

MOST_POINTS = 10_000
MOST_WHOLE = 10**15
"""Above, a float does not tell one whole number from the next."""
STUDY_KEYS = ("scenario", "variants", "policies", "design")
"""Any of these at the top of a file makes it a study; a scenario has none of them."""


def _changes(value: Any) -> Any:
    if not isinstance(value, dict) and not (isinstance(value, str) and value.startswith(OVERLAY) and len(value) > 1):
        raise ValueError("a mapping of what to set, or '@FILE' (in quotes)")
    return value


Changes = Annotated[dict[str, Any] | str, BeforeValidator(_changes)]
VariantName = Annotated[str, Field(pattern=VARIANT_NAME)]
DottedKey = Annotated[str, Field(pattern=DOTTED_KEY)]
Whole = Annotated[int, Field(ge=1, le=MOST_REPLICATIONS)]


class FactorConfig(Section):
    """``values``, or ``low`` and ``high``."""

    values: list[Any] | None = Field(None, min_length=2, description="the values tried")
    low: float | None = None
    high: float | None = None
    integer: bool = Field(False, description="whole numbers only")

    @model_validator(mode="after")
    def _values_or_range(self) -> "FactorConfig":
        if (self.values is None) == (self.low is None and self.high is None):
            raise ValueError("expected either values, or low and high")
        if self.values is None and (self.low is None or self.high is None or not self.low < self.high):
            raise ValueError("expected low below high")
        _check_whole(self.integer, self.low, self.high)
        return self

    def factor(self, key: str) -> Factor:
        """As designs use it."""
        if self.values is not None:
            return Factor(key, tuple(self.values))
        low, high = self.low, self.high
        assert low is not None  # noqa: S101  (checked above)
        assert high is not None  # noqa: S101
        return Factor(key, (), low, high, self.integer)


class DesignConfig(Section):
    """Which values of the factors are tried."""

    kind: Literal["grid", "factorial", "latin_hypercube", "sobol", "saltelli", "morris"]
    samples: int | None = Field(
        None,
        ge=2,
        le=MOST_POINTS,
        description="rows (saltelli: times factors + 2, morris: times factors + 1; grid: steps)",
    )
    factors: dict[DottedKey, FactorConfig] = Field(min_length=1, description="by the dotted key that is set")

    @model_validator(mode="after")
    def _samples(self) -> "DesignConfig":
        factors = self.listed()
        if self.kind == "factorial" and any(factor.values and len(factor.values) != 2 for factor in factors):
            raise ValueError("expected two values, or low and high, of each factor; more values: kind: grid")
        if self.kind == "factorial" and self.samples is not None:
            raise ValueError("expected no samples: factorial tries every combination of low and high")
        steps = self.kind == "grid" and not all(factor.every for factor in factors)
        if self.samples is None and (steps or self.kind in SAMPLED):
            raise ValueError(f"expected samples{': the steps of a factor from low to high' if steps else ''}")
        if self.kind in POWERS_OF_TWO and self.samples and self.samples & (self.samples - 1):
            above = 1 << self.samples.bit_length()
            raise ValueError(f"expected samples: {above // 2} or {above}, as {self.kind} needs a power of two")
        if (rows := rows_of(self.kind, factors, self.samples)) > MOST_POINTS:
            raise ValueError(f"expected at most {MOST_POINTS} points, not {rows}")
        return self

    def listed(self) -> list[Factor]:
        """The factors, in the file's order."""
        return [config.factor(key) for key, config in self.factors.items()]


class ChooseConfig(Section):
    """Which variant is best."""

    kpi: str
    delta: Positive = Field(description="a difference that does not matter, in the KPI's unit")


class BreakEvenConfig(Section):
    """From which value of a factor on one variant is better than another."""

    factor: DottedKey = Field(description="the dotted key that is varied in both")
    low: float
    high: float
    integer: bool = Field(False, description="whole numbers only")
    figure: str = Field("cost_eur", description="a KPI, or an item of the cost: cost.fuel_eur")
    variant: str | None = Field(None, description="the last one if not given")
    against: str | None = Field(None, description="the base if not given")

    @model_validator(mode="after")
    def _range(self) -> "BreakEvenConfig":
        if not self.low < self.high:
            raise ValueError("expected low below high")
        _check_whole(self.integer, self.low, self.high)
        return self


class StudyModel(Section):
    """Variants of a scenario on the same days. One of ``variants``, ``policies`` and ``design``."""

    name: Slug
    scenario: str = Field(description="a scenario file, relative to this file")
    seed: int | None = Field(None, ge=0, lt=2**63, description="the scenario's if not given")
    replications: Whole = Field(10, description="days of other draws; with precision: at most")
    precision: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(
        default_factory=dict, description="by KPI: days are added until the interval is within this share of the mean"
    )
    kpis: list[str] = Field(default_factory=list, description="shown first; all alike if not given")
    base: VariantName = Field("base", description="what the scenario as it is is called")
    set: Changes = Field(default_factory=dict, description="changes of the scenario in every variant")
    variants: dict[VariantName, Changes] = Field(default_factory=dict, description="what each sets, or '@overlay.yaml'")
    policies: list[str] = Field(default_factory=list, description="side by side; differences are from the first")
    design: DesignConfig | None = None
    choose: ChooseConfig | None = None
    break_even: BreakEvenConfig | None = None
    days_per_year: float | None = Field(
        None, ge=1, le=MOST_DAYS, description="working days in a year, for every variant's costs; 252 if not given"
    )
    claim: ClaimConfig | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "StudyModel":
        given = [name for name in ("variants", "policies", "design") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"expected one of variants, policies and design; found {' and '.join(given) or 'none'}")
        return self


def is_study(path: Path) -> bool:
    """Whether a file is a study rather than a scenario."""
    return any(key in read_yaml(path) for key in STUDY_KEYS)


def read_study_file(path: Path) -> StudyModel:
    """A study file's content, names checked.

    Raises:
        BadInput: with every problem found.
    """
    try:
        model = StudyModel.model_validate(read_yaml(path))
    except ValidationError as error:
        raise BadInput(schema_problems(error, str(path), StudyModel)) from None
    problems = [*_names(model, str(path))]
    if not (path.parent / model.scenario).is_file():
        problems.append(Problem(str(path), "scenario", model.scenario, "a scenario file, relative to this file"))
    if problems:
        raise BadInput(problems)
    return model


def study_schema() -> dict[str, Any]:
    """JSON Schema of the file, for editors."""
    schema = StudyModel.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"title": "Study"}


def _names(model: StudyModel, file: str) -> list[Problem]:
    """Every name that leads nowhere, or stands twice."""
    found = []

    def known(key: str, value: str | None, names: Any, what: str) -> None:
        if value is not None and value not in names:
            found.append(Problem(file, key, value, what, nearest(value, names)))

    for name in model.precision:
        known(f"precision.{name}", name, KPIS, "a KPI: twin list kpis")
    for name in model.kpis:
        known("kpis", name, KPIS, "a KPI: twin list kpis")
    for place, name in enumerate(model.policies):
        known("policies", name, policies(), f"a policy ({', '.join(policies())})")
        if name in model.policies[:place]:
            found.append(Problem(file, "policies", name, "each policy once"))
    if model.base in model.variants:
        found.append(Problem(file, f"variants.{model.base}", model.base, "another name than the base's"))
    if model.choose:
        known("choose.kpi", model.choose.kpi, KPIS, "a KPI: twin list kpis")
        if model.choose.kpi in KPIS and KPIS[model.choose.kpi].better == "neither":
            found.append(Problem(file, "choose.kpi", model.choose.kpi, "a KPI of which more or less is better"))
    if model.break_even:
        names = [*model.policies] or [model.base, *model.variants]
        figures = [*KPIS, *FIGURES]
        known("break_even.figure", model.break_even.figure, figures, "a KPI (twin list kpis) or an item of the cost")
        for key in ("variant", "against"):
            known(f"break_even.{key}", getattr(model.break_even, key), names, f"a variant ({', '.join(names)})")
        if model.design:
            found.append(Problem(file, "break_even", "design", "variants or policies to compare"))
    return [*found, *_claim_names(model, file)]


def _claim_names(model: StudyModel, file: str) -> Iterator[Problem]:
    """Those of the conditions; in a design, points have no names of the user's."""
    names = [*model.policies] or [model.base, *model.variants]
    for case, conditions in (model.claim.cases if model.claim else {}).items():
        for place, condition in enumerate(conditions):
            key = f"claim.cases.{case}.{place}"
            if condition.kpi not in KPIS:
                near = nearest(condition.kpi, KPIS)
                yield Problem(file, f"{key}.kpi", condition.kpi, "a KPI: twin list kpis", near)
            for name in condition.named:
                if name not in names:
                    yield Problem(file, key, name, f"a variant ({', '.join(names)})", nearest(name, names))


def _check_whole(integer: bool, *bounds: float | None) -> None:
    if integer and not all(bound is None or (abs(bound) <= MOST_WHOLE and bound == int(bound)) for bound in bounds):
        raise ValueError(f"expected whole numbers up to {MOST_WHOLE:,}, as integer is true")
