"""Expected arrivals: from the last known positions, usual travel times, service times, windows and breaks.

A vehicle under way is placed on its leg by the share of the straight line still ahead of it, and given that share of
the leg's usual time: this costs no routing, and the road's detour factor cancels out. What is ahead is timed with the
office's own usual times. All of it is belief: a position is as old as it is.

Arrivals are asked for every minute, and little changes in one: what follows from when a vehicle goes on is kept
(``twin.eta_course``) for as long as nothing else is known of the vehicle or its orders.
"""

from itertools import chain
from math import isnan
from operator import attrgetter

import numpy as np

from twin.eta_course import Course, course_of
from twin.geofences import distance_m
from twin.orders import Place
from twin.travel import TravelTimes, Way, legs_again
from twin.views import Etas, FleetView, VehicleView

HOUR_US = 3_600_000_000
BROKEN_US = 1_800_000_000
"""A vehicle that has broken down is taken to go on after half an hour [A]."""
SPREAD, LEAST_SPREAD_US = 0.15, 60_000_000
"""Half the interval: this share of the time still to go and the age of the position, at least a minute [A]."""
_POSITION = attrgetter("lat", "lon")


class KnownCourses:
    """Courses, kept for as long as nothing else is known of the vehicle or its orders, nor of the roads; their legs are
    timed leaving at the full hour.

    A leg that begins where an earlier one ended begins at that place by its name: travel times may know only names.
    """

    def __init__(self, travel: TravelTimes) -> None:
        self._travel = travel
        self._courses: dict[str, Course] = {}
        self._fresh: tuple | None = None
        self._places: dict[tuple[float, float], Place] = {}  # driven to, by position

    def of(self, view: FleetView) -> list[Course]:
        """The courses of all vehicles with stops to do, timed."""
        fresh = (view.now_us // HOUR_US, tuple(sorted(view.closures.items())))
        before = self._courses
        if fresh != self._fresh:
            self._fresh, self._courses = fresh, {}
        anew = before is not self._courses
        courses, new = [], []
        for vehicle in view.vehicles.values():
            if vehicle.stops:
                course = last = before.get(vehicle.vehicle_id)
                if anew or course is None or not course.holds(view, vehicle):
                    course = self._courses[vehicle.vehicle_id] = course_of(view, vehicle, last)
                    new.append((course, None if anew else last))
                courses.append(course)
        self._time_legs(new, view.now_us - view.now_us % HOUR_US)
        return courses

    def _time_legs(self, courses: list[tuple[Course, Course | None]], hour_us: int) -> None:
        """Time new courses, each beside the one before it."""
        for profile in dict.fromkeys(course.vehicle.profile for course, _ in courses):
            some = [(course, last) for course, last in courses if course.vehicle.profile == profile]
            for course, _ in some:
                self._places.update(zip(map(_POSITION, course.places[1:]), course.places[1:]))
            ways = []
            for course, last in some:
                course.places[0] = self._places.get(_POSITION(course.places[0]), course.places[0])
                ways.append((course.places, Way(last.places, last.legs_ms) if last is not None else None))
            for (course, _), legs_ms in zip(some, legs_again(self._travel, ways, hour_us, profile)):
                course.legs_ms = legs_ms


def etas(view: FleetView, known: KnownCourses) -> Etas:
    """Expected arrival at every stop still to do that can be reached, by ``(order_id, task)``."""
    courses = known.of(view)
    if not courses:
        return Etas()
    now, fixed_us = view.now_us, view.fixed_us.tolist()
    begins_us = _begins_us(view, courses, fixed_us)
    ages_us = [_age_us(now, course.vehicle, fixed_us[course.row]) for course in courses]
    ahead = [course.ahead(begin_us, now) for course, begin_us in zip(courses, begins_us)]
    stops = [*chain.from_iterable(one.stops for one in ahead)]
    begin_us, age_us = np.repeat([begins_us, ages_us], [len(one.stops) for one in ahead], axis=1)
    delay_us, floor_us, promised_us = np.concatenate([one.table_us for one in ahead]).T
    arrive_us = np.maximum(begin_us + delay_us, floor_us)
    half_us = np.maximum(LEAST_SPREAD_US, (SPREAD * (arrive_us - now)).astype(np.int64) + age_us)
    rows, columns = dict(zip(stops, range(len(stops)))), (arrive_us, half_us, promised_us)
    if len(rows) < len(stops):  # a stop on two routes: the later one counts
        columns = tuple(column[[*rows.values()]] for column in columns)
        rows = dict(zip(rows, range(len(rows))))
    return Etas(now, rows, *columns)


def _begins_us(view: FleetView, courses: list[Course], fixed_us: list[int]) -> list[int]:
    """When each course goes on: with its departure; of a vehicle under way with the arrival, in service with its end.

    The arrival follows from a position newer than the departure, else it is as the driver expects.
    """
    now, begins_us = view.now_us, []
    seen: list[tuple[int, Course, int]] = []  # number, course, time of the position
    for number, course in enumerate(courses):
        vehicle = course.vehicle
        begin_us = vehicle.free_at_us or now
        if not course.under_way:
            begin_us = max(begin_us, vehicle.leave_us or now)
        elif vehicle.state == "waiting":
            begin_us = now
        elif vehicle.state != "serving":
            begin_us = max(now, vehicle.free_at_us or now + _leg_us(course)) + _broken_us(vehicle)
            at_us = min(now, fixed_us[course.row])
            if at_us > vehicle.heard_us and not isnan(view.lat[course.row]):
                seen.append((number, course, at_us))
        begins_us.append(max(now, begin_us))
    if seen:
        rows = [course.row for _, course, _ in seen]
        ends = np.array([(course.places[1].lat, course.places[1].lon) for _, course, _ in seen])
        left_m = distance_m(view.lat[rows], view.lon[rows], *ends.T)
        for (number, course, at_us), left_mm in zip(seen, np.rint(1_000 * left_m).astype(np.int64).tolist()):
            arrive_us = at_us + _leg_us(course) * min(left_mm, course.whole_mm) // course.whole_mm
            begins_us[number] = max(now, arrive_us) + _broken_us(course.vehicle)
    return begins_us


def _leg_us(course: Course) -> int:
    return course.legs_ms[0] * 1000


def _broken_us(vehicle: VehicleView) -> int:
    return BROKEN_US if vehicle.state == "broken" else 0


def _age_us(now_us: int, vehicle: VehicleView, fixed_us: int) -> int:
    """How old what is known of a vehicle under way is."""
    return 0 if vehicle.started is None else max(0, now_us - max(fixed_us, vehicle.heard_us))
