"""Named random streams: a function of seed and names, never of call order."""

import numpy as np

from engine.streams import Streams, key_u64, mix_u64


def test_a_draw_depends_on_seed_and_names_only() -> None:
    """Asking in another order, or for more, changes nothing."""
    one, two = Streams(7), Streams(7)
    names = [("order", n, "home") for n in range(50)]
    forward = [one.uniform(*name) for name in names]
    backward = [two.uniform(*name) for name in reversed(names)]
    assert forward == backward[::-1]
    assert Streams(8).uniform("order", 0, "home") != forward[0]
    assert len(set(forward)) == 50


def test_names_do_not_run_together() -> None:
    """("ab", "c") is not ("a", "bc"), nor is 1 with 23 what 12 with 3 is."""
    assert key_u64("ab", "c") != key_u64("a", "bc")
    assert key_u64(1, 23) != key_u64(12, 3)


def test_keys_are_the_same_on_every_machine() -> None:
    """Recorded once: a change here changes every run."""
    assert key_u64("driver", "D1") == 12399796276512082154
    first = Streams(1).generator("a").standard_normal(3)
    assert np.array_equal(first, Streams(1).generator("a").standard_normal(3))


def test_uniform_draws_are_uniform() -> None:
    """Ten thousand names: mean, spread and the ends."""
    draws = np.array([Streams(3).uniform("x", n) for n in range(10_000)])
    assert abs(draws.mean() - 0.5) < 0.015
    assert abs(draws.var() - 1 / 12) < 0.005
    assert draws.min() >= 0
    assert draws.max() < 1


def test_mixing_changes_half_of_the_bits() -> None:
    """One flipped bit of the counter flips about 32 of 64."""
    counters = np.arange(10_000, dtype=np.uint64)
    flipped = np.bitwise_count(mix_u64(counters) ^ mix_u64(counters ^ np.uint64(1)))
    assert abs(flipped.mean() - 32) < 0.5
    assert len(np.unique(mix_u64(counters))) == 10_000
