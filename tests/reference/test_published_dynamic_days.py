"""The six published dynamic days of EURO Meets NeurIPS 2022 (../shared/data/vrp/ortec)."""

import json
from pathlib import Path

import numpy as np
import pytest

from scenarios.benchmarks import Request, solve
from scenarios.benchmarks.euro_neurips import play, solve_dynamic
from scenarios.benchmarks.euro_neurips_day import draw_requests, last_epoch, read_day
from twin.policies.waves import WAVE_POLICIES

ORTEC = Path(__file__).parents[3] / "shared" / "data" / "vrp" / "ortec"
DAYS = sorted((ORTEC / "dynamic").glob("*.json"))
RECORDED = sorted((ORTEC / "dynamic_solutions").glob("*.json"))
every_day = pytest.mark.parametrize("path", DAYS, ids=lambda path: path.stem)


@pytest.mark.parametrize("decisions", RECORDED, ids=lambda path: path.stem)
def test_published_decisions_cost_what_was_published(decisions):
    """Exactly, and they keep all rules."""
    answer = solve(ORTEC / "dynamic" / f"{decisions.name[:3]}.json", Request(decisions=decisions))
    published = json.loads(decisions.read_text())
    assert answer["violations"] == []
    assert answer["cost"] == published["published_cost"] == answer["published"][published["team"]]
    assert len(answer["published"]) == 15


@every_day
def test_last_epochs_follow_from_windows_and_travel(path):
    """What a policy can work out is what the competition told its entrants."""
    day = read_day(path)
    assert {at: last_epoch(day, request) for at, request in day.requests.items()} == {
        at: request.must_dispatch_epoch for at, request in day.requests.items()
    }


@every_day
def test_drawn_epochs_look_like_the_day(path):
    """The number of requests an epoch keeps of 100 drawn: that of the day within 4.5 standard deviations."""
    day = read_day(path)
    for epoch in day.epochs:
        counts = [len(draw_requests(day, np.random.default_rng([1, draw]), epoch)) for draw in range(200)]
        share = np.mean(counts) / 100
        spread = 100 * np.sqrt(share * (1 - share) / 100)
        assert abs(len(day.released(epoch)) - np.mean(counts)) <= 4.5 * spread + 1e-9


@pytest.mark.parametrize("name", ["greedy", "lazy"])
@every_day
def test_baselines_land_near_their_published_costs(path, name):
    """The competition's own search was longer: 0 to 6 % dearer after a third of a second an epoch."""
    answer = solve_dynamic(path, policy=name, iterations=400)
    assert answer["feasible"]
    assert 0.98 <= answer["cost"] / answer["published"][f"baseline_{name}"] <= 1.06


def test_rolling_beats_greedy_with_little_effort():
    """A fiftieth of the default effort on one day; the table of all days is in docs/benchmarks.md."""
    day = read_day(ORTEC / "dynamic" / "027.json")
    costs = {name: sum(at.cost for at in play(day, WAVE_POLICIES[name], 600)) for name in ("greedy", "rolling")}
    assert costs["rolling"] < 0.97 * costs["greedy"]
