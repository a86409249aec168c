"""What the checker finds, one broken rule at a time, and its arithmetic against plain walks through time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.benchmarks.check import cost, violations
from scenarios.benchmarks.instance import FOREVER, INTEGER, Instance, Pair, Vehicle, euclidean


def row_of(customers: int, vehicles=None, **changes) -> Instance:
    """Customers a distance of 10 apart on a line with the depot at its end; no limits unless given."""
    nodes = customers + 1
    points = np.array([[10.0 * i, 0.0] for i in range(nodes)])
    given = {
        "demand": np.zeros(nodes, dtype=np.int64),
        "backhaul": np.zeros(nodes, dtype=np.int64),
        "opens": np.zeros(nodes),
        "closes": np.full(nodes, FOREVER),
        "service": np.zeros(nodes),
        "release": np.zeros(nodes),
    }
    return Instance(
        name="row",
        problem="VRPTW",
        depots=1,
        legs=euclidean(points),
        vehicles=vehicles or (Vehicle(10),) * 2,
        default_rounding=INTEGER,
        **(given | changes),
    )


def test_a_sound_solution():
    """Nothing is wrong; the cost is the distance there and back."""
    instance = row_of(3)
    assert violations(instance, [[1, 2, 3]]) == []
    assert cost(instance, [[1, 2, 3]]) == 60


@pytest.mark.parametrize(
    ("routes", "text"),
    [
        ([[1, 2]], "customer 3 is visited 0 times"),
        ([[1, 2, 3, 2]], "customer 2 is visited 2 times"),
        ([[1, 2, 3, 7]], "customer 7 is not in the instance"),
        ([[1], [2], [3]], "3 routes for 2 vehicles"),
        ([[1, 0, 2, 3]], "route 1: its vehicle may not reload at depot 0"),
    ],
)
def test_visits_and_vehicles(routes, text):
    """Everyone once, by no more vehicles than there are."""
    assert text in violations(row_of(3), routes)


def test_load():
    """Deliveries are aboard from the start, collections until the end."""
    late = row_of(2, demand=np.array([0, 6, 0]), backhaul=np.array([0, 0, 6]))
    assert violations(late, [[1, 2]]) == []
    assert violations(late, [[2, 1]]) == ["route 1: load 12, capacity 10"]
    assert violations(row_of(2, demand=np.array([0, 6, 5])), [[1, 2]]) == ["route 1: load 11, capacity 10"]


def test_backhauls_last():
    """Collections come after deliveries and never alone."""
    instance = row_of(2, demand=np.array([0, 6, 0]), backhaul=np.array([0, 0, 1]), linehaul_first=True)
    assert violations(instance, [[1, 2]]) == []
    assert violations(instance, [[2, 1]]) == ["route 1: backhauls before linehauls"]
    assert violations(instance, [[1], [2]]) == ["route 2: backhauls before linehauls"]


def test_pairs():
    """Picked up before it is delivered, by the same vehicle, and aboard in between."""
    instance = row_of(3, pairs=(Pair(2, 1, 8),), demand=np.array([0, 0, 0, 0]))
    assert violations(instance, [[2, 1, 3]]) == []
    assert violations(instance, [[1, 2, 3]]) == ["route 1: 1 is not visited after 2"]
    assert "route 1: 1 is not visited after 2" in violations(instance, [[1], [2, 3]])
    assert violations(row_of(2, pairs=(Pair(2, 1, 11),)), [[2, 1]]) == ["route 1: load 11, capacity 10"]


def test_windows():
    """Waiting is free, coming late is not; neither is coming home late."""
    instance = row_of(2, opens=np.array([0.0, 50, 0]), closes=np.array([100.0, 60, 70]))
    assert violations(instance, [[1, 2]]) == []
    late = row_of(2, opens=np.array([0.0, 50, 0]), closes=np.array([100.0, 60, 55]))
    assert violations(late, [[1, 2]]) == ["route 1: customer 2 is reached 5 after 55"]
    home = row_of(2, closes=np.array([39.0, 60, 55]))
    assert violations(home, [[1, 2]]) == ["route 1: depot 0 is reached 1 after 39"]


def test_trips_and_releases():
    """A trip leaves when its last goods are in; the next when the vehicle is back as well."""
    vehicles = (Vehicle(10, reload_depots=(0,), max_reloads=1),)
    changes = {"demand": np.array([0, 8, 8]), "release": np.array([0.0, 30, 0])}
    instance = row_of(2, vehicles, closes=np.array([100.0, 40, 100]), **changes)
    assert violations(instance, [[1, 0, 2]]) == []
    assert violations(instance, [[2, 0, 1]]) == ["route 1: customer 1 is reached 10 after 40"]
    assert violations(instance, [[1, 2]])[0] == "route 1: load 16, capacity 10"
    assert "route 1: 2 reloads, at most 1" in violations(instance, [[1, 0, 0, 2]])


def test_length_and_duration():
    """Driven distance, and time between leaving and being back, as late a start as possible."""
    vehicles = (Vehicle(10, max_duration=35, max_distance=40),)
    waits = row_of(1, vehicles, opens=np.array([0.0, 50]), closes=np.array([100.0, 60]), service=np.array([0.0, 15]))
    assert violations(waits, [[1]]) == []
    shorter = (Vehicle(10, max_duration=34, max_distance=19),)
    longer = row_of(1, shorter, opens=np.array([0.0, 50]), closes=np.array([100.0, 60]), service=np.array([0.0, 15]))
    assert violations(longer, [[1]]) == ["route 1: takes 35, at most 34", "route 1: 20 long, at most 19"]


@settings(max_examples=150, deadline=None)
@given(
    windows=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 60)), min_size=1, max_size=4),
    service=st.integers(0, 9),
    opens=st.integers(0, 40),
)
def test_shortest_duration_by_trying_every_departure(windows, service, opens):
    """The duration the checker allows is the least over all whole departures."""
    nodes = len(windows) + 1
    times = {
        "opens": np.array([opens, *(a for a, _ in windows)], dtype=float),
        "closes": np.array([400, *(a + b for a, b in windows)], dtype=float),
        "service": np.array([0.0, *[service] * len(windows)]),
    }
    route = list(range(1, nodes))
    durations = [back - leave for leave in range(opens, 401) if (back := _walk(times, route, leave)) is not None]

    def wrong(most: float) -> list[str]:
        return violations(row_of(nodes - 1, (Vehicle(10, max_duration=most),), **times), [route])

    if not durations:
        assert any("reached" in text for text in wrong(FOREVER))
    else:
        assert wrong(min(durations)) == []
        assert any("takes" in text for text in wrong(min(durations) - 1))


def _walk(times, route, leave):
    """When a vehicle that leaves then is back, None if it comes late somewhere."""
    now, at = float(leave), 0
    for node in route:
        now = max(now + 10.0 * (node - at), times["opens"][node])
        if now > times["closes"][node]:
            return None
        now, at = now + times["service"][node], node
    now += 10.0 * at
    return None if now > times["closes"][0] else now
