"""A day's parts: what a screen is sent, of what head office knows and (under ``truth.``) of what is."""

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from engine.clock import SECOND, LocalTime
from engine.geo import Projection
from scenarios.live.account import OfficeAccount
from scenarios.live.columns import (
    ORDER_STATES,
    REACH_MPS,
    STATES,
    OrderColumns,
    VehicleColumns,
    figures,
    office_figures,
)
from scenarios.live.gaze import Line
from scenarios.live.ground_parts import struck_area
from scenarios.live.picture import Picture
from scenarios.live.truth import TRUTH
from scenarios.rows import RunLedgers
from scenarios.telling.report_map import thinned

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
STRIP_US = 60 * SECOND


class Day(Protocol):
    """A day that can be watched: one being simulated, or a finished one told again."""

    start_us: int
    end_us: int
    can_command: bool
    can_seek: bool
    projection: Projection

    @property
    def folder(self) -> Path | None:
        """The run folder, None for a run in memory."""

    @property
    def now_us(self) -> int:
        """The moment shown."""

    @property
    def picture(self) -> Picture:
        """What head office knows."""

    def advance(self, until_us: int) -> None:
        """Move on to a later moment."""

    def seek(self, at_us: int) -> None:
        """Jump to any moment. Raises ValueError where that is not possible."""

    def post(self, kind: str, payload: dict[str, Any], by: str) -> int:
        """Give an outside command; returns when it takes effect. Raises ValueError for a bad one."""

    def fixed(self) -> dict[str, Any]:
        """The parts that never change."""

    def parts(self) -> dict[str, Any]:
        """The parts as of now."""

    def follow(self, rows: set[int]) -> None:
        """Somebody looks closely at these vehicles, and nobody at others."""

    def way(self, row: int) -> Line:
        """The way ahead of a vehicle."""

    def trail(self, row: int) -> Line:
        """The way behind it, as received."""

    def true_trail(self, row: int) -> Line:
        """The way behind it, as it was."""

    def ledgers(self) -> RunLedgers:
        """Both ledgers up to now, to look things up in."""

    def on_busy(self, tell: Callable[[str], None]) -> None:
        """Be told what keeps the engine busy for a while, and ("") when it is over."""

    def close(self, error: BaseException | None = None) -> None:
        """Nobody watches any more, or an error has ended it."""


class Shots:
    """Makes the changing parts of a day from head office's account of it and the true picture."""

    def __init__(self, office: Picture, truth: Picture, projection: Projection, span_us: tuple[int, int]) -> None:
        self.start_us, self.end_us = span_us
        self.belief_columns, self.truth_columns = (
            VehicleColumns(p, projection, self.start_us) for p in (office, truth)
        )
        self.orders = OrderColumns(projection, self.start_us)
        self._messages, self._samples = Rate(), Rate()
        self._figures: tuple[int, dict[str, Any]] = (-1, {})

    def parts(
        self, account: OfficeAccount, truth: Picture, now_us: int, samples: int, true_xy: tuple[np.ndarray, np.ndarray]
    ) -> dict[str, Any]:
        """Every changing part; ``samples`` is how many telematics samples there have been, ``true_xy`` metres."""
        office, known, true = account.picture, self.belief_columns, self.truth_columns
        known.update(office)
        true.update(truth)
        fixed_us = known.believed(office)
        true.move(*true_xy)
        age_s = ((now_us - fixed_us) / 1e6).astype(np.float32)
        vehicles = office.belief.vehicles
        done = np.array([office.done.get(vehicle, 0) for vehicle in vehicles], np.int32)
        under_way = account.desk.under_way
        rates = self._messages.over(now_us, office.messages), self._samples.over(now_us, samples)
        breaks = [vehicle.breaks_us for vehicle in vehicles.values()]
        last = office.belief.last.rows
        return {
            "x": known.x.astype(np.float32),
            "y": known.y.astype(np.float32),
            "heading": known.heading,
            "state": known.state.copy(),
            "held": np.fromiter((v.held for v in vehicles.values()), np.uint8, len(vehicles)),
            "under_way": np.array([min(under_way[v], 255) for v in vehicles], np.uint8),
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
            "news": [list(line) for line in office.news],
            **account.desk.parts(),
            **account.fleet.parts(len(vehicles), self.start_us, now_us, breaks),
            "health.supply_v": np.where(last["supply_mv"] > 0, last["supply_mv"] / 1000, np.nan).astype(np.float32),
            "health.clock_faults": last["clock_faults"].astype(np.int32),
            **account.inbox.parts(*rates, age_s),
            TRUTH + "x": true.x.astype(np.float32),
            TRUTH + "y": true.y.astype(np.float32),
            TRUTH + "heading": true.heading,
            TRUTH + "state": true.state.copy(),
            TRUTH + "off_m": np.hypot(true.x - known.x, true.y - known.y).astype(np.float32),
            TRUTH + "incidents": self._incidents(truth),
            **self._strip(office, truth, now_us, rates),
        }

    def _incidents(self, truth: Picture) -> list[dict[str, Any]]:
        """Under way, with the area where each has one."""
        depots, projection = truth.belief.depots, self.belief_columns.projection
        return [
            {"name": name, **incident, "area": struck_area(incident["details"], depots, projection)}
            for name, incident in truth.incidents.items()
        ]

    def _strip(self, office: Picture, truth: Picture, now_us: int, rates: tuple[float | None, ...]) -> dict[str, Any]:
        """Figures for the strip on top, worked out anew every ``STRIP_US`` of the day, and at its end."""
        read_us, strip = self._figures
        if not read_us <= now_us < read_us + STRIP_US or now_us >= self.end_us or not strip:
            told = [rate for rate in rates if rate is not None]
            own = figures(office, self.belief_columns, now_us) + office_figures(office, sum(told) if told else None)
            strip = {"kpis": own, TRUTH + "kpis": figures(truth, self.truth_columns, now_us)}
            self._figures = now_us, strip
        return strip


class Rate:
    """How fast a count rises, a second of simulated time, over the last minute or so."""

    def __init__(self) -> None:
        self._counted: deque[tuple[int, int]] = deque()

    def over(self, now_us: int, count: int) -> float | None:
        """The rate now; None before there was one."""
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
    rules: Iterable[str] = (),
) -> dict[str, Any]:
    """The parts that never change: the day, its vehicles, depots and roads."""
    depots = [projection.to_xy(place.lat, place.lon) for place in office.belief.depots.values()]
    xy = np.array(depots, np.float32).reshape(-1, 2)
    return {
        "day": {
            "name": name, "time_zone": local.name, "start_us": span_us[0], "end_us": span_us[1], "recorded": recorded,
            "states": list(STATES), "order_states": list(ORDER_STATES), "attribution": attribution,
            "rules": [*rules],
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
