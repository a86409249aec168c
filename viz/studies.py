"""The commands that run many days: ``blindness``, ``league``, ``compare``."""

import sys
import time
from argparse import Namespace
from functools import partial
from pathlib import Path

from scenarios.load import load
from viz.cli import OK, emit


def blindness(arguments: Namespace) -> int:
    """Price the information a day is decided on."""
    from scenarios.blindness import price_of_blindness
    from viz.blindness import blindness_lines

    scenario = load(Path(arguments.scenario), arguments.sets, arguments.seed)
    with _Days(arguments, 1) as days:
        found = price_of_blindness(scenario, arguments.replications, 1, partial(days, scenario.model.name))
    if arguments.json:
        emit(found.as_dict())
    else:
        for line in blindness_lines(found):
            print(line)
    return OK


def league(arguments: Namespace) -> int:
    """Compare policies over scenarios."""
    from scenarios.league import check_policies
    from scenarios.league import league as run_league
    from scenarios.study_run import DEFAULT_WORKERS
    from viz.league import league_lines

    check_policies(arguments.policies)
    scenarios = [load(Path(path), arguments.sets, arguments.seed) for path in arguments.scenarios]
    with _Days(arguments, len(scenarios)) as days:
        found = run_league(
            scenarios, arguments.policies, arguments.replications, arguments.on or DEFAULT_WORKERS, days
        ).as_dict()
    if arguments.json:
        emit(found)
    else:
        for line in league_lines(found):
            print(line)
    return OK


def compare(arguments: Namespace) -> int:
    """Compare variants of a scenario with it."""
    from scenarios.compare import compare as run_compare
    from scenarios.compare import variants_of
    from scenarios.study_run import DEFAULT_WORKERS
    from viz.league import compare_lines

    variants = variants_of(Path(arguments.scenario), arguments.sets, arguments.seed, arguments.variants)
    with _Days(arguments, 1) as days:
        tell = partial(days, variants["base"].model.name)
        found = run_compare(variants, arguments.replications, arguments.on or DEFAULT_WORKERS, tell)
    if arguments.json:
        emit(found)
    else:
        for line in compare_lines(found):
            print(line)
    return OK


class _Days:
    """A line on a terminal's stderr that says how far a study is."""

    def __init__(self, arguments: Namespace, studies: int) -> None:
        self.shown = not arguments.quiet and sys.stderr.isatty()
        self.each, self.total = arguments.replications, arguments.replications * studies
        self.done, self._begun = 0, time.perf_counter()

    def __enter__(self) -> "_Days":
        return self

    def __call__(self, name: str, done: int) -> None:
        self.done += 1
        left_s = (time.perf_counter() - self._begun) / self.done * (self.total - self.done)
        if self.shown:
            text = f"{self.done / self.total:4.0%} {name}: replication {done} of {self.each}, {left_s:,.0f} s left"
            print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)

    def __exit__(self, *error: object) -> None:
        if self.shown and self.done:
            print(file=sys.stderr)
