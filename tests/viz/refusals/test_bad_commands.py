"""Commands from outside that cannot be given."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.refused import refused

NOWHERE: dict[str, Any] = {
    "place": {"place_id": "x", "lat": 0.0, "lon": 0.0}, "windows_us": [], "service_s": 1.0,
}  # fmt: skip


def added(order_id: str, delivery: dict[str, Any] | None) -> dict[str, Any]:
    """The command that adds an order."""
    order = {
        "order_id": order_id, "pickup": None, "delivery": delivery, "demand": {}, "priority": 1, "needs": [],
        "customer": "", "depot": None, "known_before": False,
    }  # fmt: skip
    return {"kind": "add_order", "payload": {"order": order}}


COMMANDS: dict[str, tuple[Any, str]] = {
    "no JSON": ("hello", "line 1"),
    "NaN": ('{"at_us": NaN, "kind": "x", "payload": {}, "by": ""}', "line 1"),
    "a list": ("[1, 2]", "line 1"),
    "deep": ("[" * 200_000, "line 1"),
    "unknown": ({"kind": "set_rout", "payload": {}}, "did you mean 'set_route'"),
    "time": (
        {"at_us": "noon", "kind": "cancel_order", "payload": {"order_id": "O1", "by": "office", "reason": ""}},
        "at_us",
    ),
    "too early": (
        {"at_us": 5, "kind": "cancel_order", "payload": {"order_id": "O1", "by": "office", "reason": ""}},
        "within the run",
    ),
    "payload": ({"kind": "cancel_order", "payload": {"order_id": 3}}, "cancel_order.order_id"),
    "text for a number": (
        {"kind": "close_road", "payload": {"closure": "x", "lat": "1", "lon": 2.0, "radius_m": 3.0, "lasts_s": 4.0}},
        "close_road.lat",
    ),
    "vehicle": (
        {"kind": "unassign_order", "payload": {"order_id": "O1", "vehicle_id": "vans-22", "reason": ""}},
        "did you mean 'vans-2'",
    ),
    "setting": (
        {"kind": "change_setting", "payload": {"key": "seed", "value": 3, "by": "x"}},
        "cannot change during a run",
    ),
    "loop": (
        {"kind": "change_setting", "payload": {"key": "dispatch.period_s", "value": 1e-9, "by": "x"}},
        "dispatch.period_s",
    ),
    "order twice": (added("O1", NOWHERE), "already"),
    "order nowhere": (added("X1", NOWHERE), "away from the roads"),
    "order of nothing": (added("X1", None), "needs a pickup or a delivery"),
    "incident": ({"kind": "inject_incident", "payload": {"name": "x", "incident": {"kind": "strom"}}}, "x.kind"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_bad_commands_are_refused_before_anything_is_written(
    name: str, scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A command that cannot be given is found before the folder is made."""
    command, named = COMMANDS[name]
    if isinstance(command, dict):
        command = json.dumps({"at_us": 1_772_440_000_000_000, "by": "me", **command})
    (tmp_path / "commands.jsonl").write_text(command)
    refused(["run", str(scenario), "--out", "run", "--commands", str(tmp_path / "commands.jsonl")], capsys, named)


def test_a_missing_command_file_is_bad_input(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """Like every other file that is given."""
    refused(["run", str(scenario), "--out", "run", "--commands", "nowhere.jsonl"], capsys, "nowhere.jsonl")
