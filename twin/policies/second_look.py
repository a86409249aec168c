"""A second look at one order: who else could take it, and whom a dispatcher would have taken out of habit."""

from collections.abc import Iterable
from dataclasses import replace

from twin.commands import Command
from twin.policies.desk import Desk
from twin.policies.insertion import Insertion, cheapest
from twin.policies.manual import Manual, by_habit
from twin.travel import TravelTimes
from twin.views import FleetView


def next_best(view: FleetView, travel: TravelTimes, order_id: str, without: Iterable[str]) -> list[Command]:
    """Commands that give the order to the vehicle it costs least beside those ``without``; none if nobody can."""
    settings = Insertion()
    desk = _desk(view, travel, order_id, settings, without)
    return desk.place(lambda known, options: options.cost_us, cheapest(desk), settings.look_at)


def familiar(view: FleetView, travel: TravelTimes, order_id: str) -> list[Command]:
    """Commands that give the order to the driver in whose area it is; none if nobody can take it."""
    settings = Manual()
    return by_habit(_desk(view, travel, order_id, settings), settings.look_at)


def _desk(
    view: FleetView, travel: TravelTimes, order_id: str, settings: Insertion | Manual, without: Iterable[str] = ()
) -> Desk:
    """A desk with this one order on it. Looking is not offering: it leaves no trace in the journal."""
    known = view.orders[order_id]
    journal = {key: dict(kept) if isinstance(kept, dict) else kept for key, kept in view.journal.items()}
    moves = {} if known.vehicle_id is None else {order_id: "the dispatcher's choice"}
    return Desk(replace(view, journal=journal), travel, settings, moves, orders=[known], without=without)
