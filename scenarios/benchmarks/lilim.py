"""Li and Lim's text format (PDPTW; https://www.sintef.no/projectweb/top/pdptw/)."""

import numpy as np

from scenarios.benchmarks.instance import NONE, Instance, Pair, Vehicle, euclidean
from scenarios.benchmarks.text import check_nodes, check_values, number, refuse, table

COLUMNS = ("customer", "x", "y", "demand", "ready", "due", "service", "pickup", "delivery")


def recognises(text: str) -> bool:
    """Whether a text begins with a line of three numbers and goes on with rows of nine."""
    lines = [line.split() for line in text.splitlines()[:3] if line.strip()]
    return len(lines) >= 2 and len(lines[0]) == 3 and len(lines[1]) in (8, 9, 10) and _numeric(lines[0] + lines[1])


def _numeric(words: list[str]) -> bool:
    return all(word.lstrip("+-").replace(".", "", 1).isdigit() for word in words)


def read(file: str, text: str) -> Instance:
    """The instance. Its name is the file's: the format holds none.

    Raises:
        BadInput: the text is cut off, holds something else than numbers, or pickups and deliveries do not match.
    """
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    (at, first), rows = lines[0], lines[1:]
    count, capacity, speed = (number(file, f"line {at}", word, least=1, whole=True) for word in first.split())
    if speed != 1:
        refuse(file, f"line {at}", f"{speed:g}", "a speed of 1")
    values = table(file, rows, COLUMNS)
    check_nodes(file, values[:, 0], rows)
    check_values(file, values, COLUMNS, rows)
    zeros = np.zeros(len(values))
    return Instance(
        name=file.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0],
        problem="PDPTW",
        depots=1,
        legs=euclidean(values[:, 1:3]),
        demand=zeros.astype(np.int64),
        backhaul=zeros.astype(np.int64),
        opens=values[:, 4],
        closes=values[:, 5],
        service=values[:, 6],
        release=zeros,
        vehicles=(Vehicle(int(capacity)),) * int(count),
        default_rounding=NONE,
        pairs=_pairs(file, values, [at for at, _ in rows]),
    )


def _pairs(file: str, values: np.ndarray, at: list[int]) -> tuple[Pair, ...]:
    """Pickups with their deliveries; every customer is in exactly one pair."""
    pairs = []
    for node in range(1, len(values)):
        demand, pickup, delivery = values[node, 3], int(values[node, 7]), int(values[node, 8])
        sibling, back = (delivery, 7) if delivery else (pickup, 8)
        key = f"line {at[node]}"
        if bool(pickup) == bool(delivery) or sibling == node:
            refuse(file, key, f"pickup {pickup}, delivery {delivery}", "one of them another customer, the other 0")
        if not 0 < sibling < len(values):
            refuse(file, key, sibling, f"a customer of the file, 1 to {len(values) - 1}; is the file cut off?")
        if values[sibling, back] != node or values[sibling, 3] != -demand:
            refuse(file, key, sibling, "a customer that names this one and has the opposite demand")
        if delivery:
            pairs.append(Pair(node, sibling, int(number(file, f"{key}, demand", f"{demand:g}", least=0, whole=True))))
    return tuple(pairs)
