"""Keyframes: interpolation, cutting, forgetting, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.motion import Motion

S = 1_000_000


def one_vehicle() -> Motion:
    motion = Motion()
    motion.add("V1", 0, 0, 0)
    return motion


def test_positions_and_counters_are_linear_between_keyframes():
    """Half way in time is half way in everything; the engine runs with the ignition."""
    motion = one_vehicle()
    motion.append(0, [10 * S, 20 * S], [0, 100_000], [0, 40_000], [0, 110_000], [0, 9_000], [0, 500])
    state = motion.state(0, 15 * S)
    assert state == (50_000, 20_000, 55_000, 4_500, 250, 5 * S, 6820, True)
    assert motion.state(0, 10 * S).ignition is False
    assert motion.state(0, 20 * S).ignition is True
    assert motion.state(0, 21 * S) == (100_000, 40_000, 110_000, 9_000, 500, 10 * S, 6820, False)


def test_headings_follow_the_compass():
    """North 0, east 90, south 180, west 270 degrees; standing keeps the heading before."""
    motion = one_vehicle()
    x, y = [0, 0, 9, 9, 0, 0], [0, 9, 9, 0, 0, 0]
    motion.append(0, np.arange(6) * S, x, y)
    assert [motion.state(0, int(t * S)).heading_cdeg for t in (0.5, 1.5, 2.5, 3.5, 4.5, 9)] == [
        0, 9000, 18_000, 27_000, 27_000, 27_000,
    ]  # fmt: skip


def test_cutting_leaves_the_vehicle_where_it_is():
    """After a breakdown at t the vehicle stands at its place of t, engine off, and may go on from there."""
    motion = one_vehicle()
    motion.append(0, [0, 100 * S], [0, 1_000_000], [0, 0], [0, 1_000_000])
    motion.append(0, [200 * S, 300 * S], [1_000_000, 0], [0, 0], [0, 1_000_000])
    motion.truncate(0, 40 * S)
    assert motion.state(0, 250 * S)[:3] == (400_000, 0, 400_000)
    assert motion.state(0, 20 * S)[:3] == (200_000, 0, 200_000)
    assert motion.state(0, 250 * S).ignition is False
    motion.append(0, [50 * S, 60 * S], [400_000, 400_000], [0, 7_000], [0, 7_000])
    assert motion.state(0, 70 * S)[:3] == (400_000, 7_000, 407_000)
    motion.truncate(0, 90 * S)  # nothing left to cut
    assert motion.until_us(0) == 60 * S


def test_charging_draws_the_counter_down_with_the_ignition_off():
    """A charging stretch lowers what has been drawn; the engine does not run."""
    motion = one_vehicle()
    motion.append(0, [0, 10 * S], [0, 0], [0, 0], energy_mwh=[0, -5_000], ignition=False)
    state = motion.state(0, 5 * S)
    assert (state.energy_mwh, state.engine_us, state.ignition) == (-2_500, 0, False)


@pytest.mark.parametrize(
    ("stretch", "words"),
    [
        (
            {"t_us": [0, 1], "x_mm": [5, 5], "y_mm": [0, 0]},
            r"vehicle V1: stretch starts at \(5, 0\) mm.*\(0, 0\)",
        ),
        ({"t_us": [1, 1], "x_mm": [0, 0], "y_mm": [0, 0]}, "strictly rising"),
        ({"t_us": [1], "x_mm": [0], "y_mm": [0]}, "two or more"),
        ({"t_us": [-9, 1], "x_mm": [0, 0], "y_mm": [0, 0]}, "busy until 0 us"),
        ({"t_us": [0, 1], "x_mm": [0, 0, 0], "y_mm": [0, 0]}, "x_mm has 3 values, t_us has 2"),
        ({"t_us": [0, 1], "x_mm": [0, 0.5], "y_mm": [0, 0]}, "x_mm must be integers"),
        (
            {"t_us": [0, 1], "x_mm": [0, 0], "y_mm": [0, 0], "fuel_ul": [1, 2]},
            "fuel_ul must start at 0, not 1",
        ),
        (
            {"t_us": [0, 1], "x_mm": [0, 0], "y_mm": [0, 0], "odometer_mm": [0, -2]},
            "odometer_mm must never fall",
        ),
    ],
)
def test_impossible_stretches_are_refused_and_change_nothing(stretch, words):
    """Each refusal names the vehicle and the quantity, and leaves the motion as it was."""
    motion = one_vehicle()
    with pytest.raises(ValueError, match=words):
        motion.append(0, **stretch)
    assert motion.state(0, 100) == (0, 0, 0, 0, 0, 0, 0, False)


def test_the_sampled_past_is_closed():
    """Behind the forgotten window nothing is appended, cut or read."""
    motion = one_vehicle()
    motion.append(0, [0, 100 * S], [0, 1000], [0, 0])
    motion.forget(50 * S)
    with pytest.raises(ValueError, match="cannot cut at 49000000 us"):
        motion.truncate(0, 49 * S)
    with pytest.raises(ValueError, match="are forgotten"):
        motion.positions(49 * S)
    motion.truncate(0, 50 * S)
    with pytest.raises(ValueError, match="busy until 50000000"):
        motion.append(0, [49 * S, 60 * S], [500, 0], [0, 0])


steps = st.tuples(st.integers(1, 9), st.integers(-9, 9), st.integers(-9, 9))
trips = st.lists(st.tuples(st.integers(0, 30), st.lists(steps, min_size=1, max_size=6)), max_size=8)


def drive(motion: Motion, index: int, plan) -> None:
    """Append trips of (wait, moves) one after the other; odd units so that interpolation has to round."""
    for wait, moves in plan:
        start = motion.until_us(index)
        here = motion.state(index, start)
        t, x, y = (np.cumsum([0] + [move[i] for move in moves]) for i in range(3))
        odometer = np.cumsum([0] + [abs(move[1]) + abs(move[2]) for move in moves]) * 997
        motion.append(index, start + wait * S + t * S, here.x_mm + x * 997, here.y_mm + y * 997, odometer)


@settings(deadline=None)
@given(st.lists(trips, min_size=1, max_size=5), st.lists(st.integers(0, 300), min_size=1, max_size=8))
def test_all_positions_are_each_state_and_forgetting_changes_none(plans, moments):
    """The fleet at one instant equals vehicle by vehicle, with or without forgetting what lies before."""
    kept, forgetful = Motion(), Motion()
    for motion in (kept, forgetful):
        for v, plan in enumerate(plans):
            motion.add(f"V{v}", v, 0, 0)
            drive(motion, v, plan)
    for moment in sorted(moments):
        x, y = forgetful.positions(moment * S)
        states = [kept.state(v, moment * S) for v in range(len(plans))]
        assert [s.x_mm for s in states] == x.tolist()
        assert [s.y_mm for s in states] == y.tolist()
        assert states == [forgetful.state(v, moment * S) for v in range(len(plans))]
        forgetful.forget(moment * S)


@settings(deadline=None)
@given(trips, st.integers(0, 300), st.integers(0, 300))
def test_cutting_changes_nothing_before_the_cut(plan, cut, moment):
    """Up to the cut all is as it would have been, to the last unit; after it the vehicle stands."""
    whole, ended = one_vehicle(), one_vehicle()
    drive(whole, 0, plan)
    drive(ended, 0, plan)
    ended.truncate(0, cut * S)
    until = min(moment, cut) * S
    assert ended.state(0, until) == whole.state(0, until)
    assert ended.state(0, (cut + moment) * S)[:6] == whole.state(0, cut * S)[:6]


def test_memory_is_flat_over_a_long_run():
    """A thousand trips sampled as they go need no more room than the first few."""
    motion, sizes = one_vehicle(), []
    for _ in range(1000):
        here = motion.state(0, motion.until_us(0))
        t = motion.until_us(0) + np.arange(100) * S
        motion.append(0, t, here.x_mm + np.arange(100), np.full(100, here.y_mm))
        motion.forget(int(t[50]))
        sizes.append((len(motion.keyframes), len(motion._vehicle)))
    assert max(sizes[500:]) <= max(sizes[:50])
    assert motion.state(0, motion.until_us(0)).x_mm == 99_000
