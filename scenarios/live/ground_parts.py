"""Parts about the ground: where carriers are, geofences, closed roads, ways along the roads."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from engine.coverage.code import level
from engine.coverage.map import CoverageMap
from engine.geo import Projection
from engine.roads.graph import Profile, RoadGraph
from engine.roads.network import RoadNetwork
from twin.belief import Belief
from twin.geofences import Circle, fence_of
from twin.orders import Place

MOST_CELLS = 256
"""A coverage raster is sent at most so wide and so high."""


def coverage_parts(coverage: CoverageMap | None, prefix: str = "") -> dict[str, Any]:
    """``coverage`` (where the raster lies, None: coverage is perfect) and ``coverage.<carrier>``.

    A value is the level of the best cell merged into it (0 none, 1 3G, 2 LTE, 3 5G), uint8, row by row from the south.
    """
    if coverage is None:
        return {prefix + "coverage": None}
    rows, columns = coverage.raster.shape
    step = -(-max(rows, columns) // MOST_CELLS)
    padded = np.pad(coverage.raster, ((0, -rows % step), (0, -columns % step)))
    ny, nx = padded.shape[0] // step, padded.shape[1] // step
    lies = {
        "x0_m": coverage.x0_mm / 1000, "y0_m": coverage.y0_mm / 1000, "cell_m": coverage.cell_mm * step / 1000,
        "nx": nx, "ny": ny, "carriers": list(coverage.carriers),
    }  # fmt: skip
    parts: dict[str, Any] = {prefix + "coverage": lies}
    for number, carrier in enumerate(coverage.carriers):
        levels = level(padded, number).reshape(ny, step, nx, step).max(axis=(1, 3))
        parts[f"{prefix}coverage.{carrier}"] = levels.astype(np.uint8).ravel()
    return parts


def geofence_parts(
    alerts: Mapping[str, Mapping[str, Any]], depots: Mapping[str, Place], projection: Projection
) -> list[dict[str, Any]]:
    """The zones that rules watch, in map metres: ``{alert, rule, kind, x, y, radius_m}``; polygons have lists."""
    found: list[dict[str, Any]] = []
    for name, alert in alerts.items():
        rule = alert.get("rule") or name
        if rule not in ("geofence_entered", "geofence_left"):
            continue
        settings = alert.get("set") or {}
        zone = tuple(settings.get("zone") or ())
        radius_m = float(settings.get("radius_m", 150.0))
        fences = [fence_of(zone)] if zone else [Circle(place.lat, place.lon, radius_m) for place in depots.values()]
        for fence in fences:
            found.append({"alert": name, "rule": rule, **_outline(fence, projection)})
    return found


def _outline(fence: Any, projection: Projection) -> dict[str, Any]:
    if isinstance(fence, Circle):
        x, y = projection.to_xy(fence.lat, fence.lon)
        return {"kind": "circle", "x": round(float(x), 1), "y": round(float(y), 1), "radius_m": fence.radius_m}
    lat, lon = zip(*fence.corners)
    x, y = projection.to_xy(np.array(lat), np.array(lon))
    return {"kind": "polygon", "x": np.round(x, 1).tolist(), "y": np.round(y, 1).tolist(), "radius_m": None}


def struck_area(
    details: Mapping[str, Any], depots: Mapping[str, Place], projection: Projection
) -> dict[str, float] | None:
    """Where an incident is, in map metres: ``{x, y, radius_m}``; None: nowhere in particular."""
    lat, lon, radius_m = (details.get(name) for name in ("lat", "lon", "radius_m"))
    if details.get("near_depot") is not None:
        depot = depots[details["near_depot"]]
        lat, lon = depot.lat, depot.lon
    if lat is None or lon is None or radius_m is None:
        return None
    x, y = projection.to_xy(lat, lon)
    return {"x": round(float(x), 1), "y": round(float(y), 1), "radius_m": radius_m}


def edge_lines(graph: RoadGraph, edges: Iterable[int], projection: Projection) -> tuple[np.ndarray, np.ndarray]:
    """Edges as broken lines in metres, NaN between them: float32 x and y."""
    x, y = [], []
    for edge in dict.fromkeys(edges):
        points = slice(graph.shape_ptr[edge], graph.shape_ptr[edge + 1])
        east, north = projection.to_xy(graph.shape_lat[points], graph.shape_lon[points])
        x += [*east.tolist(), np.nan]
        y += [*north.tolist(), np.nan]
    return np.array(x, np.float32), np.array(y, np.float32)


def places_ahead(belief: Belief, vehicle_id: str) -> list[Place]:
    """From where a vehicle was last known by name to each of its stops; empty without stops."""
    view, places = belief.vehicles[vehicle_id], []
    for stop in view.stops:
        known = belief.orders.get(stop.order_id)
        if known is not None:
            task = known.order.pickup if stop.task == "pickup" else known.order.delivery
            places.append((task or known.order.last_task).place)
    return [view.place or belief.depots[view.depot_id], *places] if places else []


def straight(places: Sequence[Place], projection: Projection) -> tuple[np.ndarray, np.ndarray]:
    """From place to place as the crow flies, in metres."""
    x, y = projection.to_xy(np.array([p.lat for p in places]), np.array([p.lon for p in places]))
    return x.astype(np.float32), y.astype(np.float32)


def way(
    roads: RoadNetwork, profile: Profile, places: Sequence[Place], now_us: int, closed: frozenset[int]
) -> tuple[np.ndarray, np.ndarray]:
    """The usually fastest way from place to place as a line in metres; straight where there is none, or no shape."""
    if len(places) < 2 or roads.graph is None:
        return straight(places, roads.projection)
    nodes = [roads.snap(place.lat, place.lon, profile, place.place_id).node for place in places]
    x, y = [], []
    for origin, destination in pairwise(nodes):
        leg = roads.drive(origin, destination, now_us, profile, known_closed=closed)
        at_x, at_y = roads.position_mm(destination)
        x += [*(leg.x_mm / 1000).tolist(), at_x / 1000]
        y += [*(leg.y_mm / 1000).tolist(), at_y / 1000]
    return np.array(x, np.float32), np.array(y, np.float32)
