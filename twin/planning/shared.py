"""Plans made once for the same question: variants of a study often ask head office to plan the same day."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from twin.planning import make_plan
from twin.planning.problem import Plan, PlanProblem


class SharedPlans:
    """``make_plan`` that remembers: a plan is a function of problem, planner, seed, effort and settings."""

    def __init__(self) -> None:
        self._made: dict[tuple, Plan] = {}

    def __call__(self, problem: PlanProblem, planner: str, seed: int, effort: int, settings: Mapping[str, Any]) -> Plan:
        """As ``twin.planning.make_plan``, or what it gave before."""
        key = (fingerprint(problem), planner, seed, effort, *sorted(settings.items()))
        if key not in self._made:
            self._made[key] = make_plan(problem, planner, seed, effort, settings)
        return self._made[key]


def fingerprint(problem: PlanProblem) -> bytes:
    """SHA-256 of a problem: different ones have different ones."""
    sha = hashlib.sha256()
    for field in fields(problem):
        if field.name != "travel":
            sha.update(repr(getattr(problem, field.name)).encode())
    for profile, travel in problem.travel.items():
        sha.update(profile.encode())
        for matrix in (travel.duration_ms, travel.distance_m):
            sha.update(repr((matrix.dtype.str, matrix.shape)).encode())
            sha.update(matrix.tobytes())
    return sha.digest()
