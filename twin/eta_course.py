"""What lies ahead of a vehicle as known, and when it is at each stop of it, whenever it goes on."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from twin.geofences import distance_m
from twin.orders import Place, Task
from twin.ready_times import ReadyTime
from twin.travel import UNREACHABLE
from twin.views import AT_DEPOT, DEPOT_LOAD_US, NEVER_US, FleetView, OrderView, Stop, VehicleView

SECOND_US = 1_000_000


class Visit(NamedTuple):
    """A stop to do, its order as known, and by when that is to be reached there (NEVER_US: any time, or another stop
    decides)."""

    stop: Stop
    known: OrderView
    task: Task
    promised_us: int


class Ahead(NamedTuple):
    """The arrivals that follow from a begin, as functions of it (``twin.ready_times``)."""

    breaks_us: list[tuple[int, int]]  # still to be taken
    low_us: int
    high_us: int  # it is for begins in between
    stops: list[tuple[str, str]]  # order and task
    table_us: np.ndarray  # int64, by stop: delay, floor, and when it was promised


@dataclass(slots=True)
class Course:
    """A vehicle's stops still to do, and the places it drives between: also the depot, where goods wait there."""

    vehicle: VehicleView
    row: int  # of the view's arrays
    order_ids: list[str]  # of its stops
    orders: list[OrderView | None]
    places: list[Place]  # where it is, then every place in turn
    visits: list[Visit | None]  # by place after the first; None: goods are loaded there
    under_way: bool  # to its first visit, or there
    legs_ms: list[int] = field(default_factory=list)  # empty: not timed yet
    _whole_mm: int = 0  # 0: not asked for yet
    _ahead: Ahead | None = None

    def holds(self, view: FleetView, vehicle: VehicleView) -> bool:
        """Whether nothing else is known of the vehicle and its orders: views never change, they are replaced."""
        return self.vehicle is vehicle and [*map(view.orders.get, self.order_ids)] == self.orders

    @property
    def whole_mm(self) -> int:
        """Its first leg in a straight line, a metre at least."""
        if self._whole_mm == 0:
            start, end = self.places[:2]
            self._whole_mm = max(1_000, round(1_000 * float(distance_m(start.lat, start.lon, end.lat, end.lon))))
        return self._whole_mm

    def ahead(self, begin_us: int, now_us: int) -> Ahead:
        """The arrivals if it goes on at a moment: from its first leg, if under way from the arrival there, if in
        service from the end of that."""
        breaks_us = self._breaks_us(now_us)
        ahead = self._ahead
        if ahead is None or not ahead.low_us <= begin_us <= ahead.high_us or ahead.breaks_us != breaks_us:
            ahead = self._ahead = _follow(self, begin_us, breaks_us)
        return ahead

    def _breaks_us(self, now_us: int) -> list[tuple[int, int]]:
        resting = self.vehicle.state == "break"
        return [(start, end) for start, end in self.vehicle.breaks_us if (start if resting else end) > now_us]


def course_of(view: FleetView, vehicle: VehicleView, last: Course | None = None) -> Course:
    """The course of a vehicle; its legs are still to be timed. Visits of the ``last`` one are taken over as they were
    where the order is known as it was."""
    order_ids = [stop.order_id for stop in vehicle.stops]
    orders = [*map(view.orders.get, order_ids)]
    started, pairs = vehicle.started, [*zip(vehicle.stops, orders)]
    if started is not None and started != vehicle.stops[0]:  # stable: the stop under way comes first
        pairs.sort(key=lambda pair: pair[0] != started)
    were = {visit.stop: visit for visit in last.visits if visit is not None} if last is not None else {}
    places: list[Place] = [_origin(view, vehicle)]
    visits: list[Visit | None] = []
    loaded = vehicle.state in AT_DEPOT  # everything that waits there comes along
    for stop, known in pairs:
        if known is None:
            continue
        visit = were.get(stop)
        if visit is None or visit.known is not known:
            visit = _visit(stop, known)
        if not loaded and known.onboard is None and known.order.pickup is None and stop != started:
            places.append(view.depots[vehicle.depot_id])
            visits.append(None)
            loaded = True
        places.append(visit.task.place)
        visits.append(visit)
    first = visits[0] if visits else None
    under_way = first is not None and first.stop == started
    return Course(vehicle, view.index[vehicle.vehicle_id], order_ids, orders, places, visits, under_way)


def _visit(stop: Stop, known: OrderView) -> Visit:
    order, last = known.order, known.order.last_task
    task = (order.pickup if stop.task == "pickup" else order.delivery) or last
    promised_us = last.windows[-1].close_us if last.windows and last.kind == stop.task else NEVER_US
    return Visit(stop, known, task, promised_us)


def _origin(view: FleetView, vehicle: VehicleView) -> Place:
    """Where the vehicle's leg began, by a name the travel times know: a depot, or the place of a stop."""
    depot = view.depots[vehicle.depot_id]
    place = vehicle.place
    if place is None or vehicle.state in AT_DEPOT:
        return depot
    if vehicle.state == "driving" and vehicle.started is None:
        return depot  # on its way there, or to fuel
    if place.place_id in view.depots:
        return view.depots[place.place_id]
    return Place(f"{place.lat:.5f},{place.lon:.5f}", place.lat, place.lon)  # an event names orders, not places


def _follow(course: Course, begin_us: int, breaks_us: list[tuple[int, int]]) -> Ahead:
    """From the begin to the last stop, or to the first place that cannot be reached."""
    ready, left = ReadyTime(begin_us), [*reversed(breaks_us)]
    stops: list[tuple[str, str]] = []
    columns = []
    for index, (leg_ms, visit) in enumerate(zip(course.legs_ms, course.visits)):
        if leg_ms >= UNREACHABLE:
            break
        driven = index == 0 and course.under_way
        if not driven:
            while left and not ready.is_by(left[-1][0] - 1):
                start_us, end_us = left.pop()
                ready.take(end_us - start_us)
            ready.take(leg_ms * 1000)
        if visit is None:
            ready.take(DEPOT_LOAD_US)
            continue
        stop, _, task, promised_us = visit
        if driven and course.vehicle.state == "serving":
            continue
        stops.append(stop[:2])
        columns.append((ready.delay_us, ready.floor_us, promised_us))
        _serve(ready, task)
    table_us = np.array(columns, np.int64).reshape(-1, 3)
    return Ahead(breaks_us, ready.low_us, ready.high_us, stops, table_us)


def _serve(ready: ReadyTime, task: Task) -> None:
    """Wait for the next window to open, and serve; after the last one at once."""
    for window in task.windows[:-1]:
        if ready.is_by(window.close_us):
            ready.wait_until(window.open_us)
            break
    else:
        if task.windows:
            ready.wait_until(task.windows[-1].open_us)  # once that has closed, it is past its opening
    ready.take(int(task.service_s * SECOND_US))
