"""Study files for tests, of the tiny scenario."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from scenarios.problems import BadInput, Problem
from scenarios.studies.study import read_study
from tests.tiny import write_tiny

RADIO: dict[str, Any] = {"carriers": {"red": {}, "blue": {}}}


def write_study(folder: Path, **keys: Any) -> Path:
    """A study of the tiny scenario with two carriers."""
    write_tiny(folder, radio=RADIO, devices={"tracker": {"sims": ["red"]}})
    return write(folder / "study.yaml", {"name": "s", "scenario": "scenario.yaml"} | keys)


def write(path: Path, content: dict[str, Any]) -> Path:
    """A YAML file."""
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
    return path


def problems_of(path: Path, *sets: str) -> list[Problem]:
    """What is wrong with a study."""
    with pytest.raises(BadInput) as caught:
        read_study(path, sets)
    return list(caught.value.problems)
