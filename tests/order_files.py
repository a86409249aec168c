"""Order files of the tests: the day they are for, how they are written, read and refused."""

import pytest

from engine.clock import LocalTime
from scenarios.orders.file import read_orders
from scenarios.problems import BadInput, Problem

LISBON = LocalTime("Europe/Lisbon")
DAY = 20_514  # Monday 2 March 2026


def at(hour: float, day: int = DAY) -> int:
    """A local time of the test day in microseconds."""
    return LISBON.at(day, hour * 3600)


def write(folder, text: str, name: str = "orders.csv", encoding: str = "utf-8"):
    """A file with the given text."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def read(path, **options):
    """Read with the defaults of these tests."""
    return read_orders(path, LISBON, DAY, **options)


def one_line_each(path, **options) -> bool:
    """Whether reading gives orders, or problems of one line each; anything else is raised."""
    try:
        read(path, **options)
    except BadInput as refused:
        return all(len(problem.line().splitlines()) == 1 and problem.expected for problem in refused.problems)
    return True


def refusal(path, **options) -> tuple[Problem, ...]:
    """The problems a file is refused with."""
    with pytest.raises(BadInput) as caught:
        read(path, **options)
    assert caught.value.problems
    return caught.value.problems
