"""A misspelt name of a vehicle group, a crew, a carrier, … is no second one; a new one is given as such."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.load import load
from scenarios.problems import BadInput, Problem
from scenarios.studies.study import read_study
from tests.tiny import TINY, merged, write_tiny

WITH_MORE: dict[str, Any] = {
    "radio": {"carriers": {"north": {}}},
    "incidents": {"noon": {"kind": "platform_outage", "at": "12:00", "lasts_s": 600}},
    "alerts": {"late": {"rule": "late_delivery_predicted"}},
    "traffic": {"weather_spells": {"am": {"state": "rain", "at": "09:00", "lasts_s": 600}}},
    "head_office": {"runbook": {"call": {"trigger": "platform_down"}}},
}


def problems_of(*sets: str, **sections: Any) -> tuple[Problem, ...]:
    """What is wrong with a scenario that has everything there can be several of, once."""
    with pytest.raises(BadInput) as caught:
        load(merged(merged(TINY, WITH_MORE), sections), sets)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("fleet.van.count=3", "fleet.van", "vans"),
        ("fleet.van.cuont=3", "fleet.van", "vans"),
        ("fleet.van.capacity.weight_kg=3", "fleet.van", "vans"),
        ("fleet.van.count+=3", "fleet.van", "vans"),
        ("fleet.lorries.count=3", "fleet.lorries", None),
        ("depots.mian.position=edge", "depots.mian", "main"),
        ("drivers.crews.shift_start=06:30", "drivers.crews", "crew"),
        ("devices.trakcer.sims=[north]", "devices.trakcer", "tracker"),
        ("radio.carriers.nort.terrain.dark_share=0.2", "radio.carriers.nort", "north"),
        ("incidents.non.lasts_s=60", "incidents.non", "noon"),
        ("alerts.lat.severity=info", "alerts.lat", "late"),
        ("traffic.weather_spells.pm.lasts_s=60", "traffic.weather_spells.pm", None),
        ("head_office.runbook.cal.minutes=3", "head_office.runbook.cal", "call"),
    ],
)
def test_a_name_that_is_not_there_is_one_problem(text: str, key: str, nearest: str | None) -> None:
    """With the names there are, and how a new one is given; nothing else is said of what it would have been."""
    (problem,) = problems_of(text)
    assert (problem.file, problem.key, problem.value, problem.nearest) == ("scenario", key, key.split(".")[-1], nearest)
    assert problem.expected.startswith(f"one of {key.rpartition('.')[0]} (")
    assert "new one" in problem.expected


@pytest.mark.parametrize(
    "sets",
    [
        ["fleet.bikes={count: 3}"],
        ["fleet.bikes+={count: 3}", "fleet.bikes.count+=2"],
        ["fleet={bikes: {count: 3}}", "fleet.bikes.count=2"],
        ["incidents.two={kind: platform_outage, at: '14:00'}"],
        ["incidents.two.kind=platform_outage", "incidents.two.at='14:00'"],
        ["alerts.long_stop.severity=info"],
        ["alerts.mine.rule=long_stop", "alerts.mine.severity=info"],
        ["radio.carriers.red+={}", "radio.carriers.red.best=5g"],
        ["drivers.crew.pace_cv=0"],
        ["devices.tracker.wifi=false"],
    ],
)
def test_a_new_one_is_given_whole_or_says_what_it_is(sets: list[str]) -> None:
    """And what the schema has by default is there."""
    load(merged(TINY, WITH_MORE), sets)


def test_the_first_of_its_kind_cannot_be_misspelt() -> None:
    """Where there are no carriers, any name is new."""
    assert [*load(TINY, ["radio.carriers.red.best=5g"]).model.radio.carriers] == ["red"]


def test_what_is_there_is_not_added_again() -> None:
    """``+=`` of a whole section is for new ones."""
    (problem,) = problems_of("fleet.vans+={count: 3}")
    assert (problem.file, problem.key) == ("--set", "fleet.vans")
    assert "not there yet" in problem.expected


def test_every_unknown_name_is_said_in_one_pass_with_all_else() -> None:
    """Three mistakes, three lines."""
    found = problems_of("fleet.van.count=3", "drivers.crews.pace_cv=0", "seed=-1")
    assert [problem.key for problem in found] == ["fleet.van", "drivers.crews", "seed"]


def test_overlays_and_studies_say_where_it_stands(tmp_path: Path) -> None:
    """An overlay's name, a variant's key, a design's factor."""
    path = write_tiny(tmp_path)
    (tmp_path / "over.yaml").write_text("fleet: {van: {count: 3}}")
    with pytest.raises(BadInput) as caught:
        load(path, [f"@{tmp_path / 'over.yaml'}"])
    (problem,) = caught.value.problems
    assert (problem.file, problem.key) == (str(tmp_path / "over.yaml"), "fleet.van")
    study = tmp_path / "study.yaml"
    for rest, key in (
        ("variants: {more: {fleet.van.count: 3}}", "variants.more.fleet.van"),
        ("variants: {more: {fleet: {van: {count: 3}}}}", "variants.more.fleet.van"),
        ("design: {kind: grid, factors: {fleet.van.count: {values: [1, 2]}}}", "design.factors.fleet.van"),
        (
            "variants: {more: {seed: 1}}\nbreak_even: {factor: fleet.van.count, low: 1, high: 2, integer: true}",
            "break_even.factor.fleet.van",
        ),
    ):
        study.write_text(f"name: s\nscenario: scenario.yaml\n{rest}\n")
        with pytest.raises(BadInput) as caught:
            read_study(study)
        (problem,) = caught.value.problems
        assert (problem.file, problem.key, problem.nearest) == (str(study), key, "vans")


def test_an_overlay_adds_with_a_plus(tmp_path: Path) -> None:
    """A whole section under a name that is not there yet; files in it are relative to the overlay."""
    overlay = tmp_path / "over.yaml"
    overlay.write_text("fleet: {bikes+: {count: 3}}\nradio.carriers.red+: {towers_file: t.csv}\n")
    model = load(write_tiny(tmp_path), [f"@{overlay}"]).model
    assert [*model.fleet] == ["vans", "e-vans", "bikes"]
    assert model.radio.carriers["red"].towers_file == str(tmp_path / "t.csv")


@settings(max_examples=40, deadline=None)
@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True))
def test_a_group_is_never_made_by_one_of_its_keys(name: str) -> None:
    """Whatever the name: it is there, or it is refused."""
    if name in TINY["fleet"]:
        assert load(TINY, [f"fleet.{name}.count=2"]).model.fleet[name].count == 2
    else:
        assert [problem.key for problem in problems_of(f"fleet.{name}.count=2")] == [f"fleet.{name}"]


def test_a_capacity_in_a_unit_that_no_order_has_is_no_limit_and_refused() -> None:
    """Units not named have none, so a misspelt one would do nothing."""
    (problem,) = problems_of("fleet.vans.capacity.wieght_kg=700")
    assert (problem.key, problem.nearest) == ("fleet.vans.capacity.wieght_kg", "weight_kg")
