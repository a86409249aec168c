"""What commands about routes, orders and the day itself say; the rest of the catalogue as in ``twin.payloads``."""

from typing import Any, Literal

from typing_extensions import TypedDict

from twin.payloads import OrderPlaced


class RouteStop(TypedDict):
    order_id: str
    task: Literal["pickup", "delivery"]
    arrive_us: int | None  # planned


class SetRoute(TypedDict):
    """Drive these stops in this order; replaces what was not yet started."""

    vehicle_id: str
    stops: list[RouteStop]
    leave_us: int | None
    breaks_us: list[list[int]]
    reason: str


class AssignOrder(TypedDict):
    """Add one order to a vehicle's route: at ``position`` among the stops not yet started."""

    order_id: str
    vehicle_id: str
    position: int | None  # None: at the end
    arrive_us: int | None  # promised
    reason: str


class UnassignOrder(TypedDict):
    """Take an order that is not on board off a vehicle's route."""

    order_id: str
    vehicle_id: str
    reason: str


class CancelOrder(TypedDict):
    order_id: str
    by: Literal["customer", "office"]
    reason: str


class AddOrder(TypedDict):
    """Place an order from outside the scenario."""

    order: OrderPlaced


class CloseRoad(TypedDict):
    closure: str
    lat: float
    lon: float
    radius_m: float
    lasts_s: float


class ChangeSetting(TypedDict):
    key: str
    value: Any
    by: str


class InjectIncident(TypedDict):
    name: str
    incident: dict[str, Any]


class ReplayDeadLetters(TypedDict):
    """Judge refused messages of a kind again, their fields renamed from what was sent to what the office knows."""

    kind: str
    rename: dict[str, str]
    by: str
