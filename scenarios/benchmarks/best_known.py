"""The best known cost of an instance, out of files beside it; only under the objective and rounding it belongs to."""

import csv
from pathlib import Path
from typing import NamedTuple

from scenarios.benchmarks.check import cost, violations
from scenarios.benchmarks.instance import Instance
from scenarios.benchmarks.request import Objective
from scenarios.benchmarks.solution_file import read_solution
from scenarios.benchmarks.text import number

TABLE = "BKS.csv"

SAME_COST = 0.006
"""A stated cost may be rounded to two decimals."""


class BestKnown(NamedTuple):
    """A published cost with the number of its routes (None if not stated)."""

    cost: float
    routes: int | None


def best_known(path: Path, instance: Instance, objective: Objective) -> BestKnown | None:
    """The best known cost under an objective and the instance's rounding, None if no file beside it has one."""
    return _from_table(path, instance, objective) or _from_solution(path, instance, objective)


def _from_table(path: Path, instance: Instance, objective: Objective) -> BestKnown | None:
    """A row of ``BKS.csv`` in the file's folder or the one above; its first column is a path from there."""
    resolved = path.resolve()
    for folder in (resolved.parent, resolved.parent.parent):
        if not (folder / TABLE).is_file():
            continue
        with (folder / TABLE).open(newline="") as lines:
            for row in csv.DictReader(lines):
                text = (row.get("objective") or "").lower()
                same = (folder / (row.get("file") or "")).resolve() == resolved
                if same and (_objective(text), _rounding(text, instance)) == (objective, instance.rounding.name):
                    key, routes = f"{row['file']}, best_known_cost", row.get("routes") or ""
                    stated = number(str(folder / TABLE), key, row["best_known_cost"])
                    return BestKnown(stated, int(routes) if routes.isdigit() else None)
    return None


def _objective(text: str) -> Objective:
    return "vehicles" if "vehicles then" in text else "distance"


def _rounding(text: str, instance: Instance) -> str:
    """The name of a row's rounding; what is worded otherwise is the set's own."""
    if "double precision" in text:
        return "none"
    if "distances truncated to 1 decimal" in text:
        return "truncate"
    if "rounded to integer" in text:
        return "integer"
    return instance.default_rounding.name


def _from_solution(path: Path, instance: Instance, objective: Objective) -> BestKnown | None:
    """A solution file beside the instance, if its routes cost what it says under the instance's rounding.

    ``.sol`` is for the cost alone; ``.bks.txt`` (SINTEF) states no cost, does not round, and
    counts vehicles first.
    """
    beside = path.with_suffix(".sol" if objective == "distance" else ".bks.txt")
    if not beside.is_file():
        return None
    solution = read_solution(beside)
    if solution.cost is None and instance.rounding.name != "none":
        return None
    if violations(instance, solution.routes):
        return None
    found = cost(instance, solution.routes)
    if solution.cost is not None and abs(found - solution.cost) > SAME_COST:
        return None
    used = sum(1 for route in solution.routes if route)
    return BestKnown(found if solution.cost is None else solution.cost, used)
