"""Order files as planners have them: what is understood, what is refused, and how it is said."""

import io
import re
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest

from engine.roads.synthetic import synthetic_region
from scenarios.orders.addresses import AddressBook, AddressMatch
from scenarios.orders.headers import COLUMNS
from scenarios.orders.table import read_table
from scenarios.places import place_at
from tests.order_files import DAY, at, read, refusal, write
from twin.orders import Window


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
