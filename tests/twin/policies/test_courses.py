"""Courses that are kept between calls are those that would be driven anew."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import HOUR, MINUTE
from tests.contracts.test_policies import Crow, believed
from twin.belief import Belief
from twin.policies.courses import Courses, drive_all
from twin.samples import SampleBatch

HELD = {"lat": 50.1, "lon": 8.0, "window": True, "close": 3, "kind": "delivery", "kg": 1.0, "needs": [],
        "aboard": True, "started": False}  # fmt: skip
NEWS = (
    "departed", "arrived", "service_started", "order_delivered", "order_changed", "order_cancelled", "order_picked_up",
    "break_taken", "breakdown_started", "breakdown_ended", "shift_ended", "shift_started",
    "loading_done", "position",
)  # fmt: skip
ARRAYS = ("positions", "depart_us", "arrive_us", "slack_us", "wait_us", "close_us", "leg_ms")


def morning() -> Belief:
    """Two vehicles with three deliveries each on board, and a fourth that is still at the depot."""
    orders = [HELD | {"held": n % 2, "lat": 50.1 + n / 20, "aboard": n < 6} for n in range(8)]
    return believed(2, orders)


def told(belief: Belief, kind: str, vehicle: int, order: int, now_us: int) -> None:
    """News of a vehicle, an order of its or not."""
    who: dict[str, Any] = {"vehicle_id": f"V{vehicle}", "driver_id": f"D{vehicle}", "order_id": f"O{order}"}
    windows = {"windows_us": [[now_us, now_us + HOUR]]}
    payload = {
        "departed": who | {"to": f"O{order}", "purpose": "task", "due_us": now_us + 20 * MINUTE},
        "arrived": who | {"purpose": "task", "at": f"P{order}", "lat": 50.1 + order / 20, "lon": 8.0},
        "service_started": who | {"due_us": now_us + 5 * MINUTE},
        "order_delivered": who,
        "order_changed": who | windows,
        "order_cancelled": who,
        "order_picked_up": who | {"at_depot": "main"},
        "break_taken": who | {"until_us": now_us + HOUR // 2},
        "breakdown_started": who,
        "breakdown_ended": who,
        "shift_started": who | {"depot_id": "main", "until_us": 9 * HOUR},
        "loading_done": who | {"depot_id": "main"},
        "shift_ended": who | {"unserved": []},
    }.get(kind)
    if payload is None:
        belief.observe(SampleBatch.of(vehicle, now_us, 50.0 + order / 30, 8.1))
    else:
        belief.apply(kind, now_us, payload)


def same(one: Courses, other: Courses) -> bool:
    """Whether two sets of courses are the same, arrays and all."""
    arrays = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)
    return arrays and one == other and one.row == other.row


news = st.lists(st.tuples(st.sampled_from(NEWS), st.integers(0, 1), st.integers(0, 7), st.sampled_from([0, 1, 20])))


@settings(max_examples=60, deadline=None)
@given(news=news)
def test_what_is_kept_is_what_would_be_driven(news: list[tuple[str, int, int, int]]) -> None:
    """Whatever is heard between calls, and however much time passes."""
    belief, now_us = morning(), HOUR
    for kind, vehicle, order, minutes in [("position", 0, 0, 0), *news]:
        now_us += minutes * MINUTE
        told(belief, kind, vehicle, order, now_us)
        kept = drive_all(belief.view(now_us), Crow())
        fresh = belief.copy().view(now_us)
        fresh.journal.clear()
        assert same(kept, drive_all(fresh, Crow()))


def test_only_what_changed_is_driven_again() -> None:
    """Of a vehicle nothing was heard of the timing is the one of the call before, another's is not."""
    belief = morning()
    for vehicle in (0, 1):
        told(belief, "departed", vehicle, vehicle, HOUR)
    before = drive_all(belief.view(HOUR), Crow())
    told(belief, "order_changed", 1, 3, HOUR + MINUTE)
    after = drive_all(belief.view(HOUR + MINUTE), Crow())
    assert after.timings[0] is before.timings[0]
    assert after.timings[1] != before.timings[1]


def test_other_travel_times_count_at_once() -> None:
    """Kept courses are driven with the times of now."""

    class Slow(Crow):
        def legs_ms(self, *asked: Any, **more: Any) -> np.ndarray:
            return 2 * super().legs_ms(*asked, **more)

    view = morning().view(HOUR)
    first, second = drive_all(view, Crow()), drive_all(view, Slow())
    assert [[2 * leg for leg in legs] for legs in first.legs_ms] == second.legs_ms
    assert all(a.arrive_us[-1] < b.arrive_us[-1] for a, b in zip(first.timings, second.timings))


def test_only_new_legs_are_asked_for() -> None:
    """Those of a call before are still right, unless travel times rest on something else."""

    class Counting(Crow):
        asked, hour = 0, 0

        def legs_ms(self, origins: Any, *asked: Any, **more: Any) -> np.ndarray:
            self.asked += len(origins)
            return super().legs_ms(origins, *asked, **more)

        def basis(self, depart_at_us: int) -> Any:
            return self.hour

    belief, travel = morning(), Counting()
    for vehicle in (0, 1):
        told(belief, "departed", vehicle, vehicle, HOUR)
    legs = sum(map(len, drive_all(belief.view(HOUR), travel).legs_ms))
    assert travel.asked == legs
    drive_all(belief.view(HOUR + MINUTE), travel)
    assert travel.asked == legs
    told(belief, "order_delivered", 0, 0, HOUR + MINUTE)
    drive_all(belief.view(HOUR + MINUTE), travel)
    assert travel.asked == legs + 1
    travel.hour = 1
    drive_all(belief.view(HOUR + MINUTE), travel)
    assert travel.asked == 2 * legs + 1
