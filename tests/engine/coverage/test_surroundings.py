"""Timelines of surroundings: complete, and the same however they are read."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.coverage.code import OPEN_SKY, level, pack, sky
from engine.coverage.map import CoverageMap
from engine.coverage.surroundings import Spells, Surroundings

CELL = 100_000
END = 1_000


def chequered(seed: int = 1) -> CoverageMap:
    """A random map of 20 x 20 cells for two carriers."""
    levels = np.random.Generator(np.random.PCG64(seed)).integers(0, 4, (2, 20, 20))
    return CoverageMap(("a", "b"), pack(list(levels)), 0, 0, CELL)


def dashed() -> CoverageMap:
    """Coverage in every other column."""
    return CoverageMap(("a",), pack([np.where(np.arange(20) % 2 == 0, 2, 0)[None, :]]), 0, 0, CELL)


def east(start: int, cells: int = 4, first: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A trip of 100 units of time a cell, from the middle of one cell to that of another."""
    t = start + 100 * np.arange(cells + 1)
    x = CELL // 2 + CELL * (first + np.arange(cells + 1))
    return t, x, np.full(cells + 1, CELL // 2), np.zeros(cells, bool)


def test_a_vehicle_rests_drives_and_rests():
    """At the very moment of a change the past still holds."""
    fleet = Surroundings(dashed(), 0)
    car = fleet.add(CELL // 2, 0)
    fleet.follow(car, *east(1000, 3))
    start_us, code = fleet.spells(car, 0)
    assert start_us[1:].tolist() == [1050, 1150, 1250]
    assert level(code, 0).tolist() == [2, 0, 2, 0]
    assert [level(fleet.code_at(car, t), 0) for t in (0, 1050, 1051, 1150, 1151, 9999)] == [2, 2, 0, 0, 2, 0]
    assert fleet.spells(car, 1150)[0][0] == 1050


def test_a_trip_cut_in_a_dead_cell_stays_there():
    """Until it goes on."""
    fleet = Surroundings(dashed(), 0)
    car = fleet.add(CELL // 2, 0)
    fleet.follow(car, *east(1000, 3))
    fleet.cut(car, 1120)
    assert level(fleet.spells(car, 0)[1], 0).tolist() == [2, 0]
    fleet.follow(car, *east(5000, 1, 1))
    assert level(fleet.spells(car, 0)[1], 0).tolist() == [2, 0, 2]
    assert fleet.spells(car, 0)[0][-1] == 5050


def test_a_trip_called_off_before_it_begins_is_as_if_it_had_never_been():
    """Also once the map has changed and is what it was: the vehicle still rests where the trip before left it."""
    fleet = Surroundings(dashed(), 0)
    car = fleet.add(CELL // 2, 0)
    fleet.follow(car, *east(1000, 2))
    fleet.follow(car, *east(5000, 3, 2))
    fleet.cut(car, 4000)
    fleet.change_map(fleet.map.without("a"), 4100)
    fleet.change_map(dashed(), 4200)
    assert [level(fleet.code_at(car, t), 0) for t in (1100, 4000, 4101, 4201, 5100, 9999)] == [0, 2, 0, 2, 2, 2]


def test_a_breakdown_in_a_tunnel_stays_in_the_dark():
    """Also when the map changes meanwhile."""
    fleet = Surroundings(dashed(), 0)
    car = fleet.add(CELL // 2, 0)
    t, x, y, _ = east(1000, 2)
    fleet.follow(car, t, x, y, np.array([True, True]))
    fleet.cut(car, 1180)
    dark = fleet.code_at(car, 2000)
    fleet.change_map(chequered(), 3000)
    assert fleet.code_at(car, 9000) == dark == fleet.code_at(car, 1001)


def test_an_outage_holds_from_now_on_and_ends():
    """What is under way and what stands; the past stays; listeners are told."""
    coverage, told = dashed(), []
    fleet = Surroundings(coverage, 0)
    fleet.on_change.append(lambda *change: told.append(change))
    parked, car = fleet.add(CELL // 2, 0), fleet.add(CELL // 2, 0)
    fleet.follow(car, *east(1000, 4))
    fleet.change_map(coverage.without("a"), 1020)
    assert level(fleet.code_at(car, 1020), 0) == 2
    assert level(fleet.code_at(car, 1021), 0) == 0
    fleet.change_map(coverage, 1180)
    assert fleet.spells(parked, 1180)[0].tolist() == [1020, 1180]
    assert level(fleet.spells(car, 1000)[1], 0).tolist() == [2, 0, 2, 0, 2]
    assert fleet.spells(car, 1021)[0].tolist() == [1020, 1180, 1250, 1350]
    assert told == [(car, 1050), (None, 1020), (None, 1180)]


def test_what_was_read_cannot_be_changed():
    """Nor can a busy vehicle begin another trip."""
    fleet = Surroundings(dashed(), 0)
    car = fleet.add(0, 0)
    fleet.follow(car, *east(1000, 3))
    with pytest.raises(ValueError, match="busy until 1300"):
        fleet.follow(car, *east(1200, 3))
    fleet.forget(2000)
    for late in (
        lambda: fleet.cut(car, 1500),
        lambda: fleet.follow(car, *east(1900)),
        lambda: fleet.change_map(dashed(), 1),
    ):
        with pytest.raises(ValueError, match="read up to 2000"):
            late()


def test_memory_depends_on_what_lies_ahead():
    """A thousand trips read as they go take no more room than a few."""
    fleet = Surroundings(dashed(), 0)
    car = fleet.add(CELL // 2, 0)
    for number in range(3000):
        fleet.follow(car, *east(10_000 * number, 8))
        fleet.window(10_000 * number, 10_000 * (number + 1))
        fleet.forget(10_000 * (number + 1))
    assert fleet._used < 4200
    assert len(fleet._start_us) == 4096


acts = st.lists(
    st.one_of(
        st.tuples(st.just("follow"), st.integers(0, 2), st.integers(0, 400), st.integers(0, 2**32)),
        st.tuples(st.just("cut"), st.integers(0, 2), st.integers(0, 400), st.just(0)),
        st.tuples(st.just("map"), st.just(0), st.integers(0, 400), st.integers(0, 2)),
        st.tuples(st.just("read"), st.just(0), st.integers(0, 400), st.just(0)),
    ),
    max_size=25,
)


def trip(start: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A random trip over the chequered map."""
    rng = np.random.Generator(np.random.PCG64(seed))
    n = int(rng.integers(1, 6))
    t = start + np.concatenate([[0], np.cumsum(rng.integers(1, 300, n))])
    x, y = rng.integers(-CELL, 21 * CELL, (2, n + 1))
    return t, x, y, rng.random(n) < 0.3


def play(script, reads: bool) -> tuple[Surroundings, list[Spells], int]:
    """Play a script on three vehicles; ``reads``: read and forget on the way, else once at the end."""
    fleet, now, read_us, parts = Surroundings(chequered(), 0), 0, 0, []
    for index in range(3):
        fleet.add(index * 5 * CELL, 0)
    busy = [0, 0, 0]
    for act, index, wait, seed in script:
        now += wait
        if act == "follow" and now >= busy[index]:
            fleet.follow(index, *trip(now, seed))
            busy[index] = int(trip(now, seed)[0][-1])
        elif act == "cut":
            fleet.cut(index, now)
            busy[index] = min(busy[index], now)
        elif act == "map":
            fleet.change_map(chequered(seed), now)
        elif act == "read" and reads:
            parts.append(fleet.window(read_us, now))
            fleet.forget(now)
            fleet._make_room(0)
            read_us = now
    parts.append(fleet.window(read_us, now + END))
    return fleet, parts, now + END


def joined(parts: list[Spells]) -> list[list[tuple[int, int, int]]]:
    """By vehicle: (start, end, code), neighbours of one code put together, empty ones left out."""
    out: list[list[tuple[int, int, int]]] = [[], [], []]
    for part in parts:
        for vehicle, start, end, code in zip(part.vehicle, part.start_us, part.end_us, part.code):
            of = out[vehicle]
            if start == end:
                continue
            if of and of[-1][2] == code:
                assert of[-1][1] == start
                of[-1] = (of[-1][0], int(end), int(code))
            else:
                of.append((int(start), int(end), int(code)))
    return out


@settings(max_examples=100, deadline=None)
@given(acts)
def test_how_it_is_read_changes_nothing(script):
    """Many windows give what one window gives, without gap or overlap; so does asking for single moments."""
    _, parts, end = play(script, reads=True)
    whole, one, _ = play(script, reads=False)
    cut, long = joined(parts), joined(one)
    assert cut == long
    for vehicle, spells in enumerate(long):
        assert [spells[0][0], spells[-1][1]] == [0, end]
        assert all(a[1] == b[0] for a, b in pairwise(spells))
        for start, stop, code in spells:
            assert whole.code_at(vehicle, start + 1) == whole.code_at(vehicle, stop) == code


@settings(max_examples=50, deadline=None)
@given(acts)
def test_what_is_shaded_is_what_has_no_open_sky(script):
    """Of any window the same rows as without the short cut."""
    for reads in (True, False):
        fleet, _, end = play(script, reads)
        for until in (end - END, end):
            every, ours = fleet.window(end - END, until), fleet.shaded(end - END, until)
            here = sky(every.code) != OPEN_SKY
            for name, values in vars(every).items():
                assert getattr(ours, name).tolist() == values[here].tolist()


@settings(max_examples=50, deadline=None)
@given(acts, st.integers(0, 500))
def test_forgetting_keeps_the_future_and_the_same_map_changes_nothing(script, later):
    """Known futures before and after, vehicle by vehicle."""
    fleet, _, end = play([act for act in script if act[0] != "map"], reads=False)
    now = max(end - END, 0)
    before = [joined([fleet.window(now, now + 5 * END)])]
    fleet.forget(now)
    before.append(joined([fleet.window(now, now + 5 * END)]))
    fleet._make_room(0)
    before.append(joined([fleet.window(now, now + 5 * END)]))
    fleet.change_map(fleet.map, now)
    before.append(joined([fleet.window(now, now + 5 * END)]))
    assert before[0] == before[1] == before[2] == before[3]
    assert [fleet.usual_code_at(car, now + 1) for car in range(3)] == [fleet.code_at(car, now + 1) for car in range(3)]
    at = now + later
    assert [int(fleet.spells(index, at)[1][0]) for index in range(3)] == [
        fleet.code_at(index, at) for index in range(3)
    ]
