"""Tables of policies as lines of text: differences from the first, and how far they are to be trusted."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

from scenarios.studies.answer import verdict
from scenarios.studies.comparison import pairing_hurt
from scenarios.studies.wording import number, on_days, spread

INDENT = "  "
WIDTH = 120


def league_lines(answer: dict[str, Any]) -> list[str]:
    """A block for each scenario of ``scenarios.studies.league.League.as_dict``."""
    lines = []
    for name, found in answer["scenarios"].items():
        first = next(iter(found["policies"]))
        lines.append(f"{name}: {answer['replications']} replications, differences from {first}, paired, 95 % intervals")
        lines += table_lines(found["policies"], answer["replications"])
        lines.append("price of blindness, EUR more than when decided on the truth")
        lines += interval_lines({policy: prices["cost_eur"] for policy, prices in found["price_of_blindness"].items()})
        lines.append("regret, EUR more than the least any of these policies found in hindsight")
        lines += interval_lines(found["regret"])
        lines.append("a decision, as measured on this machine")
        lines += [f"{INDENT}{policy:<14} {_decision(time)}" for policy, time in found["decision_time"].items()]
        lines += pairing_lines(found["policies"])
        lines.append("")
    return [*lines, f"p is adjusted (Holm) over {answer['comparisons']} comparisons"]


def table_lines(table: dict[str, dict[str, Any]], replications: int) -> Iterator[str]:
    """A block for each figure, a line in it for each variant."""
    for figure, cell in next(iter(table.values())).items():
        way = "" if cell["better"] == "neither" else f", {cell['better']} is better"
        yield f"{figure}{way}"
        for place, (variant, row) in enumerate(table.items()):
            difference = _difference(row[figure], replications) if place else ""
            yield f"{INDENT}{variant:<14} {_mean(row[figure]):>14}   {difference}".rstrip()


def interval_lines(found: dict[str, dict[str, float | None]]) -> list[str]:
    """Means with intervals, a line each."""
    return [
        f"{INDENT}{name:<14} {spread(value['mean'], value['ci_low'], value['ci_high'], 'EUR')}"
        for name, value in found.items()
    ]


def pairing_lines(table: dict[str, dict[str, Any]]) -> list[str]:
    """Where common random numbers made an interval wider, not narrower."""
    against = [
        f"{variant} {figure}" for variant, row in table.items() for figure, cell in row.items() if pairing_hurt(cell)
    ]
    return wrap(f"pairing did not help: {', '.join(against)}", WIDTH, subsequent_indent=INDENT) if against else []


def _mean(cell: dict[str, Any]) -> str:
    return "undefined" if cell["mean"] is None else number(cell["mean"], cell["unit"])


def _difference(cell: dict[str, Any], replications: int) -> str:
    if (said := verdict(cell)) == "undefined":
        return said
    days = on_days(cell["n"], replications)
    if said == "same":
        return f"{said}{days}"
    text = f"{spread(cell['diff'], cell['ci_low'], cell['ci_high'], cell['unit'])}{days}"
    return text if cell["p"] is None else f"{text}  p {cell['p']:.2g}, adjusted {cell['p_adjusted']:.2g}"


def _decision(time: dict[str, float | None]) -> str:
    if time["mean_ms"] is None:
        return "none"
    return f"{time['mean_ms']:.2f} ms, the longest {time['longest_ms']:.1f} ms"
