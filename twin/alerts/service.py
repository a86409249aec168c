"""Rules about promises to customers."""

from dataclasses import dataclass

import numpy as np

from twin.alerts.rule import MINUTE_US, SECOND_US, Alert
from twin.views import FleetView


@dataclass(frozen=True)
class LatePredicted:
    """``margin_s``: how late an arrival must be expected; ``ahead_s``: no earlier before the promise ends."""

    margin_s: float = 300.0
    ahead_s: float = 7_200.0


@dataclass(frozen=True)
class Late:
    """``after_s``: this long after the promise ended."""

    after_s: float = 60.0


@dataclass(frozen=True)
class Missed:
    """``after_s``: a stop passed over counts once its planned time is this long gone."""

    after_s: float = 900.0


def late_delivery_predicted(view: FleetView, params: LatePredicted) -> list[Alert]:
    """An open order is expected to be reached after its last window has closed."""
    arrive_us, close_us = view.etas.arrive_us, view.etas.promised_us
    within = (view.now_us <= close_us) & (close_us <= view.now_us + params.ahead_s * SECOND_US)
    late = np.flatnonzero(within & (arrive_us > close_us + params.margin_s * SECOND_US)).tolist()
    stops, found = [*view.etas] if late else [], []
    for row in late:
        order_id, minutes = stops[row][0], (arrive_us[row] - close_us[row]) // MINUTE_US
        found.append(Alert(order_id, int(close_us[row]), f"{order_id} expected {minutes} min after its window"))
    return found


def late_delivery(view: FleetView, params: Late) -> list[Alert]:
    """An order's last window has closed and it is not known to be in service or done."""
    served = {v.started.order_id for v in view.vehicles.values() if v.state == "serving" and v.started is not None}
    limit_us = view.now_us - params.after_s * SECOND_US
    found = []
    for order_id, known in view.orders.items():
        windows = known.order.last_task.windows
        if windows and windows[-1].close_us <= limit_us and order_id not in served:
            close_us = windows[-1].close_us
            minutes = (view.now_us - close_us) // MINUTE_US
            found.append(Alert(order_id, close_us, f"{order_id} is {minutes} min past its window"))
    return found


def missed_stop(view: FleetView, params: Missed) -> list[Alert]:
    """A vehicle has passed over a stop: it does a later one, or drives home, and the stop's time is gone."""
    limit_us = view.now_us - params.after_s * SECOND_US
    found = []
    for vehicle in view.vehicles.values():
        if not vehicle.stops or vehicle.state in ("off", "preparing", "loading"):
            continue
        if vehicle.started is None:
            passed = vehicle.stops if vehicle.state == "driving" else ()
        else:
            passed = vehicle.stops[: vehicle.stops.index(vehicle.started)] if vehicle.started in vehicle.stops else ()
        for stop in passed:
            if stop.arrive_us is not None and stop.arrive_us <= limit_us and stop.order_id in view.orders:
                text = f"{vehicle.vehicle_id} has passed over {stop.order_id}"
                found.append(Alert(stop.order_id, stop.arrive_us, text, vehicle.vehicle_id))
    return found
