"""Every scenario we ship loads, runs and keeps its promises.

Scenarios with more than ``MOST_KNOWN`` generated orders a day run with that many, and all with at most
``MOST_EFFORT`` iterations of planning: what is tested is that they run and verify, not how good they are.
"""

import re
from pathlib import Path

import pytest

from scenarios import load, run
from scenarios.schema import ScenarioModel
from scenarios.verify import verify
from scenarios.yaml_file import read_yaml

ROOT = Path(__file__).resolve().parents[1]
OTHER = ("devices", "studies", "claims", "overlays")
"""Folders of files that are no scenarios."""
SCENARIOS = sorted(path for path in (ROOT / "configs").rglob("*.yaml") if path.parent.name not in OTHER)
MOST_KNOWN, MOST_EFFORT = 60, 20

every_scenario = pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])


def reduced(path: Path) -> list[str]:
    """What is set to make a scenario small enough for a test."""
    model = load(path).model
    sets = [f"dispatch.plan.effort={min(MOST_EFFORT, model.dispatch.plan.effort)}"]
    if model.orders.generate is not None and model.orders.generate.known_per_day > MOST_KNOWN:
        sets.append(f"orders.generate.known_per_day={MOST_KNOWN}")
    return sets


@every_scenario
def test_a_shipped_scenario_runs_and_verifies(path: Path, tmp_path: Path) -> None:
    """Every order ends once, motion is physical, and digest and KPIs come out again from the files."""
    day = run(load(path, reduced(path)), out=tmp_path / "run")
    verdict = verify(tmp_path / "run")
    assert verdict.failures == []
    assert verdict.digest == day.digest
    delivered = day.kpis["delivered_share"]["value"]
    assert delivered is not None
    assert delivered > 0.5


@every_scenario
def test_a_shipped_scenario_is_named_after_its_file(path: Path) -> None:
    """Its run folders then are, too."""
    assert load(path).model.name == path.stem


@every_scenario
def test_the_first_lines_say_what_it_is_for(path: Path) -> None:
    """A gallery scenario begins with a question, and every ``--set`` it suggests loads."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# ")
    head = " ".join(line.removeprefix("#") for line in lines[: next(i for i, x in enumerate(lines) if x[:1] != "#")])
    if path.parent.name == "scenarios":
        assert "?" in head
    for text in suggested_sets(head):
        load(path, [text])


def suggested_sets(head: str) -> list[str]:
    """The values of ``--set`` in a comment that stand for themselves (not FILE, not ZONE)."""
    found = re.findall(r"--set ((?:'[^']*'|[^\s'])+)", head)
    return [text.replace("'", "") for text in found if not text.endswith(("FILE", "ZONE"))]


def test_suggestions_in_comments_are_found() -> None:
    """The test above would not notice if it read none."""
    assert suggested_sets("a:  --set x.y=1   b: --set z='[mon, tue]'") == ["x.y=1", "z=[mon, tue]"]


@every_scenario
def test_every_top_level_key_is_in_the_schema(path: Path) -> None:
    """Nothing in a shipped file is only tolerated."""
    assert set(read_yaml(path)) <= set(ScenarioModel.model_fields)
