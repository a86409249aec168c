"""Customers who wait and call, proofs at the door, and disputes decided on what had arrived."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from agents.customer import Customer
from agents.customer_behaviour import Behaviour
from agents.customer_service import CustomerService, ServiceSettings
from agents.driver import Driver
from agents.population import Population
from agents.proof_capture import NOTE_BYTES, ProofCapture
from agents.world import World
from engine.clock import HOUR, MINUTE, SECOND, LocalTime
from engine.streams import Streams
from twin.belief import Belief
from twin.events import validate
from twin.ingest import Message
from twin.notifications import Gateway, NotificationSettings
from twin.orders import Order, Place, Task, Window
from twin.views import FleetView

CONTENT = Behaviour("accepted", 1.0, None, {})


class Stage:
    """A world of customers and an office only; whatever the office is to hear arrives at once."""

    after, at = World.after, World.at

    def __init__(self, seed: int = 1) -> None:
        self.env, self.streams, self.local = simpy.Environment(0), Streams(seed), LocalTime("UTC")
        self.end_us = 100 * HOUR
        self.truth: list[tuple[float, str, dict]] = []  # minute, kind, payload
        self.heard: list[str] = []  # by the office, its own acts among them
        self.onlookers: list[Callable] = []
        self.listeners: list[Callable] = []
        self.belief = Belief()
        self.world = self

    @property
    def now(self) -> int:
        return self.env.now  # type: ignore[return-value]

    def happen(self, kind: str, subject: str, payload: dict, source: str = "world") -> str:
        assert validate(kind, payload) is None
        self.truth.append((self.now / MINUTE, kind, payload))
        for tell in self.onlookers:
            tell(kind, self.now, payload)
        return f"{source}:{len(self.truth)}"

    def report(self, kind: str, subject: str, payload: dict, *_: Any) -> None:
        self.happen(kind, subject, payload)
        self._hear(kind, payload)

    def act(self, kind: str, subject: str, payload: dict) -> None:
        self.report(kind, subject, payload)

    def receive(self, message: Message, received_us: int) -> None:
        self._hear(message.kind, message.payload)

    def _hear(self, kind: str, payload: dict) -> None:
        self.heard.append(kind)
        self.belief.apply(kind, self.now, payload)
        for listen in self.listeners:
            listen(kind, payload)

    def view(self) -> FleetView:
        return self.belief.view(self.now)

    def told(self, kind: str) -> list[tuple[float, dict]]:
        return [(minute, payload) for minute, other, payload in self.truth if other == kind]


@contextmanager
def service(settings: ServiceSettings, seed: int = 1, **more: Any) -> Iterator[tuple[Stage, dict, CustomerService]]:
    """A stage, its open customers and customer service; ``etas`` are minutes by order."""
    stage, customers = Stage(seed), {}
    etas = more.pop("etas", {})
    population = Population(stage)  # type: ignore[arg-type]
    found = CustomerService(
        stage, settings, Gateway(0.07, 0.001), customers.get,  # type: ignore[arg-type]
        lambda view: {name: round(etas[name] * MINUTE) for name in view.orders if name in etas}, **more,
    )  # fmt: skip
    stage.onlookers.append(found.see)
    stage.listeners.append(found.heard)

    def place(name: str, window: tuple[float, float] | None = None) -> Customer:
        windows = () if window is None else (Window(*(round(m * MINUTE) for m in window)),)
        order = Order(name, None, Task("delivery", Place("door", 50.0, 8.0), windows), customer=f"C-{name}")
        customer = customers[name] = Customer(population, order, CONTENT)
        customer.on_end = lambda: customers.pop(name)
        customer.place()
        return customer

    stage.place = place  # type: ignore[attr-defined]
    try:
        yield stage, customers, found
    finally:
        population.close()


def run(stage: Stage, minute: float) -> None:
    """Up to and including a minute."""
    stage.env.run(until=round(minute * MINUTE) + 1)


CALLERS = ServiceSettings(call_share=1.0, call_after_us=10 * MINUTE)


# --- calls ---


def calls(stage: Stage) -> list[tuple[float, str]]:
    return [(minute, p["reason"]) for minute, p in stage.told("customer_called")]


def test_a_customer_without_word_calls_and_calls_again_when_the_window_has_passed() -> None:
    """Half-way through the window, and ten minutes after its end; the second is not asked of a served customer."""
    with service(CALLERS) as (stage, _, _):
        stage.place("O1", (60, 120))
        served = stage.place("O2", (60, 120))
        stage.place("O3")  # nothing promised
        stage.at(100 * MINUTE, lambda: served.end("order_delivered"))
        run(stage, 300)
        assert [(m, p["order_id"], p["reason"]) for m, p in stage.told("customer_called")] == [
            (90, "O1", "no_word"), (90, "O2", "no_word"), (130, "O1", "window_passed"),
        ]  # fmt: skip


def test_that_an_order_was_received_is_no_word_of_the_visit() -> None:
    """Who was only told of that asks half-way through the window all the same."""
    settings = ServiceSettings(NotificationSettings(frozenset({"placed"})), MINUTE, 1.0, 10 * MINUTE)
    with service(settings) as (stage, _, found):
        found.start()
        stage.place("O1", (60, 120))
        run(stage, 95)
        assert [p["milestone"] for _, p in stage.told("customer_notified")] == ["placed"]
        assert calls(stage) == [(90, "no_word")]


def test_a_time_told_is_waited_for_and_a_newer_one_replaces_it() -> None:
    """Told 100, then 140: the call comes at 150, none at 110."""
    with service(CALLERS) as (stage, _, _):
        customer = stage.place("O1")
        customer.told(100 * MINUTE)
        stage.at(90 * MINUTE, lambda: customer.told(140 * MINUTE))
        run(stage, 149)
        assert calls(stage) == []
        run(stage, 151)
        assert calls(stage) == [(150, "time_told_passed")]


def test_who_is_at_the_door_is_not_asked_for_and_another_date_is_another_promise() -> None:
    """Served while the time passes; rebooked, with the old promise forgotten and a new one kept in mind."""
    with service(CALLERS) as (stage, _, _):
        customer = stage.place("O1", (0, 60))
        customer.told(50 * MINUTE)
        customer.being_served = True
        run(stage, 61)
        customer.being_served = False
        windows = [[200 * MINUTE, 240 * MINUTE]]
        stage.act("order_rebooked", "O1", {"order_id": "O1", "windows_us": windows, "not_before_us": 0})
        run(stage, 300)
        assert calls(stage) == [(220, "no_word"), (250, "window_passed")]


def test_a_call_takes_somebodys_time_and_ends_with_the_arrival_expected_now() -> None:
    """Told 150 on the phone, which is what the customer then waits for; head office hears when the call is over."""
    with service(CALLERS, etas={"O1": 150}, call_s=120.0) as (stage, _, _):
        customer = stage.place("O1")
        customer.told(100 * MINUTE)
        run(stage, 111)
        assert "customer_called" not in stage.heard
        run(stage, 159)
        assert "customer_called" in stage.heard
        ((minute, answer),) = stage.told("customer_answered")
        assert (minute, answer["call_s"], answer["waited_s"], answer["eta_us"]) == (112, 120.0, 0.0, 150 * MINUTE)
        run(stage, 161)
        assert calls(stage) == [(110, "time_told_passed"), (160, "time_told_passed")]


def test_a_caller_who_gives_up_is_never_heard() -> None:
    """It happened; head office does not know."""
    with service(CALLERS, answer=lambda order_id, then: then(None)) as (stage, _, _):
        stage.place("O1", (0, 60))
        run(stage, 200)
        assert len(calls(stage)) == 2
        assert not {"customer_called", "customer_answered"} & {*stage.heard}


def test_callers_and_disputes_are_the_stated_shares_and_the_same_in_every_variant() -> None:
    """Within four standard errors over 3,000 orders; drawn by order, so other settings change nobody."""
    n, found = 3000, []
    for settings in (ServiceSettings(call_share=0.3, dispute_share=0.1), ServiceSettings(call_share=0.3)):
        with service(settings) as (stage, customers, _):
            for k in range(n):
                stage.place(f"O{k}")
            found.append({name for name, c in customers.items() if c.ask is not None})
            disputing = sum(c.dispute_after_us is not None for c in customers.values())
            assert abs(disputing / n - settings.dispute_share) <= 4 * np.sqrt(0.1 * 0.9 / n)
    assert abs(len(found[0]) / n - 0.3) < 4 * np.sqrt(0.3 * 0.7 / n)
    assert found[0] == found[1]


# --- telling ---


def test_a_wrong_time_told_makes_the_customer_call() -> None:
    """Told at 70 that somebody comes at 100, as head office believes; nobody does, so the customer calls at 110.
    Then it is delivered after all, and the file is closed."""
    who, depot = {"vehicle_id": "V1", "driver_id": "D1"}, {"place_id": "main", "lat": 50.0, "lon": 8.0}
    settings = ServiceSettings(NotificationSettings(frozenset(["placed", "next", "delivered"])), call_share=1.0)
    with service(settings, etas={"O1": 100}) as (stage, _, desk):
        stage.belief.apply("depot_registered", 0, {"depot_id": "main", "place": depot})
        van = {"device_id": "d", "group": "g", "kind": "van", "profile": "van", "capacity": {}, "offers": []}
        stage.belief.apply("vehicle_registered", 0, {"vehicle_id": "V1", "depot_id": "main", **van})
        stage.belief.apply("shift_started", 0, {**who, "depot_id": "main", "until_us": 10 * HOUR})
        desk.start()
        customer = stage.place("O1")
        stage.belief.apply("order_picked_up", 0, {**who, "order_id": "O1", "at_depot": "main"})
        run(stage, 129.5)
        assert calls(stage) == [(110, "time_told_passed")]
        customer.end("order_delivered")
        done = {"attempt": 1, "arrived_us": 0, "started_us": 0, "service_s": 1.0, "share": 1.0}
        stage.report("order_delivered", "O1", {**who, **done, "order_id": "O1"})
        run(stage, 140)
        sent = [(m, p["milestone"], p["cost_eur"], p["customer"]) for m, p in stage.told("customer_notified")]
        assert sent == [(m, kind, 0.07, "C-O1") for m, kind in ((0, "placed"), (70, "next"), (130, "delivered"))]
        assert desk.contacts == {}


def test_without_tools_nothing_is_sent_until_they_are_back() -> None:
    """A milestone reached meanwhile is told then."""
    with service(ServiceSettings(NotificationSettings(frozenset(["placed"])))) as (stage, _, desk):
        desk.at_work = lambda: stage.now > 10 * MINUTE
        desk.start()
        stage.place("O1")
        run(stage, 20)
        assert [minute for minute, _ in stage.told("customer_notified")] == [11]
        assert len(desk.contacts) == 1


def test_where_nothing_is_told_nothing_is_kept() -> None:
    """No checks, no files, no messages."""
    with service(ServiceSettings()) as (stage, customers, desk):
        desk.start()
        stage.place("O1", (0, 60))
        run(stage, 200)
        assert [kind for _, kind, _ in stage.truth] == ["order_placed"]
        assert desk.contacts == {}
        assert customers["O1"].ask is None


# --- proofs and disputes ---


@given(
    st.integers(0, 5 * HOUR), st.one_of(st.none(), st.integers(0, 12 * HOUR)), st.integers(0, 4 * HOUR),
    st.integers(0, 4 * HOUR),
)  # fmt: skip
def test_a_dispute_is_decided_on_what_had_arrived_by_then(
    delivered_us: int, proof_delay_us: int | None, dispute_after_us: int, decide_after_us: int
) -> None:
    """Theory: lost exactly if the proof (None: never captured) arrives after the decision; decided once."""
    settings = ServiceSettings(
        dispute_share=1.0, dispute_after_us=dispute_after_us, decide_after_us=decide_after_us
    )  # fmt: skip
    proof = ProofCapture(90_000, 0, Streams(1)).proof("O1", 1, 1.0, delivered_us)
    proof |= {"vehicle_id": "V1", "driver_id": "D1"}
    with service(settings) as (stage, _, _):
        customer = stage.place("O1")
        stage.at(delivered_us, lambda: customer.end("order_delivered"))
        if proof_delay_us is not None:
            message = Message("dev-V1:1", "proof_captured", delivered_us, "O1", "dev-V1", proof)
            stage.at(delivered_us + proof_delay_us, lambda: stage.receive(message, stage.now))
        run(stage, 24 * 60)
        decide_us = delivered_us + dispute_after_us + decide_after_us
        ((minute, decision),) = stage.told("dispute_decided")
        assert minute == decide_us / MINUTE
        if proof_delay_us is not None and delivered_us + proof_delay_us == decide_us:
            return  # one instant: whichever came first
        arrived = proof_delay_us is not None and delivered_us + proof_delay_us < decide_us
        assert decision["upheld"] != arrived
        assert decision["proof_id"] == ("O1-P1" if arrived else None)


@pytest.mark.parametrize("kind", ["order_failed", "order_left_out", "order_cancelled"])
def test_only_deliveries_are_disputed(kind: str) -> None:
    """There is nothing to dispute about what did not come."""
    with service(ServiceSettings(dispute_share=1.0)) as (stage, _, _):
        stage.place("O1").end(kind)
        run(stage, 600)
        assert stage.told("dispute_opened") == []


@given(st.text(min_size=1, max_size=6), st.integers(1, 9), st.floats(0, 1))
def test_a_proof_is_a_function_of_order_and_attempt(order_id: str, attempt: int, share: float) -> None:
    """Sizes within 30 % of the stated ones; a note only where something was not taken; valid, and the same again."""
    capture = ProofCapture(100_000, 10_000, Streams(4))
    proof = capture.proof(order_id, attempt, share, 7 * SECOND)
    note = NOTE_BYTES if share < 1 else 0
    assert 77_000 <= proof["bytes"] - note <= 143_000
    assert ("note" in proof["what"]) == (share < 1)
    assert proof == capture.proof(order_id, attempt, share, 7 * SECOND)
    assert proof["sha256"] != capture.proof(order_id, attempt + 1, share, 0)["sha256"]
    assert validate("proof_captured", proof | {"vehicle_id": "V1", "driver_id": "D1"}) is None


def test_the_driver_hands_a_proof_with_its_size_to_the_tablet() -> None:
    """Who and with what are added; a driver without anything to record sends nothing."""
    sent: list[tuple] = []

    def report(kind: str, subject: str, payload: dict, size_bytes: int) -> None:
        sent.append((kind, subject, validate(kind, payload), payload["driver_id"], payload["bytes"] == size_bytes))

    driver: Any = SimpleNamespace(
        name="D1", vehicle=SimpleNamespace(name="V1"), world=SimpleNamespace(now=5), proofs=None,
        tablet=SimpleNamespace(report=report),
    )  # fmt: skip
    Driver._prove(driver, "O1", 1, 1.0)
    assert sent == []
    driver.proofs = ProofCapture(100_000, 0, Streams(4))
    Driver._prove(driver, "O1", 1, 1.0)
    assert sent == [("proof_captured", "O1", None, "D1", True)]


def test_sizes_are_spread_evenly_about_their_mean() -> None:
    """Mean as stated within four standard errors of a uniform of half-width 30 %; no photo where none is taken."""
    capture, n = ProofCapture(0, 10_000, Streams(4)), 2000
    proofs = [capture.proof(f"O{k}", 1, 1.0, 0) for k in range(n)]
    assert all(p["what"] == ["signature"] for p in proofs)
    mean = np.mean([p["bytes"] for p in proofs])
    assert abs(mean - 10_000) < 4 * 3000 / np.sqrt(3 * n)
