"""The report of a study: one self-contained page with the answer, its intervals, and how to get them again."""

import os
from pathlib import Path
from typing import Any

from scenarios.studies.answer import verdict
from scenarios.studies.comparison import pairing_hurt
from scenarios.studies.report_data import StudyReport, study_report
from scenarios.studies.sensitivity import weight
from scenarios.studies.store import RECORD
from scenarios.studies.wording import EVERY_TIME, begun, number, on_days, reach, signed, spread
from twin.kpis.labels import label
from viz.charts import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION
from viz.money import money_rows
from viz.self_contained import self_contained
from viz.study_charts import break_even_figure, difference_figure, distribution_figure, sensitivity_figure

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
MANY = 4
"""With more variants the table of all other figures would be wider than a page."""
ICONS = {"better": "▲", "worse": "▼", "different": "◆", "hint": "·"}


def write_study_report(folder: Path) -> Path:
    """Write ``report.html`` into a finished study's folder (complete when renamed) and return its path.

    Raises:
        ValueError: no finished study is in the folder.
        OSError: it cannot be written.
    """
    path = folder / "report.html"
    part = path.with_suffix(".html.part")
    part.write_text(study_report_html(study_report(folder)), encoding="utf-8")
    os.replace(part, path)
    return path


def is_study_folder(folder: Path) -> bool:
    """Whether ``twin compare`` made the folder."""
    return (folder / RECORD).is_file()


def study_report_html(data: StudyReport) -> str:
    """The page. Names from files are escaped: they are text here, whatever they contain."""
    colours, days = colours_of(data), data.found["replications"]
    return self_contained(
        "study.html.j2",
        _plots(data, colours),
        data=data,
        found=data.found,
        colours=colours,
        rows={panel.kpi: [_row(name, cell, name == data.base, days) for name, cell in panel.cells.items()]
              for panel in data.panels},
        others=[] if len(data.changes) > MANY else [
            {"label": label(kpi), "kpi": kpi,
             "cells": [_row(name, cell, name == data.base, days) for name, cell in row.items()]}
            for kpi, row in data.others.items()
        ],
        money=money_rows(data.found["money"], [*data.changes]),
        prices=[one for one in data.found["money"]["assumptions"] if one["variant"] in (None, *data.changes)],
        definitions=[panel for panel in data.panels if panel.doc],
        label=label,
        begun=begun,
        weight=weight,
    )  # fmt: skip


def colours_of(data: StudyReport) -> dict[str, str]:
    """A colour for each variant that is drawn: grey for the base."""
    return {data.base: GREY} | {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(data.changes)}


def _plots(data: StudyReport, colours: dict[str, str]) -> dict[str, Any]:
    plots: dict[str, Any] = {}
    for panel in data.panels:
        if any(drawn.diff or drawn.low != drawn.high for drawn in panel.drawn[1:]):
            plots[f"{panel.kpi}-difference"] = difference_figure(panel, colours)
            plots[f"{panel.kpi}-distribution"] = distribution_figure(panel, colours)
    if data.found["break_even"] is not None:
        plots["break-even"] = break_even_figure(data.found["break_even"])
    if data.found["sensitivity"] is not None:
        plots |= {
            f"{kpi}-sensitivity": sensitivity_figure(kpi, of["factors"], data.found["base"][kpi]["unit"])
            for kpi, of in data.found["sensitivity"]["figures"].items()
            if of["factors"]
        }
    return plots


def _row(name: str, cell: dict[str, Any], base: bool, replications: int) -> dict[str, Any]:
    """A variant's line in a table."""
    said = "" if base else verdict(cell)
    pooled = cell.get("pooled")
    return {
        "name": name,
        "mean": "–" if cell["mean"] is None else number(cell["mean"], cell["unit"]),
        "of": _interval(cell["mean_low"], cell["mean_high"], cell["unit"]),
        "diff": "" if base or said in ("same", "undefined") else signed(cell["diff"], cell["unit"]),
        "ends": "" if base or said == "same" else _ends(cell["ci_low"], cell["ci_high"], cell["unit"]),
        "unpaired": "" if base else _ends(cell["unpaired_low"], cell["unpaired_high"], cell["unit"]),
        "against": pairing_hurt(cell),
        "p": "" if cell["p_adjusted"] is None else f"{cell['p_adjusted']:.2g}",
        "said": {"open": "cannot be told"}.get(said, said) + (on_days(cell["n"], replications) if cell["n"] else ""),
        "icon": ICONS.get(said, ""),
        "kind": said,
        "pooled": None if pooled is None or pooled["mean"] is None else number(pooled["mean"], cell["unit"]),
        "pooled_diff": "" if base or pooled is None else spread(
            pooled["diff"], pooled["ci_low"], pooled["ci_high"], cell["unit"]
        ),
    }  # fmt: skip


def _interval(low: float | None, high: float | None, unit: str) -> str:
    if low is None or high is None:
        return ""
    return EVERY_TIME if low == high else f"{number(low, unit).split()[0]} to {number(high, unit).split()[0]}"


def _ends(low: float | None, high: float | None, unit: str) -> str:
    return "" if low is None or high is None else reach(low, high, unit)
