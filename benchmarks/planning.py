"""How fast and how good planning is: one JSON line for each figure.

``python benchmarks/planning.py``: a usual day (300 orders, 25 vehicles) and a large one (1,000 orders, 100
vehicles) at half the default effort; PyVRP's own model and ``solve`` with all of its iterations; what the
dispatcher's habit costs more. Targets: 5 s and 8 s of wall time, and no more than 1 % dearer than PyVRP called
directly.
"""

import json
import time

import numpy as np

from twin.planning import make_plan
from twin.planning.problem import PlanOrder, PlanProblem, PlanTask, PlanVehicle
from twin.travel import TravelMatrix

HOUR = 3600
ITERATIONS, DIRECT_ITERATIONS = 150, 300


def day(orders: int, vehicles: int, seed: int = 1) -> PlanProblem:
    """Clustered deliveries around a depot in 40 km x 40 km, half of them with a three-hour window."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 40_000, (max(4, orders // 40), 2))
    points = centres[rng.integers(0, len(centres), orders)] + rng.normal(0, 2500, (orders, 2))
    points = np.concatenate([[[20_000.0, 20_000.0]], points])
    metres = 1.3 * np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    travel = TravelMatrix((metres / 9 * 1000).astype(np.int64), metres.astype(np.int64))
    tasks = []
    for number in range(1, orders + 1):
        opens = int(rng.integers(8, 14)) * HOUR
        windows = ((opens, opens + 3 * HOUR),) if rng.random() < 0.5 else ()
        tasks.append(PlanTask(number, windows, int(rng.integers(120, 400))))
    return PlanProblem(
        tuple(f"P{i}" for i in range(orders + 1)),
        tuple(PlanOrder(f"O{i}", None, task, (int(rng.integers(1, 30)),)) for i, task in enumerate(tasks)),
        tuple(
            PlanVehicle(
                f"V{i}",
                "car",
                (500,),
                0,
                0,
                (8 * HOUR, 17 * HOUR),
                fixed_cost=2000,
                cost_per_km=100,
                cost_per_h=1000,
            )
            for i in range(vehicles)
        ),
        {"car": travel},
        ("kg",),
    )


def direct(problem: PlanProblem) -> tuple[float, float]:
    """(cost, processor seconds) of a plain delivery day by PyVRP's own model, without anything of ours."""
    from pyvrp import Model
    from pyvrp.stop import MaxIterations

    started = time.process_time()
    model, matrix = Model(), problem.travel["car"]
    locations = [model.add_location(0, 0) for _ in problem.places]
    depot = model.add_depot(locations[0])
    vehicle = problem.vehicles[0]
    model.add_vehicle_type(
        len(problem.vehicles),
        [room * 7 for room in vehicle.capacity],
        depot,
        depot,
        vehicle.fixed_cost * 90,
        *vehicle.shift_s,
        unit_distance_cost=9,
        unit_duration_cost=25,
    )
    for order in problem.orders:
        opens, closes = order.delivery.windows_s[0] if order.delivery.windows_s else vehicle.shift_s
        load = [amount * 7 for amount in order.demand]
        model.add_client(locations[order.delivery.place], load, [0], order.delivery.service_s, opens, closes)
    seconds = -(-matrix.duration_ms // 1000)
    for a, origin in enumerate(locations):
        for b, destination in enumerate(locations):
            model.add_edge(origin, destination, int(matrix.distance_m[a, b]), int(seconds[a, b]))
    result = model.solve(MaxIterations(DIRECT_ITERATIONS), seed=1, display=False)
    return result.cost() / 90, time.process_time() - started


def measure(orders: int, vehicles: int, target_s: float) -> None:
    """Print the figures of one day."""
    problem = day(orders, vehicles)
    started, cpu_started = time.perf_counter(), time.process_time()
    ours = make_plan(problem, "pyvrp", 1, ITERATIONS)
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu_started
    cost, direct_cpu_s = direct(problem)
    gap_pct = 100 * (ours.cost / cost - 1)
    habit_pct = 100 * (make_plan(problem, "manual").cost / ours.cost - 1)
    size = {"orders": orders, "vehicles": vehicles, "iterations": ITERATIONS}
    figures: list[dict] = [
        {
            "benchmark": "planning.pyvrp",
            "seconds": wall_s,
            "cpu_s": cpu_s,
            "target_s": target_s,
            "ok": wall_s < target_s,
        },
        {"benchmark": "planning.pyvrp_called_directly", "cpu_s": direct_cpu_s, "iterations": DIRECT_ITERATIONS},
        {
            "benchmark": "planning.gap_to_pyvrp_directly",
            "percent": gap_pct,
            "target_percent": 1.0,
            "ok": gap_pct < 1,
        },
        {"benchmark": "planning.manual_above_pyvrp", "percent": habit_pct},
    ]
    for figure in figures:
        rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in figure.items()}
        print(json.dumps(size | rounded))


def main() -> None:
    """Measure a usual and a large day."""
    measure(300, 25, target_s=5.0)
    measure(1000, 100, target_s=8.0)


if __name__ == "__main__":
    main()
