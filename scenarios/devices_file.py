"""Device profiles kept in a file of their own (``devices.NAME.file``), as those in ``configs/devices/``.

A profile is YAML with the keys of ``DeviceProfile``. What the scenario or ``--set`` says beside ``file`` wins, key by
key. The result no longer refers to the file: a run's resolved scenario stands on its own.
"""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.problems import BadInput, Problem
from scenarios.schema_network import DeviceProfile
from scenarios.schema_problems import schema_problems
from scenarios.yaml_file import read_yaml


def with_device_files(raw: dict[str, Any], source: str) -> tuple[dict[str, Any], list[Problem]]:
    """A scenario's mapping with every profile file read into its device, and what is wrong with those files.

    Paths are absolute or relative to the working folder; ``source`` names the scenario in problems.
    """
    devices = raw.get("devices")
    if not isinstance(devices, dict):
        return raw, []
    problems: list[Problem] = []
    read: dict[str, Any] = {}
    for name, given in devices.items():
        read[name] = given
        if isinstance(given, dict) and isinstance(given.get("file"), str):
            beside = {key: value for key, value in given.items() if key != "file"}
            try:
                read[name] = _merged(read_profile(Path(given["file"])), beside)
            except BadInput as error:
                read[name] = beside
                problems += [_at(problem, source, f"devices.{name}.file") for problem in error.problems]
    return raw | {"devices": read}, problems


def read_profile(path: Path) -> dict[str, Any]:
    """The keys a profile file gives, checked.

    Raises:
        BadInput: no such file, not YAML, an unknown key or a value out of range; each names the file and the key.
    """
    profile = read_yaml(path)
    if "file" in profile:
        raise BadInput([Problem(str(path), "file", str(profile["file"]), "a profile's own keys, not another file")])
    try:
        DeviceProfile.model_validate(profile)
    except ValidationError as error:
        raise BadInput(schema_problems(error, str(path), DeviceProfile)) from None
    return profile


def _at(problem: Problem, source: str, key: str) -> Problem:
    """A file that cannot be used at all is a problem of the key that names it."""
    return problem if problem.key else Problem(source, key, problem.value, problem.expected, problem.nearest)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid upon it, section by section."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result
