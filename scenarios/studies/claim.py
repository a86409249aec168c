"""A claim in a study file: what somebody says, and the figures at which it counts as reproduced."""

from typing import Annotated

from pydantic import Field, model_validator

from scenarios.section import Section

Bound = Annotated[float, Field(ge=-1e12, le=1e12)] | None


class ConditionConfig(Section):
    """A figure, or its change against another variant, that is to lie within a range. ``claims`` judges."""

    kpi: str
    variant: str
    against: str | None = Field(None, description="the change from this variant counts; none: the figure itself")
    beyond: list[str] | None = Field(
        None, min_length=2, max_length=2, description="less the change of this variant against that one"
    )
    relative: bool = Field(False, description="the change as a share of the figure of `against`")
    fewer_by: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        None, description="counts: the share of days on which it is less than that of `against` by more than this share"
    )
    where_above: Bound = Field(None, description="only days on which the figure of `against` is above this")
    low: Bound = Field(None, description="the claim holds above this")
    high: Bound = Field(None, description="and below this")

    @model_validator(mode="after")
    def _bounded(self) -> "ConditionConfig":
        if self.low is None and self.high is None:
            raise ValueError("expected low, high or both")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError("expected low below high")
        changes = (self.beyond, self.fewer_by, self.where_above)
        if self.against is None and (self.relative or any(asked is not None for asked in changes)):
            raise ValueError("expected against, as beyond, relative, fewer_by and where_above are about a change")
        if self.fewer_by is not None and (self.relative or self.beyond is not None):
            raise ValueError("expected fewer_by without relative and beyond, as it counts days")
        return self

    @property
    def named(self) -> list[str]:
        """The variants it is about."""
        return [name for name in (self.variant, self.against, *(self.beyond or ())) if name is not None]


class ClaimConfig(Section):
    """What somebody says, which the study examines."""

    says: str
    source: str
    range: str | None = Field(None, description="as claimed, such as 20–30 %")
    tried: str | None = Field(None, description="how the study examines it")
    assumes: list[str] = Field(default_factory=list, description="what the answer rests on, each a sentence")
    flips: str | None = Field(None, description="the assumption that is varied to see where the answer turns")
    cases: dict[str, Annotated[list[ConditionConfig], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="circumstances by name, and conditions that must all hold for the claim to be true in them",
    )
