"""Scenarios: from a YAML file to a run. ``from scenarios import load, run``."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.load import Scenario, load
    from scenarios.results import Run
    from scenarios.run import run

__all__ = ["Run", "Scenario", "load", "run"]

_HOMES = {"Run": "scenarios.results", "Scenario": "scenarios.load", "load": "scenarios.load", "run": "scenarios.run"}


def __getattr__(name: str) -> Any:
    """Import on first use: the command line starts without pydantic, simpy and arrow."""
    if name not in _HOMES:
        raise AttributeError(f"module 'scenarios' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


class _Package(ModuleType):
    """Importing ``scenarios/load.py`` from anywhere must not put that file in the place of the function ``load``."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _HOMES or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
