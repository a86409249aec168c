"""The folder of a study: what is finished stays, whatever happens to the one who waits for the rest."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.folder import FolderInUse, read_json
from scenarios.load import Scenario
from scenarios.problems import BadInput
from scenarios.studies import run as study_run
from scenarios.studies import store as study_store
from scenarios.studies.replications import replication_seed
from scenarios.studies.run import DecisionTime, Outcome, Replication, run_study
from scenarios.studies.store import LOG, RECORD, TABLE, StudyStore
from tests.tiny import tiny, write_tiny
from viz.cli import BAD_ANSWER, BAD_INPUT, INTERRUPTED, OK, main

HALF_DAY: dict[str, Any] = {"horizon_s": 18_000, "orders": {"generate": {"known_per_day": 3, "arriving_per_day": 0}}}
VARIANTS = {"base": tiny(), "more": tiny(fleet={"vans": {"count": 3}})}
COUNT = 5


def drawn(variants: Mapping[str, Scenario], number: int) -> Replication:
    """A replication without a run: figures of all magnitudes, one undefined."""
    rng = np.random.default_rng(number)
    outcomes = {
        name: Outcome(
            {"cost_eur": rng.normal() * 10.0 ** rng.integers(-300, 300), "decisions": number, "eta_error_s_p50": None},
            DecisionTime(0.25, 0.125, 2),
        )
        for name in variants
    }
    return Replication(number, replication_seed(3, number), outcomes, 0.5)


@pytest.fixture(autouse=True)
def _no_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_run, "replicate", drawn)


def store_of(folder: Path, variants: Mapping[str, Scenario] = VARIANTS, resume: bool = False) -> StudyStore:
    """The store of five replications."""
    return StudyStore(folder, "tiny", "twin compare", variants, COUNT, resume)


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    """In the log, in the tidy table, in the record."""
    with store_of(tmp_path / "study") as store:
        figures = run_study(VARIANTS, COUNT, store=store)
        assert [store.read(number) for number in range(COUNT)] == [drawn(VARIANTS, number) for number in range(COUNT)]
    assert figures.digest() == run_study(VARIANTS, COUNT).digest()
    record = read_json(store.folder / RECORD)
    assert (record["status"], record["digest"], record["finished"]) == ("finished", figures.digest(), COUNT)
    assert record["seed"] == 3
    assert [*record["variants"]] == ["base", "more"]
    rows = pq.read_table(store.folder / TABLE).to_pylist()
    assert rows == [
        {"variant": name, "replication": number, "seed": replication_seed(3, number), "kpi": kpi, "value": value}
        for number in range(COUNT)
        for name, outcome in drawn(VARIANTS, number).outcomes.items()
        for kpi, value in outcome.figures.items()
    ]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_log_cut_anywhere_is_gone_on_with(data: st.DataObject) -> None:
    """Whole lines are kept, in whatever order they were finished; nothing of half a line."""
    with TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_run, "replicate", drawn)
        folder = Path(home) / "study"
        with store_of(folder) as store:
            store.begin()
            for number in data.draw(st.permutations(range(COUNT))):
                store.keep(drawn(VARIANTS, number))
        whole = (folder / LOG).read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        os.truncate(folder / LOG, cut)
        run = []
        patch.setattr(study_run, "replicate", lambda variants, number: run.append(number) or drawn(variants, number))
        with store_of(folder, resume=True) as store:
            assert run_study(VARIANTS, COUNT, store=store).digest() == run_study(VARIANTS, COUNT).digest()
        kept = {json.loads(line)["replication"] for line in whole[:cut].split(b"\n")[: whole[:cut].count(b"\n")]}
        assert set(run[: COUNT - len(kept)]) == set(range(COUNT)) - kept


def test_more_replications_go_on_from_those_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many there are to be is no part of what a study is; nor is the seed of a variant."""
    with store_of(tmp_path) as store:
        run_study(VARIANTS, 2, store=store)
    run = []
    monkeypatch.setattr(study_run, "replicate", lambda of, number: run.append(number) or drawn(of, number))
    reseeded = VARIANTS | {"more": study_run.with_changes(VARIANTS["more"], seed=9)}
    with store_of(tmp_path, reseeded, resume=True) as store:
        run_study(VARIANTS, COUNT, store=store)
    assert run == [2, 3, 4]


def test_parts_of_a_study_are_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what their variants are, so a search that was cut short does not begin again."""
    run = []
    monkeypatch.setattr(study_run, "replicate", lambda of, number: run.append(len(of)) or drawn(of, number))
    other = {"base": tiny(), "cold": tiny(fleet={"e-vans": {"count": 2}})}
    for resume in (False, True):
        with store_of(tmp_path, resume=resume) as store:
            run_study(VARIANTS, 2, store=store)
            for variants in ({"base": tiny()}, other):
                with store.part(variants) as part:
                    assert [*run_study(variants, 2, store=part).values] == [*variants]
    assert run == [2, 2, 1, 1, 2, 2]
    assert len([*tmp_path.glob("parts/*/replications.parquet")]) == 2


def test_another_study_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each key that differs."""
    with store_of(tmp_path) as store:
        run_study(VARIANTS, 1, store=store)
    other = {"base": tiny(seed=4), "more": tiny(fleet={"vans": {"count": 4}})}
    with pytest.raises(BadInput) as caught:
        store_of(tmp_path, other, resume=True)
    assert {problem.key for problem in caught.value.problems} >= {"seed", "variants.more.fleet.vans.count"}
    with pytest.raises(BadInput, match=r"^[^\n]*: variants: 'base, fewer': expected 'base, more', as in[^\n]*$"):
        store_of(tmp_path, {"base": VARIANTS["base"], "fewer": VARIANTS["more"]}, resume=True)
    with pytest.raises(BadInput, match="variants: 'more, base': expected 'base, more'"):
        store_of(tmp_path, dict(reversed(VARIANTS.items())), resume=True)
    monkeypatch.setattr(study_store, "versions", lambda: {"numpy": "1.0"})
    with pytest.raises(BadInput, match=r"versions.numpy: '1\.0': expected"):
        store_of(tmp_path, resume=True)


def test_files_that_have_changed_since_are_named(tmp_path: Path) -> None:
    """The same scenario with other orders is another study; with the same content it is not."""
    towers = tmp_path / "towers.csv"
    towers.write_text("radio,net\n")
    variants = {"base": tiny(radio={"carriers": {"red": {"towers_file": str(towers)}}})}
    with store_of(tmp_path / "study", variants) as store:
        run_study(variants, COUNT, store=store)
    towers.write_text("radio,net\n")
    store_of(tmp_path / "study", variants, resume=True)
    towers.write_text("radio,net\nLTE,1\n")
    with pytest.raises(BadInput) as caught:
        store_of(tmp_path / "study", variants, resume=True)
    (problem,) = caught.value.problems
    assert problem.file == str(towers)
    assert str(tmp_path / "study") in problem.expected


def test_a_study_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who wants the story of an order is told how to have the day again."""
    with store_of(tmp_path / "study") as store:
        run_study(VARIANTS, COUNT, store=store)
    for command in (["explain", "O1"], ["verify"]):
        assert main([command[0], str(tmp_path / "study"), *command[1:]]) == BAD_INPUT
        assert "twin run SCENARIO --seed N --out RUN" in capsys.readouterr().err


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """And left alone."""
    (tmp_path / "notes.txt").write_text("mine")
    for resume in (False, True):
        with pytest.raises(FolderInUse):
            store_of(tmp_path, resume=resume)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_study_that_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is kept of it."""

    def fail(variants: Any, number: int) -> Replication:
        if number == 2:
            raise OSError("no memory")
        return drawn(variants, number)

    monkeypatch.setattr(study_run, "replicate", fail)
    with pytest.raises(OSError, match="no memory"), store_of(tmp_path) as store:
        run_study(VARIANTS, COUNT, store=store)
    record = read_json(tmp_path / RECORD)
    assert (record["status"], record["finished"], record["error"]) == ("failed", 2, "OSError: no memory")


# --- the command line ---


def asked(folder: Path, count: int = 4) -> list[str]:
    """``twin compare`` of two policies."""
    scenario = folder / "scenario.yaml"
    if not scenario.exists():
        write_tiny(folder, **HALF_DAY)
    return [
        "compare", str(scenario), "--with", "near: dispatch.policy=nearest", "--replications", str(count),
        "--on", "local:2", "--out", str(folder / "study"), "--json",
    ]  # fmt: skip


def begun(asked: list[str], folder: Path, lines: int) -> subprocess.Popen:
    """The command in a process of its own, when so many replications are on disk."""
    process = subprocess.Popen(
        [sys.executable, "-m", "twin", *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    log, waited_s = folder / "study" / LOG, 0.0
    while not log.exists() or log.read_bytes().count(b"\n") < lines:
        assert process.poll() is None, process.communicate()
        assert waited_s < 120
        time.sleep(0.05)
        waited_s += 0.05
    return process


def test_a_killed_driver_loses_nothing_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed at random moments, gone on with, the same digest as in one go; workers do not outlive it."""
    monkeypatch.undo()
    command, rng = asked(tmp_path), np.random.default_rng(1)
    log = tmp_path / "study" / LOG
    for lines in (1, 2):
        process = begun(command, tmp_path, lines)
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        process.communicate(timeout=120)  # ends when the workers, who hold the pipes too, are gone
        before = log.read_bytes()
        command = [*asked(tmp_path), "--resume"]
    assert main(command) == OK
    found = json.loads(capsys.readouterr().out)
    assert log.read_bytes().startswith(before[: before.rfind(b"\n") + 1])
    assert main([*asked(tmp_path)[:-2], str(tmp_path / "other"), "--json"]) == OK
    at_once = json.loads(capsys.readouterr().out)
    assert found["digest"] == at_once["digest"]
    assert found["variants"] == at_once["variants"]
    record = read_json(log.parent / RECORD)
    assert "--resume" not in record["command"]
    assert record["command"].startswith("twin compare")


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(tmp_path: Path) -> None:
    """Exit 130."""
    process = begun(asked(tmp_path, 500), tmp_path, 1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == INTERRUPTED
    assert "finished replications are kept; go on with: twin compare" in said
    assert "--resume" in said
    assert read_json(tmp_path / "study" / RECORD)["status"] == "stopped"


def test_a_full_disk_keeps_what_is_finished_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1; with room again it goes on."""
    monkeypatch.undo()
    keep = StudyStore.keep

    def until_full(store: StudyStore, done: Replication) -> None:
        if done.number:
            raise OSError(errno.ENOSPC, "No space left on device")
        keep(store, done)

    command = ["local:1" if word == "local:2" else word for word in asked(tmp_path, 2)]
    monkeypatch.setattr(StudyStore, "keep", until_full)
    assert main(command) == BAD_ANSWER
    said = capsys.readouterr().err
    assert "1 finished replications are kept; go on with:" in said
    assert "No space left on device" in said
    monkeypatch.setattr(StudyStore, "keep", keep)
    assert main([*command, "--resume"]) == OK


def test_what_there_is_nothing_of_is_not_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit 2, nothing written."""
    assert main([*asked(tmp_path), "--resume"]) == BAD_INPUT
    assert "expected --out DIR, the folder of an interrupted study" in capsys.readouterr().err
    assert not (tmp_path / "study").exists()
