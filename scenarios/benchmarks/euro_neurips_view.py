"""A dynamic day through the eyes of head office: the ``FleetView`` of an epoch, driving times, and the known demand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scenarios.benchmarks.euro_neurips_day import Day, Request, draw_requests
from twin.orders import Order, Place, Task, Window
from twin.policies.wave_search import Each
from twin.policies.waves import Prospect
from twin.travel import TravelMatrix
from twin.views import FleetView, OrderView, VehicleView

SECOND_US = 1_000_000
UNIT = "units"
DEPOT = Place("0", 0.0, 0.0)


class TableTravel:
    """``twin.travel.TravelTimes`` out of a day's table: places are named by customer number, distances are seconds."""

    def __init__(self, travel_s: np.ndarray) -> None:
        self._travel_s = travel_s

    def matrix(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> TravelMatrix:
        """The same at any time of day."""
        seconds = self._travel_s[np.ix_(_rows(origins), _rows(destinations))]
        return TravelMatrix(seconds * 1000, seconds)

    def legs_ms(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> np.ndarray:
        """The same at any time of day."""
        return self._travel_s[_rows(origins), _rows(destinations)] * 1000

    def basis(self, depart_at_us: int) -> None:
        """Nothing else."""


def _rows(places: Iterable[Place]) -> list[int]:
    return [int(place.place_id) for place in places]


class KnownDemand:
    """``twin.policies.waves.Demand``: the distribution a day's requests are drawn from, not the requests to come."""

    def __init__(self, day: Day) -> None:
        self._day = day

    def draw(self, rng: np.random.Generator, asked_us: int) -> list[Order]:
        """What the competition's environment might release at the start of the epoch at ``asked_us``."""
        epoch = asked_us // SECOND_US // self._day.epoch_s
        return [order_of(request, asked_us) for request in draw_requests(self._day, rng, epoch)]


def order_of(request: Request, placed_us: int) -> Order:
    """A request as an order of the house."""
    place = Place(str(request.customer), 0.0, 0.0)
    window = Window(request.tw_open * SECOND_US, request.tw_close * SECOND_US)
    task = Task("delivery", place, (window,), float(request.service))
    return Order(str(request.id), None, task, {UNIT: float(request.demand)}, placed_us=placed_us)


def view_of(
    day: Day,
    epoch: int,
    waiting: Mapping[int, Request],
    journal: dict[str, Any],
    left_s: Callable[[], float] | None,
    each: Each = map,
) -> FleetView:
    """Head office's picture as an epoch begins: requests known and not sent yet, a vehicle at the depot for each.

    Vehicles are ready to leave when the epoch's do. ``journal["waves"]`` is set to what is known of the rest of the
    day.
    """
    now_us, leave_us = day.starts_s(epoch) * SECOND_US, day.leaves_s(epoch) * SECOND_US
    asked_us = tuple(day.starts_s(later) * SECOND_US for later in day.epochs if later > epoch)
    journal["waves"] = Prospect(asked_us, KnownDemand(day), left_s, each)
    orders = {}
    for request in waiting.values():
        known_us = day.starts_s(request.release_epoch) * SECOND_US
        orders[str(request.id)] = OrderView(order_of(request, known_us), known_us)
    vehicles = {name: _vehicle(day, name, now_us, leave_us) for name in (f"V{n + 1}" for n in range(len(waiting)))}
    return FleetView(
        now_us=now_us,
        vehicles=vehicles,
        orders=orders,
        depots={"depot": DEPOT},
        closures={},
        index={name: row for row, name in enumerate(vehicles)},
        **_never_heard(len(vehicles)),
        journal=journal,
    )


def _never_heard(count: int) -> dict[str, Any]:
    """The arrays of a view whose vehicles carry no device: no position, all else 0."""
    no_fix = {name: np.full(count, np.nan) for name in ("lat", "lon", "speed_mps", "heading_deg")}
    times = ("fixed_us", "recorded_us", "heard_us", "sampled_us", "told_us", "told_of_us")
    zero = {name: np.zeros(count, np.int64) for name in times}
    small = {name: np.zeros(count, np.uint8) for name in ("satellites", "cn0_dbhz", "cn0_spread_db")}
    return {
        **no_fix,
        **zero,
        **small,
        "still_since_us": np.zeros(count, np.int64),
        "odometer_m": np.zeros(count),
        "ignition": np.zeros(count, bool),
        "rf_power_db": np.zeros(count, np.int8),
        "supply_mv": np.zeros(count, np.uint16),
        "clock_faults": np.zeros(count, np.int64),
    }


def _vehicle(day: Day, name: str, now_us: int, leave_us: int) -> VehicleView:
    return VehicleView(
        vehicle_id=name,
        kind="vehicle",
        profile="car",
        depot_id="depot",
        capacity={UNIT: float(day.capacity)},
        offers=frozenset(),
        driver_id=f"D{name[1:]}",
        state="loading",
        state_us=now_us,
        place=DEPOT,
        heard_us=now_us,
        shift_us=(now_us, day.closes_s * SECOND_US),
        free_at_us=leave_us,
    )
