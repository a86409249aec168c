"""Routes as they are expected to go, as arrays: what an insertion anywhere in the fleet can be read from.

Arrays are [vehicles, positions]: a new visit at position p comes before visit p, at the last one before going home.
Times are microseconds. Where nothing is put off beyond ``slack_us``, no stop is later than promised, or than it is
already, and no driver later home than the shift allows, or than is so already (forward time slack: Savelsbergh, "The
vehicle routing problem with time windows: minimizing route duration", 1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.orders import Place, natural_key
from twin.policies.common import (
    AT_DEPOT,
    Visit,
    at_work,
    begin,
    breaks_ahead,
    free_stops,
    numbered_visits,
    start_of_service,
)
from twin.travel import UNREACHABLE, TravelTimes
from twin.views import FleetView, Stop, VehicleView

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


def course(view: FleetView, vehicle: VehicleView, stops: Sequence[Stop] | None = None) -> Course:
    """A vehicle's course; ``stops``: instead of its own free ones. It must be at work."""
    assert vehicle.shift_us is not None  # noqa: S101
    place, ready_us = begin(view, vehicle)
    numbered = numbered_visits(view, vehicle, free_stops(vehicle) if stops is None else stops)
    visits = [visit for visit, _ in numbered]
    home = view.depots[vehicle.depot_id]
    loads = next((p + 1 for p, visit in enumerate(visits) if visit.loads), None)
    return Course(
        vehicle, ready_us, vehicle.shift_us[1], breaks_ahead(view, vehicle), visits, [n for _, n in numbered],
        0 if vehicle.state in AT_DEPOT else loads, [place, *(visit.place for visit in visits), home],
    )  # fmt: skip


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
    for leg, visit in zip(legs_ms, [*course.visits, None]):
        if leg >= UNREACHABLE:
            return None
        while breaks and breaks[0][0] <= now:
            start, end = breaks.pop(0)
            now += end - start
        timing.depart_us.append(now)
        now += leg * 1000
        timing.arrive_us.append(now)
        if visit is not None:
            windows = visit.windows
            now = start_of_service(now, windows)
            close = next((close for _, close in windows if now <= close), windows[-1][1] if windows else NEVER_US)
            timing.close_us.append(close)
        timing.start_us.append(now)
        now += visit.service_us if visit is not None else 0
    timing.close_us.append(course.end_us)
    return timing


@dataclass(frozen=True)
class Courses:
    """The courses of all vehicles at work that can be driven, in natural order, as arrays."""

    courses: list[Course]
    timings: list[Timing]
    row: dict[str, int]  # by vehicle id
    positions: np.ndarray  # int64 [vehicles]: visits and one
    depart_us: np.ndarray
    arrive_us: np.ndarray  # at visit p, or home
    slack_us: np.ndarray  # by which the arrival at visit p may be put off; negative beyond the last position
    wait_us: np.ndarray  # that is waited from visit p on
    close_us: np.ndarray  # end of the promise at visit p
    leg_ms: np.ndarray  # from before position p to after it


def drive_all(view: FleetView, travel: TravelTimes) -> Courses:
    """Time every vehicle at work."""
    vehicles = sorted((v for v in view.vehicles.values() if at_work(v)), key=lambda v: natural_key(v.vehicle_id))
    every = [course(view, vehicle) for vehicle in vehicles]
    legs = legs_of(travel, every, view.now_us)
    timed = [(c, t, leg) for c, leg in zip(every, legs) if (t := drive(c, leg)) is not None]
    return _arrays([c for c, _, _ in timed], [t for _, t, _ in timed], [leg for _, _, leg in timed])


def legs_of(travel: TravelTimes, courses: Sequence[Course], depart_us: int) -> list[list[int]]:
    """Driving times between the consecutive places of each course."""
    legs: list[list[int]] = [[] for _ in courses]
    for profile in sorted({c.vehicle.profile for c in courses}):
        some = [i for i, c in enumerate(courses) if c.vehicle.profile == profile]
        starts = [place for i in some for place in courses[i].places[:-1]]
        ends = [place for i in some for place in courses[i].places[1:]]
        found, done = travel.legs_ms(starts, ends, depart_us, profile).tolist(), 0
        for i in some:
            count = len(courses[i].places) - 1
            legs[i] = found[done : done + count]
            done += count
    return legs


def _arrays(courses: list[Course], timings: list[Timing], legs: list[list[int]]) -> Courses:
    positions = np.array([len(leg) for leg in legs], np.int64)
    shape = len(courses), max([len(leg) for leg in legs], default=1)
    inside = np.arange(shape[1]) < positions[:, None]

    def padded(rows: list[list[int]], fill: int) -> np.ndarray:
        array = np.full(shape, fill, np.int64)
        array[inside] = [value for row in rows for value in row]
        return array

    slack = padded([_slack(timing) for timing in timings], -1)
    waits = [[b - a for a, b in zip(timing.arrive_us, timing.start_us)] for timing in timings]
    wait = padded([np.cumsum(row[::-1])[::-1].tolist() for row in waits], 0)
    promises = [[*timing.close_us[:-1], NEVER_US] for timing in timings]
    return Courses(
        courses, timings, {c.vehicle.vehicle_id: i for i, c in enumerate(courses)}, positions,
        padded([timing.depart_us for timing in timings], 0), padded([timing.arrive_us for timing in timings], 0),
        slack, wait, padded(promises, NEVER_US), padded(legs, 0),
    )  # fmt: skip


def _slack(timing: Timing) -> list[int]:
    slack, found = NEVER_US, []
    for arrive, start, close in zip(timing.arrive_us[::-1], timing.start_us[::-1], timing.close_us[::-1]):
        slack = min(slack, max(0, close - start)) + start - arrive
        found.append(slack)
    return found[::-1]
