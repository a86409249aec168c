"""A dockyard day's vehicles, routes and waiting orders as lorries, acts and lots; and routes back as stops."""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise

from twin.policies.dockyard import KEY, Dockyard, ends
from twin.policies.loading import Act, Along, Lorry, Lot, Prices
from twin.views import FleetView, OrderView, Stop, VehicleView

SECOND_US = 1_000_000


class Lots:
    """Lots by number, made from orders of a view; ``row`` of the tables by place."""

    def __init__(self, view: FleetView, row: dict[str, int]) -> None:
        self._view, self._row = view, row
        self._yard: Dockyard = view.journal[KEY]
        self.by_number: list[Lot] = []
        self._known: dict[tuple[str, ...], Lot] = {}

    def of(self, orders: tuple[str, ...]) -> Lot:
        """The lot of these orders, in order of loading."""
        if orders not in self._known:
            self._known[orders] = self._make(orders)
            self.by_number.append(self._known[orders])
        return self._known[orders]

    def _make(self, orders: tuple[str, ...]) -> Lot:
        known = [self._view.orders[name] for name in orders]
        change = sum(each.order.demand["pallets"] for each in known)
        tasks = [ends(each) for each in known]
        load_s = sum(int(pickup.service_s) for pickup, _ in tasks)
        unload_s = sum(int(delivery.service_s) for _, delivery in tasks)
        due_s = {self._yard.whole.get(name, name): _due_us(each) // SECOND_US for name, each in zip(orders, known)}
        number = len(self.by_number)
        from_row, to_row = (self._row[task.place.place_id] for task in tasks[0])
        return Lot(
            orders,
            Act(from_row, False, change, load_s, (), number),
            Act(to_row, True, -change, unload_s, tuple(sorted(due_s.values())), number),
        )

    def waiting(self, most: float) -> list[Lot]:
        """What nobody was told to do: orders of the same way together up to a load of ``most``, urgent ones first."""
        waiting = [known for known in self._view.orders.values() if known.vehicle_id is None and known.onboard is None]
        waiting.sort(key=lambda known: (*_way(known), _due_us(known), known.order.order_id))
        lots = []
        for _, ways in groupby(waiting, key=_way):
            orders: list[str] = []
            load = 0.0
            for known in ways:
                demand = known.order.demand["pallets"]
                if orders and load + demand > most:
                    lots.append(self.of(tuple(orders)))
                    orders, load = [], 0.0
                orders.append(known.order.order_id)
                load += demand
            lots.append(self.of(tuple(orders)))
        return sorted(lots, key=lambda lot: lot.unload.due_s[0])

    def route(self, stops: Sequence[Stop]) -> list[Act]:
        """Stops as acts: neighbours that go the same way and are unloaded together as one lot."""
        unloads = [stop.order_id for stop in stops if stop.task == "delivery"]
        follows = dict(pairwise(unloads))  # what is unloaded right after what
        lots: list[list[str]] = []
        before: Stop | None = None
        for stop in stops:
            if stop.task == "pickup":
                if before and before.task == "pickup" and self._same_way(lots[-1][-1], stop.order_id, follows):
                    lots[-1].append(stop.order_id)
                else:
                    lots.append([stop.order_id])
            before = stop
        lot_of = {name: self.of(tuple(orders)) for orders in lots for name in orders}
        for name in unloads:
            if name not in lot_of:  # on board
                lot_of[name] = self.of((name,))
        acts = [lot_of[s.order_id].load if s.task == "pickup" else lot_of[s.order_id].unload for s in stops]
        return [act for act, before_it in zip(acts, [None, *acts]) if act != before_it]

    def _same_way(self, before: str, name: str, follows: dict[str, str]) -> bool:
        orders = self._view.orders
        return _way(orders[before]) == _way(orders[name]) and follows.get(name) == before

    def stops(self, acts: Iterable[Act]) -> list[Stop]:
        """Acts as stops."""
        return [
            Stop(name, "delivery" if act.unload else "pickup")
            for act in acts
            for name in (reversed(self.by_number[act.lot].orders) if act.unload else self.by_number[act.lot].orders)
        ]

    def lorry(self, vehicle: VehicleView, acts: Sequence[Act], prices: Prices) -> Lorry:
        """A vehicle where it is; bound for the first place of its route if it has one."""
        assert vehicle.place is not None  # noqa: S101  (known of every vehicle on such a day)
        place, now_s = self._row[vehicle.place.place_id], self._view.now_us // SECOND_US
        load = sum(self._view.orders[name].order.demand["pallets"] for name in self._yard.cargo[vehicle.vehicle_id])
        leave_s = max(now_s, (vehicle.free_at_us or 0) // SECOND_US)
        bound = None
        if vehicle.started is not None and vehicle.started.arrive_us is not None:
            bound = acts[0].place
            leave_s = vehicle.started.arrive_us // SECOND_US - prices.seconds[place][bound]
        start = Along(leave_s, place + prices.stands, load, True, leave_s, 0.0)
        return Lorry(vehicle.vehicle_id, vehicle.capacity["pallets"], start, bound)


def _way(known: OrderView) -> tuple[str, str]:
    pickup, delivery = ends(known)
    return pickup.place.place_id, delivery.place.place_id


def _due_us(known: OrderView) -> int:
    return known.order.last_task.windows[-1].close_us
