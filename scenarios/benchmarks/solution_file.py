"""Solution files: CVRPLIB's ``Route #1: 3 1 2`` and ``Cost 42``, and SINTEF's text form of the same."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from scenarios.benchmarks.text import refuse

_ROUTE = re.compile(r"^\s*route\s*#?\s*(\d+)\s*:\s*(.*)$", re.IGNORECASE)
_COST = re.compile(r"^\s*cost\s*:?\s*([-+.\deE]+)\s*$", re.IGNORECASE)


class Solution(NamedTuple):
    """Routes of customer numbers as written (empty ones are kept) and the stated cost, if there is one."""

    routes: tuple[tuple[int, ...], ...]
    cost: float | None


def read_solution(path: Path) -> Solution:
    """Read either form.

    Raises:
        BadInput: a route or the cost is not made of numbers, or there is no route.
    """
    routes, cost = [], None
    for at, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if found := _ROUTE.match(line):
            if not all(word.isdigit() for word in found[2].split()):
                refuse(str(path), f"line {at}", found[2], "customer numbers")
            routes.append(tuple(int(word) for word in found[2].split()))
        elif found := _COST.match(line):
            try:
                cost = float(found[1])
            except ValueError:
                refuse(str(path), f"line {at}", found[1], "a number")
    if not routes:
        refuse(str(path), "", "no routes", "lines such as 'Route #1: 3 1 2'")
    return Solution(tuple(routes), cost)


def write_solution(path: Path, routes: Sequence[Sequence[int]], cost: float) -> None:
    """Write CVRPLIB's form."""
    lines = [f"Route #{number}: {' '.join(map(str, route))}".rstrip() for number, route in enumerate(routes, 1)]
    path.write_text("\n".join([*lines, f"Cost {cost:.10g}"]) + "\n")
