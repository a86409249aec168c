"""Commands head office gives: small constructors, so that policies and planners spell them alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twin.views import Stop


@dataclass(frozen=True)
class Command:
    """A command of the catalogue (``twin.events.COMMANDS``) with its payload."""

    kind: str
    payload: dict[str, Any]

    @property
    def vehicle_id(self) -> str:
        """The addressee."""
        return self.payload["vehicle_id"]


def set_route(
    vehicle_id: str,
    stops: Iterable[Stop],
    reason: str,
    leave_us: int | None = None,
    breaks_us: Iterable[tuple[int, int]] = (),
) -> Command:
    """Replace what the vehicle has not started yet."""
    return Command(
        "set_route",
        {
            "vehicle_id": vehicle_id,
            "stops": [stop._asdict() for stop in stops],
            "leave_us": leave_us,
            "breaks_us": [list(pair) for pair in breaks_us],
            "reason": reason,
        },
    )


def assign_order(
    order_id: str, vehicle_id: str, reason: str, position: int | None = None, arrive_us: int | None = None
) -> Command:
    """Add an order to a vehicle's route, at ``position`` among the stops not yet started (None: at the end)."""
    return Command(
        "assign_order",
        {
            "order_id": order_id,
            "vehicle_id": vehicle_id,
            "position": position,
            "arrive_us": arrive_us,
            "reason": reason,
        },
    )


def unassign_order(order_id: str, vehicle_id: str, reason: str) -> Command:
    """Take an order that is not on board off a route."""
    return Command("unassign_order", {"order_id": order_id, "vehicle_id": vehicle_id, "reason": reason})
