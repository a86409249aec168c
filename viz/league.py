"""Tables of policies as lines of text: differences from the first, and how far they are to be trusted."""

from collections.abc import Iterator
from typing import Any

from viz.commands import number

INDENT = "  "


def league_lines(answer: dict[str, Any]) -> list[str]:
    """A block for each scenario of ``scenarios.league.League.as_dict``."""
    lines = []
    for name, found in answer["scenarios"].items():
        first = next(iter(found["policies"]))
        lines.append(f"{name}: {answer['replications']} replications, differences from {first}, paired, 95 % intervals")
        lines += table_lines(found["policies"])
        lines.append("price of blindness, EUR more than when decided on the truth")
        lines += interval_lines({policy: prices["cost_eur"] for policy, prices in found["price_of_blindness"].items()})
        lines.append("regret, EUR more than the least any of these policies found in hindsight")
        lines += interval_lines(found["regret"])
        lines.append("a decision, as measured on this machine")
        lines += [f"{INDENT}{policy:<14} {_decision(time)}" for policy, time in found["decision_time"].items()]
        lines += pairing_lines(found["policies"])
        lines.append("")
    return [*lines, f"p is adjusted (Holm) over {answer['comparisons']} comparisons"]


def compare_lines(answer: dict[str, Any]) -> list[str]:
    """The table of ``scenarios.compare.compare``, figures that vary or differ in a variant."""
    table = {"base": answer["base"], **answer["variants"]}
    told = [
        figure for figure in answer["base"]
        if any(row[figure]["diff"] or row[figure]["ci_low"] != row[figure]["ci_high"] for row in table.values())
    ]  # fmt: skip
    table = {variant: {figure: row[figure] for figure in told} for variant, row in table.items()}
    lines = [f"{answer['replications']} replications, differences from base, paired, 95 % intervals"]
    lines += [*table_lines(table), *pairing_lines(table)]
    return [*lines, f"p is adjusted (Holm) over {answer['comparisons']} comparisons"]


def table_lines(table: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A block for each figure, a line in it for each variant."""
    for figure, cell in next(iter(table.values())).items():
        way = "" if cell["better"] == "neither" else f", {cell['better']} is better"
        yield f"{figure}{way}"
        for variant, row in table.items():
            yield f"{INDENT}{variant:<14} {_mean(row[figure]):>14}   {_difference(row[figure])}".rstrip()


def interval_lines(found: dict[str, dict[str, float | None]]) -> list[str]:
    """Means with intervals, a line each."""
    return [f"{INDENT}{name:<14} {_interval(value['mean'], value, 'EUR')}" for name, value in found.items()]


def pairing_lines(table: dict[str, dict[str, Any]]) -> list[str]:
    """Where common random numbers made an interval wider, not narrower."""
    against = [
        f"{variant} {figure}"
        for variant, row in table.items()
        for figure, cell in row.items()
        if cell["correlation"] is not None and cell["correlation"] <= 0
    ]
    return [f"pairing did not help: {', '.join(against)}"] if against else []


def _mean(cell: dict[str, Any]) -> str:
    return "undefined" if cell["mean"] is None else number(cell["mean"], cell["unit"])


def _difference(cell: dict[str, Any]) -> str:
    if cell["diff"] is None or cell["diff"] == cell["ci_low"] == cell["ci_high"] == 0:
        return ""
    text = _interval(cell["diff"], cell, cell["unit"])
    return text if cell["p"] is None else f"{text}  p {cell['p']:.2g}, adjusted {cell['p_adjusted']:.2g}"


def _interval(mean: float | None, bounds: dict[str, Any], unit: str) -> str:
    if mean is None:
        return "undefined"
    if bounds["ci_low"] is None:
        return f"{_signed(mean, unit)} (no interval)"
    return f"{_signed(mean, unit)} ({_signed(bounds['ci_low'], unit)} to {_signed(bounds['ci_high'], unit)})"


def _signed(value: float, unit: str) -> str:
    """A difference: of shares in percentage points."""
    return f"{value * 100:+.1f} pp" if unit == "share" else f"{'+' if value >= 0 else '-'}{number(abs(value), unit)}"


def _decision(time: dict[str, float | None]) -> str:
    if time["mean_ms"] is None:
        return "none"
    return f"{time['mean_ms']:.2f} ms, the longest {time['longest_ms']:.1f} ms"
