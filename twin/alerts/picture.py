"""What several rules read from the picture; rows are those of the view's arrays."""

import numpy as np

from twin.alerts.rule import SECOND_US
from twin.orders import Place
from twin.views import FleetView


def vehicle_names(view: FleetView) -> list[str]:
    """Vehicle ids by row."""
    return list(view.index)


def fresh(view: FleetView, within_s: float) -> np.ndarray:
    """Vehicles whose position is known and at most so old: bool by row."""
    return (view.now_us - view.fixed_us <= within_s * SECOND_US) & ~np.isnan(view.lat)


def at_work(view: FleetView) -> np.ndarray:
    """Vehicles whose shift is on, as known: bool by row."""
    return view.shift_began_us > 0


def driving_to(view: FleetView) -> list[tuple[int, Place]]:
    """Vehicles under way to a stop, by row, and where to."""
    found = []
    for row, vehicle in enumerate(view.vehicles.values()):
        if vehicle.started is not None and vehicle.state in ("driving", "waiting"):
            known = view.orders.get(vehicle.started.order_id)
            if known is not None:
                order = known.order
                task = (order.pickup if vehicle.started.task == "pickup" else order.delivery) or order.last_task
                found.append((row, task.place))
    return found


def standing_s(view: FleetView) -> np.ndarray:
    """How long each vehicle had been standing when its newest position was measured, by row; 0: it was moving."""
    still = view.still_since_us
    return np.where(still < view.fixed_us, (view.fixed_us - still) / SECOND_US, 0.0)
