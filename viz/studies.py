"""The commands that run many days: ``blindness``, ``league``, ``compare``."""

import re
import shlex
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.load import load
from viz.cli import OK, emit

if TYPE_CHECKING:
    from scenarios.studies.run import Progress
    from scenarios.studies.store import StudyStore


def blindness(arguments: Namespace) -> int:
    """Price the information a day is decided on."""
    from scenarios.studies.blindness import price_of_blindness
    from viz.blindness import blindness_lines

    scenario = load(Path(arguments.scenario), arguments.sets, arguments.seed)
    with _Days(arguments, 1) as days:
        found = price_of_blindness(scenario, arguments.replications, 1, partial(days, scenario.model.name))
    _show(arguments, found.as_dict(), lambda _: blindness_lines(found))
    return OK


def league(arguments: Namespace) -> int:
    """Compare policies over scenarios."""
    from scenarios.folder import stamped_folder, write_json
    from scenarios.studies.league import by_name, check_policies, variants
    from scenarios.studies.league import league as run_league
    from scenarios.studies.run import DEFAULT_WORKERS
    from scenarios.studies.store import StudyStore
    from viz.league import league_lines

    check_policies(arguments.policies)
    scenarios = [load(Path(path), arguments.sets, arguments.seed) for path in arguments.scenarios]
    played = {name: variants(scenario, arguments.policies) for name, scenario in by_name(scenarios).items()}
    what = [*(scenario.model.json_ready() for scenario in scenarios), *arguments.policies]
    folder = _out(arguments, stamped_folder("league", what))
    stores = {
        name: StudyStore(
            folder / f"{number}-{re.sub('[^A-Za-z0-9.-]+', '-', name).strip('-')}", name, _afresh(arguments.typed),
            variants, arguments.replications, arguments.resume,
        )
        for number, (name, variants) in enumerate(played.items(), start=1)
    }  # fmt: skip
    with _Days(arguments, len(scenarios)) as days, _kept(arguments, folder, [*stores.values()]):
        on = arguments.on or DEFAULT_WORKERS
        found = run_league(scenarios, arguments.policies, arguments.replications, on, days, stores).as_dict()
        for name, store in stores.items():
            found["scenarios"][name]["digest"] = store.digest
        write_json(folder / "league.json", found)
    _show(arguments, {**found, "folder": str(folder)}, league_lines)
    return OK


def compare(arguments: Namespace) -> int:
    """Compare variants of a scenario with it."""
    from scenarios.folder import write_json
    from scenarios.studies.compare import compare as run_compare
    from scenarios.studies.run import DEFAULT_WORKERS
    from scenarios.studies.stopping import asked_to_stop
    from scenarios.studies.store import StudyStore, default_study_folder
    from scenarios.studies.study import study_at
    from viz.compare import compare_lines
    from viz.study_report import write_study_report

    study = study_at(
        Path(arguments.scenario), arguments.sets, arguments.seed, arguments.variants, arguments.replications
    )
    study = asked_to_stop(study, arguments.precision, arguments.choose, arguments.replications is not None)
    folder = _out(arguments, default_study_folder(study.name, study.variants))
    store = StudyStore(
        folder, study.name, _afresh(arguments.typed), study.variants, study.replications, arguments.resume
    )
    with _Days(arguments, 1) as days, _kept(arguments, folder, [store]):
        found = run_compare(study, arguments.on or DEFAULT_WORKERS, partial(days, study.name), store)
        found["digest"] = store.digest
        write_json(folder / "comparison.json", found)
    report = write_study_report(folder)
    _show(arguments, {**found, "folder": str(folder), "report": str(report)}, compare_lines)
    return OK


def _show(arguments: Namespace, found: dict[str, Any], lines: Callable[[dict[str, Any]], list[str]]) -> None:
    """One JSON document, or, unless that is not wanted, lines of text and where the study is."""
    if arguments.json:
        emit(found)
    if arguments.json or arguments.quiet:
        return
    for line in lines(found):
        print(line)
    for what, key in (("study", "folder"), ("report", "report")):
        if key in found:
            print(f"{what:<8} {found[key]}")
    if "digest" in found:
        print(f"digest   {found['digest']}")


def _out(arguments: Namespace, default: Path) -> Path:
    """The folder of the study.

    Raises:
        ValueError: nothing there to go on with, or something is there already.
    """
    from scenarios.folder import check_free

    folder = Path(arguments.out) if arguments.out else default
    if not arguments.resume:
        check_free(folder)
    elif not arguments.out or not any(folder.glob("**/study.json")):
        raise ValueError(f"--resume: '{arguments.out or ''}': expected --out DIR, the folder of an interrupted study")
    return folder


def _afresh(typed: str) -> str:
    """The command that makes the study again: where there is nothing to go on with, ``--resume`` is refused."""
    return shlex.join(word for word in shlex.split(typed) if word != "--resume")


@contextmanager
def _kept(arguments: Namespace, folder: Path, stores: "list[StudyStore]") -> Iterator[None]:
    """Close the stores; where the study was cut short, say what is kept and how to go on."""
    from contextlib import ExitStack

    from scenarios.run import RunFailed

    try:
        with ExitStack() as open_stores:
            for store in stores:
                open_stores.enter_context(store)
            yield
    except (KeyboardInterrupt, RunFailed, OSError):  # a full disk, most likely
        if any(store.begun for store in stores):
            kept = sum(store.kept for store in stores)
            again = arguments.typed if arguments.out else f"{arguments.typed} --out {folder}"
            again = again if arguments.resume else f"{again} --resume"
            print(f"{kept} finished replications are kept; go on with: {again}", file=sys.stderr)
        raise


class _Days:
    """A line on a terminal's stderr that says how far a study is."""

    def __init__(self, arguments: Namespace, studies: int) -> None:
        self.quiet = arguments.quiet
        self.shown = not self.quiet and sys.stderr.isatty()
        self.studies = studies
        self._ended: dict[str, int] = {}

    def __enter__(self) -> "_Days":
        return self

    def __call__(self, name: str, progress: "Progress") -> None:
        if progress.waits:
            self._say(progress.waits)
            return
        if not progress.part:
            self._ended[name] = progress.finished
        if self.shown:
            print(
                f"\r{progress_text(name, progress, self._ended, self.studies):<78}", end="", file=sys.stderr, flush=True
            )

    def _say(self, text: str) -> None:
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def __exit__(self, *error: object) -> None:
        if self.shown and self._ended:
            print(file=sys.stderr)


def progress_text(name: str, progress: "Progress", ended: Mapping[str, int], studies: int) -> str:
    """How far the studies are: ``ended`` has the replications finished of those begun."""
    if progress.part:
        return f"{name}, {progress.part}: {progress.finished} of {progress.count} replications"
    total, done = progress.count * studies, sum(ended.values())
    text = f"{done / total:4.0%} {name}: {progress.finished} of {progress.count} replications"
    if progress.each_s is None:
        return text
    return f"{text}, {'at most ' if progress.may_stop else ''}{_time_text(progress.each_s * (total - done))} left"


def _time_text(seconds: float) -> str:
    minutes = round(seconds / 60)
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} min"
