"""What policies remember between calls, in ``view.journal``: what was offered, who declined, who was on time."""

from collections.abc import Iterable

from twin.commands import Command
from twin.views import FleetView, VehicleView

PRIOR = 5
"""A driver nobody knows counts as having been on time at this many visits [A]."""


def note_offers(view: FleetView, commands: Iterable[Command]) -> None:
    """Remember who was told to do what: an order that is open again afterwards was declined or came too late."""
    offers = view.journal.setdefault("offers", {})
    for command in commands:
        for order_id in _orders(command):
            known = view.orders.get(order_id)
            if known is not None and known.vehicle_id != command.vehicle_id:
                offers[order_id] = (command.vehicle_id, view.now_us, known.attempts)


def take_back(view: FleetView, commands: Iterable[Command], noted_us: int) -> None:
    """Forget what was noted of commands that were never given: nobody has declined them."""
    offers, noted = view.journal.get("offers", {}), view.journal.get("reroutes", {})
    for command in commands:
        for order_id in _orders(command):
            if order_id in offers and offers[order_id][:2] == (command.vehicle_id, noted_us):
                del offers[order_id]
        if command.kind == "set_route" and command.vehicle_id in noted:
            shift_us, times = noted[command.vehicle_id]
            noted[command.vehicle_id] = (shift_us, [at_us for at_us in times if at_us != noted_us])


def note_refused(view: FleetView, order_ids: Iterable[str], vehicle_id: str) -> None:
    """Remember that these orders are not to go to this vehicle, as if its driver had declined them now."""
    offers, declined = view.journal.get("offers", {}), view.journal.setdefault("declined", {})
    for order_id in order_ids:
        declined[order_id, vehicle_id] = view.now_us
        if order_id in offers and offers[order_id][0] == vehicle_id:
            del offers[order_id]


def backing_off(view: FleetView, back_off_s: float) -> set[tuple[str, str]]:
    """Pairs of order and vehicle that are not tried again yet. Forgets what is over.

    An offer counts as declined where the order is nobody's at a later call and no visit has failed since.
    """
    offers, declined = view.journal.setdefault("offers", {}), view.journal.setdefault("declined", {})
    for order_id, (vehicle_id, at_us, attempts) in list(offers.items()):
        known = view.orders.get(order_id)
        if known is None:
            del offers[order_id]
        elif known.vehicle_id is None and known.onboard is None and at_us < view.now_us:
            del offers[order_id]
            if known.attempts == attempts:
                declined[order_id, vehicle_id] = view.now_us
    since_us = view.now_us - round(back_off_s * 1e6)
    for pair, at_us in list(declined.items()):
        if at_us <= since_us or pair[0] not in view.orders:
            del declined[pair]
    return set(declined)


def reroutes(view: FleetView, vehicle: VehicleView) -> int:
    """How often the vehicle's route was searched anew in this shift, before now."""
    shift_us, times = view.journal.get("reroutes", {}).get(vehicle.vehicle_id, (None, []))
    return sum(at_us < view.now_us for at_us in times) if shift_us == vehicle.shift_us else 0


def note_reroute(view: FleetView, vehicle: VehicleView) -> None:
    """Remember that the vehicle is given a new route now."""
    noted = view.journal.setdefault("reroutes", {})
    shift_us, times = noted.get(vehicle.vehicle_id, (None, []))
    noted[vehicle.vehicle_id] = (vehicle.shift_us, [*(times if shift_us == vehicle.shift_us else []), view.now_us])


def on_time_shares(view: FleetView) -> dict[str, float]:
    """Share of visits each vehicle's driver began in time, as far as the picture has shown it, by vehicle.

    A visit is seen when a call finds the vehicle waiting or serving; ``PRIOR`` visits in time are added.
    """
    record, seen = view.journal.setdefault("visits", {}), view.journal.setdefault("visits_seen", {})
    shares = {}
    for vehicle in view.vehicles.values():
        driver_id, stop = vehicle.driver_id or vehicle.vehicle_id, vehicle.started
        good, visits = record.get(driver_id, (0, 0))
        known = view.orders.get(stop.order_id) if stop is not None else None
        if stop is not None and known is not None and vehicle.state in ("waiting", "serving"):
            task = (known.order.pickup if stop.task == "pickup" else known.order.delivery) or known.order.last_task
            visit = (stop.order_id, stop.task, known.attempts)
            if task.windows and seen.get(driver_id) != visit:
                seen[driver_id] = visit
                good, visits = good + (vehicle.state_us <= task.windows[-1].close_us), visits + 1
                record[driver_id] = (good, visits)
        shares[vehicle.vehicle_id] = (good + PRIOR) / (visits + PRIOR)
    return shares


def _orders(command: Command) -> list[str]:
    """The orders a command would have a vehicle do."""
    if command.kind == "assign_order":
        return [command.payload["order_id"]]
    return [stop["order_id"] for stop in command.payload["stops"]] if command.kind == "set_route" else []
