"""The report of a study: true to the comparison, self-contained, deaf to hostile names, at home on light and dark."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.folder import read_json, write_json
from scenarios.studies.compare import evaluate
from scenarios.studies.report_data import MOST_DRAWN, Drawn, Panel, study_report
from scenarios.studies.run import DecisionTime, Figures, Outcome, Replication
from scenarios.studies.store import StudyStore
from scenarios.studies.study import Study
from scenarios.studies.wording import spread
from tests.tiny import tiny
from tests.viz.conftest import FORMULA, HOSTILE
from tests.viz.test_report import Page
from tests.viz.test_report_browser import Visit
from twin.kpis import money
from twin.kpis.registry import KPIS
from viz.cli import BAD_INPUT, OK, main
from viz.study_charts import distribution_figure
from viz.study_report import write_study_report

N = 12
BREAK_EVEN = {
    "factor": FORMULA, "unit": "EUR", "says": f"{HOSTILE} pays from 3 on",
    "evaluations": [
        {"value": float(value), "diff": 40.0 - 20 * value, "ci_low": 30.0 - 20 * value, "ci_high": 50.0 - 20 * value}
        for value in range(5)
    ],
}  # fmt: skip
SENSITIVITY = {
    "method": "main effects", "rows": 4, "replications": N,
    "figures": {"cost_eur": {
        "factors": {HOSTILE: {"effect": {"value": -40.0, "ci_low": -50.0, "ci_high": -30.0}}}, "says": "vans, mostly",
    }},
}  # fmt: skip


def write_study(folder: Path, variants: dict[str, dict[str, Any]], command: str = "twin compare day.yaml") -> Path:
    """A finished study's folder: what each variant has of some KPIs, every other KPI undefined."""
    scenarios = {
        name: tiny(fleet={"vans": {"count": 2 + place}}) for place, name in enumerate(variants)
    }  # each a van more
    store = StudyStore(folder, HOSTILE, command, scenarios, N)
    with store:
        store.begin()
        figures = Figures()
        for number in range(N):
            outcomes = {
                name: Outcome(
                    {kpi: None if kpi not in of else float(np.broadcast_to(of[kpi], N)[number]) for kpi in FIGURES},
                    DecisionTime(),
                )
                for name, of in variants.items()
            }
            store.keep(Replication(number, number, outcomes, 1.0))
            figures.add(outcomes)
        store.seal(figures)
        found = evaluate(Study(HOSTILE, scenarios, N, days_per_year=250.0), figures)
        write_json(folder / "comparison.json", found)
    return folder


FIGURES = [*KPIS, *money.FIGURES, "decisions"]
COST = np.linspace(900.0, 1100.0, N)
NOISE = np.tile([3.0, -3.0, 1.0, -1.0], 3)
BASE = {"cost_eur": COST, "on_time_share": 0.9 + NOISE / 100, "delivered_share": 1.0, "duty_h": 8 + NOISE / 10}


@pytest.fixture(scope="module")
def study_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hostile names everywhere."""
    more = {**BASE, "cost_eur": COST - 100 + NOISE, "on_time_share": 0.9 - NOISE / 100, "fuel_l": 3 + NOISE / 10}
    variants = {"base": BASE, HOSTILE: more, FORMULA: {**BASE, "duty_h": 9 + NOISE}}
    folder = write_study(tmp_path_factory.mktemp("study") / "hostile", variants, f"twin compare {HOSTILE}")
    found = read_json(folder / "comparison.json") | {"break_even": BREAK_EVEN, "sensitivity": SENSITIVITY}
    found["claim"] = {"says": HOSTILE, "source": "</title>", "range": None, "flips": FORMULA}
    write_json(folder / "comparison.json", found)
    write_study_report(folder)
    return folder


def text_of(folder: Path) -> str:
    return re.sub(r"\s+", " ", Page((folder / "report.html").read_text(encoding="utf-8")).text)


def test_the_page_says_what_the_comparison_says(study_folder: Path) -> None:
    """The answer word for word, each difference with its interval, what a variant changes, the command, the digest."""
    found, text = read_json(study_folder / "comparison.json"), text_of(study_folder)
    assert found["answer"] in text
    cell = found["variants"][HOSTILE]["cost_eur"]
    diff, ends = spread(cell["diff"], cell["ci_low"], cell["ci_high"], "EUR").rstrip(")").split(" (")
    assert f"{diff} {ends}" in text
    assert f"{HOSTILE}fleet.vans.count23" in text.replace(" ", "")
    assert f"twin compare {HOSTILE}" in text
    assert read_json(study_folder / "study.json")["digest"] in text
    assert f"{HOSTILE} pays from 3 on." in text
    assert "vans, mostly." in text
    assert f"Turns on {FORMULA}." in text
    assert "-40 EUR-50 EUR to -30 EUR" in text.replace("EUR -50", "EUR-50")  # an index has its unit
    assert "pairing did not help; unpaired" in text
    total = found["money"]["variants"][HOSTILE]["total"]
    year, ends = (
        spread(*(total[f"{key}_per_year"] for key in ("diff", "ci_low", "ci_high")), "EUR").rstrip(")").split(" (")
    )
    assert f"{year} {ends}" in text
    assert "costs.driver_eur_per_h 36.8 ATRI" in re.sub(r"(?<=h)(?=36)|(?<=36.8)(?=ATRI)", " ", text)


def test_the_drawings_hold_the_comparisons_figures(study_folder: Path) -> None:
    """Shares in per cent; a dot for each replication; nothing is computed twice."""
    panel = next(panel for panel in study_report(study_folder).panels if panel.kpi == "on_time_share")
    cell = read_json(study_folder / "comparison.json")["variants"][HOSTILE]["on_time_share"]
    drawn = panel.drawn[1]
    assert (drawn.diff, drawn.low, drawn.high) == tuple(100 * cell[key] for key in ("diff", "ci_low", "ci_high"))
    assert drawn.values == sorted(drawn.values)
    assert drawn.shares[-1] == 1.0
    assert np.mean(drawn.changes) == pytest.approx(drawn.diff)
    assert len(drawn.changes) == N


def test_a_mean_that_never_varied_has_no_interval_of_no_width(tmp_path: Path) -> None:
    """It would promise something of other days."""
    folder = write_study(tmp_path / "even", {"base": {**BASE, "duty_h": 8.0}, "more": {**BASE, "duty_h": 9.0}})
    text = text_of(write_study_report(folder).parent)
    assert "8 h every time" in text
    assert "8 to 8" not in text


def test_a_distribution_rises_from_nothing_with_the_base_on_top() -> None:
    """One replication is a line too, and a variant like the base does not hide it."""
    drawn = tuple(Drawn(name, values, shares, [], None, None, None) for name, values, shares in (
        ("base", [3.0], [1.0]), ("like it", [3.0], [1.0]), ("none", [], []),
    ))  # fmt: skip
    plot = distribution_figure(Panel("cost_eur", "Cost", "EUR", "lower", "", drawn, {}), dict.fromkeys(
        ("base", "like it", "none"), "grey"))  # fmt: skip
    lines = [renderer.data_source.data for renderer in plot.renderers]
    assert [line["name"][:1] for line in lines] == [[], ["like it"], ["base"]]
    assert (lines[-1]["x"], lines[-1]["y"]) == ([3.0, 3.0], [0.0, 1.0])
    assert (plot.xaxis.axis_label, plot.yaxis.axis_label) == ("Cost, EUR", "replications up to it")


def test_many_variants_are_cut_to_the_best_and_it_says_so(tmp_path: Path) -> None:
    """All are in the comparison."""
    variants = {"base": BASE} | {f"v{i}": {**BASE, "cost_eur": COST + i} for i in range(20, 0, -1)}
    folder = write_study(tmp_path / "many", variants)
    data = study_report(folder)
    assert [*data.changes] == [f"v{i}" for i in range(MOST_DRAWN, 0, -1)]
    assert f"{MOST_DRAWN} of 20 variants are shown" in data.limits[0]
    text = text_of(write_study_report(folder).parent)
    assert "v13" not in text
    assert "Totals (items are in comparison.json), with the fixed costs" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens_without_errors_and_asks_nothing_of_any_network(browser, study_folder, scheme) -> None:
    """Every drawing is there, the hostile names are text, and a phone does not scroll sideways."""
    visit = Visit(browser, study_folder, scheme)
    visit.page.wait_for_timeout(300)
    assert visit.page.locator("h1").inner_text() == HOSTILE
    boxes = [canvas.bounding_box() for canvas in visit.page.locator("figure canvas").all()]
    assert len(boxes) >= 2
    assert all(box is not None and box["width"] > 200 for box in boxes)
    assert visit.page.locator("figure.plot").count() == 2 * 3 + 2  # cost, on time and duty differ; break-even, factors
    visit.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert visit.page.locator(".plot > img.paper").count() == 8
    visit.evaluate("window.dispatchEvent(new Event('afterprint'))")
    visit.page.set_viewport_size({"width": 390, "height": 800})
    visit.page.wait_for_timeout(200)
    assert visit.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert visit.errors == []
    assert [url.split(":")[0] for url in visit.requests] == ["file"]


def test_report_writes_it_again(study_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the folder alone; a folder without an answer is refused in one line."""
    before = (study_folder / "report.html").read_text(encoding="utf-8")
    assert main(["report", str(study_folder), "--json"]) == OK
    assert text_of(study_folder) == re.sub(r"\s+", " ", Page(before).text)
    capsys.readouterr()
    (tmp_path / "study.json").write_text("{}")
    assert main(["report", str(tmp_path)]) == BAD_INPUT
    assert "comparison.json" in capsys.readouterr().err
