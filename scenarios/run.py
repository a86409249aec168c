"""One run: a scenario becomes a folder (or tables in memory) of ledgers, trips, telemetry and KPIs.

State is a function of scenario, seed and recorded commands: a run is resumed, branched and replayed by running it
again.
"""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from agents.world import LATE
from engine.clock import HOUR, SECOND
from engine.digest import combine
from engine.ledger import Ledger, read_ledger
from engine.records import write_parquet
from engine.roads.lines import road_lines
from scenarios.build import Built, build
from scenarios.commands import Rules, apply_command
from scenarios.contracts import contracts_of
from scenarios.folder import CommandLog, checksums, make_folder, stamped_folder, utc_now, versions, write_json
from scenarios.ground import Ground, prepare
from scenarios.incidents.director import Director
from scenarios.kpis import events_in_memory
from scenarios.load import Scenario
from scenarios.memory import few_collections
from scenarios.results import Run, telemetry_table
from twin.kpis.costs import Costs
from twin.kpis.facts import Evidence, gather
from twin.kpis.registry import by_dimension, compute
from twin.kpis.tables import Rows, Tables
from twin.planning.day import DayPlan
from twin.policies import Policy

WINDOW_US = HOUR // 4
"""Telemetry is advanced and ledgers are flushed at least this often; it changes no byte."""

OUTSIDE = LATE + 1
"""Outside commands come after everything else of their instant."""

Progress = Callable[[float, str], None]
Finished = TypeVar("Finished")


class RunFailed(RuntimeError):
    """A run that began and could not go on; its folder says ``failed``."""


class Session:
    """A world being run; ``advance`` moves its clock, ``post`` is the only way in from outside."""

    def __init__(
        self,
        scenario: Scenario,
        ground: Ground | None = None,
        folder: Path | None = None,
        policy: Policy | str | None = None,
        commands: Iterable[dict[str, Any]] = (),
        recorded: bool = False,
    ) -> None:
        """``commands`` were given to an earlier run; ``recorded``: they stand in this folder's log already."""
        if isinstance(policy, str):
            scenario, policy = _with_policy(scenario, policy), None
        self.scenario, self.folder = scenario, folder
        self.ground = ground = ground or prepare(scenario)
        self._rules = Rules(scenario, ground)
        self._started_at = utc_now()
        if folder is not None:
            self._write_manifest("running")  # before anything else: from now on the folder can be resumed
        self.built: Built = build(scenario, ground, folder, policy)
        self.world = self.built.world
        self.director = Director(self.built)
        self.director.schedule(scenario.model.incidents)
        self._log = CommandLog(folder)
        if folder is not None and ground.roads.graph is not None:
            lines = road_lines(ground.roads.graph)
            write_parquet(folder / "roads.parquet", lines.schema, [lines])
        for command in commands:
            self._accept(command["at_us"], command["kind"], command["payload"], command["by"], not recorded)

    # --- from outside ---

    def post(self, kind: str, payload: dict[str, Any], by: str = "outside") -> int:
        """Record a command from outside; it takes effect at the next whole simulated second, which is returned.

        Raises:
            ValueError: the command is malformed or cannot be given during a run.
        """
        at_us = (self.world.now // SECOND + 1) * SECOND
        self._accept(at_us, kind, payload, by)
        return at_us

    def _accept(self, at_us: int, kind: str, payload: dict[str, Any], by: str, record: bool = True) -> None:
        self._rules.check(at_us, kind, payload)
        if record:
            self._log.record(at_us, kind, payload, by)
        self.world.at(at_us, lambda: apply_command(self.built, self.director, kind, payload, by), OUTSIDE)

    # --- the clock ---

    def advance(
        self, until_us: int, stop_asked: threading.Event | None = None, paused: Callable[[], bool] = lambda: False
    ) -> None:
        """Run everything up to and including a moment; or stop after the event that makes ``paused`` true.

        Stopped so, the clock stands at that event, and a further call goes on from there.

        Raises:
            KeyboardInterrupt: ``stop_asked`` was set; what is on disk is then a whole prefix of the run.
        """
        with few_collections():
            self._advance(until_us, stop_asked, paused)

    def _advance(self, until_us: int, stop_asked: threading.Event | None, paused: Callable[[], bool]) -> None:
        env, world = self.world.env, self.world
        while world.now < until_us or env.peek() <= until_us:
            edge = min(until_us, (world.now // WINDOW_US + 1) * WINDOW_US)
            while env.peek() <= edge:
                env.step()
                if paused():
                    return
            env._now = edge
            if world.telematics is not None:
                world.telematics.advance(edge)
            if self.folder is not None:
                world.truth.flush()
                world.office_ledger.flush()
                self.built.trips.flush()
            if stop_asked is not None and stop_asked.is_set():
                raise KeyboardInterrupt

    def run(self, progress: Progress | None = None) -> Run:
        """Run to the end, seal and judge."""
        return self._to_the_end(self.finish, progress)

    def run_for_evidence(self) -> Evidence:
        """Run to the end, of a world kept in memory, for what KPIs are computed from alone: no digest, no tables."""
        return self._to_the_end(self._only_evidence)

    def _to_the_end(self, finish: Callable[[], Finished], progress: Progress | None = None) -> Finished:
        start_us, end_us = self.scenario.start_us, self.scenario.end_us
        try:
            with few_collections():
                with ctrl_c_between_windows() as asked:
                    for edge in _edges(start_us, end_us):
                        self.advance(edge, asked)
                        if progress is not None:
                            progress((edge - start_us) / (end_us - start_us), self.scenario.local.text(edge))
                return finish()
        except ValueError as error:
            self._fail(error)
            raise RunFailed(f"the run failed at {self.scenario.local.text(self.world.now)}: {error}") from error
        except BaseException as error:
            self._fail(error)
            raise

    def on_plan(self, tell: Callable[[DayPlan | None], None]) -> None:
        """Be told when a day is about to be planned (None), and of the plan."""
        self.built.office.plan_progress = tell

    # --- the end ---

    def finish(self) -> Run:
        """End the run at the present moment: close what is open, seal the files, compute the KPIs."""
        self._close_world()
        digest = self._seal()
        run = self._judge(digest)
        self._log.close()
        self.built.population.close()
        return run

    def _only_evidence(self) -> Evidence:
        self._close_world()
        self.built.telemetry.seal()
        evidence = gather(self._tables())
        self.built.population.close()
        return evidence

    def _close_world(self) -> None:
        built, world = self.built, self.world
        built.office.close()
        for order_id, customer in list(built.customers.items()):
            customer.end("order_left_out")
            reason = "it never reached head office" if customer.attempts == 0 else "the run ended"
            world.happen("order_left_out", order_id, {"order_id": order_id, "reason": reason})
        for vehicle in built.vehicles.values():
            vehicle.log_unfinished_trip()
        if world.telematics is not None:
            world.telematics.close(world.now)

    def _seal(self) -> str:
        built, world = self.built, self.world
        built.telemetry.seal()
        built.trips.seal()
        parts = [world.truth.digest(), world.office_ledger.digest(), built.trips.digest(), built.telemetry.digest()]
        world.truth.seal()
        world.office_ledger.seal()
        return combine(*parts)

    def _tables(self) -> Tables:
        model, folder, built, world = self.scenario.model, self.folder, self.built, self.world
        telemetry = built.telemetry.table() if folder is None else folder / "telemetry"
        return Tables(
            self._rows(world.truth), self._rows(world.office_ledger), self.scenario.start_us, world.now, telemetry,
            model.time_zone or "UTC", Costs.from_mapping(model.costs), model.json_ready()["alerts"],
            contracts_of(model),
        )  # fmt: skip

    def _rows(self, ledger: Ledger) -> Rows:
        return events_in_memory(ledger) if self.folder is None else partial(read_ledger, self.folder, ledger.name)

    def _kpis(self, evidence: Evidence) -> dict[str, dict[str, Any]]:
        return compute(evidence, {name: kpi.expect for name, kpi in self.scenario.model.kpis.items()})

    def _judge(self, digest: str) -> Run:
        tables, folder = self._tables(), self.folder
        evidence = gather(tables)
        kpis, dimensions = self._kpis(evidence), by_dimension(evidence)
        manifest = self._manifest("finished") | {"digest": digest}
        if folder is None:
            truth, office, trips = self.world.truth.table(), self.world.office_ledger.table(), self.built.trips.table()
            assert tables.telemetry is not None  # noqa: S101
            return Run(kpis, dimensions, manifest, None, truth, office, trips, telemetry_table(tables.telemetry))
        self._write_results(folder, kpis, dimensions, manifest)
        return Run.read(folder)

    def _write_results(self, folder: Path, kpis: dict, dimensions: pa.Table, manifest: dict) -> None:
        write_json(folder / "kpis.json", kpis)
        write_parquet(folder / "kpis.parquet", dimensions.schema, [dimensions])
        write_json(folder / "people.json", self.built.people)
        write_json(folder / "manifest.json", manifest | {"checksums": checksums(folder)})

    # --- the manifest ---

    def _manifest(self, status: str) -> dict[str, Any]:
        scenario, ground = self.scenario, self.ground
        projection = ground.roads.projection
        return {
            "name": scenario.model.name,
            "status": status,
            "seed": scenario.model.seed,
            "time_zone": scenario.model.time_zone or "UTC",
            "start_us": scenario.start_us,
            "end_us": scenario.end_us,
            "started_at": self._started_at,
            "heartbeat": utc_now(),
            "simulated_to_us": self.world.now if hasattr(self, "world") else scenario.start_us,
            "scenario_file": Path(scenario.source).name,
            "sets": [*scenario.sets],
            "scenario": scenario.model.json_ready(),
            "router": ground.roads.router_name,
            "projection": {"lat0": projection.lat0, "lon0": projection.lon0},
            "versions": versions(),
            "notes": ground.notes,
        }

    def _write_manifest(self, status: str, **more: Any) -> None:
        assert self.folder is not None  # noqa: S101
        write_json(self.folder / "manifest.json", self._manifest(status) | more)

    def beat(self) -> None:
        """Say in the manifest that the run is alive."""
        if self.folder is not None:
            self._write_manifest("running")

    def _fail(self, error: BaseException) -> None:
        """Leave a readable folder behind that says so, and let go of the world."""
        self.built.population.close()
        if self.folder is None:
            return
        status = "running" if isinstance(error, KeyboardInterrupt) else "failed"  # --resume may finish it
        try:
            for ledger in (self.world.truth, self.world.office_ledger):
                if not isinstance(error, KeyboardInterrupt):  # then rows of a half-done instant may be waiting
                    ledger.flush()
                ledger.close()
            self._write_manifest(status, error=f"{type(error).__name__}: {error}")
        except OSError as second:  # the disk that failed the run may fail this too: "running" stays in the manifest
            error.add_note(f"the manifest could not be written: {second}")
        self._log.close()


@contextmanager
def ctrl_c_between_windows() -> Iterator[threading.Event]:
    """Turn Ctrl-C into a set event, so that it never cuts an instant in half; a second one interrupts at once.

    SimPy hands an interrupt inside a process on as a failed event, and others of the same instant would still run.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number: int, frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _with_policy(scenario: Scenario, name: str) -> Scenario:
    """The scenario under another policy, with that one's own parameters."""
    dispatch = scenario.model.dispatch
    if dispatch.policy != name:
        dispatch = dispatch.model_copy(update={"policy": name, "policy_settings": {}})
    return replace(scenario, model=scenario.model.model_copy(update={"dispatch": dispatch}))


def _edges(start_us: int, end_us: int) -> Iterator[int]:
    """Moments at which progress is shown: two hundred a run, at least a window apart."""
    steps = max(1, min(200, (end_us - start_us) // WINDOW_US))
    for step in range(1, steps + 1):
        yield start_us + (end_us - start_us) * step // steps


def run(
    scenario: Scenario,
    seed: int | None = None,
    policy: Policy | str | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    commands: Iterable[dict[str, Any]] = (),
    ground: Ground | None = None,
) -> Run:
    """Run a scenario and return its tables and KPIs.

    Args:
        scenario: from ``load``.
        seed: instead of the scenario's.
        policy: a registered name, or a function ``decide(view, travel, rng, budget) -> [Command]``.
        out: the run folder to write (new or empty); None keeps everything in memory.
        progress: called with the share done and the local time reached.
        commands: recorded outside commands, as in ``commands.jsonl``.
        ground: what ``prepare`` read before, to run the same scenario several times.

    Raises:
        BadInput: roads or orders that cannot be used.
        FolderInUse: ``out`` exists and is not empty.
    """
    if seed is not None:
        scenario = replace(scenario, model=scenario.model.model_copy(update={"seed": seed}))
    ground = ground or prepare(scenario)
    folder = make_folder(Path(out)) if out is not None else None
    return Session(scenario, ground, folder, policy, commands).run(progress)


def default_folder(scenario: Scenario) -> Path:
    """``runs/<name>/<utc>-<digest8>``: the digest is that of the resolved scenario."""
    return stamped_folder(scenario.model.name, scenario.model.json_ready())
