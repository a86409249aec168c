"""Days of pickup and delivery with docks: rules by hand-computed times, refusals, score, reader, policies."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.benchmarks import solve
from scenarios.benchmarks.dpdp.answer import Refused, routes_after
from scenarios.benchmarks.dpdp.day import DEMAND, Day, Factory, Roads, Vehicle
from scenarios.benchmarks.dpdp.files import read_day, recognises
from scenarios.benchmarks.dpdp.picture import Picture
from scenarios.benchmarks.dpdp.solve import POLICIES, drive, score
from scenarios.benchmarks.dpdp.yard import Yard
from scenarios.benchmarks.request import Request
from scenarios.problems import BadInput
from twin.commands import assign_order, set_route
from twin.orders import Order, Place, Task, Window
from twin.policies import policies
from twin.policies.dealt import dealt
from twin.policies.dockyard import KEY, visits
from twin.policies.last_in_first_out import last_in_first_out
from twin.views import FleetView, Stop

SECOND_US = 1_000_000
NAMES = ("A", "B", "C")
LEG_S, LEG_M = 1200, 10_000
"""Between any two of the three factories."""


def order(name: str, way: str, created_s: int = 0, due_s: int = 14_400, pallets: float = 1.0) -> Order:
    """An order from one factory to another (``AB``), 240 s a pallet at both."""
    pickup, delivery = (Place(place, 0.0, 0.0) for place in way)
    window = Window(created_s * SECOND_US, due_s * SECOND_US)
    return Order(
        name,
        Task("pickup", pickup, (), 240 * pallets),
        Task("delivery", delivery, (window,), 240 * pallets),
        {DEMAND: pallets},
        placed_us=window.open_us,
    )


def day(orders: Iterable[Order], starts: str = "A", docks: int = 6, whole: dict[str, str] | None = None) -> Day:
    """A day of three factories; a vehicle of 15 pallets at each start."""
    apart = 1 - np.eye(3, dtype=np.int64)
    return Day(
        "tiny",
        {name: Factory(Place(name, 0.0, 0.0), docks) for name in NAMES},
        tuple(Vehicle(f"V{n}", 15.0, start) for n, start in enumerate(starts)),
        tuple(sorted(orders, key=lambda o: o.placed_us or 0)),
        Roads({name: row for row, name in enumerate(NAMES)}, LEG_S * apart, LEG_M * apart),
        whole or {},
    )


def stops(text: str) -> list[Stop]:
    """``+a -a``: fetch a, bring a."""
    return [Stop(word[1:], "pickup" if word[0] == "+" else "delivery") for word in text.split()]


def looked(at: Day, sent: dict[str, str], at_s: int = 600) -> tuple[Yard, FleetView]:
    """A day whose vehicles were sent at the first decision, seen at a later one."""
    yard, picture = Yard(at), Picture(at)
    yard.advance(600)
    view = picture.view(yard)
    for vehicle_id, text in sent.items():
        yard.send(vehicle_id, visits(view, stops(text)))
    yard.advance(at_s)
    return yard, picture.view(yard)


def refusal(view: FleetView, text: str, vehicle_id: str = "V0") -> str:
    with pytest.raises(Refused) as caught:
        routes_after(view, [set_route(vehicle_id, stops(text), "test")])
    return str(caught.value)


# --- what happens ---


def test_vehicles_wait_for_docks_in_the_order_they_come() -> None:
    """One dock: V0 (standing at B) has it from 600 s; V1 and V2 come at 1,800 s and wait, V1 first."""
    a_day = day([order(name, "BC") for name in "abc"], starts="BAA", docks=1)
    yard, _ = looked(a_day, {f"V{n}": f"+{name} -{name}" for n, name in enumerate("abc")})
    yard.advance()
    first = 600 + 1800 + 240
    second = first + 1800 + 240
    third = second + 1800 + 240
    assert yard.picked_s == {"a": 600, "b": 1800, "c": 1800}
    # at C too, each comes 1,200 s after it left B, when the one before it has been there for 2,040 s
    assert yard.delivered_s == {"a": first + LEG_S, "b": second + LEG_S, "c": third + LEG_S}
    assert [truck.free_s for truck in yard.trucks.values()] == [t + LEG_S + 2040 for t in (first, second, third)]


def test_stops_at_one_place_share_a_docking() -> None:
    """Two orders fetched at once: one docking, both loading times; goods change hands on arrival."""
    yard, _ = looked(day([order("a", "AB"), order("b", "AB")]), {"V0": "+a +b -b -a"})
    yard.advance()
    assert yard.delivered_s == {"a": 600 + 1800 + 480 + LEG_S, "b": 600 + 1800 + 480 + LEG_S}
    assert yard.trucks["V0"].driven_m == LEG_M


def test_unloading_after_loading_at_one_place_is_another_docking() -> None:
    """At one docking things are unloaded, then loaded."""
    _, view = looked(day([order("a", "AB"), order("b", "BC"), order("s", "AA")]), {})
    assert [len(visit.stops) for visit in visits(view, stops("+a -a +b -b"))] == [1, 2, 1]
    assert [len(visit.stops) for visit in visits(view, stops("+s -s"))] == [1, 1]


def test_the_score_counts_each_late_order_once_by_its_last_item() -> None:
    """An order in two items is late by its second; one on time costs nothing."""
    items = [order("big-1", "AB", due_s=3000), order("big-2", "AC", due_s=3000), order("x", "AB", due_s=9000)]
    a_day = day(items, whole={"big-1": "big", "big-2": "big"})
    yard, _ = looked(a_day, {"V0": "+big-1 -big-1 +big-2 -big-2 +x -x"})
    yard.advance()
    late_s = yard.delivered_s["big-2"] - 3000
    in_time = max(0, yard.delivered_s["x"] - 9000)
    assert yard.delivered_s["big-1"] > 3000
    assert score(a_day, yard, 1).late_s == late_s + in_time
    assert score(a_day, yard, 1).score == pytest.approx(50 + 10_000 * (late_s + in_time) / 3600)


# --- what is refused ---


def test_refusals_say_when_who_and_why() -> None:
    """Loading order, room, precedence, what stays on board, unknown orders."""
    orders = [order("a", "AB"), order("b", "AC"), order("c", "AB", pallets=15.0)]
    _, view = looked(day(orders), {})
    assert refusal(view, "+a +b -a -b") == "00:10:00: V0: order a is not the last loaded when it is to be unloaded"
    assert refusal(view, "-a +a").endswith("order a is not the last loaded when it is to be unloaded")
    assert refusal(view, "+a +c -c -a").endswith("16 pallets on board after the pickup of c, room for 15")
    assert refusal(view, "+a +b -b").endswith("order a stays on board, its delivery is not on the route")
    assert refusal(view, "+z -z").endswith("pickup of z: there is no such open order")
    assert routes_after(view, [assign_order("a", "V0", "test")])["V0"] == tuple(stops("+a -a"))


def test_a_vehicle_keeps_the_destination_it_is_bound_for() -> None:
    """Another place is refused; other things to do at the same place are not."""
    orders = [order("a", "BC"), order("b", "CA"), order("c", "BA")]
    _, view = looked(day(orders), {"V0": "+a -a"}, at_s=1200)
    assert view.vehicles["V0"].started == Stop("a", "pickup", (600 + LEG_S) * SECOND_US)
    assert refusal(view, "+b -b") == "00:20:00: V0: is bound for B, not for C"
    assert refusal(view, "").endswith("is bound for B, not for nowhere")
    assert routes_after(view, [set_route("V0", stops("+c -c"), "test")])["V0"] == tuple(stops("+c -c"))
    # in the dock at B it is bound for C already
    _, view = looked(day(orders), {"V0": "+a -a"}, at_s=2400)
    assert view.vehicles["V0"].started == Stop("a", "delivery", (600 + 2 * LEG_S + 2040) * SECOND_US)
    assert view.journal[KEY].cargo == {"V0": ("a",)}


def test_an_order_is_fetched_once_and_not_forgotten() -> None:
    """On two routes; left out after it was due."""
    _, view = looked(day([order("a", "AB", due_s=700)], starts="AA"), {})
    both = [set_route(f"V{n}", stops("+a -a"), "test") for n in range(2)]
    with pytest.raises(Refused, match="order a is fetched 2 times"):
        routes_after(view, both)
    assert routes_after(view, [])
    with pytest.raises(Refused, match="00:20:00: order a is overdue and on no route"):
        routes_after(looked(day([order("a", "AB", due_s=700)]), {}, at_s=1200)[1], [])


# --- policies ---

some_orders = st.lists(
    st.tuples(
        st.sampled_from(["AB", "BA", "AC", "CA", "BC", "CB"]),
        st.integers(0, 30_000),
        st.integers(600, 14_400),
        st.sampled_from([0.25, 1.0, 5.0, 15.0]),
    ),
    min_size=1,
    max_size=14,
)


@pytest.mark.parametrize("policy", ["naive", "rolling"])
@settings(max_examples=15, deadline=None)
@given(drawn=some_orders, starts=st.text("ABC", min_size=1, max_size=3), docks=st.integers(1, 2))
def test_every_order_is_brought(policy: str, drawn: list, starts: str, docks: int) -> None:
    """On any day no answer is refused, all is delivered after it was created, and twice is the same."""
    orders = [order(f"O{n}", way, at, at + for_s, size) for n, (way, at, for_s, size) in enumerate(drawn)]
    a_day = day(orders, starts, docks)
    outcome = drive(a_day, POLICIES[policy], iterations=5, seed=1)
    assert sorted(name for route in outcome.routes for name in route) == sorted(o.order_id for o in orders)
    assert drive(a_day, POLICIES[policy], iterations=5, seed=1) == outcome


def test_a_policy_for_a_fleets_own_day_drives_it_too() -> None:
    """It adds an order's two stops together, which is always last in, first out."""
    a_day = day([order(f"O{n}", "AB", 3600 * n, 3600 * n + 30_000) for n in range(4)], "AB")
    outcome = drive(a_day, policies()["nearest"])
    assert (outcome.late_s, sorted(name for route in outcome.routes for name in route)) == (0, ["O0", "O1", "O2", "O3"])


def test_dealt_in_turn_an_order_a_lot() -> None:
    """Two vehicles, three orders, and one of 18 pallets in two lots."""
    items = [order(f"big-{n}", "BC") for n in range(1, 19)]
    a_day = day([order(name, "AB") for name in "abc"] + items, "AA", whole={i.order_id: "big" for i in items})
    _, view = looked(a_day, {})
    routes = routes_after(view, dealt(view, a_day.roads, np.random.default_rng(0), 0))
    loaded = [[s.order_id for s in route if s.task == "pickup"] for route in routes.values()]
    assert loaded == [
        ["a", "c", "big-16", "big-17", "big-18"],
        ["b", *[f"big-{n}" for n in range(1, 16)]],
    ]


def test_ours_takes_along_what_goes_the_same_way_and_waits_for_company() -> None:
    """Three orders on one way in one trip; with time to spare nobody is sent yet."""
    urgent = day([order(name, "AB", due_s=9000) for name in "abc"], "AC")
    _, view = looked(urgent, {})
    commands = last_in_first_out(view, urgent.roads, np.random.default_rng(0), 10)
    assert [command.payload["reason"] for command in commands] == ["3 orders to fetch, 3 to bring"]
    assert commands[0].vehicle_id == "V0"
    patient = day([order(name, "AB", due_s=14_400) for name in "abc"], "AC")
    assert last_in_first_out(looked(patient, {})[1], patient.roads, np.random.default_rng(0), 10) == []


def test_ours_is_no_worse_than_dealing_in_turn() -> None:
    """A day of 40 orders for two vehicles."""
    draw = np.random.default_rng(5)
    ways = ["AB", "BA", "AC", "CA", "BC", "CB"]
    times = np.sort(draw.integers(0, 40_000, 40)).tolist()
    orders = [order(f"O{n}", ways[int(draw.integers(6))], at, at + 14_400) for n, at in enumerate(times)]
    a_day = day(orders, "AB")
    assert drive(a_day, last_in_first_out, 20).score < 0.1 * drive(a_day, dealt).score
    assert drive(a_day, last_in_first_out, seconds=0.001).score < 0.1 * drive(a_day, dealt).score


def test_a_day_that_cannot_be_driven_is_answered_as_such(tmp_path: Path) -> None:
    """A policy that does nothing: not feasible, no cost, and why."""
    answer = solve(write(tmp_path, GOOD), Request(policy="plan_only"))
    assert (answer["feasible"], answer["cost"], answer["routes"]) == (False, None, [])
    assert answer["violations"] == ["26:10:00: order O1 is overdue and on no route"]


# --- files ---


def write(folder: Path, orders: str, vehicles: str = "V_1,15,24,G_1\n") -> Path:
    """An instance of two factories."""
    instance = folder / "any"
    instance.mkdir()
    (folder / "factory_info.csv").write_text("factory_id,longitude,latitude,port_num\nA,116.6,40.2,6\nB,117.0,40.1,2\n")
    (folder / "route_info.csv").write_text(
        "route_code,start_factory_id,end_factory_id,distance,time\nr1,A,B,37.2,4464\nr2,B,A,37.5,4500\n"
    )
    (instance / "2.csv").write_text(
        "order_id,q_standard,q_small,q_box,demand,creation_time,committed_completion_time,load_time,unload_time,"
        "pickup_id,delivery_id\n" + orders
    )
    (instance / "cars.csv").write_text("car_num,capacity,operation_time,gps_id\n" + vehicles)
    return instance


GOOD = "O1,0,1,0,0.5,22:00:00,02:00:00,120,120,A,B\n"


def test_an_instance_folder_is_read(tmp_path: Path) -> None:
    """Due on the next day; an order of 17.5 pallets in items with their share of the loading."""
    folder = write(tmp_path, GOOD + "O2,17,0,2,17.5,23:00:00,03:00:00,4200,4200,B,A\n")
    assert recognises(folder)
    read = read_day(folder)
    assert read.orders[0].last_task.windows == (Window(79_200 * SECOND_US, 93_600 * SECOND_US),)
    assert [o.order_id for o in read.orders[1:]] == [f"O2-{n}" for n in range(1, 20)]
    assert [o.last_task.service_s for o in read.orders[-3:]] == [240, 60, 60]
    assert set(read.whole.values()) == {"O2"}
    assert read.roads.metres.tolist() == [[0, 37_200], [37_500, 0]]
    answer = solve(folder, Request(iterations=1))
    assert answer["policy"] == "rolling"
    assert answer["feasible"]
    assert answer["best_known"] is None
    assert answer["cost"] == pytest.approx(answer["distance_km"] + 10_000 * answer["lateness_s"] / 3600)


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ("O1,0,1,0,0.5,22:00,02:00:00,120,120,A,B\n", "row 2, column creation_time: '22:00': expected a time of day"),
        ("O1,0,1,0,0.5,22:00:00,02:00:00,120,120,A,b\n", "row 2, column delivery_id: 'b': expected a factory"),
        ("O1,0,1,0,x,22:00:00,02:00:00,120,120,A,B\n", "row 2, column demand: 'x': expected a number"),
        (GOOD + GOOD, "row 3, column order_id: 'O1': expected a value of its own"),
        ("", "expected at least one order"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, orders: str, expected: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_day(write(tmp_path, orders))
    assert expected in str(caught.value)


def test_missing_files_and_wrong_options_are_named(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD)
    with pytest.raises(BadInput, match=r"--policy: 'niave'.*did you mean 'naive'"):
        solve(folder, Request(policy="niave"))
    with pytest.raises(BadInput, match="--rounding"):
        solve(folder, Request(rounding="integer"))
    (folder / "cars.csv").unlink()
    with pytest.raises(BadInput, match="one CSV file of vehicles"):
        read_day(folder)
