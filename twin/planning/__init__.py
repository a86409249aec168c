"""Planning a day: a problem in plain values, several planners behind one call, a plan that can be checked.

Planners know one travel time per leg; ``twin.planning.repair`` holds their plan against the clock afterwards.
"""

import difflib
from collections.abc import Mapping
from dataclasses import is_dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from twin.planning.features import FEATURE_NOTES, FEATURES, needed_features
from twin.planning.prepared import Prepared
from twin.planning.problem import Plan, Planner, PlanProblem
from twin.planning.reasons import with_reasons
from twin.planning.repair import clock_text
from twin.planning.timing import Clock
from twin.planning.validate import check_problem
from twin.settings import configured

__all__ = [
    "DEFAULT_PLANNER",
    "FEATURES",
    "FEATURE_NOTES",
    "PLANNERS",
    "PlannerCannot",
    "UnknownPlanner",
    "check_problem",
    "get_planner",
    "make_plan",
    "needed_features",
    "registered",
]

PLANNERS = {
    "manual": "twin.planning.manual:ManualPlanner",
    "ortools": "twin.planning.ortools_planner:OrToolsPlanner",
    "pyvrp": "twin.planning.pyvrp_planner:PyVrpPlanner",
}
"""Registered planners: a name and where its class is; solver libraries are imported when a plan is made."""

ENTRY_POINT_GROUP = "fleet_twin.planners"

DEFAULT_PLANNER = "pyvrp"


class UnknownPlanner(ValueError):
    """A planner name nobody registered."""


class PlannerCannot(ValueError):
    """The problem needs a feature the planner does not have."""


def registered() -> dict[str, str]:
    """All planners by name, those of other packages included; a package cannot take a name that is ours."""
    found = {point.name: point.value for point in entry_points(group=ENTRY_POINT_GROUP)}
    return dict(sorted((found | PLANNERS).items()))


def get_planner(name: str, settings: Mapping[str, Any] | None = None) -> Planner:
    """The planner of that name with some of its parameters set: a planner that has any is a dataclass.

    Raises:
        UnknownPlanner: naming the nearest registered one.
        ValueError: no such parameter (with the nearest known), or a value that does not fit.
    """
    known = PLANNERS if name in PLANNERS else registered()  # looking through all packages takes milliseconds
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
        raise UnknownPlanner(f"planner {name!r}: unknown, did you mean {nearest[0]!r}? (one of {', '.join(known)})")
    module, _, attribute = known[name].partition(":")
    planner: Any = getattr(import_module(module), attribute)()
    if not settings:
        return planner
    if is_dataclass(planner):
        return configured(planner, settings)  # type: ignore[return-value]
    raise ValueError(f"{next(iter(settings))}: planner {name!r} has no parameters")


def make_plan(
    problem: PlanProblem,
    planner_name: str = DEFAULT_PLANNER,
    seed: int = 0,
    effort: int = 300,
    settings: Mapping[str, Any] | None = None,
    clock: Clock = clock_text,
) -> Plan:
    """Plan a day with a registered planner; every order is served once or left out with its reason.

    ``effort`` counts iterations (pyvrp) or solutions (ortools), never seconds: the same call, the same plan.
    ``settings`` are the planner's own parameters; ``clock`` writes seconds since the problem's origin in the reasons.

    Raises:
        UnknownPlanner: no planner has that name.
        PlannerCannot: the planner lacks a feature the problem needs; names those that have it.
        ValueError: the problem itself is malformed.
    """
    check_problem(problem)
    planner = get_planner(planner_name, settings)
    needed = needed_features(problem)
    missing = sorted(needed - planner.supports())
    if missing:
        able = [name for name in registered() if needed <= get_planner(name).supports()]
        raise PlannerCannot(
            f"planner {planner_name!r} cannot respect {', '.join(missing)}; "
            f"planners that can: {', '.join(able) or 'none'}"
        )
    if not problem.orders:
        return Plan((), {}, 0, planner_name, effort)
    if not problem.vehicles:
        left_out = {order.order_id: "" for order in problem.orders}
        plan = Plan((), left_out, sum(Prepared(problem).left_out_costs), planner_name, effort)
    else:
        plan = planner.plan(problem, seed, effort)
    return with_reasons(Prepared(problem), plan, clock)
