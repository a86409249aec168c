"""Routes as they are expected to go, as arrays: what an insertion anywhere in the fleet can be read from.

Arrays are [vehicles, positions]: a new visit at position p comes before visit p, at the last one before going home.
Times are microseconds. Where nothing is put off beyond ``slack_us``, no stop is later than promised, or than it is
already, and no driver later home than the shift allows, or than is so already (forward time slack: Savelsbergh, "The
vehicle routing problem with time windows: minimizing route duration", 1992).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, zip_longest
from typing import Any, NamedTuple

import numpy as np

from twin.orders import Place, natural_key
from twin.policies.common import (
    Visit,
    at_work,
    begin,
    breaks_ahead,
    free_stops,
    numbered_visits,
)
from twin.travel import UNREACHABLE, TravelTimes, Way, legs_again
from twin.views import AT_DEPOT, FleetView, Stop, VehicleView

NEVER_US = 2**60


class Course(NamedTuple):
    """The free part of one vehicle's route: places from where it begins until home, and the visits between."""

    vehicle: VehicleView
    ready_us: int
    end_us: int  # of the shift
    breaks_us: list[tuple[int, int]]
    visits: list[Visit]
    stops: list[int]  # by visit: the number of the free stop it is or comes before
    loaded_from: int | None  # position from which on goods of the depot are on board; None: it will not be there
    places: list[Place]


class Ahead(NamedTuple):
    """The part of a course that holds as long as nothing else is known of its stops and their orders."""

    vehicle: VehicleView  # as last seen
    free: Sequence[Stop]
    order_ids: list[str]  # of these stops
    basis: tuple[Any, ...]  # what it follows from
    visits: list[Visit]
    stops: list[int]
    loaded_from: int | None
    places: list[Place]  # of the visits, and home


def course(view: FleetView, vehicle: VehicleView, stops: Sequence[Stop] | None = None) -> Course:
    """A vehicle's course; ``stops``: instead of its own free ones. It must be at work."""
    return _course(view, vehicle, _ahead(view, vehicle, stops))


def _course(view: FleetView, vehicle: VehicleView, ahead: Ahead) -> Course:
    assert vehicle.shift_us is not None  # noqa: S101
    place, ready_us = begin(view, vehicle)
    return Course(
        vehicle, ready_us, vehicle.shift_us[1], breaks_ahead(view, vehicle), ahead.visits, ahead.stops,
        ahead.loaded_from, [place, *ahead.places],
    )  # fmt: skip


def _ahead(
    view: FleetView, vehicle: VehicleView, stops: Sequence[Stop] | None = None, kept: Ahead | None = None
) -> Ahead:
    """What lies ahead on these stops, or the free ones: ``kept``, if it still holds."""
    if stops is None and kept is not None and kept.vehicle is vehicle:  # views that are still true are the same objects
        stops, order_ids = kept.free, kept.order_ids
    else:
        stops = free_stops(vehicle) if stops is None else stops
        order_ids = [stop.order_id for stop in stops]
    home, at_depot = view.depots[vehicle.depot_id], vehicle.state in AT_DEPOT
    basis = (at_depot, home, stops, [*map(view.orders.get, order_ids)])
    if kept is not None and kept.basis == basis:
        return kept if kept.vehicle is vehicle else kept._replace(vehicle=vehicle)
    numbered = numbered_visits(view, vehicle, stops)
    visits, numbers = [visit for visit, _ in numbered], [number for _, number in numbered]
    loads = next((p + 1 for p, visit in enumerate(visits) if visit.loads), None)
    places = [*(visit.place for visit in visits), home]
    return Ahead(vehicle, stops, order_ids, basis, visits, numbers, 0 if at_depot else loads, places)


class Timing(NamedTuple):
    """When a course is driven: by visit and, last, home."""

    arrive_us: list[int]
    start_us: list[int]  # of service; home: arrival
    depart_us: list[int]  # before visit p; breaks due by then taken
    close_us: list[int]  # end of the window that is met, or of the last one; ``NEVER_US`` without

    @property
    def late_us(self) -> int:
        """Lateness added up over the visits."""
        return sum(max(0, start - close) for start, close in zip(self.start_us[:-1], self.close_us[:-1]))


def drive(course: Course, legs_ms: Sequence[int]) -> Timing | None:
    """Drive a course: ``legs_ms`` has one leg more than there are visits. None if something is out of reach."""
    timing, now, breaks = Timing([], [], [], []), course.ready_us, list(course.breaks_us)
    arrive_us, start_us, depart_us, close_us = timing
    for leg, (_, service_us, windows, _) in zip(legs_ms, [*course.visits, Visit(course.places[-1], 0)]):
        if leg >= UNREACHABLE:
            return None
        while breaks and breaks[0][0] <= now:
            start, end = breaks.pop(0)
            now += end - start
        depart_us.append(now)
        now += leg * 1000
        arrive_us.append(now)
        closes = NEVER_US
        for opens, closes in windows:
            if now <= closes:
                now = now if now > opens else opens
                break
        start_us.append(now)
        close_us.append(closes)
        now += service_us
    close_us[-1] = course.end_us
    return timing


class Driven(NamedTuple):
    """A course as it was driven at an earlier call, with all that its timing follows from."""

    ahead: Ahead
    way: Way
    times: Hashable  # what its legs rest on
    basis: tuple[Any, ...]
    timing: Timing | None


@dataclass(frozen=True)
class Courses:
    """The courses of all vehicles at work that can be driven, in natural order; arrays of them when asked for."""

    courses: list[Course]
    timings: list[Timing]
    legs_ms: list[list[int]]

    @cached_property
    def row(self) -> dict[str, int]:
        """By vehicle id."""
        return {course.vehicle.vehicle_id: row for row, course in enumerate(self.courses)}

    @cached_property
    def positions(self) -> np.ndarray:
        """int64 [vehicles]: visits and one."""
        return np.array([len(legs) for legs in self.legs_ms], np.int64)

    @cached_property
    def depart_us(self) -> np.ndarray:
        """From before each position."""
        return self._padded([timing.depart_us for timing in self.timings], 0)

    @cached_property
    def arrive_us(self) -> np.ndarray:
        """At visit p, or home."""
        return self._padded([timing.arrive_us for timing in self.timings], 0)

    @cached_property
    def slack_us(self) -> np.ndarray:
        """By which the arrival at visit p may be put off; negative beyond the last position."""
        return self._padded([_slack(timing) for timing in self.timings], -1)

    @cached_property
    def wait_us(self) -> np.ndarray:
        """That is waited from visit p on."""
        waits = [[b - a for a, b in zip(t.arrive_us[::-1], t.start_us[::-1])] for t in self.timings]
        return self._padded([[*accumulate(row)][::-1] for row in waits], 0)

    @cached_property
    def close_us(self) -> np.ndarray:
        """End of the promise at visit p."""
        return self._padded([[*timing.close_us[:-1], NEVER_US] for timing in self.timings], NEVER_US)

    @cached_property
    def leg_ms(self) -> np.ndarray:
        """From before position p to after it."""
        return self._padded(self.legs_ms, 0)

    @cached_property
    def inside(self) -> np.ndarray:
        """bool [vehicles, positions]: which positions there are."""
        return np.arange(max(self.positions, default=1)) < self.positions[:, None]

    def _padded(self, rows: list[list[int]], fill: int) -> np.ndarray:
        array = np.full(self.inside.shape, fill, np.int64)
        array[self.inside] = [value for row in rows for value in row]
        return array


def drive_all(view: FleetView, travel: TravelTimes) -> Courses:
    """Time every vehicle at work. What still holds of an earlier call is in the journal."""
    vehicles = sorted((v for v in view.vehicles.values() if at_work(v)), key=lambda v: natural_key(v.vehicle_id))
    kept: dict[str, Driven] = view.journal.get("courses", {})
    last = [kept.get(vehicle.vehicle_id) for vehicle in vehicles]
    aheads = [_ahead(view, v, None, None if was is None else was.ahead) for v, was in zip(vehicles, last)]
    every = [_course(view, vehicle, ahead) for vehicle, ahead in zip(vehicles, aheads)]
    times = travel.basis(view.now_us)
    legs = legs_of(travel, every, view.now_us, [None if was is None or was.times != times else was.way for was in last])
    driven = [_driven(*each, times) for each in zip(every, aheads, legs, last)]
    view.journal["courses"] = {vehicle.vehicle_id: now for vehicle, now in zip(vehicles, driven)}
    timed = [(c, now.timing, leg) for c, now, leg in zip(every, driven, legs) if now.timing is not None]
    return Courses([c for c, _, _ in timed], [timing for _, timing, _ in timed], [leg for _, _, leg in timed])


def _driven(course: Course, ahead: Ahead, legs_ms: list[int], last: Driven | None, times: Hashable) -> Driven:
    basis = (course.ready_us, course.end_us, course.breaks_us, legs_ms)
    if last is not None and last.ahead.visits is ahead.visits and last.basis == basis:
        timing = last.timing
    else:
        timing = drive(course, legs_ms)
    return Driven(ahead, Way(course.places, legs_ms), times, basis, timing)


def legs_of(
    travel: TravelTimes, courses: Sequence[Course], depart_us: int, before: Sequence[Way | None] = ()
) -> list[list[int]]:
    """Driving times between the consecutive places of each course; ``before``: ways on the same basis."""
    legs: list[list[int]] = []
    new: dict[str, dict[int, tuple[list[Place], Way | None]]] = {}  # by profile and number
    for number, (c, was) in enumerate(zip_longest(courses, before)):
        if was is not None and was.places == c.places:
            legs.append(was.legs_ms)
        else:
            legs.append([])
            new.setdefault(c.vehicle.profile, {})[number] = (c.places, was)
    for profile in sorted(new):
        for number, found in zip(new[profile], legs_again(travel, new[profile].values(), depart_us, profile)):
            legs[number] = found
    return legs


def _slack(timing: Timing) -> list[int]:
    slack, found = NEVER_US, []
    for arrive, start, close in zip(timing.arrive_us[::-1], timing.start_us[::-1], timing.close_us[::-1]):
        slack = min(slack, max(0, close - start)) + start - arrive
        found.append(slack)
    return found[::-1]
