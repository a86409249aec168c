"""The dispatcher: between what a policy recommends and what becomes a command.

``none``: what is decided is given at once; a person at the desk (``decisions_per_h``) decides only so often, and looks
at the picture anew each time. ``simulated``: recommendations wait for a dispatcher who answers one at a time, with
doubts and habits. ``live``: they wait for somebody outside. Every recommendation ends in exactly one answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from agents.office import HeadOffice
from agents.population import FleetAgent, Population
from agents.world import LATE
from engine.clock import HOUR
from twin.commands import Command, assign_order, unassign_order
from twin.payloads_advice import Answer
from twin.policies.human import DECISIONS_PER_H
from twin.policies.journal import note_offers, note_refused, take_back
from twin.policies.second_look import familiar
from twin.recommendations import (
    UNKNOWN,
    Recommendation,
    alternative,
    as_if_given,
    as_of_now,
    estimate,
    free_routes,
    grouped,
    moves_of,
    overtaken,
)
from twin.views import FleetView

ANSWERS_PER_H = 30.0
"""Answers a dispatcher gives in an hour where nothing is set: two minutes each [A]."""
BY_HAND = "by hand"


@dataclass(frozen=True)
class DispatcherSettings:
    """Who decides and how often; times in microseconds. ``decisions_per_h`` None: as policy and mode suggest."""

    approval: Literal["none", "simulated", "live"] = "none"
    decisions_per_h: float | None = None
    refuse_share: float = 0.1
    habit_share: float = 0.2
    expires_us: int = 900_000_000
    at_expiry: Literal["drop", "accept"] = "drop"

    def decision_us(self, policy: str) -> int:
        """What a decision takes of the dispatcher's time; 0: nobody's time is needed, or that of a person outside."""
        if self.approval == "live":
            return 0
        suggested = DECISIONS_PER_H.get(policy, ANSWERS_PER_H if self.approval == "simulated" else None)
        per_h = self.decisions_per_h or suggested
        return round(HOUR / per_h) if per_h else 0


class Dispatcher(FleetAgent):
    """Answers recommendations, in the order they came. ``policy``: the name of the one that makes them."""

    def __init__(self, population: Population, office: HeadOffice, settings: DispatcherSettings, policy: str) -> None:
        super().__init__(population, "dispatcher")
        self.office, self.settings, self.policy = office, settings, policy
        self.waiting: dict[str, Recommendation] = {}  # for an answer, oldest first
        self._made = 0
        self._free_us = self.world.start_us  # deciding alone: when the next decision can be taken
        self._in_hand = ""  # what is being thought about
        self._answered: dict[str, int] = {}  # by subject: how often

    @property
    def _decision_us(self) -> int:
        return self.settings.decision_us(self.policy)

    @property
    def _approves(self) -> bool:
        return self.settings.approval != "none"

    # --- what the office asks ---

    def busy_us(self) -> int:
        """For how long nobody can take another decision, where policies only do what a person would."""
        return 0 if self._approves else max(0, self._free_us - self.world.now)

    def foresee(self, view: FleetView) -> FleetView:
        """The picture as if all that waits had been given; what does not hold any more is dropped, with its row."""
        for what in [*self.waiting.values()]:
            why = overtaken(view, what)
            if why:
                self._drop(what, "overtaken", why)
            else:
                view = as_if_given(view, as_of_now(view, what))
        return view

    def decide(self, commands: list[Command], by: str = "") -> None:
        """What a policy would do, or what a person (``by``) does by hand, which needs nobody's approval."""
        if not commands:
            return
        view = self.office.view() if by else self.foresee(self.office.view())
        for group in grouped(commands):
            if by:
                self._carry_out(self._recommend(view, group, BY_HAND), group, by)
            elif self._approves:
                self._ask(self._recommend(view, group, self.policy))
            elif self.busy_us():
                take_back(view, group, self.world.now)
                self.office.ask_soon()
            else:
                self._decide_alone(self._recommend(view, group, self.policy), group)
        self._next()

    def wake(self) -> None:
        """Somebody is there again, with the tools to decide."""
        self._next()

    def close(self) -> None:
        """The run ends, and with it whatever waits."""
        for what in [*self.waiting.values()]:
            self._drop(what, "expired", "the run ended")

    # --- making recommendations ---

    def _recommend(self, view: FleetView, commands: tuple[Command, ...], source: str) -> Recommendation:
        """Put a recommendation on record."""
        now, travel, approval = self.world.now, self.office.travel, self._approves and source != BY_HAND
        self._made += 1
        what = Recommendation(
            f"R{self._made}", commands, now, moves_of(view, commands), free_routes(view, commands),
            estimate(view, travel, commands), now + self.settings.expires_us,
        )  # fmt: skip
        other = alternative(view, travel, what) if approval else None
        self.office.act(
            "recommendation_made", what.recommendation_id,
            {
                "recommendation_id": what.recommendation_id, "source": source, "vehicles": [*what.assumed],
                "moves": [*what.moves], "reason": what.reason, **what.estimate._asdict(), "alternative": other,
                "approval": approval, "expires_us": what.expires_us if approval else None,
            },
        )  # fmt: skip
        return what

    def _decide_alone(self, what: Recommendation, commands: tuple[Command, ...]) -> None:
        self._free_us = self.world.now + self._decision_us
        by, minutes = ("dispatcher", self._decision_us / 60e6) if self._decision_us else ("policy", 0.0)
        self._carry_out(what, commands, by, minutes)

    def _carry_out(self, what: Recommendation, commands: tuple[Command, ...], by: str, minutes: float = 0.0) -> None:
        ids = [self.office.command(command) for command in commands]
        self._tell(what, "accepted", by, "", minutes, ids, what)

    # --- approval ---

    def _ask(self, what: Recommendation) -> None:
        self.waiting[what.recommendation_id] = what
        self.world.at(what.expires_us, partial(self._expire, what.recommendation_id), LATE)

    def _next(self) -> None:
        """A simulated dispatcher takes up the oldest that waits, if free and there."""
        if self.settings.approval != "simulated" or self._in_hand or not self.waiting or not self.office.may_decide():
            return
        self._in_hand = next(iter(self.waiting))
        self.world.after(self._decision_us, self._thought, LATE)

    def _thought(self) -> None:
        """The dispatcher has made up their mind; unless called away meanwhile."""
        recommendation_id, self._in_hand = self._in_hand, ""
        if self.office.may_decide():
            self._answer(recommendation_id)
        else:
            self._expire(recommendation_id)
        self._next()

    def _answer(self, recommendation_id: str) -> None:
        """Doubts and habits are drawn by order and how often it has been asked about: policies share them."""
        what = self.waiting.get(recommendation_id)
        if what is None:
            return
        minutes, settings, streams = self._decision_us / 60e6, self.settings, self.world.streams
        times = self._answered[what.subject] = self._answered.get(what.subject, -1) + 1
        if streams.uniform("approval", what.subject, times, "refuse") < settings.refuse_share:
            self.refuse(recommendation_id, "dispatcher", "does not agree", minutes)
        elif streams.uniform("approval", what.subject, times, "habit") < settings.habit_share:
            self._by_habit(what, minutes)
        else:
            self.approve(recommendation_id, "dispatcher", minutes)

    def _by_habit(self, what: Recommendation, minutes: float) -> None:
        """Rather the driver who knows the area, if that is another one; only ever about a single order."""
        view, move = self.office.view(), what.moves[0] if len(what.moves) == 1 else None
        found: list[Command] = []
        if move is not None and move["to_vehicle"] is not None and not overtaken(view, what):
            found = familiar(view, self.office.travel, move["order_id"])
        if found and found[-1].vehicle_id != what.moves[0]["to_vehicle"]:
            self._instead(view, what, found, "dispatcher", "prefers the driver who knows the area", minutes)
        else:
            self.approve(what.recommendation_id, "dispatcher", minutes)

    def obey(self, kind: str, payload: dict[str, Any]) -> None:
        """A person's answer from outside; what does not wait any more is passed over."""
        what = self.waiting.get(payload["recommendation_id"])
        if what is None:
            return
        if kind == "approve_recommendation":
            self.approve(what.recommendation_id, payload["by"])
        elif kind == "refuse_recommendation":
            self.refuse(what.recommendation_id, payload["by"], payload["reason"])
        else:
            self._change(what, payload)

    def approve(self, recommendation_id: str, by: str, minutes: float = 0.0) -> None:
        """Follow a recommendation that waits, on the routes as they are now."""
        what, view = self.waiting[recommendation_id], self.office.view()
        why = overtaken(view, what)
        if why:
            self._drop(what, "overtaken", why, by, minutes)
            return
        del self.waiting[recommendation_id]
        self._carry_out(what, as_of_now(view, what), by, minutes)

    def refuse(self, recommendation_id: str, by: str, reason: str, minutes: float = 0.0) -> None:
        """Do not follow a recommendation that waits; its orders do not go to those vehicles for a while."""
        what = self.waiting.pop(recommendation_id)
        self._note_refused(self.office.view(), what)
        self._tell(what, "refused", by, reason, minutes)
        self.office.ask_soon()

    def _change(self, what: Recommendation, payload: dict[str, Any]) -> None:
        """Another vehicle for one of its orders; an order that is not one of them is passed over."""
        view, order_id, vehicle_id, by = self.office.view(), payload["order_id"], payload["vehicle_id"], payload["by"]
        if order_id not in {move["order_id"] for move in what.moves}:
            return
        why = overtaken(view, what)
        if why:
            self._drop(what, "overtaken", why, by)
            return
        holder = view.orders[order_id].vehicle_id
        if holder == vehicle_id:
            self.refuse(what.recommendation_id, by, payload["reason"])
            return
        reason = f"{order_id} to {vehicle_id}: {by}: {payload['reason']}"
        commands = [] if holder is None else [unassign_order(order_id, holder, reason)]
        commands.append(assign_order(order_id, vehicle_id, reason, payload["position"]))
        self._instead(view, what, commands, by, payload["reason"])

    def _instead(
        self, view: FleetView, what: Recommendation, commands: list[Command], by: str, reason: str,
        minutes: float = 0.0,
    ) -> None:  # fmt: skip
        """Do something else."""
        del self.waiting[what.recommendation_id]
        self._note_refused(view, what, commands[-1].vehicle_id)
        note_offers(view, commands)
        group = tuple(commands)
        done = Recommendation(
            what.recommendation_id, group, view.now_us, moves_of(view, group), free_routes(view, group),
            estimate(view, self.office.travel, group), 0,
        )  # fmt: skip
        ids = [self.office.command(command) for command in group]
        self._tell(what, "changed", by, reason, minutes, ids, done)
        self.office.ask_soon()

    @staticmethod
    def _note_refused(view: FleetView, what: Recommendation, chosen: str = "") -> None:
        for move in what.moves:
            if move["to_vehicle"] not in (None, chosen):
                note_refused(view, [move["order_id"]], move["to_vehicle"])

    def _expire(self, recommendation_id: str) -> None:
        """Nobody has answered in time; one that is being thought about is answered after all."""
        what = self.waiting.get(recommendation_id)
        if what is None or recommendation_id == self._in_hand or self.world.now < what.expires_us:
            return
        if self.settings.at_expiry == "accept":
            self.approve(recommendation_id, "clock")
        else:
            self._drop(what, "expired", "nobody answered in time")

    def _drop(self, what: Recommendation, answer: Answer, reason: str, by: str = "clock", minutes: float = 0.0) -> None:
        """It is not followed, and nobody was against it: it may be recommended again."""
        del self.waiting[what.recommendation_id]
        take_back(self.office.view(), what.commands, what.made_us)
        self._tell(what, answer, by, reason, minutes)
        self.office.ask_soon()

    def _tell(
        self, what: Recommendation, answer: Answer, by: str, reason: str, minutes: float,
        command_ids: Sequence[str] = (), done: Recommendation | None = None,
    ) -> None:  # fmt: skip
        cost = UNKNOWN if done is None else done.estimate
        self.office.act(
            "recommendation_answered", what.recommendation_id,
            {
                "recommendation_id": what.recommendation_id, "answer": answer, "by": by, "reason": reason,
                "minutes": minutes, "command_ids": [*command_ids], "moves": [] if done is None else [*done.moves],
                **cost._asdict(),
            },
        )  # fmt: skip
