"""``twin solve`` on an instance folder: the day driven by a policy, and the competition's score of it."""

import time
from pathlib import Path
from typing import Any, NamedTuple

from engine.streams import Streams
from scenarios.benchmarks.budget import Budget
from scenarios.benchmarks.dpdp.answer import Refused, routes_after
from scenarios.benchmarks.dpdp.day import LATE_PER_H, PERIOD_S, Day
from scenarios.benchmarks.dpdp.files import read_day, recognises
from scenarios.benchmarks.dpdp.picture import Picture
from scenarios.benchmarks.dpdp.yard import Yard
from scenarios.benchmarks.request import Request
from scenarios.problems import BadInput, Problem, nearest
from twin.policies import Policy, policies
from twin.policies.dealt import dealt
from twin.policies.dockyard import visits
from twin.policies.last_in_first_out import last_in_first_out

__all__ = ["POLICIES", "Outcome", "drive", "recognises", "solve"]

POLICIES: dict[str, Policy] = {"rolling": last_in_first_out, "dpdp": last_in_first_out, "naive": dealt}
"""Policies made for these days; those of a fleet's own day may be asked for as well."""
DEFAULT_POLICY = "rolling"
DEFAULT_ITERATIONS = 40
"""Of the search, a decision."""
UNCOUNTED = 10**9
"""Iterations where seconds count."""


class Outcome(NamedTuple):
    """Kilometres of all vehicles, seconds of lateness of all orders, and each vehicle's deliveries in order."""

    score: float
    driven_km: float
    late_s: int
    routes: list[list[str]]
    decisions: int


def solve(path: Path, request: Request) -> dict[str, Any]:
    """The answer of ``twin solve``; ``cost`` is the competition's score, of which no best is known.

    A day that ended because an answer could not be driven has no cost, and ``violations`` says what was wrong.

    Raises:
        BadInput: a file cannot be read, or an option does not fit.
    """
    started = time.perf_counter()
    name = request.policy or DEFAULT_POLICY
    policy = _policy(path, name)
    _refuse_options(path, request)
    day = read_day(path)
    outcome, violations = None, []
    try:
        outcome = drive(day, policy, request.iterations, request.seconds, request.seed)
    except Refused as refused:
        violations.append(str(refused))
    return {
        "instance": path.resolve().name,
        "policy": name,
        "cost": outcome.score if outcome else None,
        "feasible": outcome is not None,
        "routes": outcome.routes if outcome else [],
        "best_known": None,
        "gap_pct": None,
        "wall_s": round(time.perf_counter() - started, 3),
        "distance_km": outcome.driven_km if outcome else None,
        "lateness_s": outcome.late_s if outcome else None,
        "decisions": outcome.decisions if outcome else None,
        "violations": violations,
        "note": "no best known score is published for these days",
    }


def drive(
    day: Day, policy: Policy, iterations: int | None = None, seconds: float | None = None, seed: int = 0
) -> Outcome:
    """One day under a policy, decision by decision, until every order is delivered.

    ``iterations`` or ``seconds`` are of one decision; seconds make the answer depend on the machine.

    Raises:
        Refused: the policy's answer cannot be driven.
    """
    yard, picture, streams = Yard(day), Picture(day), Streams(seed)
    decisions, default = 0, DEFAULT_ITERATIONS if seconds is None else UNCOUNTED
    budget = default if iterations is None else iterations
    while len(yard.picked_s) < len(day.orders):
        yard.advance(yard.now_s + PERIOD_S)
        clock = Budget(budget, seconds).seconds_left if seconds is not None else None
        view = picture.view(yard, clock)
        commands = policy(view, day.roads, streams.generator("decision", decisions), budget)
        for vehicle_id, stops in routes_after(view, commands).items():
            yard.send(vehicle_id, visits(view, stops))
        decisions += 1
    yard.advance()
    return score(day, yard, decisions)


def _refuse_options(path: Path, request: Request) -> None:
    """The score is fixed, and no solution format is defined for a day."""
    for option in ("objective", "rounding", "decisions", "out"):
        if getattr(request, option) is not None:
            expected = "no such option for a pickup and delivery day (its score is fixed, --json has its routes)"
            raise BadInput([Problem(str(path), f"--{option}", str(getattr(request, option)), expected)])


def _policy(path: Path, name: str) -> Policy:
    known = policies() | POLICIES
    if name not in known:
        expected = f"one of {', '.join(POLICIES)}, or a dispatch policy (twin list policies)"
        raise BadInput([Problem(str(path), "--policy", name, expected, nearest(name, known))])
    return known[name]


def score(day: Day, yard: Yard, decisions: int) -> Outcome:
    """Kilometres by vehicle plus lateness; an order in items is as late as the last of them."""
    late_s: dict[str, int] = {}
    for order in day.orders:
        name = day.whole.get(order.order_id, order.order_id)
        due_s = order.last_task.windows[-1].close_us // 1_000_000
        late_s[name] = max(late_s.get(name, 0), yard.delivered_s[order.order_id] - due_s)
    driven_km = sum(truck.driven_m for truck in yard.trucks.values()) / 1000
    total_late_s = sum(late_s.values())
    return Outcome(
        driven_km / len(yard.trucks) + LATE_PER_H * total_late_s / 3600,
        driven_km,
        total_late_s,
        [truck.route for truck in yard.trucks.values()],
        decisions,
    )
