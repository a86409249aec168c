"""Replications of a study's variants, run here or in worker processes; the figures are the same either way.

A variant is a scenario by name. Replication ``r`` runs every variant under one seed (``scenarios.replications``), so
all meet the same customers, roads and failures. A run is dropped once its figures are read: what a study keeps is a
number for each figure, variant and replication.
"""

import gc
import multiprocessing
import os
import signal
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from scenarios.demand import check_planner
from scenarios.ground import Ground, prepare
from scenarios.load import Scenario
from scenarios.replications import replication_seed
from scenarios.run import RunFailed, Session
from twin.commands import Command

NOT_OF_THE_GROUND = ("dispatch", "head_office", "alerts", "costs", "kpis")
"""Sections that ``scenarios.ground.prepare`` makes nothing of: variants that differ in these alone share a ground."""
AHEAD = 2
"""Replications handed to each worker before they are asked for."""
DEFAULT_WORKERS = min(2, os.cpu_count() or 1)
PATIENCE = 3
"""Pools that may break one after the other, with no replication finished in between."""

Tell = Callable[[int], None]
"""Called with the number of replications finished."""


@dataclass(frozen=True)
class DecisionTime:
    """Wall clock of a run's decisions: as measured, and no figure to be reproduced."""

    total_s: float = 0.0
    longest_s: float = 0.0
    decisions: int = 0

    def __add__(self, other: "DecisionTime") -> "DecisionTime":
        return DecisionTime(
            self.total_s + other.total_s, max(self.longest_s, other.longest_s), self.decisions + other.decisions
        )

    def as_dict(self) -> dict[str, float | None]:
        """As JSON, in milliseconds."""
        mean_ms = self.total_s / self.decisions * 1000 if self.decisions else None
        return {"mean_ms": mean_ms, "longest_ms": self.longest_s * 1000 if self.decisions else None}


@dataclass(frozen=True)
class Outcome:
    """What is kept of a run: its KPIs by name, and what its decisions took."""

    figures: dict[str, float | None]
    decision_time: DecisionTime


@dataclass
class Figures:
    """A study's figures so far: ``values[variant][figure]``, a number a replication, NaN where undefined."""

    values: dict[str, dict[str, array]] = field(default_factory=dict)
    decision_times: dict[str, DecisionTime] = field(default_factory=dict)
    replications: int = 0

    def add(self, outcomes: Mapping[str, Outcome]) -> None:
        """Take in a replication."""
        for variant, outcome in outcomes.items():
            columns = self.values.setdefault(variant, {})
            for name, value in outcome.figures.items():
                columns.setdefault(name, array("d")).append(np.nan if value is None else float(value))
            self.decision_times[variant] = self.decision_times.get(variant, DecisionTime()) + outcome.decision_time
        self.replications += 1

    def of(self, variant: str, figure: str) -> np.ndarray:
        """A figure of a variant, float64 [replications]."""
        return np.array(self.values[variant][figure])


def run_study(variants: Mapping[str, Scenario], count: int, workers: int = 1, tell: Tell | None = None) -> Figures:
    """Run every variant ``count`` times under the seeds of the first one.

    Raises:
        BadInput: roads or orders that cannot be used.
        RunFailed: a run that began and could not go on, or workers that were killed again and again.
    """
    figures = Figures()
    for outcomes in replications(variants, count, workers):
        figures.add(outcomes)
        if tell is not None:
            tell(figures.replications)
    return figures


def replications(variants: Mapping[str, Scenario], count: int, workers: int = 1) -> Iterator[dict[str, Outcome]]:
    """The outcomes of each replication, in the order of their numbers."""
    if min(workers, count) <= 1:
        yield from (replicate(variants, number) for number in range(count))
        return
    done = 0
    broken = 0
    while done < count:
        try:
            for outcomes in _in_processes(variants, range(done, count), min(workers, count - done)):
                yield outcomes
                done, broken = done + 1, 0
        except BrokenProcessPool:
            broken += 1  # one was killed; what had not been finished is run again, to the same figures
            if broken == PATIENCE:
                raise RunFailed(
                    f"a worker process was killed {broken} times in replication {done + 1} of {count} or the next "
                    f"({done} finished); is there memory for {workers} runs at once? Fewer: --on local:{workers - 1}"
                ) from None


def replicate(variants: Mapping[str, Scenario], number: int) -> dict[str, Outcome]:
    """Run replication ``number`` of every variant."""
    seed = replication_seed(next(iter(variants.values())).model.seed, number)
    outcomes: dict[str, Outcome] = {}
    shared: tuple[dict[str, Any], Ground] | None = None
    for name, variant in variants.items():
        seeded = with_changes(variant, seed=seed)
        if shared is None or shared[0] != _ground_of(seeded):
            shared = _ground_of(seeded), prepare(seeded)
        check_planner(seeded, shared[1].orders)
        outcomes[name] = outcome(Session(seeded, shared[1]))
        gc.collect()  # worlds are full of circles; without this several stand about at a time
    return outcomes


def outcome(session: Session) -> Outcome:
    """Run to the end and read the figures: KPIs and the number of decisions."""
    times: list[float] = []
    decide = session.built.office.policy

    def timed(*asked: Any) -> list[Command]:
        begun = time.perf_counter()
        commands = decide(*asked)
        times.append(time.perf_counter() - begun)
        return commands

    session.built.office.policy = timed
    kpis = session.run().kpis
    figures = {name: kpi["value"] for name, kpi in kpis.items()} | {"decisions": session.built.office.decisions}
    return Outcome(figures, DecisionTime(sum(times), max(times, default=0.0), len(times)))


def with_changes(scenario: Scenario, **changes: Any) -> Scenario:
    """The scenario with some top-level keys replaced by valid values."""
    return replace(scenario, model=scenario.model.model_copy(update=changes))


def _ground_of(scenario: Scenario) -> dict[str, Any]:
    return {name: section for name, section in scenario.model if name not in NOT_OF_THE_GROUND}


# --- processes ---


def _in_processes(variants: Mapping[str, Scenario], numbers: range, workers: int) -> Iterator[dict[str, Outcome]]:
    """Outcomes in the order of ``numbers``; only so many are handed out at once that memory stays flat."""
    waiting: deque[Future[dict[str, Outcome]]] = deque()
    left = iter(numbers)
    with _pool(workers) as pool:
        while True:
            while len(waiting) < AHEAD * workers and (number := next(left, None)) is not None:
                waiting.append(pool.submit(replicate, variants, number))
            if not waiting:
                return
            yield waiting.popleft().result()


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, _context(), _begin_worker)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _context() -> Any:
    """Workers begin from a clean process with everything imported; a fork of this one would copy its threads' locks."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def _begin_worker() -> None:
    """Ctrl-C stops the run a worker is in, not the worker; one whose parent was killed would wait for work for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  (a worker has one)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
