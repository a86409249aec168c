"""Rules about where vehicles are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from twin.alerts.picture import at_work, driving_to, fresh, vehicle_names
from twin.alerts.rule import Alert, BadThreshold
from twin.geofences import Circle, Fence, distance_m, fence_of
from twin.views import FleetView


@dataclass(frozen=True)
class Zone:
    """``zone``: lat, lon, radius in metres, or corners lat, lon, …; without one, ``around`` depots or stops (those
    vehicles are on their way to) within ``radius_m``. ``fresh_s``: an older position says nothing.
    """

    zone: tuple[float, ...] = ()
    around: str = "depots"
    radius_m: float = 150.0
    fresh_s: float = 300.0

    def __post_init__(self) -> None:
        if self.around not in ("depots", "stops"):
            raise BadThreshold("around", self.around, "depots or stops")
        if self.zone:
            try:
                fence_of(self.zone)
            except ValueError as error:
                raise BadThreshold("zone", list(self.zone), str(error).removeprefix("expected ")) from None


@dataclass(frozen=True)
class Deviation:
    """Outside the ellipse around both ends of the leg: the way over the vehicle's position, as the crow flies, longer
    than ``detour`` times the direct one and by more than ``slack_m``.
    """

    detour: float = 2.0
    slack_m: float = 3_000.0
    fresh_s: float = 300.0


def geofence_entered(view: FleetView, params: Zone) -> list[Alert]:
    """A vehicle is inside a zone, at a depot or at the stop it is on its way to."""
    return [
        Alert(f"{name}@{place}", int(view.fixed_us[row]), f"{name} is in {place}", place)
        for row, name, place, inside in _around(view, params)
        if inside
    ]


def geofence_left(view: FleetView, params: Zone) -> list[Alert]:
    """A vehicle is outside the zone it is to stay in (none given: its depot while nobody works with it)."""
    if params.zone:
        return [
            Alert(f"{name}@{place}", int(view.fixed_us[row]), f"{name} has left {place}", place)
            for row, name, place, inside in _around(view, params)
            if not inside
        ]
    found = []
    recent = fresh(view, params.fresh_s)
    for row, (name, vehicle) in enumerate(zip(vehicle_names(view), view.vehicles.values())):
        depot = view.depots[vehicle.depot_id]
        if vehicle.state == "off" and recent[row]:
            away_m = float(distance_m(depot.lat, depot.lon, view.lat[row], view.lon[row]))
            if away_m > params.radius_m:
                text = f"{name} is {away_m:.0f} m from {vehicle.depot_id} outside working hours"
                found.append(Alert(f"{name}@{vehicle.depot_id}", int(view.fixed_us[row]), text, vehicle.depot_id))
    return found


def _around(view: FleetView, params: Zone) -> Iterator[tuple[int, str, str, bool]]:
    """Row and name of vehicles with a fresh position, the place in question, and whether they are inside."""
    names, recent = vehicle_names(view), fresh(view, params.fresh_s)
    if not params.zone and params.around == "stops":
        for row, place in driving_to(view):
            if recent[row]:
                away_m = float(distance_m(place.lat, place.lon, view.lat[row], view.lon[row]))
                yield row, names[row], place.place_id, away_m <= params.radius_m
        return
    fences: dict[str, Fence] = (
        {"zone": fence_of(params.zone)}
        if params.zone
        else {name: Circle(depot.lat, depot.lon, params.radius_m) for name, depot in view.depots.items()}
    )
    for place_id, fence in fences.items():
        inside = fence.contains(view.lat, view.lon)
        for row in np.flatnonzero(recent).tolist():
            yield row, names[row], place_id, bool(inside[row])


def route_deviation(view: FleetView, params: Deviation) -> list[Alert]:
    """A vehicle on its way to a stop is far off any sensible way there."""
    names, recent, working = vehicle_names(view), fresh(view, params.fresh_s), at_work(view)
    legs = [(row, view.vehicles[names[row]].place, to) for row, to in driving_to(view) if recent[row] and working[row]]
    legs = [(row, start, to) for row, start, to in legs if start is not None]
    if not legs:
        return []
    rows = np.array([row for row, _, _ in legs])
    ends = np.array([(start.lat, start.lon, to.lat, to.lon) for _, start, to in legs])  # type: ignore[union-attr]
    lat, lon = view.lat[rows], view.lon[rows]
    direct = distance_m(*ends.T)
    over = distance_m(ends[:, 0], ends[:, 1], lat, lon) + distance_m(lat, lon, ends[:, 2], ends[:, 3])
    off = np.flatnonzero(over > np.maximum(params.detour * direct, direct + params.slack_m))
    found = []
    for number in off.tolist():
        row, _, to = legs[number]
        text = f"{names[row]} is {(over[number] - direct[number]) / 1000:.1f} km out of its way to {to.place_id}"
        found.append(Alert(names[row], int(view.fixed_us[row]), text, to.place_id))
    return found
