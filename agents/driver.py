"""A driver's working day: inspection, loading, driving, waiting, serving, the break, the way home."""

from collections.abc import Callable
from dataclasses import dataclass

import simpy

from agents.customer import Customer
from agents.population import Population
from agents.proof_capture import ProofCapture
from agents.road_user import READ_US, REFUEL_S, RoadUser, Traits
from agents.tablet import Tablet
from agents.vehicle import Steps, Vehicle
from engine.clock import SECOND
from twin.orders import Order, Place
from twin.planning.day import Shift
from twin.policies.common import start_of_service
from twin.views import Stop


@dataclass(frozen=True)
class DepotWork:
    """Loading at a depot, and refuelling there."""

    load_base_us: int
    load_order_us: int
    charger_kw: float


@dataclass(frozen=True)
class Rules:
    """How a driver group works; microseconds.

    Without an offline mode the next stop is shown only while the platform is reached: drivers wait for that, at most
    ``wait_at_most_us``. 0: the device has an offline mode.
    """

    inspection_us: int
    overtime_us: int
    stand_by_us: int
    refuel_below: float = 0.15
    wait_at_most_us: int = 0


class Driver(RoadUser):
    """A driver with a roster and a tablet, which holds the route."""

    def __init__(
        self, population: Population, name: str, vehicle: Vehicle, tablet: Tablet, traits: Traits, rules: Rules,
        depot: DepotWork, stations: list[tuple[str, int]], customer_of: Callable[[str], Customer | None],
        node_of: Callable[[Place, Vehicle], int],
    ) -> None:  # fmt: skip
        super().__init__(population, name, vehicle, tablet, traits, stations)
        self.rules, self.depot, self.customer_of, self.node_of = rules, depot, customer_of, node_of
        self.proofs: ProofCapture | None = None  # what is recorded at the door
        self._wake: simpy.Event | None = None
        self._waited_for: Stop | None = None  # waited to be shown this one, and goes there now anyway
        self._rest_due: list[tuple[int, int, int]] = []
        tablet.on_change = self.wake

    # --- the roster ---

    def work(self, shifts: Callable[[int], Shift | None]) -> Steps:
        """Every rostered day's shift, for the whole run."""
        world = self.world
        day, last = world.local.day(world.start_us), world.local.day(world.end_us)
        while day <= last:
            shift = shifts(day)
            if shift is not None and world.now <= shift.start_us < world.end_us:
                yield self._until(shift.start_us)
                yield from self.shift(shift)
            day = max(day + 1, world.local.day(world.now))

    def shift(self, shift: Shift) -> Steps:
        """One shift from start to end; what could not be served is brought back."""
        vehicle, started = self.vehicle, self.world.now
        self.known_closed.clear()
        self._rest_due = list(shift.breaks_us)
        self._sums = {"driving_us": self.driving_us, "rest_us": 0, "idle_us": vehicle.idle_us,
                      "idle_used": vehicle.idle_used, "engine_us": vehicle.engine_us}  # fmt: skip
        self._unserved: list[str] = []
        self._tell("shift_started", depot_id=vehicle.depot_id, until_us=shift.end_us)
        yield self._for(self.rules.inspection_us)
        self._tell("inspection_done", minutes=self.rules.inspection_us / 60e6)
        yield from self._route(shift)
        for order_id in [*vehicle.onboard]:
            if self.tablet.order_of(order_id) is not None:  # still open: brought back unserved
                self._unserved.append(order_id)
                self._goods_at_depot(order_id)
            del vehicle.onboard[order_id]
        self._unserved += [s.order_id for s in self.tablet.stops if s.order_id not in self._unserved]
        self.tablet.stops = []
        self._tell(
            "shift_ended",
            duty_s=(self.world.now - started) / SECOND,
            driving_s=(self.driving_us - self._sums["driving_us"]) / SECOND,
            break_s=self._sums["rest_us"] / SECOND,
            idle_s=(vehicle.idle_us - self._sums["idle_us"]) / SECOND,
            idle_fuel_ml=0.0 if vehicle.kind.electric else (vehicle.idle_used - self._sums["idle_used"]) / 1000,
            engine_s=(vehicle.engine_us - self._sums["engine_us"]) / SECOND,
            odometer_m=vehicle.odometer_mm / 1000,
            unserved=list(dict.fromkeys(self._unserved)),
        )
        if vehicle.kind.electric or vehicle.tank_share < 0.5:
            self._fill_at_depot()

    def _goods_at_depot(self, order_id: str) -> None:
        """Goods fetched from a customer and not delivered are at the depot now: what remains is a delivery from it."""
        customer = self.customer_of(order_id)
        if customer is None:
            return
        customer.goods_with = None
        if customer.order.pickup is not None and customer.order.delivery is not None:
            customer.order = customer.order.moved(pickup=None, depot=self.vehicle.depot_id)

    def _route(self, shift: Shift) -> Steps:
        """Follow the tablet until the shift is over and the vehicle is home."""
        vehicle, tablet = self.vehicle, self.tablet
        released_us = shift.end_us
        while True:
            yield from self._rest_if_due(shift)
            if tablet.held and self.world.now < shift.end_us:
                yield self._woken(self._next_rest(shift.end_us))
                continue
            stop = self._next_stop()
            at_depot = vehicle.node == vehicle.home_node
            if stop is None:
                if not at_depot:
                    yield from self._go_home()
                elif self.world.now >= released_us:
                    return
                else:
                    stand_by_us = self.world.now + self.rules.stand_by_us
                    released_us = shift.end_us if tablet.to_be_told() else min(released_us, stand_by_us)
                    yield self._woken(self._next_rest(released_us))
                continue
            released_us = shift.end_us
            order = tablet.order_for(stop)
            assert order is not None  # noqa: S101  (_next_stop drops what is known to have ended)
            fetch = order.pickup is None and stop.order_id not in vehicle.onboard
            if self._too_late_for(stop, order, fetch and not at_depot, shift):
                tablet.drop(stop.order_id)
                self._unserved.append(stop.order_id)
            elif (fetch or stop.task == "pickup") and tablet.over([*vehicle.onboard.values(), order]):
                if at_depot and not self._to_unload():
                    tablet.drop(stop.order_id)
                    self._unserved.append(stop.order_id)
                else:
                    yield from self._go_home()
            elif fetch and not at_depot:
                yield from self._go_home()
            elif fetch:
                yield from self._load()
            elif at_depot and tablet.leave_us is not None and self.world.now < tablet.leave_us:
                yield self._woken(min(tablet.leave_us, self._next_rest(tablet.leave_us)))
            elif vehicle.tank_share <= self.rules.refuel_below and self.stations:
                yield from self._refuel()
            elif self.rules.wait_at_most_us and stop != self._waited_for and tablet.barred_by():
                yield from self._wait_for_connection(self.rules.wait_at_most_us)
                self._waited_for = stop
            else:
                yield from self._visit(stop, order)

    def _next_stop(self) -> Stop | None:
        """The next stop there is still something to do at."""
        tablet = self.tablet
        while tablet.stops:
            stop = tablet.stops[0]
            customer = self.customer_of(stop.order_id)
            elsewhere = customer is not None and customer.goods_with not in (None, self.vehicle.name)
            if tablet.still_to_do(stop) and not elsewhere:
                return stop
            tablet.stops.pop(0)
            if elsewhere:
                self._unserved.append(stop.order_id)
        return None

    def _too_late_for(self, stop: Stop, order: Order, detour: bool, shift: Shift) -> bool:
        """Whether the driver would usually be back later than overtime allows."""
        vehicle, now = self.vehicle, self.world.now
        if now < shift.start_us + 3600 * SECOND:
            return False
        task = order.pickup if stop.task == "pickup" else order.delivery
        node = self.node_of((task or order.last_task).place, vehicle)
        there = self._usual_us(vehicle.node, vehicle.home_node) + self._usual_us(vehicle.home_node, node) if detour \
            else self._usual_us(vehicle.node, node)  # fmt: skip
        arrive = start_of_service(now + there, (task or order.last_task).windows)
        back = arrive + int((task or order.last_task).service_s * SECOND) + self._usual_us(node, vehicle.home_node)
        return back > shift.end_us + self.rules.overtime_us

    # --- at the depot ---

    def _load(self) -> Steps:
        """Load all goods of the route that wait at this depot."""
        vehicle, began = self.vehicle, self.world.now
        goods: dict[str, Order] = {}
        for stop in self.tablet.stops:
            order = self.tablet.order_of(stop.order_id)
            if order is not None and order.pickup is None and stop.order_id not in vehicle.onboard:
                goods[stop.order_id] = order
        yield self._for(self.depot.load_base_us + len(goods) * self.depot.load_order_us)
        loaded = [order_id for order_id, order in goods.items() if self._take(order_id, order)]
        for order_id in loaded:
            self._tell("order_picked_up", order_id, order_id=order_id, at_depot=vehicle.depot_id)
        self._tell("loading_done", depot_id=vehicle.depot_id, orders=loaded, started_us=began)

    def _take(self, order_id: str, order: Order) -> bool:
        """Take goods on board at the depot, if they are still wanted, are there, and fit."""
        customer = self.customer_of(order_id)
        wanted = customer is not None and any(stop.order_id == order_id for stop in self.tablet.stops)
        if customer is None or not wanted or customer.goods_with is not None:
            return False
        if self.tablet.over([*self.vehicle.onboard.values(), order]):
            return False
        self._put_on_board(customer, order)
        return True

    def _put_on_board(self, customer: Customer, order: Order) -> None:
        self.vehicle.onboard[order.order_id] = order
        customer.goods_with = self.vehicle.name

    def _to_unload(self) -> list[str]:
        """What stays at the depot when the vehicle comes by: collections, and goods of orders that have ended."""
        onboard = self.vehicle.onboard.items()
        return [i for i, order in onboard if order.delivery is None or self.tablet.order_of(i) is None]

    def _go_home(self) -> Steps:
        vehicle = self.vehicle
        yield from self._drive(vehicle.home_node, vehicle.depot_id, "depot", vehicle.depot)
        for order_id in self._to_unload():
            del vehicle.onboard[order_id]

    def _fill_at_depot(self) -> None:
        vehicle = self.vehicle
        before = max(0.0, vehicle.tank_share)
        if before >= 1.0:
            return
        seconds = vehicle.kind.charge_time_s(before, 1.0, self.depot.charger_kw) if vehicle.kind.electric else REFUEL_S
        self._tell("refuelled", at=vehicle.depot_id, minutes=seconds / 60, **vehicle.fill(1.0))

    # --- on the road ---

    def _visit(self, stop: Stop, order: Order) -> Steps:
        """Drive to a stop, wait for its window, serve it."""
        tablet, vehicle = self.tablet, self.vehicle
        task = (order.pickup if stop.task == "pickup" else order.delivery) or order.last_task
        tablet.set_off(stop)
        self._waited_for = None
        yield from self._drive(self.node_of(task.place, vehicle), stop.order_id, "task", task.place)
        arrived = self.world.now
        start = start_of_service(arrived, task.windows)
        if start > arrived:
            yield from self._wait(start)
        yield from self._serve(stop, order, arrived)
        tablet.under_way = None

    def _serve(self, stop: Stop, order: Order, arrived_us: int) -> Steps:
        vehicle, order_id = self.vehicle, stop.order_id
        customer = self.customer_of(order_id)
        task = (order.pickup if stop.task == "pickup" else order.delivery) or order.last_task
        if customer is None or customer.being_served:  # ended while the vehicle was on its way, or somebody else came
            self._attempted(order_id, 0, arrived_us, "refused")
            return
        attempt = customer.attempts + 1
        final = stop.task == order.last_task.kind
        here = None if stop.task == "pickup" else vehicle.name
        if customer.goods_with != here:  # another vehicle has fetched them
            self._attempted(order_id, attempt, arrived_us, "wrong_load")
            return
        customer.being_served = True
        visits = customer.behaviour.visits[stop.task]
        visit = visits[min(attempt, len(visits)) - 1]
        outcome = customer.behaviour.failure(visit) if final else None
        length_us = int(task.service_s * visit.service_factor * self.traits.work * SECOND)
        usual_us = self.world.now + int(task.service_s * SECOND)
        self._tell(
            "service_started", order_id, order_id=order_id, task=stop.task, arrived_us=arrived_us, due_us=usual_us
        )
        started = self.world.now
        if self.world.streams.uniform("engine_on", self.name, order_id, attempt) < self.traits.idle_share:
            vehicle.idle(length_us)
        yield self._for(length_us)
        customer.being_served = False
        if outcome is not None:
            customer.attempts = attempt
            self._attempted(order_id, attempt, arrived_us, outcome)
        elif stop.task == "pickup" and not final:
            self._put_on_board(customer, order)
            self._tell("order_picked_up", order_id, order_id=order_id, service_s=length_us / SECOND)
        else:
            customer.attempts = attempt
            customer.end("order_delivered")
            if stop.task == "pickup":
                vehicle.onboard[order_id] = order
            else:
                vehicle.onboard.pop(order_id, None)
            self._tell(
                "order_delivered", order_id, order_id=order_id, attempt=attempt, arrived_us=arrived_us,
                started_us=started, service_s=length_us / SECOND,
                share=customer.behaviour.taken_share,
            )  # fmt: skip
            self._prove(order_id, attempt, customer.behaviour.taken_share)

    def _prove(self, order_id: str, attempt: int, share: float) -> None:
        """Record a proof of delivery; it may reach head office hours later."""
        if self.proofs is not None:
            proof = self.proofs.proof(order_id, attempt, share, self.world.now)
            proof |= {"vehicle_id": self.vehicle.name, "driver_id": self.name}
            self.tablet.report("proof_captured", order_id, proof, size_bytes=proof["bytes"])

    def _attempted(self, order_id: str, attempt: int, arrived_us: int, outcome: str) -> None:
        self._tell(
            "delivery_attempted", order_id, order_id=order_id, attempt=attempt, arrived_us=arrived_us, outcome=outcome
        )

    # --- breaks and waiting ---

    def _rest_if_due(self, shift: Shift) -> Steps:
        if self._rest_due and self.world.now >= self._next_rest(shift.end_us):
            yield from self._rest()

    def _rest(self) -> Steps:
        length_us = self._rest_due.pop(0)[2]
        self._tell("break_taken", until_us=self.world.now + length_us)
        self._sums["rest_us"] += length_us
        yield self._for(length_us)

    def _next_rest(self, otherwise_us: int) -> int:
        """When the next break begins: as planned where the route says so, else as early as it may."""
        if not self._rest_due:
            return otherwise_us
        earliest, latest, _ = self._rest_due[0]
        planned = next((start for start, _ in self.tablet.breaks_us if earliest <= start <= latest), earliest)
        return min(otherwise_us, planned)

    def _wait(self, until_us: int) -> Steps:
        """Wait for a window to open; a break that fits is taken meanwhile."""
        if self._rest_due:
            earliest, _, length_us = self._rest_due[0]
            begin = max(earliest, self.world.now)
            if begin + length_us <= until_us:
                yield self._until(begin)
                yield from self._rest()
        yield self._until(until_us)

    # --- small helpers ---

    def wake(self) -> None:
        """Something changed on the tablet."""
        if self.tablet.unread:
            self.world.after(READ_US, self._read)
        if self._wake is not None and not self._wake.triggered:
            self._wake.succeed()

    def _woken(self, until_us: int) -> simpy.Event:
        """An event at a moment, or earlier if the tablet changes."""
        self._wake = event = simpy.Event(self.world.env)

        def ring() -> None:
            if not event.triggered:
                event.succeed()

        self.world.at(until_us, ring)
        return event
