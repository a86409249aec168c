"""What became of recommendations, folded: who answered what and when, and the orders they were about."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.kpis.tables import Event
from twin.orders import natural_key

if TYPE_CHECKING:
    from twin.kpis.records import Facts


@dataclass(slots=True)
class Advice:
    """One recommendation; times in microseconds, None: not (yet) known."""

    approval: bool = False  # somebody was asked
    orders: tuple[str, ...] = ()
    made_us: int | None = None
    answer: str = ""
    by: str = ""
    answered_us: int | None = None

    @property
    def judged(self) -> bool:
        """Whether a person was asked, and answered."""
        return self.approval and self.answer in ("accepted", "changed", "refused") and self.by != "clock"

    @property
    def overridden(self) -> bool:
        """Whether that person would not have it so."""
        return self.judged and self.answer != "accepted"


class AdviceRules:
    """The fold's rules for recommendations."""

    facts: "Facts"

    def on_recommendation_made(self, event: Event, at_us: int, p: dict) -> None:
        advice = self._advice(p)
        advice.approval, advice.made_us = p["approval"], event.occurred_us
        advice.orders = tuple(move["order_id"] for move in p["moves"])

    def on_recommendation_answered(self, event: Event, at_us: int, p: dict) -> None:
        advice = self._advice(p)
        advice.answer, advice.by, advice.answered_us = p["answer"], p["by"], event.occurred_us
        self.facts.deciding_us += round(p["minutes"] * 60e6)

    def _advice(self, p: dict) -> Advice:
        return self.facts.advice.setdefault(p["recommendation_id"], Advice())

    def judge_orders(self) -> None:
        """Tell each order what the last person who was asked about it said."""
        for name in sorted(self.facts.advice, key=natural_key):  # they are numbered as they were made
            advice = self.facts.advice[name]
            for order_id in advice.orders if advice.judged else ():
                order = self.facts.orders.get(order_id)
                if order is not None:
                    order.advice = "overridden" if advice.overridden else "accepted"
