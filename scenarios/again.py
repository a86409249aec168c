"""Running again what has run before: a killed run to its end, a finished one differently from a moment on.

State is a function of scenario, seed and recorded commands, so both start from the beginning and are held against
what the first run left behind.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.clock import SECOND
from engine.ledger import ledger_rows
from scenarios.commands import SETTINGS, check_all, check_setting
from scenarios.folder import make_folder, read_commands, read_json, write_json
from scenarios.ground import prepare
from scenarios.load import Scenario, load
from scenarios.problems import BadInput, Problem
from scenarios.results import Run
from scenarios.run import Progress, Session
from scenarios.section import clock_s

LEDGERS = ("truth", "office")


class NotReproduced(RuntimeError):
    """Running again did not give the same rows."""


Watch = Callable[[Session], None]


def resume(scenario: Scenario, folder: Path, watch: Watch, progress: Progress | None = None) -> Run:
    """Finish a killed run: the same scenario, seed and commands again, into the same folder.

    What had been written is kept as a digest first; the new ledgers must begin with the same rows.

    Raises:
        BadInput: the folder is of another scenario or seed.
        NotReproduced: the run could not be reproduced (another version or machine).
    """
    manifest = read_json(folder / "manifest.json")
    if manifest["status"] == "finished":
        return Run.read(folder)
    changed = differences(manifest["scenario"], scenario.model.json_ready())
    if changed:
        problems = [
            Problem(scenario.source, key, str(new), f"{old!r}, as in the run to resume") for key, old, new in changed
        ]
        raise BadInput(problems)
    ground = prepare(scenario)
    prefixes = {name: _prefix(folder, name, None) for name in LEDGERS}
    commands = read_commands(folder)
    _clear(folder)
    session = Session(scenario, ground, folder, None, commands, recorded=True)
    watch(session)
    run = session.run(progress)
    _compare(folder, prefixes)
    return run


def branch(scenario: Scenario, source: Path, at: str, out: Path, watch: Watch, progress: Progress | None = None) -> Run:
    """Run a finished run again up to a local time, and differently from then on.

    ``scenario`` is the run's own with some changes; only settings that can change during a run may differ, and
    incidents may be added. They become commands at that moment, so the branch can itself be resumed and branched.

    Raises:
        BadInput: something differs that cannot change during a run, or the moment is outside it.
        NotReproduced: the part before the moment could not be reproduced.
    """
    manifest = read_json(source / "manifest.json")
    before_it = original(manifest)
    at_us = _moment(before_it, at)
    changes = _as_commands(scenario, differences(manifest["scenario"], scenario.model.json_ready()), at_us)
    before = [command for command in read_commands(source) if command["at_us"] <= at_us]
    ground = prepare(before_it)
    check_all(before_it, ground, [*before, *changes], str(source))
    prefixes = {name: _prefix(source, name, at_us) for name in LEDGERS}
    session = Session(before_it, ground, make_folder(out), None, [*before, *changes])
    watch(session)
    run = session.run(progress)
    _compare(out, prefixes)
    return run


def original(manifest: dict[str, Any]) -> Scenario:
    """The scenario of a run."""
    generated = manifest["scenario"]["orders"]["generate"]
    raw = manifest["scenario"]
    if generated is not None:  # JSON has no numbers for keys
        priorities = {int(priority): weight for priority, weight in generated["priorities"].items()}
        raw = raw | {"orders": raw["orders"] | {"generate": generated | {"priorities": priorities}}}
    return load(raw)


def _moment(scenario: Scenario, at: str) -> int:
    """A local time of the run's first day (up to 47:59:59, or with ``+N`` days: ``08:00+2``)."""
    clock, _, days = at.partition("+")
    try:
        local = scenario.local
        moment = local.at(local.day(scenario.start_us) + int(days or 0), clock_s(clock))
    except (ValueError, OverflowError):
        raise BadInput([Problem("--at", "", at, "a local time HH:MM:SS of the first day, or HH:MM:SS+DAYS")]) from None
    if not scenario.start_us <= moment < scenario.end_us:
        first, last = local.text(scenario.start_us), local.text(scenario.end_us)
        raise BadInput([Problem("--at", "", at, f"a time within the run, {first} to {last}")])
    return moment // SECOND * SECOND


def differences(old: Any, new: Any, key: str = "") -> list[tuple[str, Any, Any]]:
    """Dotted keys whose values differ, with both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for name in [*old, *(name for name in new if name not in old)]:
            found += differences(old.get(name), new.get(name), f"{key}.{name}" if key else name)
        return found
    return [] if old == new else [(key, old, new)]


def _as_commands(scenario: Scenario, changes: list[tuple[str, Any, Any]], at_us: int) -> list[dict[str, Any]]:
    commands, problems = [], []
    added = [key.removeprefix("incidents.") for key, old, _ in changes if key.startswith("incidents.") and old is None]
    added = [name for name in added if name in scenario.model.incidents]
    for key, _, new in changes:
        if key.removeprefix("incidents.") in added:
            continue
        try:
            check_setting(key, new)
        except ValueError:
            expected = f"no change: only {', '.join(SETTINGS)} and new incidents can differ in a branch"
            problems.append(Problem(scenario.source, key, str(new), expected))
            continue
        payload = {"key": key, "value": new, "by": "branch"}
        commands.append({"at_us": at_us, "kind": "change_setting", "payload": payload, "by": "branch"})
    for name in added:
        payload = {"name": name, "incident": scenario.model.incidents[name]}
        commands.append({"at_us": at_us, "kind": "inject_incident", "payload": payload, "by": "branch"})
    if problems:
        raise BadInput(problems)
    return commands


def _prefix(folder: Path, name: str, until_us: int | None) -> tuple[int, str]:
    """Number and digest of a ledger's rows up to a moment (exclusive; None: all there are)."""
    sha, count = hashlib.sha256(), 0
    for at_us, row in ledger_rows(folder, name):
        if until_us is not None and at_us >= until_us:
            break
        sha.update(row)
        count += 1
    return count, sha.hexdigest()


def _compare(folder: Path, prefixes: dict[str, tuple[int, str]]) -> None:
    for name, (count, digest) in prefixes.items():
        sha, rows = hashlib.sha256(), 0
        for _, row in ledger_rows(folder, name):
            if rows == count:
                break
            sha.update(row)
            rows += 1
        if rows != count or sha.hexdigest() != digest:
            write_json(folder / "manifest.json", read_json(folder / "manifest.json") | {"status": "failed"})
            raise NotReproduced(
                f"{folder}: the first {count} rows of the {name} ledger differ from the earlier run's; "
                "the versions or the machine are not the same (see manifest.json)"
            )


def _clear(folder: Path) -> None:
    """Remove what the killed run had written; its commands go on in the new one."""
    for path in sorted(folder.glob("*")):
        if path.is_file() and path.name not in ("manifest.json", "commands.jsonl"):
            path.unlink()
    telemetry = folder / "telemetry"
    if telemetry.is_dir():
        for path in telemetry.iterdir():
            path.unlink()
