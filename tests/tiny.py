"""Tiny scenarios: 300 synthetic junctions, three vehicles, a dozen orders; a day takes a third of a second."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from scenarios import Scenario, load

TINY: dict[str, Any] = {
    "name": "tiny",
    "time_zone": "Europe/Lisbon",
    "start": "2026-03-02T06:00",  # a Monday
    "horizon_s": 43_200,  # until 18:00
    "seed": 3,
    "roads": {"synthetic": {"nodes": 300, "seed": 1}, "stations": 2},
    "depots": {"main": {"position": "centre"}},
    "fleet": {"vans": {"count": 2}, "e-vans": {"count": 1, "kind": "van_electric"}},
    "drivers": {"crew": {"shift_start": "07:00", "shift_end": "16:00"}},
    "orders": {
        "generate": {
            "known_per_day": 12,
            "arriving_per_day": 3,
            "arrival_weights": [0.0] * 8 + [1.0] * 4 + [0.0] * 12,
            "closes": "16:00",
            "notice_s": 900,
            "promise_s": 3600,
            "clusters": 2,
        }
    },
    "dispatch": {"plan": {"planner": "manual", "effort": 10, "at": "06:15"}},
}


def tiny(**sections: Any) -> Scenario:
    """The tiny scenario with sections merged into it (a mapping into a mapping, else replaced)."""
    return load(merged(TINY, sections))


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """A deep copy of ``base`` with ``more`` merged into it."""
    result = deepcopy(base)
    for key, value in more.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else deepcopy(value)
    return result


def write_tiny(folder: Path, **sections: Any) -> Path:
    """The tiny scenario as a YAML file."""
    path = folder / "scenario.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(merged(TINY, sections), file)  # the order of vehicles is that of the file
    return path
