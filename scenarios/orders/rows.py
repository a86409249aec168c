"""One row of an order file on its way to an order; a bad cell is noted and the rest still looked at."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.clock import LocalTime
from scenarios.orders import values as values
from scenarios.orders.addresses import AddressMatch
from scenarios.orders.headers import QUANTITY, Column
from scenarios.orders.table import Cell, Table
from scenarios.orders.values import DAY_S, Unfit
from scenarios.places import place_at
from scenarios.problems import Problem, nearest
from twin.orders import Order, Place, Task, TaskKind, Window

Locate = Callable[[str], AddressMatch | None]
"""Finds an address; None when nothing is like it."""

MAX_SERVICE_S = 24 * 3600.0
MAX_WEIGHT_KG = 100_000.0
MAX_VOLUME_M3 = 1_000.0
MAX_ITEMS = 1_000_000.0
_LIMITS = {"service_s": MAX_SERVICE_S, "pickup_service_s": MAX_SERVICE_S, "weight_kg": MAX_WEIGHT_KG,
           "volume_m3": MAX_VOLUME_M3}  # fmt: skip
DEMAND_UNITS = ("weight_kg", "volume_m3", "items")
"""Keys of ``Order.demand``."""
_KINDS = {
    "delivery": "delivery", "deliver": "delivery", "drop": "delivery", "dropoff": "delivery", "d": "delivery",
    "lieferung": "delivery", "zustellung": "delivery", "entrega": "delivery", "livraison": "delivery",
    "pickup": "pickup", "collection": "pickup", "collect": "pickup", "return": "pickup", "p": "pickup",
    "abholung": "pickup", "recogida": "pickup", "recolha": "pickup", "enlevement": "pickup",
    "pair": "pair", "pickupdelivery": "pair", "pickupanddelivery": "pair", "transfer": "pair", "pd": "pair",
}  # fmt: skip


@dataclass(frozen=True)
class RowMatch:
    """Where an address of a row was found."""

    row: int
    order_id: str
    task: TaskKind
    match: AddressMatch

    def as_dict(self) -> dict[str, Any]:
        """All in one level: ``row, order_id, task, query, lat, lon, accuracy, score, matched_text, note``."""
        return {"row": self.row, "order_id": self.order_id, "task": self.task, **asdict(self.match)}


@dataclass(frozen=True)
class Reading:
    """What the rows of a file have in common; ``first_row`` remembers where each order id was first seen."""

    table: Table
    columns: dict[str, Column]
    local: LocalTime
    default_day: int
    locate: Locate | None
    depots: Collection[str] | None
    first_row: dict[str, int] = field(default_factory=dict)


class OrderRow:
    """One row: call ``order`` once, then see ``problems``, ``matches`` and ``unmatched``."""

    def __init__(self, reading: Reading, row: int, cells: tuple[Cell, ...]) -> None:
        self.reading = reading
        self.row = row
        self.cells = cells
        self.order_id = ""
        self.problems: list[Problem] = []
        self.matches: list[RowMatch] = []
        self.unmatched: list[str] = []

    def cell(self, name: str) -> Cell:
        """The cell of a column; an absent one is empty."""
        column = self.reading.columns.get(name)
        cell = self.cells[column.index] if column is not None and column.index < len(self.cells) else ""
        return "" if isinstance(cell, str) and not cell.strip() else cell

    def has(self, *names: str) -> bool:
        """Whether any of the columns is filled."""
        return any(self.cell(name) != "" for name in names)

    def complain(self, name: str, value: object, unfit: Unfit) -> None:
        """Note what is wrong with a column of this row."""
        column = self.reading.columns.get(name)
        where = f"row {self.row}, column {column.header if column else name}"
        self.problems.append(Problem(self.reading.table.file, where, str(value), unfit.expected, unfit.nearest))

    def take(self, name: str, parse: Callable[[Cell], Any], default: Any = None) -> Any:
        """The parsed cell of a column, ``default`` if it is empty or, with a problem noted, unfit."""
        cell = self.cell(name)
        if cell == "":
            return default
        try:
            if isinstance(cell, str) and len(cell) > values.MAX_TEXT_CHARS:
                raise Unfit(f"at most {values.MAX_TEXT_CHARS} characters")
            return parse(cell)
        except Unfit as unfit:
            self.complain(name, cell, unfit)
            return default

    def order(self) -> Order | None:
        """The order of this row, or None with the reasons in ``problems``."""
        self._no_spare_cells()
        self.order_id = self._id()
        day = self.take("date", values.local_day, self.reading.default_day)
        pickup, delivery = self._tasks(day)
        known = {
            "demand": self._demand(),
            "priority": self.take("priority", values.priority, 1),
            "needs": self.take("needs", _needs, frozenset()),
            "customer": self.take("customer", values.label, ""),
            "depot": self.take("depot", self._depot),
            "placed_us": self.take("placed_at", lambda cell: values.moment(cell, day, self.reading.local)),
        }
        if self.problems or (pickup is None and delivery is None):
            return None
        return Order(self.order_id, pickup, delivery, **known)

    def _no_spare_cells(self) -> None:
        titles = len(self.reading.table.header)
        spare = [values.text(cell) for cell in self.cells[titles:] if values.text(cell)]
        if spare:
            self.complain(str(titles + 1), spare[0], Unfit(f"{titles} fields as in the header (is a comma unquoted?)"))

    def _id(self) -> str:
        cell = self.cell("order_id")
        try:
            order_id = values.label(cell)
        except Unfit as unfit:
            self.complain("order_id", cell, Unfit(f"an order id of {unfit.expected}"))
            return ""
        first = self.reading.first_row.setdefault(order_id, self.row)
        if first != self.row:
            self.complain("order_id", order_id, Unfit(f"a new order id; row {first} has this one"))
        return order_id

    def _depot(self, cell: Cell) -> str:
        name = values.label(cell)
        if self.reading.depots is not None and name not in self.reading.depots:
            known = sorted(self.reading.depots)
            raise Unfit(f"a depot of the scenario ({', '.join(known[:8])})", nearest(name, known))
        return name

    def _demand(self) -> dict[str, float]:
        found = {name: self._quantity(name) for name in ("weight_kg", "volume_m3")}
        comma = self.reading.table.decimal_comma
        found["items"] = self.take("items", lambda cell: values.number(cell, 0, MAX_ITEMS, comma))
        return {unit: amount for unit in DEMAND_UNITS if (amount := found[unit]) is not None}

    def _quantity(self, name: str, default: float | None = None) -> float | None:
        column = self.reading.columns.get(name)
        if column is None:
            return default
        comma = self.reading.table.decimal_comma
        return self.take(
            name,
            lambda cell: values.quantity(cell, QUANTITY[name], column.factor, _LIMITS[name], comma),
            default,
        )

    def _tasks(self, day: int) -> tuple[Task | None, Task | None]:
        """Pickup and delivery, by the kind column or, without one, by which places are filled."""
        has_pickup = self.has("pickup_lat", "pickup_lon", "pickup_address")
        has_main = self.has("lat", "lon", "address")
        implied = "pair" if has_pickup and has_main else "pickup" if has_pickup else "delivery"
        kind = self.take("kind", _kind, implied)
        if kind == "delivery" and has_pickup:
            self.complain("kind", kind, Unfit("pair or pickup, because a pickup place is given"))
            return None, None
        if kind == "pair":
            return self._task("pickup", "pickup_", day), self._task("delivery", "", day)
        if kind == "delivery":
            return None, self._task("delivery", "", day)
        if has_pickup and has_main:
            self.complain("kind", kind, Unfit("pair, because both places are given"))
            return None, None
        return self._task("pickup", "pickup_" if has_pickup else "", day), None

    def _task(self, kind: TaskKind, prefix: str, day: int) -> Task | None:
        place = self._place(kind, prefix)
        windows = self._windows(prefix, day)
        service_s = self._quantity(f"{prefix}service_s", 0.0)
        if kind == "pickup" and prefix and not self.has("lat", "lon", "address"):
            # Its place is in the pickup columns; window and service may be in the plain ones.
            windows = windows or self._windows("", day)
            service_s = service_s or self._quantity("service_s", 0.0)
        return None if place is None else Task(kind, place, windows, float(service_s or 0.0))

    def _place(self, kind: TaskKind, prefix: str) -> Place | None:
        lat_name, lon_name = f"{prefix}lat", f"{prefix}lon"
        if self.has(lat_name) or self.has(lon_name):
            comma = self.reading.table.decimal_comma
            lat = self.take(lat_name, lambda cell: values.number(cell, -90, 90, comma, "degrees north"))
            lon = self.take(lon_name, lambda cell: values.number(cell, -180, 180, comma, "degrees east"))
            for name in (lat_name, lon_name):
                if not self.has(name):
                    self.complain(name, "", Unfit("lat and lon both, or an address"))
            return None if lat is None or lon is None else place_at(lat, lon)
        if self.has(f"{prefix}address"):
            return self._located(kind, prefix)
        needed = f"{prefix}lat and {prefix}lon, or {prefix}address"
        self.complain(lat_name, "", Unfit(f"a place for the {kind}: {needed}"))
        return None

    def _located(self, kind: TaskKind, prefix: str) -> Place | None:
        name = f"{prefix}address"
        address = self.take(name, values.label)
        if address is None:
            return None
        if not prefix:
            address = self._whole_address(address)
        if self.reading.locate is None:
            self.complain(name, address, Unfit(f"{prefix}lat and {prefix}lon: these roads have no addresses"))
            return None
        match = self.reading.locate(address)
        if match is None:
            self.unmatched.append(address)
            self.complain(name, address, Unfit("an address on the roads or in the gazetteer; nothing is like it"))
            return None
        self.matches.append(RowMatch(self.row, self.order_id, kind, match))
        return place_at(match.lat, match.lon)

    def _whole_address(self, street: str) -> str:
        """Street, house number, postcode and city from columns of their own."""
        number, postcode, city = (self.take(name, values.label, "") for name in ("house_number", "postcode", "city"))
        house, town = f"{street} {number}".strip(), f"{postcode} {city}".strip()
        return f"{house}, {town}" if town else house

    def _windows(self, prefix: str, day: int) -> tuple[Window, ...]:
        """All windows of a task: the pair of columns, the second pair and the list; sorted, none
        overlapping."""
        found: list[Window] = []
        pairs = [(f"{prefix}window_start", f"{prefix}window_end")]
        if not prefix:
            pairs.append(("window2_start", "window2_end"))
            found += self.take("windows", lambda cell: values.window_list(cell, day, self.reading.local), [])
        for start, end in pairs:
            window = self._window(start, end, day)
            if window is not None:
                found.append(window)
        try:
            return values.disjoint(found)
        except Unfit as unfit:
            self.complain(pairs[-1][0], self.cell(pairs[-1][0]), unfit)
            return ()

    def _window(self, start: str, end: str, day: int) -> Window | None:
        """One window; without an opening it opens, without a closing it closes, with the local day."""
        if not self.has(start, end):
            return None
        local, already = self.reading.local, len(self.problems)
        opens = self.take(start, lambda cell: values.moment(cell, day, local))
        closes = self.take(end, lambda cell: values.moment(cell, day, local))
        if len(self.problems) > already:
            return None
        if opens is None:
            opens = local.at(local.day(closes), 0)
        if closes is None:
            closes = local.at(local.day(opens), DAY_S)
        try:
            return values.checked_window(opens, closes)
        except Unfit as unfit:
            self.complain(end, f"{self.cell(start)} to {self.cell(end)}", unfit)
            return None


def _kind(cell: Cell) -> str:
    word = "".join(char for char in values.text(cell).casefold() if char.isalnum())
    if word not in _KINDS:
        known = ("delivery", "pickup", "pair")
        raise Unfit("delivery, pickup or pair", nearest(word, known))
    return _KINDS[word]


def _needs(cell: Cell) -> frozenset[str]:
    """Names separated by commas, semicolons, bars or plus signs; case does not matter."""
    marks = str.maketrans(dict.fromkeys(";|/+\n", ","))
    names = (part.strip().casefold() for part in values.text(cell).translate(marks).split(","))
    return frozenset(values.label(name) for name in names if name)
