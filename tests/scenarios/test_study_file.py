"""Study files: what they mean, and what is said of those that mean nothing."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scenarios.studies.claim import ClaimConfig
from scenarios.studies.compare import compare
from scenarios.studies.file import StudyModel
from scenarios.studies.run import Progress
from scenarios.studies.study import BreakEven, Choose, Study, read_study, study_at
from tests.scenarios.study_files import problems_of, write_study
from tests.tiny import write_tiny
from viz.cli import BAD_ANSWER, BAD_INPUT, OK, main

ROOT = Path(__file__).resolve().parents[2]
STUDIES = sorted((ROOT / "configs" / "studies").glob("*.yaml"))


# --- what a study file means ---


def test_a_study_has_what_its_file_says(tmp_path: Path) -> None:
    """Every key arrives."""
    study = read_study(
        write_study(
            tmp_path,
            seed=8, replications=7, precision={"cost_eur": 0.05}, kpis=["on_time_share"], base="one",
            set={"fleet.vans.count+": 1}, variants={"two": {"devices": {"tracker": {"sims": ["red", "blue"]}}}},
            choose={"kpi": "cost_eur", "delta": 5}, days_per_year=250,
            break_even={"factor": "fleet.vans.count", "low": 1, "high": 4, "integer": True},
            claim={"says": "it pays", "source": "a brochure"},
        )
    )  # fmt: skip
    assert [*study.variants] == ["one", "two"]
    assert [v.model.devices["tracker"].sims for v in study.variants.values()] == [["red"], ["red", "blue"]]
    assert {v.model.fleet["vans"].count for v in study.variants.values()} == {3}
    assert {v.model.seed for v in study.variants.values()} == {8}
    assert (study.name, study.replications, study.precision, study.kpis) == (
        "s", 7, {"cost_eur": 0.05}, ("on_time_share",),
    )  # fmt: skip
    assert study.choose == Choose("cost_eur", 5)
    assert study.break_even == BreakEven("fleet.vans.count", 1, 4, True, "cost_eur", "two", "one")
    assert study.days_per_year == 250
    assert study.claim == ClaimConfig(says="it pays", source="a brochure")


def test_the_command_line_makes_the_same_study(tmp_path: Path) -> None:
    """As the file with the same variants."""
    path = write_study(tmp_path, replications=4, variants={"more": {"fleet.vans.count+": 1}})
    typed = study_at(tmp_path / "scenario.yaml", [], None, ["more: fleet.vans.count+=1"], 4)
    assert typed.replications == 4
    assert [v.model for v in typed.variants.values()] == [v.model for v in read_study(path).variants.values()]


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    """Seed, replications, and what is set in every variant."""
    path = write_study(tmp_path, seed=8, variants={"more": {"fleet.vans.count+": 1}})
    study = study_at(path, ["fleet.vans.count=5", "radio.latency_s=3"], 9, [], 2)
    assert study.replications == 2
    assert {v.model.seed for v in study.variants.values()} == {9}
    assert [v.model.fleet["vans"].count for v in study.variants.values()] == [5, 6]
    assert {v.model.radio.latency_s for v in study.variants.values()} == {3}


def test_policies_stand_side_by_side(tmp_path: Path) -> None:
    """The first is the base."""
    study = read_study(write_study(tmp_path, policies=["nearest", "insertion"]))
    assert {name: v.model.dispatch.policy for name, v in study.variants.items()} == {
        "nearest": "nearest",
        "insertion": "insertion",
    }
    assert study.base == "nearest"


def test_a_design_makes_a_variant_of_each_point(tmp_path: Path) -> None:
    """Beside the scenario as it is; rows that come to the same values share one."""
    factors = {"fleet.vans.count": {"low": 1, "high": 2, "integer": True}, "radio.latency_s": {"values": [0, 60]}}
    grid = read_study(write_study(tmp_path, design={"kind": "grid", "factors": factors}))
    assert [*grid.variants] == ["base", *(f"count={n}, latency_s={s}" for n in (1, 2) for s in (0, 60))]
    for (name, variant), point in zip([*grid.variants.items()][1:], grid.points):
        assert variant.model.fleet["vans"].count == point["fleet.vans.count"]
        assert variant.model.radio.latency_s == point["radio.latency_s"]
        assert grid.design is not None
        assert name in grid.design.variants
    morris = read_study(write_study(tmp_path, design={"kind": "morris", "samples": 8, "factors": factors}))
    assert morris.design is not None
    assert len(morris.design.rows) == 24
    assert len(morris.points) == 4


# --- what is wrong ---

VANS = {"fleet.vans.count": {"values": [1, 2]}}
BREAK = {"factor": "fleet.vans.count", "low": 1, "high": 4}


@pytest.mark.parametrize(
    ("keys", "key", "expected", "hint"),
    [
        ({}, "", "one of variants, policies and design", None),
        ({"variants": {"a": {}}, "policies": ["nearest"]}, "", "found variants and policies", None),
        ({"variants": {"a": {}}, "replicatoins": 3}, "replicatoins", "a known key", "replications"),
        ({"variants": {"a": 3}}, "variants.a", "a mapping of what to set, or '@FILE'", None),
        ({"variants": {"a\nb": {}}}, "variants.a\nb", "a name of up to 64 characters on one line", None),
        ({"name": "a b", "variants": {"a": {}}}, "name", "up to 64 letters, digits, - and _", None),
        ({"variants": {"base": {}}}, "variants.base", "another name than the base's", None),
        ({"variants": {"a": {"devices.tracker.sims": ["bleu"]}}}, "variants.a.devices.tracker.sims", "carrier", "blue"),
        ({"variants": {"a": {"fleet": {"vans": {"coutn": 1}}}}}, "variants.a.fleet.vans.coutn", "a known key", "count"),
        ({"variants": {"a": {"fleet.vans.kind+": 1}}}, "variants.a.fleet.vans.kind", "a number to add to", None),
        ({"variants": {"a": {}}, "set": {"radio": {"latency": 1}}}, "set.radio.latency", "a known key", "latency_s"),
        ({"policies": ["insertoin"]}, "policies", "a policy", "insertion"),
        ({"policies": ["nearest", "nearest"]}, "policies", "each policy once", None),
        ({"variants": {"a": {}}, "kpis": ["cost_eurs"]}, "kpis", "a KPI", "cost_eur"),
        ({"variants": {"a": {}}, "precision": {"cost": 0.1}}, "precision.cost", "a KPI", "cost_eur"),
        ({"variants": {"a": {}}, "precision": {"cost_eur": 5}}, "precision.cost_eur", "less than 1", None),
        ({"variants": {"a": {}}, "choose": {"kpi": "costeur", "delta": 1}}, "choose.kpi", "a KPI", "cost_eur"),
        ({"variants": {"a": {}}, "scenario": "none.yaml"}, "scenario", "a scenario file", None),
        ({"variants": {"a": {}}, "break_even": {**BREAK, "variant": "b"}}, "break_even.variant", "a variant", None),
        ({"variants": {"a": {}}, "break_even": {**BREAK, "against": "a"}}, "break_even.against", "another", None),
        ({"variants": {"a": {}}, "break_even": {**BREAK, "high": 1}}, "break_even", "low below high", None),
        ({"variants": {"a": {}}, "break_even": {**BREAK, "high": 4.5, "integer": True}}, "break_even", "whole", None),
        ({"variants": {"a": {}}, "break_even": {**BREAK, "high": 4.5}},
         "break_even.factor.fleet.vans.count", "a valid integer", None),
        ({"variants": {"a": {}}, "break_even": {**BREAK, "factor": "fleet.vans.coutn"}},
         "break_even.factor.fleet.vans.coutn", "a known key", "count"),
        ({"design": {"kind": "gird", "factors": VANS}}, "design.kind", "'grid'", "grid"),
        ({"design": {"kind": "sobol", "samples": 20, "factors": VANS}}, "design", "samples: 16 or 32", None),
        ({"design": {"kind": "sobol", "factors": VANS}}, "design", "samples", None),
        ({"design": {"kind": "morris", "samples": 4, "factors": {}}}, "design.factors", "at least 1 item", None),
        ({"design": {"kind": "grid", "factors": {"a.b": {"low": 1, "high": 2}}}}, "design", "the steps", None),
        ({"design": {"kind": "grid", "factors": {"a.b": {"low": 2, "high": 1}}}},
         "design.factors.a.b", "low below high", None),
        ({"design": {"kind": "grid", "factors": {"a.b": {"low": 2}}}}, "design.factors.a.b", "low below high", None),
        ({"design": {"kind": "sobol", "samples": 4, "factors": {"a.b": {"low": 1, "high": 1e18, "integer": True}}}},
         "design.factors.a.b", "whole numbers up to 1,000,000,000,000,000", None),
        ({"design": {"kind": "grid", "factors": {"a.b": {"low": 1, "high": 1e15, "integer": True}}}},
         "design", "at most 10000 points, not 1000000000000000", None),
        ({"design": {"kind": "grid", "factors": {"a.b": {}}}}, "design.factors.a.b", "either values", None),
        ({"design": {"kind": "factorial", "factors": {"a.b": {"values": [1, 2, 3]}}}}, "design", "two values", None),
        ({"design": {"kind": "factorial", "factors": {f"a.f{n}": {"low": 0, "high": 1} for n in range(14)}}},
         "design", "at most 10000 points, not 16384", None),
        ({"design": {"kind": "grid", "factors": {"fleet.vans.coutn": {"values": [1, 2]}}}},
         "design.factors.fleet.vans.coutn", "a known key", "count"),
        ({"design": {"kind": "grid", "factors": VANS}, "break_even": BREAK}, "break_even", "variants or", None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_study_is_said_of_it(
    keys: dict[str, Any], key: str, expected: str, hint: str | None, tmp_path: Path
) -> None:
    """File, key, expected, nearest; before anything is run."""
    path = write_study(tmp_path, **keys)
    found = problems_of(path)[0]
    assert found.file == str(path)
    assert found.key == key
    assert expected in found.expected
    assert found.nearest == hint


def test_every_bad_variant_is_named_in_one_pass(tmp_path: Path) -> None:
    """Not one after the other."""
    path = write_study(tmp_path, variants={"a": {"radio.latency_s": -1}, "b": {}, "c": {"fleet.vans.count": "x"}})
    assert [problem.key for problem in problems_of(path)] == [
        "variants.a.radio.latency_s",
        "variants.c.fleet.vans.count",
    ]


def test_what_is_wrong_with_the_scenario_is_said_of_the_scenario(tmp_path: Path) -> None:
    """And what was typed, of what was typed."""
    path = write_study(tmp_path, variants={"a": {}})
    assert problems_of(path, "fleet.vans.count=x")[0].file == str(tmp_path / "scenario.yaml")
    write_tiny(tmp_path, horizon_s=-1)
    assert problems_of(path)[0].file == str(tmp_path / "scenario.yaml")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["scenario.yaml"], "scenario.yaml: nothing: expected variants: --with"),
        (["study.yaml", "--with", "a: seed=1"], "--with: 'a: seed=1': expected a scenario"),
        (["scenario.yaml", "--with", "a: @none.yaml"], "none.yaml: 'none.yaml': expected a readable YAML file"),
        (["scenario.yaml", "--with", "a"], "NAME: @overlay.yaml"),
        (["scenario.yaml", "--with", "a: @"], "NAME: @overlay.yaml"),
        (["scenario.yaml", "--with", "a\nb: seed=1"], "--with: 'a\\nb': expected a name of up to 64 characters on one"),
    ],
)
def test_typing_it_wrong_is_one_line(
    typed: list[str], said: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, nothing made."""
    write_study(tmp_path, variants={"a": {}})
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *typed]) == BAD_INPUT
    assert said in capsys.readouterr().err
    assert {file.name for file in tmp_path.iterdir()} == {"scenario.yaml", "study.yaml"}


def test_a_study_is_no_scenario(tmp_path: Path, capsys: Any) -> None:
    """One line, not one for each key that a scenario needs."""
    path = str(write_study(tmp_path, variants={"a": {}}))
    for command in (["run", path], ["league", path, "--policies", "insertion,nearest"]):
        assert main(command) == BAD_INPUT
        said = capsys.readouterr().err
        assert said == f"{path}: scenario: 'scenario.yaml': expected a scenario file; this is a study: twin compare\n"


@pytest.mark.parametrize(
    ("option", "typed", "said"),
    [
        ("--replications", "0", "expected a whole number from 1 on"),
        ("--replications", "99999999999", "expected 1,000,000 at most"),
        ("--on", "nonsense", "expected local, local:N or tcp://HOST:PORT"),
        ("--on", "tcp://127.0.0.1:99999", "expected local, local:N or tcp://HOST:PORT"),
        ("--on", "tcp://127.0.0.1:0", "expected local, local:N or tcp://HOST:PORT"),
    ],
)
def test_options_out_of_range_are_one_line(option: str, typed: str, said: str, capsys: Any) -> None:
    """Before any file is read."""
    with pytest.raises(SystemExit) as caught:
        main(["compare", "none.yaml", option, typed])
    assert caught.value.code == BAD_INPUT
    assert capsys.readouterr().err == f"twin compare: argument {option}: {said}, not '{typed}'\n"


def test_a_study_is_checked_as_a_scenario_is(tmp_path: Path, capsys: Any) -> None:
    """Every variant with its roads and orders; nothing run."""
    path = write_study(tmp_path, variants={"a": {"fleet.vans.count": 1}})
    assert main(["check", str(path)]) == OK
    assert capsys.readouterr().out == f"{path}: ok, 2 variants, 10 replications\n"
    path = write_study(tmp_path, variants={"a": {"roads.matrix_file": "none.csv"}})
    assert main(["check", str(path), "--json"]) == BAD_INPUT
    assert "none.csv" in json.loads(capsys.readouterr().out)["errors"][0]["value"]


def test_a_missing_extra_is_one_line_before_anything_runs(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to install."""
    monkeypatch.setitem(sys.modules, "SALib", None)
    path = write_study(tmp_path, design={"kind": "morris", "samples": 4, "factors": VANS})
    assert main(["compare", str(path), "--out", str(tmp_path / "out")]) == BAD_ANSWER
    assert 'pip install "fleet-twin[studies]"' in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# --- what is shipped ---


def small(study: Study) -> list[str]:
    """What is set to make a shipped study a matter of seconds."""
    orders = study.variants[study.base].model.orders.generate
    known = min(10, orders.known_per_day if orders else 0)
    few = ["dispatch.plan.effort=5", "roads.synthetic.nodes=300", "horizon_s=14_400"]
    return [f"orders.generate.known_per_day={known}", *few]


@pytest.mark.parametrize("path", STUDIES, ids=[path.stem for path in STUDIES])
def test_a_shipped_study_runs(path: Path) -> None:
    """One day of each variant, on few orders; named after its file, a question first."""
    study = read_study(path)
    assert study.name == path.stem
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "?" in text.splitlines()[0] + text.splitlines()[1]
    study = study_at(path, small(study), None, [], 1)
    if asked := study.break_even:
        study = replace(study, break_even=replace(asked, high=asked.low + 1))
    told: list[Progress] = []
    found = compare(study, tell=told.append)
    assert found["replications"] == 1
    assert len(found["variants"]) == len(study.variants) - 1
    if asked := study.break_even:
        values = [asked.low, asked.high]
        assert [one["value"] for one in found["break_even"]["evaluations"]] == values
        assert {one.part for one in told} == {"", *(f"break-even, {asked.factor} {value:g}" for value in values)}
    json.dumps(found, allow_nan=False)


def test_the_page_on_studies_names_every_key() -> None:
    """Those of the file, of a design and of a break-even."""
    page = (ROOT / "docs" / "studies.md").read_text(encoding="utf-8")
    sections = [StudyModel, *(StudyModel.model_fields[name].annotation for name in ("design", "break_even", "claim"))]
    for section in sections:
        for model in [section, *getattr(section, "__args__", ())]:
            for key in getattr(model, "model_fields", {}):
                assert f"`{key}`" in page, key
