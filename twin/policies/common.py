"""What policies share: who may take an order, what is free to move, and where a vehicle's free part begins."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from twin.orders import Place, Task, natural_key
from twin.views import AT_DEPOT, DEPOT_LOAD_US, FleetView, OrderView, Stop, VehicleView

SECOND_US = 1_000_000


class Visit(NamedTuple):
    """A place to be at, with what is done there; a depot to load at has no window."""

    place: Place
    service_us: int
    windows: tuple[tuple[int, int], ...] = ()
    loads: bool = False


def waiting_orders(view: FleetView) -> list[OrderView]:
    """Orders to assign, the most urgent first.

    Orders whose first window opens after the last shift of today wait for their own day's plan.
    """
    until_us = max((v.shift_us[1] for v in view.vehicles.values() if v.shift_us is not None), default=0)
    if not until_us:
        return []
    return by_urgency(
        o for o in view.unassigned() if not o.order.last_task.windows or o.order.last_task.windows[0].open_us < until_us
    )


def by_urgency(orders: Iterable[OrderView]) -> list[OrderView]:
    """Sorted by end of the last window, then priority, then id."""

    def urgency(known: OrderView) -> tuple:
        windows = known.order.last_task.windows
        return (windows[-1].close_us if windows else 2**62, -known.order.priority, natural_key(known.order.order_id))

    return sorted(orders, key=urgency)


def committed_loads(view: FleetView) -> dict[str, dict[str, float]]:
    """What each vehicle carries or is to carry, by unit, as known: an upper bound of what is on board at once."""
    loads: dict[str, dict[str, float]] = {vehicle_id: {} for vehicle_id in view.vehicles}
    for known in view.orders.values():
        holder = known.onboard or known.vehicle_id
        if holder is not None:
            load = loads[holder]
            for unit, amount in known.order.demand.items():
                load[unit] = load.get(unit, 0.0) + amount
    return loads


def at_work(vehicle: VehicleView) -> bool:
    """Whether the vehicle's shift has begun, and it can and may drive."""
    return vehicle.shift_us is not None and vehicle.state != "broken" and not vehicle.held


def fits(vehicle: VehicleView, load: Mapping[str, float], known: OrderView) -> bool:
    """Whether the vehicle is at work and has what the order needs, room beside its ``load`` included."""
    order = known.order
    if not at_work(vehicle) or not order.needs <= vehicle.offers:
        return False
    if known.onboard not in (None, vehicle.vehicle_id):
        return False
    if order.depot is not None and order.depot != vehicle.depot_id and order.pickup is None:
        return False
    return all(
        amount + load.get(unit, 0.0) <= vehicle.capacity[unit]
        for unit, amount in order.demand.items()
        if unit in vehicle.capacity
    )


def task_visit(task: Task) -> Visit:
    """A task as a visit."""
    return Visit(task.place, int(task.service_s * SECOND_US), task.windows)


def fits_aboard(view: FleetView, vehicle: VehicleView, stops: Sequence[Stop]) -> bool:
    """Whether the vehicle never holds more than it may on these free stops, as far as is known.

    Goods that wait at the depot are loaded together, before the first of them is due.
    """
    ahead = [*([vehicle.started] if vehicle.started is not None else []), *stops]
    mine = {stop.order_id: known for stop in ahead if (known := view.orders.get(stop.order_id)) is not None}
    waiting = [known for known in mine.values() if awaits_loading(known)]
    aboard = {i: known for i, known in view.orders.items() if known.onboard == vehicle.vehicle_id}
    if vehicle.state in AT_DEPOT:
        aboard, waiting = aboard | {known.order.order_id: known for known in waiting}, []
    for stop in ahead:
        known = mine.get(stop.order_id)
        if known is None:
            continue
        if known in waiting:
            aboard, waiting = aboard | {other.order.order_id: other for other in waiting}, []
        if stop.task == "pickup":
            aboard[stop.order_id] = known
        for unit, limit in vehicle.capacity.items():
            if sum(other.order.demand.get(unit, 0.0) for other in aboard.values()) > limit * (1 + 1e-9):
                return False
        if stop.task == "delivery":
            aboard.pop(stop.order_id, None)
    return True


def awaits_loading(known: OrderView) -> bool:
    """Whether the order's goods have still to be loaded at a depot."""
    return known.order.pickup is None and known.onboard is None


def free_stops(vehicle: VehicleView) -> list[Stop]:
    """The stops that have not been started: those a command may move."""
    started = vehicle.started
    return [stop for stop in vehicle.stops if stop != started]


def numbered_visits(view: FleetView, vehicle: VehicleView, stops: Sequence[Stop]) -> list[tuple[Visit, int]]:
    """The visits that stops mean, each with the number of the stop it is or comes before."""
    visits = []
    loaded = vehicle.state in AT_DEPOT
    for number, stop in enumerate(stops):
        known = view.orders.get(stop.order_id)
        if known is None:
            continue
        if not loaded and awaits_loading(known):
            visits.append((Visit(view.depots[vehicle.depot_id], DEPOT_LOAD_US, loads=True), number))
            loaded = True
        task = known.order.pickup if stop.task == "pickup" else known.order.delivery
        visits.append((task_visit(task or known.order.last_task), number))
    return visits


def begin(view: FleetView, vehicle: VehicleView) -> tuple[Place, int]:
    """Where and when the free part of the route begins: after what the driver has started.

    Positions are named after themselves, to 11 m: travel times know places by name.
    """
    now = max(view.now_us, vehicle.free_at_us or 0, vehicle.leave_us or 0)
    known = view.orders.get(vehicle.started.order_id) if vehicle.started is not None else None
    if known is not None and vehicle.started is not None:
        visit = task_visit(known.order.last_task if vehicle.started.task == "delivery" else known.order.tasks[0])
        if vehicle.state in ("driving", "waiting"):
            now = start_of_service(now, visit.windows) + visit.service_us
        return visit.place, now
    place = None if vehicle.state in AT_DEPOT else view.position(vehicle.vehicle_id)
    if place is None:
        return view.depots[vehicle.depot_id], now
    if place.place_id in view.depots:
        return view.depots[place.place_id], now
    lat, lon = round(place.lat, 4), round(place.lon, 4)
    return Place(f"{lat:.4f},{lon:.4f}", lat, lon), now


def breaks_ahead(view: FleetView, vehicle: VehicleView) -> list[tuple[int, int]]:
    """Planned breaks that have not begun, as far as is known."""
    if not vehicle.breaks_us:
        return []
    resting = vehicle.state == "break"
    return [(start, end) for start, end in vehicle.breaks_us if (start if resting else end) > view.now_us]


def start_of_service(arrive_us: int, windows: Sequence[tuple[int, int]]) -> int:
    """When service starts: on arrival, or when the next window opens; after the last window at once."""
    for open_us, close_us in windows:
        if arrive_us <= close_us:
            return max(arrive_us, open_us)
    return arrive_us
