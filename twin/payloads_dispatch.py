"""What a dispatcher says to drivers and writes down about orders, and what comes of it; in ``twin.events``."""

from typing_extensions import TypedDict


class HoldVehicle(TypedDict):
    """Finish what you do, and set off to no other stop."""

    vehicle_id: str
    reason: str


class ReleaseVehicle(TypedDict):
    """Go on with your route."""

    vehicle_id: str
    reason: str


class SendMessage(TypedDict):
    """A text for the driver's screen; an accepted answer says that it is shown there."""

    vehicle_id: str
    text: str
    reason: str


class MessageRead(TypedDict):
    """The driver has read a message, standing still."""

    command_id: str
    vehicle_id: str
    driver_id: str


class CallDriver(TypedDict):
    """Phone a driver: a line at the phone desk is needed, and the driver tells what has not been heard."""

    vehicle_id: str
    about: str
    by: str


class DriverCallAsked(TypedDict):
    """Somebody at head office wants to speak to a driver; ``phone_call_ended`` follows."""

    vehicle_id: str
    driver_id: str
    about: str
    by: str


class ChangeOrder(TypedDict):
    """Agree on other windows with the customer (None: as they are), and note something down about the order."""

    order_id: str
    windows_us: list[list[int]] | None
    note: str
    by: str


class OrderChanged(TypedDict):
    """What is agreed about an open order is different from now on; ``windows_us`` are those of its last task."""

    order_id: str
    windows_us: list[list[int]]
    note: str
    by: str


class UpdateStop(TypedDict):
    """The windows of an order's last task have changed: the driver is told."""

    vehicle_id: str
    order_id: str
    windows_us: list[list[int]]
    note: str
    reason: str
