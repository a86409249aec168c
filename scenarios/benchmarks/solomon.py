"""Solomon's and Gehring and Homberger's text format (VRPTW; https://www.sintef.no/projectweb/top/vrptw/)."""

import numpy as np

from scenarios.benchmarks.instance import NONE, Instance, Vehicle, euclidean
from scenarios.benchmarks.text import check_nodes, check_values, number, refuse, table

COLUMNS = ("customer", "x", "y", "demand", "ready", "due", "service")


def recognises(text: str) -> bool:
    """Whether a text has the format's two headings, VEHICLE first."""
    headings = [line.strip().upper() for line in text.splitlines()]
    return "VEHICLE" in headings and ("CUSTOMER" in headings or "CUSTOMERS" in headings or len(headings) < 10)


def read(file: str, text: str) -> Instance:
    """The instance; integers and decimals alike.

    Raises:
        BadInput: the text is cut off or holds something else than numbers; one line says where.
    """
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    headings = [line.strip().upper() for _, line in lines]
    fleet = headings.index("VEHICLE") + 2
    if fleet >= len(lines):
        refuse(file, "VEHICLE", "", "a line with the number of vehicles and their capacity; is the file cut off?")
    at, line = lines[fleet]
    if len(line.split()) != 2:
        refuse(file, f"line {at}", line.strip(), "2 numbers (vehicles, capacity)")
    count, capacity = (number(file, f"line {at}", word, least=1, whole=True) for word in line.split())
    heading = next((i for i, name in enumerate(headings) if name in ("CUSTOMER", "CUSTOMERS")), None)
    if heading is None or heading + 2 > len(lines):
        refuse(file, "CUSTOMER", "", "a heading and rows of customers; is the file cut off?")
    rows = lines[heading + 2 :]
    values = table(file, rows, COLUMNS)
    _check_end(file, rows)
    check_nodes(file, values[:, 0], rows)
    check_values(file, values, COLUMNS, rows)
    for (at, _), demand in zip(rows, values[:, 3], strict=True):
        number(file, f"line {at}, demand", f"{demand:g}", least=0, whole=True)
    zeros = np.zeros(len(values))
    return Instance(
        name=lines[0][1].strip(),
        problem="VRPTW",
        depots=1,
        legs=euclidean(values[:, 1:3]),
        demand=values[:, 3].astype(np.int64),
        backhaul=zeros.astype(np.int64),
        opens=values[:, 4],
        closes=values[:, 5],
        service=values[:, 6],
        release=zeros,
        vehicles=(Vehicle(int(capacity)),) * int(count),
        default_rounding=NONE,
    )


def _check_end(file: str, rows: list[tuple[int, str]]) -> None:
    """Columns are aligned as a rule: a last row that ends before all others was cut within its last number."""
    ends = [len(line.rstrip()) for _, line in rows]
    if len(ends) > 2 and len(set(ends[:-1])) == 1 and ends[-1] < ends[0]:
        at, line = rows[-1]
        refuse(file, f"line {at}", line.strip(), "a row as long as all others; is the file cut off?")
