"""A day's parts: what a screen is sent, of what head office knows and (under ``truth.``) of what is."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from engine.clock import SECOND, LocalTime
from engine.geo import Projection
from scenarios.live.columns import (
    ORDER_STATES,
    REACH_MPS,
    STATES,
    OrderColumns,
    VehicleColumns,
    figures,
    office_figures,
)
from scenarios.live.picture import Picture
from scenarios.report_map import thinned

TRUTH = "truth."
"""Parts whose names begin so are for those who may see the truth; nothing else is computed from it."""

ROAD_BANDS = (
    ("motorway", ("motorway", "trunk")),
    ("main", ("primary", "secondary")),
    ("middle", ("tertiary",)),
    ("minor", ("unclassified", "residential", "living_street")),
    ("least", ("service", "track")),
)
"""Road classes drawn alike, from the largest to the least."""
ROAD_TOLERANCE_M = 3.0
RATE_OVER_US = 60 * SECOND


class Day(Protocol):
    """A day that can be watched: one being simulated, or a finished one told again."""

    start_us: int
    end_us: int
    can_command: bool
    can_seek: bool

    @property
    def folder(self) -> Path | None:
        """The run folder, None for a run in memory."""

    @property
    def now_us(self) -> int:
        """The moment shown."""

    def advance(self, until_us: int) -> None:
        """Move on to a later moment."""

    def seek(self, at_us: int) -> None:
        """Jump to any moment. Raises ValueError where that is not possible."""

    def post(self, kind: str, payload: dict[str, Any], by: str) -> int:
        """Give an outside command; returns when it takes effect. Raises ValueError for a bad one."""

    def assign(self, order_id: str, vehicle_id: str, by: str) -> int:
        """Give an order to a vehicle, taking it off the one that has it. Raises ValueError as ``post`` does."""

    def fixed(self) -> dict[str, Any]:
        """The parts that never change."""

    def parts(self) -> dict[str, Any]:
        """The parts as of now."""

    def on_busy(self, tell: Callable[[str], None]) -> None:
        """Be told what keeps the engine busy for a while, and ("") when it is over."""

    def close(self, error: BaseException | None = None) -> None:
        """Nobody watches any more, or an error has ended it."""


class Shots:
    """Makes the changing parts of a day from its two pictures."""

    def __init__(self, office: Picture, truth: Picture, projection: Projection, start_us: int) -> None:
        self.start_us = start_us
        self.belief_columns, self.truth_columns = (VehicleColumns(p, projection, start_us) for p in (office, truth))
        self.orders = OrderColumns(projection, start_us)
        self._counted: deque[tuple[int, int]] = deque()

    def parts(
        self, office: Picture, truth: Picture, now_us: int, samples: int, true_xy: tuple[np.ndarray, np.ndarray]
    ) -> dict[str, Any]:
        """Every changing part; ``samples`` is how many telematics samples there have been, ``true_xy`` metres."""
        known, true = self.belief_columns, self.truth_columns
        known.update(office)
        true.update(truth)
        fixed_us = known.believed(office)
        true.move(*true_xy)
        age_s = ((now_us - fixed_us) / 1e6).astype(np.float32)
        done = np.array([office.done.get(vehicle, 0) for vehicle in office.belief.vehicles], np.int32)
        rate = self._rate(now_us, office.messages + samples)
        return {
            "x": known.x.astype(np.float32),
            "y": known.y.astype(np.float32),
            "heading": known.heading,
            "state": known.state.copy(),
            "age_s": age_s,
            "heard_s": ((fixed_us - self.start_us) / 1e6).astype(np.float32),
            "reach_m": np.where(known.state == STATES.index("driving"), age_s * REACH_MPS, 0).astype(np.float32),
            "done": done,
            "stops": done + known.left,
            "next": known.next_row.copy(),
            "next_s": known.next_s.copy(),
            "behind_s": known.behind_s(office, now_us),
            **known.routes(),
            **self.orders.parts(office, now_us),
            "kpis": figures(office, known, now_us) + office_figures(office, rate),
            "news": [list(line) for line in office.news],
            TRUTH + "x": true.x.astype(np.float32),
            TRUTH + "y": true.y.astype(np.float32),
            TRUTH + "heading": true.heading,
            TRUTH + "state": true.state.copy(),
            TRUTH + "kpis": figures(truth, true, now_us),
        }

    def _rate(self, now_us: int, count: int) -> float | None:
        """Messages a second of simulated time over the last minute or so; None before there was one."""
        counted = self._counted
        while counted and counted[-1][0] >= now_us:  # somebody jumped back
            counted.pop()
        counted.append((now_us, count))
        while len(counted) > 2 and counted[1][0] <= now_us - RATE_OVER_US:
            counted.popleft()
        from_us, before = counted[0]
        return None if now_us == from_us else round((count - before) / ((now_us - from_us) / 1e6), 3)


def fixed_parts(
    office: Picture,
    projection: Projection,
    local: LocalTime,
    name: str,
    span_us: tuple[int, int],
    recorded: bool,
    roads: pa.Table | None,
    attribution: str = "",
) -> dict[str, Any]:
    """The parts that never change: the day, its vehicles, depots and roads."""
    depots = [projection.to_xy(place.lat, place.lon) for place in office.belief.depots.values()]
    xy = np.array(depots, np.float32).reshape(-1, 2)
    return {
        "day": {
            "name": name, "time_zone": local.name, "start_us": span_us[0], "end_us": span_us[1], "recorded": recorded,
            "states": list(STATES), "order_states": list(ORDER_STATES), "attribution": attribution,
        },
        "vehicles": [[v.vehicle_id, v.driver_id or "", v.kind, v.depot_id] for v in office.belief.vehicles.values()],
        "depots": list(office.belief.depots),
        "depot.x": xy[:, 0].copy(),
        "depot.y": xy[:, 1].copy(),
        **(road_parts(roads, projection) if roads is not None else {}),
    }  # fmt: skip


def road_parts(lines: pa.Table, projection: Projection) -> dict[str, np.ndarray]:
    """Broken lines in metres, NaN between the pieces, by band of road class."""
    classes = np.asarray(lines["road_class"].cast(pa.string()).to_pylist(), dtype=object)
    parts: dict[str, np.ndarray] = {}
    for band, members in ROAD_BANDS:
        table = lines.filter(pa.array(np.isin(classes, members), pa.bool_()))
        lat, lon = (table[name].combine_chunks() for name in ("lat", "lon"))
        x, y = projection.to_xy(lat.flatten().to_numpy(), lon.flatten().to_numpy())
        ends = np.cumsum(lat.value_lengths().to_numpy())[:-1]
        x, y = np.insert(x, ends, np.nan), np.insert(y, ends, np.nan)
        keep = thinned(x, y, ROAD_TOLERANCE_M)
        parts[f"road.{band}.x"], parts[f"road.{band}.y"] = x[keep].astype(np.float32), y[keep].astype(np.float32)
    return parts


def without_truth(parts: dict[str, Any]) -> dict[str, Any]:
    """What those may see who sit in the dispatcher's chair."""
    return {name: value for name, value in parts.items() if not name.startswith(TRUTH)}
