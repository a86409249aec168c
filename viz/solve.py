"""The answer of ``twin solve`` as lines of text."""

from collections.abc import Iterator
from typing import Any

BESIDE = 3
"""Published entries told by name: so many of the best, and the best baseline."""


def solve_lines(answer: dict[str, Any]) -> list[str]:
    """Cost against the best known and the routes, those without a stop left out."""
    cost = "no routes" if answer["cost"] is None else f"cost {_number(answer['cost'])}"
    lines = [
        f"{answer['instance']}  {answer['policy']}: {cost}, {'feasible' if answer['feasible'] else 'NOT feasible'}"
    ]
    if answer["gap_pct"] is not None:
        lines.append(f"best known {_number(answer['best_known'])}, gap {answer['gap_pct']:+.2f} %")
    if answer.get("lateness_s") is not None:
        lines.append(
            f"driven {answer['distance_km']:,.1f} km, orders late by {answer['lateness_s'] / 3600:,.2f} h in all"
        )
    lines += _published_lines(answer.get("published") or {}, answer["cost"])
    if answer.get("note"):
        lines.append(answer["note"])
    lines += _epoch_lines(answer["epochs"]) if "epochs" in answer else _route_lines(answer["routes"])
    return [*lines, f"{answer['wall_s']:.1f} s"]


def _published_lines(published: dict[str, int], cost: int) -> Iterator[str]:
    """Where a dynamic day's cost stands among the published ones, cheapest first."""
    if not published:
        return
    better = sum(1 for other in published.values() if other < cost)
    yield f"rank {better + 1} beside {len(published)} published entries"
    names = list(published)
    greedy = next((name for name in names[BESIDE:] if name.startswith("baseline")), None)
    for name in [*names[:BESIDE], *([greedy] if greedy else [])]:
        yield f"  {name:<20} {published[name]:>12,}   ours {100 * (cost / published[name] - 1):+.2f} %"


def _epoch_lines(epochs: list[dict[str, Any]]) -> Iterator[str]:
    for at in epochs:
        sent = sum(map(len, at["routes"]))
        yield f"epoch {at['epoch']}: {sent} of {at['known']} sent, {at['due']} of them due, cost {at['cost']:,}"
        yield from (f"  {line}" for line in _route_lines(at["routes"]))


def _route_lines(routes: list[list[Any]]) -> Iterator[str]:
    for number, route in enumerate(routes, 1):
        if route:
            yield f"Route #{number}: {' '.join(map(str, route))}"


def _number(value: float) -> str:
    """At most four decimals."""
    return f"{value:,.4f}".rstrip("0").rstrip(".")
