"""KPIs as the report shows them: with where each stands against its expected range."""

from pathlib import Path
from typing import Any, Literal, NamedTuple

from scenarios.folder import read_json
from twin.kpis.registry import KPIS

Standing = Literal["in", "below", "above", "none"]


class Kpi(NamedTuple):
    """A KPI as in ``kpis.json``, with where it stands against its expected range."""

    name: str
    value: float | None
    reported: float | None
    unit: str
    better: str
    kind: str
    owner: str
    expected: tuple[float | None, float | None] | None
    standing: Standing
    doc: str


def report_kpis(folder: Path, missing: list[str]) -> tuple[Kpi, ...]:
    """The KPIs of a run folder; without any, ``missing`` is told why."""
    path = folder / "kpis.json"
    if not path.is_file():
        missing.append("KPIs were not computed: they are summed up when a run ends.")
        return ()
    found = read_json(path)
    return tuple(_kpi(name, fields) for name, fields in found.items())


def _kpi(name: str, fields: dict[str, Any]) -> Kpi:
    value, expected = fields.get("value"), fields.get("range")
    bounds = (expected[0], expected[1]) if expected else None
    return Kpi(
        name=name,
        value=value,
        reported=fields.get("reported"),
        unit=fields.get("unit") or "",
        better=fields.get("better") or "",
        kind=fields.get("kind") or "",
        owner=fields.get("owner") or "",
        expected=bounds,
        standing=_standing(value, bounds),
        doc=" ".join(KPIS[name].doc.split()) if name in KPIS else "",
    )


def _standing(value: float | None, bounds: tuple[float | None, float | None] | None) -> Standing:
    if value is None or bounds is None:
        return "none"
    low, high = bounds
    if low is not None and value < low:
        return "below"
    return "above" if high is not None and value > high else "in"
