"""Head office: hears messages, keeps the belief, plans the day, asks the policy, gives commands."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from agents.lazy_generator import LazyGenerator
from agents.population import FleetAgent, Population
from agents.sources import Paper, Perfect, by_driver
from agents.world import LATE
from engine.clock import SECOND
from twin.belief import Belief
from twin.commands import Command, unassign_order
from twin.events import KINDS, ORDER_ENDS
from twin.ingest import Ingest, Message, repaired
from twin.planning import make_plan
from twin.planning.day import DayPlan, DaySettings, Planning, Shift, plan_day
from twin.policies import Policy, policies
from twin.travel import TravelTimes
from twin.views import NEVER_US, FleetView

if TYPE_CHECKING:
    from agents.dispatcher import Dispatcher


@dataclass(frozen=True)
class OfficeSettings:
    """How head office works; times in microseconds or seconds after local midnight."""

    plan_at_s: int
    period_us: int
    decision_us: int
    max_attempts: int
    information: str
    check_in_us: int
    day: DaySettings
    roster: Callable[[int], list[Shift]]
    locate: bool = False


class Entry(NamedTuple):
    """A row of the office ledger, ``occurred_us`` as far as can be believed; of a command ``reason`` is its own."""

    heard_us: int
    event_id: str
    kind: str
    occurred_us: int
    payload: dict[str, Any]
    reason: str
    source: str


class HeadOffice(FleetAgent):
    """Acts on belief only, or on the picture of another source of information (``agents.sources``) to compare with."""

    def __init__(
        self, population: Population, settings: OfficeSettings, policy: Policy, travel: TravelTimes,
        end_order: Callable[[str, str], bool],
    ) -> None:  # fmt: skip
        super().__init__(population, "office")
        self.settings, self.policy, self.travel = settings, policy, travel
        self.end_order = end_order  # False where the order has ended in truth already
        self.send: Callable[[str, Command], None] = lambda command_id, command: None
        self.release: Callable[[str, Command], None] | None = None  # sends a day plan's routes; None: as the rest
        self.may_decide: Callable[[], bool] = lambda: True  # False while nobody is there, or the tools are gone
        self.listeners: list[Callable[[str, int, dict[str, Any]], None]] = []  # told what was heard and done
        self.clerks: list[Callable[[Entry], None]] = []  # told of every row of the office ledger as it is written
        self.ingest, self.belief = Ingest(), Belief()
        self.perfect = Perfect(self.world) if settings.information in ("perfect", "hindsight") else None
        self.paper = Paper(self.world, settings.check_in_us, self._follow) if settings.information == "paper" else None
        self.dispatcher: Dispatcher  # between what is decided and what is commanded
        self.decisions, self.decided_us = 0, -1
        self.plan_progress: Callable[[DayPlan | None], None] = lambda plan: None
        self.make_plan: Planning = make_plan
        self._asked = False
        self._unplanned: list[int] = []  # days that could not be planned in time
        self._told: dict[str, set[str]] = {}  # vehicle -> orders it was last told to do
        self._follow_up: dict[str, Callable[[dict[str, Any]], None]] = {
            name[4:]: getattr(self, name) for name in dir(type(self)) if name.startswith("_on_")
        }

    # --- hearing ---

    def receive(self, message: Message, received_us: int) -> None:
        """Take in one message: ledger first, then belief, then what follows from it."""
        verdict, ledger = self.ingest.judge(message, received_us), self.world.office_ledger
        ledger.append(
            message.event_id, message.kind, message.schema_version, message.occurred_us, message.subject,
            message.source, message.stored or ledger.stored(message.payload), received_us, message.channel,
            verdict.reason,
        )  # fmt: skip
        self._copy(message.event_id, message.kind, verdict.occurred_us, message.payload, verdict.reason, message.source)
        if verdict.refused:
            return
        vehicle_id, by_device = message.payload.get("vehicle_id"), message.channel == "radio"
        self.belief.hear(vehicle_id, verdict.occurred_us, received_us, by_device)
        self.belief.apply(message.kind, verdict.occurred_us, message.payload, message.event_id)
        for listen in self.listeners:
            listen(message.kind, verdict.occurred_us, message.payload)
        if self.paper is None or not by_driver(message.kind, message.payload):  # else once the driver has told of it
            self._follow(message.kind, message.payload)

    def replay_dead_letters(self, kind: str, rename: dict[str, str]) -> None:
        """Judge the dead letters of a kind again, with fields renamed from what was sent to what is known here."""
        for message in self.ingest.dead_letters(kind):
            self.receive(repaired(message, rename), self.world.now)

    def _follow(self, kind: str, payload: dict[str, Any]) -> None:
        follow = self._follow_up.get(kind)
        if follow is not None:
            follow(payload)

    def view(self, locate: bool = False) -> FleetView:
        """What decisions are made on, brought up to now; ``locate``: vehicles are asked where they are."""
        telematics = self.world.telematics
        if telematics is not None:
            telematics.advance(self.world.now)
            if locate:
                telematics.locate(self.world.now)
            if self.perfect is not None:
                telematics.observe_truth(self.perfect.belief, self.world.now)
        return self.picture.view(self.world.now)

    @property
    def picture(self) -> Belief:
        """What decisions are made on: the belief, or the one of another source of information."""
        source = self.perfect or self.paper
        return self.belief if source is None else source.belief

    # --- what follows from what was heard ---

    def _on_order_placed(self, payload: dict[str, Any]) -> None:
        if not payload["known_before"]:
            self.ask_soon()

    def _on_order_cancelled(self, payload: dict[str, Any]) -> None:
        order_id = payload["order_id"]
        for vehicle_id, told in self._told.items():
            if order_id in told:
                told.discard(order_id)
                self.command(unassign_order(order_id, vehicle_id, "cancelled by the customer"))
        self.ask_soon()

    def _on_delivery_attempted(self, payload: dict[str, Any]) -> None:
        order_id, outcome, attempt = payload["order_id"], payload["outcome"], payload["attempt"]
        known = self.picture.orders.get(order_id)
        if known is None or outcome == "wrong_load":  # another vehicle has the goods: it is on its way with them
            return
        local = self.world.local
        tomorrow = local.at(local.day(self.world.now) + 1, 0)
        shift_us = tomorrow - local.at(local.day(self.world.now), 0)
        last_chance = (
            attempt >= self.settings.max_attempts or tomorrow + self.settings.plan_at_s * SECOND >= self.world.end_us
        )
        if outcome in ("refused", "damaged") or last_chance:
            reason = f"{outcome.replace('_', ' ')} at attempt {attempt}"
            self.act("order_failed", order_id, {"order_id": order_id, "reason": reason, "attempts": attempt})
            return
        windows = [[w.open_us + shift_us, w.close_us + shift_us] for w in known.order.last_task.windows]
        self.act("order_rebooked", order_id, {"order_id": order_id, "windows_us": windows, "not_before_us": tomorrow})

    def _on_loading_done(self, _payload: dict[str, Any]) -> None:
        self.ask_soon()

    _on_breakdown_started = _on_road_block_met = _on_loading_done

    def _on_shift_ended(self, payload: dict[str, Any]) -> None:
        self._told.pop(payload["vehicle_id"], None)
        self.ask_soon()

    def _on_arrived(self, payload: dict[str, Any]) -> None:
        if payload["purpose"] == "depot":
            self.ask_soon()

    def _on_command_received(self, payload: dict[str, Any]) -> None:
        if payload["answer"] != "accepted":
            self.ask_soon()

    # --- acting ---

    def act(self, kind: str, subject: str, payload: dict[str, Any]) -> None:
        """Head office decides something itself: it knows; and it happens, unless the road was quicker."""
        if kind in ORDER_ENDS and not self.end_order(payload["order_id"], kind):
            overtaken = {"order_id": payload["order_id"], "end": kind}
            event_id = self.world.happen("order_end_overtaken", subject, overtaken, "office")
            if self.picture is not self.belief:
                self.picture.apply(kind, self.world.now, payload)
        else:
            event_id = self.world.happen(kind, subject, payload, "office")
        self.note(event_id, kind, subject, payload)

    def note(self, event_id: str, kind: str, subject: str, payload: dict[str, Any]) -> None:
        """Write an own act to the office ledger and believe it."""
        now, ledger = self.world.now, self.world.office_ledger
        ledger.append(
            event_id, kind, KINDS[kind].version, now, subject, "office", ledger.stored(payload), now, "office", ""
        )
        self._copy(event_id, kind, now, payload, "", "office")
        self.belief.apply(kind, now, payload, event_id)
        for listen in self.listeners:
            listen(kind, now, payload)

    def give(self, commands: list[Command], by: str = "") -> None:
        """What a policy, or a person (``by``), would have vehicles do becomes commands by way of the dispatcher."""
        self.dispatcher.decide(commands, by)

    def command(self, command: Command, send: Callable[[str, Command], None] | None = None) -> str:
        """Send a command to a vehicle; whether and when it arrives is the affair of the radio, or of ``send``.

        Returns the command's id.
        """
        now, kind, payload = self.world.now, command.kind, command.payload
        command_id, ledger = self.world.next_id("office"), self.world.office_ledger
        ledger.append(
            command_id, kind, KINDS[kind].version, now, command.vehicle_id, "office", ledger.stored(payload),
            None, "radio", payload["reason"],
        )  # fmt: skip
        self._copy(command_id, kind, now, payload, payload["reason"], "office")
        self.belief.apply(kind, now, payload, command_id)
        if self.picture is not self.belief:
            self.picture.apply(kind, now, payload, command_id)
        told = self._told.setdefault(command.vehicle_id, set())
        if kind == "set_route":
            told.clear()
            told.update(stop["order_id"] for stop in payload["stops"])
        elif kind == "assign_order":
            told.add(payload["order_id"])
        (send or self.send)(command_id, command)
        return command_id

    def _copy(self, *row: Any) -> None:
        """A row for those who keep books of their own, before the belief takes it in."""
        for write in self.clerks:
            write(Entry(self.world.now, *row))

    def cancel(self, order_id: str, reason: str) -> None:
        """Call an order off on the office's side, and tell whoever was to do it."""
        payload = {"order_id": order_id, "by": "office", "reason": reason}
        self.act("order_cancelled", order_id, payload)
        self._on_order_cancelled(payload)

    def change(self, key: str, value: Any) -> None:
        """Change a setting from now on."""
        if key == "dispatch.policy":
            self.policy, self.dispatcher.policy = policies()[value], value
        elif key == "dispatch.period_s":
            self.settings = replace(self.settings, period_us=round(value * SECOND))
        elif key == "dispatch.decision_s":
            self.settings = replace(self.settings, decision_us=round(value * SECOND))
        elif key == "head_office.max_attempts":
            self.settings = replace(self.settings, max_attempts=int(value))
        else:
            raise ValueError(f"{key}: cannot change during a run")
        self.ask_soon()

    # --- planning and dispatch ---

    def start(self) -> None:
        """Set the office's clockwork going: a plan a day, the policy at least once a period."""
        local = self.world.local
        first = local.day(self.world.start_us)
        for day in range(first, local.day(self.world.end_us) + 1):
            at = local.at(day, self.settings.plan_at_s)
            if self.world.start_us <= at < self.world.end_us:
                self.world.at(at, partial(self.plan, day), LATE)
        self._tick()

    def _tick(self) -> None:
        self.world.after(self.settings.period_us, self._tick)
        self.ask_soon()

    def ask_soon(self) -> None:
        """Something may need a decision; several such things at once get one."""
        if not self._asked:
            self._asked = True
            again = self.decided_us == self.world.now  # an answer at the same instant must not make an endless loop
            self.world.after(max(self.settings.decision_us, SECOND if again else 0), self.ask, LATE)

    def ask(self) -> None:
        """Ask the policy about the present picture and give its commands, once somebody has time for it."""
        self._asked = False
        if not self.may_decide():
            return
        if busy_us := self.dispatcher.busy_us():
            self._asked = True
            self.world.after(busy_us, self.ask, LATE)
            return
        self.decisions += 1
        self.decided_us = self.world.now
        view = self.dispatcher.foresee(self.view(self.settings.locate))
        rng = LazyGenerator(lambda: self.world.streams.generator("policy", view.now_us))
        self.give(self.policy(view, self.travel, rng, self.settings.day.effort))  # type: ignore[arg-type]

    def wake(self) -> None:
        """Somebody can decide again: what had to wait is planned, and the policy asked."""
        if self.may_decide():
            late, self._unplanned = self._unplanned, []
            for day in late:
                self.plan(day)
            self.dispatcher.wake()
            self.ask_soon()

    def plan(self, day: int) -> None:
        """Plan a day: close what can no longer be served, send routes, leave out what does not fit."""
        if not self.may_decide():
            self._unplanned.append(day)
            return
        self.plan_progress(None)
        shifts = self.settings.roster(day)
        self.picture.new_day(self.world.now)
        view = self.view(self.settings.locate)
        midnight_us, last_day = self.world.local.at(day, 0), self._last_day(day)
        plan = plan_day(view, self.travel, shifts, self.settings.day, midnight_us, last_day, self.make_plan)
        self.plan_progress(plan)
        self.act("plan_made", f"day-{day}", plan.summary(day))
        for order_id, reason in plan.left_out.items():
            self.act("order_left_out", order_id, {"order_id": order_id, "reason": reason})
        for command in plan.commands:
            self.command(command, self.release)

    def _last_day(self, day: int) -> bool:
        return self.world.local.at(day + 1, self.settings.plan_at_s) >= self.world.end_us

    def close(self) -> None:
        """The run ends: what is still open was not served (or its message had not arrived yet)."""
        self.dispatcher.close()
        for order_id, known in list(self.picture.orders.items()):
            if known.attempts:
                reason = "no further visit before the run ended"
                self.act("order_failed", order_id, {"order_id": order_id, "reason": reason, "attempts": known.attempts})
            else:
                reason = "nobody could take it before the run ended"
                if known.not_before_us == NEVER_US:
                    reason = "waiting for a new date when the run ended"
                self.act("order_left_out", order_id, {"order_id": order_id, "reason": reason})
