"""VRPLIB files (CVRPLIB and PyVRP's dialect of it, https://pyvrp.org/dev/supported_vrplib_fields.html)."""

from typing import Any

import numpy as np
from vrplib.parse import parse_vrplib

from scenarios.benchmarks.instance import (
    FOREVER,
    INTEGER,
    NONE,
    TENTHS,
    THOUSANDTHS,
    Instance,
    Rounding,
    Vehicle,
    euclidean,
)  # fmt: skip
from scenarios.benchmarks.text import LARGEST, number, refuse
from scenarios.problems import nearest

ROUNDINGS: dict[str, Rounding] = {"MDVRPTW": THOUSANDTHS, "MTVRPTWR": TENTHS, "HFVRP": NONE}
"""What published costs of a TYPE are stated in; of all others: whole numbers."""

UNIT_COST_DIVISOR = 100
"""HFVRP files hold unit and fixed costs times 100 (README of PyVRP/Instances, HFVRP)."""

NEEDED = {
    "CVRP": ("demand",),
    "VRPTW": ("demand", "time_window"),
    "VRPB": ("demand", "backhaul"),
    "MDVRPTW": ("demand", "time_window", "vehicles", "vehicles_depot"),
    "MTVRPTWR": ("demand", "time_window", "release_time", "vehicles", "vehicles_reload_depot"),
    "HFVRP": ("demand", "vehicles"),
}
"""What a file of a TYPE must hold besides places and capacity: a file that ends early lacks one of them."""

PLACES = ("node_coord", "edge_weight", "edge_weight_type", "edge_weight_format", "depot", "dimension")
OPTIONAL = (
    "service_time", "vehicles", "capacity", "distance", "vehicles_max_duration", "vehicles_max_distance",
    "vehicles_max_reloads", "vehicles_fixed_cost", "vehicles_unit_distance_cost", "vehicles_depot",
    "vehicles_reload_depot", "time_window", "release_time", "backhaul", "demand", "linehaul",
)  # fmt: skip
TOLD = ("name", "comment", "type", "display_data_type", "node_coord_type")


def recognises(text: str) -> bool:
    """Whether a text has VRPLIB's specifications (the size or the type of a problem, after a colon)."""
    keys = {line.partition(":")[0].strip().upper() for line in text.splitlines()[:40] if ":" in line}
    return bool(keys & {"DIMENSION", "EDGE_WEIGHT_TYPE"}) or {"NAME", "TYPE"} <= keys


def read(file: str, text: str) -> Instance:
    """The instance.

    Raises:
        BadInput: cut off, not numbers, not of the stated size, or with sections that nothing here respects.
    """
    try:
        raw = parse_vrplib(text, compute_edge_weights=False)
    except (ValueError, RuntimeError, IndexError, KeyError, TypeError) as error:
        refuse(file, "", str(error)[:60], "a VRPLIB file; is it cut off or are values missing?")
    _check_numbering(file, text)
    return _Reader(file, raw).instance()


class _Reader:
    """Checked access to what ``vrplib`` found."""

    def __init__(self, file: str, raw: dict[str, Any]) -> None:
        self.file, self.raw = file, raw
        self.type = str(raw.get("type", "CVRP")).upper()
        if self.type not in NEEDED:
            hint = nearest(self.type, NEEDED)
            refuse(file, "TYPE", self.type, f"one of {', '.join(NEEDED)}{f' ({hint}?)' if hint else ''}")
        for key in raw:
            if key not in (*PLACES, *OPTIONAL, *TOLD):
                refuse(file, key.upper(), "", "a specification or section that is supported; this one is not")
        for key in ("dimension", "depot", "capacity", *NEEDED[self.type]):
            if key not in raw and not (key == "demand" and "linehaul" in raw):
                refuse(file, "", f"no {key.upper()}", f"one in a file of type {self.type}; is the file cut off?")
        self.nodes = int(number(file, "DIMENSION", raw["dimension"], least=2, whole=True))
        self.depots = self._depots()
        self.fleet = int(number(file, "VEHICLES", raw.get("vehicles", self.nodes - self.depots), least=1, whole=True))

    def instance(self) -> Instance:
        """The instance in file units."""
        windows = self._windows()
        service = self._column("service_time", self.nodes, 0)
        if "service_time" in self.raw and _single(self.raw["service_time"]):
            service[: self.depots] = 0
        return Instance(
            name=str(self.raw.get("name", "")),
            problem=self.type,
            depots=self.depots,
            legs=self._legs(),
            demand=self._whole("linehaul" if "linehaul" in self.raw else "demand"),
            backhaul=self._whole("backhaul"),
            opens=windows[:, 0],
            closes=windows[:, 1],
            service=service,
            release=self._column("release_time", self.nodes, 0),
            vehicles=self._vehicles(),
            default_rounding=ROUNDINGS.get(self.type, INTEGER),
            linehaul_first=self.type == "VRPB",
            price_divisor=UNIT_COST_DIVISOR if self.type == "HFVRP" else 1,
        )

    def _depots(self) -> int:
        depots = [int(number(self.file, "DEPOT_SECTION", one, whole=True)) for one in np.ravel(self.raw["depot"])]
        if not depots or depots != list(range(len(depots))):
            shown = " ".join(str(depot + 1) for depot in depots)
            refuse(self.file, "DEPOT_SECTION", shown, "depots numbered 1, 2, ... before all customers")
        if len(depots) >= self.nodes:
            refuse(self.file, "DEPOT_SECTION", len(depots), f"fewer depots than the {self.nodes} nodes")
        return len(depots)

    def _array(self, key: str, shape: tuple[int, ...], least: float) -> np.ndarray:
        """A section as finite numbers of a shape."""
        try:
            values = np.asarray(self.raw[key], dtype=np.float64)
        except ValueError:
            refuse(self.file, self._title(key), _odd(self.raw[key]), f"{' x '.join(map(str, shape))} numbers")
        if values.shape != shape:
            expected = f"{' x '.join(map(str, shape))} numbers; is the file cut off?"
            refuse(self.file, self._title(key), " x ".join(map(str, values.shape)), expected)
        wrong = ~np.isfinite(values) | (values < least) | (values > LARGEST)
        if wrong.any():
            number(self.file, self._title(key), values[wrong][0], least=least)
        return values

    def _column(self, key: str, count: int, default: float, least: float = 0) -> np.ndarray:
        """One number for each node or vehicle: a section, a specification for all, or the default."""
        if key not in self.raw:
            return np.full(count, default)
        if _single(self.raw[key]):
            return np.full(count, number(self.file, self._title(key), self.raw[key], least=least))
        return self._array(key, (count,), least)

    def _whole(self, key: str) -> np.ndarray:
        """Whole numbers by node, int64."""
        values = self._column(key, self.nodes, 0)
        for value in values[values != np.rint(values)][:1]:
            number(self.file, self._title(key), value, whole=True)
        return values.astype(np.int64)

    def _windows(self) -> np.ndarray:
        if "time_window" not in self.raw:
            return np.tile([0.0, FOREVER], (self.nodes, 1))
        windows = self._array("time_window", (self.nodes, 2), 0)
        for node in np.flatnonzero(windows[:, 1] < windows[:, 0])[:1]:
            key = f"TIME_WINDOW_SECTION, node {node + 1}"
            refuse(self.file, key, f"{windows[node, 1]:g}", f"at least its opening {windows[node, 0]:g}")
        return windows

    def _legs(self) -> np.ndarray:
        kind = str(self.raw.get("edge_weight_type", "")).upper()
        if kind == "EUC_2D":
            if "node_coord" not in self.raw:
                refuse(self.file, "", "no NODE_COORD_SECTION", "one with EDGE_WEIGHT_TYPE EUC_2D; is the file cut off?")
            return euclidean(self._array("node_coord", (self.nodes, 2), -LARGEST))
        if kind != "EXPLICIT":
            refuse(self.file, "EDGE_WEIGHT_TYPE", kind, "EUC_2D or EXPLICIT")
        if "edge_weight" not in self.raw:
            refuse(self.file, "", "no EDGE_WEIGHT_SECTION", "one with EDGE_WEIGHT_TYPE EXPLICIT; is the file cut off?")
        return self._array("edge_weight", (self.nodes, self.nodes), 0)

    def _vehicles(self) -> tuple[Vehicle, ...]:
        count = self.fleet
        limit = "vehicles_max_duration" if "vehicles_max_duration" in self.raw else "distance"
        columns = (
            self._column("capacity", count, FOREVER, least=1),
            self._numbers_of_depots(self._column("vehicles_depot", count, 1, least=1)),
            self._column("vehicles_unit_distance_cost", count, 1),
            self._column("vehicles_fixed_cost", count, 0),
            self._column(limit, count, FOREVER),
            self._column("vehicles_max_distance", count, FOREVER),
            self._reloads(),
            self._column("vehicles_max_reloads", count, FOREVER),
        )
        return tuple(
            Vehicle(int(capacity), int(depot), float(unit), float(fixed), float(lasts), float(length), reloads, times)
            for capacity, depot, unit, fixed, lasts, length, reloads, times in zip(*columns, strict=True)
        )

    def _reloads(self) -> list[tuple[int, ...]]:
        """Depots where each vehicle may reload."""
        if "vehicles_reload_depot" not in self.raw:
            return [()] * self.fleet
        given = self.raw["vehicles_reload_depot"]
        rows = [np.atleast_1d(row) for row in given]
        if len(rows) != self.fleet:
            refuse(self.file, self._title("vehicles_reload_depot"), len(rows), f"{self.fleet} rows, one a vehicle")
        title = self._title("vehicles_reload_depot")
        numbers = [np.array([number(self.file, title, one, whole=True) for one in row]) for row in rows]
        return [tuple(self._numbers_of_depots(row).tolist()) for row in numbers]

    def _numbers_of_depots(self, ones: np.ndarray) -> np.ndarray:
        """Depots counted from 0; ``ones`` as in the file."""
        for one in ones[(ones < 1) | (ones > self.depots) | (ones != np.rint(ones))][:1]:
            refuse(self.file, "depot of a vehicle", f"{one:g}", f"one of the depots 1 to {self.depots}")
        return ones.astype(int) - 1

    def _title(self, key: str) -> str:
        """A key as it stands in the file."""
        return key.upper() if _single(self.raw[key]) else f"{key.upper()}_SECTION"


def _single(value: Any) -> bool:
    """Whether a value is a specification's, not a section's (whose rows may differ in length)."""
    return isinstance(value, str | int | float)


def _check_numbering(file: str, text: str) -> None:
    """Rows of sections are numbered 1, 2, ...: ``vrplib`` takes them in the order they stand in."""
    section, expected = "", 0
    for at, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if "_SECTION" in line or words == ["EOF"]:
            section, expected = line.strip(" :\t").removesuffix("_SECTION"), 0
        elif section and words and section not in ("EDGE_WEIGHT", "DEPOT"):
            expected += 1
            if words[0] != str(expected):
                refuse(file, f"line {at}, {section}_SECTION", words[0], f"row {expected}, rows are in order")


def _odd(values: Any) -> str:
    """The first entry that is no number, or how rows differ in length."""
    for row in values:
        for entry in np.atleast_1d(np.asarray(row, dtype=object)):
            try:
                float(entry)
            except (TypeError, ValueError):
                return str(entry)
    return "rows of different lengths"
