"""Expected arrivals: from the last known positions, usual travel times, service times, windows and breaks.

A vehicle under way is placed on its leg by the share of the straight line still ahead of it, and given that share of
the leg's usual time: this costs no routing, and the road's detour factor cancels out. What is ahead is timed with the
office's own usual times. All of it is belief: a position is as old as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from operator import is_
from typing import NamedTuple

import numpy as np

from twin.geofences import distance_m
from twin.orders import Place, Task
from twin.travel import UNREACHABLE, TravelMatrix, TravelTimes
from twin.views import FleetView, OrderView, Stop, VehicleView

SECOND_US, HOUR_US = 1_000_000, 3_600_000_000
DEPOT_LOAD_US = 300 * SECOND_US
"""Coming by the depot for goods that are not on board takes five minutes [A]."""
BROKEN_US = 1_800 * SECOND_US
"""A vehicle that has broken down is taken to go on after half an hour [A]."""
SPREAD, LEAST_SPREAD_US = 0.15, 60 * SECOND_US
"""Half the interval: this share of the time still to go and the age of the position, at least a minute [A]."""


class Eta(NamedTuple):
    """When a vehicle is expected at a stop, and an interval for it."""

    arrive_us: int
    low_us: int
    high_us: int


class LegCache:
    """Travel times that remembers single legs of the hour: most are asked for again a minute later. And courses, which
    hold as long as nothing else is known of the vehicle or its orders.

    A leg that begins where an earlier one ended begins at that place by its name: travel times may know only names.
    """

    def __init__(self, travel: TravelTimes) -> None:
        self.travel = travel
        self.courses: dict[str, _Course] = {}
        self._legs: dict[tuple, int] = {}
        self._fresh: tuple | None = None
        self._places: dict[tuple[float, float], Place] = {}  # driven to, by position

    def matrix(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> TravelMatrix:
        """Passed on."""
        return self.travel.matrix(origins, destinations, depart_at_us, profile)

    def legs_ms(
        self, origins: Sequence[Place], destinations: Sequence[Place], depart_at_us: int, profile: str = "car"
    ) -> np.ndarray:
        """As ``TravelTimes.legs_ms`` leaving at the full hour."""
        hour_us = depart_at_us - depart_at_us % HOUR_US
        keys = [(profile, hour_us, a, b) for a, b in zip(origins, destinations)]
        missing = list(dict.fromkeys(key for key in keys if key not in self._legs))
        if missing:
            ends = [key[3] for key in missing]
            self._places.update(((place.lat, place.lon), place) for place in ends)
            starts = [self._places.get((key[2].lat, key[2].lon), key[2]) for key in missing]
            found = self.travel.legs_ms(starts, ends, hour_us, profile)
            self._legs.update(zip(missing, found.tolist()))
        return np.array([self._legs[key] for key in keys], np.int64)

    def renew(self, view: FleetView) -> None:
        """Forget what no longer holds: another hour, other closures reported."""
        fresh = (view.now_us // HOUR_US, tuple(sorted(view.closures.items())))
        if fresh != self._fresh:
            self._fresh, self._legs, self.courses = fresh, {}, {}


class _Visit(NamedTuple):
    stop: Stop
    place: Place
    task: Task


@dataclass(slots=True)
class _Course:
    """A vehicle's stops still to do, and the places it drives between: ``via`` the depot where goods wait there."""

    vehicle: VehicleView
    orders: list[OrderView | None]  # of its stops
    visits: list[_Visit]
    places: list[Place]  # where it is, then every place in turn
    loads: list[bool]  # by place after the first: goods are loaded there, no visit
    legs_ms: list[int] | None = None

    def holds(self, view: FleetView, vehicle: VehicleView) -> bool:
        """Whether nothing has been heard of the vehicle and its orders since: views never change, they are replaced."""
        known = map(view.orders.get, [stop.order_id for stop in vehicle.stops])
        return self.vehicle is vehicle and all(map(is_, known, self.orders))


def etas(view: FleetView, travel: TravelTimes) -> dict[tuple[str, str], Eta]:
    """Expected arrival at every stop still to do, by ``(order_id, task)``; stops that cannot be reached are left out.

    ``travel`` may be a ``LegCache`` kept between calls.
    """
    kept: dict[str, _Course] = {}
    if isinstance(travel, LegCache):
        travel.renew(view)
        kept = travel.courses
    courses = []
    for vehicle in view.vehicles.values():
        if vehicle.stops:
            course = kept.get(vehicle.vehicle_id)
            if course is None or not course.holds(view, vehicle):
                course = kept[vehicle.vehicle_id] = _course(view, vehicle)
            courses.append(course)
    _time_legs([course for course in courses if course.legs_ms is None], travel, view.now_us)
    found: dict[tuple[str, str], Eta] = {}
    for course in courses:
        assert course.legs_ms is not None  # noqa: S101  (timed just now)
        _drive(view, course, course.legs_ms, found)
    return found


def _time_legs(courses: list[_Course], travel: TravelTimes, now_us: int) -> None:
    for profile in dict.fromkeys(course.vehicle.profile for course in courses):
        some = [course for course in courses if course.vehicle.profile == profile]
        starts = [place for course in some for place in course.places[:-1]]
        ends = [place for course in some for place in course.places[1:]]
        legs = iter(travel.legs_ms(starts, ends, now_us, profile).tolist())
        for course in some:
            course.legs_ms = [*islice(legs, len(course.places) - 1)]


def _course(view: FleetView, vehicle: VehicleView) -> _Course:
    visits = []
    orders = [view.orders.get(stop.order_id) for stop in vehicle.stops]
    for stop, known in zip(vehicle.stops, orders):
        if known is not None:
            task = _task(known, stop)
            visits.append(_Visit(stop, task.place, task))
    if vehicle.started is not None:  # stable: the stop under way comes first
        visits.sort(key=lambda visit: visit.stop != vehicle.started)
    depot = view.depots[vehicle.depot_id]
    places, loads = [_origin(view, vehicle)], []
    loaded = vehicle.state in ("off", "preparing", "loading")  # everything that waits there comes along
    for visit in visits:
        known = view.orders[visit.stop.order_id]
        waits = known.order.pickup is None and known.onboard is None
        if waits and not loaded and visit.stop != vehicle.started:
            places.append(depot)
            loads.append(True)
            loaded = True
        places.append(visit.place)
        loads.append(False)
    return _Course(vehicle, orders, visits, places, loads)


def _task(known: OrderView, stop: Stop) -> Task:
    return (known.order.pickup if stop.task == "pickup" else known.order.delivery) or known.order.last_task


def _origin(view: FleetView, vehicle: VehicleView) -> Place:
    """Where the vehicle's leg began, by a name the travel times know: a depot, or the place of a stop."""
    depot = view.depots[vehicle.depot_id]
    place = vehicle.place
    if place is None or vehicle.state in ("off", "preparing", "loading"):
        return depot
    if vehicle.state == "driving" and vehicle.started is None:
        return depot  # on its way there, or to fuel
    if place.place_id in view.depots:
        return view.depots[place.place_id]
    return Place(f"{place.lat:.5f},{place.lon:.5f}", place.lat, place.lon)  # an event names orders, not places


def _drive(view: FleetView, course: _Course, legs_ms: list[int], found: dict[tuple[str, str], Eta]) -> None:
    """Time one vehicle's course."""
    vehicle, now = course.vehicle, view.now_us
    at_us = max(now, vehicle.free_at_us or 0, vehicle.leave_us or 0)
    resting = vehicle.state == "break"
    breaks = [(start, end) for start, end in vehicle.breaks_us if (start if resting else end) > now]
    age_us = _age_us(view, vehicle)
    number = 0
    for index, leg in enumerate(legs_ms):
        if leg >= UNREACHABLE:
            return
        under_way = index == 0 and not course.loads[0] and course.visits[0].stop == vehicle.started
        if under_way:
            at_us = _arrival(view, vehicle, course, leg * 1000)
        else:
            while breaks and breaks[0][0] <= at_us:
                start, end = breaks.pop(0)
                at_us += end - start
            at_us += leg * 1000
        if course.loads[index]:
            at_us += DEPOT_LOAD_US
            continue
        visit = course.visits[number]
        number += 1
        if under_way and vehicle.state == "serving":
            at_us = max(now, vehicle.free_at_us or now)
            continue
        half_us = max(LEAST_SPREAD_US, int(SPREAD * (at_us - now)) + age_us)
        found[visit.stop.order_id, visit.stop.task] = Eta(at_us, max(now, at_us - half_us), at_us + half_us)
        for open_us, close_us in visit.task.windows:
            if at_us <= close_us:
                at_us = max(at_us, open_us)
                break
        at_us += int(visit.task.service_s * SECOND_US)


def _arrival(view: FleetView, vehicle: VehicleView, course: _Course, leg_us: int) -> int:
    """When the stop under way is reached: from a position newer than the departure, else as the driver expects."""
    now, row = view.now_us, view.index[vehicle.vehicle_id]
    if vehicle.state == "waiting":
        return now
    fixed_us = min(now, int(view.fixed_us[row]))
    start, end = course.places[0], course.places[1]
    if fixed_us <= vehicle.heard_us or np.isnan(view.lat[row]):
        arrive = vehicle.free_at_us or now + leg_us
    else:
        whole_mm = max(1_000, round(1_000 * float(distance_m(start.lat, start.lon, end.lat, end.lon))))
        left_mm = round(1_000 * float(distance_m(view.lat[row], view.lon[row], end.lat, end.lon)))
        arrive = fixed_us + leg_us * min(left_mm, whole_mm) // whole_mm
    return max(now, arrive) + (BROKEN_US if vehicle.state == "broken" else 0)


def _age_us(view: FleetView, vehicle: VehicleView) -> int:
    newest = max(int(view.fixed_us[view.index[vehicle.vehicle_id]]), vehicle.heard_us)
    return max(0, view.now_us - newest) if vehicle.started is not None else 0
