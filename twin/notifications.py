"""What to tell customers, decided from belief: which milestone an order has reached, and what has been said before.

``due`` is a pure function of the picture, of arrivals expected and of what is on file; a ``Sender`` carries it out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

from twin.payloads_customer import Milestone
from twin.policies.common import start_of_service
from twin.views import Eta, FleetView, OrderView, VehicleView

Channel = Literal["sms", "email"]

DELAYED_AGAIN_US = 30 * 60_000_000
"""A further delay of a visit is told at most this often (assumption)."""

_ON_THE_ROAD = ("driving", "waiting", "serving", "break", "broken")
_LAPSES: dict[Milestone, tuple[Milestone, ...]] = {
    "on_the_way": ("placed",),
    "next": ("placed", "on_the_way"),
    "failed": ("placed",),
}
"""What need not be told any more once this was."""
_ENDS: dict[str, Milestone] = {
    "order_delivered": "delivered",
    "order_failed": "failed",
    "order_left_out": "failed",
}


@dataclass(frozen=True)
class NotificationSettings:
    """Which milestones are told, and how; times in microseconds."""

    milestones: frozenset[Milestone] = frozenset()
    channel: Channel = "sms"
    next_us: int = 30 * 60_000_000  # `next` is told this long before the expected arrival
    within_us: int = 15 * 60_000_000  # how exact a time told is meant to be: beyond it is wrong


@dataclass(frozen=True, slots=True)
class Notification:
    """A message to a customer; ``eta_us`` is the arrival it tells, None if it tells none."""

    order_id: str
    customer: str
    milestone: Milestone
    channel: Channel
    eta_us: int | None
    within_us: int


@dataclass(frozen=True, slots=True)
class Contact:
    """What is on file of an order's customer: what was told of the visit to come, and how the order ended ("": open).

    ``visit`` counts the failed visits before it: after one, milestones are told anew.
    """

    customer: str
    visit: int = 0
    told: frozenset[Milestone] = frozenset()
    eta_us: int | None = None  # the newest time told
    delayed_us: int | None = None  # when a delay was last told
    ended: str = ""

    def for_visit(self, visit: int) -> "Contact":
        """The file as it stands for a visit: empty if nothing was told of it yet."""
        return self if visit == self.visit else Contact(self.customer, visit, ended=self.ended)

    def after(self, notification: Notification, visit: int, now_us: int) -> "Contact":
        """The file once a notification about a visit has been sent."""
        own, milestone = self.for_visit(visit), notification.milestone
        return replace(
            own,
            told=own.told | {milestone, *_LAPSES.get(milestone, ())},
            eta_us=own.eta_us if notification.eta_us is None else notification.eta_us,
            delayed_us=now_us if milestone == "delayed" else own.delayed_us,
        )


def arrivals(view: FleetView, etas: Mapping[tuple[str, str], Eta]) -> dict[str, int]:
    """Arrivals at the customers of open orders (us), of those at every stop as ``twin.eta.etas`` gives them."""
    expected = ((order_id, etas.get((order_id, o.order.last_task.kind))) for order_id, o in view.orders.items())
    return {order_id: eta.arrive_us for order_id, eta in expected if eta is not None}


def coming_us(known: OrderView | None, eta_us: int | None, now_us: int) -> int | None:
    """What a customer may be told of an expected arrival: not before the window opens; None once it has passed."""
    if known is None or eta_us is None:
        return None
    told_us = start_of_service(eta_us, known.order.last_task.windows)
    return told_us if told_us >= now_us else None


def due(
    view: FleetView,
    etas: Mapping[str, int],
    contacts: Mapping[str, Contact],
    settings: NotificationSettings,
    now_us: int,
) -> list[Notification]:
    """What to tell now, in the order of ``contacts``: at most one message an order, the furthest milestone reached.

    ``etas`` are expected arrivals by order (us).
    """
    found = []
    for order_id, contact in contacts.items():
        known = view.orders.get(order_id)
        if contact.ended:
            milestone, told_us = _ENDS.get(contact.ended), None
        elif known is not None:
            vehicle = view.vehicles.get(known.onboard or known.vehicle_id or "")
            eta_us = coming_us(known, etas.get(order_id), now_us)
            milestone, told_us = _reached(known, vehicle, eta_us, contact, settings, now_us)
        else:
            continue
        if milestone is not None and milestone in settings.milestones:
            found.append(
                Notification(order_id, contact.customer, milestone, settings.channel, told_us, settings.within_us)
            )
    return found


def _reached(
    known: OrderView,
    vehicle: VehicleView | None,
    eta_us: int | None,
    contact: Contact,
    settings: NotificationSettings,
    now_us: int,
) -> tuple[Milestone | None, int | None]:
    """The furthest milestone of an open order that is to be told and was not, with the time it tells."""
    contact = contact.for_visit(known.attempts)
    rules: list[tuple[Milestone, bool, int | None]] = [
        ("failed", known.attempts > 0, None),
        ("next", eta_us is not None and eta_us - now_us <= settings.next_us and _at_work(vehicle), eta_us),
        ("delayed", _later(eta_us, contact, settings, now_us), eta_us),
        ("on_the_way", _on_the_way(known, vehicle), eta_us),
        ("placed", known.attempts == 0, None),
    ]
    for milestone, reached, told_us in rules:
        new = milestone == "delayed" or milestone not in contact.told
        if reached and new and milestone in settings.milestones:
            return milestone, told_us
    return None, None


def _at_work(vehicle: VehicleView | None) -> bool:
    return vehicle is not None and vehicle.shift_us is not None and vehicle.state != "broken"


def _on_the_way(known: OrderView, vehicle: VehicleView | None) -> bool:
    """The goods have left the depot, or the driver has set out for the customer."""
    if vehicle is None or vehicle.state not in _ON_THE_ROAD:
        return False
    started = vehicle.started is not None and vehicle.started.order_id == known.order.order_id
    return started or known.onboard is not None


def _later(eta_us: int | None, contact: Contact, settings: NotificationSettings, now_us: int) -> bool:
    """The arrival expected now is later than the time told by more than that was meant to be exact."""
    if eta_us is None or contact.eta_us is None or eta_us - contact.eta_us <= settings.within_us:
        return False
    return contact.delayed_us is None or now_us - contact.delayed_us >= DELAYED_AGAIN_US


def words(notification: Notification, clock: Callable[[int], str]) -> str:
    """The message as the customer reads it; ``clock`` writes a moment as a local time."""
    order, minutes = notification.order_id, round(notification.within_us / 60e6)
    at = "" if notification.eta_us is None else f"{clock(notification.eta_us)}, give or take {minutes} min"
    match notification.milestone:
        case "placed":
            return f"We have received order {order}."
        case "on_the_way":
            return f"Order {order} is on its way" + (f"; expected at {at}." if at else ".")
        case "next":
            return f"Order {order} is expected at {at}."
        case "delayed":
            return f"Order {order} is late; now expected at {at}."
        case "delivered":
            return f"Order {order} is done."
        case "failed":
            return f"We could not serve order {order}."


# --- sending ------------------------------------------------------------------------------------------------------


class Sent(NamedTuple):
    """What sending cost, and how long until the customer has read it."""

    cost_eur: float
    delay_us: int


class Sender(Protocol):
    """Carries a notification to a customer: our gateway, or somebody's own."""

    def send(self, notification: Notification, text: str) -> Sent:
        """Send it; called once for each notification."""


@dataclass(frozen=True)
class Gateway:
    """A simulated gateway for SMS and e-mail: a price and a delay a message (delays are assumptions)."""

    sms_eur: float
    email_eur: float
    sms_delay_us: int = 5_000_000
    email_delay_us: int = 30_000_000

    def send(self, notification: Notification, text: str) -> Sent:
        """Nothing leaves the simulation."""
        if notification.channel == "sms":
            return Sent(self.sms_eur, self.sms_delay_us)
        return Sent(self.email_eur, self.email_delay_us)
