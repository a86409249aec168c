"""Dispatchers as a queue: waits against the closed forms of queueing theory."""

import math

import numpy as np
import pytest
import simpy

from agents.control_room import ControlRoom, ControlSettings
from agents.population import Population
from agents.world import World
from engine.clock import SECOND, LocalTime
from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA, Ledger
from engine.streams import Streams
from tests.agents.test_control_room import NOON_US, Fleet, Office

SERVICE_S = 120


def erlang_c(servers: int, offered: float) -> float:
    """Probability that a customer of M/M/c has to wait, by Erlang's recursion for the blocking probability."""
    blocked = 1.0
    for c in range(1, servers + 1):
        blocked = offered * blocked / (c + offered * blocked)
    return blocked / (1 - (1 - blocked) * offered / servers)


def md1_no_wait(load: float) -> float:
    """M/D/1: who finds nobody does not wait."""
    return 1 - load


def mean_wait_s(servers: int, load: float) -> float:
    """M/D/c: half of M/M/c's, times Cosmetatos' correction (Management Science 22, 1975); exact for one server."""
    markov = erlang_c(servers, servers * load) * SERVICE_S / (servers * (1 - load))
    c = servers
    correction = 1 + (1 - load) * (c - 1) * (math.sqrt(4 + 5 * c) - 2) / (16 * c * load)
    return markov / 2 * correction


def waits_s(dispatchers: int, load: float, n: int, seed: int) -> np.ndarray:
    """Exceptions opened at random, and how long each waited until somebody took it on."""
    nothing = None
    world = World(
        simpy.Environment(NOON_US), NOON_US, NOON_US + 10**15, LocalTime("UTC"), Streams(1), nothing, None,  # type: ignore[arg-type]
        Ledger("truth", TRUTH_SCHEMA, None), Ledger("office", OFFICE_SCHEMA, None),
    )  # fmt: skip
    office = Office(world, Fleet(1))
    room = ControlRoom(
        Population(world), office, [], ControlSettings(10**14, dispatchers, SERVICE_S * SECOND)  # type: ignore[arg-type]
    )  # fmt: skip
    for number in range(1, dispatchers + 1):
        world.env.process(room._work(number))
    opened_us: dict[str, int] = {}
    found: list[float] = []

    def open_one(number: int) -> None:
        case = room.queue.open(f"A{number}", "missed_stop", f"O{number}", "warning", "dispatcher", world.now)
        assert case is not None
        opened_us[case.exception_id] = world.now
        room._ring()

    def act(kind: str, subject: str, _payload: dict) -> None:
        if kind == "exception_acknowledged":
            found.append((world.now - opened_us[subject]) / SECOND)

    office.act = act  # type: ignore[method-assign]
    gaps_us = np.random.default_rng(seed).exponential(SERVICE_S * SECOND / (dispatchers * load), n).astype(np.int64)
    for number, at_us in enumerate(np.cumsum(gaps_us).tolist()):
        world.at(NOON_US + at_us, lambda number=number: open_one(number))  # type: ignore[misc]
    world.env.run(NOON_US + int(gaps_us.sum()) + 100 * SERVICE_S * SECOND)
    assert len(found) == n
    return np.array(found)


def test_erlang_c_is_the_tabulated_one() -> None:
    """One server: the load. Two at 1 erlang: 1/3. Five at 4 erlangs: 0.5541 (tables)."""
    assert erlang_c(1, 0.7) == pytest.approx(0.7)
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(5, 4.0) == pytest.approx(0.5541, abs=1e-4)


@pytest.mark.parametrize(("dispatchers", "load"), [(1, 0.5), (1, 0.8), (2, 0.7), (4, 0.8)])
def test_exceptions_wait_as_long_as_in_a_queue_with_fixed_service(dispatchers: int, load: float) -> None:
    """Random arrivals, two minutes each: mean wait of M/D/c, within four standard errors of twenty batches and 2 %."""
    waits = waits_s(dispatchers, load, 6000, seed=7)
    batches = waits.reshape(20, -1).mean(axis=1)
    error = batches.std(ddof=1) / math.sqrt(20)
    assert waits.mean() == pytest.approx(mean_wait_s(dispatchers, load), abs=4 * error + 0.02 * waits.mean())
    assert error < 0.2 * waits.mean()


def test_one_dispatcher_is_free_for_whoever_comes_with_the_share_he_is_idle() -> None:
    """M/D/1: nobody waits with probability 1 - load."""
    assert (waits_s(1, 0.6, 6000, seed=3) == 0).mean() == pytest.approx(md1_no_wait(0.6), abs=0.03)
