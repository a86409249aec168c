"""A list of one's own names with positions: customers, sites, places no map knows."""

from pathlib import Path

from scenarios.orders.address_text import street_key, words
from scenarios.orders.headers import match_headers
from scenarios.orders.table import read_table
from scenarios.orders.values import Unfit, label, number
from scenarios.problems import BadInput, Problem

Gazetteer = dict[str, tuple[str, float, float]]
"""Name as written, latitude and longitude by street key."""


def read_gazetteer(path: str | Path) -> Gazetteer:
    """Names with positions from a table (CSV or workbook) with ``address`` or ``name``, ``lat`` and ``lon``,
    by key.

    Raises BadInput with every bad row; of names spelt alike the first counts.
    """
    table = read_table(path)
    columns, problems, _ = match_headers(table)
    name = columns.get("address") or columns.get("customer")
    if name is None or "lat" not in columns or "lon" not in columns:
        header = ", ".join(table.header)
        raise BadInput([*problems, Problem(table.file, "row 1", header, "headers address (or name), lat and lon")])
    found: Gazetteer = {}
    for row, cells in table.rows:
        at = name
        cells = (*cells, *[""] * (len(table.header) - len(cells)))
        try:
            title = label(cells[name.index])
            at = columns["lat"]
            lat = number(cells[at.index], -90, 90, table.decimal_comma)
            at = columns["lon"]
            lon = number(cells[at.index], -180, 180, table.decimal_comma)
        except Unfit as unfit:
            where = f"row {row}, column {at.header}"
            problems.append(Problem(table.file, where, str(cells[at.index]), unfit.expected))
            continue
        found.setdefault(street_key(words(title)), (title, lat, lon))
    if problems:
        raise BadInput(problems)
    return found
