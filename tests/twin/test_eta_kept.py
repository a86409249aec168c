"""Expected arrivals from what is kept between checks equal those the plain way, whatever happens in between."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.twin.alerts.pictures import HOUR_US, MINUTE_US, NOON_US, Crow, Fleet
from tests.twin.plain_etas import plain_etas
from twin.alerts.service import LatePredicted, late_delivery_predicted
from twin.eta import KnownCourses, etas
from twin.orders import natural_key
from twin.views import NEVER_US, Etas, FleetView

VEHICLES, ORDERS = 2, 6
NEXT = {"idle": "depart", "driving": "arrive", "waiting": "serve", "serving": "deliver"}
ACTS = (
    "nothing", "next", "next", "next", "sample", "depart", "arrive", "pause", "break down", "go on", "assign",
    "close road", "end", "change",
)  # fmt: skip
acts = st.lists(
    st.tuples(
        st.sampled_from(ACTS), st.integers(0, VEHICLES - 1), st.integers(0, ORDERS - 1),
        st.lists(st.integers(0, 20 * MINUTE_US), min_size=1, max_size=3),
    ),
    min_size=3, max_size=12,
)  # fmt: skip
IDLE = [("nothing", 0, 0, [15 * MINUTE_US, 10 * MINUTE_US])]
windows = st.lists(st.tuples(st.integers(0, 150), st.integers(0, 60)), max_size=3)


def beginning(hours: list[list[tuple[int, int]]], pause_min: int) -> Fleet:
    """Two vehicles with three orders each; those of the second still lie at the depot. One order is out of reach."""
    fleet = Fleet(VEHICLES)
    for number, spans in enumerate(hours):
        name, lat = f"O{number}", 50.1 + 0.1 * number if number != 4 else 85.0
        opened = sorted((NOON_US + start * MINUTE_US, NOON_US + (start + wide) * MINUTE_US) for start, wide in spans)
        task = {"place": {"place_id": f"at-{name}", "lat": lat, "lon": 8.0}, "windows_us": opened, "service_s": 300.0}
        fleet.tell(
            "order_placed", 0, order_id=name, pickup=None, delivery=task, demand={}, priority=1, needs=[],
            customer="c", depot=None, known_before=True,
        )  # fmt: skip
    pause = (NOON_US + pause_min * MINUTE_US, NOON_US + (pause_min + 30) * MINUTE_US)
    fleet.route(0, "O0", "O1", "O2", leave_us=NOON_US + 10 * MINUTE_US, breaks_us=[pause])
    for order in ("O3", "O5", "O4"):
        fleet.belief.apply("assign_order", NOON_US, to_vehicle(1, order))
    return fleet


def to_vehicle(vehicle: int, order: str) -> dict[str, Any]:
    return {"order_id": order, "vehicle_id": f"V{vehicle}", "position": None, "arrive_us": None, "reason": "test"}


def act(fleet: Fleet, what: str, vehicle: int, order: str, now_us: int) -> None:
    """Something is heard: of the next step of a vehicle's work, or whether or not it makes sense."""
    if what == "next":
        known = fleet.belief.vehicles[f"V{vehicle}"]
        what = NEXT.get(known.state, "go on")
        order = (known.started or known.stops[0]).order_id if known.stops else order
    trip = {"trip_id": "T", "distance_m": 1.0, "driving_s": 1.0, "fuel_ml": 0.0, "energy_wh": 0.0, "odometer_m": 1.0}
    lat = 50.1 + 0.1 * int(order[1:])
    match what:
        case "sample":
            fleet.sample(vehicle, now_us, lat - 0.03, 8.01)
        case "depart":
            fleet.depart(vehicle, order, now_us, now_us + 20 * MINUTE_US)
        case "arrive":
            fleet.tell("arrived", now_us, vehicle, at=order, purpose="task", lat=lat, lon=8.0, empty=False, **trip)
        case "serve":
            fleet.tell("service_started", now_us, vehicle, order_id=order, task="delivery", arrived_us=now_us,
                       due_us=now_us + 5 * MINUTE_US)  # fmt: skip
        case "deliver":
            fleet.tell("order_delivered", now_us, vehicle, order_id=order, attempt=1, arrived_us=now_us,
                       started_us=now_us, service_s=300.0, share=1.0)  # fmt: skip
        case "pause":
            fleet.tell("break_taken", now_us, vehicle, until_us=now_us + 30 * MINUTE_US)
        case "break down":
            fleet.tell("breakdown_started", now_us, vehicle, minutes=60.0)
        case "go on":
            fleet.tell("breakdown_ended", now_us, vehicle)
        case "assign":  # also while another vehicle has it on its route
            fleet.belief.apply("assign_order", now_us, to_vehicle(vehicle, order))
        case "close road":
            fleet.tell("road_closed", now_us, closure=order, edges=[1])
        case "end":
            fleet.tell("shift_ended", now_us, vehicle, unserved=[], duty_s=1.0)
        case "change":
            spans = [[now_us, now_us + HOUR_US]]
            fleet.tell("order_changed", now_us, order_id=order, windows_us=spans)


@settings(max_examples=150, deadline=None)
@given(st.lists(windows, min_size=ORDERS, max_size=ORDERS), st.integers(0, 60), acts)
@example([[]] * ORDERS, 20, IDLE)  # a break comes due before it sets out
@example([[(0, 20), (40, 20)], *[[]] * 5], 60, IDLE)  # a window closes before it can be there
def test_kept_courses_change_nothing(hours: list, pause_min: int, history: list) -> None:
    """At every check: the same stops in the same order, the same arrivals and intervals, to the microsecond."""
    fleet, cache, now_us = beginning(hours, pause_min), KnownCourses(Crow()), NOON_US
    compare(fleet.view(now_us), cache)
    for what, vehicle, order, checks_us in history:
        act(fleet, what, vehicle, f"O{order}", now_us)
        for after_us in checks_us:
            now_us += after_us
            compare(fleet.view(now_us), cache)


def compare(view: FleetView, cache: KnownCourses) -> None:
    found, plain = etas(view, cache), plain_etas(view, Crow())
    assert [*found.items()] == [*plain.items()]
    assert len(found.arrive_us) == len(found.half_us) == len(found.promised_us) == len(plain)
    for (order_id, task), promised_us in zip(found, found.promised_us.tolist()):
        last = view.orders[order_id].order.last_task
        ends = last.kind == task and last.windows
        assert promised_us == (last.windows[-1].close_us if ends else NEVER_US)


minutes = st.integers(0, 300)


@given(st.lists(st.tuples(minutes, minutes), max_size=8), st.integers(0, 90), st.integers(0, 200))
def test_lateness_is_predicted_as_if_looked_at_one_by_one(told: list, margin_min: int, ahead_min: int) -> None:
    """An arrival later than the promise by more than the margin, the promise yet to end and within reach."""
    now_us = NOON_US
    arrive_us, promised_us = (now_us + (np.array(told, np.int64).reshape(-1, 2) - 30) * MINUTE_US).T
    names = sorted((f"O{n}" for n in range(len(told))), key=natural_key)
    rows = {(name, "delivery"): row for row, name in enumerate(names)}
    picture = Etas(now_us, rows, arrive_us, np.zeros_like(arrive_us), promised_us)
    view = Fleet(1).view(now_us)
    params = LatePredicted(margin_min * 60.0, ahead_min * 60.0)
    late = [
        (name, promised, f"{name} expected {(arrive - promised) // MINUTE_US} min after its window")
        for name, arrive, promised in zip(names, arrive_us.tolist(), promised_us.tolist())
        if now_us <= promised <= now_us + ahead_min * MINUTE_US and arrive > promised + margin_min * MINUTE_US
    ]
    found = late_delivery_predicted(replace(view, etas=picture), params)
    assert [(alert.subject, alert.at_us, alert.text) for alert in found] == late
