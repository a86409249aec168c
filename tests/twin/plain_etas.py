"""Expected arrivals the plain way, stop by stop and nothing kept: what ``twin.eta`` is compared with."""

from twin.eta import BROKEN_US, LEAST_SPREAD_US, SPREAD
from twin.eta_course import course_of
from twin.geofences import distance_m
from twin.travel import UNREACHABLE, TravelTimes
from twin.views import DEPOT_LOAD_US, Eta, FleetView, VehicleView


def plain_etas(view: FleetView, travel: TravelTimes) -> dict[tuple[str, str], Eta]:
    """As ``twin.eta.etas``."""
    found: dict[tuple[str, str], Eta] = {}
    for vehicle in view.vehicles.values():
        if vehicle.stops:
            _drive(view, vehicle, travel, found)
    return found


def _drive(view: FleetView, vehicle: VehicleView, travel: TravelTimes, found: dict[tuple[str, str], Eta]) -> None:
    course, now, row = course_of(view, vehicle), view.now_us, view.index[vehicle.vehicle_id]
    at_us = max(now, vehicle.free_at_us or 0, vehicle.leave_us or 0)
    resting = vehicle.state == "break"
    breaks = [(start, end) for start, end in vehicle.breaks_us if (start if resting else end) > now]
    newest_us = max(int(view.fixed_us[row]), vehicle.heard_us)
    age_us = max(0, now - newest_us) if vehicle.started is not None else 0
    legs_ms = travel.legs_ms(course.places[:-1], course.places[1:], now, vehicle.profile).tolist()
    for index, (leg_ms, visit) in enumerate(zip(legs_ms, course.visits)):
        if leg_ms >= UNREACHABLE:
            return
        under_way = index == 0 and visit is not None and visit.stop == vehicle.started
        if under_way:
            at_us = _arrival(view, vehicle, course.places[0], course.places[1], leg_ms * 1000)
        else:
            while breaks and breaks[0][0] <= at_us:
                start, end = breaks.pop(0)
                at_us += end - start
            at_us += leg_ms * 1000
        if visit is None:
            at_us += DEPOT_LOAD_US
            continue
        if under_way and vehicle.state == "serving":
            at_us = max(now, vehicle.free_at_us or now)
            continue
        half_us = max(LEAST_SPREAD_US, int(SPREAD * (at_us - now)) + age_us)
        found[visit.stop.order_id, visit.stop.task] = Eta(at_us, max(now, at_us - half_us), at_us + half_us)
        for open_us, close_us in visit.task.windows:
            if at_us <= close_us:
                at_us = max(at_us, open_us)
                break
        at_us += int(visit.task.service_s * 1_000_000)


def _arrival(view: FleetView, vehicle: VehicleView, start, end, leg_us: int) -> int:  # type: ignore[no-untyped-def]
    now, row = view.now_us, view.index[vehicle.vehicle_id]
    if vehicle.state == "waiting":
        return now
    fixed_us = min(now, int(view.fixed_us[row]))
    if fixed_us <= vehicle.heard_us:
        arrive_us = vehicle.free_at_us or now + leg_us
    else:
        whole_mm = max(1_000, round(1_000 * float(distance_m(start.lat, start.lon, end.lat, end.lon))))
        left_mm = round(1_000 * float(distance_m(view.lat[row], view.lon[row], end.lat, end.lon)))
        arrive_us = fixed_us + leg_us * min(left_mm, whole_mm) // whole_mm
    return max(now, arrive_us) + (BROKEN_US if vehicle.state == "broken" else 0)
