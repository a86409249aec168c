"""A customer: places an order, may change their mind, is or is not at the door, and may call or dispute."""

from collections.abc import Callable, Sequence

from agents.customer_behaviour import Behaviour
from agents.population import FleetAgent, Population
from twin.order_payload import order_payload
from twin.orders import Order, Window
from twin.payloads_customer import CallReason


class Customer(FleetAgent):
    """One order's customer. ``ended`` names how the order ended in truth, None while it is open."""

    def __init__(self, population: Population, order: Order, behaviour: Behaviour) -> None:
        super().__init__(population, order.order_id)
        self.order = order
        self.behaviour = behaviour
        self.ended: str | None = None
        self.attempts = 0
        self.being_served = False
        self.goods_with: str | None = None  # the vehicle that has the goods on board, to be delivered
        self.on_end: Callable[[], object] = lambda: None
        self.ask: Callable[[CallReason, int], None] | None = None  # set: calls head office when kept waiting
        self.patience_us = 0  # beyond the time told or promised
        self.dispute_after_us: int | None = None  # set: disputes the delivery
        self.heard_from = False  # about the visit to come
        self._told_us: int | None = None  # the newest time told
        self._promised_us: int | None = None  # end of the windows agreed

    def place(self) -> None:
        """Tell head office by web or EDI."""
        self.world.report("order_placed", self.name, order_payload(self.order), "web", "web")
        cancel_us = self.behaviour.cancel_at_us
        if cancel_us is not None and cancel_us < self.world.end_us:
            self.world.at(cancel_us, self.cancel)

    def cancel(self, reason: str = "no longer wanted") -> None:
        """Call the order off, unless it is done or somebody is at the door."""
        if self.ended or self.being_served:
            return
        self.end("order_cancelled")
        payload = {"order_id": self.name, "by": "customer", "reason": reason}
        self.world.report("order_cancelled", self.name, payload, "web", "web")

    def end(self, kind: str) -> None:
        """The order has ended in truth; exactly once."""
        if self.ended:
            raise RuntimeError(f"order {self.name} ended as {self.ended}, cannot end again as {kind}")
        self.ended = kind
        if kind == "order_delivered" and self.dispute_after_us is not None:
            self.world.after(self.dispute_after_us, self.dispute)
        self.on_end()
        self.remove()  # memory stays flat over months

    # --- waiting ---

    def promised(self, windows: Sequence[Window]) -> None:
        """A visit was agreed on. Without any word by half-way through its windows, or once they are over, a customer
        who asks will call (when the first of these calls comes is an assumption)."""
        self.heard_from, self._told_us, self._promised_us = False, None, None
        if self.ask is None or not windows:
            return
        self._promised_us = closes_us = max(window.close_us for window in windows)
        halfway_us = (min(window.open_us for window in windows) + closes_us) // 2
        self.world.at(halfway_us, lambda: self._ask_unless(self.heard_from, "no_word", closes_us, self._promised_us))
        self._call_after("window_passed", closes_us, lambda: self._promised_us)

    def told(self, eta_us: int | None) -> None:
        """Head office gave word of the visit, perhaps with a time, which then is what the customer waits for."""
        self.heard_from = True
        if self.ask is not None and eta_us is not None:
            self._told_us = eta_us
            self._call_after("time_told_passed", eta_us, lambda: self._told_us)

    def _call_after(self, reason: CallReason, about_us: int, newest_us: Callable[[], int | None]) -> None:
        self.world.at(about_us + self.patience_us, lambda: self._ask_unless(False, reason, about_us, newest_us()))

    def _ask_unless(self, content: bool, reason: CallReason, about_us: int, newest_us: int | None) -> None:
        """Call, unless content, served by now, or told or promised something else since."""
        if self.ask is not None and not (content or self.ended or self.being_served or newest_us != about_us):
            self.ask(reason, about_us)

    def dispute(self) -> None:
        """Say that the delivery was not as agreed."""
        payload = {"order_id": self.name, "customer": self.order.customer}
        self.world.report("dispute_opened", self.name, payload, "web", "web")
