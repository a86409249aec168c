"""A customer: places an order, may change their mind, and is or is not at the door."""

from collections.abc import Callable

from agents.customer_behaviour import Behaviour
from agents.population import FleetAgent, Population
from twin.order_payload import order_payload
from twin.orders import Order


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
        self.on_end()
        self.remove()  # memory stays flat over months
