"""A branch is the same run up to a moment, and a different one from then on."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.clock import to_us
from engine.ledger import ledger_rows
from scenarios import Run, run
from scenarios.verify import verify
from tests.tiny import tiny, write_tiny
from viz.cli import main

DAY: dict[str, Any] = {
    "orders": {
        "generate": {
            "arriving_per_day": 12,
            "arrival_weights": [0.0] * 10 + [1.0] * 3 + [0.0] * 11,
            "volume_m3": None,
            "priorities": {1: 0.5, 2: 0.5},
        }
    },
    "drivers": {"crew": {"rest": None}},
}
TEN_US = tiny().local.at(tiny().local.day(tiny().start_us), 10 * 3600)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run branched from, beside its scenario."""
    folder = tmp_path_factory.mktemp("original")
    write_tiny(folder, **DAY)
    assert main(["run", str(folder / "scenario.yaml"), "--out", str(folder / "run"), "--quiet"]) == 0
    return folder


def branch(original: Path, out: Path, *more: str, run_name: str = "run") -> int:
    """``twin run`` branching from the original at ten."""
    scenario = str(original / "scenario.yaml")
    at = [] if "--at" in more else ["--at", "10:00:00"]
    return main(["run", scenario, "--branch", str(original / run_name), *at, "--out", str(out), "--quiet", *more])


def rows(folder: Path, name: str, before: bool) -> list[bytes]:
    """A ledger's rows before ten, or from then on."""
    return [row for at_us, row in ledger_rows(folder, name) if (at_us < TEN_US) == before]


def test_another_policy_shares_the_morning_and_differs_after(original: Path, tmp_path: Path) -> None:
    """Row for row the same before ten; the change itself is the first thing that differs."""
    assert branch(original, tmp_path / "b", "--set", "dispatch.policy=nearest") == 0
    for name in ("truth", "office"):
        assert rows(tmp_path / "b", name, True) == rows(original / "run", name, True)
        assert rows(tmp_path / "b", name, False) != rows(original / "run", name, False)
    command = json.loads((tmp_path / "b" / "commands.jsonl").read_text())
    assert (command["kind"], command["at_us"], command["by"]) == ("change_setting", TEN_US, "branch")
    assert verify(tmp_path / "b").ok


def test_a_branch_without_a_change_is_the_run_again(original: Path, tmp_path: Path) -> None:
    """Nothing differs, not even the digest."""
    assert branch(original, tmp_path / "b") == 0
    digests = [json.loads((f / "manifest.json").read_text())["digest"] for f in (original / "run", tmp_path / "b")]
    assert digests[0] == digests[1]


def test_a_new_incident_begins_at_its_own_time(original: Path, tmp_path: Path) -> None:
    """Branching at ten with a storm at noon: it begins at noon."""
    storm = "incidents.storm={kind: weather, state: storm, at: '12:00', lasts_s: 3600}"
    assert branch(original, tmp_path / "b", "--set", storm) == 0
    truth = Run.read(tmp_path / "b").truth
    started = [
        at
        for at, kind in zip(truth["occurred_at"].to_pylist(), truth["kind"].to_pylist())
        if kind == "incident_started"
    ]
    assert [to_us(at) for at in started] == [TEN_US + 2 * 3_600_000_000]


def test_a_branch_can_be_branched_and_resumed(original: Path, tmp_path: Path) -> None:
    """The second branch has the first one's commands and its own."""
    folder = tmp_path / "first"
    assert branch(original, folder, "--set", "dispatch.policy=nearest") == 0
    assert branch(tmp_path, tmp_path / "x", run_name="first") == 2  # its scenario file is elsewhere
    write_tiny(tmp_path, **DAY)
    assert (
        branch(tmp_path, tmp_path / "second", "--at", "12:30:00", "--set", "dispatch.period_s=900", run_name="first")
        == 0
    )
    commands = [json.loads(line) for line in (tmp_path / "second" / "commands.jsonl").read_text().splitlines()]
    assert [command["payload"]["key"] for command in commands] == ["dispatch.policy", "dispatch.period_s"]
    manifest = json.loads((tmp_path / "second" / "manifest.json").read_text())
    (tmp_path / "second" / "manifest.json").write_text(json.dumps(manifest | {"status": "running"}))
    assert main(["run", str(tmp_path / "scenario.yaml"), "--resume", "--out", str(tmp_path / "second"), "--quiet"]) == 0
    assert json.loads((tmp_path / "second" / "manifest.json").read_text())["digest"] == manifest["digest"]


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--set", "fleet.vans.count+=1"], "fleet.vans.count"),
        (["--set", "radio.latency_s=9"], "radio.latency_s"),
        (["--set", "seed=4"], "seed"),
        (["--at", "05:00:00"], "--at"),
        (["--at", "18:00:00"], "--at"),
        (["--at", "noon"], "--at"),
        (["--at", "08:00+9999999999999"], "--at"),
        (["--at", "25:61"], "--at"),
        (["--set", "dispatch.period_s=0.5"], "dispatch.period_s"),
        (["--set", "incidents.x={kind: breakdown, vehicle: vans-9, at: '12:00'}"], "vans-3"),
    ],
)
def test_what_cannot_be_branched_is_refused(
    more: list[str], named: str, original: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Exit 2, one line that names the key, and no folder."""
    assert branch(original, tmp_path / "b", *more) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert named in lines[0] or named.startswith("vans-")
    assert not (tmp_path / "b").exists()


def test_an_incident_taken_away_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """What has been part of the run cannot be undone from a moment on."""
    write_tiny(tmp_path, incidents={"storm": {"kind": "weather", "at": "11:00"}})
    assert main(["run", str(tmp_path / "scenario.yaml"), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    write_tiny(tmp_path)
    assert branch(tmp_path, tmp_path / "b") == 2
    assert "incidents.storm" in capsys.readouterr().err


def test_days_carry_over_midnight(tmp_path: Path) -> None:
    """Three days on one odometer and tank; what failed on one day is visited on the next."""
    done = run(tiny(horizon_s=3 * 86_400, customers={"not_home_share": 0.4}), out=tmp_path / "run")
    assert verify(tmp_path / "run").ok
    truth = [
        (k, s, json.loads(p)) for k, s, p in zip(*(done.truth[c].to_pylist() for c in ("kind", "subject", "payload")))
    ]
    shifts = [p for k, _, p in truth if k == "shift_ended" and p["vehicle_id"] == "vans-1"]
    odometers = [p["odometer_m"] for p in shifts]
    assert len(odometers) == 3
    assert odometers == sorted(odometers)
    assert odometers[0] > 0
    driven = sum(p["distance_m"] for k, _, p in truth if k == "arrived" and p["vehicle_id"] == "vans-1")
    assert odometers[-1] == pytest.approx(driven, abs=0.01)
    rebooked = {p["order_id"] for k, _, p in truth if k == "order_rebooked"}
    second = {p["order_id"] for k, _, p in truth if k == "order_delivered" and p["attempt"] == 2}
    assert second
    assert second <= rebooked
    open_orders: set[str] = set()
    for kind, subject, _ in truth:  # conservation: placed = ended + open, at every moment
        if kind == "order_placed":
            assert subject not in open_orders
            open_orders.add(subject)
        elif kind in ("order_delivered", "order_failed", "order_cancelled", "order_left_out"):
            open_orders.remove(subject)
    assert not open_orders
