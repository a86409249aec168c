"""Where the vehicles that somebody looks at have been, kept while the day is simulated."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from agents.vehicle import Vehicle
from engine.geo import Projection
from scenarios.live.gaze import Line
from twin.belief import Belief
from twin.samples import SampleBatch

MOST_POINTS = 4_000
"""Of a longer trail every other point is dropped."""


class Trails:
    """Fixes as received, and true keyframes, of some vehicles from when they were first looked at (and a little before:
    what the belief remembers, the trip under way)."""

    def __init__(self, belief: Belief, vehicles: Iterable[Vehicle], projection: Projection, start_us: int) -> None:
        self._belief, self._vehicles = belief, [*vehicles]
        self._projection, self._start_us = projection, start_us
        self._fixes: dict[int, np.ndarray] = {}  # row -> [points, 3] of us, x, y
        self._driven: dict[int, np.ndarray] = {}
        self._drive: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return bool(self._fixes)

    def follow(self, rows: Iterable[int]) -> None:
        """Keep trails of these vehicles from now on, and of no others."""
        rows = set(rows)
        for kept in (self._fixes, self._driven, self._drive):
            for row in [row for row in kept if row not in rows]:
                del kept[row]
        for row in sorted(rows - self._fixes.keys()):
            track = self._belief.last.track(row)
            self._fixes[row] = self._points(track.at_us, track.lat, track.lon)
            self._driven[row] = np.empty((0, 3))

    def observe(self, batch: SampleBatch) -> None:
        """Fixes have been received."""
        for row, points in self._fixes.items():
            mine = (batch.vehicle == row) & (batch.satellites > 0)
            if mine.any():
                new = self._points(batch.recorded_us[mine], batch.lat[mine], batch.lon[mine])
                self._fixes[row] = _shortened(np.concatenate([points, new]))

    def look(self) -> None:
        """See how far they have driven: a trip that is over is kept."""
        for row in self._driven:
            drive, before = self._vehicles[row].drive, self._drive.get(row)
            if drive is not before and before is not None:
                self._driven[row] = _shortened(np.concatenate([self._driven[row], _keyframes(before)]))
            self._drive[row] = drive

    def fixes(self, row: int) -> Line:
        """As received."""
        points = self._fixes.get(row, np.empty((0, 3)))
        return self._line(points[np.argsort(points[:, 0], kind="stable")])

    def driven(self, row: int, now_us: int) -> Line:
        """As it was, up to a moment."""
        drive = self._drive.get(row)
        points = self._driven.get(row, np.empty((0, 3)))
        if drive is not None:
            points = np.concatenate([points, _keyframes(drive)])
        return self._line(points[points[:, 0] <= now_us])

    def _points(self, at_us: np.ndarray, lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
        x, y = self._projection.to_xy(lat, lon)
        return np.column_stack([at_us, x, y]).astype(float)

    def _line(self, points: np.ndarray) -> Line:
        at_s = (points[:, 0] - self._start_us) / 1e6
        return Line(*(column.astype(np.float32) for column in (points[:, 1], points[:, 2], at_s)))


def _keyframes(drive: Any) -> np.ndarray:
    return np.column_stack([drive.t_us, drive.x_mm / 1000, drive.y_mm / 1000]).astype(float)


def _shortened(points: np.ndarray) -> np.ndarray:
    return points if len(points) <= MOST_POINTS else points[::2]
