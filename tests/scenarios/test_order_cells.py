"""What stands in the cells and headers of order files: times, numbers, units, names."""

from datetime import time

import pytest

from scenarios.orders.headers import COLUMNS, recognise
from scenarios.orders.values import Unfit, number, quantity, second_of_day
from scenarios.problems import Problem, nearest


@pytest.mark.parametrize(
    ("written", "second"),
    [
        ("8:00", 28_800),
        ("08:00", 28_800),
        ("8.30", 30_600),
        ("8h30", 30_600),
        ("8h", 28_800),
        ("0830", 30_600),
        ("830", 30_600),
        ("8", 28_800),
        ("8 am", 28_800),
        ("8:05 PM", 72_300),
        ("12 am", 0),
        ("12:30 p.m.", 45_000),
        ("08:00:30", 28_830),
        ("24:00", 86_400),
        ("8 Uhr", 28_800),
    ],
)
def test_spellings_of_a_time_of_day(written, second):
    """The clock as people write it."""
    assert second_of_day(written) == second


@pytest.mark.parametrize(
    "written", ["", "24:01", "8:60", "13 pm", "0 am", "-1", "8:0", "8.5", "noon", "٨:٠٠x", "12345"]
)
def test_what_is_no_time_of_day_is_refused(written):
    """Nothing is guessed."""
    with pytest.raises(Unfit):
        second_of_day(written)


@pytest.mark.parametrize(
    ("written", "comma", "value"),
    [
        ("1.5", False, 1.5),
        ("1,5", False, 1.5),
        ("1,5", True, 1.5),
        ("1.234,5", True, 1234.5),
        ("1,234.5", False, 1234.5),
        ("1 234,5", True, 1234.5),
        ("1'234.5", False, 1234.5),
        ("1,234", True, 1.234),
        ("-0", False, 0.0),
        ("1e3", False, 1000),
    ],
)
def test_spellings_of_a_number(written, comma, value):
    """Decimal points, decimal commas and grouping; the last mark is the decimal one."""
    assert number(written, -1e9, 1e9, comma) == value


@pytest.mark.parametrize("written", ["1,234", "", "nan", "inf", "--1", "1.2.3", "0x10", "1_000", "twelve", "1e999"])
def test_what_is_no_number_is_refused(written):
    """A comma that could mean thousands is not guessed at, and Python's own spellings are not a planner's."""
    with pytest.raises(Unfit):
        number(written, -1e9, 1e9)


@pytest.mark.parametrize(
    ("cell", "kind", "factor", "value"),
    [
        ("5 min", "time", 1.0, 300),
        ("5", "time", 60.0, 300),
        ("00:05:00", "time", 1.0, 300),
        ("1.5h", "time", 1.0, 5400),
        (time(0, 5), "time", 60.0, 300),
        ("2 lbs", "weight", 1.0, 0.90718474),
        ("500 g", "weight", 1.0, 0.5),
        ("20 l", "volume", 1.0, 0.02),
        ("1 m³", "volume", 0.001, 1.0),
        (30, "volume", 0.001, 0.03),
    ],
)
def test_units_of_values_and_headers(cell, kind, factor, value):
    """A unit beside the value outranks the header's."""
    assert quantity(cell, kind, factor, 1e6) == value


@pytest.mark.parametrize("column", COLUMNS)
def test_canonical_headers_mean_themselves(column):
    """In any case, with blanks or hyphens for underscores."""
    for spelling in (
        column,
        column.upper(),
        column.replace("_", " ").title(),
        f" {column.replace('_', '-')} ",
    ):
        assert recognise(spelling)[:2] == (column, 1.0)


def test_problem_lines_and_nearest_names():
    """A line names the place, the value, what was expected and the likely name, all printable."""
    problem = Problem("a.csv", "row 2, column x", "p\ny", "a kind", "pay")
    assert problem.line() == "a.csv: row 2, column x: 'p\\ny': expected a kind; did you mean 'pay'?"
    assert nearest("Weigth_kg", ["lat", "weight_kg"]) == "weight_kg"
    assert nearest("zzz", ["lat", "lon"]) is None
