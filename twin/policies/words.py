"""Reasons as a dispatcher reads them."""

from twin.views import FleetView, OrderView

MINUTE_US = 60_000_000
OLD_US = 10 * MINUTE_US
"""A position older than this is worth a word,"""
PARKED_OLD_US = 30 * MINUTE_US
"""that of a parked vehicle than this: tablets at rest report every twenty minutes [A]."""


def minutes(us: int) -> str:
    """A length of time."""
    whole = round(us / MINUTE_US)
    return f"{whole} min" if abs(whole) < 120 else f"{whole // 60} h {whole % 60:02d} min"


def age(view: FleetView, vehicle_id: str) -> str:
    """A remark on a position that is old, or empty. A parked vehicle stands where it was, also while its receiver
    sleeps: then the newest sample counts, with or without a fix.
    """
    vehicle, row = view.vehicles[vehicle_id], view.index[vehicle_id]
    parked = vehicle.state != "driving" and not view.ignition[row]
    seen_us, old_us = (view.recorded_us, PARKED_OLD_US) if parked else (view.fixed_us, OLD_US)
    age_us = view.now_us - max(int(seen_us[row]), vehicle.heard_us)
    return f"; position of {vehicle_id} is {minutes(age_us)} old" if age_us > old_us else ""


def stop_name(number: int, stops: int) -> str:
    """Where in a route of so many free stops."""
    if number >= stops:
        return "as last stop" if stops else "as its only stop"
    return "as next stop" if number == 0 else f"as stop {number + 1}"


def moved(known: OrderView, why: str) -> str:
    """Whom an order is taken from, and why, or empty."""
    return f" from {known.vehicle_id} ({why})" if known.vehicle_id is not None else ""
