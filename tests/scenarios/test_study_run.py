"""Studies wherever they run: the same figures to the last bit, nothing finished is lost, nothing planned twice."""

import gc
import multiprocessing
import os
import signal
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.roads.synthetic import synthetic_region
from scenarios.ground import prepare
from scenarios.load import Scenario
from scenarios.run import RunFailed, Session
from scenarios.studies import dask_cluster as study_dask
from scenarios.studies import places as study_places
from scenarios.studies import run as study_run
from scenarios.studies.compare import compare
from scenarios.studies.dask_cluster import Cluster
from scenarios.studies.places import PATIENCE, Here, Processes, handed_out, place_of
from scenarios.studies.run import DecisionTime, Figures, Outcome, Progress, Replication, replicate, run_study
from scenarios.studies.store import StudyStore
from scenarios.studies.study import Study
from tests.tiny import tiny
from twin.kpis.money import FIGURES
from twin.kpis.registry import KPIS, compute
from twin.planning import shared
from viz.studies import progress_text

HALF_DAY: dict[str, Any] = {
    "horizon_s": 18_000,
    "fleet": {"vans": {"count": 1}, "e-vans": {"count": 0}},
    "orders": {"generate": {
        "known_per_day": 3, "closes": "12:30", "promise_s": 1800, "arrival_weights": [0.0] * 8 + [1.0] + [0.0] * 15,
    }},
}  # fmt: skip


def two() -> dict[str, Scenario]:
    """Two policies for half a day of one van."""
    return {name: tiny(**HALF_DAY, dispatch={"policy": name}) for name in ("insertion", "nearest")}


@pytest.fixture(scope="module")
def digest() -> str:
    """Three replications run one after the other in this process."""
    return run_study(two(), 3).digest()


# --- the figures ---


def test_the_digest_is_of_every_bit() -> None:
    """Of values, names and their order; one NaN is as good as another."""

    def figures(value: float | None, variant: str = "base", kpi: str = "cost_eur") -> str:
        made = Figures()
        made.add({variant: Outcome({kpi: value}, DecisionTime())})
        return made.digest()

    assert figures(0.1 + 0.2) != figures(0.3)
    assert figures(1.0, variant="other") != figures(1.0) != figures(1.0, kpi="fuel_l")
    assert figures(None) == figures(float("nan")) == figures(float(np.uint64(0xFFF8000000000001).view(np.float64)))


def test_a_run_for_its_kpis_has_those_of_a_whole_run() -> None:
    """Digest, tables and dimensions are left out, nothing else."""
    scenario = two()["nearest"]
    ground = prepare(scenario)
    assert compute(Session(scenario, ground).run_for_evidence()) == Session(scenario, ground).run().kpis


def test_the_same_day_is_planned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For variants that ask the same of the planner; figures are those of each variant alone."""
    asked = []
    make_plan = shared.make_plan
    monkeypatch.setattr(shared, "make_plan", lambda *what: asked.append(what) or make_plan(*what))
    variants = two() | {"more": tiny(**HALF_DAY | {"fleet": {"vans": {"count": 2}, "e-vans": {"count": 0}}})}
    together = replicate(variants, 0)
    assert [len(problem.vehicles) for problem, *_ in asked] == [1, 2]
    alone = replicate({"insertion": variants["insertion"]}, 0), replicate({"nearest": variants["nearest"]}, 0)
    assert [together.outcomes[name].figures for name in two()] == [
        done.outcomes[name].figures for name, done in zip(two(), alone)
    ]


def test_a_ground_is_shared_only_by_variants_it_is_the_same_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One van more is the same ground; another kind of van, or another hour of planning, is another one."""
    prepared = []
    monkeypatch.setattr(study_run, "prepare", lambda scenario: prepared.append(1) or prepare(scenario))
    variants = {
        "base": tiny(**HALF_DAY),
        "more": tiny(**HALF_DAY | {"fleet": {"vans": {"count": 2}, "e-vans": {"count": 0}}}),
        "lorries": tiny(**HALF_DAY | {"fleet": {"vans": {"kind": "box_truck_diesel"}, "e-vans": {"count": 0}}}),
        "later": tiny(**HALF_DAY, dispatch={"plan": {"at": "06:30"}}),
    }
    together = replicate(variants, 0)
    assert len(prepared) == 3
    for name, variant in variants.items():
        assert together.outcomes[name].figures == replicate({name: variant}, 0).outcomes[name].figures


def test_replications_stand_on_one_region() -> None:
    """Drawn once, whatever the seed of the run, and as it was drawn after a day on it; other roads are other ones."""
    scenario = two()["nearest"]
    ground = prepare(scenario)
    Session(scenario, ground).run_for_evidence()
    graph, drawn = prepare(tiny(**HALF_DAY, seed=4)).roads.graph, synthetic_region(300, 1)
    assert graph is ground.roads.graph
    for field in fields(drawn):
        assert np.array_equal(getattr(graph, field.name), getattr(drawn, field.name)), field.name
    other = prepare(tiny(**HALF_DAY, roads={"synthetic": {"seed": 2}})).roads.graph
    assert not np.array_equal(other.lat, graph.lat)


# --- where they run ---


def test_two_processes_and_a_store_give_the_same_even_if_a_worker_is_killed(digest: str, tmp_path: Path) -> None:
    """What had not been finished is run again."""

    def kill_one(progress: Progress) -> None:
        if progress.finished == 1:
            os.kill(multiprocessing.active_children()[0].pid or 0, signal.SIGKILL)

    with StudyStore(tmp_path / "study", "tiny", "twin", two(), 3) as store:
        assert run_study(two(), 3, 2, kill_one, store=store).digest() == digest == store.digest


def test_a_dask_cluster_gives_the_same_even_if_a_worker_is_lost(digest: str) -> None:
    """By its address, nothing else changed."""
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster:
        with Client(cluster, set_as_default=False) as client:
            pids = client.run(os.getpid)

        def kill_one(progress: Progress) -> None:
            if progress.finished == 1:
                os.kill(min(pids.values()), signal.SIGKILL)

        assert run_study(two(), 3, cluster.scheduler_address, kill_one).digest() == digest


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line, and no folder of a study."""
    monkeypatch.setattr(study_dask, "PATIENCE_S", 0.2)
    with pytest.raises(RunFailed, match=r"^--on tcp://127.0.0.1:9: no Dask scheduler answers \(.*\)$"):
        run_study(two(), 2, "tcp://127.0.0.1:9", store=StudyStore(tmp_path / "study", "tiny", "twin", two(), 2))
    assert not [*tmp_path.iterdir()]


def test_a_cluster_without_workers_is_waited_for_so_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is waited for is said at once; then one line, and nothing is left behind."""
    from distributed import LocalCluster

    monkeypatch.setattr(study_dask, "WORKERLESS_S", 0.3)
    told: list[Progress] = []
    with LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(RunFailed, match=rf"^--on {address}: no worker for 0.3 s \(dask worker {address} --nthr"):
            run_study(two(), 2, address, told.append, store=StudyStore(tmp_path / "study", "tiny", "twin", two(), 2))
    assert [progress.waits for progress in told] == [
        f"waiting for a worker at {address}, 0.3 s at most (dask worker {address} --nthreads 1)"
    ]
    assert not [*tmp_path.iterdir()]


def test_a_cluster_whose_workers_have_left_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before its time is over, and not if one comes back meanwhile."""
    clock = [0.0]
    monkeypatch.setattr(study_dask.time, "monotonic", lambda: clock[0])
    there = Cluster("tcp://x:1")

    def count(at_s: float, **threads: int) -> int:
        clock[0] = at_s
        return there._count(threads)

    assert [count(0, a=2, b=1), count(1), count(60), count(62, b=1), count(70), count(129)] == [3, 1, 1, 1, 1, 1]
    with pytest.raises(RunFailed, match="no worker for 60 s"):
        count(131)


def test_a_worker_with_other_versions_is_refused() -> None:
    """It might give other figures."""
    own = study_dask.versions()
    assert study_dask._same_versions(lambda number: number + 1, own, 1) == 2
    with pytest.raises(RunFailed, match=f"numpy {own['numpy']} there, 1.0 here"):
        study_dask._same_versions(lambda number: number, own | {"numpy": "1.0"}, 1)


def test_places() -> None:
    """One process is this one."""
    assert place_of(1) == Here()
    assert place_of(3) == Processes(3)
    there = place_of("tcp://10.0.0.1:8786")
    assert isinstance(there, Cluster)
    assert there.address == "tcp://10.0.0.1:8786"


def test_what_a_worker_begins_with_is_not_searched_for_garbage() -> None:
    """A search after each run goes through what the runs have made, not through all modules."""
    assert next(Processes(1).run(_objects_left_out, range(1))) > 10_000


def _objects_left_out(number: int) -> int:
    return gc.get_freeze_count()


def test_workers_killed_again_and_again_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, with what is left."""
    monkeypatch.setattr(study_places, "PATIENCE", 2)
    assert PATIENCE > 2
    with pytest.raises(RunFailed, match=r"killed 2 times with 3 of 3 replications left.* --on local:1"):
        [*Processes(2).run(_dies, range(3))]


def _dies(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_only_so_many_are_handed_out_ahead() -> None:
    """So memory does not grow with the number of replications."""
    from concurrent.futures import Executor, Future

    class Lazy(Executor):
        """Finishes the oldest task when the next is handed in beyond four."""

        def __init__(self) -> None:
            self.waiting: list[tuple[Future, int]] = []
            self.most = 0

        def submit(self, task: Any, number: int) -> Future:  # type: ignore[override]
            future: Future = Future()
            self.waiting.append((future, number))
            self.most = max(self.most, sum(not f.done() for f, _ in self.waiting))
            if len(self.waiting) % 4 == 0:
                for waiting, of in self.waiting:
                    if not waiting.done():
                        waiting.set_result(task(of))
            return future

    executor = Lazy()
    assert sorted(handed_out(executor, lambda n: n * n, range(40), lambda: 2)) == [(n, n * n) for n in range(40)]
    assert executor.most == 4


# --- how long ---


def test_a_rule_ends_the_study_after_the_same_replication_everywhere(digest: str) -> None:
    """It is asked in the order of numbers, and told of as "at most"."""
    for on in (1, 2):
        told: list[Progress] = []
        found = run_study(two(), 50, on, told.append, lambda figures: figures.replications == 3)
        assert found.digest() == digest
        assert [progress.finished for progress in told] == [0, 1, 2, 3]
        assert all(progress.may_stop for progress in told)


def test_variants_that_differ_in_what_the_day_is_made_of_share_no_ground() -> None:
    """Each comes out as it does alone."""
    more = HALF_DAY | {"orders": {"generate": HALF_DAY["orders"]["generate"] | {"known_per_day": 5}}}
    both = {"few": tiny(**HALF_DAY), "more": tiny(**more)}
    together = replicate(both, 0).outcomes
    assert together["more"].figures["orders_total"] > together["few"].figures["orders_total"]
    assert together["more"].figures == replicate({"more": both["more"]}, 0).outcomes["more"].figures


def made_up(variants: dict[str, Scenario], number: int) -> Replication:
    """In no time, it is said in 4 s."""
    figures = dict.fromkeys([*KPIS, *FIGURES, "decisions"], 100.0 + number % 3)
    return Replication(number, number, {name: Outcome(figures, DecisionTime()) for name in variants}, 4.0)


def test_two_workers_take_half_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a replication each, as things are."""
    monkeypatch.setattr("scenarios.studies.run.replicate", made_up)
    told: list[Progress] = []
    for workers in (1, 2):
        monkeypatch.setattr("scenarios.studies.run.place_of", lambda _, workers=workers: Here(workers))
        run_study(two(), 3, tell=told.append)
    assert [progress.each_s for progress in told] == [None, 4.0, 4.0, 4.0, None, 2.0, 2.0, 2.0]


def test_a_study_that_is_precise_enough_ends_at_the_first_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so."""
    monkeypatch.setattr("scenarios.studies.run.replicate", made_up)
    found = compare(Study("two", two(), 12, precision={"cost_eur": 0.9}))
    assert (found["replications"], found["replications_at_most"], found["precise"]) == (10, 12, True)
    assert "Stopped after 10 of at most 12: precise enough." in found["answer"]


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(0, 30), "  0% base: 0 of 30 replications"),
        (Progress(15, 30, 2.0), " 25% base: 15 of 30 replications, 90 s left"),
        (Progress(15, 30, 60.0, True), " 25% base: 15 of 30 replications, at most 45 min left"),
        (Progress(0, 30, 600.0), "  0% base: 0 of 30 replications, 10 h 00 min left"),
        (Progress(3, 30, 2.0, part="break-even, x 5"), "base, break-even, x 5: 3 of 30 replications"),
    ],
)
def test_time_left_is_what_is_left_times_what_one_took(progress: Progress, text: str) -> None:
    """Over all studies of a league."""
    assert progress_text("base", progress, {"base": progress.finished}, 2) == text
