"""What a policy is told of a day with docks and last-in-first-out loading, and routes as visits to docks.

This is the one place that says what ``view.journal["dockyard"]`` holds and what the fields of the view mean there:

- An order has a pickup and a delivery; the delivery's window ends at its deadline. It may be late, at a cost.
- Consecutive stops at one place are one visit, docked once, unless goods would be unloaded after others were loaded.
- A visit waits for a free dock (first come, first served), takes ``docking_us`` and then unloading and loading.
  Goods change hands on arrival: an order is on time if the vehicle arrives by its deadline.
- ``vehicle.started`` is the first stop of the visit the vehicle is bound to (``arrive_us``: when it gets there). Its
  place is fixed; what is done there, and everything after it, may be changed until the vehicle arrives.
- ``vehicle.place`` and ``free_at_us`` are where it is or was last, and when it leaves or left.
- A vehicle's route has to deliver all that is on board. Orders may be left for later until they are overdue.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from twin.orders import Task
from twin.views import FleetView, OrderView, Stop

KEY = "dockyard"


@dataclass(frozen=True)
class Dockyard:
    """``cargo`` are the orders on board by vehicle, the last loaded last; ``ports`` the number of docks by place id.

    An order larger than any vehicle stands in the view as its items, each an order of its own: ``whole`` names the
    order an item belongs to, which is as late as its last item. An hour of an order's lateness costs ``late_per_h``,
    a kilometre ``per_km``. Decisions are ``period_us`` apart. ``left_s`` tells the seconds left to decide, None: effort
    is counted, not timed.
    """

    period_us: int
    docking_us: int
    ports: Mapping[str, int]
    cargo: Mapping[str, tuple[str, ...]]
    whole: Mapping[str, str]
    late_per_h: float
    per_km: float
    left_s: Callable[[], float] | None = None


class DockVisit(NamedTuple):
    """Stops done at one docking."""

    place_id: str
    stops: tuple[Stop, ...]


def ends(known: OrderView) -> tuple[Task, Task]:
    """Pickup and delivery of an order."""
    return task_of(known, Stop(known.order.order_id, "pickup")), task_of(known, Stop(known.order.order_id, "delivery"))


def task_of(known: OrderView, stop: Stop) -> Task:
    """The task a stop is for.

    Raises:
        ValueError: the order has none; on such a day all are pairs.
    """
    task = known.order.pickup if stop.task == "pickup" else known.order.delivery
    if task is None:
        raise ValueError(f"order {stop.order_id} has no {stop.task}")
    return task


def visits(view: FleetView, stops: Iterable[Stop]) -> list[DockVisit]:
    """A route as visits."""
    found: list[DockVisit] = []
    for stop in stops:
        place_id = task_of(view.orders[stop.order_id], stop).place.place_id
        last = found[-1] if found else None
        if last and last.place_id == place_id and not (stop.task == "delivery" and last.stops[-1].task == "pickup"):
            found[-1] = last._replace(stops=(*last.stops, stop))
        else:
            found.append(DockVisit(place_id, (stop,)))
    return found
