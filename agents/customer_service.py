"""Customer service at head office: tells customers, answers their calls, decides their disputes; all on belief."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from agents.customer import Customer
from agents.world import LATE, World
from engine.clock import SECOND
from twin.events import ORDER_ENDS
from twin.ingest import Message
from twin.notifications import Contact, Notification, NotificationSettings, Sender, coming_us, due, words
from twin.orders import Window
from twin.payloads_customer import CallReason
from twin.proofs import ProofStore
from twin.views import FleetView

if TYPE_CHECKING:
    from agents.office import HeadOffice

Etas = Callable[[FleetView], Mapping[str, int]]
"""Expected arrivals by order, from belief."""
Answer = Callable[[str, Callable[[float | None], None]], None]
"""``answer(order_id, then)``: somebody takes a customer's call; ``then(call_s)`` when it has ended, ``then(None)`` when
the caller gave up."""


def planned_etas(view: FleetView) -> dict[str, int]:
    """The plan's arrivals, for an office that expects nothing better."""
    return {order_id: known.planned_us for order_id, known in view.orders.items() if known.planned_us is not None}


@dataclass(frozen=True)
class ServiceSettings:
    """How customer service works, and how often customers call and dispute; times in microseconds."""

    notify: NotificationSettings = field(default_factory=NotificationSettings)
    period_us: int = 60 * SECOND
    call_share: float = 0.0  # of customers, call when kept waiting
    call_after_us: int = 600 * SECOND
    dispute_share: float = 0.0  # of deliveries
    dispute_after_us: int = 7200 * SECOND
    decide_after_us: int = 3600 * SECOND


class CustomerService:
    """Between head office and the customers of one run.

    It is told what head office hears and does (``heard``) and, for the customers' side of it, what happens (``see``).
    """

    def __init__(
        self, office: "HeadOffice", settings: ServiceSettings, sender: Sender,
        customer_of: Callable[[str], Customer | None], etas: Etas = planned_etas, answer: Answer | None = None,
        call_s: float = 180.0,
    ) -> None:  # fmt: skip
        """``answer`` is who takes calls; without, somebody always has ``call_s`` seconds."""
        self.office, self.world, self.settings, self.sender = office, office.world, settings, sender
        self.customer_of, self.etas = customer_of, etas
        self.answer = answer or partial(_always_answered, self.world, call_s)
        self.at_work: Callable[[], bool] = lambda: True  # False while the tools to send with are gone
        self.contacts: dict[str, Contact] = {}
        self.proofs = ProofStore(self.world.local.name)

    def start(self) -> None:
        """From now on tell customers what is due, once a period."""
        if self.settings.notify.milestones:
            self._tick()

    def _tick(self) -> None:
        self.world.after(self.settings.period_us, self._tick)
        self.world.after(0, self.check, LATE)

    # --- telling ---

    def heard(self, kind: str, payload: dict[str, Any]) -> None:
        """Head office took in a message, or did something itself."""
        self.proofs.apply(kind, payload, self.world.now)
        order_id = payload.get("order_id", "")
        if kind == "order_placed" and self.settings.notify.milestones:
            self.contacts[order_id] = Contact(payload["customer"])
        elif kind in ORDER_ENDS and order_id in self.contacts:
            self.contacts[order_id] = replace(self.contacts[order_id], ended=kind)
        elif kind == "dispute_opened":
            self.world.after(self.settings.decide_after_us, partial(self.decide, order_id))

    def check(self) -> None:
        """Tell customers what is due now; without tools it stays due."""
        if not self.at_work():
            return
        view = self.office.view()
        for notification in due(view, self.etas(view), self.contacts, self.settings.notify, self.world.now):
            self._tell(notification, view)
        for order_id in [name for name, contact in self.contacts.items() if contact.ended]:
            del self.contacts[order_id]

    def _tell(self, notification: Notification, view: FleetView) -> None:
        order_id, contact = notification.order_id, self.contacts[notification.order_id]
        text = words(notification, lambda moment_us: self.world.local.text(moment_us)[:5])
        sent = self.sender.send(notification, text)
        self.contacts[order_id] = contact.after(notification, _visit(view, order_id, contact), self.world.now)
        payload = {
            "order_id": order_id, "customer": notification.customer, "milestone": notification.milestone,
            "channel": notification.channel, "eta_us": notification.eta_us, "within_us": notification.within_us,
            "cost_eur": sent.cost_eur, "text": text,
        }  # fmt: skip
        self.office.act("customer_notified", order_id, payload)
        if notification.milestone in ("on_the_way", "next", "delayed"):  # the others say nothing of a visit to come
            self.world.after(sent.delay_us, partial(self._read, order_id, notification.eta_us))

    def _read(self, order_id: str, eta_us: int | None) -> None:
        customer = self.customer_of(order_id)
        if customer is not None:
            customer.told(eta_us)

    # --- the customers' side ---

    def see(self, kind: str, _at_us: int, payload: dict[str, Any]) -> None:
        """What happens, as customers live through it: they order, and agree on another visit."""
        if kind == "order_placed":
            self._meet(payload["order_id"])
        elif kind in ("order_rebooked", "order_changed"):
            customer = self.customer_of(payload["order_id"])
            if customer is not None:
                customer.promised([Window(*window) for window in payload["windows_us"]])

    def _meet(self, order_id: str) -> None:
        """A new customer: whether they will call or dispute is drawn by order."""
        customer, settings, streams = self.customer_of(order_id), self.settings, self.world.streams
        assert customer is not None  # noqa: S101  (who places an order is there)
        if streams.uniform("customer", order_id, "disputes") < settings.dispute_share:
            customer.dispute_after_us = settings.dispute_after_us
        if streams.uniform("customer", order_id, "calls") < settings.call_share:
            customer.ask, customer.patience_us = partial(self.ring, order_id), settings.call_after_us
            customer.promised(customer.order.last_task.windows)

    # --- calls ---

    def ring(self, order_id: str, reason: CallReason, about_us: int) -> None:
        """A customer calls; head office knows of it once the call has been taken."""
        payload = {"order_id": order_id, "reason": reason, "about_us": about_us}
        event_id = self.world.happen("customer_called", order_id, payload, "phone")
        message = Message(event_id, "customer_called", self.world.now, order_id, "phone", payload, "phone")
        self.answer(order_id, partial(self._rung_off, message))

    def _rung_off(self, message: Message, call_s: float | None) -> None:
        """The call is over: the customer was told when the driver is expected now, as far as anybody knows."""
        if call_s is None:
            return
        now, order_id = self.world.now, message.subject
        self.office.receive(message, now)  # by phone: past platform and terminal
        view = self.office.view()
        eta_us = coming_us(view.orders.get(order_id), self.etas(view).get(order_id), now)
        contact = self.contacts.get(order_id)
        if contact is not None and eta_us is not None:
            self.contacts[order_id] = replace(contact.for_visit(_visit(view, order_id, contact)), eta_us=eta_us)
        waited_s = round((now - message.occurred_us) / SECOND - call_s, 6)
        self.office.act("customer_answered", order_id, {
            "order_id": order_id, "waited_s": waited_s, "call_s": call_s, "eta_us": eta_us,
            "within_us": self.settings.notify.within_us,
        })  # fmt: skip
        self._read(order_id, eta_us)

    # --- disputes ---

    def decide(self, order_id: str) -> None:
        """Decide a dispute on the proofs that have arrived by now."""
        proofs = self.proofs.find(order_id=order_id, known_at_us=self.world.now)
        proof_id = proofs[-1].proof_id if proofs else None
        reason = "a proof of delivery had arrived" if proofs else "no proof of delivery had arrived"
        payload = {"order_id": order_id, "upheld": not proofs, "proof_id": proof_id, "reason": reason}
        self.office.act("dispute_decided", order_id, payload)


def _visit(view: FleetView, order_id: str, contact: Contact) -> int:
    known = view.orders.get(order_id)
    return contact.visit if known is None else known.attempts


def _always_answered(world: World, call_s: float, _order_id: str, then: Callable[[float | None], None]) -> None:
    world.after(round(call_s * SECOND), lambda: then(call_s))
