"""The field's benchmark instances and ``twin solve``: what is at a path is told by its content, never by its name.

A kind of instance is a module with ``recognises(path) -> bool`` and ``solve(path, request) -> answer`` (a
``Request``, a dictionary with the keys of ``twin solve --json``); its place in ``KINDS`` is its only registration.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from scenarios.benchmarks.request import Request
from scenarios.problems import BadInput, Problem

__all__ = ["KINDS", "Request", "solve"]

KINDS = ("scenarios.benchmarks.static", "scenarios.benchmarks.euro_neurips", "scenarios.benchmarks.dpdp")
"""Modules, asked in this order."""


def solve(path: Path, request: Request) -> dict[str, Any]:
    """Solve the instance at a path.

    Raises:
        BadInput: there is nothing there, or nothing that any kind recognises or can read; or an option is out of range.
    """
    _check(path, request)
    if not path.exists():
        raise BadInput([Problem(str(path), "", path.name, "a benchmark instance; there is no such file or folder")])
    for name in KINDS:
        kind = import_module(name)
        if kind.recognises(path):
            return kind.solve(path, request)
    raise BadInput(
        [Problem(str(path), "", path.name, "a benchmark instance of a known format (docs/guide-researcher.md)")]
    )


def _check(path: Path, request: Request) -> None:
    """What no search should begin with."""
    if request.seed < 0:
        raise BadInput([Problem(str(path), "--seed", str(request.seed), "a whole number of at least 0")])
    if request.out is not None and not request.out.parent.is_dir():
        raise BadInput([Problem(str(path), "--out", str(request.out), "a file in a folder that is there")])
