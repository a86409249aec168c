"""Order files as planners have them: what is understood, what is refused, and how it is said."""

import csv
import io
import random
import re
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.clock import SECOND, LocalTime, from_us
from engine.roads.synthetic import synthetic_region
from engine.streams import Streams
from scenarios.orders.addresses import AddressBook, AddressMatch
from scenarios.orders.file import read_orders
from scenarios.orders.generate import generate
from scenarios.orders.headers import COLUMNS, recognise
from scenarios.orders.table import read_table
from scenarios.orders.values import Unfit, number, quantity, second_of_day
from scenarios.places import Candidates, place_at
from scenarios.problems import BadInput, Problem, nearest
from scenarios.schema_orders import GenerateConfig
from twin.orders import Order, Window

LISBON = LocalTime("Europe/Lisbon")
DAY = 20_514  # Monday 2 March 2026
HOUR = 3600 * SECOND


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


def test_a_planners_csv_is_read_as_meant(tmp_path):
    """Semicolons, decimal commas, pounds and minutes in headers, mixed clock spellings: all in one file."""
    path = write(
        tmp_path,
        "Order No.;Lat;Lng;From;To;Service (min);Weight [lb];qty;Skills;Priority;Client;Hub\n"
        "1001;41,15;-8,61;8:00;10.30;5;10;2;Cool, tail-lift;high;Padaria Sol;north\n"
        "1002;41,16;-8,62;14h30;4 pm;2,5;;;;;;\n",
    )
    first, second = read(path, depots=["north", "south"]).orders
    assert (first.order_id, first.delivery.place) == ("1001", place_at(41.15, -8.61))
    assert first.delivery.windows == (Window(at(8), at(10.5)),)
    assert first.delivery.service_s == 300
    assert first.demand == {"weight_kg": 4.5359237, "items": 2}
    assert (first.priority, first.needs) == (2, {"cool", "tail-lift"})
    assert (first.customer, first.depot) == ("Padaria Sol", "north")
    assert second.delivery.windows == (Window(at(14.5), at(16)),)
    assert (second.delivery.service_s, second.demand, second.priority, second.depot) == (150, {}, 1, None)


def test_a_planners_workbook_is_read_as_meant(tmp_path):
    """Ids that a spreadsheet made numbers stay ids; its dates, times and durations are what they show."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([])
    sheet.append(["Order ID", "Latitude", "Longitude", "Date", "Earliest", "Latest", "Service time", "Weight (kg)"])
    sheet.append([1001.0, 41.15, -8.61, date(2026, 3, 3), time(8, 0), time(9, 30), timedelta(minutes=4), 12.5])
    sheet.append(["A-7", "41.16", -8.62, None, datetime(2026, 3, 4, 8), 1130, time(0, 2), None])
    path = tmp_path / "orders.xlsx"
    book.save(path)
    problems = refusal(path)
    assert [problem.key for problem in problems] == ["row 4, column Latest"]  # closes two days before it opens
    sheet["F4"] = datetime(2026, 3, 4, 11, 30)
    book.save(path)
    first, second = read(path).orders
    assert first.order_id == "1001"
    assert first.delivery.windows == (Window(at(8, DAY + 1), at(9.5, DAY + 1)),)
    assert (first.delivery.service_s, first.demand) == (240, {"weight_kg": 12.5})
    assert second.delivery.windows == (Window(at(8, DAY + 2), at(11.5, DAY + 2)),)
    assert second.delivery.service_s == 120


def test_pickups_pairs_and_several_windows(tmp_path):
    """The kind of an order follows from which places are filled, and a stop may have several windows."""
    path = write(
        tmp_path,
        "order_id,lat,lon,kind,pickup_lat,pickup_lon,pickup_window_start,pickup_window_end,"
        "pickup service (min),windows,window2_start,window2_end,service_s,placed_at\n"
        "D,41.1,-8.6,,,,,,,08:00-10:00;14:00-16:00,,,60,\n"
        "P,41.1,-8.6,Abholung,,,,,,,9:00,10:00,30,2026-03-02T07:30:00+01:00\n"
        "Q,,,,41.2,-8.7,9:00,,2,,,,,\n"
        "PD,41.1,-8.6,pair,41.2,-8.7,09:00,11:00,2,12:00 to 13:00,,,90,06:15\n",
    )
    delivery, pickup, other_pickup, pair = read(path).orders
    assert delivery.pickup is None
    assert delivery.delivery.windows == (Window(at(8), at(10)), Window(at(14), at(16)))
    assert pickup.delivery is None
    assert pickup.pickup.windows == (Window(at(9), at(10)),)
    assert pickup.placed_us == at(6.5)  # Lisbon is an hour behind +01:00
    assert other_pickup.pickup.windows == (Window(at(9), at(24)),)
    assert other_pickup.pickup.service_s == 120
    assert (pair.pickup.place, pair.delivery.place) == (place_at(41.2, -8.7), place_at(41.1, -8.6))
    assert (pair.pickup.service_s, pair.delivery.service_s, pair.placed_us) == (120, 90, at(6.25))


def test_every_bad_cell_is_named_in_one_pass(tmp_path):
    """Row as in the file, column as written, value and what was expected, for all rows at once."""
    path = write(
        tmp_path,
        "order_id,lat,lon,window_start,window_end,service_s,weight_kg,priority,depot,kind,items\n"
        "1,91,-8.6,10:00,9:00,nan,-3,0,nort,,\n"
        "\n"
        ",41.1,,25:00,,inf,1,,,,1e400\n"
        "1,41.1,-8.6,,,,,,,delivry,2\n"
        "4,,,,,,,,,,\n",
    )
    found = {(p.key, p.value) for p in refusal(path, depots=["north", "south"])}
    assert found == {
        ("row 2, column lat", "91"),
        ("row 2, column window_end", "10:00 to 9:00"),
        ("row 2, column service_s", "nan"),
        ("row 2, column weight_kg", "-3"),
        ("row 2, column priority", "0"),
        ("row 2, column depot", "nort"),
        ("row 4, column order_id", ""),
        ("row 4, column lon", ""),
        ("row 4, column window_start", "25:00"),
        ("row 4, column service_s", "inf"),
        ("row 4, column items", "1e400"),
        ("row 5, column order_id", "1"),
        ("row 5, column kind", "delivry"),
        ("row 6, column lat", ""),
    }
    near = {p.value: p.nearest for p in refusal(path, depots=["north", "south"]) if p.nearest}
    assert near == {"nort": "north", "delivry": "delivery"}


def test_skip_keeps_the_good_rows_and_lists_the_bad(tmp_path):
    """With skip a bad row costs only itself; with no good row left the file is refused all the same."""
    path = write(tmp_path, "id,lat,lon\nA,41.1,-8.6\nB,99,-8.6\n")
    found = read(path, on_bad_row="skip")
    assert [order.order_id for order in found.orders] == ["A"]
    assert [problem.key for problem in found.problems] == ["row 3, column lat"]
    assert len(refusal(write(tmp_path, "id,lat,lon\nB,99,-8.6\n"), on_bad_row="skip")) == 1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("order_id,lat,lon,Latitude", "one column for lat"),
        ("order_id,order_id,lat,lon", "one column for order_id"),
        ("lat,lon", "a header order_id"),
        ("order_id,lat", "headers lat and lon, or address"),
        ("weight_kg,Weight (lb),order_id,lat,lon", "one column for weight_kg"),
    ],
)
def test_missing_and_doubled_headers_are_refused(tmp_path, header, expected):
    """Which column is meant is never guessed when two could be."""
    problems = refusal(write(tmp_path, f"{header}\n1,2,3,4,5\n"))
    assert any(expected in problem.expected for problem in problems)


def test_unknown_columns_are_ignored_but_named(tmp_path):
    """A misspelt header is pointed to its nearest known one; one without unit says what was assumed."""
    path = write(tmp_path, "order_id,lat,lon,windw_start,duration\n1,41.1,-8.6,08:00,90\n")
    found = read(path)
    assert [(note.value, note.nearest) for note in found.notes] == [
        ("windw_start", "window_start"),
        ("duration", None),
    ]
    assert found.orders[0].delivery.windows == ()
    assert found.orders[0].delivery.service_s == 90


def test_unquoted_commas_are_noticed(tmp_path):
    """A row with more fields than the header is bad: its values have slipped."""
    problems = refusal(write(tmp_path, "order_id,lat,lon\n1,41,15,-8,61\n"))
    assert "unquoted" in problems[0].expected


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


def test_addresses_are_located_and_the_unmatched_listed(tmp_path):
    """An address is one cell or street, number and town in columns of their own; misses are named."""
    asked = []

    def locate(text):
        asked.append(text)
        return None if "Nowhere" in text else AddressMatch(text, 41.1, -8.6, "street", 97.0, "Rua Sol")

    path = write(
        tmp_path,
        "id,street,house number,zip,city,pickup address\nA,Rua Sol,12,4000-001,Porto,\nB,Nowhere,,,,\nC,,,,,Cais 1\n",
    )
    found = read(path, locate=locate, on_bad_row="skip")
    assert asked == ["Rua Sol 12, 4000-001 Porto", "Nowhere", "Cais 1"]
    assert [(m.row, m.order_id, m.task, m.match.accuracy) for m in found.matches] == [
        (2, "A", "delivery", "street"),
        (4, "C", "pickup", "street"),
    ]
    assert found.unmatched == ("Nowhere",)
    assert "these roads have no addresses" in refusal(path)[0].expected


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


_SPELLINGS = {
    "order_id": ["order_id", "Order No.", "ID", "Auftragsnr", "Pedido"],
    "lat": ["lat", "Latitude", "Breitengrad", "Y"],
    "lon": ["lon", "LNG", "Longitud", "Längengrad"],
    "window_start": ["window_start", "From", "TW start", "earliest", "von", "Desde"],
    "window_end": ["window_end", "to", "TW-End", "Latest", "bis", "Hasta"],
    "service_s": ["service_s", "Service (s)", "duration_seconds"],
    "priority": ["priority", "PRIO", "Prioridad"],
    "weight_kg": ["weight_kg", "Weight [kg]", "Gewicht (kg)", "kg"],
    "volume_m3": ["volume_m3", "Volume (m³)", "cbm"],
    "items": ["items", "Qty", "Stück", "colis"],
    "needs": ["needs", "Skills", "requirements"],
    "customer": ["customer", "Client name", "Kunde"],
    "kind": ["kind", "Type"],
    "pickup_lat": ["pickup_lat", "Pick-up latitude", "from lat"],
    "pickup_lon": ["pickup_lon", "Pickup LNG", "origin lon"],
    "pickup_window_start": ["pickup_window_start", "Pickup from", "collection earliest"],
    "pickup_window_end": ["pickup_window_end", "Pickup to", "collection latest"],
    "pickup_service_s": ["pickup_service_s", "Pickup service (seconds)"],
    "placed_at": ["placed_at", "Ordered at", "created"],
}


def local_text(t_us: int) -> str:
    """A moment as a spreadsheet user would write it, date included."""
    return from_us(t_us).astimezone(LISBON.zone).strftime("%Y-%m-%d %H:%M:%S")


def as_row(order: Order) -> dict[str, str]:
    """An order as the cells of its row."""
    kind = "pair" if order.pickup and order.delivery else "pickup" if order.pickup else "delivery"
    row = {
        "order_id": order.order_id,
        "kind": kind,
        "priority": str(order.priority),
        "customer": order.customer,
    }
    row |= {unit: repr(amount) for unit, amount in order.demand.items()}
    row["needs"] = "; ".join(sorted(order.needs))
    row["placed_at"] = from_us(order.placed_us).isoformat() if order.placed_us is not None else ""
    tasks = {"pickup_": order.pickup, "": order.delivery} if kind == "pair" else {"": order.last_task}
    for prefix, task in tasks.items():
        row |= {f"{prefix}lat": repr(task.place.lat), f"{prefix}lon": repr(task.place.lon)}
        row[f"{prefix}service_s"] = repr(task.service_s)
        (window,) = task.windows
        row |= {
            f"{prefix}window_start": local_text(window.open_us),
            f"{prefix}window_end": local_text(window.close_us),
        }
    return row


@given(seed=st.integers(0, 2**32), delimiter=st.sampled_from(",;\t|"), bom=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_read_back(tmp_path, seed, delimiter, bom):
    """Generated orders, written under randomly spelt headers in random order, come back equal."""
    config = GenerateConfig(known_per_day=12, arriving_per_day=4.0, pair_share=0.2, needs={"cool": 0.3, "two": 0.2})
    grid = Candidates(np.linspace(41.1, 41.2, 50), np.linspace(-8.7, -8.5, 50))
    orders = generate(config, [DAY, DAY + 1], grid, [], Streams(seed), LISBON)
    chooser = random.Random(seed)  # noqa: S311  (spells headers)
    columns = list(_SPELLINGS)
    chooser.shuffle(columns)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([chooser.choice(_SPELLINGS[column]) for column in columns])
    for order in orders:
        row = as_row(order)
        writer.writerow([row.get(column, "") for column in columns])
    path = write(tmp_path, text.getvalue(), encoding="utf-8-sig" if bom else "utf-8")
    assert list(read(path).orders) == orders


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


def test_row_numbers_count_quoted_line_breaks_and_blank_rows_as_a_spreadsheet_does(tmp_path):
    """A cell may hold a line break; rows are numbered as the spreadsheet that shows the file numbers them."""
    table = read_table(write(tmp_path, 'sep=;\norder_id;needs\nA;"x\ny"\n\nB;z\n'))
    assert (table.header_row, table.header) == (2, ("order_id", "needs"))
    assert [row for row, _ in table.rows] == [3, 5]


def ods(rows: str) -> bytes:
    """The smallest OpenDocument spreadsheet that holds the given table rows."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    body = f"<office:body><office:spreadsheet><table:table table:name='S'>{rows}</table:table>"
    body += "</office:spreadsheet></office:body>"
    content = f"<office:document-content {spaces}>{body}</office:document-content>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", kind)
        entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        space = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
        archive.writestr("META-INF/manifest.xml", f"<manifest:manifest {space}>{entry}</manifest:manifest>")
        archive.writestr("content.xml", content)
    return packed.getvalue()


def test_an_open_document_spreadsheet_is_read(tmp_path):
    """ODS like XLSX, whatever the file is called."""
    cell = "<table:table-cell office:value-type='{}' {}><text:p>{}</text:p></table:table-cell>"
    header = "".join(cell.format("string", "", name) for name in ("id", "lat", "lon", "from"))
    values = [("float", "office:value='7'", "7"), ("float", "office:value='41.1'", "41,1"),
              ("float", "office:value='-8.6'", "-8,6"),
              ("time", "office:time-value='PT08H30M00S'", "08:30")]  # fmt: skip
    row = "".join(cell.format(*value) for value in values)
    path = tmp_path / "orders.csv"
    path.write_bytes(ods(f"<table:table-row>{header}</table:table-row><table:table-row>{row}</table:table-row>"))
    (order,) = read(path).orders
    assert (order.order_id, order.delivery.place) == ("7", place_at(41.1, -8.6))
    assert order.delivery.windows == (Window(at(8.5), at(24)),)


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


def test_the_example_file_is_good_and_in_the_default_city():
    """Every order of the documented example is read, its addresses are found to the house."""
    example = Path(__file__).parents[2] / "configs" / "orders" / "example.csv"
    book = AddressBook.from_graph(synthetic_region(4000, 1))
    found = read(example, locate=book.locate)
    assert len(found.orders) == 30
    assert found.notes == ()
    assert {match.match.accuracy for match in found.matches} == {"house"}
    assert len(found.matches) == 6


def test_the_documented_columns_are_the_known_ones():
    """docs/orders.md names every canonical header, and no other in its table."""
    text = (Path(__file__).parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in text.split("**Spelling.**")[0].splitlines() if line.startswith("| `")]
    named = set(re.findall(r"`([a-z0-9_]+)`", " ".join(row[0] for row in rows)))
    assert named | {"house_number", "postcode", "city"} == set(COLUMNS)


def test_overlong_texts_are_refused_in_every_column(tmp_path):
    """A cell of a hundred thousand characters is named, not parsed."""
    long = "1" * 100_000
    header = ",".join(COLUMNS)
    problems = refusal(write(tmp_path, f"{header}\n{','.join([long] * len(COLUMNS))}\n"), locate=lambda text: None)
    named = {problem.key.removeprefix("row 2, column ") for problem in problems}
    unused = {"address", "house_number", "postcode", "city", "pickup_address"}  # positions are given
    assert named | unused >= set(COLUMNS) - {"lat", "lon", "pickup_lat", "pickup_lon"} - unused
