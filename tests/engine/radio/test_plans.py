"""Data plans: what counts, and for which month."""

import numpy as np
import pytest

from engine.clock import HOUR
from engine.coverage.code import LTE, pack
from engine.radio.plans import Plans
from engine.radio.settings import LinkSettings
from tests.engine.radio.test_samples import every, go, lane
from tests.engine.radio.world import START, S, Script

RED, WIFI, HOTSPOT = 1, 3, 4
"""Networks of two carriers."""
PLAN = {"month_bytes": 1_000_000}


def used_bytes(code: int, links: dict | None = None, **keys) -> int:
    """Of the plan, by ten samples of 100 bytes in batches of five."""
    of = lane(Script(1, code), links=PLAN | (links or {}), batch_samples=5, retry_s=5.0, jitter=False, **keys)
    go(of, {0: every(10, 10)}, [START + 600 * S])
    return int(of.links.plans.used_bytes[0])


def test_bytes_over_a_sim_count_those_over_wifi_and_the_hotspot_do_not() -> None:
    assert used_bytes(int(pack((LTE, 0)))) == 1_000
    assert used_bytes(int(pack((LTE, 0), wifi=True)), {"wifi": True}) == 0
    plans = Plans(LinkSettings.fit(["A"], [0], hotspot=0, month_bytes=1_000_000), 2, START, [])
    for network in (RED, WIFI, HOTSPOT):
        plans.use(0, 400, network, START + 1)
        plans.use_all(np.array([0, 0]), np.array([400]), np.array([network, network]))
    assert plans.used_bytes.tolist() == [1_200]


def test_what_is_sent_twice_is_counted_twice() -> None:
    assert used_bytes(int(pack((LTE, 0))), duplicate_share=1.0) == 2_000


@pytest.mark.parametrize("first_us", [-1, 0, 1])
def test_the_first_moment_of_a_month_is_in_it(first_us: int) -> None:
    """Bytes sent a microsecond before, at, and after midnight; all told before the review."""
    midnight_us = START + 12 * HOUR
    plans = Plans(LinkSettings.fit(["A"], [0], month_bytes=500), 2, START, [midnight_us])
    while plans.review_us < midnight_us:
        plans.review()
    plans.use(0, 500, RED, midnight_us + first_us)
    plans.review()
    assert plans.used_up.tolist() == [False]
    plans.review()
    assert plans.used_up.tolist() == [first_us >= 0]


def test_a_batch_that_was_lost_with_its_device_is_never_sent() -> None:
    """Of three measured samples two were to follow; the device that comes back begins a batch of its own."""
    of = lane(Script(1, int(pack((LTE, 0)))), links=PLAN, batch_samples=5)
    times = every(10, 15)
    measured = {
        "device": np.zeros(15, np.int32),
        "sample": np.arange(15, dtype=np.int32),
        "occurred_us": np.array(times),
    }

    def until(us: int) -> None:
        here = (measured["occurred_us"] > of.links.now_us) & (measured["occurred_us"] <= us)
        of.take({name: column[here] for name, column in measured.items()})
        of.settle(us)

    until(START + 25 * S)
    of.links.end_device(0, START + 25 * S, "dead")
    until(START + 95 * S)
    of.links.revive(0, START + 95 * S)
    until(START + 600 * S)
    assert of.counts()["dead"] == 10
    assert of.links.plans.used_bytes.tolist() == [500]
