"""``report.html``: one self-contained page about a run, that asks nothing of any network."""

import os
from pathlib import Path
from typing import Any

from scenarios.telling.report_data import ReportData, report_data
from scenarios.telling.report_kpis import Kpi
from twin.kpis.labels import label
from viz.charts import BAR_LAYERS, STOP_LAYERS, map_figure, timeline_figure
from viz.figures import HEADLINES, figure_text, minutes_text, signed
from viz.self_contained import self_contained

STANDING = {
    "in": ("✓", "within expected"),
    "below": ("▼", "below expected"),
    "above": ("▲", "above expected"),
}


def write_report(folder: Path) -> Path:
    """Write ``report.html`` into a run folder (complete when renamed) and return its path.

    Raises:
        FileNotFoundError: not a run folder.
        ValueError: its manifest or KPIs are damaged.
        OSError: it cannot be written.
    """
    folder = Path(folder)
    path = folder / "report.html"
    part = path.with_suffix(".html.part")
    part.write_text(report_html(report_data(folder)), encoding="utf-8")
    os.replace(part, path)
    return path


def report_html(data: ReportData) -> str:
    """The page. Names from files are escaped: they are text here, whatever they contain."""
    plots: dict[str, Any] = {"map": map_figure(data.map)}
    if data.timeline.bars:
        plots["timeline"] = timeline_figure(data.timeline)
    return self_contained(
        "report.html.j2",
        plots,
        data=data,
        cards=[_card(kpi) for name in HEADLINES for kpi in data.kpis if kpi.name == name],
        figures=[_card(kpi) for kpi in data.kpis if kpi.name not in HEADLINES],
        stop_layers=[(layer, n) for layer in STOP_LAYERS if (n := _count(data, layer.key))],
        definitions=[_card(kpi) for kpi in data.kpis if kpi.doc],
        minutes_text=minutes_text,
        figure_text=figure_text,
        signed=signed,
        bar_layers=[layer for layer in BAR_LAYERS if any(bar.what == layer.key for bar in data.timeline.bars)],
    )


def _count(data: ReportData, state: str) -> int:
    return sum(mark.state == state for mark in data.map.stops)


def _card(kpi: Kpi) -> dict[str, Any]:
    """A KPI as the template shows it."""
    low, high = kpi.expected or (None, None)
    bounds = " to ".join(figure_text(bound, kpi.unit) for bound in (low, high) if bound is not None)
    if kpi.expected and (low is None or high is None):
        bounds = f"at {'most' if low is None else 'least'} {bounds}"
    icon, words = STANDING.get(kpi.standing, ("", ""))
    shown, reported = figure_text(kpi.value, kpi.unit), figure_text(kpi.reported, kpi.unit)
    return {
        "name": kpi.name,
        "label": label(kpi.name),
        "value": kpi.value,
        "shown": shown,
        "reported": kpi.reported,
        "reported_shown": reported if kpi.reported is not None else "",
        "differs": kpi.reported is not None and reported != shown,
        "bounds": bounds,
        "standing": kpi.standing,
        "icon": icon,
        "words": words,
        "better": kpi.better,
        "kind": kpi.kind,
        "owner": kpi.owner,
        "doc": kpi.doc,
    }
