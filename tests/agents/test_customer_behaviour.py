"""What customers do is theirs: keyed by order and attempt, in the stated shares."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from agents.customer_behaviour import CustomerBehaviour, behaviour, visit
from engine.streams import Streams
from twin.orders import Order, Place, Task, Window

DOOR = Place("door", 41.0, -8.0)
DAY_US = (0, 36_000_000_000)


def order(name: str, **changes) -> Order:
    """A delivery with a window in the fifth hour."""
    return Order(name, None, Task("delivery", DOOR, (Window(4 * 3600 * 10**6, 5 * 3600 * 10**6),), 60.0), **changes)


def test_shares_are_as_stated():
    """Within four standard errors over 20,000 orders; the outcomes exclude each other by construction."""
    config, n = CustomerBehaviour(), 20_000
    found = [behaviour(order(f"O{k}"), DAY_US, Streams(5), config) for k in range(n)]
    shares = {
        config.not_home_share: sum(b.visits["delivery"][0].not_home for b in found),
        config.refused_share: sum(b.outcome == "refused" for b in found),
        config.cancelled_share: sum(b.cancel_at_us is not None for b in found),
        config.damaged_share: sum(b.outcome == "damaged" for b in found),
    }
    assert len(shares) == 4
    for share, count in shares.items():
        assert abs(count / n - share) < 4 * np.sqrt(share * (1 - share) / n)


def test_service_factors_are_log_logistic():
    """Theory: mean 1 and the stated shape, by Kolmogorov-Smirnov against scipy's fisk."""
    config = CustomerBehaviour(service_factor_most=1000.0)
    factors = [visit(f"O{k}", "delivery", 0, Streams(5), config).service_factor for k in range(4000)]
    mean = stats.fisk(config.service_shape).mean()
    assert stats.kstest(factors, stats.fisk(config.service_shape, scale=1 / mean).cdf).pvalue > 1e-3


@given(seed=st.integers(0, 2**40), name=st.text(min_size=1, max_size=8))
def test_behaviour_is_a_function_of_seed_and_order(seed, name):
    """Asked again, with more attempts, in a pair or with another outcome, each visit stays what it was."""
    few, many = CustomerBehaviour(max_attempts=2), CustomerBehaviour(max_attempts=5, refused_share=0.9)
    one = behaviour(order(name), DAY_US, Streams(seed), few)
    other = behaviour(order(name).moved(pickup=Task("pickup", DOOR)), DAY_US, Streams(seed), many)
    assert one == behaviour(order(name), DAY_US, Streams(seed), few)
    assert other.visits["delivery"][:2] == one.visits["delivery"]
    assert set(other.visits) == {"pickup", "delivery"}


@given(seed=st.integers(0, 2**40), placed=st.one_of(st.none(), st.integers(0, 10**10)))
def test_a_cancellation_comes_between_placing_and_the_last_window(seed, placed):
    """Never before the order is placed, nor after its last window has closed."""
    config = CustomerBehaviour(cancelled_share=1.0)
    at_us = behaviour(order("A", placed_us=placed), DAY_US, Streams(seed), config).cancel_at_us
    assert (placed or 0) <= at_us <= 5 * 3600 * 10**6


@pytest.mark.parametrize(
    ("outcome", "low", "high"),
    [("accepted", 1, 1), ("refused", 0, 0), ("damaged", 0, 0), ("partial", 0.1, 0.9)],
)
def test_what_is_taken_follows_from_the_outcome(outcome, low, high):
    """All, nothing or a part."""
    shares = {name: float(name == outcome) for name in ("refused", "damaged", "partial")}
    config = CustomerBehaviour(**{f"{name}_share": share for name, share in shares.items()})
    found = behaviour(order("A"), DAY_US, Streams(1), config)
    assert found.outcome == outcome
    assert low <= found.taken_share <= high


@pytest.mark.parametrize(
    "bad",
    [
        {"not_home_share": 1.1},
        {"refused_share": 0.6, "damaged_share": 0.6},
        {"max_attempts": 0},
        {"unknown": 1},
        {"service_shape": float("nan")},
    ],
)
def test_bad_configurations_are_refused(bad):
    """Shares above one, together too, unknown keys and NaN."""
    with pytest.raises(ValidationError):
        CustomerBehaviour(**bad)
