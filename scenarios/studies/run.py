"""Replications of a study's variants, run here, in worker processes or on a cluster; the figures are always the same.

A variant is a scenario by name. Replication ``r`` runs every variant under one seed (``replications``), so
all meet the same customers, roads and failures. A run is dropped once its figures are read: what a study keeps is a
number for each figure, variant and replication.
"""

import gc
import hashlib
import json
import os
import time
from array import array
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from scenarios.demand import check_planner
from scenarios.ground import Ground, prepare
from scenarios.load import Scenario
from scenarios.memory import few_collections
from scenarios.reach import fleet_profiles
from scenarios.run import Session
from scenarios.studies.places import Place, place_of
from scenarios.studies.replications import replication_seed
from twin.commands import Command
from twin.kpis.money import cost_items_eur, figure_of
from twin.kpis.registry import compute
from twin.planning.shared import SharedPlans

NOT_OF_THE_GROUND = ("name", "fleet", "drivers", "customers", "dispatch", "head_office", "alerts", "costs", "kpis")
"""Sections that ``scenarios.ground.prepare`` makes nothing of, but for the kinds of vehicle and when days are planned:
variants that differ in these alone share a ground."""
DEFAULT_WORKERS = min(2, os.cpu_count() or 1)


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
    """What is kept of a run: its KPIs and the items of its cost by name, and what its decisions took."""

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

    def digest(self) -> str:
        """SHA-256 over all values by variant, replication and figure, to the last bit: the same wherever they ran."""
        sha = hashlib.sha256()
        for variant, columns in self.values.items():
            sha.update(json.dumps([variant, *columns]).encode())
            table = np.array([*columns.values()], np.float64).T
            table[np.isnan(table)] = np.nan  # there are many NaN; here they are one
            sha.update(table.astype("<f8").tobytes())
        return sha.hexdigest()


@dataclass(frozen=True)
class Replication:
    """A replication that is finished: its number, the seed of its runs, what is kept of them by variant, wall time."""

    number: int
    seed: int
    outcomes: Mapping[str, Outcome]
    took_s: float


@dataclass(frozen=True)
class Progress:
    """How far a study is: replications finished, out of how many at most, and how long one takes as things are.

    ``each_s``: mean wall time of a replication over the number of workers, None before the first one is finished.
    ``may_stop``: the study may end before all have been run. ``part``: what of the study is run, where it is not the
    study's own days. ``waits``: what is waited for before anything can be run.
    """

    finished: int
    count: int
    each_s: float | None = None
    may_stop: bool = False
    part: str = ""
    waits: str = ""


Tell = Callable[[Progress], None]
Enough = Callable[[Figures], bool]


class Store(Protocol):
    """Where finished replications are kept (``scenarios.studies.store``)."""

    def begin(self) -> None:
        """Make ready; replications kept before are then there."""
        ...

    def __contains__(self, number: int) -> bool: ...

    def read(self, number: int) -> Replication:
        """A replication kept before."""
        ...

    def keep(self, done: Replication) -> None:
        """Keep a replication; once this returns, a crash does not lose it."""
        ...

    def seal(self, figures: Figures) -> None:
        """These are the study's figures."""
        ...

    def part(self, variants: Mapping[str, Scenario]) -> "AbstractContextManager[Store]":
        """The store of further variants that the study looks at, such as the points of a search."""
        ...


class InMemory:
    """A store for a call: finished replications until they are asked for, once each."""

    def __init__(self) -> None:
        self._waiting: dict[int, Replication] = {}

    def begin(self) -> None:
        """Nothing to make ready."""

    def __contains__(self, number: int) -> bool:
        return number in self._waiting

    def read(self, number: int) -> Replication:
        """Given away."""
        return self._waiting.pop(number)

    def keep(self, done: Replication) -> None:
        """Until it is asked for."""
        self._waiting[done.number] = done

    def seal(self, figures: Figures) -> None:
        """Nothing stays."""

    def part(self, variants: Mapping[str, Scenario]) -> "AbstractContextManager[InMemory]":
        """Another one."""
        return nullcontext(InMemory())


def run_study(
    variants: Mapping[str, Scenario],
    count: int,
    on: int | str = 1,
    tell: Tell | None = None,
    enough: Enough | None = None,
    store: Store | None = None,
) -> Figures:
    """Run every variant ``count`` times under the seeds of the first one.

    Args:
        variants: scenarios by name.
        count: replications, at most.
        on: a number of processes on this machine, or the address of a Dask scheduler.
        tell: called as replications are finished, in order of their numbers.
        enough: asked after each replication, in order; True ends the study. What it answers may depend on the figures
            alone, so a study ends after the same replication wherever it runs.
        store: keeps finished replications as soon as they are, and gives those of an earlier, interrupted call.

    Raises:
        BadInput: roads or orders that cannot be used.
        RunFailed: a run that began and could not go on, workers killed again and again, a cluster that does not answer.
    """
    figures, place, took_s = Figures(), place_of(on), 0.0
    store = store if store is not None else InMemory()
    begun = Progress(0, count, None, enough is not None)
    tell = tell or (lambda _: None)
    place.ready(lambda waits: tell(replace(begun, waits=waits)))
    store.begin()
    tell(begun)
    with closing(replications(variants, count, place, store)) as found:
        for done in found:
            figures.add(done.outcomes)
            took_s += done.took_s
            each_s = took_s / figures.replications / place.workers
            tell(Progress(figures.replications, count, each_s, enough is not None))
            if enough is not None and enough(figures):
                break
    store.seal(figures)
    return figures


def replications(
    variants: Mapping[str, Scenario], count: int, place: Place, store: Store
) -> Generator[Replication, None, None]:
    """Replications in the order of their numbers; those not in the store are run, and kept as soon as they finish."""
    missing = (number for number in range(count) if number not in store)
    with closing(place.run(partial(replicate, variants), missing)) as running:
        for number in range(count):
            while number not in store:
                store.keep(next(running))
            yield store.read(number)


def replicate(variants: Mapping[str, Scenario], number: int) -> Replication:
    """Run replication ``number`` of every variant.

    Variants that differ only in sections of which the ground is not made share one; where head office is to plan the
    same day, it is planned once.
    """
    begun = time.perf_counter()
    seed = replication_seed(next(iter(variants.values())).model.seed, number)
    outcomes: dict[str, Outcome] = {}
    shared: tuple[dict[str, Any], Ground] | None = None
    plans = SharedPlans()
    with few_collections():
        for name, variant in variants.items():
            seeded = with_changes(variant, seed=seed)
            if shared is None or shared[0] != _ground_of(seeded):
                shared = _ground_of(seeded), prepare(seeded)
            check_planner(seeded, shared[1].orders)
            session = Session(seeded, shared[1])
            session.built.office.make_plan = plans
            outcomes[name] = outcome(session)
            del session
            gc.collect()  # worlds are full of circles; without this several stand about at a time
    return Replication(number, seed, outcomes, time.perf_counter() - begun)


def outcome(session: Session) -> Outcome:
    """Run to the end and read the figures: KPIs, the items of the cost and the number of decisions."""
    times: list[float] = []
    decide = session.built.office.policy

    def timed(*asked: Any) -> list[Command]:
        begun = time.perf_counter()
        commands = decide(*asked)
        times.append(time.perf_counter() - begun)
        return commands

    session.built.office.policy = timed
    evidence = session.run_for_evidence()
    assert evidence.truth is not None  # noqa: S101  (it has just been simulated)
    figures = {name: kpi["value"] for name, kpi in compute(evidence).items()}
    figures |= {figure_of(item): eur for item, eur in cost_items_eur(evidence.truth).items()}
    figures["decisions"] = session.built.office.decisions
    return Outcome(figures, DecisionTime(sum(times), max(times, default=0.0), len(times)))


def with_changes(scenario: Scenario, **changes: Any) -> Scenario:
    """The scenario with some top-level keys replaced by valid values."""
    return replace(scenario, model=scenario.model.model_copy(update=changes))


def _ground_of(scenario: Scenario) -> dict[str, Any]:
    sections = {name: section for name, section in scenario.model if name not in NOT_OF_THE_GROUND}
    return sections | {"profiles": fleet_profiles(scenario), "plan_at": scenario.model.dispatch.plan.at}
