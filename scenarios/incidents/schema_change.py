"""A vendor changes its messages without notice."""

from collections.abc import Generator

from pydantic import Field

from agents.plant.vendor import SchemaChange
from engine.clock import SECOND
from scenarios.incidents.stage import Stage, Timing


class SchemaChanged(Timing):
    """Messages of ``kinds`` arrive with fields renamed, or in a newer version, until head office understands them.

    Till then they are dead letters.
    """

    kinds: list[str] = Field(default=["arrived"], min_length=1, description="kinds of events")
    renamed: dict[str, str] = Field(
        default_factory=dict, description="old name: new name; none: a newer version of the same fields"
    )


def schema_change(stage: Stage, name: str, what: SchemaChanged) -> Generator[int, None, None]:
    """A vendor renames fields or sends a newer version; head office cannot read it until mended."""
    stage.plant.change_schema(name, SchemaChange(frozenset(what.kinds), what.renamed))
    yield round(what.lasts_s * SECOND)
    stage.plant.mend_schema(name)
