"""Reading an instance folder: a file of orders, one of vehicles, and beside the folder factories and routes.

Orders are due by the time of day in ``committed_completion_time``, on the next day where that is before their
creation. Where vehicles stand at midnight is in no file: the competition draws it with Python's generator, seed 0.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from scenarios.benchmarks.dpdp.day import DEMAND, ITEM_PALLETS, Day, Factory, Roads, Vehicle
from scenarios.benchmarks.text import number, refuse
from scenarios.problems import BadInput, Problem, nearest
from twin.orders import Order, Place, Task, Window

DAY_S = 86_400
FACTORY_COLUMNS = ("factory_id", "longitude", "latitude", "port_num")
ROUTE_COLUMNS = ("start_factory_id", "end_factory_id", "distance", "time")
VEHICLE_COLUMNS = ("car_num", "capacity")
ORDER_COLUMNS = (
    "order_id", *ITEM_PALLETS, "demand", "creation_time", "committed_completion_time", "load_time", "unload_time",
    "pickup_id", "delivery_id",
)  # fmt: skip


def recognises(path: Path) -> bool:
    """Whether a folder holds a table of orders or of vehicles."""
    return path.is_dir() and any(_table_with(path, key) for key in ("order_id", "car_num"))


def read_day(folder: Path) -> Day:
    """Read an instance.

    Raises:
        BadInput: a file is missing or broken, or an order names a factory that does not exist.
    """
    factories = _factories(folder.resolve().parent / "factory_info.csv")
    vehicles = _vehicles(_the_table_with(folder, "car_num", "vehicles"), list(factories))
    orders, whole = _orders(_the_table_with(folder, "order_id", "orders"), factories, vehicles)
    roads = _roads(folder.resolve().parent / "route_info.csv", list(factories))
    return Day(folder.resolve().name, factories, vehicles, orders, roads, whole)


class _Row:
    """A row of a table: cells that name themselves when they are wrong."""

    def __init__(self, file: Path, line: int, cells: dict[str, str]) -> None:
        self._file, self._line, self._cells = str(file), line, cells

    def text(self, column: str) -> str:
        return self._cells[column] or self.refuse(column, "a value")

    def number(self, column: str, least: float = 0, whole: bool = False) -> float:
        return number(self._file, self._where(column), self.text(column), least, whole)

    def time_s(self, column: str) -> int:
        """Seconds since midnight of ``HH:MM:SS``."""
        parts = self.text(column).split(":")
        if len(parts) != 3 or not all(part.isdecimal() for part in parts):
            self.refuse(column, "a time of day HH:MM:SS")
        hours, minutes, seconds = map(int, parts)
        if hours > 23 or minutes > 59 or seconds > 59:
            self.refuse(column, "a time of day HH:MM:SS")
        return 3600 * hours + 60 * minutes + seconds

    def factory(self, column: str, factories: dict[str, Factory]) -> Place:
        name = self.text(column)
        if name not in factories:
            expected, near = "a factory of factory_info.csv", nearest(name, factories)
            raise BadInput([Problem(self._file, self._where(column), name, expected, near)])
        return factories[name].place

    def refuse(self, column: str, expected: str) -> str:
        refuse(self._file, self._where(column), self._cells[column], expected)

    def _where(self, column: str) -> str:
        return f"row {self._line}, column {column}"


def _rows(file: Path, columns: tuple[str, ...], key: str | None = None) -> Iterator[_Row]:
    """Rows of a table with all these columns; those of ``key`` are to differ."""
    if not file.is_file():
        refuse(str(file), "", "", "a table of a pickup and delivery day; there is no such file")
    seen: set[str] = set()
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, restval="")
        found = reader.fieldnames or ()
        missing = [
            Problem(str(file), "row 1", name, "a column of this name", nearest(name, found))
            for name in columns
            if name not in found
        ]
        if missing:
            raise BadInput(missing)
        for cells in reader:
            row = _Row(file, reader.line_num, cells)
            if key is not None and row.text(key) in seen:
                row.refuse(key, "a value of its own, it stands in an earlier row")
            seen.add(cells[key] if key else "")
            yield row


def _table_with(folder: Path, key: str) -> list[Path]:
    """The CSV files of a folder that have a column of this name."""
    return [file for file in sorted(folder.glob("*.csv")) if key in _header(file)]


def _header(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        return lines.readline().strip().split(",")


def _the_table_with(folder: Path, key: str, what: str) -> Path:
    found = _table_with(folder, key)
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "no such file"
        refuse(str(folder), "", names, f"one CSV file of {what} (with a column {key})")
    return found[0]


def _factories(file: Path) -> dict[str, Factory]:
    found = {}
    for row in _rows(file, FACTORY_COLUMNS, "factory_id"):
        name = row.text("factory_id")
        place = Place(name, row.number("latitude", least=-90), row.number("longitude", least=-180))
        found[name] = Factory(place, int(row.number("port_num", least=1, whole=True)))
    if not found:
        refuse(str(file), "", "no rows", "at least one factory")
    return found


def _vehicles(file: Path, factories: list[str]) -> tuple[Vehicle, ...]:
    draw = random.Random(0)  # noqa: S311  (the competition's own draw, not a secret)
    found = tuple(
        Vehicle(row.text("car_num"), row.number("capacity"), factories[draw.randint(0, len(factories) - 1)])
        for row in _rows(file, VEHICLE_COLUMNS, "car_num")
    )
    if not found:
        refuse(str(file), "", "no rows", "at least one vehicle")
    return found


def _roads(file: Path, factories: list[str]) -> Roads:
    row_of = {name: at for at, name in enumerate(factories)}
    seconds = np.full((len(factories), len(factories)), -1, np.int64)
    np.fill_diagonal(seconds, 0)
    metres = seconds.copy()
    for row in _rows(file, ROUTE_COLUMNS):
        start, end = row_of.get(row.text("start_factory_id")), row_of.get(row.text("end_factory_id"))
        if start is not None and end is not None and start != end:
            seconds[start, end] = int(row.number("time", whole=True))
            metres[start, end] = round(1000 * row.number("distance"))
    if (seconds < 0).any():
        start, end = np.argwhere(seconds < 0)[0]
        refuse(str(file), "", f"{factories[start]} to {factories[end]}", "a row for every pair of factories")
    return Roads(row_of, seconds, metres)


def _orders(
    file: Path, factories: dict[str, Factory], vehicles: tuple[Vehicle, ...]
) -> tuple[tuple[Order, ...], dict[str, str]]:
    """Orders as the policy gets them, and the whole of each item."""
    most = max(vehicle.capacity for vehicle in vehicles)
    found: list[Order] = []
    whole: dict[str, str] = {}
    for row in _rows(file, ORDER_COLUMNS, "order_id"):
        order = _order(row, factories)
        if order.demand[DEMAND] <= most:
            found.append(order)
            continue
        items = _items(row, order)
        if items[0].demand[DEMAND] > most:
            row.refuse("demand", f"items that fit into a vehicle of {most:g} pallets")
        found += items
        whole |= {item.order_id: order.order_id for item in items}
    if not found:
        refuse(str(file), "", "no rows", "at least one order")
    return tuple(sorted(found, key=lambda order: order.placed_us or 0)), whole


def _order(row: _Row, factories: dict[str, Factory]) -> Order:
    created_s, due_s = row.time_s("creation_time"), row.time_s("committed_completion_time")
    due_s += DAY_S if due_s < created_s else 0
    window = Window(created_s * 1_000_000, due_s * 1_000_000)
    load_s, unload_s = (row.number(column, whole=True) for column in ("load_time", "unload_time"))
    pickup = Task("pickup", row.factory("pickup_id", factories), (), load_s)
    delivery = Task("delivery", row.factory("delivery_id", factories), (window,), unload_s)
    demand = {DEMAND: row.number("demand")}
    return Order(row.text("order_id"), pickup, delivery, demand, placed_us=window.open_us)


def _items(row: _Row, order: Order) -> list[Order]:
    """An order as its items, each with its share of the loading times."""
    sizes = [size for column, size in ITEM_PALLETS.items() for _ in range(int(row.number(column, whole=True)))]
    demand = order.demand[DEMAND]
    if sum(sizes) != demand:
        row.refuse("demand", f"the {sum(sizes):g} pallets of its items")
    return [
        order.moved(
            order_id=f"{order.order_id}-{number}",
            pickup=_share(order.pickup, size / demand),
            delivery=_share(order.delivery, size / demand),
            demand={DEMAND: size},
        )
        for number, size in enumerate(sizes, start=1)
    ]


def _share(task: Task | None, share: float) -> Task:
    """A part of a task, in whole seconds."""
    assert task is not None  # noqa: S101  (an order of these files has both)
    return Task(task.kind, task.place, task.windows, float(round(task.service_s * share)))
