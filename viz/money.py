"""The money of a study as lines of text and as rows of the report: every difference with its interval."""

import textwrap
from collections.abc import Iterator
from typing import Any

from scenarios.studies.wording import number, reach, signed, spread
from twin.kpis.labels import item_label

INDENT = "  "
NAME_CHARS = 24
MOST_ITEMISED = 4
"""With more variants only their totals are told, and the base's prices."""


def money_lines(money: dict[str, Any], base: str, width: int) -> list[str]:
    """What each variant comes to in a year, the items in which it differs, and the prices it all rests on."""
    days, many = money["days_per_year"], money["comparisons"]
    named = [base, *money["variants"], *(INDENT + item_label(item) for item in money["base"]["items"])]
    alike = len({name[:NAME_CHARS] for name in money["variants"]}) < len(money["variants"])
    wide = max(map(len, named)) if alike else min(NAME_CHARS, max(map(len, named)))
    total, few = money["base"]["total"], len(money["variants"]) <= MOST_ITEMISED
    lines = [
        f"money, {money['currency']} a year of {days:g} working days"
        + (f", told for {many} comparisons together" if many else ""),
        f"{INDENT}{base[:wide]:<{wide}} {_amount(total['per_year'], ''):>14}",
    ]
    for name, account in money["variants"].items():
        rows = [(name, account["total"])]
        if few:
            rows += [(INDENT + item_label(item), cell) for item, cell in account["items"].items() if _differs(cell)]
        lines += [
            f"{INDENT}{text[:wide]:<{wide}} {_amount(cell['per_year'], ''):>14}   {_change(cell)}".rstrip()
            for text, cell in rows
        ]
    prices = ", ".join(_assumption(one) for one in money["assumptions"] if few or one["variant"] is None)
    return [*lines, *textwrap.wrap(f"prices assumed (* set by the scenario): {prices}", width)]


def money_rows(money: dict[str, Any], names: list[str]) -> dict[str, list[dict[str, Any]]]:
    """By variant, a row of the report for each item and the total; of many variants the totals, under no name."""
    if len(names) > MOST_ITEMISED:
        return {"": [_total(money, name, name) for name in names]}
    return {name: [*_items(money, name), _total(money, name, "Total")] for name in names}


def _items(money: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    for item, cell in money["variants"][name]["items"].items():
        yield _row(item_label(item), money["base"]["items"][item], cell, money["currency"])


def _total(money: dict[str, Any], name: str, text: str) -> dict[str, Any]:
    return _row(text, money["base"]["total"], money["variants"][name]["total"], money["currency"])


def _row(text: str, was: dict[str, Any], cell: dict[str, Any], unit: str) -> dict[str, Any]:
    differs = _differs(cell)
    return {
        "name": text,
        "was": _amount(was["per_day"], unit),
        "has": _amount(cell["per_day"], unit),
        "day": signed(cell["diff_per_day"], unit) if differs else "",
        "day_ends": _ends(cell["ci_low"], cell["ci_high"], unit) if differs else "",
        "year": signed(cell["diff_per_year"], unit) if differs else "",
        "year_ends": _ends(cell["ci_low_per_year"], cell["ci_high_per_year"], unit) if differs else "",
        "p": "" if cell["p_adjusted"] is None else f"{cell['p_adjusted']:.2g}",
        "said": cell["said"],
    }


def _differs(cell: dict[str, Any]) -> bool:
    return cell["said"] not in ("same", "undefined")


def _amount(value: float | None, unit: str) -> str:
    return "undefined" if value is None else number(value, unit)


def _change(cell: dict[str, Any]) -> str:
    if not _differs(cell):
        return cell["said"]
    text = spread(cell["diff_per_year"], cell["ci_low_per_year"], cell["ci_high_per_year"], "")
    return f"{text:<40} {cell['said']}"


def _ends(low: float | None, high: float | None, unit: str) -> str:
    return "no interval" if low is None or high is None else reach(low, high, unit)


def _assumption(one: dict[str, Any]) -> str:
    mark = "*" if one["source"] == "the scenario" else ""
    of = "" if one["variant"] is None else f" ({one['variant']})"
    return f"{one['key'].removeprefix('costs.')} {one['value']:g}{mark}{of}"
