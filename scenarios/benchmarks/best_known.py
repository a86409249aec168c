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
    listed = _listed(path, instance).get((objective, instance.rounding.name))
    return listed or _from_solution(path, instance, objective)


def listed_under(path: Path, instance: Instance) -> list[str]:
    """The options under which the table has a best known cost."""
    return [f"--objective {objective} --rounding {rounding}" for objective, rounding in _listed(path, instance)]


def _listed(path: Path, instance: Instance) -> dict[tuple[Objective, str], BestKnown]:
    """The file's rows of the first ``BKS.csv`` in its folder or the one above that has any, by objective and rounding.

    The table's first column is a path from where it lies.
    """
    resolved = path.resolve()
    found: dict[tuple[Objective, str], BestKnown] = {}
    for table in (folder / TABLE for folder in (resolved.parent, resolved.parent.parent)):
        if found or not table.is_file():
            continue
        with table.open(newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if (table.parent / (row["file"] or "")).resolve() == resolved]
        for row in rows:
            text, routes = (row.get("objective") or "").lower(), row.get("routes") or ""
            stated = number(str(table), f"{row['file']}, best_known_cost", row["best_known_cost"])
            best = BestKnown(stated, int(routes) if routes.isdigit() else None)
            found.setdefault((_objective(text), _rounding(text, instance)), best)
    return found


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
