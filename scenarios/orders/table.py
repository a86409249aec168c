"""Any order file as plain rows of cells: CSV with whatever delimiter, or a workbook (XLSX, XLS, ODS)."""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from scenarios.problems import BadInput, Problem

Cell = str | float | int | bool | datetime | date | time | timedelta
"""What a cell may hold; empty cells are empty strings."""

MAX_BYTES = 64 << 20
MAX_ROWS = 200_000
MAX_CELLS = 20_000_000
READER_S = 300
"""A workbook that takes longer is refused; ``MAX_ROWS`` rows take a few seconds."""
DELIMITERS = (",", ";", "\t", "|")
_WORKBOOK_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # zip (XLSX, ODS), compound file (XLS)
_SEP_LINE = re.compile(r"sep=([,;|\t])\s*")


@dataclass(frozen=True)
class Table:
    """A header and the rows below it, each with its number in the file (counted from 1)."""

    file: str
    header_row: int
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]
    decimal_comma: bool  # fields are not separated by commas, so a comma in a number is a decimal comma
    notes: tuple[Problem, ...] = ()


def read_table(path: str | Path) -> Table:
    """Read a file of at most ``MAX_BYTES`` and ``MAX_ROWS``; what it is, is told by its content, not by its
    name.

    Raises BadInput with one problem when it cannot be read, is not UTF-8, is too large or has no header.
    """
    path = Path(path)
    data = _content(path)
    if data.startswith(_WORKBOOK_STARTS):
        return _from_workbook(path)
    return _from_text(str(path), _decoded(str(path), data))


def _refuse(file: str, key: str, value: object, expected: str) -> BadInput:
    return BadInput([Problem(file, key, str(value), expected)])


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _refuse(str(path), "", f"{size} bytes", f"an order file of at most {MAX_BYTES} bytes")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        reason = getattr(error, "strerror", None) or error
        raise _refuse(str(path), "", reason, "a readable order file (CSV, XLSX or ODS)") from error
    if not data.strip():
        raise _refuse(str(path), "", "", "a header and at least one order")
    if path.suffix.lower() in {".xlsx", ".ods", ".xls", ".xlsm"} and not data.startswith(_WORKBOOK_STARTS):
        raise _refuse(str(path), "", f"begins with {data[:8]!r}", f"a {path.suffix} workbook (or CSV named .csv)")
    return data


def _decoded(file: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise _refuse(
            file,
            f"byte {error.start} (line {row})",
            f"0x{data[error.start]:02x}",
            "UTF-8 text: save it again as 'CSV UTF-8'",
        ) from error
    if "\0" in text:
        raise _refuse(file, f"character {text.index(chr(0))}", "NUL", "UTF-8 text: save it again as 'CSV UTF-8'")
    return text


def _from_text(file: str, text: str) -> Table:
    first_line, _, below = text.partition("\n")
    declared = _SEP_LINE.fullmatch(first_line.strip("\r"))
    delimiter = declared[1] if declared else _sniffed(text)
    try:
        rows = list(csv.reader(io.StringIO(below if declared else text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise _refuse(file, "", str(error), "rows of quoted or delimited fields") from error
    numbered = list(enumerate(rows, start=2 if declared else 1))
    return _table(file, numbered, decimal_comma=delimiter != ",", notes=())


def _sniffed(text: str) -> str:
    """The delimiter that cuts the first filled line into most fields; the earlier of ``DELIMITERS`` on a
    tie."""
    header = next((line for line in text[:100_000].splitlines() if line.strip()), "")
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _from_workbook(path: Path) -> Table:
    file = str(path)
    program = str(Path(__file__).with_name("workbook_cells.py"))
    # -P: our own modules must not shadow the standard library's in the child.
    command = [sys.executable, "-P", program, file, str(MAX_CELLS)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=READER_S)  # noqa: S603  (our own program)
    except subprocess.TimeoutExpired as late:
        raise _refuse(file, "", f"not read within {READER_S} s", "a smaller or simpler workbook") from late
    if done.returncode:
        raise _refuse(file, "", f"reader ended with {done.returncode}", "a workbook that can be read (XLSX or ODS)")
    answer = json.loads(done.stdout, object_hook=_cell_of)
    if "error" in answer:
        raise _refuse(file, "", answer["error"], "a workbook that can be read (XLSX or ODS)")
    notes = tuple(
        Problem(file, f"sheet {other}", other, f"one sheet of orders; only {answer['sheet']} was read")
        for other in answer["others"]
    )
    return _table(file, list(enumerate(answer["rows"], answer["first_row"])), decimal_comma=False, notes=notes)


def _cell_of(item: dict) -> object:
    readers: dict[str, Callable[[Any], object]] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "time": time.fromisoformat,
        "seconds": lambda seconds: timedelta(seconds=seconds),
    }
    if len(item) == 1 and (kind := next(iter(item))) in readers:
        return readers[kind](item[kind])
    return item


def _table(file: str, rows: list, decimal_comma: bool, notes: tuple[Problem, ...]) -> Table:
    """The first filled row is the header; empty rows are left out but counted."""
    if len(rows) > MAX_ROWS:
        raise _refuse(file, "", f"{len(rows)} rows", f"at most {MAX_ROWS} rows")
    filled = [(number, tuple(row)) for number, row in rows if any(str(cell).strip() for cell in row)]
    if not filled:
        raise _refuse(file, "", "", "a header and at least one order")
    header_row, header = filled[0]
    titles = tuple(str(title).strip() for title in header)
    return Table(file, header_row, titles, tuple(filled[1:]), decimal_comma, notes)
