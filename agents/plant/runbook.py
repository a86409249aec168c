"""The runbook: what people at head office do once a tool has been gone for a while, as data."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from agents.plant.phone import Call, PhoneDesk
from agents.world import World
from engine.clock import MINUTE, SECOND

TRIGGERS = ("platform_down", "terminal_link_down", "feed_silent", "dispatcher_absent")


@dataclass(frozen=True)
class Step:
    """``role`` sets to work ``after_s`` into a trigger, works ``minutes``, and then what it ``does`` begins: nothing,
    call_drivers, dispatch_by_phone, call_supplier (is on record, and no more) or stand_in."""

    trigger: str
    after_s: float = 0.0
    role: str = "dispatcher"
    minutes: float = 5.0
    does: str = "nothing"
    text: str = ""


class Attendance:
    """Whether anybody decides at head office: the dispatcher is there, or somebody stands in."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[bool], None]] = []
        """Told when nobody decides any more (true), and when somebody does again."""
        self._away: set[str] = set()
        self._stand_in = False

    @property
    def absent(self) -> bool:
        """Nobody decides."""
        return bool(self._away) and not self._stand_in

    def leave(self, name: str) -> None:
        """The dispatcher is gone, because of the incident of this name."""
        self._set(self._away | {name}, self._stand_in)

    def back(self, name: str) -> None:
        """The dispatcher is back, unless other incidents keep them away; a stand-in then goes."""
        away = self._away - {name}
        self._set(away, self._stand_in and bool(away))

    def stand_in(self) -> None:
        """Somebody else decides until the dispatcher is back."""
        self._set(self._away, bool(self._away))

    def _set(self, away: set[str], stand_in: bool) -> None:
        before = self.absent
        self._away, self._stand_in = away, stand_in
        if self.absent != before:
            for tell in self.listeners:
                tell(self.absent)


class Runbook:
    """Plays the steps of triggers that last; a step ends with its trigger, and a new episode begins anew.

    ``act(kind, subject, payload)`` puts something head office does on record. Steps take their role's time one beside
    the other: that one person cannot do two things at once is not modelled.
    """

    def __init__(
        self, world: World, steps: Mapping[str, Step], phone: PhoneDesk,
        act: Callable[[str, str, dict[str, Any]], None], on_the_road: Callable[[], Iterable[str]],
        status_call: Callable[[str], None], stand_in: Callable[[], None],
    ) -> None:  # fmt: skip
        """``on_the_road`` names the drivers to call; ``status_call(driver)`` when one has told how things are."""
        self.world, self.steps, self.phone, self.act = world, steps, phone, act
        self.on_the_road, self.status_call, self.stand_in = on_the_road, status_call, stand_in
        self._since: dict[str, int] = {}  # trigger -> number of its present episode
        self._episodes = 0
        self._by_phone: set[str] = set()  # triggers during which commands go by phone

    @property
    def by_phone(self) -> bool:
        """Whether commands go by phone now."""
        return bool(self._by_phone)

    def lasts(self, trigger: str) -> bool:
        """Whether a trigger lasts now."""
        return trigger in self._since

    def set(self, trigger: str, lasts: bool) -> None:
        """A trigger begins or ends; nothing if it is so already."""
        if lasts:
            self.trigger(trigger)
        else:
            self.clear(trigger)

    def trigger(self, name: str) -> None:
        """A trigger of ``TRIGGERS`` begins: its steps are due when it has lasted long enough."""
        if name in self._since:
            return
        if name not in TRIGGERS:
            raise ValueError(f"runbook: unknown trigger {name!r}; expected one of {', '.join(TRIGGERS)}")
        self._episodes += 1
        self._since[name] = self._episodes
        for step_name, step in self.steps.items():
            if step.trigger == name:
                self._if_still(name, round(step.after_s * SECOND), partial(self._take, step_name, step))

    def clear(self, name: str) -> None:
        """A trigger ends, and with it what was begun because of it."""
        self._since.pop(name, None)
        self._by_phone.discard(name)

    def send_by_phone(self, driver: str, then: Callable[[], None]) -> None:
        """Tell a driver a command by phone; ``then`` when it has been told. Dropped if the runbook no longer asks for
        it when a line becomes free: the dispatcher then has the tools to decide anew."""
        self._call(driver, "command", lambda: self.by_phone, then)

    def tell_route(self, driver: str, then: Callable[[], None]) -> None:
        """Tell a driver the route of the day by phone; ``then`` when it has been told."""
        self._call(driver, "route", lambda: True, then)

    def call(self, driver: str, then: Callable[[], None]) -> None:
        """Somebody wants to speak to a driver; ``then`` when they have."""
        self._call(driver, "dispatcher", lambda: True, then)

    def _if_still(self, trigger: str, after_us: int, act: Callable[[], None]) -> None:
        episode = self._since[trigger]
        self.world.after(after_us, lambda: act() if self._since.get(trigger) == episode else None)

    def _take(self, name: str, step: Step) -> None:
        self.act("runbook_step_taken", name, {
            "step": name, "trigger": step.trigger, "role": step.role, "minutes": step.minutes, "does": step.does,
        })  # fmt: skip
        self._if_still(step.trigger, round(step.minutes * MINUTE), partial(self._begin, step))

    def _begin(self, step: Step) -> None:
        if step.does == "call_drivers":
            episode = self._since[step.trigger]
            for driver in self.on_the_road():
                wanted = partial(self._episode_is, step.trigger, episode)
                self._call(driver, "status", wanted, partial(self.status_call, driver))
        elif step.does == "dispatch_by_phone":
            self._by_phone.add(step.trigger)
        elif step.does == "stand_in":
            self.stand_in()

    def _episode_is(self, trigger: str, episode: int) -> bool:
        return self._since.get(trigger) == episode

    def _call(self, driver: str, purpose: str, wanted: Callable[[], bool], then: Callable[[], None]) -> None:
        def over(call: Call) -> None:
            self.act("phone_call_ended", driver, {
                "who": driver, "purpose": purpose, "waited_s": call.waited_s, "call_s": call.call_s,
            })  # fmt: skip
            then()

        self.phone.call(driver, purpose, over, wanted)
