"""Ready times against walking through the steps: the same for every begin on the piece, and whole beyond its ends."""

from hypothesis import given
from hypothesis import strategies as st

from twin.ready_times import ReadyTime

BREAK_US = 30
moments = st.integers(0, 400)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("drive"), st.integers(0, 60)),
        st.tuples(st.just("window"), moments),
        st.tuples(st.just("break"), moments),
    ),
    max_size=8,
)


def walked(begin_us: int, todo: list[tuple[str, int]]) -> list[int]:
    """When each step is over, a begin at a time; a break is taken by who is not past by its start."""
    at_us, ready = begin_us, []
    for kind, us in todo:
        if kind == "drive":
            at_us += us
        elif kind == "window":
            at_us = max(at_us, us)
        elif at_us >= us:
            at_us += BREAK_US
        ready.append(at_us)
    return ready


def piece(begin_us: int, todo: list[tuple[str, int]]) -> tuple[ReadyTime, list[tuple[int, int]]]:
    """The same as a function of the begin: delay and floor after each step."""
    ready, told = ReadyTime(begin_us), []
    for kind, us in todo:
        if kind == "drive":
            ready.take(us)
        elif kind == "window":
            ready.wait_until(us)
        elif not ready.is_by(us - 1):
            ready.take(BREAK_US)
        told.append((ready.delay_us, ready.floor_us))
    return ready, told


@given(moments, steps, moments)
def test_a_piece_tells_of_every_begin_on_it(begin_us: int, todo: list[tuple[str, int]], other_us: int) -> None:
    """Of the begin it was made for, and of any other between its ends."""
    ready, told = piece(begin_us, todo)
    assert ready.low_us <= begin_us <= ready.high_us
    for at_us in (begin_us, min(max(other_us, ready.low_us), ready.high_us)):
        assert [max(at_us + delay_us, floor_us) for delay_us, floor_us in told] == walked(at_us, todo)


@given(moments, steps)
def test_a_piece_ends_where_an_answer_changes(begin_us: int, todo: list[tuple[str, int]]) -> None:
    """One later than its last begin another break is taken: who begins then is ready by more than that one later."""
    ready, _ = piece(begin_us, todo)
    if ready.high_us < 1_000:
        last, beyond = walked(ready.high_us, todo), walked(ready.high_us + 1, todo)
        assert any(late - early > 1 for early, late in zip(last, beyond))


def test_by_hand() -> None:
    """A drive of 10, a window from 100, service of 5, a break at 120 for who is there by then."""
    ready, told = piece(0, [("drive", 10), ("window", 100), ("drive", 5), ("break", 120)])
    assert [max(0 + delay_us, floor_us) for delay_us, floor_us in told] == [10, 100, 105, 105]
    assert ready.high_us == 104  # begun at 105 it is ready at 120, and the break comes first
    ready, told = piece(105, [("drive", 10), ("window", 100), ("drive", 5), ("break", 120)])
    assert max(105 + told[-1][0], told[-1][1]) == 150
    assert ready.low_us == 105
