"""One cell of an order file as a number, a moment, a text: what is understood, and what is refused and
why."""

import math
import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from engine.clock import LocalTime, to_us
from scenarios.orders.headers import UNITS
from scenarios.orders.table import Cell
from twin.orders import Window

MAX_TEXT_CHARS = 200
DAY_S = 86_400
_EXCEL_EPOCH = datetime(1899, 12, 30)
_UNIX_DAY_0 = date(1970, 1, 1)
_TIME = re.compile(
    r"(?P<h>\d{1,2})(?:\s*[:.h]\s*(?P<m>\d{2}))?(?:[:.](?P<s>\d{2}))?\s*(?P<mark>h|uhr|hrs?|[ap]\.?\s?m\.?)?",
    re.I,
)
_NUMBER = re.compile(
    r"(?P<number>[+-]?[\d.,' \u00a0\u202f]*\d[.,]?(?:e[+-]?\d{1,3})?)\s*(?P<unit>[^\d\s.,][^\d]*3?)?", re.I
)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
_RANGE_MARK = re.compile(r"\s+(?:to|bis|hasta|até|until)\s+|\s*[-–—/]\s*", re.I)
_PRIORITY_WORDS = {
    "low": 1, "normal": 1, "standard": 1, "medium": 1, "ordinary": 1, "niedrig": 1, "mittel": 1, "baja": 1,
    "baixa": 1, "high": 2, "hoch": 2, "alta": 2, "haute": 2, "urgent": 3, "express": 3, "dringend": 3,
    "urgente": 3,
}  # fmt: skip
MAX_PRIORITY = 100


class Unfit(ValueError):
    """A cell that cannot be used; the text says what was expected, ``nearest`` what was probably meant."""

    def __init__(self, expected: str, nearest: str | None = None) -> None:
        super().__init__(expected)
        self.expected = expected
        self.nearest = nearest


def text(cell: Cell) -> str:
    """A cell as text: whole numbers without a decimal point (1001.0 is "1001"), white space at the ends
    removed."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()


def label(cell: Cell) -> str:
    """A name of 1 to ``MAX_TEXT_CHARS`` printable characters."""
    found = text(cell)
    if not 0 < len(found) <= MAX_TEXT_CHARS or not found.isprintable():
        raise Unfit(f"1 to {MAX_TEXT_CHARS} printable characters on one line")
    return found


def number(cell: Cell, low: float, high: float, decimal_comma: bool = False, what: str = "a number") -> float:
    """A finite number within [low, high]; texts may use decimal points, decimal commas and grouping."""
    value = math.nan if isinstance(cell, bool) else cell if isinstance(cell, int | float) else None
    if value is None:
        value = _number_of(text(cell), decimal_comma, f"{what} between {low:g} and {high:g}")
    if not low <= value <= high:  # NaN compares false
        raise Unfit(f"{what} between {low:g} and {high:g}")
    return float(value) + 0.0


def _number_of(written: str, decimal_comma: bool, expected: str) -> float:
    bare = re.sub(r"(?<=\d)['\u00a0\u202f ](?=\d{3})", "", written)
    comma, point = bare.rfind(","), bare.rfind(".")
    if comma >= 0 and point >= 0:  # the later one is the decimal mark
        bare = bare.replace(",", "") if point > comma else bare.replace(".", "").replace(",", ".")
    elif comma >= 0:
        if not decimal_comma and _GROUPED.fullmatch(bare):
            raise Unfit(f"{expected} with a decimal point (a comma could mean thousands)")
        bare = bare.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", bare, re.I):
        raise Unfit(expected)
    return float(bare)


def quantity(cell: Cell, kind: str, factor: float, high: float, decimal_comma: bool = False) -> float:
    """A quantity in seconds, kilograms or cubic metres, at least 0 and at most ``high``.

    ``factor`` is what one unit of the column is; a value may carry its own unit (``5 min``). Times may be
    durations as spreadsheets hold them or ``H:MM:SS``.
    """
    what = {"time": "a duration in s", "weight": "a weight in kg", "volume": "a volume in m3"}[kind]
    expected = f"{what} between 0 and {high:g}"
    value = _duration_s(cell) if kind == "time" else None
    if value is None and not isinstance(cell, str):
        value = number(cell, 0, math.inf, what=what) * factor
    if value is None:
        parts = _NUMBER.fullmatch(text(cell))
        if parts is None:
            raise Unfit(expected)
        unit = parts["unit"]
        if unit:
            factor = UNITS[kind].get(unit.strip().rstrip(".").replace("³", "3").casefold(), 0.0)
            if not factor:
                raise Unfit(f"{expected} (units: {', '.join(list(UNITS[kind])[:12])} …)")
        value = _number_of(parts["number"].strip(), decimal_comma, expected) * factor
    if not 0 <= value <= high:
        raise Unfit(expected)
    return round(value, 9) + 0.0


def _duration_s(cell: Cell) -> float | None:
    if isinstance(cell, timedelta):
        return cell.total_seconds()
    if isinstance(cell, datetime):
        return (cell - _EXCEL_EPOCH).total_seconds()
    if isinstance(cell, time):
        return cell.hour * 3600.0 + cell.minute * 60 + cell.second
    parts = re.fullmatch(r"(\d{1,2}):([0-5]\d):([0-5]\d)", text(cell))
    return int(parts[1]) * 3600.0 + int(parts[2]) * 60 + int(parts[3]) if parts else None


def priority(cell: Cell) -> int:
    """A whole number from 1 (ordinary) to ``MAX_PRIORITY``, or a word such as high or urgent."""
    word = text(cell).casefold()
    if word in _PRIORITY_WORDS:
        return _PRIORITY_WORDS[word]
    expected = f"a whole number from 1 (ordinary) to {MAX_PRIORITY}, or low, normal, high, urgent"
    if not word.isascii() or not word.isdigit() or not 1 <= int(word[:9]) <= MAX_PRIORITY:
        raise Unfit(expected)
    return int(word)


def local_day(cell: Cell) -> int:
    """The number of a local day (days since 1970) from a date: ``2026-03-02``, ``2.3.2026`` or a
    spreadsheet's."""
    if isinstance(cell, datetime):
        return (cell.date() - _UNIX_DAY_0).days
    if isinstance(cell, date):
        return (cell - _UNIX_DAY_0).days
    if isinstance(cell, float | int) and not isinstance(cell, bool) and 20_000 <= cell <= 80_000:
        return (_EXCEL_EPOCH.date() + timedelta(days=int(cell)) - _UNIX_DAY_0).days
    return _day_of(text(cell))


def _day_of(written: str) -> int:
    for pattern, order in (
        (r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", "ymd"),
        (r"(\d{4})(\d{2})(\d{2})", "ymd"),
        (r"(\d{1,2})\.(\d{1,2})\.(\d{4})", "dmy"),
        (r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", "?"),
    ):
        found = re.fullmatch(pattern, written)
        if found is None:
            continue
        a, b, c = (int(part) for part in found.groups())
        if order == "?" and a <= 12 and b <= 12 and a != b:
            raise Unfit("a date as YYYY-MM-DD (day and month cannot be told apart)")
        year, month, day = (a, b, c) if order == "ymd" else (c, b, a) if order == "dmy" or a > 12 else (c, a, b)
        try:
            return (date(year, month, day) - _UNIX_DAY_0).days
        except ValueError:
            break
    raise Unfit("a date as YYYY-MM-DD")


def moment(cell: Cell, day: int, local: LocalTime) -> int:
    """Microseconds UTC of a local time on ``day``, or of a date and time, or of an ISO moment with its
    offset."""
    try:
        moment_us = _moment(cell, day, local)
    except OverflowError as error:
        raise Unfit("a moment between the years 1900 and 2200") from error
    if not -70 * 366 * DAY_S * 10**6 <= moment_us <= 231 * 366 * DAY_S * 10**6:
        raise Unfit("a moment between the years 1900 and 2200")
    return moment_us


def _moment(cell: Cell, day: int, local: LocalTime) -> int:
    if isinstance(cell, datetime):
        return to_us(cell if cell.tzinfo else cell.replace(tzinfo=local.zone))
    if isinstance(cell, time):
        return local.at(day, cell.hour * 3600 + cell.minute * 60 + cell.second)
    if isinstance(cell, timedelta) and timedelta(0) <= cell <= timedelta(days=1):
        return local.at(day, cell.total_seconds())
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return _moment_of_number(cell, day, local)
    return _moment_of_text(text(cell), day, local)


def _moment_of_number(value: float, day: int, local: LocalTime) -> int:
    """Spreadsheet numbers: below 1 a share of the day, 20,000 and more a date and time, else 8 or 830 as
    written."""
    if 0 <= value < 1:
        return local.at(day, round(value * DAY_S))
    if 20_000 <= value <= 80_000:
        return to_us((_EXCEL_EPOCH + timedelta(seconds=round(value * DAY_S))).replace(tzinfo=local.zone))
    if float(value).is_integer() and 1 <= value <= 2400:
        return local.at(day, second_of_day(str(int(value))))
    raise Unfit("a time of day such as 08:30")


def _moment_of_text(written: str, day: int, local: LocalTime) -> int:
    parts = re.fullmatch(r"([\d/.-]{8,10})[T ,]+(.+)", written)
    if parts is None:
        return local.at(day, second_of_day(written))
    if re.search(r"(Z|[+-]\d{2}:?\d{2})$", written, re.I):
        try:
            return to_us(datetime.fromisoformat(written.upper()))
        except (ValueError, TypeError) as error:
            raise Unfit("a local time (08:30), a date and time (2026-03-02 08:30) or ISO 8601") from error
    return local.at(_day_of(parts[1].strip()), second_of_day(parts[2]))


def second_of_day(written: str) -> int:
    """Seconds since local midnight: ``8:00``, ``08:00:30``, ``8.30``, ``8h30``, ``0830``, ``8``, ``8 am``,
    ``24:00``."""
    written = written.strip()
    if re.fullmatch(r"\d{3,4}", written):
        written = f"{written[:-2]}:{written[-2:]}"
    parts = _TIME.fullmatch(written)
    if parts is None:
        raise Unfit("a time of day such as 08:30")
    hour, minute, second = int(parts["h"]), int(parts["m"] or 0), int(parts["s"] or 0)
    mark = (parts["mark"] or "").casefold()
    if mark[:1] in {"a", "p"}:
        if not 1 <= hour <= 12:
            raise Unfit("a time of day such as 8:30 am")
        hour = hour % 12 + (12 if mark[0] == "p" else 0)
    if minute > 59 or second > 59 or hour * 3600 + minute * 60 + second > DAY_S:
        raise Unfit("a time of day from 00:00 to 24:00")
    return hour * 3600 + minute * 60 + second


def window_list(cell: Cell, day: int, local: LocalTime) -> list[Window]:
    """Several windows in one cell: ``08:00-10:00; 14:00-16:00``."""
    found = [
        _window_of(part.strip(), day, local) for part in re.split(r"[;|,\n]| and | & ", text(cell)) if part.strip()
    ]
    if not found:
        raise Unfit("windows such as 08:00-10:00; 14:00-16:00")
    return found


def _window_of(written: str, day: int, local: LocalTime) -> Window:
    for mark in _RANGE_MARK.finditer(written):  # a date has dashes too: the first that leaves two moments
        try:
            bounds = Window(moment(written[: mark.start()], day, local), moment(written[mark.end() :], day, local))
        except Unfit:
            continue
        return checked_window(*bounds)
    raise Unfit("windows such as 08:00-10:00; 14:00-16:00")


def checked_window(open_us: int, close_us: int) -> Window:
    """A window that does not close before it opens."""
    if close_us < open_us:
        raise Unfit("a window that closes after it opens (24:00 is the end of the day; split one over midnight)")
    return Window(open_us, close_us)


def disjoint(windows: list[Window]) -> tuple[Window, ...]:
    """The windows by opening time; refused when two overlap."""
    ordered = sorted(windows)
    for earlier, later in pairwise(ordered):
        if later.open_us <= earlier.close_us:
            raise Unfit("windows that do not overlap")
    return tuple(ordered)
