"""Hindsight: every order of the day is known before it, and nothing is done at a door before it was placed."""

from pathlib import Path

import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sources import foreseen
from scenarios.run import Run, Session, run
from scenarios.verify import verify
from tests.tiny import tiny
from twin.orders import Order, Place, Task, Window
from twin.policies.common import start_of_service

DOOR = Place("door", 38.7, -9.1)
LATE_ORDERS = {"generate": {"known_per_day": 4, "arriving_per_day": 8}}


def order(*windows: tuple[int, int], placed_us: int | None = 100) -> Order:
    task = Task("delivery", DOOR, tuple(Window(*window) for window in windows))
    return Order("O1", None, task, placed_us=placed_us)


def test_an_order_known_before_its_day_stays_as_it_is() -> None:
    """There is nothing to foresee."""
    known = order((0, 50), placed_us=None)
    assert foreseen(known, 1000) is known


def test_windows_open_no_earlier_than_the_order_was_placed() -> None:
    """One that had closed is gone; without any, the order may be done from then on."""
    assert foreseen(order((0, 50), (80, 300), (400, 500)), 1000).last_task.windows == ((100, 300), (400, 500))
    assert foreseen(order(), 1000).last_task.windows == ((100, 1000),)
    assert foreseen(order((0, 50)), 1000).last_task.windows == ((100, 100),)  # it cannot be on time any more
    assert foreseen(order(), 1000).placed_us is None


times = st.integers(0, 1000)


@given(st.lists(st.tuples(times, times).map(sorted), max_size=3), times, times, times)
def test_no_service_before_placing_and_the_same_times_are_on_time(
    windows: list[list[int]], placed: int, arrive: int, after: int
) -> None:
    """Whenever the driver comes; and what is on time after the placing is so in both."""
    was = order(*sorted((open_us, close_us) for open_us, close_us in windows), placed_us=placed)
    task = foreseen(was, 1000).last_task
    assert start_of_service(arrive, task.windows) >= placed
    start = placed + 1 + after
    assert not windows or on_time(start, was.last_task) == on_time(start, task)


def on_time(start_us: int, task: Task) -> bool:
    return any(window.open_us <= start_us <= window.close_us for window in task.windows)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """One day on the truth and in hindsight."""
    folder = tmp_path_factory.mktemp("days")
    return {
        source: run(tiny(orders=LATE_ORDERS, dispatch={"information": source}), out=folder / source)
        for source in ("perfect", "hindsight")
    }


def events(day: Run, kind: str) -> dict[str, int]:
    """When something happened, by order, in microseconds."""
    rows = day.truth.filter(pc.equal(day.truth["kind"], kind))
    return dict(zip(rows["subject"].to_pylist(), pc.cast(rows["occurred_at"], "int64").to_pylist()))


def test_the_demand_is_that_of_the_day(days: dict[str, Run]) -> None:
    """The same orders, and the same customers cancel, at the same times."""
    assert events(days["hindsight"], "order_placed").keys() == events(days["perfect"], "order_placed").keys()
    cancelled = [events(days[source], "order_cancelled") for source in ("hindsight", "perfect")]
    for order_id in cancelled[0].keys() & cancelled[1].keys():
        assert cancelled[0][order_id] == cancelled[1][order_id]


def test_nobody_is_served_before_ordering(days: dict[str, Run]) -> None:
    """The time of ordering is that of the day itself."""
    placed = events(days["perfect"], "order_placed")
    served = events(days["hindsight"], "service_started")
    assert any(order_id.startswith("N") for order_id in served)
    assert all(at_us >= placed[order_id] for order_id, at_us in served.items())


def test_the_plan_holds_every_order_of_the_day(days: dict[str, Run]) -> None:
    """And the run verifies."""
    session = Session(tiny(orders=LATE_ORDERS, dispatch={"information": "hindsight"}))
    session.advance(session.scenario.start_us)
    assert {*session.built.office.view().orders} == {*events(days["perfect"], "order_placed")}
    folder = days["hindsight"].folder
    assert isinstance(folder, Path)
    assert verify(folder).ok
