"""What passed between head office and customers, folded: times told, calls, proofs of delivery, disputes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twin.kpis.tables import Event

if TYPE_CHECKING:
    from twin.kpis.records import Facts


@dataclass(slots=True)
class Care:
    """One order's dealings with its customer; times in microseconds, None: not (yet) known."""

    cost_ueur: int = 0  # of notifications, in millionths of a euro
    told: int = 0  # arrival times told and by now known to have been right or wrong
    told_wrong: int = 0
    waiting: list[tuple[int, int]] = field(default_factory=list)  # told of the visit to come: time, how exact
    calls: int = 0
    answered: int = 0
    call_us: int = 0
    captured_us: int | None = None
    arrived_us: int | None = None  # when this account learnt of the proof
    disputes: int = 0
    decided: int = 0
    lost: int = 0

    def came(self, arrived_us: int, started_us: int) -> None:
        """The driver came, and began when the window had opened: the times told of this visit were right or wrong."""
        self.told += len(self.waiting)
        for eta_us, within_us in self.waiting:
            self.told_wrong += not arrived_us - within_us <= eta_us <= started_us + within_us
        self.waiting.clear()

    def never_came(self, now_us: int) -> None:
        """No visit came by the end of the account: times told that had passed by then were wrong."""
        passed = sum(eta_us + within_us < now_us for eta_us, within_us in self.waiting)
        self.told += passed
        self.told_wrong += passed
        self.waiting.clear()


class CareRules:
    """The fold's rules for customers."""

    facts: "Facts"

    def _care(self, event: Event) -> Care:
        order = self.facts.order(event.payload["order_id"])
        if order.care is None:
            order.care = Care()
        return order.care

    def on_customer_notified(self, event: Event, at_us: int, p: dict) -> None:
        self.facts.customers_told = True
        care = self._care(event)
        care.cost_ueur += round(p["cost_eur"] * 1e6)
        if p["eta_us"] is not None:
            care.waiting.append((p["eta_us"], p["within_us"]))

    def on_customer_called(self, event: Event, at_us: int, p: dict) -> None:
        self.facts.customers_told = True
        self._care(event).calls += 1

    def on_customer_answered(self, event: Event, at_us: int, p: dict) -> None:
        care = self._care(event)
        care.answered += 1
        care.call_us += round(p["call_s"] * 1e6)
        if p["eta_us"] is not None:
            care.waiting.append((p["eta_us"], p["within_us"]))

    def on_proof_captured(self, event: Event, at_us: int, p: dict) -> None:
        care = self._care(event)
        care.captured_us, care.arrived_us = p["captured_us"], at_us
        sent = self.facts.proof_bytes
        sent[p["vehicle_id"]] = sent.get(p["vehicle_id"], 0) + p["bytes"]

    def on_dispute_opened(self, event: Event, at_us: int, p: dict) -> None:
        self._care(event).disputes += 1

    def on_dispute_decided(self, event: Event, at_us: int, p: dict) -> None:
        care = self._care(event)
        care.decided += 1
        care.lost += p["upheld"]
