"""Compare simulated with driven travel times: Porto taxis of 2014 on OpenStreetMap's Porto of 2015.

Prints the tables of ``docs/validation.md``, "Travel times: Porto taxis". Needs the reference data
(``--data``, by default ``../shared/data`` beside the repository)::

    python benchmarks/porto_validation.py
"""

import argparse
import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.spatial import cKDTree

from engine.clock import SECOND, LocalTime
from engine.geo import great_circle_m
from engine.roads.cache import load_osm
from engine.roads.graph import Profile, RoadGraph
from engine.roads.network import RoadNetwork
from engine.roads.router import UNREACHABLE, Metric, make_router
from engine.streams import Streams
from engine.traffic import Traffic, TrafficConfig

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ZONE = LocalTime("Europe/Lisbon")
TAXI = Profile("taxi", max_speed_mps=50.0)
CALIBRATE, TEST = "2014-08-14", "2014-10-06"

PIECE_POINTS = range(8, 21)  # 2 to 5 minutes of points 15 s apart
SNAP_M, ON_ROUTE_M, LENGTH_TOLERANCE = 30.0, 35.0, 0.15
LEAST_M = 300.0
MOVING_M = 25.0  # in 15 s: below, a taxi at the start or end of a trip is taken to stand
STANDING_M, STANDING_STEPS = 10.0, 8  # standing for 2 minutes is a stop, not traffic: it parts a trip
CANDIDATES = 6
EVENING = (17, 18)  # local hours of the calibration and the test hour
REPEATS = 60


@dataclass(frozen=True)
class Piece:
    """A few minutes of a taxi trip and the way through the graph that it took."""

    trip: str
    day: str
    depart_us: int
    driven_s: float
    gps_m: float
    route_m: float
    edges: np.ndarray


def trips(data: Path = DATA) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """(trip, seconds UTC, lat, lon) of every taxi trip."""
    with gzip.open(data / "fleet" / "porto-taxi" / "trips.csv.gz", "rt", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            numbers = np.array(re.findall(r"-?\d+\.?\d*", row["shape"]), float).reshape(-1, 2)
            stamps = np.array(re.findall(r"\d+", row["timestamps"]), np.int64)
            yield row.get("trip_id", str(number)), stamps, numbers[:, 1], numbers[:, 0]


def porto(data: Path = DATA) -> RoadGraph:
    """The road graph of Porto."""
    return load_osm(data / "osm" / "porto.osm.pbf")


def pieces(graph: RoadGraph, data: Path = DATA) -> list[Piece]:
    """Moving pieces of the trips, matched to the graph where the taxi clearly took the usually fastest way.

    Both ends lie within ``SNAP_M`` of a junction, the way is within ``LENGTH_TOLERANCE`` of the track's
    length and all points in between lie within ``ON_ROUTE_M`` of it. Pieces of a trip do not overlap.
    """
    traffic = Traffic(graph, TrafficConfig(), Streams(0), ZONE)
    router = make_router(graph)
    network = RoadNetwork(graph, traffic, router)
    weights = np.where(graph.allowed(TAXI), traffic.usual_weights_ms(TAXI, 17), UNREACHABLE)
    matcher = _Matcher(network, router.metric(weights))
    return [piece for trip in trips(data) for piece in matcher.pieces(*trip)]


def _drives(step_m: np.ndarray) -> Iterator[slice]:
    """Points of a trip between stops, without the standing at both ends."""
    moving = np.flatnonzero(step_m >= MOVING_M)
    standing = np.concatenate([[0], np.cumsum(step_m < STANDING_M)])
    stops = np.flatnonzero(standing[moving[1:]] - standing[moving[:-1] + 1] >= STANDING_STEPS)
    for part in np.split(moving, stops + 1):
        if len(part):
            yield slice(int(part[0]), int(part[-1]) + 2)


class _Matcher:
    def __init__(self, network: RoadNetwork, metric: Metric) -> None:
        self.network, self.graph, self.metric = network, network.graph, metric
        self.x_m, self.y_m = network.projection.to_xy(self.graph.lat, self.graph.lon)
        self.tree = cKDTree(np.column_stack([self.x_m, self.y_m]))

    def pieces(self, trip: str, stamps: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> Iterator[Piece]:
        step_m = great_circle_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
        for part in _drives(step_m):
            yield from self._pieces(trip, *(column[part] for column in (stamps, lat, lon)))

    def _pieces(self, trip: str, stamps: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> Iterator[Piece]:
        step_m = great_circle_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
        points = np.column_stack(self.network.projection.to_xy(lat, lon))
        track_m = np.concatenate([[0.0], np.cumsum(step_m)])
        near = [self._near(point) for point in points]
        first, last = 0, len(step_m)
        while first + PIECE_POINTS[0] <= last:
            end = self._end(points, track_m, near, first, last)
            if end is None:
                first += 1
                continue
            stop, route = end
            start_us = int(stamps[first]) * SECOND
            day = datetime.fromtimestamp(int(stamps[first]), UTC).date().isoformat()
            driven_s, gps_m = float(stamps[stop] - stamps[first]), float(track_m[stop] - track_m[first])
            yield Piece(trip, day, start_us, driven_s, gps_m, float(self.graph.length_m[route].sum()), route)
            first = stop

    def _near(self, point: np.ndarray) -> list[int]:
        distance, node = self.tree.query(point, k=CANDIDATES, distance_upper_bound=SNAP_M)
        return [int(n) for n, d in zip(node, distance) if np.isfinite(d)]

    def _end(
        self, points: np.ndarray, track_m: np.ndarray, near: list[list[int]], first: int, last: int
    ) -> tuple[int, np.ndarray] | None:
        """The longest piece from a point that can be matched: its last point and its edges."""
        for count in reversed(PIECE_POINTS):
            stop = first + count
            if stop > last:
                continue
            gps_m = track_m[stop] - track_m[first]
            if gps_m < LEAST_M:
                continue
            ways = [self._way(a, b, gps_m, points[first : stop + 1]) for a in near[first] for b in near[stop]]
            good = [way for way in ways if way is not None]
            if good:
                return stop, min(good, key=lambda way: way[0])[1]
        return None

    def _way(self, a: int, b: int, gps_m: float, points: np.ndarray) -> tuple[float, np.ndarray] | None:
        """How far the way between two nodes is from the points, and its edges; None for another way."""
        edges = self.metric.path(a, b)[1]
        if not len(edges) or abs(self.graph.length_m[edges].sum() / gps_m - 1) > LENGTH_TOLERANCE:
            return None
        to_xy = self.network.projection.to_xy
        shapes = [np.column_stack(to_xy(*self.graph.shape(int(edge)))) for edge in edges]
        start = np.concatenate([shape[:-1] for shape in shapes])
        step = np.concatenate([np.diff(shape, axis=0) for shape in shapes])
        offset = points[:, None, :] - start[None]
        along = np.clip((offset * step).sum(2) / np.maximum((step**2).sum(1), 1e-9), 0, 1)
        away = np.sqrt(((offset - along[..., None] * step) ** 2).sum(2)).min(1)
        return (float(away.mean()), edges) if away.max() <= ON_ROUTE_M else None


@dataclass(frozen=True)
class Fit:
    """Simulated over driven times of some pieces."""

    pieces: int
    trips: int
    driven_kmh: float
    median_ratio: float
    mape: float  # mean of |simulated / driven - 1|
    bias: float  # total simulated / total driven - 1
    ratio_p05: float
    ratio_p95: float
    covered: float  # share of driven times within the simulated 5 % to 95 %


def fit(graph: RoadGraph, config: TrafficConfig, some: list[Piece], repeats: int = REPEATS) -> Fit:
    """Compare usual simulated times, and the spread of ``repeats`` simulated drives, with driven times."""
    simulated, driven = usual_s(graph, config, some), np.array([piece.driven_s for piece in some])
    worlds = [Traffic(graph, config, Streams(seed), ZONE) for seed in range(repeats)]
    drives = np.array([
        [int(world.drive(p.edges, p.depart_us, 1.0, TAXI.max_speed_mps)[-1]) - p.depart_us for p in some]
        for world in worlds
    ]) / SECOND  # fmt: skip
    low, high = np.quantile(drives, [0.05, 0.95], axis=0)
    ratio = simulated / driven
    return Fit(
        pieces=len(some),
        trips=len({piece.trip for piece in some}),
        driven_kmh=3.6 * sum(piece.gps_m for piece in some) / float(driven.sum()),
        median_ratio=float(np.median(ratio)),
        mape=float(np.abs(ratio - 1).mean()),
        bias=float(simulated.sum() / driven.sum() - 1),
        ratio_p05=float(np.quantile(ratio, 0.05)),
        ratio_p95=float(np.quantile(ratio, 0.95)),
        covered=float(((low <= driven) & (driven <= high)).mean()),
    )


def usual_s(graph: RoadGraph, config: TrafficConfig, some: list[Piece]) -> np.ndarray:
    """Usual time of each piece at the hour it was driven."""
    traffic = Traffic(graph, config, Streams(0), ZONE)
    buckets = [traffic.bucket(piece.depart_us) for piece in some]
    weights = {bucket: traffic.usual_weights_ms(TAXI, bucket) for bucket in sorted(set(buckets))}
    return np.array([weights[bucket][piece.edges].sum() / 1e3 for bucket, piece in zip(buckets, some)])


def calibrate(graph: RoadGraph, some: list[Piece]) -> float:
    """The one number fitted: what multiplies the evening's congestion level so that the median ratio is 1."""
    driven = np.array([piece.driven_s for piece in some])

    def excess(factor: float) -> float:
        return float(np.median(usual_s(graph, TrafficConfig().scaled(EVENING, factor), some) / driven)) - 1

    return round(brentq(excess, 0.5, 2.0, xtol=1e-3), 2)


def main() -> None:
    """Print the tables of ``docs/validation.md``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    data = parser.parse_args().data
    graph = porto(data)
    found = pieces(graph, data)
    days = sorted({piece.day for piece in found}, key=lambda day: (day != CALIBRATE, day != TEST, day))
    factor = calibrate(graph, [piece for piece in found if piece.day == CALIBRATE])
    driven_h = sum(piece.driven_s for piece in found) / 3600
    print(f"{len(found)} pieces, {driven_h:.1f} h; evening congestion x {factor}\n")
    print("| day | local hours | pieces (trips) | driven km/h | | median ratio ", end="")
    print("| MAPE | bias | 90 % of ratios | covered |\n" + "| --- " * 10 + "|")
    for day in days:
        some = [piece for piece in found if piece.day == day]
        hours = sorted({ZONE.second_of_day(piece.depart_us) // 3600 for piece in some})
        about = f"{hours[0]}-{hours[-1]}"
        label = {CALIBRATE: " (calibration)", TEST: " (test)"}.get(day, " (held out)")
        for name, config in (("before", TrafficConfig()), ("after", TrafficConfig().scaled(EVENING, factor))):
            r = fit(graph, config, some)
            print(
                f"| {day}{label} | {about} | {r.pieces} ({r.trips}) | {r.driven_kmh:.1f} | {name} "
                f"| {r.median_ratio:.2f} | {r.mape:.0%} | {r.bias:+.0%} "
                f"| {r.ratio_p05:.2f} to {r.ratio_p95:.2f} | {r.covered:.0%} |"
            )


if __name__ == "__main__":
    main()
