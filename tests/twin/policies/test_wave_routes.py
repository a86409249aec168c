"""Routes of a wave: exact optima of tiny ones, the rules in all, and what may not share a route."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.policies.wave_routes import Jobs, Limit, Wave, routes

WAVE = Wave(leave_s=100, next_leave_s=400, back_s=2_000, capacity=10, vehicles=6)


def drawn(seed: int, count: int) -> tuple[Jobs, np.ndarray]:
    """Jobs that a vehicle with nothing else to do is in time for, and driving times that differ by direction."""
    rng = np.random.default_rng(seed)
    at = rng.integers(0, 200, (count + 1, 2))
    travel_s = np.abs(at[:, None] - at).sum(axis=2) + rng.integers(1, 30, (count + 1, count + 1))
    np.fill_diagonal(travel_s, 0)
    place = np.arange(1, count + 1)
    release_s = rng.choice([100, 400], count)
    open_s = rng.integers(0, 900, count)
    close_s = np.maximum(open_s, release_s + travel_s[0, place]) + rng.integers(50, 500, count)
    service_s, load = rng.integers(0, 60, count), rng.integers(1, 6, count)
    return Jobs(place, open_s, close_s, service_s, load, release_s), travel_s


def cost_s(route: list[int], travel_s: np.ndarray) -> int:
    stops = [0, *(row + 1 for row in route), 0]
    return int(travel_s[stops[:-1], stops[1:]].sum())


def keeps_the_rules(route: list[int], wave: Wave, jobs: Jobs, travel_s: np.ndarray) -> bool:
    """Released, loaded, in time and back."""
    now_s, place = max(wave.leave_s, int(jobs.release_s[route].max())), 0
    for row in route:
        now_s = max(now_s + int(travel_s[place, row + 1]), int(jobs.open_s[row]))
        if now_s > jobs.close_s[row]:
            return False
        now_s, place = now_s + int(jobs.service_s[row]), row + 1
    return now_s + travel_s[place, 0] <= wave.back_s and jobs.load[route].sum() <= wave.capacity


def divisions(rows: list[int]) -> Iterator[list[list[int]]]:
    """Every way to put rows on routes, in every order within a route."""
    if not rows:
        yield []
        return
    last = rows[-1]
    for division in divisions(rows[:-1]):
        yield [*division, [last]]
        for number, route in enumerate(division):
            for position in range(len(route) + 1):
                yield [*division[:number], [*route[:position], last, *route[position:]], *division[number + 1 :]]


@pytest.mark.parametrize("seed", range(6))
def test_tiny_waves_are_solved_to_the_optimum(seed: int) -> None:
    """Five jobs, against all 501 divisions into routes."""
    jobs, travel_s = drawn(seed, 5)
    best_s = min(
        sum(cost_s(route, travel_s) for route in division)
        for division in divisions(list(range(5)))
        if all(keeps_the_rules(route, WAVE, jobs, travel_s) for route in division)
    )
    found = routes(WAVE, jobs, travel_s, Limit(150), seed)
    assert sum(cost_s(route.tolist(), travel_s) for route in found) == best_s


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 60), iterations=st.integers(1, 30))
def test_every_job_is_on_one_route_that_keeps_the_rules(seed: int, count: int, iterations: int) -> None:
    """However short the search; the same again."""
    jobs, travel_s = drawn(seed, count)
    wave = Wave(WAVE.leave_s, WAVE.next_leave_s, WAVE.back_s, WAVE.capacity, vehicles=count)
    found, again = ([route.tolist() for route in routes(wave, jobs, travel_s, Limit(iterations), 7)] for _ in range(2))
    assert found == again
    assert sorted(row for route in found for row in route) == list(range(count))
    assert all(keeps_the_rules(route, wave, jobs, travel_s) for route in found)


def test_what_is_sent_shares_no_route_with_what_leaves_later() -> None:
    """Though together it would be shorter: both jobs are side by side."""
    travel_s = np.array([[0, 100, 100], [100, 0, 1], [100, 1, 0]])
    pair = Jobs(*(np.array(column) for column in ([1, 2], [0, 0], [1500, 1500], [0, 0], [1, 1], [100, 400])))
    free = routes(WAVE, pair, travel_s, Limit(30), 1, sent=np.array([False, False]))
    apart = routes(WAVE, pair, travel_s, Limit(30), 1, sent=np.array([True, False]))
    assert (len(free), len(apart)) == (1, 2)


def test_a_job_that_no_vehicle_is_in_time_for_is_told() -> None:
    """A window that closes before any arrival, and a depot that closes before any return."""
    travel_s = np.array([[0, 100], [100, 0]])
    for close_s, back_s in ((150, 2_000), (1_500, 250)):
        late = Jobs(*(np.array([value]) for value in (1, 0, close_s, 0, 1, 100)))
        with pytest.raises(ValueError, match="no feasible routes found for the 1 orders that leave at 100 s"):
            routes(Wave(100, None, back_s, 10, 1), late, travel_s, Limit(20), 1)
    assert routes(WAVE, late.rows(np.zeros(1, dtype=bool)), travel_s, Limit(20), 1) == []
