"""Numbers out of text files: every failure names the file, the line or section, the value and what was expected."""

import math
from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from scenarios.problems import BadInput, Problem

LARGEST = 1e12
"""Numbers beyond this are not a distance, time or load [A]."""


def refuse(file: str, key: str, value: object, expected: str) -> NoReturn:
    """One problem with a file.

    Raises:
        BadInput: always.
    """
    raise BadInput([Problem(file, key, str(value), expected)])


def number(file: str, key: str, text: object, least: float = -LARGEST, whole: bool = False) -> float:
    """A finite number of at least ``least``, if asked a whole one."""
    kind = "a whole number" if whole else "a number"
    expected = kind if least <= -LARGEST else f"{kind} of at least {least:g}"
    try:
        value = float(str(text))
    except ValueError:
        refuse(file, key, text, expected)
    if not math.isfinite(value) or not least <= value <= LARGEST or (whole and value != int(value)):
        refuse(file, key, text, expected)
    return value


def table(file: str, lines: Sequence[tuple[int, str]], columns: Sequence[str]) -> np.ndarray:
    """Rows of numbers, float64 [rows, columns]; ``lines`` are numbered as in the file."""
    rows = []
    for at, line in lines:
        words = line.split()
        if len(words) != len(columns):
            refuse(file, f"line {at}", line.strip(), f"{len(columns)} numbers ({', '.join(columns)})")
        rows.append([number(file, f"line {at}, {name}", word) for name, word in zip(columns, words, strict=True)])
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(columns))


def check_nodes(file: str, numbers: np.ndarray, lines: Sequence[tuple[int, str]]) -> None:
    """Rows are numbered from 0 (the depot) without a gap, and there is a customer."""
    for expected, (found, (at, _)) in enumerate(zip(numbers, lines, strict=True)):
        if found != expected:
            refuse(file, f"line {at}", f"{found:g}", f"customer number {expected}, rows are numbered without a gap")
    if len(numbers) < 2:
        refuse(file, "", f"{len(numbers)} rows", "a depot and at least one customer; is the file cut off?")


def check_values(file: str, table: np.ndarray, columns: Sequence[str], lines: Sequence[tuple[int, str]]) -> None:
    """Service times are not negative and windows close after they open."""
    ready, due, service = (table[:, columns.index(name)] for name in ("ready", "due", "service"))
    for (at, _), opens, closes, lasts in zip(lines, ready, due, service, strict=True):
        if closes < opens:
            refuse(file, f"line {at}, due", f"{closes:g}", f"at least the ready time {opens:g}")
        if lasts < 0:
            refuse(file, f"line {at}, service", f"{lasts:g}", "a number of at least 0")
