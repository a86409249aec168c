"""Rules about vehicles that do not move."""

from dataclasses import dataclass

import numpy as np

from twin.alerts.picture import at_work, driving_to, fresh, standing_s, vehicle_names
from twin.alerts.rule import MINUTE_US, SECOND_US, Alert
from twin.geofences import distance_m
from twin.orders import Place
from twin.views import FleetView, VehicleView

EXPLAINED = ("in_service", "waiting", "break")
"""Classes of stops that belong to the work; standing at the own depot (``depot``) never counts as a long stop."""


@dataclass(frozen=True)
class LongStop:
    """``after_s`` of standing with no good reason (traffic, breakdown, private), ``explained_after_s`` with one (in
    service, waiting for a window, on a break). ``near_m``: at a place. With the engine running, a vehicle on the road
    is in traffic for ``traffic_s`` and has broken down after that. ``fresh_s``: an older position says nothing.
    """

    after_s: float = 1_200.0
    explained_after_s: float = 3_600.0
    near_m: float = 150.0
    traffic_s: float = 1_500.0
    fresh_s: float = 600.0


@dataclass(frozen=True)
class Idling:
    """``after_s`` of standing with the engine on (common company rules: three to five minutes)."""

    after_s: float = 300.0
    fresh_s: float = 300.0


def long_stop(view: FleetView, params: LongStop) -> list[Alert]:
    """A vehicle at work stands too long; why, as far as known: service, waiting, break, traffic, breakdown, private."""
    stands = standing_s(view)
    least_s = min(params.after_s, params.explained_after_s)
    rows = np.flatnonzero((stands >= least_s) & fresh(view, params.fresh_s) & at_work(view))
    names, going = vehicle_names(view), dict(driving_to(view)) if len(rows) else {}
    found = []
    for row in rows.tolist():
        reason = stop_class(view, params, row, view.vehicles[names[row]], going.get(row), float(stands[row]))
        limit_s = params.explained_after_s if reason in EXPLAINED else params.after_s
        if reason != "depot" and stands[row] >= limit_s:
            since_us = int(view.still_since_us[row])
            minutes = (view.now_us - since_us) // MINUTE_US
            text = f"{names[row]} has been standing for {minutes} min ({reason.replace('_', ' ')})"
            found.append(Alert(names[row], since_us, text, reason))
    return found


def stop_class(
    view: FleetView, params: LongStop, row: int, vehicle: VehicleView, heading_for: Place | None, stands_s: float
) -> str:
    """Why a vehicle stands: what the driver last told, else where it is and whether the engine runs."""
    told = {"broken": "breakdown", "break": "break", "serving": "in_service", "waiting": "waiting"}.get(vehicle.state)
    overdue = vehicle.free_at_us is not None and view.now_us > vehicle.free_at_us + params.after_s * SECOND_US
    if told is not None and not (told == "break" and overdue):
        return told
    lat, lon = float(view.lat[row]), float(view.lon[row])

    def near(place: Place) -> bool:
        return float(distance_m(place.lat, place.lon, lat, lon)) <= params.near_m

    if near(view.depots[vehicle.depot_id]):
        return "depot"
    if heading_for is not None and near(heading_for):
        return "in_service"  # its arrival was not heard
    if view.ignition[row]:
        return "traffic" if stands_s < params.traffic_s else "breakdown"
    return "private"


def idling(view: FleetView, params: Idling) -> list[Alert]:
    """A vehicle stands with its engine running."""
    idle = (standing_s(view) >= params.after_s) & view.ignition & fresh(view, params.fresh_s)
    names = vehicle_names(view)
    return [
        Alert(names[row], int(view.still_since_us[row]), f"{names[row]} stands with its engine running")
        for row in np.flatnonzero(idle).tolist()
    ]
