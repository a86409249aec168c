"""Reasons as a dispatcher reads them."""

from twin.views import FleetView, OrderView

MINUTE_US = 60_000_000
OLD_US = 10 * MINUTE_US
"""A position older than this is worth a word."""


def minutes(us: int) -> str:
    """A length of time."""
    whole = round(us / MINUTE_US)
    return f"{whole} min" if abs(whole) < 120 else f"{whole // 60} h {whole % 60:02d} min"


def age(view: FleetView, vehicle_id: str) -> str:
    """A remark on a position that is old, or empty."""
    vehicle, row = view.vehicles[vehicle_id], view.index[vehicle_id]
    age_us = view.now_us - max(int(view.fixed_us[row]), vehicle.heard_us)
    return f"; position of {vehicle_id} is {minutes(age_us)} old" if age_us > OLD_US else ""


def stop_name(number: int, stops: int) -> str:
    """Where in a route of so many free stops."""
    if number >= stops:
        return "as last stop" if stops else "as its only stop"
    return "as next stop" if number == 0 else f"as stop {number + 1}"


def moved(known: OrderView, why: str) -> str:
    """Whom an order is taken from, and why, or empty."""
    return f" from {known.vehicle_id} ({why})" if known.vehicle_id is not None else ""
