"""What events say: a ``TypedDict`` a kind, registered in ``twin.events``.

Times are microseconds UTC (``_us``), positions degrees. A change of meaning is a new version of the kind.
"""

from typing import (
    Any,
    Literal,
    NotRequired,  # pydantic needs this one before Python 3.12
)

from typing_extensions import TypedDict

Outcome = Literal["not_home", "refused", "damaged", "too_late", "wrong_load"]


class PlaceFields(TypedDict):
    place_id: str
    lat: float
    lon: float


class TaskFields(TypedDict):
    place: PlaceFields
    windows_us: list[list[int]]
    service_s: float


class OrderPlaced(TypedDict):
    """A customer asks for something to be delivered, collected or moved."""

    order_id: str
    pickup: TaskFields | None
    delivery: TaskFields | None
    demand: dict[str, float]
    priority: int
    needs: list[str]
    customer: str
    depot: str | None
    known_before: bool  # before the day it is for


class OrderCancelled(TypedDict):
    """The order is no longer wanted; ends it, unless it was done by then."""

    order_id: str
    by: Literal["customer", "office"]
    reason: str


class OrderLeftOut(TypedDict):
    """The order will not be served; ends it."""

    order_id: str
    reason: str


class OrderPickedUp(TypedDict):
    """Goods came on board: at the depot before departure, or at the pickup place."""

    order_id: str
    vehicle_id: str
    driver_id: str
    at_depot: NotRequired[str]
    service_s: NotRequired[float]


class OrderDelivered(TypedDict):
    """The order's last task is done; ends it. A collection ends so at the customer's door, its goods then on board
    until the vehicle is back. ``share`` below 1: the rest was refused, damaged or short."""

    order_id: str
    vehicle_id: str
    driver_id: str
    attempt: int
    arrived_us: int
    started_us: int
    service_s: float
    share: float


class DeliveryAttempted(TypedDict):
    """A visit that did not end the order: it comes back or is tried again."""

    order_id: str
    vehicle_id: str
    driver_id: str
    attempt: int
    arrived_us: int
    outcome: Outcome


class OrderFailed(TypedDict):
    """The order cannot be done any more; ends it."""

    order_id: str
    reason: str
    attempts: int


class OrderEndOvertaken(TypedDict):
    """Head office ended an order that was done already, or about to be: nothing changed. The office's row of the same
    event id is of the kind it meant, ``end``."""

    order_id: str
    end: Literal["order_failed", "order_cancelled", "order_left_out"]


class OrderRebooked(TypedDict):
    """Head office agreed on another visit after a failed one."""

    order_id: str
    windows_us: list[list[int]]
    not_before_us: int


class DepotRegistered(TypedDict):
    """Master data: a depot."""

    depot_id: str
    place: PlaceFields


class VehicleRegistered(TypedDict):
    """Master data: a vehicle."""

    vehicle_id: str
    device_id: str
    group: str
    kind: str
    profile: str
    depot_id: str
    capacity: dict[str, float]
    offers: list[str]


class DriverRegistered(TypedDict):
    """Master data: a driver, by pseudonym."""

    driver_id: str
    group: str
    vehicle_id: str
    depot_id: str
    offers: list[str]


class ShiftStarted(TypedDict):
    driver_id: str
    vehicle_id: str
    depot_id: str
    until_us: int  # rostered end


class InspectionDone(TypedDict):
    driver_id: str
    vehicle_id: str
    minutes: float


class LoadingDone(TypedDict):
    """The vehicle is loaded and may leave; each order has its own ``order_picked_up`` row."""

    driver_id: str
    vehicle_id: str
    depot_id: str
    orders: list[str]
    started_us: int


class Departed(TypedDict):
    """A trip begins."""

    vehicle_id: str
    driver_id: str
    trip_id: str
    to: str  # order id, depot id or station id
    purpose: Literal["task", "depot", "refuel"]
    onboard: list[str]  # orders on board
    due_us: int  # when the driver's navigation says it arrives


class Arrived(TypedDict):
    """A trip ends; counters are the vehicle's own."""

    vehicle_id: str
    driver_id: str
    trip_id: str
    at: str
    purpose: Literal["task", "depot", "refuel", "block"]  # block: before a closed road
    lat: float
    lon: float
    distance_m: float
    driving_s: float
    fuel_ml: float
    energy_wh: float
    odometer_m: float
    empty: bool  # nothing on board


class RoadBlockMet(TypedDict):
    """The driver stands before a closed road and turns round."""

    vehicle_id: str
    driver_id: str
    trip_id: str
    edge: int
    lat: float
    lon: float


class ServiceStarted(TypedDict):
    order_id: str
    task: Literal["pickup", "delivery"]
    vehicle_id: str
    driver_id: str
    arrived_us: int
    due_us: int  # when it usually ends


class BreakTaken(TypedDict):
    """A break begins; ``until_us`` is when it ends."""

    driver_id: str
    vehicle_id: str
    until_us: int


class Refuelled(TypedDict):
    """Tank or battery filled, at a station or the depot."""

    vehicle_id: str
    driver_id: str
    at: str
    fuel_ml: float
    energy_wh: float
    minutes: float


class ShiftEnded(TypedDict):
    driver_id: str
    vehicle_id: str
    duty_s: float
    driving_s: float
    break_s: float
    idle_s: float  # engine on, standing
    idle_fuel_ml: NotRequired[float]  # burnt so: in no trip's fuel_ml
    engine_s: float
    odometer_m: float
    unserved: list[str]  # orders brought back or not reached


class HarshEvent(TypedDict):
    """Harsh braking, acceleration or cornering, as the device's accelerometer reports it."""

    vehicle_id: str
    driver_id: str
    what: Literal["brake", "accelerate", "corner"]


class BreakdownStarted(TypedDict):
    vehicle_id: str
    minutes: float


class BreakdownEnded(TypedDict):
    vehicle_id: str


class IncidentStarted(TypedDict):
    name: str
    incident: str
    details: dict[str, Any]


class IncidentEnded(TypedDict):
    name: str
    incident: str


class WeatherChanged(TypedDict):
    state: str
    speed_factor: float


class RoadClosed(TypedDict):
    """Roads cannot be driven; in the office ledger: as reported."""

    closure: str
    edges: list[int]


class RoadOpened(TypedDict):
    closure: str
    edges: list[int]


class CommandReceived(TypedDict):
    """A device got a command and its driver answered."""

    command_id: str
    vehicle_id: str
    answer: Literal["accepted", "declined", "outdated"]
    orders: list[str]  # those it was about
    reason: str


class PlanMade(TypedDict):
    """A planner finished; routes follow as commands, left-out orders as events."""

    planner: str
    day: int
    effort: int
    routes: int
    orders: int
    left_out: int
    cost: int
    planned_distance_m: float
    router: str
    bucket_us: int  # the departure time whose usual speeds were planned on


class SettingChanged(TypedDict):
    """Somebody changed how the run is steered."""

    key: str
    value: Any
    by: str
