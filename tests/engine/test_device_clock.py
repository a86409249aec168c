"""Device clocks: drift by hand, what sets them right, jumps, and one answer for samples and events."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.device_clock import DAY_US, ROLLOVER_US, Clocks
from engine.streams import Streams

S = 1_000_000
START = 1_772_431_200 * S  # Monday 2 March 2026, 06:00 UTC


def clocks(ppb: list[int], resync: list[int]) -> Clocks:
    return Clocks(np.array(ppb), np.array(resync), START)


def test_true_clocks_show_true_time_and_copy_nothing():
    """Without drift and jumps the very array comes back."""
    true_us = START + np.arange(5) * S
    quiet = Clocks.fit(["A", "B"], Streams(1), START)
    assert quiet.true
    assert quiet.stamp(np.array([0, 0, 0, 1, 1]), true_us) is true_us
    assert quiet.read(1, START + 7) == START + 7


def test_drift_by_hand():
    """20 ppm fast: 72 ms an hour since the start, since midnight, or since the last fix."""
    device = np.array([0, 1, 2])
    fast = clocks([20_000] * 3, [2, 1, 0])
    later = np.full(3, START + 30 * 3600 * S)  # 12:00 of the next day
    fix = np.array([True, True, False])
    assert (fast.stamp(device, later, fix) - later).tolist() == [30 * 72_000, 12 * 72_000, 30 * 72_000]
    assert fast.read(2, int(later[2])) == later[2] + 30 * 72_000
    again = later + 3600 * S
    assert (fast.stamp(device, again, np.array([True] * 3)) - again).tolist() == [31 * 72_000, 13 * 72_000, 0]
    assert fast.read(2, int(again[2]) + 1000 * S) - again[2] - 1000 * S == 20_000
    slow = clocks([-20_000], [2])
    assert slow.read(0, START + DAY_US) == START + DAY_US - 24 * 72_000


def test_between_fixes_the_clock_runs_on_from_the_last_one():
    """Fix, none, none, fix: no error, that of 10 s, of 20 s, none."""
    drifting = clocks([1_000_000], [0])
    at = START + np.arange(4) * 10 * S
    shown = drifting.stamp(np.zeros(4, int), at, np.array([True, False, False, True]))
    assert (shown - at).tolist() == [0, 10_000, 20_000, 0]


def test_drift_is_normal_between_devices_and_their_own():
    """Deviation as stated; a device's drift does not depend on the fleet; another seed gives another."""
    ids = [f"D{i}" for i in range(2000)]
    day = START + DAY_US

    def off(names, seed):
        fleet = Clocks.fit(names, Streams(seed), START, 20.0, "never")
        return [fleet.read(i, day) - day for i in range(len(names))]

    many = np.array(off(ids, 1)) / 86_400  # ppm
    assert abs(many.mean()) < 20 * 4 / np.sqrt(2000)
    assert many.std() == pytest.approx(20, rel=0.08)
    assert off(["D7"], 1)[0] == off(ids[:9], 1)[7] != off(["D7"], 2)[0]


@pytest.mark.parametrize("by_us", [3600 * S, -START, ROLLOVER_US])
def test_a_jump_holds_in_its_time_only(by_us):
    """After its start up to its end; true before and after; other devices untouched."""
    jumping = clocks([0, 0], [0, 0])
    jump = jumping.jump(0, START + 20 * S, by_us)
    device, at = np.repeat([0, 1], 5), START + np.tile(np.arange(5) * 10 * S, 2)
    jumping.end(jump, START + 30 * S)
    assert (jumping.stamp(device, at) - at).tolist() == [0, 0, 0, by_us, 0] + [0] * 5
    assert jumping.read(0, START + 20 * S) == START + 20 * S
    assert jumping.read(0, START + 20 * S + 1) == START + 20 * S + 1 + by_us
    jumping.stamp(device, at + 60 * S)
    assert jumping.true


def test_an_unknown_resync_is_refused_by_name():
    """The device and the choices are named."""
    with pytest.raises(ValueError, match="device B: resync is 'weekly', expected one of fix, daily, never"):
        Clocks.fit(["A", "B"], Streams(1), START, 1.0, ["fix", "weekly"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.sets(st.integers(1, 29)),
    st.lists(st.integers(-(10**6), 10**6), min_size=3, max_size=3),
    st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(-(10**12), 10**12)),
)
def test_windows_change_no_clock_and_events_read_the_same(fix, cuts, ppb, jump):
    """However samples are cut into windows, and read one by one: the same times."""
    at = START + np.arange(30) * 10 * S
    fix = np.array(fix)

    def run(edges, one_by_one=False):
        ours = clocks(ppb, [0, 1, 2])
        handle = ours.jump(1, START + jump[0] * 10 * S, jump[2])
        ours.end(handle, START + (jump[0] + jump[1]) * 10 * S)
        out = []
        for a, b in zip([0, *edges], [*edges, 30]):
            device = np.repeat([0, 1, 2], b - a)
            shown = ours.stamp(device, np.tile(at[a:b], 3), np.tile(fix[a:b], 3)).reshape(3, -1)
            if one_by_one:
                assert [[ours.read(d, int(at[b - 1]))] for d in range(3)] == shown[:, -1:].tolist()
            out.append(shown)
        return np.concatenate(out, axis=1).tolist()

    assert run([]) == run(sorted(cuts)) == run(range(1, 30), one_by_one=True)
