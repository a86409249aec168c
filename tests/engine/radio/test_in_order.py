"""Rows in sample order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.radio.held import Part, as_one
from engine.radio.in_order import InOrder


def part(rows: list[tuple[int, int]]) -> Part:
    device, sample = (np.array(column, np.int32) for column in zip(*sorted(rows)))
    told = np.arange(len(rows))
    return Part({"device": device, "sample": sample}, None, sample * 10 + device, told.astype(np.int8), told > -1)


def pairs(parts: list[Part]) -> list[tuple[int, int]]:
    for p in parts:
        assert (p.arrive_us == p.column("sample") * 10 + p.column("device")).all()
    return [pair for p in parts for pair in zip(p.column("device").tolist(), p.column("sample").tolist())]


def test_rows_in_order_pass_through_untouched() -> None:
    given_part = part([(0, 0), (0, 1), (2, 0)])
    assert InOrder(3).add([given_part]) == [given_part]


def test_a_row_waits_for_the_one_before_it() -> None:
    order = InOrder(2)
    assert pairs(order.add([part([(0, 1), (0, 2), (1, 0)])])) == [(1, 0)]
    assert order.waiting() == 2
    assert pairs(order.add([part([(0, 0), (0, 3), (1, 1)])])) == [(0, 0), (1, 1), (0, 1), (0, 2), (0, 3)]
    assert order.waiting() == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=3, max_size=3), st.randoms())
def test_every_row_comes_once_in_order_however_they_arrive(counts: list[int], random) -> None:
    rows = [(device, n) for device, count in enumerate(counts) for n in range(count)]
    random.shuffle(rows)
    order, out = InOrder(3), []
    while rows:
        size = random.randint(1, len(rows))
        out += pairs(order.add([part(rows[:size])]))
        rows = rows[size:]
    assert [[n for d, n in out if d == device] for device in range(3)] == [list(range(count)) for count in counts]
    assert order.waiting() == 0


def test_parts_put_together_are_in_order_and_keep_what_became_of_each_row() -> None:
    """Also of parts that are some rows of others."""
    some = part([(0, 0), (0, 2), (1, 0), (2, 5)]).rows_of(np.array([1, 2]))
    assert as_one([some]) is some
    together = as_one([some, part([(0, 1), (1, 1)]), part([(0, 0), (1, 2)])])
    assert pairs([together]) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert together.network.tolist() == [0, 0, 1, 2, 1, 1]
