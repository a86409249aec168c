"""The answer of ``twin solve`` as lines of text."""

from typing import Any


def solve_lines(answer: dict[str, Any]) -> list[str]:
    """Cost against the best known and the routes, those without a stop left out."""
    cost = "no routes" if answer["cost"] is None else f"cost {answer['cost']:,}"
    lines = [
        f"{answer['instance']}  {answer['policy']}: {cost}, {'feasible' if answer['feasible'] else 'NOT feasible'}"
    ]
    if answer["gap_pct"] is not None:
        lines.append(f"best known {answer['best_known']:,}, gap {answer['gap_pct']:+.2f} %")
    if answer.get("note"):
        lines.append(answer["note"])
    for number, route in enumerate(answer["routes"], 1):
        if route:
            lines.append(f"Route #{number}: {' '.join(map(str, route))}")
    return [*lines, f"{answer['wall_s']:.1f} s"]
