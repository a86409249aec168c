"""Rows kept for long, and runs of batches: as plain sets of numbers would be."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.radio.batches import Batches, Runs
from engine.radio.held import Held
from engine.radio.lane_settings import LaneSettings
from engine.radio.queues import Pieces, Queues

DEVICES = 3
NOBODY_CONNECTED = Pieces(*(np.empty(0, np.int64) for _ in range(5)))


def rows(pairs: list[tuple[int, int]]) -> dict[str, np.ndarray]:
    """Columns of (device, sample), with a value that tells them apart."""
    device, sample = np.array(sorted(pairs), np.int64).reshape(-1, 2).T
    return {"device": device.astype(np.int32), "sample": sample.astype(np.int32), "value": 1000 * device + sample}


def pairs_of(batches: Batches) -> list[tuple[int, int]]:
    return list(zip(batches.device.tolist(), batches.batch.tolist()))


steps = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, DEVICES - 1), st.integers(1, 9)), max_size=3, unique_by=lambda step: step[0]),
        st.none() | st.tuples(st.integers(0, DEVICES - 1), st.integers(0, 60), st.integers(1, 60)),
    ),
    max_size=60,
)


@given(steps)
@settings(max_examples=60, deadline=None)
def test_rows_held_are_given_away_once_and_whole(steps: list) -> None:
    """However many tables there were, and whatever was taken before."""
    held, expected, following = Held(DEVICES), set(), [0] * DEVICES
    for more, take in steps:
        new = [(device, following[device] + k) for device, count in more for k in range(count)]
        for device, count in more:
            following[device] += count
        table = rows(new)
        held.add(table, np.arange(len(new)))
        expected |= set(new)
        if take is not None:
            device, first, count = take
            found = held.take(np.array([device]), first, first + count)
            wanted = sorted(pair for pair in expected if pair[0] == device and first <= pair[1] < first + count)
            told = [] if found is None else list(zip(found["device"].tolist(), found["sample"].tolist()))
            assert told == wanted
            assert found is None or found["value"].tolist() == [1000 * d + n for d, n in wanted]
            expected -= set(wanted)
        counts = [sum(pair[0] == device for pair in expected) for device in range(DEVICES)]
        assert held.count(np.arange(DEVICES)).tolist() == counts
        assert held.rows() == len(expected)
    left = [pair for table in held.clear() for pair in zip(table["device"].tolist(), table["sample"].tolist())]
    assert sorted(left) == sorted(expected)
    assert held.rows() == 0


numbers = st.sets(st.tuples(st.integers(0, DEVICES - 1), st.integers(0, 12)), max_size=20)


@given(numbers, numbers)
def test_runs_hold_what_batches_do(some: set, others: set) -> None:
    def batches(pairs: set) -> Batches:
        return Batches(*np.array(sorted(pairs), np.int64).reshape(-1, 2).T)

    later = {(device, 20 + number) for device, number in others}
    runs = Runs.of(batches(some)).and_more(Runs.of(batches(later)))
    assert pairs_of(runs.batches()) == sorted(some | later)
    assert runs.by_device(DEVICES).tolist() == [sum(d == device for d, _ in some | later) for device in range(DEVICES)]
    before = [sum(d == device and n < first for d, n in some | later) for device, first in zip(runs.device, runs.first)]
    assert runs.before().tolist() == before
    assert len(runs.device) == len({(d, n) for d, n in some | later if (d, n - 1) not in some | later})


@given(
    st.lists(st.lists(st.integers(0, 6), min_size=DEVICES, max_size=DEVICES), max_size=6),
    st.lists(st.tuples(st.integers(1, 5), st.booleans(), st.booleans()), min_size=DEVICES, max_size=DEVICES),
)
@settings(deadline=None)
def test_a_queue_without_a_connection_keeps_the_oldest_or_the_newest(windows: list, kinds: list) -> None:
    """By device: room, whether the newest are dropped, whether something is being sent meanwhile."""
    room, drop_newest, busy = (list(column) for column in zip(*kinds))
    settings = LaneSettings.fit(DEVICES, buffer_samples=np.array(room, float), drop_newest=drop_newest)
    queues = Queues(settings, settings.work)
    sending = np.flatnonzero(busy)
    queues.begin(Batches(sending, np.zeros(len(sending), np.int64)), np.ones(len(sending), np.int64))
    kept: list[list[int]] = [[] for _ in range(DEVICES)]
    lost: list[tuple[int, int]] = []
    following = 1
    for counts in windows:
        new = [(device, following + k) for device, count in enumerate(counts) for k in range(count)]
        following += 10
        for device, number in new:
            if len(kept[device]) + busy[device] < room[device]:
                kept[device].append(number)
            elif drop_newest[device] or not kept[device]:
                lost.append((device, number))
            else:
                lost.append((device, kept[device].pop(0)))
                kept[device].append(number)
        arrivals = Batches(*np.array(new, np.int64).reshape(-1, 2).T)
        sent, overrun = queues.serve(NOBODY_CONNECTED, arrivals, np.zeros(len(new), np.int64))
        assert not len(sent.of)
        assert sorted(pairs_of(overrun)) == sorted(lost)
        lost.clear()
        assert pairs_of(queues.waiting.batches()) == [(d, n) for d, numbers in enumerate(kept) for n in numbers]
