"""Orders from a planner's own file: CSV or a workbook, with every bad row named in one pass.

Columns, spellings and units are described in ``docs/orders.md``.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.clock import LocalTime
from scenarios.orders.headers import Column, match_headers
from scenarios.orders.rows import DEMAND_UNITS, Locate, OrderRow, Reading, RowMatch
from scenarios.orders.table import Table, read_table
from scenarios.problems import BadInput, Problem
from twin.orders import Order

__all__ = ["DEMAND_UNITS", "OrderFile", "RowMatch", "read_orders"]


@dataclass(frozen=True)
class OrderFile:
    """What a file held: good orders in file order, bad rows, what was ignored, where addresses were found."""

    orders: tuple[Order, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    matches: tuple[RowMatch, ...] = ()
    unmatched: tuple[str, ...] = ()  # addresses nothing was found for


def read_orders(
    path: str | Path,
    local: LocalTime,
    default_day: int,
    *,
    locate: Locate | None = None,
    depots: Collection[str] | None = None,
    on_bad_row: Literal["fail", "skip"] = "fail",
) -> OrderFile:
    """Read orders whose local times without a date are on ``default_day`` (a local day number).

    ``locate`` finds addresses (None: rows need positions); ``depots`` are the names a depot column may hold
    (None: any). With ``skip``, bad rows are left out and listed in ``problems``.

    Raises BadInput with every problem when the file cannot be read, a needed column is missing or doubled, no
    good order is left, or, with ``fail``, any row is bad.
    """
    table = read_table(path)
    columns, problems, notes = match_headers(table)
    problems += _missing_columns(table, columns)
    if problems:
        raise BadInput(problems)
    reading = Reading(table, columns, local, default_day, locate, depots)
    orders: list[Order] = []
    matches: list[RowMatch] = []
    unmatched: list[str] = []
    for number, cells in table.rows:
        row = OrderRow(reading, number, cells)
        order = row.order()
        problems += row.problems
        unmatched += row.unmatched
        if order is not None:
            orders.append(order)
            matches += row.matches
    if not orders and not problems:
        problems.append(Problem(table.file, "", "no orders", "at least one order below the header"))
    if problems and (on_bad_row == "fail" or not orders):
        raise BadInput(problems)
    return OrderFile(tuple(orders), tuple(problems), (*table.notes, *notes), tuple(matches), tuple(unmatched))


def _missing_columns(table: Table, columns: dict[str, Column]) -> list[Problem]:
    """An id and some way to tell the place are all an order file must have."""
    where, header = f"row {table.header_row}", ", ".join(table.header)
    missing = []
    if "order_id" not in columns:
        missing.append(Problem(table.file, where, header, "a header order_id"))
    placed = [{"lat", "lon"}, {"address"}, {"pickup_lat", "pickup_lon"}, {"pickup_address"}]
    if not any(way <= set(columns) for way in placed):
        missing.append(Problem(table.file, where, header, "headers lat and lon, or address"))
    return missing
