"""Small planning problems, by hand and at random."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from twin.planning.problem import PlanBreak, PlanOrder, PlanProblem, PlanTask, PlanVehicle
from twin.travel import TravelMatrix

HOUR = 3600


def plane(points, metres_per_second: float = 10.0) -> TravelMatrix:
    """Travel in straight lines between points in metres, [n, 2]."""
    points = np.asarray(points, dtype=float).reshape(-1, 2)
    metres = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    return TravelMatrix((metres / metres_per_second * 1000).astype(np.int64), metres.astype(np.int64))


def line(count: int, step_m: int = 6000) -> TravelMatrix:
    """Places on a straight road, ten minutes apart by default (6 km at 10 m/s)."""
    return plane([(step_m * i, 0) for i in range(count)])


def delivery(order_id: str, place: int, *windows, service_s: int = 0, demand=(1,), **more) -> PlanOrder:
    """A delivery from the depot."""
    return PlanOrder(order_id, None, PlanTask(place, windows, service_s), demand, **more)


def van(vehicle_id: str = "V1", capacity=(10,), shift_s=(0, 10 * HOUR), **more) -> PlanVehicle:
    """A van based at place 0."""
    return PlanVehicle(vehicle_id, "car", capacity, more.pop("start", 0), more.pop("end", 0), shift_s, **more)


def problem(orders, vehicles, travel: TravelMatrix, units=("kg",), **more) -> PlanProblem:
    """A problem on one travel matrix."""
    places = tuple(f"P{i}" for i in range(len(travel.duration_ms)))
    return PlanProblem(places, tuple(orders), tuple(vehicles), {"car": travel}, units, **more)


@st.composite
def windows(draw, most: int):
    """Up to ``most`` disjoint windows within a ten-hour day."""
    edges = sorted(draw(st.sets(st.integers(0, 20), min_size=0, max_size=2 * most)))
    return tuple((opens * 1800, closes * 1800) for opens, closes in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def orders(draw, number: int, places: int):
    """An order of any of the three shapes."""
    ends = [PlanTask(draw(st.integers(0, places - 1)), draw(windows(2)), draw(st.integers(0, 900))) for _ in range(2)]
    shape = draw(st.sampled_from(["delivery", "pickup", "pair"]))
    if shape == "pair":  # several windows at the end of a pair are not every planner's
        ends = [replace(end, windows_s=end.windows_s[:1]) for end in ends]
    return PlanOrder(
        f"O{number}",
        None if shape == "delivery" else ends[0],
        None if shape == "pickup" else ends[1],
        (draw(st.integers(0, 6)), draw(st.integers(0, 3))),
        penalty=draw(st.sampled_from([0, 0, 300, 20_000])),
        priority=draw(st.integers(1, 3)),
        needs=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"cool"})])),
        depot=draw(st.sampled_from([None, None, 0, 1])) if shape != "pair" else None,
    )


@st.composite
def vehicles(draw, number: int):
    """A vehicle with its own shift, capacity, depot, speed and perhaps a break."""
    starts = draw(st.integers(0, 6)) * 1800
    ends = starts + draw(st.integers(1, 14)) * 1800
    pause = PlanBreak(starts + (ends - starts) // 3, starts + (ends - starts) // 2, 1200)
    return PlanVehicle(
        f"V{number}",
        draw(st.sampled_from(["car", "truck"])),
        (draw(st.integers(0, 12)), draw(st.integers(1, 6))),
        draw(st.integers(0, 1)),
        draw(st.integers(0, 1)),
        (starts, ends),
        breaks=(pause,) if draw(st.booleans()) else (),
        offers=draw(st.sampled_from([frozenset(), frozenset({"cool", "lift"})])),
        cost_per_km=draw(st.sampled_from([0, 30, 100])),
        cost_per_h=draw(st.sampled_from([0, 1000, 1777])),
        fixed_cost=draw(st.sampled_from([0, 500])),
        load_s=draw(st.sampled_from([0, 600])),
        speed_factor=draw(st.sampled_from([1.0, 0.8, 1.3])),
    )


@st.composite
def problems(draw, most_orders: int = 7, most_vehicles: int = 3):
    """Any small problem without balance; trucks may not reach every place."""
    count = draw(st.integers(2, 6))
    points = draw(st.lists(st.tuples(*[st.integers(0, 30_000)] * 2), min_size=count, max_size=count))
    car = plane(points)
    truck = TravelMatrix((car.duration_ms * 5) // 4, car.distance_m.copy())
    if draw(st.booleans()):
        closed = count - 1
        for field in (truck.duration_ms, truck.distance_m):
            field[:closed, closed] = field[closed, :closed] = 2**31 - 1
    n = draw(st.integers(0, most_orders))
    k = draw(st.integers(0, most_vehicles))
    return PlanProblem(
        tuple(f"P{i}" for i in range(count)),
        tuple(draw(orders(i, count)) for i in range(n)),
        tuple(draw(vehicles(i)) for i in range(k)),
        {"car": car, "truck": truck},
        ("kg", "boxes"),
        margin_s=draw(st.sampled_from([0, 300])),
    )
