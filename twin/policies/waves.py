"""Dispatch waves: one depot whose vehicles all leave together now and then; what does not leave now waits for the next.

A policy here answers with one ``set_route`` for each vehicle that leaves now, and leaves all other orders alone. How
the day goes on (when it is asked again, what may still be ordered) it reads from ``view.journal["waves"]``, a
``Prospect``. Vehicles are alike and orders are deliveries from the depot.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from twin.commands import Command, set_route
from twin.orders import Order, Place, natural_key
from twin.policies.common import begin
from twin.policies.wave_routes import Jobs, Wave, routes
from twin.policies.wave_search import Each, Effort, leaves_now, must_leave
from twin.travel import TravelTimes
from twin.views import FleetView, Stop, VehicleView

SECOND_US = 1_000_000

LOOK_AHEAD = 1
"""Waves to come whose orders are drawn; more of them cost time and did not help (docs/benchmarks.md)."""

RANDOM_SHARE = 0.5
"""Chance that ``random_wave`` sends what could wait, as the competition's baseline does."""


class Demand(Protocol):
    """What is known of orders to come: their distribution."""

    def draw(self, rng: np.random.Generator, asked_us: int) -> list[Order]:
        """Orders that become known just before a policy is asked at ``asked_us``."""
        ...


@dataclass(frozen=True)
class Prospect:
    """What is known of the rest of the day: when a policy is asked again (ascending) and what may come by then.

    ``left_s`` tells the seconds left to decide, None: effort is counted, not timed. ``each`` solves draws: ``map``,
    or the same over several processes, which changes no answer.
    """

    asked_us: tuple[int, ...] = ()
    demand: Demand | None = None
    left_s: Callable[[], float] | None = None
    each: Each = map


Choice: TypeAlias = Callable[["Picture", np.random.Generator, Effort], np.ndarray]
"""Which of the picture's jobs leave now: bool [jobs]."""


@dataclass(frozen=True)
class Picture:
    """A view in the search's terms. ``orders`` are those of ``jobs``; ``places`` begins with the depot."""

    wave: Wave
    orders: tuple[Order, ...]
    jobs: Jobs
    places: tuple[Place, ...]
    travel_s: np.ndarray
    unit: str | None  # of the loads; None: vehicles have no limit
    wait_us: int  # from being asked to leaving
    prospect: Prospect
    seconds: Callable[[Sequence[Place]], np.ndarray]  # driving times (s) between places


def greedy(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
    """Everything that is known leaves now."""
    return _decide(view, travel, rng, budget, lambda picture, rng, effort: np.ones(len(picture.jobs), dtype=bool))


def lazy(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
    """Only what the next wave would be too late for leaves now."""
    return _decide(view, travel, rng, budget, lambda picture, rng, effort: _must(picture))


def random_wave(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
    """What cannot wait leaves now, and of the rest each order by the toss of a coin."""
    return _decide(
        view, travel, rng, budget, lambda p, rng, effort: _must(p) | (rng.random(len(p.jobs)) < RANDOM_SHARE)
    )


def rolling_wave(view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int) -> list[Command]:
    """What leaves now in most of the futures drawn from the known demand (``wave_search``)."""
    return _decide(view, travel, rng, budget, _by_scenarios)


WAVE_POLICIES = {"greedy": greedy, "lazy": lazy, "random": random_wave, "rolling": rolling_wave}
"""By name on days of waves, before all registered policies."""


def _decide(
    view: FleetView, travel: TravelTimes, rng: np.random.Generator, budget: int, choice: Choice
) -> list[Command]:
    """Choose what leaves, route it, one vehicle a route."""
    prospect = view.journal.get("waves", Prospect())
    vehicles = _ready(view)
    effort = Effort(budget, prospect.left_s)
    picture = _picture(view, travel, prospect, vehicles)
    if picture is None:
        return []
    leaving = np.flatnonzero(choice(picture, rng, effort))
    found = routes(picture.wave, picture.jobs.rows(leaving), picture.travel_s, effort.rest(), _seed(rng))
    must = _must(picture)
    commands = []
    for vehicle, route in zip(vehicles, found, strict=False):
        rows = leaving[route]
        stops = [Stop(picture.orders[row].order_id, "delivery") for row in rows]
        commands.append(set_route(vehicle.vehicle_id, stops, _reason(rows, must)))
    return commands


def _reason(rows: np.ndarray, must: np.ndarray) -> str:
    urgent = int(must[rows].sum())
    rest = len(rows) - urgent
    parts = [f"{urgent} too late for the next wave"] if urgent else []
    parts += [f"{rest} that had better go along now"] if rest else []
    return f"leaves now with {' and '.join(parts)}"


def _ready(view: FleetView) -> list[VehicleView]:
    """Vehicles at work with nothing to do that are like the first of them, in natural order."""
    free = [v for v in view.vehicles.values() if v.shift_us and v.state != "broken" and not v.stops and not v.started]
    free.sort(key=lambda vehicle: natural_key(vehicle.vehicle_id))
    return [vehicle for vehicle in free if _kind(vehicle) == _kind(free[0])]


def _kind(vehicle: VehicleView) -> tuple:
    return vehicle.depot_id, vehicle.profile, vehicle.capacity, vehicle.shift_us, vehicle.free_at_us


def _picture(
    view: FleetView, travel: TravelTimes, prospect: Prospect, vehicles: Sequence[VehicleView]
) -> Picture | None:
    """The view as arrays; None where there is nothing or nobody to send."""
    orders = tuple(
        known.order for known in sorted(view.unassigned(), key=lambda known: natural_key(known.order.order_id))
    )
    if not orders or not vehicles:
        return None
    first = vehicles[0]
    assert first.shift_us is not None  # noqa: S101  (of those ready)
    leave_us = begin(view, first)[1]
    later_us = [asked_us + leave_us - view.now_us for asked_us in prospect.asked_us]
    unit = next(iter(first.capacity), None)
    wave = Wave(
        leave_s=_up(leave_us),
        next_leave_s=_up(later_us[0]) if later_us else None,
        back_s=first.shift_us[1] // SECOND_US,
        capacity=int(first.capacity[unit]) if unit else len(orders),
        vehicles=len(vehicles),
    )

    def seconds(places: Sequence[Place]) -> np.ndarray:
        return -(-travel.matrix(places, places, leave_us, first.profile).duration_ms // 1000)

    places = [view.depots[first.depot_id]]
    jobs = _jobs(orders, places, unit, [wave.leave_s] * len(orders))
    return Picture(wave, orders, jobs, tuple(places), seconds(places), unit, leave_us - view.now_us, prospect, seconds)


def _jobs(orders: Iterable[Order], places: list[Place], unit: str | None, release_s: Sequence[int]) -> Jobs:
    """Orders as columns; ``places`` grows by those that are new.

    Raises:
        ValueError: an order is no delivery, or has several windows.
    """
    row_of = {place.place_id: row for row, place in enumerate(places)}
    rows = []
    for order, release in zip(orders, release_s, strict=True):
        task = order.delivery
        if task is None or order.pickup is not None or len(task.windows) > 1:
            raise ValueError(f"order {order.order_id}: waves are of deliveries with at most one window")
        if task.place.place_id not in row_of:
            row_of[task.place.place_id] = len(places)
            places.append(task.place)
        opens, closes = task.windows[0] if task.windows else (0, 2**52)
        load = int(np.ceil(order.demand.get(unit, 0))) if unit else 1
        place = row_of[task.place.place_id]
        rows.append((place, _up(opens), closes // SECOND_US, int(np.ceil(task.service_s)), load, release))
    return Jobs(*np.array(rows, dtype=np.int64).reshape(-1, 6).T)


def _must(picture: Picture) -> np.ndarray:
    return must_leave(picture.wave, picture.jobs, picture.travel_s)


def _by_scenarios(picture: Picture, rng: np.random.Generator, effort: Effort) -> np.ndarray:
    """The share of drawn futures decides."""
    demand, ahead = picture.prospect.demand, picture.prospect.asked_us[:LOOK_AHEAD]

    def draw() -> tuple[Jobs, np.ndarray]:
        drawn = [(order, at_us) for at_us in ahead if demand for order in demand.draw(rng, at_us)]
        places = list(picture.places)
        leave_s = [_up(at_us + picture.wait_us) for _, at_us in drawn]
        jobs = _jobs([order for order, _ in drawn], places, picture.unit, leave_s)
        return jobs, picture.seconds(places)

    return leaves_now(picture.wave, picture.jobs, picture.travel_s, draw, effort, _seed(rng), picture.prospect.each)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _up(time_us: int) -> int:
    """Whole seconds, rounded up."""
    return -(-time_us // SECOND_US)
