"""Planning against the best known solutions of Solomon's instances (../shared/data/vrp)."""

from pathlib import Path

import numpy as np
import pytest

from twin.planning import make_plan
from twin.planning.check import violations
from twin.planning.problem import PlanOrder, PlanProblem, PlanTask, PlanVehicle
from twin.travel import TravelMatrix

SOLOMON = Path(__file__).parents[3] / "shared" / "data" / "vrp" / "solomon"

TENTH = 10
"""Distances and times are planned in tenths, rounded up, the usual integer convention."""


def solomon(name: str) -> PlanProblem:
    """An instance of Solomon's set; a unit of its distance is 10 m and 10 s here, and costs 10 cost units."""
    lines = (SOLOMON / f"{name}.txt").read_text().split("\n")
    count, capacity = map(int, lines[4].split())
    rows = np.array([line.split() for line in lines[9:] if line.strip()], dtype=int)
    exact = np.hypot(*(rows[:, None, 1:3] - rows[None, :, 1:3]).transpose(2, 0, 1))
    tenths = np.ceil(exact * TENTH - 1e-9).astype(np.int64)
    orders = tuple(
        PlanOrder(
            str(number),
            None,
            PlanTask(number, ((TENTH * int(ready), TENTH * int(due)),), TENTH * int(service)),
            (int(demand),),
        )
        for number, _, _, demand, ready, due, service in rows[1:]
    )
    closes = TENTH * int(rows[0, 5])
    vehicles = tuple(
        PlanVehicle(f"V{k}", "car", (capacity,), 0, 0, (0, closes), cost_per_km=1000, cost_per_h=0)
        for k in range(count)
    )
    places = tuple(str(row[0]) for row in rows)
    return PlanProblem(places, orders, vehicles, {"car": TravelMatrix(tenths * 1000, tenths)}, ("units",))


@pytest.mark.parametrize(
    ("name", "best", "within"),
    [  # minimal distance, double precision (BKS.csv); tenths rounded up cost up to half a per cent
        ("C101", 828.94, 0.005),
        ("R105", 1360.78, 0.02),
        ("RC102", 1461.23, 0.03),
        ("R211", 755.96, 0.03),
    ],
)
def test_solomon_close_to_best_known(name, best, within):
    """PyVRP through our problem comes within a few per cent of the least known distance, feasibly."""
    day = solomon(name)
    plan = make_plan(day, "pyvrp", seed=1, effort=600)
    assert violations(plan, day) == []
    assert plan.left_out == {}
    assert best * 0.999 <= plan.cost / TENTH <= best * (1 + within)


def test_ortools_on_a_small_instance():
    """OR-Tools, bounded by solutions, comes within a tenth of the best on a cut of 25 customers."""
    day = solomon("C101_25")
    plan = make_plan(day, "ortools", effort=300)
    assert violations(plan, day) == []
    assert plan.left_out == {}
    assert plan.cost / TENTH <= 191.3 * 1.1
