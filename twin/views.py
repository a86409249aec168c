"""Head office's picture at one moment, as policies, planners, alerts and screens get it: read-only snapshots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from typing import Any, Literal, NamedTuple

import numpy as np

from twin.orders import Order, Place

NEVER_US = 2**62
VehicleState = Literal["off", "preparing", "loading", "idle", "driving", "waiting", "serving", "break", "broken"]
AT_DEPOT = ("off", "preparing", "loading")
"""States of a vehicle that has not left its depot: what is put on its route now is loaded before it leaves."""
DEPOT_LOAD_US = 300_000_000
"""Coming by the depot for goods that are not on board takes five minutes [A]."""


class Stop(NamedTuple):
    """A stop of a commanded route."""

    order_id: str
    task: Literal["pickup", "delivery"]
    arrive_us: int | None = None


class OrderView(NamedTuple):
    """An open order as known: ``vehicle_id`` is who was told to do it, ``onboard`` who has it."""

    order: Order
    known_us: int
    vehicle_id: str | None = None
    onboard: str | None = None
    attempts: int = 0
    not_before_us: int = 0  # after a failed visit: not again today
    planned_us: int | None = None


class VehicleView(NamedTuple):
    """A vehicle and its driver as known. ``stops`` are those still to do, ``started`` the one under way (frozen).

    Times are those of the events that told, by their own clock.
    """

    vehicle_id: str
    kind: str
    profile: str
    depot_id: str
    capacity: Mapping[str, float]
    offers: frozenset[str]
    driver_id: str | None = None
    state: VehicleState = "off"
    state_us: int = 0
    place: Place | None = None  # of the last event that named one
    heard_us: int = 0  # until when it is known to have been there
    shift_us: tuple[int, int] | None = None
    stops: tuple[Stop, ...] = ()
    started: Stop | None = None
    free_at_us: int | None = None  # planned end of what it does now
    leave_us: int | None = None  # when it was told to leave the depot, until it does
    changes: int = 0  # of its route since the shift began
    held: bool = False  # was told to set off to no other stop
    breaks_us: tuple[tuple[int, int], ...] = ()  # planned, not yet begun


class Eta(NamedTuple):
    """When a vehicle is expected at a stop, and an interval for it."""

    arrive_us: int
    low_us: int
    high_us: int


def _none() -> np.ndarray:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Etas(Mapping[tuple[str, str], Eta]):
    """Expected arrivals by ``(order_id, task)``. Arrays, int64, are by stop, in the order of ``rows``.

    ``half_us``: half the interval. ``promised_us``: when the last window of the order closes; NEVER_US: it has none, or
    another stop decides whether it is on time.
    """

    now_us: int = 0
    rows: Mapping[tuple[str, str], int] = field(default_factory=dict)
    arrive_us: np.ndarray = field(default_factory=_none)
    half_us: np.ndarray = field(default_factory=_none)
    promised_us: np.ndarray = field(default_factory=_none)

    def __getitem__(self, stop: tuple[str, str]) -> Eta:
        row = self.rows[stop]
        arrive_us, half_us = int(self.arrive_us[row]), int(self.half_us[row])
        return Eta(arrive_us, max(self.now_us, arrive_us - half_us), arrive_us + half_us)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class FleetView:
    """Head office's picture at one moment, read-only. Positions are last known ones, each with its age.

    Arrays are by vehicle, in the order of ``index``. Those of the newest fix: ``lat``, ``lon`` (NaN: never heard),
    ``speed_mps``, ``heading_deg``, ``fixed_us``. Those of the newest sample, with a fix or not: ``ignition`` to
    ``supply_mv``, ``recorded_us``. ``fixed_us``, ``recorded_us`` and ``still_since_us`` are the device's clock, where
    that is not known to be wrong, ``heard_us``, ``sampled_us`` and ``told_us`` the office's; 0: never.
    """

    now_us: int
    vehicles: Mapping[str, VehicleView]
    orders: Mapping[str, OrderView]  # open ones
    depots: Mapping[str, Place]
    closures: Mapping[str, tuple[int, ...]]
    index: Mapping[str, int]  # vehicle id -> row of the arrays below
    lat: np.ndarray  # float64
    lon: np.ndarray
    speed_mps: np.ndarray  # float64
    heading_deg: np.ndarray
    fixed_us: np.ndarray  # int64
    recorded_us: np.ndarray
    heard_us: np.ndarray  # last reception of anything
    sampled_us: np.ndarray  # last reception of a sample
    told_us: np.ndarray  # last reception of a message of its device
    told_of_us: np.ndarray  # newest time such a message told of
    still_since_us: np.ndarray  # first sample of the present run of samples below 1 m/s; NEVER_US: it moves
    odometer_m: np.ndarray  # float64
    ignition: np.ndarray  # bool
    satellites: np.ndarray  # uint8
    cn0_dbhz: np.ndarray  # uint8
    cn0_spread_db: np.ndarray  # uint8
    rf_power_db: np.ndarray  # int8
    supply_mv: np.ndarray  # uint16
    clock_faults: np.ndarray  # int64, samples whose time was not believed
    events_us: int = 0  # last reception of a message
    journal: dict[str, Any] = field(default_factory=dict)  # the policy's own memory
    etas: Etas = field(default_factory=Etas)  # expected arrivals (twin.eta), for alert rules
    feeds: Mapping[str, Any] = field(default_factory=dict)  # twin.feed_monitor.Finding, for rules with FeedSettings
    sightings: Mapping[Any, tuple] = field(default_factory=dict)  # twin.sightings.Finding by detector, for alert rules

    @cached_property
    def shift_began_us(self) -> np.ndarray:
        """Of vehicles whose shift is on, as known, by row: int64; 0: it is not."""
        shifts = [vehicle.shift_us for vehicle in self.vehicles.values()]
        return np.array([0 if shift is None else shift[0] for shift in shifts], np.int64)

    def position(self, vehicle_id: str) -> Place | None:
        """Last known position: the newer of the last fix and the last event that named a place."""
        vehicle, row = self.vehicles[vehicle_id], self.index[vehicle_id]
        if self.fixed_us[row] > vehicle.heard_us or vehicle.place is None:
            if isnan(self.lat[row]):
                return vehicle.place
            return Place("", float(self.lat[row]), float(self.lon[row]))
        return vehicle.place

    def unassigned(self) -> list[OrderView]:
        """Open orders nobody was told to do, that may be visited today."""
        return [o for o in self.orders.values() if o.vehicle_id is None and o.not_before_us <= self.now_us]
