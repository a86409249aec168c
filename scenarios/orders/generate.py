"""Orders drawn at random: where, when, how much.

Every draw is named by the day and the number of the order, never by how many there are: one order more, or
another vehicle, leaves all others as they were.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

import numpy as np

from engine.clock import LocalTime
from engine.geo import Projection
from engine.streams import Streams
from scenarios.places import Candidates, place_at
from scenarios.schema_orders import GenerateConfig, LogNormal, ServiceTime
from twin.orders import Order, Place, Task, Window

_Key = TypeVar("_Key")
_NORMAL = NormalDist()
_DECIMALS = {"weight_kg": 2, "volume_m3": 4, "items": 0}
_SLOT_S = {"half_day": None, "two_hours": 7200, "one_hour": 3600}


def generate(
    config: GenerateConfig,
    days: Sequence[int],
    candidates: Candidates,
    depots: Sequence[Place],
    streams: Streams,
    local: LocalTime,
) -> list[Order]:
    """The orders of some local days: per day those known before it, then those placed during it by time.

    Orders are named O1, O2 … and, placed during the day, N1, N2 …; from the second day on ``O1-d2``.
    Positions are those of ``candidates``; ``depots`` (named by ``place_id``) matter only for ``depot:
    nearest``, which raises ValueError when there are none.
    """
    if config.depot == "nearest" and not depots:
        raise ValueError("orders.generate.depot: nearest needs at least one depot")
    draw = _Draw(config, _Sites(config, candidates, streams), tuple(depots), streams, local)
    orders: list[Order] = []
    for ordinal, day in enumerate(days, start=1):
        factor = config.weekday_factors[(day + 3) % 7]
        known = round(config.known_per_day * factor)
        orders += [draw.known(day, ordinal, number) for number in range(1, known + 1)]
        placed = arrivals_s(config, factor, ordinal, streams)
        orders += [draw.arriving(day, ordinal, n, at_s) for n, at_s in enumerate(placed, start=1)]
    return orders


def arrivals_s(config: GenerateConfig, factor: float, ordinal: int, streams: Streams) -> list[float]:
    """Seconds of the local day at which orders are placed: a Poisson process with the hourly profile.

    Unit-rate arrivals are mapped through the inverse of the cumulative rate (Cinlar, Introduction to
    Stochastic Processes, 1975), so that the n-th arrival keeps its draw whatever the rate.
    """
    mean = config.arriving_per_day * factor
    if mean <= 0:
        return []
    weights = np.array(config.arrival_weights)
    cumulative = np.concatenate([[0.0], np.cumsum(weights) / weights.sum() * mean])
    # Hours without arrivals would make the inverse jump: only the hours in which the sum rises are kept.
    rises = np.flatnonzero(np.diff(cumulative) > 0)
    below = cumulative[rises]
    placed: list[float] = []
    total = 0.0
    while True:
        total -= math.log(1.0 - streams.uniform("order", "gap", ordinal, len(placed) + 1))
        if total >= mean:
            return placed
        hour = int(rises[np.searchsorted(below, total, side="right") - 1])
        share = (total - cumulative[hour]) / (cumulative[hour + 1] - cumulative[hour])
        placed.append(3600.0 * (hour + float(share)))


class _Sites:
    """Where customers live: clusters around drawn candidates, and scattered ones."""

    def __init__(self, config: GenerateConfig, candidates: Candidates, streams: Streams) -> None:
        from scipy.spatial import cKDTree

        self.config, self.candidates, self.streams = config, candidates, streams
        weight = np.ones(len(candidates.lat)) if candidates.weight is None else np.asarray(candidates.weight, float)
        self.cumulative = np.cumsum(weight / weight.sum())
        plane = Projection(float(np.mean(candidates.lat)), float(np.mean(candidates.lon)))
        self.xy = np.column_stack(plane.to_xy(candidates.lat, candidates.lon))
        likely = np.flatnonzero(weight > 0)
        self.likely, self.tree = likely, cKDTree(self.xy[likely])
        numbers = range(config.clusters)
        self.centres = [self._anywhere("cluster", number) for number in numbers]
        sizes = np.array([0.5 + streams.uniform("cluster", number, "size") for number in numbers])
        self.cluster_upto = np.cumsum(sizes / sizes.sum()) if len(sizes) else sizes

    def site(self, *names: object) -> Place:
        """The place of what is named: in a cluster or anywhere, always at a candidate."""
        uniform = self.streams.uniform
        if not len(self.centres) or uniform(*names, "scattered") < self.config.scattered_share:
            return self._place(self._anywhere(*names))
        at = int(np.searchsorted(self.cluster_upto, uniform(*names, "cluster"), side="right"))
        centre = self.xy[self.centres[min(at, len(self.centres) - 1)]]
        offset = [_standard_normal(uniform(*names, axis)) * self.config.cluster_spread_m for axis in ("x", "y")]
        return self._place(int(self.likely[self.tree.query(centre + offset)[1]]))

    def _anywhere(self, *names: object) -> int:
        at = int(np.searchsorted(self.cumulative, self.streams.uniform(*names, "site"), side="right"))
        return min(at, len(self.cumulative) - 1)

    def _place(self, index: int) -> Place:
        return place_at(self.candidates.lat[index], self.candidates.lon[index])


@dataclass(frozen=True)
class _Draw:
    """Draws one order at a time."""

    config: GenerateConfig
    sites: _Sites
    depots: tuple[Place, ...]
    streams: Streams
    local: LocalTime

    def known(self, day: int, ordinal: int, number: int) -> Order:
        """An order known before its day, with a promised window."""
        names = ("order", "known", ordinal, number)
        open_s, close_s = self._window_s(names)
        window = Window(self.local.at(day, open_s), self.local.at(day, close_s))
        return self._order(_order_id("O", number, ordinal), names, window, self.local.at(day, self.config.opens), None)

    def arriving(self, day: int, ordinal: int, number: int, at_s: float) -> Order:
        """An order placed at a second of the day; its window opens after the notice, rounded up to 5
        minutes."""
        config, names = self.config, ("order", "arriving", ordinal, number)
        open_s = max(math.ceil((at_s + config.notice_s) / 300) * 300, config.opens)
        close_s = min(math.ceil(open_s + config.promise_s), config.closes)
        window = Window(self.local.at(day, open_s), self.local.at(day, max(open_s, close_s)))
        placed_us = self.local.at(day, round(at_s))
        return self._order(_order_id("N", number, ordinal), names, window, placed_us, placed_us)

    def _order(self, order_id: str, names: tuple, window: Window, ready_us: int, placed_us: int | None) -> Order:
        customer, place = self._customer(order_id, names)
        kind_draw = self.streams.uniform(*names, "kind")
        pickup: Task | None = None
        delivery: Task | None = None
        if kind_draw < self.config.pickup_share:
            pickup = Task("pickup", place, (window,), self._service_s(names, "pickup"))
        else:
            delivery = Task("delivery", place, (window,), self._service_s(names, "delivery"))
        if self.config.pickup_share <= kind_draw < self.config.pickup_share + self.config.pair_share:
            until = Window(min(ready_us, window.close_us), window.close_us)
            pickup = Task("pickup", self.sites.site(*names, "pickup"), (until,), self._service_s(names, "pickup"))
        return Order(
            order_id,
            pickup,
            delivery,
            demand=self._demand(names),
            priority=self._priority(names),
            needs=frozenset(
                need for need, share in self.config.needs.items() if self.streams.uniform(*names, "need", need) < share
            ),
            customer=customer,
            depot=None if pickup and delivery else self._depot(place),
            placed_us=placed_us,
        )

    def _customer(self, order_id: str, names: tuple) -> tuple[str, Place]:
        if self.config.customers is None:
            return f"C-{order_id}", self.sites.site(*names)
        number = 1 + int(self.streams.uniform(*names, "customer") * self.config.customers)
        return f"C{number}", self.sites.site("household", number)

    def _depot(self, place: Place) -> str | None:
        """The nearest depot by plane distance, if the goods are bound to one."""
        if self.config.depot == "any":
            return None
        plane = Projection(place.lat, place.lon)
        return min(self.depots, key=lambda d: (math.hypot(*plane.to_xy(d.lat, d.lon)), d.place_id)).place_id

    def _window_s(self, names: tuple) -> tuple[int, int]:
        """A promised window in seconds of the day; slots are laid from the opening on."""
        config = self.config
        mix = {name: getattr(config.windows, name) for name in ("all_day", "half_day", "two_hours", "one_hour")}
        kind = _pick(mix, self.streams.uniform(*names, "window"))
        if kind == "all_day":
            return config.opens, config.closes
        length = _SLOT_S[kind] or (config.closes - config.opens) // 2
        slots = max(1, (config.closes - config.opens) // length)
        open_s = config.opens + length * int(self.streams.uniform(*names, "slot") * slots)
        return open_s, min(open_s + length, config.closes)

    def _service_s(self, names: tuple, kind: str) -> float:
        return service_time_s(self.config.service, self.streams.uniform(*names, "service", kind))

    def _demand(self, names: tuple) -> dict[str, float]:
        demand = {}
        for unit, decimals in _DECIMALS.items():
            amount: LogNormal | None = getattr(self.config, unit)
            if amount is not None:
                drawn = amount.median * math.exp(amount.log_sd * _standard_normal(self.streams.uniform(*names, unit)))
                least = 10.0**-decimals
                demand[unit] = min(max(round(drawn, decimals), least), amount.most)
        return demand

    def _priority(self, names: tuple) -> int:
        return _pick(dict(sorted(self.config.priorities.items())), self.streams.uniform(*names, "priority"))


def service_time_s(service: ServiceTime, uniform: float) -> float:
    """The quantile of a service time in whole seconds, at least 1, at most ``most_s``.

    Log-logistic: ``median * (u / (1 - u)) ** (1 / shape)``; lognormal: ``median * exp(log_sd * z)``.
    """
    if service.distribution == "log_logistic":
        factor = (uniform / (1.0 - uniform)) ** (1.0 / service.shape)
    else:
        factor = math.exp(service.log_sd * _standard_normal(uniform))
    return float(min(max(round(service.median_s * factor), 1), service.most_s))


def _standard_normal(uniform: float) -> float:
    """The standard normal quantile of a draw in [0, 1)."""
    return _NORMAL.inv_cdf(max(uniform, 2.0**-54))


def _pick(weights: Mapping[_Key, float], uniform: float) -> _Key:
    """The key a uniform draw falls on; keys in the given order, with their weights."""
    left = uniform * sum(weights.values())
    for key, weight in weights.items():
        left -= weight
        if left < 0:
            return key
    return max(weights, key=lambda key: weights[key] > 0)


def _order_id(letter: str, number: int, ordinal: int) -> str:
    return f"{letter}{number}" if ordinal == 1 else f"{letter}{number}-d{ordinal}"
