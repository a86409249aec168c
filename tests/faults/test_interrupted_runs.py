"""Runs that do not end by themselves: killed, interrupted, out of disk. The folder stays readable and says so."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.driver import Driver
from engine.ledger import ledger_rows
from scenarios import run
from tests.tiny import tiny, write_tiny
from viz.cli import main

LONG: dict[str, Any] = {"horizon_s": 4 * 86_400, "devices": {"tracker": {"sample_period_s": 2.0, "parked_every": 1}}}
"""Four days with many samples: some seconds of work to be disturbed in."""


def start(folder: Path, *more: str, limit: Callable[[], None] | None = None) -> subprocess.Popen:
    """``twin run`` of the scenario in a folder, as a process of its own, into ``run`` beside it."""
    command = [sys.executable, "-m", "twin", "run", str(folder / "scenario.yaml"), "--out", str(folder / "run"), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit)  # noqa: PLW1509


def wait_for(path: Path, process: subprocess.Popen, seconds: float = 60.0) -> None:
    """Until the file is there."""
    until = time.monotonic() + seconds
    while not path.exists():
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < until, f"{path} never appeared"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, float]:
    """Digest and duration of the long run when nobody disturbs it."""
    scenario = tiny(**LONG)
    began = time.monotonic()
    return run(scenario, out=tmp_path_factory.mktemp("whole") / "run").digest, time.monotonic() - began


@pytest.mark.parametrize("moment", range(4))
def test_a_killed_run_is_readable_and_can_be_finished(
    moment: int, whole: tuple[str, float], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """After kill -9 the folder says ``running``, verifies as far as it goes, and resumes to the same digest."""
    digest, seconds = whole
    write_tiny(tmp_path, **LONG)
    process = start(tmp_path)
    wait_for(tmp_path / "run" / "manifest.json", process)
    time.sleep(random.Random(moment).uniform(0, seconds) if moment else 0)  # noqa: S311
    process.kill()
    process.communicate()

    folder = tmp_path / "run"
    manifest = json.loads((folder / "manifest.json").read_text())
    if manifest["status"] != "finished":
        assert manifest["status"] == "running"
        assert "digest" not in manifest
        assert main(["verify", str(folder), "--json"]) == 1  # all that is wrong is that it did not finish
        verdict = json.loads(capsys.readouterr().out)
        assert verdict["failures"] == ["manifest.json: status is 'running': the run did not finish"]
        assert any("was not sealed" in note for note in verdict["notes"])
        assert main(["report", str(folder), "--quiet"]) == 0
    assert main(["run", str(tmp_path / "scenario.yaml"), "--resume", "--out", str(folder), "--json"]) == 0
    assert json.loads((folder / "manifest.json").read_text())["digest"] == digest
    assert main(["verify", str(folder), "--quiet"]) == 0


def test_outside_commands_survive_a_kill(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Commands are on disk before anything is done about them: the resumed run has them too."""
    scenario = tiny(**LONG)
    hour = 3_600_000_000
    commands = [
        {
            "at_us": scenario.start_us + 2 * hour,
            "kind": "change_setting",
            "by": "someone",
            "payload": {"key": "dispatch.policy", "value": "nearest", "by": "someone"},
        },
        {
            "at_us": scenario.start_us + 26 * hour,
            "kind": "cancel_order",
            "by": "someone",
            "payload": {"order_id": "O3-d2", "by": "office", "reason": "called"},
        },
    ]
    expected = run(scenario, commands=commands)
    kinds = expected.truth["kind"].to_pylist()
    assert "setting_changed" in kinds
    file = tmp_path / "commands.jsonl"
    file.write_text("\n".join(json.dumps(command) for command in commands))
    write_tiny(tmp_path, **LONG)
    process = start(tmp_path, "--commands", str(file))
    wait_for(tmp_path / "run" / "truth.arrows", process)
    time.sleep(0.4)
    process.kill()
    process.communicate()
    file.unlink()
    assert main(["run", str(tmp_path / "scenario.yaml"), "--resume", "--out", str(tmp_path / "run"), "--quiet"]) == 0
    capsys.readouterr()
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["digest"] == expected.digest


def test_ctrl_c_ends_with_130_and_can_be_resumed(whole: tuple[str, float], tmp_path: Path) -> None:
    """One line, no traceback; the folder still says ``running``."""
    write_tiny(tmp_path, **LONG)
    process = start(tmp_path)
    wait_for(tmp_path / "run" / "truth.arrows", process)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert err.strip().splitlines()[-1] == "interrupted"
    assert "Traceback" not in err
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["status"] == "running"
    assert main(["run", str(tmp_path / "scenario.yaml"), "--resume", "--out", str(tmp_path / "run"), "--quiet"]) == 0
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["digest"] == whole[0]


@pytest.mark.parametrize("kilobytes", [0, 3, 20, 60, 150, 400])  # the first two are too small for the cache as well
def test_a_full_disk_fails_the_run_with_one_line(kilobytes: int, tmp_path: Path) -> None:
    """Whichever write is refused: exit 1, what happened in a line, and never ``finished``."""
    write_tiny(tmp_path, **LONG)
    main(["check", str(tmp_path / "scenario.yaml"), "--quiet"])  # fills the cache: the limit is for the run's own files

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    process = start(tmp_path, limit=limit)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1 or (kilobytes <= 3 and process.returncode == 2), (out, err)
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    last = err.strip().splitlines()[-1]
    assert "File too large" in last or (kilobytes == 0 and "temporary directory" in last)
    assert out == ""
    manifest = tmp_path / "run" / "manifest.json"
    if manifest.exists():
        assert json.loads(manifest.read_text())["status"] in ("running", "failed")
        assert not (tmp_path / "run" / "kpis.json").exists() or kilobytes >= 150
    assert not list(tmp_path.rglob("*.part"))


def test_memory_does_not_grow_with_the_length_of_the_run(tmp_path: Path) -> None:
    """Sixteen more days on disk take hardly more memory; vehicles and orders carry over every midnight."""
    script = """
import resource, sys
from scenarios import run
from tests.tiny import tiny
days = int(sys.argv[1])
done = run(tiny(horizon_s=days * 86_400), out=sys.argv[2])
print(done.kpis["orders_total"]["value"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    found = {}
    for days in (4, 20):
        command = [sys.executable, "-c", script, str(days), str(tmp_path / f"run{days}")]
        out = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2], env=os.environ
        )
        found[days] = [float(word) for word in out.stdout.split()]
    assert found[20][0] > 4 * found[4][0]
    assert found[20][1] - found[4][1] < 40_000, f"kilobytes at most: {found}"


def test_ctrl_c_in_the_middle_of_an_instant_leaves_a_whole_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SimPy turns an interrupt inside a process into a failed event and lets the others of that instant run on."""
    run(tiny(), out=tmp_path / "whole")
    tell, asked = Driver._tell, []

    def interrupted(driver: Driver, kind: str, subject: str | None = None, /, **payload: Any) -> None:
        if kind == "inspection_done" and not asked:  # all drivers finish it at the same moment
            asked.append(kind)
            os.kill(os.getpid(), signal.SIGINT)
        tell(driver, kind, subject, **payload)

    monkeypatch.setattr(Driver, "_tell", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tiny(), out=tmp_path / "cut")
    for name in ("truth", "office"):
        cut, whole = ([*ledger_rows(tmp_path / folder, name)] for folder in ("cut", "whole"))
        assert 0 < len(cut) < len(whole)
        assert cut == whole[: len(cut)]
