"""R1, R2 and R3: whole rough days, run twice, killed, and counted."""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.soak.days import rough_day
from benchmarks.soak.figures import Figure, each, in_two_interpreters
from engine.ledger import ledger_rows
from scenarios import Scenario
from scenarios.run import Session
from scenarios.verify import verify
from tests.tiny import write_tiny

RUN: Any = sys.modules["scenarios.run"]
"""The module; ``scenarios.run`` is the function of that name."""
WINDOWS_US = (900_000_000, 77_000_000)
"""The usual window, and one that cuts elsewhere."""
LONG: dict[str, Any] = {
    "horizon_s": 4 * 86_400, "devices": {"tracker": {"sample_period_s": 5.0, "parked_every": 1}},
    "radio": {"carriers": {"red": {"terrain": {"dark_share": 0.3}, "loss_share": 0.1}}},
}  # fmt: skip
"""A run of some seconds, to be killed in."""


# --- R1 ---


def digest(case: int, window_us: int) -> str:
    """Of a rough day in windows of another length."""
    RUN.WINDOW_US = window_us
    return Session(rough_day(case)).run().digest


def repeats(cases: range, seconds: float) -> Figure:
    """Each day in two interpreters, with other hash seeds and other windows."""
    figure = Figure("R1", "the same day twice: other process, hash seed and windows", "0 mismatches of 2,000")
    for case, (one, other) in in_two_interpreters(digest, cases, WINDOWS_US, seconds):
        figure.tried += 1
        figure.take(case, [] if one == other else [f"{one[:12]} is not {other[:12]}"])
    return figure


# --- R2 ---


def kills(cases: range, seconds: float) -> Figure:
    """One long run killed at random moments, each time resumed."""
    figure = Figure("R2", "kill -9 at a random moment, then resume", "100 of 100 readable and the same", unit="kills")
    with tempfile.TemporaryDirectory() as folder:
        until = time.monotonic() + seconds
        whole, lasts_s = _whole(Path(folder) / "whole")
        unfinished = 0
        for case in cases:
            if time.monotonic() > until:
                break
            figure.tried += 1
            cut, problems = _killed(Path(folder) / str(case), whole, random.Random(case).uniform(0, lasts_s))  # noqa: S311
            unfinished += cut
            figure.take(case, problems)
        figure.note = f"{unfinished} of them in mid-run"
    return figure


def _whole(folder: Path) -> tuple[Path, float]:
    """The run when nobody disturbs it, and how long it takes once its folder is there."""
    process = _begun(folder)
    began = time.monotonic()
    process.communicate()
    return folder, time.monotonic() - began


def _begun(folder: Path) -> subprocess.Popen:
    folder.mkdir()
    write_tiny(folder, **LONG)
    process = _twin(folder, "--quiet")
    while not (folder / "run" / "manifest.json").exists() and process.poll() is None:
        time.sleep(0.01)
    return process


def _twin(folder: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "twin", "run", str(folder / "scenario.yaml"), "--out", str(folder / "run"), *more]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)  # noqa: S603


def _killed(folder: Path, whole: Path, after_s: float) -> tuple[bool, list[str]]:
    """Whether it was cut short; and what was wrong with what it left, and with the run after resuming."""
    process = _begun(folder)
    time.sleep(after_s)
    process.kill()
    process.communicate()
    problems = []
    cut = _manifest(folder)["status"] != "finished"
    for name in ("truth", "office"):
        left = [*ledger_rows(folder / "run", name)] if cut and (folder / "run" / f"{name}.arrows").exists() else []
        if left != [*ledger_rows(whole / "run", name)][: len(left)]:
            problems.append(f"{name}: {len(left)} rows are not how the whole run begins")
    resumed = _twin(folder, "--quiet", "--resume")
    problems += [line for line in resumed.communicate()[1].splitlines() if resumed.returncode]
    if _manifest(folder).get("digest") != _manifest(whole)["digest"]:
        problems.append("resumed, it has another digest")
    return cut, problems


def _manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run" / "manifest.json").read_text())


# --- R3 ---


def invariants(cases: range, processes: int, seconds: float) -> Figure:
    """All that ``verify`` checks, and what became of every message and sample."""
    figure = Figure("R3", "invariants of `verify`, conservation of messages and samples", "0 in 100,000,000 rows")
    rows = 0
    for case, (count, problems) in each(violations, cases, processes, seconds):
        figure.tried += 1
        rows += count
        figure.take(case, problems)
    figure.note = f"{rows:,} rows of ledgers and telemetry"
    return figure


def counted_day(case: int) -> Scenario:
    """A rough day; every odd one with five samples a second: some 324,000 rows."""
    day = rough_day(case)
    if case % 2 == 0:
        return day
    tracker = day.model.devices["tracker"].model_copy(update={"sample_period_s": 0.2, "parked_every": 1})
    return replace(day, model=day.model.model_copy(update={"devices": {"tracker": tracker}}))


def violations(case: int) -> tuple[int, list[str]]:
    """Rows of a rough day, and what is wrong with them."""
    with tempfile.TemporaryDirectory() as folder:
        session = Session(counted_day(case), folder=Path(folder))
        run = session.run()
        problems = [*verify(folder).failures, *unbalanced(session, run)]
        return run.truth.num_rows + run.office.num_rows + run.telemetry.num_rows, problems


def unbalanced(session: Session, run: Any) -> Iterator[str]:
    """Messages and samples that are in no state, or in two: the files against the counts kept while running."""
    for way, tally in session.built.radio.courier.counts().items():
        if tally.offered != tally.delivered + tally.waiting + tally.in_transit + sum(tally.lost.values()):
            yield f"{way}: {tally}"
    plant = session.built.plant.plant.counts()
    if plant["admitted"] != plant["received"] + plant["held"] + plant["lost"]:
        yield f"plant: {plant}"
    fates = Counter(run.telemetry["fate"].to_pylist())
    lane = session.built.radio.lane.counts()
    for fate in ("overrun", "dead", "stolen", "lost"):
        if fates[fate] != lane[fate]:
            yield f"telemetry: {fates[fate]} samples {fate}, the radio counted {lane[fate]}"
    held = fates["buffered"] - lane["buffered"]  # at the door of a platform that is down to the end
    if fates["received"] + fates["feed"] + held != lane["received"] or held < 0 or lane["open"]:
        yield f"telemetry: {dict(fates)}, the radio counted {lane}"
    received = np.array(run.telemetry["received_at"].is_valid())
    if received.sum() != fates["received"]:
        yield f"telemetry: {received.sum()} times of reception, {fates['received']} samples received"
    for device, samples in _samples(run).items():
        if sorted(samples) != list(range(len(samples))):
            yield f"telemetry: {device} has gaps among its {len(samples)} samples"


def _samples(run: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for device, sample in zip(run.telemetry["device_id"].to_pylist(), run.telemetry["sample"].to_pylist()):
        found.setdefault(device, []).append(sample)
    return found
