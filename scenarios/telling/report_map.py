"""What the report's map draws: roads, planned and driven routes, stops and depots, thinned to a size that loads."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.clock import LocalTime
from engine.geo import Projection
from engine.records import read_batches
from scenarios.telling.history import OrderHistory, RunHistory, State
from twin.orders import natural_key

MAX_ROUTES = 60
"""Vehicles whose routes are drawn; those with late orders come first."""
MAX_STOPS = 4000
"""Stops drawn; those that did not go well come first."""
MAX_DRIVEN_POINTS = 80_000
MAX_ROAD_POINTS = 90_000
"""Points of lines in the file: about 11 bytes each."""
FINEST_M = 4.0
"""Driven lines are thinned by at least this much, which nobody sees at this scale."""

COARSEST_M = 64.0
"""Beyond this, thinning would change the picture: points are left out evenly instead."""

_ROAD_BANDS = (
    ("main", ("motorway", "trunk", "primary")),
    ("middle", ("secondary", "tertiary")),
    ("minor", ("unclassified", "residential", "living_street")),
    ("least", ("service", "track")),
)


class Line(NamedTuple):
    """A broken line: kilometres east and north of the map's centre, NaN between its pieces (float32)."""

    x_km: np.ndarray
    y_km: np.ndarray


class RouteLine(NamedTuple):
    """One vehicle's day: as planned (straight between stops) and as driven."""

    vehicle_id: str
    driver_id: str
    planned: Line
    driven: Line
    text: str


class Mark(NamedTuple):
    """A stop or depot."""

    name: str
    x_km: float
    y_km: float
    state: State | str
    vehicle_id: str
    text: str


@dataclass(frozen=True)
class MapData:
    """Everything on the map; ``roads`` by band from the largest roads to the least."""

    roads: tuple[tuple[str, Line], ...]
    routes: tuple[RouteLine, ...]
    stops: tuple[Mark, ...]
    depots: tuple[Mark, ...]
    limits: tuple[str, ...]


def map_data(folder: Path, history: RunHistory, clock: LocalTime) -> MapData:
    """The map of a run folder; what was left away for size is named in ``limits``."""
    projection = _projection(history)
    limits: list[str] = []
    depots = _depots(history, projection)
    return MapData(
        roads=_roads(folder, projection, limits),
        routes=_routes(folder, history, projection, limits),
        stops=_stops(history, projection, clock, limits),
        depots=depots,
        limits=tuple(limits),
    )


def _projection(history: RunHistory) -> Projection:
    """The run's own plane, or one around the orders where the manifest has none."""
    known = history.ledgers.manifest.get("projection")
    if known:
        return Projection(known["lat0"], known["lon0"])
    places = [order.task["place"] for order in history.orders.values() if order.task]
    if not places:
        return Projection(0.0, 0.0)
    return Projection(float(np.mean([p["lat"] for p in places])), float(np.mean([p["lon"] for p in places])))


# --- lines ----------------------------------------------------------------------------------------------------------


def thinned(x_m: np.ndarray, y_m: np.ndarray, tolerance_m: float) -> np.ndarray:
    """bool [points]: which points of a line to keep so that it moves by about ``tolerance_m`` at most.

    Passes of a vectorised thinning: of every two neighbouring points, one that lies within the tolerance of the line
    between its neighbours goes. Ends and NaN breaks stay.
    """
    kept = np.arange(len(x_m))
    for parity in (1, 0) * 8:
        if len(kept) < 3:
            break
        x, y = x_m[kept], y_m[kept]
        dx, dy = x[2:] - x[:-2], y[2:] - y[:-2]
        away = np.abs(dx * (y[1:-1] - y[:-2]) - dy * (x[1:-1] - x[:-2]))
        span = np.hypot(dx, dy)
        step = np.hypot(x[1:-1] - x[:-2], y[1:-1] - y[:-2])
        near = np.where(span > tolerance_m, away <= tolerance_m / 4 * span, step <= tolerance_m / 4)
        near &= np.arange(1, len(kept) - 1) % 2 == parity  # NaN compares false: breaks stay
        kept = np.delete(kept, np.flatnonzero(near) + 1)
    keep = np.zeros(len(x_m), bool)
    keep[kept] = True
    return keep


def _km(x_m: np.ndarray, y_m: np.ndarray) -> Line:
    return Line((x_m / 1000).astype(np.float32), (y_m / 1000).astype(np.float32))


def _joined(pieces: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Pieces as one line with NaN between them."""
    gap = np.array([np.nan])
    x = [part for piece in pieces for part in (piece[0], gap)][:-1]
    y = [part for piece in pieces for part in (piece[1], gap)][:-1]
    return (np.concatenate(x), np.concatenate(y)) if x else (np.empty(0), np.empty(0))


def _roads(folder: Path, projection: Projection, limits: list[str]) -> tuple[tuple[str, Line], ...]:
    """Roads by band, thinned; the least bands are dropped where the map would grow too large."""
    path = folder / "roads.parquet"
    if not path.is_file():
        return ()
    table = pq.read_table(path, columns=["road_class", "lat", "lon"])
    classes = np.asarray(table["road_class"].cast(pa.string()).to_pylist(), dtype=object)
    drawn: list[tuple[str, Line]] = []
    points = 0
    for band, members in _ROAD_BANDS:
        part = table.filter(pa.array(np.isin(classes, members), pa.bool_()))
        line = _band(part, projection)
        if points + len(line.x_km) > MAX_ROAD_POINTS and drawn:
            limits.append(f"Roads below {', '.join(dict(_ROAD_BANDS)[drawn[-1][0]])} are not drawn.")
            break
        points += len(line.x_km)
        if len(line.x_km):
            drawn.append((band, line))
    return tuple(drawn)


def _band(table: pa.Table, projection: Projection) -> Line:
    lat, lon = (table[name].combine_chunks() for name in ("lat", "lon"))
    if not len(lat):
        return Line(np.empty(0, np.float32), np.empty(0, np.float32))
    x_m, y_m = projection.to_xy(lon=lon.flatten().to_numpy(), lat=lat.flatten().to_numpy())
    ends = np.cumsum([len(piece) for piece in lat])[:-1]
    x_m, y_m = np.insert(x_m, ends, np.nan), np.insert(y_m, ends, np.nan)
    keep = thinned(x_m, y_m, 2 * FINEST_M)
    return _km(x_m[keep], y_m[keep])


def _routes(folder: Path, history: RunHistory, projection: Projection, limits: list[str]) -> tuple[RouteLine, ...]:
    late = Counter(o.visits[-1].payload["vehicle_id"] for o in history.orders.values() if o.late_us)
    done = Counter(o.visits[-1].payload["vehicle_id"] for o in history.orders.values() if o.visits)
    vehicles = sorted(history.shifts_of, key=natural_key)
    shown = sorted(sorted(vehicles, key=lambda v: -late[v])[:MAX_ROUTES], key=natural_key)
    if len(vehicles) > len(shown):
        limits.append(f"The map draws the routes of {len(shown)} of {len(vehicles)} vehicles, most late orders first.")
    driven = _driven(folder, shown, limits)
    planned = _planned(history, projection)
    empty = _km(np.empty(0), np.empty(0))
    return tuple(
        RouteLine(
            vehicle,
            ", ".join(dict.fromkeys(shift.driver_id for shift in history.shifts_of[vehicle])),
            planned.get(vehicle, empty),
            driven.get(vehicle, empty),
            f"{done[vehicle]} visits, {late[vehicle]} late",
        )
        for vehicle in shown
    )


def _driven(folder: Path, vehicles: list[str], limits: list[str]) -> dict[str, Line]:
    """Driven lines by vehicle from the run's trips, coarser the more of them there are."""
    path = next((p for p in (folder / "trips.parquet", folder / "trips.arrows") if p.is_file()), None)
    if path is None:
        limits.append("Driven routes are not drawn: the run left no trips.")
        return {}
    table = _motion(path, vehicles).sort_by([("vehicle_id", "ascending"), ("t", "ascending")])
    if not len(table):
        return {}
    vehicle = np.asarray(table["vehicle_id"].to_pylist(), dtype=object)
    x_m, y_m = (table[name].to_numpy().astype(float) for name in ("x_m", "y_m"))
    starts = np.flatnonzero(np.concatenate(([True], vehicle[1:] != vehicle[:-1])))
    pieces = list(zip(np.split(x_m, starts[1:]), np.split(y_m, starts[1:])))
    kept = _fitting(pieces, limits)
    return {vehicle[start]: _km(x[k], y[k]) for start, (x, y), k in zip(starts, pieces, kept)}


def _motion(path: Path, vehicles: list[str]) -> pa.Table:
    """``vehicle_id, t, x_m, y_m`` of some vehicles; other vehicles' rows are never all in memory."""
    parts = []
    for batch in read_batches(path):
        own = batch.column("vehicle_id").cast(pa.string())
        columns = {"vehicle_id": own} | {name: batch.column(name) for name in ("t", "x_m", "y_m")}
        parts.append(pa.table(columns).filter(pc.is_in(own, pa.array(vehicles, pa.string()))))
    empty = {"vehicle_id": pa.array([], pa.string())} | {n: pa.array([], pa.float64()) for n in ("t", "x_m", "y_m")}
    return pa.concat_tables(parts) if parts else pa.table(empty)


def _fitting(pieces: list[tuple[np.ndarray, np.ndarray]], limits: list[str]) -> list[np.ndarray]:
    """Which points of each line to draw: the tolerance doubles until all fit, then points are left out evenly."""
    tolerance_m = FINEST_M
    while True:
        kept = [np.flatnonzero(thinned(x, y, tolerance_m)) for x, y in pieces]
        points = sum(map(len, kept))
        if points <= MAX_DRIVEN_POINTS or tolerance_m >= COARSEST_M:
            break
        tolerance_m *= 2
    every = -(-points // MAX_DRIVEN_POINTS)
    if tolerance_m > FINEST_M:
        also = f", one in {every} of these points" if every > 1 else ""
        limits.append(f"Driven routes are drawn to within {tolerance_m:.0f} m{also}.")
    return [k[::every] for k in kept]


def _planned(history: RunHistory, projection: Projection) -> dict[str, Line]:
    """Straight lines depot, stops, depot: for each shift the last route commanded before it left."""
    depots = {r.payload["depot_id"]: r.payload["place"] for r in history.ledgers.truth if r.kind == "depot_registered"}
    routes: dict[str, list] = {}
    for row in history.ledgers.office:
        if row.kind == "set_route":
            routes.setdefault(row.payload["vehicle_id"], []).append(row)
    lines = {}
    for vehicle, shifts in history.shifts_of.items():
        pieces = []
        after_us = -1
        for shift in shifts:
            left_us = next((s.start_us for s in shift.stretches if s.what == "driving"), shift.end_us)
            known = [r for r in routes.get(vehicle, []) if after_us < r.at_us <= left_us and r.payload["stops"]]
            after_us = shift.end_us
            if not known:
                continue
            depot = [depots[shift.depot_id]] if shift.depot_id in depots else []
            places = [*depot, *_places(history, known[-1].payload["stops"]), *depot]
            pieces.append(projection.to_xy([p["lat"] for p in places], [p["lon"] for p in places]))
        if pieces:
            lines[vehicle] = _km(*_joined(pieces))
    return lines


def _places(history: RunHistory, stops: list[dict]) -> list[dict]:
    """Where planned stops are; stops of orders never placed are passed over."""
    orders = [(history.orders[s["order_id"]].placed, s["task"]) for s in stops if s["order_id"] in history.orders]
    return [placed.payload[task]["place"] for placed, task in orders if placed and placed.payload[task]]


# --- marks ----------------------------------------------------------------------------------------------------------

_WORST_FIRST = ("failed", "left_out", "late", "open", "cancelled", "on_time")


def _stops(history: RunHistory, projection: Projection, clock: LocalTime, limits: list[str]) -> tuple[Mark, ...]:
    orders = [order for order in history.orders.values() if order.task]
    shown = sorted(orders, key=lambda order: _WORST_FIRST.index(order.state))[:MAX_STOPS]
    if len(shown) < len(orders):
        limits.append(f"The map draws {len(shown)} of {len(orders)} stops, all that went wrong first.")
    return tuple(_stop(order, projection, clock) for order in shown)


def _stop(order: OrderHistory, projection: Projection, clock: LocalTime) -> Mark:
    place = order.task["place"]
    x_m, y_m = projection.to_xy(place["lat"], place["lon"])
    visit = order.visits[-1].payload if order.visits else {}
    windows = ", ".join(f"{clock.text(o)[:5]}–{clock.text(c)[:5]}" for o, c in order.windows_us) or "any time"
    arrived = f", arrived {clock.text(visit['arrived_us'])[:5]}" if visit else ""
    late = f", {order.late_us / 60e6:.0f} min late" if order.late_us else ""
    text = f"window {windows}{arrived}{late}"
    return Mark(order.order_id, float(x_m) / 1000, float(y_m) / 1000, order.state, visit.get("vehicle_id", ""), text)


def _depots(history: RunHistory, projection: Projection) -> tuple[Mark, ...]:
    marks = {}
    for row in history.ledgers.truth:
        if row.kind == "depot_registered":
            place = row.payload["place"]
            x_m, y_m = projection.to_xy(place["lat"], place["lon"])
            name = row.payload["depot_id"]
            marks[name] = Mark(name, float(x_m) / 1000, float(y_m) / 1000, "depot", "", f"depot {name}")
    return tuple(marks[name] for name in sorted(marks, key=natural_key))
