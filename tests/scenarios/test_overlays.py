"""Overlays: changes in a file of their own, what they mean, and what is said of those that mean nothing."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.changes import apply_set, as_sets, changes_of
from scenarios.load import load
from scenarios.problems import BadInput
from scenarios.studies.study import asked_study
from tests.scenarios.study_files import problems_of, write, write_study
from tests.tiny import merged, write_tiny

ROOT = Path(__file__).resolve().parents[2]

values = st.one_of(st.integers(), st.booleans(), st.text(), st.floats(allow_nan=False, allow_infinity=False), st.none())
names = st.text("abcdefg_-", min_size=1, max_size=4)
parts = st.recursive(values, lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3), max_leaves=8)


@settings(max_examples=80)
@given(st.dictionaries(names, parts, max_size=3), st.dictionaries(names, parts, max_size=3))
def test_an_overlay_merges_key_by_key(base: dict[str, Any], over: dict[str, Any]) -> None:
    """Mappings into mappings, all else replaces: whatever the values."""
    made = base
    for text in as_sets(over, Path("/"), "overlay.yaml"):
        made = apply_set(made, text)
    assert made == merged(base, over)


def test_an_overlay_means_what_set_of_its_values_means(tmp_path: Path) -> None:
    """Dotted keys, sums, one of several alternatives, files beside the overlay."""
    path = write_tiny(tmp_path)
    (tmp_path / "part").mkdir()
    overlay = write(
        tmp_path / "part" / "over.yaml",
        {
            "fleet.vans": {"count+": 2}, "depots": {"main": {"lat": 41.0, "lon": -8.0}}, "costs": {"call_eur": 9},
            "roads": {"synthetic": None, "matrix_file": "times.csv"},
        },
    )  # fmt: skip
    texts = changes_of([f"@{overlay}"])
    assert {change.source for change in texts} == {str(overlay)}
    raw: dict[str, Any] = {"roads": {"synthetic": {"nodes": 300}}, "depots": {"main": {"position": "edge"}}}
    for change in texts:
        raw = apply_set(raw, change.text, change.source)
    assert raw["depots"]["main"] == {"lat": 41.0, "lon": -8.0}
    assert raw["roads"] == {"matrix_file": str(tmp_path / "part" / "times.csv")}
    del raw
    overlay = write(overlay, {"fleet.vans": {"count+": 2}, "costs": {"call_eur": 9}})
    study = asked_study(path, ["fleet.vans.count=3"], None, [f"more: @{overlay}, radio.latency_s=2"])
    more = study.variants["more"].model
    assert (more.fleet["vans"].count, more.costs["call_eur"], more.radio.latency_s) == (5, 9, 2)
    assert study.variants["base"].model.fleet["vans"].count == 3


@pytest.mark.parametrize(
    ("content", "key", "expected", "hint"),
    [
        ({"fleet": {"vans": {"coutn": 3}}}, "fleet.vans.coutn", "a known key", "count"),
        ({"dispatch.policy": "insertoin"}, "dispatch.policy", "a policy", "insertion"),
        ({"fleet": {"vans": {"count": -1}}}, "fleet.vans.count", "greater than or equal to 0", None),
        ({"fleet": {"vans": {"kind+": 1}}}, "fleet.vans.kind", "a number to add to", None),
        ({"fleet": {"a=b": 1}}, "fleet", "a key of the scenario", None),
        ({"seed.x": 1}, "seed", "a valid integer", None),
    ],
)
def test_what_is_wrong_with_an_overlay_is_said_of_it(
    content: dict[str, Any], key: str, expected: str, hint: str | None, tmp_path: Path
) -> None:
    """Its file and its key, in a study as on the command line."""
    overlay = write(tmp_path / "over.yaml", content)
    study = write_study(tmp_path, variants={"v": "@over.yaml"})
    with pytest.raises(BadInput) as caught:
        asked_study(tmp_path / "scenario.yaml", [], None, [f"v: @{overlay}"])
    for problem in (caught.value.problems[0], problems_of(study)[0]):
        assert problem.file == str(overlay)
        assert problem.key == key
        assert expected in problem.expected
        assert problem.nearest == hint


def test_an_overlay_that_is_not_there(tmp_path: Path) -> None:
    """One line with its path."""
    found = problems_of(write_study(tmp_path, variants={"v": "@none.yaml"}))
    assert "none.yaml" in found[0].file
    assert "a readable YAML file" in found[0].expected


def test_every_shipped_overlay_loads() -> None:
    """Over the default scenario."""
    overlays = sorted((ROOT / "configs" / "studies" / "overlays").glob("*.yaml"))
    assert overlays
    for overlay in overlays:
        load(ROOT / "configs" / "default.yaml", [f"@{overlay}"])
