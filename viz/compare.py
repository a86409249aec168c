"""The answer of a what-if study as lines of text: the paragraph, then a table of the figures it is about."""

import textwrap
from collections.abc import Iterator
from typing import Any

from scenarios.studies.answer import verdict
from scenarios.studies.wording import number, on_days, spread
from viz.money import money_lines

WIDTH = 120
NAME_CHARS = 24
"""Longer names of variants are cut in the table, if they can still be told apart."""
INDENT = "  "


def compare_lines(found: dict[str, Any]) -> list[str]:
    """The answer of ``scenarios.studies.compare.compare``, at most ``WIDTH`` columns wide."""
    table = {found["base_name"]: found["base"], **found["variants"]}
    names = _shortened([*table])
    lines = [*textwrap.wrap(found["answer"], WIDTH, break_on_hyphens=False), ""]
    lines.append(
        f"paired differences from {names[found['base_name']]}, p adjusted for {found['comparisons']} comparisons"
    )
    width = max(map(len, names.values()))
    for kpi in found["kpis"]:
        lines += _block(kpi, {names[variant]: row[kpi] for variant, row in table.items()}, width, found["replications"])
    return [*lines, "", *money_lines(found["money"], found["base_name"], WIDTH)]


def _block(kpi: str, cells: dict[str, dict[str, Any]], width: int, replications: int) -> Iterator[str]:
    first = next(iter(cells.values()))
    yield kpi if first["better"] == "neither" else f"{kpi}, {first['better']} is better"
    for place, (variant, cell) in enumerate(cells.items()):
        mean = "undefined" if cell["mean"] is None else number(cell["mean"], cell["unit"])
        yield f"{INDENT}{variant:<{width}} {mean:>16}   {_difference(cell, replications) if place else ''}".rstrip()


def _difference(cell: dict[str, Any], replications: int) -> str:
    said = verdict(cell)
    if said == "undefined":
        return said
    days = on_days(cell["n"], replications)
    if said == "same":
        return f"{said}{days}"
    text = spread(cell["diff"], cell["ci_low"], cell["ci_high"], cell["unit"])
    p = "" if cell["p"] is None else f"p {cell['p_adjusted']:.2g}"
    return f"{text:<44} {p:<10} {'' if said == 'open' else said}{days}"


def _shortened(names: list[str]) -> dict[str, str]:
    """Names cut to ``NAME_CHARS``; whole where two of them would look alike."""
    cut = {name: name if len(name) <= NAME_CHARS else f"{name[: NAME_CHARS - 1]}…" for name in names}
    return cut if len({*cut.values()}) == len(names) else {name: name for name in names}
