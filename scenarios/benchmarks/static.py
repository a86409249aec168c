"""``twin solve`` on a static instance: read, search, check independently, price, compare with the best known."""

import time
from importlib import import_module
from pathlib import Path
from typing import Any

from scenarios.benchmarks import lilim, solomon, vrplib_file
from scenarios.benchmarks.best_known import BestKnown, best_known, listed_under
from scenarios.benchmarks.budget import DEFAULT_ITERATIONS, Budget
from scenarios.benchmarks.check import cost, violations
from scenarios.benchmarks.instance import BY_NAME, Instance
from scenarios.benchmarks.request import Objective, Request
from scenarios.benchmarks.solution_file import write_solution
from scenarios.benchmarks.text import refuse
from scenarios.problems import BadInput, Problem, nearest

READERS = (solomon, vrplib_file, lilim)
"""Formats: modules with ``recognises(text)`` and ``read(file, text)``, asked in this order."""

ENGINES = {
    "insertion": "scenarios.benchmarks.insertion_engine",
    "ortools": "scenarios.benchmarks.ortools_engine",
    "pyvrp": "scenarios.benchmarks.pyvrp_engine",
}
"""Policies for static instances: modules with ``LIBRARY`` (what they search with), ``missing(instance)`` (what it asks
for that they lack) and ``routes(instance, objective, budget, seed)``."""

DEFAULT_ENGINE = "pyvrp"


def recognises(path: Path) -> bool:
    """Whether a file is one of the text formats."""
    return path.is_file() and _reader(_text(path)) is not None


def solve(path: Path, request: Request) -> dict[str, Any]:
    """The answer of ``twin solve``; ``cost``, ``best_known`` and ``gap_pct`` are null where there is none.

    ``note`` says why a gap is not stated, ``violations`` what is wrong with routes that are not feasible.

    Raises:
        BadInput: the file cannot be read, or an option does not fit it.
    """
    started = time.perf_counter()
    engine = _engine(path, request)
    objective: Objective = request.objective or "distance"
    in_file_units = read_instance(path)
    rounding = BY_NAME[request.rounding] if request.rounding else in_file_units.default_rounding
    instance = in_file_units.rounded(rounding)
    if lacking := engine.missing(instance):
        able = [name for name in ENGINES if not import_module(ENGINES[name]).missing(instance)]
        refuse(str(path), "--policy", request.policy, f"one that knows {lacking} ({', '.join(able)})")
    import_module(engine.LIBRARY)  # before the clock runs
    routes = engine.routes(instance, objective, _budget(request), request.seed)
    found = violations(instance, routes)
    priced = _number(cost(instance, routes)) if routes else None
    if request.out is not None and priced is not None and not found:
        write_solution(request.out, routes, priced)
    best = best_known(path, instance, objective)
    used = sum(1 for route in routes if route)
    gap_pct, note = _gap(priced, used, best, objective) if not found else (None, "the routes are not feasible")
    if best is None and not found:
        note = "; ".join([note, *(f"there is one for {options}" for options in listed_under(path, instance))])
    return {
        "instance": instance.name or path.stem,
        "policy": request.policy or DEFAULT_ENGINE,
        "cost": priced,
        "feasible": not found,
        "routes": routes,
        "best_known": _number(best.cost) if best else None,
        "gap_pct": gap_pct,
        "wall_s": round(time.perf_counter() - started, 3),
        "problem": instance.problem,
        "objective": objective,
        "rounding": rounding.name,
        "vehicles": used,
        "best_known_vehicles": best.routes if best else None,
        "violations": found,
        "note": note,
    }


def read_instance(path: Path) -> Instance:
    """A static instance in file units.

    Raises:
        BadInput: no reader knows the text, or it is broken.
    """
    text = _text(path)
    reader = _reader(text)
    if reader is None:
        refuse(str(path), "", text.strip()[:40], "a benchmark instance of a known format")
    return reader.read(str(path), text)


def _text(path: Path) -> str:
    """A file's text; what is not text has no line that a reader recognises."""
    return path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")


def _reader(text: str) -> Any:
    return next((reader for reader in READERS if reader.recognises(text)), None)


def _engine(path: Path, request: Request) -> Any:
    name = request.policy or DEFAULT_ENGINE
    if name not in ENGINES:
        expected = f"one of {', '.join(ENGINES)} for a static instance"
        raise BadInput([Problem(str(path), "--policy", name, expected, nearest(name, ENGINES))])
    if request.decisions is not None:
        refuse(str(path), "--decisions", request.decisions, "a dynamic day; this is a static instance")
    return import_module(ENGINES[name])


def _budget(request: Request) -> Budget:
    if request.iterations is None and request.seconds is None:
        return Budget(DEFAULT_ITERATIONS)
    return Budget(request.iterations, request.seconds)


def _gap(cost: float | None, vehicles: int, best: BestKnown | None, objective: Objective) -> tuple[float | None, str]:
    """(gap to the best known in per cent, why there is none)."""
    if best is None:
        return None, "no best known cost beside the file for this objective and rounding"
    if cost is None or not best.cost:
        return None, "nothing to compare"
    if objective == "vehicles" and best.routes is not None and vehicles != best.routes:
        return None, f"{vehicles} vehicles, the best known has {best.routes}: costs are not comparable"
    return round(100 * (cost / best.cost - 1), 4), ""


def _number(value: float) -> float | int:
    """A whole number where it is one."""
    return int(value) if value == int(value) else value
