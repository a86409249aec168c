"""From a scenario file and ``--set`` to a validated ``Scenario``, every problem found in one pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from engine.clock import LocalTime, to_us
from scenarios.changes import apply_set, blamed, changes_of, with_absolute_paths
from scenarios.devices_file import with_device_files
from scenarios.names import check_names, check_times
from scenarios.new_names import without_unknown
from scenarios.problems import BadInput, Problem, nearest
from scenarios.schema import ScenarioModel
from scenarios.schema_problems import schema_problems
from scenarios.yaml_file import read_yaml


@dataclass(frozen=True)
class Scenario:
    """A validated scenario: ``model`` with absolute paths, and where it came from."""

    model: ScenarioModel
    source: str
    sets: tuple[str, ...] = ()

    @property
    def local(self) -> LocalTime:
        return LocalTime(self.model.time_zone or "UTC")

    @property
    def start_us(self) -> int:
        return to_us(self.model.start_local.replace(tzinfo=ZoneInfo(self.model.time_zone or "UTC")))

    @property
    def end_us(self) -> int:
        return self.start_us + round(self.model.horizon_s * 1e6)


def load(source: str | Path | dict[str, Any], sets: Iterable[str] = (), seed: int | None = None) -> Scenario:
    """Load and validate a scenario.

    ``source`` is a file or an already parsed mapping; ``sets`` are ``dotted.key=VALUE`` (or ``+=``) as on the command
    line, VALUE read as YAML, or ``@FILE`` (``scenarios.changes``). Relative paths are relative to the file they stand
    in, those in ``sets`` to the working folder.

    Raises:
        BadInput: with every problem found.
    """
    if isinstance(source, dict):
        return resolve(source, "scenario", sets, seed)
    return resolve(read_scenario(Path(source)), str(source), sets, seed)


def read_scenario(path: Path) -> dict[str, Any]:
    """The mapping in a scenario file, not yet validated, with absolute paths.

    Raises:
        BadInput: it cannot be read, or is a study.
    """
    raw = read_yaml(path)
    if "scenario" in raw:
        raise BadInput(
            [Problem(str(path), "scenario", str(raw["scenario"]), "a scenario file; this is a study: twin compare")]
        )
    return with_absolute_paths(raw, (), path.resolve().parent)


def resolve(raw: dict[str, Any], name: str, sets: Iterable[str] = (), seed: int | None = None) -> Scenario:
    """The scenario of a mapping; ``name`` is its file in problems, all else as for ``load``."""
    sets = tuple(sets)
    changes, before = changes_of(sets), raw
    for source, text in changes:
        raw = apply_set(raw, text, source)
    raw, of_names = without_unknown(before, raw, changes, name)
    if seed is not None:
        raw = {**raw, "seed": seed}
    raw, of_profiles = with_device_files(raw, name)
    try:
        model = ScenarioModel.model_validate(raw)
    except ValidationError as error:
        found = [*of_names, *of_profiles, *schema_problems(error, name, ScenarioModel)]
        raise BadInput(blamed(found, changes, name)) from None
    of_time, scenario = _check_time(model, name), Scenario(model, name, sets)
    problems = [*of_names, *of_profiles, *of_time, *check_names(model, name)]
    if not of_time:
        problems += check_times(model, name, scenario.local, scenario.start_us, scenario.end_us)
    if problems:
        raise BadInput(blamed(problems, changes, name))
    return scenario


def _check_time(model: ScenarioModel, name: str) -> list[Problem]:
    problems = []
    if model.time_zone is None:
        if model.roads.real:
            problems.append(Problem(name, "time_zone", "", "an IANA time zone, required with real roads"))
    else:
        try:
            ZoneInfo(model.time_zone)
        except (OSError, ValueError, LookupError):
            from zoneinfo import available_timezones

            hint = nearest(model.time_zone, sorted(available_timezones()))
            problems.append(
                Problem(name, "time_zone", model.time_zone, "an IANA time zone such as Europe/Lisbon", hint)
            )
    try:
        start = datetime.fromisoformat(model.start)
        if start.tzinfo is not None or not 1971 <= start.year <= 2200:
            raise ValueError
    except ValueError:
        problems.append(Problem(name, "start", model.start, "a local time such as 2026-03-02T05:30 from 1971 to 2200"))
    return problems
