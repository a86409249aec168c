"""A scenario's orders, read or drawn before the run: from a planner's file, generated, or as a surge."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.clock import LocalTime
from engine.roads.graph import ROAD_CLASSES, Profile, RoadGraph
from engine.streams import Streams
from scenarios.load import Scenario
from scenarios.names import time_of_the_run
from scenarios.places import Candidates
from scenarios.problems import BadInput, Problem
from scenarios.reach import common_nodes, distance_text, fleet_profiles
from scenarios.section import clock_s
from twin.orders import Order, Place, Window
from twin.planning import get_planner
from twin.planning import registered as planners

if TYPE_CHECKING:
    from scenarios.build import Built

LIVED_AT = frozenset({"secondary", "tertiary", "unclassified", "residential", "living_street", "service"})
"""Road classes customers live at."""


def check_planner(scenario: Scenario, orders: list[Order]) -> None:
    """Refuse a planner that lacks what the scenario's orders or settings ask for, naming those that have it."""
    plan = scenario.model.dispatch.plan
    needed = {"balance"} if plan.balance > 0 else set()
    for order in orders:
        pair = order.pickup is not None and order.delivery is not None
        if pair:
            needed.add("pairs")
        if any(len(task.windows) > 1 for task in order.tasks):
            needed.add("pair_multiple_windows" if pair else "multiple_windows")
    missing = sorted(needed - get_planner(plan.planner).supports())
    if missing:
        able = [name for name in planners() if needed <= get_planner(name).supports()]
        expected = f"a planner that can do {', '.join(missing)}: {', '.join(able) or 'none can'}"
        raise BadInput([Problem(scenario.source, "dispatch.plan.planner", plan.planner, expected)])


def read_demand(
    scenario: Scenario, roads: Any, profiles: list[Profile], depots: dict[str, Place], streams: Streams,
    nodes: dict[tuple[str, Place], int],
) -> tuple[list[Order], dict[str, Any], dict[str, Any]]:  # fmt: skip
    """The orders of the run, notes on how they were read, and what is personal in the file, by pseudonym.

    Where vehicles of each profile stop for each order's places is put into ``nodes``.

    Raises:
        BadInput: bad rows, orders too far from any road (unless ``on_bad_row: skip``).
    """
    config, local = scenario.model.orders, scenario.local
    orders: list[Order] = []
    notes: dict[str, Any] = {}
    people: dict[str, Any] = {}
    if config.file is not None:
        orders, notes, people = _from_file(scenario, roads, depots)
    if config.generate is not None:
        from scenarios.orders.generate import generate

        taken = {order.order_id for order in orders}
        days = _order_days(scenario, local)
        candidates = candidates_of(roads, profiles)
        made = generate(config.generate, days, candidates, list(depots.values()), streams, local)
        orders += [order.moved(order_id=f"G{order.order_id}") if order.order_id in taken else order for order in made]
    return _within_reach(scenario, roads, profiles, orders, people, nodes), notes, people


def _order_days(scenario: Scenario, local: LocalTime) -> list[int]:
    """Local days whose planning falls into the run.

    Raises:
        BadInput: none does: nobody would generate orders, nor plan them.
    """
    first, last = local.day(scenario.start_us), local.day(scenario.end_us)
    at = scenario.model.dispatch.plan.at
    days = [day for day in range(first, last + 1) if scenario.start_us <= local.at(day, clock_s(at)) < scenario.end_us]
    if not days:
        expected = time_of_the_run(local, scenario.start_us, scenario.end_us)
        raise BadInput([Problem(scenario.source, "dispatch.plan.at", at, expected)])
    return days


def candidates_of(roads: Any, profiles: list[Profile]) -> Candidates:
    """Where customers may be: junctions that every vehicle reaches, on streets where people live."""
    nodes = common_nodes(roads, profiles)
    graph: RoadGraph | None = roads.graph
    if graph is not None:
        lived = np.isin(graph.road_class, [i for i, name in enumerate(ROAD_CLASSES) if name in LIVED_AT])
        homes = np.intersect1d(nodes, np.concatenate([graph.tail[lived], graph.head[lived]]))
        nodes = homes if len(homes) else nodes
    places = np.array([roads.place_of(int(node)) for node in nodes])
    return Candidates(places[:, 0], places[:, 1])


def _from_file(
    scenario: Scenario, roads: Any, depots: dict[str, Place]
) -> tuple[list[Order], dict[str, Any], dict[str, Any]]:
    from scenarios.orders.addresses import AddressBook, read_gazetteer
    from scenarios.orders.file import read_orders

    config, local = scenario.model.orders, scenario.local
    assert config.file is not None  # noqa: S101
    gazetteer = read_gazetteer(config.gazetteer) if config.gazetteer else None
    locate = None
    if roads.graph is not None:
        book: list[AddressBook] = []

        def locate(text: str) -> Any:  # the book is made when the first address is met
            if not book:
                book.append(AddressBook.from_graph(roads.graph, gazetteer))
            return book[0].locate(text)

    day = local.day(scenario.start_us)
    read = read_orders(config.file, local, day, locate=locate, depots=list(depots), on_bad_row=config.on_bad_row)
    notes = {
        "order_file": {
            "skipped_rows": len(read.problems),
            "unmatched_addresses": len(read.unmatched),
            "notes": [note.line() for note in read.notes],
            "accuracy": [_accuracy(match) for match in read.matches],
        }
    }
    orders, people = _pseudonyms(read.orders)
    people["order_file"] = {
        "skipped": [problem.line() for problem in read.problems],
        "unmatched": [*read.unmatched],
    }
    return orders, notes, people


def _pseudonyms(orders: Iterable[Order]) -> tuple[list[Order], dict[str, Any]]:
    """Customers as C1, C2 … in order of the file, and the names behind them: ledgers never hold a name."""
    numbers: dict[str, str] = {}
    renamed = []
    for order in orders:
        alias = numbers.setdefault(order.customer, f"C{len(numbers) + 1}") if order.customer else ""
        renamed.append(order.moved(customer=alias))
    return renamed, {alias: {"name": name} for name, alias in numbers.items()}


def _accuracy(match: Any) -> dict[str, Any]:
    """How well an order's address was found, without the address itself: that is personal."""
    fields = match.as_dict()
    return {key: fields[key] for key in ("row", "order_id", "task", "accuracy", "score") if key in fields}


def _within_reach(
    scenario: Scenario, roads: Any, profiles: list[Profile], orders: list[Order], people: dict[str, Any],
    nodes: dict[tuple[str, Place], int],
) -> list[Order]:  # fmt: skip
    """The orders near enough to a road for some vehicle; the others are problems, or skipped where that is asked.

    Where vehicles of each profile stop for each place is put into ``nodes``.
    """
    tasks = [(order, task) for order in orders for task in order.tasks]
    if not tasks or roads.graph is None:
        return orders
    lat, lon = np.array([task.place.lat for _, task in tasks]), np.array([task.place.lon for _, task in tasks])
    snapped = [roads.snap_all(lat, lon, profile) for profile in profiles]
    for profile, (found, _) in zip(profiles, snapped):
        nodes.update(zip(((profile.name, task.place) for _, task in tasks), found.tolist()))
    metres_of = np.min([metres for _, metres in snapped], axis=0)
    limit_m = scenario.model.roads.snap_m
    problems: dict[str, Problem] = {}
    for (order, task), metres in zip(tasks, metres_of.tolist()):
        if metres > limit_m:
            away = distance_text(metres)
            expected = f"a {task.kind} within {limit_m:.0f} m of a road (roads.snap_m); it is {away} away"
            where = f"{task.place.lat}, {task.place.lon}"
            file = scenario.model.orders.file or scenario.source
            problems[order.order_id] = Problem(file, f"order {order.order_id}", where, expected)
    if problems and scenario.model.orders.on_bad_row == "fail":
        raise BadInput(list(problems.values()))
    if problems:
        skipped = people.setdefault("order_file", {}).setdefault("skipped", [])
        skipped += [problem.line() for problem in problems.values()]
    return [order for order in orders if order.order_id not in problems]


def surge_orders(built: "Built", name: str, count: int, from_us: int, over_s: float) -> list[Order]:
    """Extra orders, drawn like the generated ones (or like the defaults) under the incident's name."""
    from scenarios.orders.generate import generate
    from scenarios.schema_orders import GenerateConfig

    config = (built.scenario.model.orders.generate or GenerateConfig()).model_copy(
        update={"known_per_day": count, "arriving_per_day": 0.0}
    )
    local, ground = built.scenario.local, built.ground
    profiles = fleet_profiles(built.scenario)
    streams = Streams(built.world.streams.key("surge", name))
    candidates, depots = candidates_of(ground.roads, profiles), list(ground.depots.values())
    made = generate(config, [local.day(from_us)], candidates, depots, streams, local)
    gap_us = round(over_s * 1e6) // count
    return [
        _placed_at(order.moved(order_id=f"{name}-{number}"), from_us + number * gap_us, config.promise_s)
        for number, order in enumerate(made)
    ]


def _placed_at(order: Order, placed_us: int, promise_s: float) -> Order:
    """The order placed at a moment, to be done within the promise."""
    window = Window(placed_us, placed_us + round(promise_s * 1e6))
    tasks = {task.kind: replace(task, windows=(window,)) for task in order.tasks}
    return order.moved(placed_us=placed_us, **tasks)
