"""The baseline: how a dispatcher plans by hand. Zones from the far end inwards, then nearest next."""

from twin.orders import natural_key
from twin.planning.features import FEATURES
from twin.planning.insertion import Routes, best_insertion, finish, insert_all
from twin.planning.prepared import Drive, Prepared, Visit, overload, tasks_of, visits_of
from twin.planning.problem import Plan, PlanProblem, PlanVehicle
from twin.planning.timing import can_drive
from twin.travel import UNREACHABLE

URGENT_S = 1800
"""A window that would close within half an hour of getting there is served first."""

ZONE_SIZE = 40
"""Open orders around its heart that are thought of as one zone."""

IN_VIEW = 8
"""Of these, the ones nearest to the heart that are weighed against each other for the next stop."""


class ManualPlanner:
    """A dispatcher's habit: zones around the farthest open order, served nearest-next until the van is full.

    What is over at the end is squeezed in where it fits, and every run is looked over once for detours.
    A habit takes no iterations and no dice: neither seed nor effort changes it.
    """

    name = "manual"

    def supports(self) -> frozenset[str]:
        """All but balance: vans are filled one after the other."""
        return FEATURES - {"balance"}

    def plan(self, problem: PlanProblem, seed: int, effort: int) -> Plan:
        """Plan a day by hand."""
        prepared = Prepared(problem)
        open_orders = list(range(len(prepared.orders)))
        routes: Routes = {}
        for vehicle in sorted(prepared.vehicles, key=_van_order):
            routes[vehicle.vehicle_id] = _look_over(prepared, vehicle, _fill(prepared, vehicle, open_orders))
            taken = {visit.order for visit in routes[vehicle.vehicle_id]}
            open_orders = [order for order in open_orders if order not in taken]
        routes, _ = insert_all(prepared, routes, open_orders)
        return finish(prepared, routes, self.name, effort)


def _van_order(vehicle: PlanVehicle) -> tuple:
    """The largest van first, then the one that starts earliest."""
    return (tuple(-room for room in vehicle.capacity), vehicle.shift_s[0], natural_key(vehicle.vehicle_id))


def _fill(prepared: Prepared, vehicle: PlanVehicle, open_orders: list[int]) -> tuple[Visit, ...]:
    """A route for one van: a zone around the farthest of the most important open orders, nearest next."""
    drive = prepared.drive(vehicle)
    able = [order for order in open_orders if _fits(prepared, vehicle, (), order)]
    if not able:
        return ()
    places = {order: tasks_of(prepared.orders[order])[0][1].place for order in able}

    def farthest(order: int) -> tuple:
        wanted = prepared.orders[order]
        return (-wanted.priority, -drive(vehicle.start, places[order]), natural_key(wanted.order_id))

    heart = places[min(able, key=farthest)]

    def nearest(order: int) -> tuple:
        return (drive(heart, places[order]), natural_key(prepared.orders[order].order_id))

    zone = sorted(able, key=nearest)[:ZONE_SIZE]
    visits: tuple[Visit, ...] = ()
    at, now_s = vehicle.start, vehicle.shift_s[0] + vehicle.load_s
    while zone:
        ranked = sorted(zone[:IN_VIEW], key=lambda order: _appeal(prepared, drive, at, now_s, order))
        chosen = next((o for o in ranked + zone[IN_VIEW:] if _fits(prepared, vehicle, visits, o)), None)
        if chosen is None:
            break
        new = visits_of(prepared.orders[chosen], chosen)
        for visit in new:
            at, now_s = _after(prepared, drive, at, now_s, visit)
        visits += new
        zone = [order for order in zone if order != chosen]
    return visits


def _look_over(prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
    """The run with every order, in turn, put where it makes the least detour."""
    for order in dict.fromkeys(visit.order for visit in visits):
        rest = tuple(visit for visit in visits if visit.order != order)
        if not rest:
            break
        found = best_insertion(prepared, {vehicle.vehicle_id: rest}, order, vehicles=(vehicle,))
        if found is not None:
            visits = found.visits
    return visits


def _fits(prepared: Prepared, vehicle: PlanVehicle, visits: tuple[Visit, ...], order: int) -> bool:
    """Whether the van can serve the order after what it already has."""
    if not prepared.may_serve(vehicle, order):
        return False
    longer = (*visits, *visits_of(prepared.orders[order], order))
    return overload(prepared.problem, vehicle, longer) is None and can_drive(prepared, vehicle, longer)


def _appeal(prepared: Prepared, drive: Drive, at: int, now_s: int, order: int) -> tuple:
    """Sort key of the next order: urgent ones, then important ones, then the soonest that can begin."""
    wanted = prepared.orders[order]
    task = tasks_of(wanted)[0][1]
    drive_s = drive(at, task.place)
    if drive_s >= UNREACHABLE:
        return (2, 0, 0, natural_key(wanted.order_id))
    arrival = now_s + drive_s
    closing = [closes for _, closes in task.windows_s if closes >= arrival]
    urgent = bool(closing) and closing[-1] - arrival < URGENT_S
    opens = next((opens for opens, closes in task.windows_s if closes >= arrival), arrival)
    return (0 if urgent else 1, -wanted.priority, max(arrival, opens) - now_s, natural_key(wanted.order_id))


def _after(prepared: Prepared, drive: Drive, at: int, now_s: int, visit: Visit) -> tuple[int, int]:
    """Where and when the van is done with a visit, breaks aside."""
    task = prepared.tasks[visit]
    arrival = now_s + drive(at, task.place)
    opens = next((opens for opens, closes in task.windows_s if closes >= arrival), arrival)
    return task.place, max(arrival, opens) + task.service_s
