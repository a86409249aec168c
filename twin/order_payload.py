"""Orders as payloads of ``order_placed``, and back."""

from typing import Any, Literal

from twin.orders import Order, Place, Task, Window


def order_payload(order: Order) -> dict[str, Any]:
    """An order as the payload of ``order_placed``."""
    return {
        "order_id": order.order_id,
        "pickup": _task_fields(order.pickup),
        "delivery": _task_fields(order.delivery),
        "demand": dict(sorted(order.demand.items())),
        "priority": order.priority,
        "needs": sorted(order.needs),
        "customer": order.customer,
        "depot": order.depot,
        "known_before": order.placed_us is None,
    }


def _task_fields(task: Task | None) -> dict[str, Any] | None:
    if task is None:
        return None
    return {
        "place": task.place._asdict(),
        "windows_us": [list(window) for window in task.windows],
        "service_s": task.service_s,
    }


def order_from_payload(payload: dict[str, Any], placed_us: int | None) -> Order:
    """The order an ``order_placed`` payload tells of."""
    return Order(
        order_id=payload["order_id"],
        pickup=_task("pickup", payload["pickup"]),
        delivery=_task("delivery", payload["delivery"]),
        demand=payload["demand"],
        priority=payload["priority"],
        needs=frozenset(payload["needs"]),
        customer=payload["customer"],
        depot=payload["depot"],
        placed_us=None if payload["known_before"] else placed_us,
    )


def _task(kind: Literal["pickup", "delivery"], fields: dict[str, Any] | None) -> Task | None:
    if fields is None:
        return None
    windows = tuple(Window(*window) for window in fields["windows_us"])
    return Task(kind, Place(**fields["place"]), windows, fields["service_s"])
