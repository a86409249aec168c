"""Traffic: what driving usually takes by hour, and what it takes today.

Usual times are what head office and navigation know: posted speeds, slower by class and hour, plus a delay at
junctions. Today's times multiply them by three factors with mean 1 (of the day; of the square kilometre and
quarter of an hour; of the junction at the edge's end, on its delay alone), and divide by the weather's and
the driver's pace.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from math import ceil
from types import MappingProxyType

import numpy as np
from scipy.special import ndtri

from engine.clock import LocalTime
from engine.roads.graph import ROAD_CLASSES, Profile, RoadGraph
from engine.streams import Streams, mix_u64
from engine.weather import SLOT_US, Weather, WeatherConfig

BUCKETS = 48
"""Local hours of weekdays (0 to 23) and of Saturdays and Sundays (24 to 47)."""

_SLOTS_KEPT = 256
_BUCKETS_KEPT = 4  # drives meet one hour after the other


def _by_class(**value: float) -> tuple[float, ...]:
    return tuple(value[name] for name in ROAD_CLASSES)


@dataclass(frozen=True)
class TrafficConfig:
    """How traffic flows. By class: in the order of ``ROAD_CLASSES``. See ``docs/validation.md`` for what was
    measured.

    Attributes:
        congestion_weekday, congestion_weekend: level by local hour, 0 free to 1 rush hour. Two peaks, the
            shape of the Los Angeles loop detectors in ``docs/validation.md``, with European morning hours
            (assumption).
        speed_at_peak: speed at level 1 as a share of free speed, by class (assumption: city travel times rise
            by about half in the rush hour on main roads and little in side streets; Los Angeles freeways fall
            to 0.5).
        free_speed: free-flow speed as a share of the posted or class speed, by class.
        junction_delay_s: mean delay at the end of an edge where three or more roads meet, by class of the
            edge.
        junction_delay_growth: how much longer that delay is at level 1 (0.6: by 60 %; assumption).
        dense_junctions_per_km2: where junctions are as dense as this, congestion is full; it falls in
            proportion to ``least_congestion`` in the open country (assumption: queues are a thing of towns).
        day_cv: coefficient of variation of a day's factor at level 1, lognormal with mean 1 (Los Angeles
            detectors: 0.05 to 0.23 between two weekdays in the rush hours).
        local_cv: the same for a square kilometre and quarter of an hour (a detector there: 0.21 to 0.31).
        calm_share: day and local variation at level 0, as a share of those at level 1 (detectors at night:
            0.08).
        junction_cv: the same for the delay at the end of an edge in a quarter of an hour, at any hour: lights
            are red by night too (assumption: a red light or none spreads wider than its mean).
        top_speed: no one drives faster than this multiple of an edge's free speed.
        weather: see ``WeatherConfig``.
    """

    congestion_weekday: tuple[float, ...] = (
        0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.3, 0.75, 1.0, 0.75, 0.5, 0.45,
        0.45, 0.45, 0.5, 0.6, 0.8, 1.0, 0.9, 0.55, 0.3, 0.15, 0.05, 0.0,
    )  # fmt: skip
    congestion_weekend: tuple[float, ...] = (
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.1, 0.2, 0.35, 0.45,
        0.45, 0.4, 0.4, 0.4, 0.4, 0.4, 0.35, 0.25, 0.15, 0.1, 0.05, 0.0,
    )  # fmt: skip
    speed_at_peak: tuple[float, ...] = _by_class(
        motorway=0.62, trunk=0.6, primary=0.62, secondary=0.66, tertiary=0.72, unclassified=0.82,
        residential=0.88, living_street=0.95, service=0.95, track=1.0,
    )  # fmt: skip
    free_speed: tuple[float, ...] = (1.0,) * len(ROAD_CLASSES)
    junction_delay_s: tuple[float, ...] = _by_class(
        motorway=0.0, trunk=1.5, primary=3.0, secondary=3.5, tertiary=3.5, unclassified=3.5,
        residential=3.5, living_street=3.0, service=3.5, track=3.5,
    )  # fmt: skip
    junction_delay_growth: float = 0.6
    dense_junctions_per_km2: float = 60.0
    least_congestion: float = 0.25
    day_cv: float = 0.12
    local_cv: float = 0.3
    calm_share: float = 0.3
    junction_cv: float = 1.5
    top_speed: float = 1.15
    weather: WeatherConfig = field(default_factory=WeatherConfig)

    def __post_init__(self) -> None:
        for name, count, low, high in (
            ("congestion_weekday", 24, 0, 2), ("congestion_weekend", 24, 0, 2),
            ("speed_at_peak", len(ROAD_CLASSES), 0.05, 1),
            ("free_speed", len(ROAD_CLASSES), 0.05, 3), ("junction_delay_s", len(ROAD_CLASSES), 0, 600),
        ):  # fmt: skip
            values = getattr(self, name)
            if len(values) != count or not all(low <= value <= high for value in values):
                expected = f"{count} numbers from {low} to {high}"
                raise ValueError(f"traffic.{name}: expected {expected}, got {values}")
        for name, least, most in (
            ("junction_delay_growth", 0, 20), ("dense_junctions_per_km2", 1e-9, 1e9),
            ("least_congestion", 0, 1),
            ("day_cv", 0, 3), ("local_cv", 0, 3), ("junction_cv", 0, 3), ("calm_share", 0, 1),
            ("top_speed", 1, 3),
        ):  # fmt: skip
            if not least <= (value := getattr(self, name)) <= most:
                raise ValueError(f"traffic.{name}: expected a number from {least} to {most}, got {value}")
        busiest = max(*self.congestion_weekday, *self.congestion_weekend)
        if busiest * (1 - min(self.speed_at_peak)) > 0.95:
            raise ValueError(
                f"traffic.congestion_weekday: level {busiest} would stop traffic with traffic.speed_at_peak "
                f"{min(self.speed_at_peak)}; lower the level or raise the speed"
            )

    def scaled(self, hours: Iterable[int], factor: float) -> "TrafficConfig":
        """The same with the weekday congestion of some hours multiplied by ``factor``."""
        chosen, level = frozenset(hours), self.congestion_weekday
        return replace(
            self,
            congestion_weekday=tuple(level[hour] * (factor if hour in chosen else 1.0) for hour in range(24)),
        )


PRESETS: Mapping[str, TrafficConfig] = MappingProxyType({
    "default": TrafficConfig(),
    "porto": TrafficConfig().scaled((17, 18), 1.32),
})  # fmt: skip
"""Named configurations. ``porto`` is calibrated on taxis of one August evening hour
(``docs/validation.md``)."""


class Traffic:
    """Travel times on one graph. Draws depend on seed, day, place and slot only, never on who drives or when
    asked."""

    def __init__(self, graph: RoadGraph, config: TrafficConfig, streams: Streams, local: LocalTime) -> None:
        self.config, self._local, self._streams = config, local, streams
        self.weather = Weather(config.weather, streams, local)
        level = np.concatenate([config.congestion_weekday, config.congestion_weekend])
        self._level = level
        self._length_m = graph.length_m
        self._free_s = graph.length_m / (graph.speed_mps * np.array(config.free_speed)[graph.road_class])
        area_lat, area_lon, urban = _areas(graph, config)
        areas, self._area = np.unique(area_lat * 2**32 + area_lon, return_inverse=True)
        self._area_key = mix_u64(areas.astype(np.uint64) ^ np.uint64(streams.key("traffic", "area")))
        edge = np.arange(graph.edges, dtype=np.uint64)
        self._junction_key = mix_u64(edge ^ np.uint64(streams.key("traffic", "junction")))
        peak = np.array(config.speed_at_peak)[graph.road_class]
        # Slowness is linear in speed's fall: at level x the free time is divided by 1 - x (1 - peak), less
        # out of town.
        self._fall = (1 - peak) * urban
        self._delay_s = np.where(
            _roads_meeting(graph)[graph.head] >= 3, np.array(config.junction_delay_s)[graph.road_class], 0.0
        )
        self._delay_growth = config.junction_delay_growth * urban
        self._usual: OrderedDict[int, tuple[np.ndarray, np.ndarray]] = OrderedDict()
        self._least: dict[float, np.ndarray] = {}
        self._slots: OrderedDict[int, tuple[int, np.ndarray]] = OrderedDict()
        self._buckets: dict[int, int] = {}

    def afresh(self) -> "Traffic":
        """The same traffic under a sky of its own, on which nothing has been pushed."""
        other = copy(self)
        other.weather = Weather(self.config.weather, self._streams, self._local)
        return other

    def bucket(self, t_us: int) -> int:
        """Number of the local hour, weekday (0 to 23) or weekend (24 to 47)."""
        slot = t_us // SLOT_US  # clocks change on no finer grid
        if slot not in self._buckets:
            hour = self._local.second_of_day(t_us) // 3600
            self._buckets[slot] = int(hour + 24 * (self._local.weekday(t_us) >= 5))
        return self._buckets[slot]

    def usual_weights_ms(self, profile: Profile, bucket: int) -> np.ndarray:
        """Usual driving time of every edge for a kind of vehicle, int64 [edges] of at least 1 ms.

        Covers all edges; which of them the profile may use is ``RoadGraph.allowed``.
        """
        moving_s, delay_s = self._usual_s(bucket)
        slowest_s = np.maximum(moving_s, self._length_m / profile.max_speed_mps) + delay_s
        return np.maximum(np.rint(slowest_s * 1e3), 1).astype(np.int64)

    def drive(self, edges: np.ndarray, depart_us: int, pace: float, max_speed_mps: float) -> np.ndarray:
        """True moments at which each of the edges in turn is left, int64 [len(edges)] in microseconds.

        Within a slot an edge takes ``_slot_us``; one that lasts over a border goes on with its share left, at
        the new slot's speed (Ichoua, Gendreau, Potvin, "Vehicle dispatching with time-dependent travel
        times", EJOR 2003). Every step is monotone, also in floating point, so leaving later never means
        arriving earlier.

        Args:
            edges: consecutive edges.
            depart_us: departure.
            pace: the driver's speed relative to traffic, 1 is usual.
            max_speed_mps: of the vehicle.
        """
        edges = np.asarray(edges)
        ends = np.empty(len(edges), np.int64)
        least_s = self._least_s(max_speed_mps)[edges]
        now, done, left = int(depart_us), 0, 1.0
        while done < len(edges):
            slot = now // SLOT_US
            border = (slot + 1) * SLOT_US
            whole = self._slot_us(edges[done:], slot, pace, least_s[done:])
            first = ceil(left * float(whole[0]))
            until = whole.cumsum()
            until += now + first - whole[0]
            reached = int(until.searchsorted(border, side="right"))
            ends[done : done + reached] = until[:reached]
            done += reached
            if done == len(edges):
                break
            if reached:
                now, left = int(until[reached - 1]), 1.0
            left = max(left - (border - now) / float(whole[reached]), 0.0)
            now = border
        return ends

    def day_factor(self, day: int, scale: float = 1.0) -> float:
        """Travel-time factor of a local day: lognormal, mean 1."""
        uniform = self._streams.uniform("traffic", "day", day) + 2.0**-54
        return float(_lognormal(ndtri(uniform), self.config.day_cv * scale))

    def area_factors(self, slot: int, scale: float = 1.0) -> np.ndarray:
        """Travel-time factors of all areas in a slot (``t_us // SLOT_US``): lognormal, mean 1."""
        return _lognormal(_normal(self._area_key, slot), self.config.local_cv * scale)

    def junction_factors(self, edges: np.ndarray, slot: int) -> np.ndarray:
        """Factors of the delays at the ends of edges in a slot: lognormal, mean 1."""
        return _lognormal(_normal(self._junction_key[edges], slot), self.config.junction_cv)

    def _usual_s(self, bucket: int) -> tuple[np.ndarray, np.ndarray]:
        """Usual seconds on the move and in delay at the junction, by edge."""
        known = self._usual.get(bucket)
        if known is None:
            level = self._level[bucket]
            moving_s = self._free_s / (1 - level * self._fall)
            known = self._usual[bucket] = moving_s, self._delay_s * (1 + level * self._delay_growth)
            if len(self._usual) > _BUCKETS_KEPT:
                self._usual.popitem(last=False)
        return known

    def _least_s(self, max_speed_mps: float) -> np.ndarray:
        """Physical bound on the time on the move of each edge: the vehicle's top speed and that of the
        road."""
        if max_speed_mps not in self._least:
            self._least[max_speed_mps] = np.maximum(
                self._free_s / self.config.top_speed, self._length_m / max_speed_mps
            )
        return self._least[max_speed_mps]

    def _slot_us(self, edges: np.ndarray, slot: int, pace: float, least_s: np.ndarray) -> np.ndarray:
        """Time of whole edges at the speeds of a slot, int64 microseconds of at least 1."""
        bucket, factor = self._slot(slot)
        moving_s, delay_s = self._usual_s(bucket)
        slow = factor[self._area[edges]] / (pace * self.weather.factor(slot * SLOT_US))
        seconds = np.maximum(moving_s[edges] * slow, least_s)
        seconds += delay_s[edges] * slow * self.junction_factors(edges, slot)
        return np.maximum(np.rint(seconds * 1e6), 1).astype(np.int64)

    def _slot(self, slot: int) -> tuple[int, np.ndarray]:
        """Bucket of a slot and the factor of day and area on travel times, by area."""
        known = self._slots.get(slot)
        if known is None:
            t_us = slot * SLOT_US
            bucket = self.bucket(t_us)
            calm, level = self.config.calm_share, min(float(self._level[bucket]), 1.0)
            scale = calm + (1 - calm) * level
            factor = self.day_factor(self._local.day(t_us), scale) * self.area_factors(slot, scale)
            known = self._slots[slot] = bucket, factor
            if len(self._slots) > _SLOTS_KEPT:
                self._slots.popitem(last=False)
        return known


def _normal(key: np.ndarray, slot: int) -> np.ndarray:
    """Standard normal draws, a function of the (already mixed) key and the slot alone."""
    mixed = mix_u64(key + np.uint64(slot * 0x9E3779B97F4A7C15 % 2**64))
    return ndtri(((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def _lognormal(normal: np.ndarray, cv: float) -> np.ndarray:
    """exp(mu + sigma z) with mean 1 and coefficient of variation ``cv``, to 6 decimals (exp differs between
    CPUs)."""
    sigma2 = np.log1p(cv * cv)
    return np.exp(np.sqrt(sigma2) * normal - sigma2 / 2).round(6)


def _areas(graph: RoadGraph, config: TrafficConfig) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row and column of the area of about 1 km2 where each edge begins, and how urban that area is (0 to 1).

    Rows and columns are counted from a fixed point of the globe in steps of 0.009 degrees of latitude and, by
    the whole degree of latitude, as many metres of longitude.
    """
    row = np.floor((graph.lat + 90) / 0.009).astype(np.int64)
    step = 0.009 / np.cos(np.radians(np.floor(np.median(graph.lat))))
    column = np.floor((graph.lon + 180) / step).astype(np.int64)
    cell, which = np.unique(row * 2**32 + column, return_inverse=True)
    junctions = np.bincount(which, _roads_meeting(graph) >= 3, minlength=len(cell))
    density = np.clip(junctions / config.dense_junctions_per_km2, config.least_congestion, 1.0)
    return row[graph.tail], column[graph.tail], density[which][graph.tail]


def _roads_meeting(graph: RoadGraph) -> np.ndarray:
    """How many different neighbours each node has: 1 a road's end, 2 a bend, 3 or more a junction."""
    low, high = np.minimum(graph.tail, graph.head), np.maximum(graph.tail, graph.head)
    pairs = np.unique(low.astype(np.int64) * graph.nodes + high)
    return np.bincount(np.concatenate([pairs // graph.nodes, pairs % graph.nodes]), minlength=graph.nodes)
