"""Setting one alternative of a "one of" replaces the other, wherever the schema has one."""

import typing
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from scenarios import load
from scenarios.changes import apply_set
from scenarios.incidents import INCIDENTS
from scenarios.schema import ScenarioModel
from scenarios.section import OneOf
from tests.tiny import write_tiny

SAMPLES: dict[str, Any] = {
    "osm_file": "/a.osm", "place": "Andorra", "synthetic": {"nodes": 300}, "matrix_file": "/m.csv",
    "lat": 42.5, "lon": 1.5, "position": "edge", "towers_file": "/t.csv", "terrain": {"dark_share": 0.3},
    "at": "09:00", "rate_per_day": 2.0, "near_depot": "main", "street": "Elm Street", "vehicle": "vans-1",
    "by_s": 5.0, "to": "1970",
}  # fmt: skip
"""A value of each key that has an alternative; a new one needs its own here."""
ABOUT_OTHER_THINGS = {
    "WindowMix", "GenerateConfig", "OrdersConfig", "CustomerBehaviour", "DeviceSwapped",
}  # fmt: skip
"""Sections whose own checks are not about alternatives (orders may come from a file and be generated too)."""


def sections(model: type[BaseModel] = ScenarioModel, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, tuple]]:
    """Every section of a scenario and where it stands, ``x`` for names of the user's choice."""
    yield model, path
    for name, field in model.model_fields.items():
        yield from _below(field.annotation, (*path, name))
    if model is ScenarioModel:
        for what in INCIDENTS.values():
            yield from sections(what.parameters, ("incidents", "x"))


def _below(annotation: Any, path: tuple[str, ...]) -> Iterator[tuple[Any, tuple]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from sections(annotation, path)
    elif typing.get_origin(annotation) is dict:
        yield from _below(typing.get_args(annotation)[1], (*path, "x"))
    else:
        for option in typing.get_args(annotation):
            yield from _below(option, path)


CASES = [
    (model, path, one_of) for model, path in sections() for one_of in getattr(model, "one_of", ())
]  # fmt: skip


@pytest.mark.parametrize(("model", "path", "one_of"), CASES, ids=[f"{m.__name__}-{o[0][0]}" for m, _, o in CASES])
def test_each_alternative_replaces_each_other(model: type[BaseModel], path: tuple[str, ...], one_of: OneOf) -> None:
    """What is left is what was set; other keys of the section stay."""
    kind = next((kind for kind, what in INCIDENTS.items() if what.parameters is model), "")
    key = ".".join(path)
    for one, other in permutations(one_of, 2):
        raw = {part: SAMPLES[part] for part in one} | {"kind": kind}
        for part in reversed(path):
            raw = {part: raw}
        for part in other:
            raw = apply_set(raw, f"{key}.{part}={SAMPLES[part]!r}")
        for part in path:
            raw = raw[part]
        assert raw == {part: SAMPLES[part] for part in other} | {"kind": kind}


def test_no_section_keeps_its_alternatives_to_itself() -> None:
    """A section that checks several keys together says whether they are alternatives."""
    checking = {model for model, _ in sections() if model.__pydantic_decorators__.model_validators}
    assert {model.__name__ for model in checking if not getattr(model, "one_of", ())} <= ABOUT_OTHER_THINGS
    declared = {part for _, _, one_of in CASES for alternative in one_of for part in alternative}
    assert declared == {*SAMPLES}


def test_terrain_replaces_the_towers_it_would_contradict(tmp_path: Path) -> None:
    """Given as a key inside it, or whole; null takes nothing else away."""
    scenario = write_tiny(tmp_path, radio={"carriers": {"red": {"towers_file": "t.csv", "loss_share": 0.0}}})
    for text in ("terrain.dark_share=0.3", "terrain={dark_share: 0.3}"):
        red = load(scenario, [f"radio.carriers.red.{text}"]).model.radio.carriers["red"]
        assert (red.towers_file, red.terrain and red.terrain.dark_share, red.loss_share) == (None, 0.3, 0.0)
    kept = load(scenario, ["radio.carriers.red.terrain=null"]).model.radio.carriers["red"]
    assert kept.towers_file == str(tmp_path / "t.csv")


def test_a_scripted_incident_becomes_one_at_a_rate(tmp_path: Path) -> None:
    """And one near a depot one around a point."""
    closed = {"kind": "road_closure", "at": "09:00", "near_depot": "main"}
    scenario = write_tiny(tmp_path, incidents={"x": closed})
    sets = ["incidents.x.rate_per_day=2", "incidents.x.lat=42.5", "incidents.x.lon=1.5"]
    assert load(scenario, sets).model.incidents["x"] == {
        "kind": "road_closure", "rate_per_day": 2, "lat": 42.5, "lon": 1.5
    }  # fmt: skip
