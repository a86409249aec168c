"""Dynamic days on tiny ones of our own: reading, rules, what a policy sees, and what the wave policies do."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.benchmarks import Request, solve
from scenarios.benchmarks.euro_neurips import judge, play, recognises, solve_dynamic
from scenarios.benchmarks.euro_neurips_day import Day, draw_day, last_epoch, read_day
from scenarios.problems import BadInput
from scenarios.studies.worker_pool import worker_pool
from twin.commands import Command, assign_order, set_route
from twin.policies.insertion import insertion
from twin.policies.nearest import nearest
from twin.policies.wave_routes import Jobs, Wave
from twin.policies.wave_search import AT_ONCE, CHOICE_SHARE, Effort, leaves_now, must_leave
from twin.policies.waves import WAVE_POLICIES
from twin.views import FleetView, Stop
from viz.solve import solve_lines

every_wave_policy = pytest.mark.parametrize("name", sorted(WAVE_POLICIES))

STATIC = """NAME : tiny
TYPE : VRPTW
DIMENSION : 4
EDGE_WEIGHT_TYPE : EXPLICIT
VEHICLES : 3
EDGE_WEIGHT_FORMAT : FULL_MATRIX
CAPACITY : 10
EDGE_WEIGHT_SECTION
0 600 700 900
500 0 100 300
800 200 0 100
900 400 100 0
DEMAND_SECTION
1 0
2 4
3 3
4 5
DEPOT_SECTION
1
-1
SERVICE_TIME_SECTION
1 0
2 60
3 120
4 60
TIME_WINDOW_SECTION
1 0 20000
2 3700 8000
3 7300 9000
4 7300 12000
EOF
"""
"""Three customers; driving there and back takes different times."""

ROWS = [  # id, customer, release, opens, closes, demand, service, must
    (1, 1, 0, 3600, 7000, 4, 60, 0),
    (2, 2, 0, 7300, 9000, 3, 60, 1),
    (3, 3, 1, 7300, 12000, 3, 60, 2),
    (4, 2, 2, 10000, 15000, 6, 60, 2),
]
KEYS = ("id", "customer", "release_epoch", "tw_open", "tw_close", "demand", "service", "must_dispatch_epoch")


def written(folder: Path, **changes: Any) -> Path:
    """A day of three epochs with its static file, as the competition lays them out."""
    (folder / "static").mkdir()
    (folder / "dynamic").mkdir()
    (folder / "static" / "tiny.txt").write_text(STATIC)
    day = {
        "instance": "tiny.txt", "capacity": 10, "depot_tw": [0, 20000], "epoch_duration_s": 3600,
        "dispatch_margin_s": 3600, "start_epoch": 0, "end_epoch": 2,
        "requests": [dict(zip(KEYS, row)) for row in ROWS],
    } | changes  # fmt: skip
    path = folder / "dynamic" / "001.json"
    path.write_text(json.dumps(day))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path)


def recorded(path: Path, by_epoch: Any) -> Path:
    file = path.with_name("decisions.json")
    file.write_text(json.dumps({"routes_by_epoch": by_epoch}))
    return file


def test_a_day_is_told_by_its_content(path: Path) -> None:
    """Its static file and other JSON are not days."""
    assert recognises(path)
    assert not recognises(path.parents[1] / "static" / "tiny.txt")
    assert not recognises(recorded(path, {}))
    day = read_day(path)
    assert [last_epoch(day, request) for request in day.requests.values()] == [row[7] for row in ROWS]


def test_recorded_decisions_cost_what_is_driven(path: Path) -> None:
    """By hand: 0-1-0 is 1,100 s, 0-2-0 1,500 s, 0-2-3-0 1,700 s, 0-3-2-0 1,800 s."""
    answer = solve_dynamic(path, decisions=recorded(path, {"0": [[1]], "1": [[2, 3]], "2": [[4]]}))
    assert answer["feasible"]
    assert [epoch["cost"] for epoch in answer["epochs"]] == [1100, 1700, 1500]
    assert answer["cost"] == 4300
    assert answer["routes"] == [[1], [2, 3], [4]]
    assert [epoch["due"] for epoch in answer["epochs"]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("by_epoch", "text"),
    [
        ({"0": [[1, 2]], "1": [[3, 4]], "2": []}, "request 4 is not waiting"),
        ({"0": [], "1": [[1], [2]], "2": [[3], [4]]}, "request 1 must leave now and does not"),
        ({"0": [], "1": [[1], [2]], "2": [[3], [4]]}, "request 1 starts at 7800 s, its window closes at 7000 s"),
        ({"0": [[1, 2], [2]], "2": [[3], [4]]}, "request 2 is sent 2 times"),
        ({"0": [[1]], "1": [[2]], "2": [[3]]}, "request 4 is never sent"),
        ({"0": [[1]], "1": [[3, 2]], "2": [[4]]}, ""),
    ],
)
def test_recorded_decisions_are_held_to_the_rules(path: Path, by_epoch: dict[str, Any], text: str) -> None:
    """Each rule is named with the request that breaks it; the last case breaks none."""
    answer = solve_dynamic(path, decisions=recorded(path, by_epoch))
    assert answer["feasible"] == (text == "")
    assert any(text in line for line in [*answer["violations"], *([""] if not text else [])])


def test_load_and_return_are_checked(tmp_path: Path) -> None:
    """Too much for one vehicle, and a depot that closes while it is on its way."""
    day = read_day(written(tmp_path, depot_tw=[0, 11_000]))
    waiting = day.requests
    assert any("carries 13, the capacity is 10" in line for line in judge(day, 2, waiting, [[1, 3, 4]]).violations)
    assert "route 1: is back at 12660 s, the depot closes at 11000 s" in judge(day, 2, waiting, [[3]]).violations


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"instance": "tiny2.txt"}, "instance: 'tiny2.txt': expected a file in"),
        ({"capacity": "ten"}, "capacity: 'ten': expected a whole number of at least 1"),
        ({"end_epoch": -1}, "end_epoch: '-1'"),
        ({"requests": [dict(zip(KEYS, (1, 9, 0, 0, 9, 1, 1, 0)))]}, "requests[0].customer: '9': expected a customer"),
        ({"requests": [dict(zip(KEYS, ROWS[0]))] * 2}, "requests[1].id: '1'"),
        ({"requests": [{"id": 1}]}, "requests[0]"),
        ({"depot_tw": 7}, "depot_tw"),
    ],
)
def test_a_broken_day_is_refused_with_one_line(tmp_path: Path, changes: dict[str, Any], text: str) -> None:
    with pytest.raises(BadInput) as refused:
        solve_dynamic(written(tmp_path, **changes))
    assert text in str(refused.value)
    assert "\n" not in str(refused.value)


def test_broken_decisions_and_names_are_refused(path: Path) -> None:
    """Unknown requests and epochs, no decisions at all, an unknown policy with the nearest known one."""
    broken: list[Any] = [{"0": [[7]]}, {"9": []}, {"0": [1]}, {"0": 1}, {"0": [["1"]]}, []]
    for by_epoch in broken:
        with pytest.raises(BadInput, match="routes_by_epoch"):
            solve_dynamic(path, decisions=recorded(path, by_epoch))
    with pytest.raises(BadInput, match="did you mean 'rolling'"):
        solve_dynamic(path, policy="roling")
    with pytest.raises(BadInput, match="--policy"):
        solve_dynamic(path, policy="greedy", decisions=recorded(path, {}))


@every_wave_policy
def test_wave_policies_play_a_day(path: Path, name: str) -> None:
    """Feasible, every request once, the same again; and the file's last epochs are what the policy itself finds."""
    answer, again = (solve_dynamic(path, policy=name, iterations=60, seed=3) for _ in range(2))
    assert answer["feasible"]
    assert sorted(at for route in answer["routes"] for at in route) == [1, 2, 3, 4]
    assert answer["epochs"] == again["epochs"]


def test_greedy_and_lazy_are_the_two_ends(path: Path) -> None:
    """Greedy sends in the epoch of release, lazy in the last possible one."""
    for name, column in (("greedy", 2), ("lazy", 7)):
        answer = solve_dynamic(path, policy=name, iterations=60)
        left = {at: epoch["epoch"] for epoch in answer["epochs"] for route in epoch["routes"] for at in route}
        assert left == {row[0]: row[column] for row in ROWS}


def test_a_clock_ends_a_decision_too(path: Path) -> None:
    assert solve_dynamic(path, policy="rolling", seconds=0.02)["feasible"]


def test_later_requests_do_not_exist_for_a_policy(path: Path) -> None:
    """What it sees at an epoch is the same whatever comes after; vehicles can leave when the epoch's do."""
    seen: list[tuple[int, list[str], int]] = []

    def watch(view: FleetView, travel: Any, rng: np.random.Generator, budget: int) -> list[Command]:
        free_us = {vehicle.free_at_us for vehicle in view.vehicles.values()}
        assert free_us == {view.now_us + 3_600_000_000}
        seen.append((view.now_us // 1_000_000, list(view.orders), budget))
        return WAVE_POLICIES["greedy"](view, travel, rng, budget)

    play(read_day(path), watch, 40)
    assert seen == [(0, ["1", "2"], 40), (3600, ["3"], 40), (7200, ["4"], 40)]


@pytest.mark.parametrize("policy", [nearest, insertion])
def test_policies_of_the_fleet_can_play(path: Path, policy: Any) -> None:
    """They give each order to the next vehicle, which the day allows."""
    assert all(not epoch.violations for epoch in play(read_day(path), policy, 40))


@pytest.mark.parametrize(
    ("commands", "text"),
    [
        ([], "request 1 must leave now and does not"),
        ([set_route("V1", [Stop("1", "delivery"), Stop("9", "delivery")], "x")], "'9': expected an order that waits"),
        ([set_route("V7", [Stop("1", "delivery")], "x")], "'V7': expected a vehicle of the view"),
        ([assign_order("1", "V1", "x"), assign_order("1", "V2", "x")], "request 1 is sent 2 times"),
        ([assign_order("2", "V1", "x"), assign_order("1", "V1", "x")], "request 1 starts at"),
        ([Command("call_driver", {"vehicle_id": "V1"})], "'call_driver': expected set_route"),
    ],
)
def test_an_answer_that_breaks_the_rules_is_refused(path: Path, commands: list[Command], text: str) -> None:
    with pytest.raises(BadInput) as refused:
        play(read_day(path), lambda *_: commands, 40)
    assert "epoch 0" in str(refused.value)
    assert text in str(refused.value)


def test_drawn_days_follow_the_rules(path: Path) -> None:
    """Same seed same day; requests can be served alone when they appear, their last epoch is the last in time."""
    static = path.parents[1] / "static" / "tiny.txt"
    day, again, other = draw_day(static, 1), draw_day(static, 1), draw_day(static, 2)
    assert day.requests == again.requests != other.requests
    assert day.epochs == range(0, 2)
    assert len(day.requests) > 50
    for request in day.requests.values():
        alone = judge(day, request.must_dispatch_epoch, {request.id: request}, [[request.id]])
        assert alone.violations == ()


def jobs(place: list[int], close_s: list[int]) -> Jobs:
    count = len(place)
    columns = (place, [0] * count, close_s, [0] * count, [1] * count, [100] * count)
    return Jobs(*(np.array(column, dtype=np.int64) for column in columns))


def test_what_is_better_shared_waits() -> None:
    """Next to a job that is certain to come, one that can wait is driven together with it; alone it leaves at once."""
    far = np.full((3, 3), 100)
    far[1:, 1:] = 1
    np.fill_diagonal(far, 0)
    wave = Wave(leave_s=100, next_leave_s=1000, back_s=10_000, capacity=10, vehicles=9)
    known = jobs([1, 1], [5000, 900])
    assert must_leave(wave, known, far).tolist() == [False, True]
    neighbour = jobs([2], [5000]).released(np.array([1000]))
    lonely = jobs([1], [5000])
    assert leaves_now(wave, lonely, far, lambda: (neighbour, far), Effort(200), 1).tolist() == [False]
    nothing = neighbour.rows(np.zeros(0, dtype=np.int64))
    assert leaves_now(wave, lonely, far, lambda: (nothing, far), Effort(200), 1).tolist() == [True]


def test_processes_change_no_answer(path: Path) -> None:
    """Draws are made in one place and seeded one by one, so it does not matter where they are solved."""
    day = read_day(path)
    with worker_pool(2, "twin.policies.wave_search") as pool:
        assert play(day, WAVE_POLICIES["rolling"], 90, each=pool.map) == play(day, WAVE_POLICIES["rolling"], 90)


@given(iterations=st.integers(1, 5000), share=st.floats(0, CHOICE_SHARE))
def test_draws_keep_within_the_effort(iterations: int, share: float) -> None:
    """Never more than a draw beyond the share asked for, and something is left for the routes."""
    effort = Effort(iterations)
    while effort.used_share() < share:
        limits = effort.draws(share)
        assert 1 <= len(limits) <= AT_ONCE
        assert effort.spent <= share * iterations + limits[0].iterations
    assert effort.rest().iterations >= 1


def test_decisions_are_written_as_they_are_read(path: Path, tmp_path: Path) -> None:
    """``--out`` of a policy's day is what ``--decisions`` prices alike."""
    out = tmp_path / "mine.json"
    played = solve(path, Request(policy="greedy", iterations=40, out=out))
    assert solve(path, Request(decisions=out))["epochs"] == played["epochs"]


def test_lines_tell_the_rank_among_published_entries(path: Path) -> None:
    """Where ``published_results.csv`` lies beside the day's folder."""
    table = "dynamic_config_nr,instance,team,dynamic_cost\n1,tiny.txt,Best,1000\n1,tiny.txt,baseline_greedy,9000\n"
    (path.parents[1] / "published_results.csv").write_text(table)
    lines = solve_lines(solve_dynamic(path, policy="greedy", iterations=40))
    assert "rank 2 beside 2 published entries" in lines
    assert any(line.startswith("epoch 0: 2 of 2 sent, 1 of them due, cost 1,500") for line in lines)


def test_a_day_without_requests(tmp_path: Path) -> None:
    answer = solve_dynamic(written(tmp_path, requests=[]))
    assert (answer["cost"], answer["feasible"], answer["routes"]) == (0, True, [])
    assert isinstance(read_day(tmp_path / "dynamic" / "001.json"), Day)
