"""What each command does; found by name from ``viz.cli``."""

import shutil
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from scenarios.load import Scenario, load
from scenarios.studies.wording import number
from viz.cli import BAD_ANSWER, OK, emit, existing_run
from viz.studies import blindness, compare, league  # noqa: F401  (found here by name)

HEADLINES = (
    "orders_total", "delivered_share", "on_time_share", "first_attempt_share", "left_out_share", "stops_per_h",
    "distance_km", "duty_h", "fuel_l", "energy_kwh", "cost_eur", "belief_age_s_mean",
    "alert_precision", "alert_recall", "disputes_lost_share",
)  # fmt: skip
"""KPIs a run prints."""
NONE_YET = {
    "protocols": ": what devices send is not read as bytes yet; a run's samples are in its telemetry/*.parquet, "
    "its messages in office.parquet (docs/schemas.json says what is in them)"
}
"""Why a list is empty, where nobody could expect it."""


def _load(arguments: Namespace) -> Scenario:
    return load(Path(arguments.scenario), arguments.sets, arguments.seed)


def new(arguments: Namespace) -> int:
    """Write a starter scenario."""
    from scenarios.starter import write_starter

    path = write_starter(Path(arguments.folder), arguments.orders, arguments.roads)
    if arguments.json:
        emit({"scenario": str(path)})
    elif not arguments.quiet:
        print(f"{path}\nnext: twin check {path} && twin run {path}")
    return OK


def list_(arguments: Namespace) -> int:
    """Print what is registered."""
    from scenarios.registries import registered

    entries = registered(arguments.what)
    if arguments.json:
        emit([{"name": name, "summary": summary} for name, summary in entries])
        return OK
    if not entries and not arguments.quiet:
        print(f"no {arguments.what} are registered{NONE_YET.get(arguments.what, '')}", file=sys.stderr)
    width = max((len(name) for name, _ in entries), default=0)
    for name, summary in entries:
        print(f"{name:<{width}}  {summary}")
    return OK


def check(arguments: Namespace) -> int:
    """Validate a scenario with its roads and orders, or a study with all its variants."""
    from scenarios.ground import prepare
    from scenarios.studies.file import is_study
    from scenarios.studies.study import read_study

    path = Path(arguments.scenario)
    if is_study(path):
        study = read_study(path, arguments.sets, arguments.seed)
        for variant in study.variants.values():
            prepare(variant)
        found = f"{len(study.variants)} variants, {study.replications} replications"
    else:
        ground = prepare(_load(arguments))
        found = f"{len(ground.orders)} orders, {len(ground.depots)} depots"
    if arguments.json:
        emit({"ok": True, "errors": []})
    elif not arguments.quiet:
        print(f"{arguments.scenario}: ok, {found}")
    return OK


def run(arguments: Namespace) -> int:
    """Run a scenario, resume a killed run, or branch a finished one."""
    from scenarios.commands import check_all
    from scenarios.folder import make_folder, read_command_file
    from scenarios.ground import prepare
    from scenarios.run import Session, default_folder

    if bool(arguments.branch) != bool(arguments.at):
        raise ValueError("--branch RUN and --at HH:MM:SS go together")
    if arguments.resume and not arguments.out:
        raise ValueError("--resume: expected --out DIR, the folder of the killed run")
    if arguments.resume + bool(arguments.branch) + bool(arguments.commands) > 1:
        raise ValueError("--resume, --branch, --commands: expected one of them; a run resumed or branched has its own")
    started = time.perf_counter()
    scenario = _load(arguments)
    show = _Progress(quiet=arguments.quiet or not sys.stderr.isatty(), talk=not arguments.quiet and not arguments.json)
    commands = read_command_file(Path(arguments.commands)) if arguments.commands else []
    if arguments.resume:
        from scenarios.again import resume

        finished = resume(scenario, existing_run(arguments.out), show.watch, show)
    elif arguments.branch:
        from scenarios.again import branch

        out = Path(arguments.out) if arguments.out else default_folder(scenario)
        finished = branch(scenario, existing_run(arguments.branch), arguments.at, out, show.watch, show)
    else:
        ground = prepare(scenario)
        check_all(scenario, ground, commands, str(arguments.commands))
        folder = make_folder(Path(arguments.out) if arguments.out else default_folder(scenario))
        show.say(f"roads and {len(ground.orders)} orders read in {time.perf_counter() - started:.1f} s")
        session = Session(scenario, ground, folder, None, commands)
        show.watch(session)
        finished = session.run(show)
    show.end()
    assert finished.folder is not None  # noqa: S101
    from viz.report import write_report

    report_path = write_report(finished.folder)
    if arguments.json:
        emit({"run": str(finished.folder), "digest": finished.digest, "kpis": finished.kpis})
    elif not arguments.quiet:
        show.say(f"simulated {show.simulated_h:.0f} h in {show.wall_s:.1f} s (planning {show.planning_s:.1f} s)")
        for line in kpi_lines(finished.kpis):
            print(line)
        print(f"report   {report_path}")
        print(f"digest   {finished.digest}")
    return OK


def kpi_lines(kpis: dict[str, dict[str, Any]]) -> list[str]:
    """Headline KPIs as lines of text: value, what the office reported, expected range."""
    lines = []
    for name in HEADLINES:
        kpi = kpis.get(name)
        if kpi is None or kpi["value"] is None:
            continue
        text = f"{name:<20} {number(kpi['value'], kpi['unit']):>14}"
        if kpi["reported"] is not None and number(kpi["reported"], kpi["unit"]) != number(kpi["value"], kpi["unit"]):
            text += f"   reported {number(kpi['reported'], kpi['unit'])}"
        if kpi["range"] is not None:
            low, high = kpi["range"]
            inside = low <= kpi["value"] <= high
            text += f"   {'within' if inside else 'OUTSIDE'} {number(low, kpi['unit'])} to {number(high, kpi['unit'])}"
        lines.append(text)
    return lines


def explain(arguments: Namespace) -> int:
    """Tell one order's story, or what became of a vehicle's route."""
    from scenarios.rows import open_run
    from scenarios.telling.history import RunHistory
    from scenarios.telling.route_changes import changes_of_vehicle
    from scenarios.telling.story import order_story
    from viz.explain import explain_text, vehicle_text

    history, width = RunHistory(open_run(existing_run(arguments.run))), shutil.get_terminal_size((100, 24)).columns
    if arguments.order in history.vehicles and arguments.order not in history.orders:
        vehicle = changes_of_vehicle(history, arguments.order)
        told, text = vehicle.as_dict(), vehicle_text(vehicle, width)
    else:
        story = order_story(history, arguments.order)
        told, text = story.as_dict(), explain_text(story, width)
    emit(told) if arguments.json else print(text)
    return OK


def solve(arguments: Namespace) -> int:
    """Solve a benchmark instance."""
    from scenarios.benchmarks import Request
    from scenarios.benchmarks import solve as solve_instance
    from viz.solve import solve_lines

    out = Path(arguments.out) if arguments.out else None
    if out is not None and out.exists() and (out.is_dir() or out.stat().st_size):
        raise ValueError(f"--out: '{out}' exists: expected the name of a new file")
    answer = solve_instance(
        Path(arguments.instance),
        Request(
            policy=arguments.policy,
            iterations=arguments.iterations,
            seconds=arguments.seconds,
            objective=arguments.objective,
            rounding=arguments.rounding,
            decisions=Path(arguments.decisions) if arguments.decisions else None,
            out=out,
            seed=arguments.seed,
        ),
    )
    if arguments.json:
        emit(answer)
    elif not arguments.quiet:
        for line in solve_lines(answer):
            print(line)
    for line in answer.get("violations", ()):
        print(line, file=sys.stderr)
    return OK if answer["feasible"] else BAD_ANSWER


def verify(arguments: Namespace) -> int:
    """Check a run folder."""
    from scenarios.verify import verify as check_run

    verdict = check_run(existing_run(arguments.run))
    if arguments.json:
        emit({"ok": verdict.ok, "digest": verdict.digest, "failures": [*verdict.failures], "notes": [*verdict.notes]})
    else:
        for line in (*verdict.failures, *verdict.notes):
            print(line)
        print(f"{'ok' if verdict.ok else 'NOT ok'}  {verdict.digest}")
    return OK if verdict.ok else BAD_ANSWER


def report(arguments: Namespace) -> int:
    """Write the report of a run, or of a study."""
    from viz.report import write_report
    from viz.study_report import is_study_folder, write_study_report

    folder = Path(arguments.run)
    path = write_study_report(folder) if is_study_folder(folder) else write_report(existing_run(arguments.run))
    if arguments.json:
        emit({"report": str(path)})
    else:
        print(path)
    return OK


class _Progress:
    """Narration on stderr: a line that moves on a terminal, a few lines elsewhere."""

    def __init__(self, quiet: bool, talk: bool) -> None:
        self.quiet, self.talk = quiet, talk
        self.planning_s = self.wall_s = self.simulated_h = 0.0
        self._begun = time.perf_counter()

    def watch(self, session: Any) -> None:
        """Follow a session: its plans, its clock."""
        self._begun = time.perf_counter()
        self.simulated_h = (session.scenario.end_us - session.scenario.start_us) / 3.6e9
        session.on_plan(self._planned)
        self._session = session

    def _planned(self, plan: Any) -> None:
        if plan is None:
            self._plan_begun = time.perf_counter()
            return
        wall_s = time.perf_counter() - self._plan_begun
        self.planning_s += wall_s
        routes = sum(1 for route in plan.plan.routes if route.stops)
        left = len(plan.left_out) + len(plan.postponed)
        self.say(f"planned {len(plan.problem.orders)} orders on {routes} routes, {left} left out, in {wall_s:.1f} s")

    def __call__(self, share: float, local_time: str) -> None:
        self._session.beat()
        if not self.quiet:
            filled = round(share * 30)
            print(
                f"\r{local_time}  [{'#' * filled}{'.' * (30 - filled)}] {share:4.0%}",
                end="",
                file=sys.stderr,
                flush=True,
            )

    def end(self) -> None:
        """Close the moving line."""
        self.wall_s = time.perf_counter() - self._begun
        if not self.quiet:
            print(file=sys.stderr)

    def say(self, text: str) -> None:
        """A line of narration."""
        if self.talk:
            print(f"{'' if self.quiet else chr(13)}{text}", file=sys.stderr)
