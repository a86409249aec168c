"""The ICAPS 2021 pickup and delivery days, against the competition's own simulator (../shared/data/vrp/dpdp)."""

import json
from pathlib import Path

import pytest

from scenarios.benchmarks import solve
from scenarios.benchmarks.dpdp.files import read_day
from scenarios.benchmarks.request import Request

DAYS = Path(__file__).parents[3] / "shared" / "data" / "vrp" / "dpdp"
REFERENCE = json.loads((DAYS / "demo_policy_reference.json").read_text())
EVERY = sorted(path.name for path in DAYS.glob("instance_*"))


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_dealing_in_turn_scores_what_the_competition_says(name: str) -> None:
    """Its simulator with its demo policy: the same kilometres and the same seconds late."""
    answer, expected = solve(DAYS / name, Request(policy="naive")), REFERENCE[name]
    assert answer["distance_km"] == pytest.approx(expected["total_distance_km"], abs=1e-6)
    assert answer["lateness_s"] == expected["sum_overtime_s"]
    assert answer["cost"] == pytest.approx(expected["score"], rel=1e-9)


@pytest.mark.parametrize("name", EVERY)
def test_every_instance_is_read(name: str) -> None:
    """All orders, and vehicles where the competition put them."""
    day = read_day(DAYS / name)
    in_file = next((DAYS / name).glob("[0-9]*.csv")).read_text().splitlines()
    orders = {day.whole.get(order.order_id, order.order_id) for order in day.orders}
    assert len(orders) == len(in_file) - 1
    if name in REFERENCE:
        assert {v.vehicle_id: v.start for v in day.vehicles} == REFERENCE[name]["initial_factory"]


@pytest.mark.parametrize(("name", "share"), [("instance_01", 0.002), ("instance_10", 0.05), ("instance_25", 0.002)])
def test_ours_is_far_below_the_demo(name: str, share: float) -> None:
    """With few iterations; the guide has what the default reaches on all."""
    assert solve(DAYS / name, Request(iterations=3))["cost"] < share * REFERENCE[name]["score"]
