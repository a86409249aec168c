"""From a picture to numbers a screen can draw: arrays, a row a vehicle or an order, each computed here once."""

from typing import Any

import numpy as np

from engine.geo import Projection
from scenarios.live.picture import Picture
from twin.kpis import service
from twin.orders import Place
from twin.views import VehicleView

STATES = ("off", "preparing", "loading", "idle", "driving", "waiting", "serving", "break", "broken")
"""Vehicle states by code."""
ORDER_STATES = (
    "waiting", "planned", "onboard", "overdue", "rebooked", "on_time", "late", "failed", "cancelled", "left_out",
)  # fmt: skip
"""Order states by code: the first five are open; ``overdue`` is open after its last window has closed."""
WAITING, PLANNED, ONBOARD, OVERDUE, REBOOKED, ON_TIME, LATE = range(7)
_ENDS = {f"order_{name}": code for code, name in enumerate(ORDER_STATES) if code > LATE}

REACH_MPS = 13.9
"""A driving vehicle not heard of may have got this far a second (50 km/h): the ring around its last position."""
TURN_M = 4.0
"""A shorter move says nothing about the heading."""


class VehicleColumns:
    """The vehicles of one picture; a row is worked out again only when that vehicle's view has changed."""

    def __init__(self, picture: Picture, projection: Projection, start_us: int) -> None:
        n = len(picture.belief.index)
        self.projection, self.start_us = projection, start_us
        self.state = np.zeros(n, np.uint8)
        self.left, self.next_row = np.zeros(n, np.int32), np.full(n, -1, np.int32)
        self.next_s = np.full(n, np.nan, np.float32)
        self.stops: list[tuple[int, ...]] = [()] * n  # order rows still to visit
        self.x, self.y = np.full(n, np.nan), np.full(n, np.nan)
        self.heading = np.zeros(n, np.float32)
        self._place_xy = np.full((n, 2), np.nan)
        self._heard_us, self._next_us = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self._seen: list[VehicleView | None] = [None] * n
        self._routes: dict[str, np.ndarray] | None = None

    def update(self, picture: Picture) -> None:
        """Bring the rows up to date."""
        for row, view in enumerate(picture.belief.vehicles.values()):
            if view is not self._seen[row]:
                self._row(row, view, picture)
                self._seen[row] = view

    def _row(self, row: int, view: VehicleView, picture: Picture) -> None:
        if self._seen[row] is None or self._seen[row].stops != view.stops:  # type: ignore[union-attr]
            self.stops[row] = tuple(picture.rows[stop.order_id] for stop in view.stops if stop.order_id in picture.rows)
            self._routes = None
        self.state[row] = STATES.index(view.state)
        self.left[row] = len(view.stops)
        self.next_row[row] = self.stops[row][0] if self.stops[row] else -1
        due_us = view.stops[0].arrive_us if view.stops else None
        self._next_us[row] = due_us or 0
        self.next_s[row] = np.nan if due_us is None else (due_us - self.start_us) / 1e6
        self._heard_us[row] = view.heard_us
        if view.place is not None:
            self._place_xy[row] = self._xy(view.place)

    def _xy(self, place: Place) -> tuple[float, float]:
        x, y = self.projection.to_xy(place.lat, place.lon)
        return float(x), float(y)

    def move(self, x: np.ndarray, y: np.ndarray) -> None:
        """Put the vehicles somewhere (metres); they head where they moved to."""
        with np.errstate(invalid="ignore"):
            dx, dy = x - self.x, y - self.y
            moved = np.hypot(dx, dy) > TURN_M
        if moved.any():
            turned = np.degrees(np.arctan2(dx[moved], dy[moved])) % 360
            self.heading = self.heading.copy()
            self.heading[moved] = turned
        self.x, self.y = x.copy(), y.copy()

    def believed(self, picture: Picture) -> np.ndarray:
        """Move to the last known positions: the newer of the last sample and the last event that named a place.

        Returns when each is from, in microseconds.
        """
        last = picture.belief.last.rows
        sampled = (last["fixed_us"] > self._heard_us) & ~np.isnan(last["lat"])
        x, y = self.projection.to_xy(last["lat"], last["lon"])
        self.move(np.where(sampled, x, self._place_xy[:, 0]), np.where(sampled, y, self._place_xy[:, 1]))
        return np.where(sampled, last["fixed_us"], self._heard_us)

    def behind_s(self, picture: Picture, now_us: int) -> np.ndarray:
        """How late each runs: as at its last stop, or more where the next planned arrival has passed; NaN: no plan."""
        last = np.array([picture.delay_us.get(v, np.nan) for v in picture.belief.vehicles], np.float64)
        there = np.isin(self.state, (STATES.index("waiting"), STATES.index("serving")))
        planned = (self._next_us > 0) & ~there
        overdue = np.where(planned & (now_us > self._next_us), now_us - self._next_us, np.nan)
        busy = np.where(self.left > 0, last, np.nan)
        with np.errstate(invalid="ignore"):
            return (np.fmax(busy, overdue) / 1e6).astype(np.float32)

    def routes(self) -> dict[str, np.ndarray]:
        """Every vehicle's stops still to do: order rows, and where each vehicle's begin."""
        if self._routes is None:
            lengths = [len(stops) for stops in self.stops]
            flat = [row for stops in self.stops for row in stops]
            starts = np.concatenate([[0], np.cumsum(lengths)])
            self._routes = {"route.start": starts.astype(np.int32), "route.order": np.array(flat, np.int32)}
        return self._routes


class OrderColumns:
    """The orders of one picture, in the order they became known; a row is worked out again only when touched."""

    def __init__(self, projection: Projection, start_us: int) -> None:
        self.projection, self.start_us = projection, start_us
        self._picture: Picture | None = None
        nothing = np.empty(0, np.float32)
        self._fixed: dict[str, Any] = {"orders": [], "order.x": nothing, "order.y": nothing}
        self._state, self._vehicle = np.empty(0, np.uint8), np.empty(0, np.int32)
        self._opens_us, self._closes_us = np.empty(0, np.int64), np.empty(0, np.int64)  # 0: no window
        self._shown: dict[str, np.ndarray] = {}

    def parts(self, picture: Picture, now_us: int) -> dict[str, Any]:
        """Names, places, windows, states and vehicles; arrays that have not changed are the same objects."""
        if picture is not self._picture:  # somebody jumped back
            self._picture = picture
            picture.touched = set(picture.rows)
            self._fixed = self._fixed | {"orders": []}
        self._extend(picture)
        for order_id in picture.touched:
            row = picture.rows.get(order_id)
            if row is not None:
                self._row(row, order_id, picture)
        overdue = (self._state <= ONBOARD) | (self._state == REBOOKED)
        overdue &= (self._closes_us > 0) & (self._closes_us < now_us)
        self._show("state", np.where(overdue, np.uint8(OVERDUE), self._state))
        if picture.touched or not self._shown.keys() >= {"opens_s"}:
            self._show("vehicle", self._vehicle.copy())
            for name, at_us in (("opens_s", self._opens_us), ("closes_s", self._closes_us)):
                self._show(name, np.where(at_us > 0, (at_us - self.start_us) / 1e6, np.nan).astype(np.float32))
        picture.touched.clear()
        return self._fixed | {f"order.{name}": values for name, values in self._shown.items()}

    def _show(self, name: str, values: np.ndarray) -> None:
        old = self._shown.get(name)
        if old is None or old.tobytes() != values.tobytes():
            self._shown[name] = values

    def _row(self, row: int, order_id: str, picture: Picture) -> None:
        record, known = picture.records[order_id], picture.belief.orders.get(order_id)
        self._state[row] = _order_state(record, known)
        name = (known.onboard or known.vehicle_id) if known is not None else record.vehicle
        self._vehicle[row] = picture.belief.index[name] if name else -1
        self._opens_us[row], self._closes_us[row] = (
            (record.windows[0][0], record.windows[-1][1]) if record.windows else (0, 0)
        )

    def _extend(self, picture: Picture) -> None:
        before, n = len(self._fixed["orders"]), len(picture.rows)
        if n == before:
            return
        new = [*picture.orders.values()][before:]
        places = [order.last_task.place for order in new]
        x, y = self.projection.to_xy([place.lat for place in places], [place.lon for place in places])
        fixed = self._fixed
        self._fixed = {
            "orders": [*fixed["orders"], *([order.order_id, order.customer] for order in new)],
            "order.x": np.append(fixed["order.x"][:before], x.astype(np.float32)),
            "order.y": np.append(fixed["order.y"][:before], y.astype(np.float32)),
        }
        for column in ("_state", "_vehicle", "_opens_us", "_closes_us"):
            old = getattr(self, column)
            setattr(self, column, np.append(old[:before], np.zeros(n - before, old.dtype)))
        picture.touched.update(order.order_id for order in new)


def _order_state(record: Any, known: Any) -> int:
    """Of an order whose windows have not passed."""
    if record.end:
        if record.end != "order_delivered":
            return _ENDS[record.end]
        return ON_TIME if record.on_time else LATE
    if known is None or (known.vehicle_id is None and known.onboard is None):
        return REBOOKED if record.failed_visits else WAITING
    return ONBOARD if known.onboard else PLANNED


Figure = dict[str, Any]
"""``name``, ``value`` (None: not yet), ``unit``, and ``of``: what a count is out of, or None."""


def figures(picture: Picture, columns: VehicleColumns, now_us: int) -> list[Figure]:
    """What has been achieved up to a moment, by the KPI functions where there is one."""
    facts = picture.facts(now_us)
    out = int((columns.state != STATES.index("off")).sum())
    return [
        _figure("delivered", len(facts.delivered()), "orders", service.orders_total(facts)),
        _figure("on_time_share", service.on_time_share(facts), "share"),
        _figure("late_orders", service.late_orders(facts), "orders"),
        _figure("vehicles_out", out, "vehicles", len(columns.state)),
    ]


def office_figures(picture: Picture, messages_per_s: float | None) -> list[Figure]:
    """What only head office has: orders nobody was told to do, and messages coming in."""
    orders = picture.belief.orders.values()
    waiting = sum(order.vehicle_id is None and order.onboard is None for order in orders)
    return [_figure("orders_waiting", waiting, "orders"), _figure("messages_per_s", messages_per_s, "1/s")]


def _figure(name: str, value: float | None, unit: str, of: int | None = None) -> Figure:
    return {"name": name, "value": value, "unit": unit, "of": of}
