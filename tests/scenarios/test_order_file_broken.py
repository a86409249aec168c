"""Order files that are none: unreadable, damaged, nonsense; always problems of a line each."""

import csv
import io
import random

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios.orders.headers import COLUMNS
from tests.order_files import one_line_each, refusal, write


@pytest.mark.parametrize(
    ("content", "key", "expected"),
    [
        ("order_id,lat,lon\nCafé,1,2\n".encode("latin-1"), "byte 20 (line 2)", "CSV UTF-8"),
        ("order_id,lat,lon\nA,1,2\n".encode("utf-16"), "byte 0 (line 1)", "CSV UTF-8"),
        (b"", "", "at least one order"),
        (b"\xef\xbb\xbf \n\n", "", "at least one order"),
        (b"order_id,lat,lon\n", "", "at least one order"),
        (b"PK\x03\x04 not a workbook", "", "workbook"),
        (b"order_id,lat,lon\n" + b'"' + b"x" * 200_000, "", "fields"),
    ],
)
def test_unreadable_files_are_one_clear_problem(tmp_path, content, key, expected):
    """What cannot be read at all is one problem that says what to do."""
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    (problem,) = refusal(path)
    assert problem.key == key
    assert expected in problem.expected
    assert "\n" not in problem.line()


def test_a_missing_file_and_a_folder_are_problems(tmp_path):
    """Neither is a traceback."""
    assert "readable order file" in refusal(tmp_path / "none.csv")[0].expected
    assert "readable order file" in refusal(tmp_path)[0].expected


def test_a_workbook_bomb_cannot_take_us_down(tmp_path):
    """One cell in the farthest corner makes the native reader ask for half a terabyte: still a problem."""
    book = openpyxl.Workbook()
    book.active["A1"] = "order_id"
    book.active["XFD1048576"] = "boom"
    book.save(tmp_path / "orders.xlsx")
    (problem,) = refusal(tmp_path / "orders.xlsx")
    assert "workbook" in problem.expected


@given(
    content=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_raise_nothing_but_problems(tmp_path, content):
    """Whatever is in the file, the answer is orders or problems of one line each."""
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    assert one_line_each(path)


_CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["8:00", "nan", "1e999", "-0", "99999-01-01", "9999-12-31 24:00", "0001-01-01 00:00",
                     "24:00", "²", "½ kg",
                     "2026-03-02T08:00:00+99:99", "8:00-", "-;-", "١٢", "1,2,3", "12 kg", "kg", "5 min",
                     "0:0:0"]),
)  # fmt: skip


@given(rows=st.lists(st.lists(_CELLS, min_size=29, max_size=30), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_cells_under_good_headers_raise_nothing_but_problems(tmp_path, rows):
    """Every parser meets every nonsense."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([[f"O{n}", *row[1:]] for n, row in enumerate(rows)])
    path = write(tmp_path, text.getvalue().replace("\0", ""), encoding="utf-8")
    assert one_line_each(path, locate=lambda text: None)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_workbooks_raise_nothing_but_problems(tmp_path, seed):
    """Bytes changed anywhere in a workbook: orders or problems, never a traceback."""
    book = openpyxl.Workbook()
    book.active.append(["id", "lat", "lon"])
    book.active.append(["A", 41.1, -8.6])
    packed = io.BytesIO()
    book.save(packed)
    data = bytearray(packed.getvalue())
    chooser = random.Random(seed)  # noqa: S311  (damages bytes)
    for _ in range(1 + 20 * (seed % 2)):
        data[chooser.randrange(4, len(data))] = chooser.randrange(256)
    path = tmp_path / "orders.xlsx"
    path.write_bytes(bytes(data))
    assert one_line_each(path)


def test_overlong_texts_are_refused_in_every_column(tmp_path):
    """A cell of a hundred thousand characters is named, not parsed."""
    long = "1" * 100_000
    header = ",".join(COLUMNS)
    problems = refusal(write(tmp_path, f"{header}\n{','.join([long] * len(COLUMNS))}\n"), locate=lambda text: None)
    named = {problem.key.removeprefix("row 2, column ") for problem in problems}
    unused = {"address", "house_number", "postcode", "city", "pickup_address"}  # positions are given
    assert named | unused >= set(COLUMNS) - {"lat", "lon", "pickup_lat", "pickup_lon"} - unused
