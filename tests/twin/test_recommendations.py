"""Recommendations as functions of a picture: what belongs together, what it would change and cost, whether it holds."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import HOUR, MINUTE
from tests.contracts.test_policies import Crow, believed, busy_orders, picture
from twin.belief import Belief
from twin.commands import Command, assign_order, set_route, unassign_order
from twin.policies import POLICIES
from twin.policies.common import free_stops
from twin.policies.journal import backing_off, note_offers, note_refused, note_reroute, reroutes, take_back
from twin.policies.second_look import familiar, next_best
from twin.recommendations import (
    UNKNOWN,
    Estimate,
    Recommendation,
    as_if_given,
    as_of_now,
    estimate,
    free_routes,
    grouped,
    moves_of,
    orders_of,
    overtaken,
)
from twin.views import FleetView, Stop

ORDER = {"lat": 50.1, "lon": 8.0, "window": False, "kind": "delivery", "kg": 1.0, "needs": []}
HELD = ORDER | {"held": 0, "aboard": False, "started": False}


def to(order: int, vehicle: int, position: int | None = None) -> Command:
    """``O<order>`` to ``V<vehicle>``."""
    return assign_order(f"O{order}", f"V{vehicle}", f"O{order} to V{vehicle}: near", position)


def off(order: int, vehicle: int) -> Command:
    return unassign_order(f"O{order}", f"V{vehicle}", f"O{order} off V{vehicle}: late")


def route(vehicle: int, *orders: int) -> Command:
    stops = [Stop(f"O{order}", "delivery") for order in orders]
    return set_route(f"V{vehicle}", stops, f"V{vehicle}: shorter")


def advice(view: FleetView, *commands: Command) -> Recommendation:
    """These commands as a recommendation."""
    moves, assumed = moves_of(view, commands), free_routes(view, commands)
    return Recommendation("R1", commands, view.now_us, moves, assumed, UNKNOWN, view.now_us + HOUR)


def told(belief: Belief, *commands: Command) -> FleetView:
    """The view once the office has given commands."""
    for number, command in enumerate(commands):
        belief.apply(command.kind, HOUR, command.payload, f"office:{number}")
    return belief.view(HOUR)


# --- what belongs together ---


def test_commands_that_share_a_vehicle_or_an_order_belong_together() -> None:
    """A move is one recommendation, two independent orders are two; routes that exchange an order are one."""
    assert grouped([off(1, 3), to(1, 4), to(2, 5)]) == [(off(1, 3), to(1, 4)), (to(2, 5),)]
    assert grouped([off(1, 0), route(0, 2), to(9, 7), route(1, 1, 3)]) == [
        (off(1, 0), route(0, 2), route(1, 1, 3)), (to(9, 7),)]  # fmt: skip
    assert grouped([]) == []


some_commands = st.lists(
    st.one_of(
        st.builds(to, st.integers(0, 6), st.integers(0, 5)),
        st.builds(off, st.integers(0, 6), st.integers(0, 5)),
        st.builds(lambda v, orders: route(v, *orders), st.integers(0, 5), st.sets(st.integers(0, 6), max_size=3)),
    ),
    max_size=8,
)


@given(some_commands)
def test_groups_divide_the_commands(commands: list[Command]) -> None:
    """Each command is in one group, groups share nothing, and none could be divided further by what it touches."""
    groups = grouped(commands)
    assert sorted(id(c) for group in groups for c in group) == sorted(id(c) for c in commands)
    things = [{thing for c in group for thing in (c.vehicle_id, *orders_of(c))} for group in groups]
    assert sum(map(len, things)) == len(set().union(*things))
    for group in groups:
        reached = {group[0].vehicle_id, *orders_of(group[0])}
        for _ in group:
            for command in group:
                touched = {command.vehicle_id, *orders_of(command)}
                reached |= touched if touched & reached else set()
        assert all(command.vehicle_id in reached for command in group)


# --- what would be ---


@pytest.mark.parametrize("name", sorted(POLICIES))
@settings(max_examples=40, deadline=None)
@given(orders=busy_orders, broken=st.sampled_from([(), ("V0",)]))
def test_the_picture_as_if_given_is_the_one_after_giving(
    name: str, orders: list[dict[str, Any]], broken: tuple[str, ...]
) -> None:
    """Whatever a policy commands: routes and holders are those the belief has once the commands are given."""
    held = [o | {"kind": "delivery"} if o["held"] is not None and o["aboard"] else o for o in orders]
    belief = believed(3, held, broken=broken)
    view = belief.view(HOUR)
    commands = POLICIES[name](view, Crow(), np.random.default_rng(1), 100)  # type: ignore[arg-type]
    foreseen, after = as_if_given(view, commands), told(belief, *commands)
    assert {i: v.stops for i, v in foreseen.vehicles.items()} == {i: v.stops for i, v in after.vehicles.items()}
    assert {i: o.vehicle_id for i, o in foreseen.orders.items()} == {i: o.vehicle_id for i, o in after.orders.items()}
    assert {i: o.planned_us for i, o in foreseen.orders.items()} == {i: o.planned_us for i, o in after.orders.items()}
    assert {i: v.changes for i, v in foreseen.vehicles.items()} == {i: v.changes for i, v in after.vehicles.items()}
    assert foreseen.journal is view.journal


def test_orders_that_change_hands_are_named() -> None:
    """From whom, to whom, as which stop; a new order of the same stops moves nothing."""
    view = picture(3, [HELD, HELD, ORDER])
    assert moves_of(view, [off(0, 0), to(0, 1)]) == (
        {"order_id": "O0", "from_vehicle": "V0", "to_vehicle": "V1", "stop": 1},)  # fmt: skip
    assert moves_of(view, [to(2, 0, 1)]) == (
        {"order_id": "O2", "from_vehicle": None, "to_vehicle": "V0", "stop": 2},)  # fmt: skip
    assert moves_of(view, [route(0, 0)]) == (
        {"order_id": "O1", "from_vehicle": "V0", "to_vehicle": None, "stop": None},)  # fmt: skip
    assert moves_of(view, [route(0, 1, 0)]) == ()
    assert advice(view, route(0, 1, 0)).subject == "V0"
    assert advice(view, off(0, 0), to(0, 1)).subject == "O0"
    assert advice(view, off(0, 0), to(0, 1)).reason == "O0 to V1: near"


def test_the_cost_of_a_detour_is_what_the_crow_flies() -> None:
    """A tenth of a degree there and back is twelve minutes at an hour a degree; what was due now is then eleven minutes
    late, five of them for loading."""
    view = picture(1, [ORDER])
    assert estimate(view, Crow(), [to(0, 0)]) == Estimate(12 * 60, 0)
    late = picture(1, [ORDER | {"window": True, "close": 1}])
    assert estimate(late, Crow(), [to(0, 0)]) == Estimate(12 * 60, 11 * 60)
    assert estimate(picture(1, [ORDER | {"lat": 85.0}]), Crow(), [to(0, 0)]) == UNKNOWN
    assert estimate(view, Crow(), []) == Estimate(0, 0)


# --- whether it still holds ---


def test_a_fresh_recommendation_holds() -> None:
    view = picture(3, [HELD, HELD, ORDER])
    for commands in ([to(2, 0, 1)], [off(0, 0), to(0, 1)], [route(0, 1, 0)], [off(0, 0), route(1, 0), route(0, 1)]):
        assert overtaken(view, advice(view, *commands)) == ""


def started(view: FleetView, order: int, vehicle: int) -> FleetView:
    """The driver has set out for a stop."""
    name = f"V{vehicle}"
    changed = view.vehicles[name]._replace(started=Stop(f"O{order}", "delivery"), state="driving")
    return replace(view, vehicles={**view.vehicles, name: changed})


def without(view: FleetView, order: int) -> FleetView:
    """The order has ended."""
    vehicles = {
        i: v._replace(stops=tuple(s for s in v.stops if s.order_id != f"O{order}")) for i, v in view.vehicles.items()
    }
    return replace(view, orders={i: o for i, o in view.orders.items() if i != f"O{order}"}, vehicles=vehicles)


def test_what_it_was_about_may_be_over() -> None:
    """Ended, given to somebody else, set out for, on board, or the vehicle is gone: each with its reason."""
    view = picture(3, [HELD, HELD, ORDER])
    give, move = advice(view, to(2, 1)), advice(view, off(0, 0), to(0, 1))
    assert overtaken(without(view, 2), give) == "O2 is not open any more"
    assert overtaken(as_if_given(view, [to(2, 2)]), give) == "O2 is with V2"
    assert overtaken(started(view, 0, 0), move) == "O0 cannot be taken off V0 any more"
    aboard = view.orders["O2"]._replace(onboard="V2")
    assert overtaken(replace(view, orders={**view.orders, "O2": aboard}), give) == "O2 is on board of V2"
    later = view.orders["O2"]._replace(not_before_us=view.now_us + 1)
    assert overtaken(replace(view, orders={**view.orders, "O2": later}), give) == "O2 is not to be visited now"
    broken = view.vehicles["V1"]._replace(state="broken")
    assert overtaken(replace(view, vehicles={**view.vehicles, "V1": broken}), give) == "V1 is not at work"


def test_only_progress_on_the_route_is_no_hindrance() -> None:
    """A stop that was done or set out for is no matter; one that was added, or taken off by somebody else, is."""
    view = picture(3, [HELD, HELD, ORDER, ORDER])
    insert, again = advice(view, to(2, 0, 1)), advice(view, route(0, 1, 0))
    for gone_on in (started(view, 0, 0), without(view, 0)):
        assert overtaken(gone_on, insert) == ""
        assert overtaken(gone_on, again) == ""
    added = as_if_given(view, [to(3, 0)])
    assert overtaken(added, insert) == overtaken(added, again) == "V0 has been given O3"
    less = as_if_given(view, [off(0, 0)])
    assert overtaken(less, insert) == ""
    assert overtaken(less, again) == "O0 is not on the route of V0 any more"


def test_a_place_in_the_route_is_kept_as_the_route_goes_on() -> None:
    """Before the same stop as was recommended, or the first of those behind it that is left; else last."""
    view = picture(1, [HELD, HELD, HELD, ORDER])

    def position(now: FleetView, at: int | None) -> int | None:
        return as_of_now(now, advice(view, to(3, 0, at)))[0].payload["position"]

    assert [position(view, at) for at in (0, 1, 2, None)] == [0, 1, 2, None]
    assert [position(started(view, 0, 0), at) for at in (0, 1, 2)] == [0, 0, 1]
    assert [position(without(without(view, 0), 1), at) for at in (0, 1, 2)] == [0, 0, 0]
    assert position(without(view, 2), 2) is None
    moved = as_of_now(started(view, 0, 0), advice(view, route(0, 2, 0, 1)))[0].payload["stops"]
    assert [stop["order_id"] for stop in moved] == ["O2", "O1"]


@settings(max_examples=60, deadline=None)
@given(orders=busy_orders, done=st.integers(0, 3))
def test_what_is_followed_later_is_sound(orders: list[dict[str, Any]], done: int) -> None:
    """After any progress that does not overtake it, a recommendation gives each of its orders to its vehicle once."""
    held = [o | {"kind": "delivery", "aboard": False} if o["held"] is not None else o for o in orders]
    view = picture(3, held)
    for group in grouped(POLICIES["insertion"](view, Crow(), np.random.default_rng(1), 100)):  # type: ignore[arg-type]
        what, now = advice(view, *group), view
        for vehicle in what.assumed:
            for stop in free_stops(view.vehicles[vehicle])[:done]:
                now = without(now, int(stop.order_id[1:]))
        if overtaken(now, what):
            continue
        after = as_if_given(now, as_of_now(now, what))
        for move in what.moves:
            stops = [s for s in after.vehicles[str(move["to_vehicle"])].stops if s.order_id == move["order_id"]]
            assert len(stops) == len({stop.task for stop in stops}) > 0
            assert after.orders[move["order_id"]].vehicle_id == move["to_vehicle"]


# --- what is remembered ---


def test_what_was_never_given_has_not_been_declined() -> None:
    """Taken back, an offer does not count as declined at the next call; refused, it does at once."""
    view = picture(2, [ORDER])
    later = replace(view, now_us=view.now_us + MINUTE)
    note_offers(view, [to(0, 1)])
    take_back(later, [to(0, 1)], view.now_us)
    assert backing_off(later, 1800) == set()
    note_offers(view, [to(0, 1)])
    note_refused(view, ["O0"], "V1")
    assert backing_off(view, 1800) == {("O0", "V1")}
    assert backing_off(replace(view, now_us=view.now_us + HOUR), 1800) == set()


def test_a_route_that_was_never_given_was_not_searched_anew() -> None:
    view = picture(1, [HELD])
    vehicle, later = view.vehicles["V0"], replace(view, now_us=view.now_us + MINUTE)
    note_reroute(view, vehicle)
    assert reroutes(later, vehicle) == 1
    take_back(later, [route(0, 0)], view.now_us)
    assert reroutes(later, vehicle) == 0


# --- a second look ---


def test_the_next_best_and_the_familiar_driver() -> None:
    """Without the best another is found; habit goes by the area, and a held order is taken off first."""
    near = HELD | {"held": 1, "lat": 50.12}
    view = picture(3, [ORDER, near])
    best = POLICIES["insertion"](view, Crow(), np.random.default_rng(1), 100)[0].vehicle_id  # type: ignore[arg-type]
    again = next_best(view, Crow(), "O0", [best])
    assert [c.kind for c in again] == ["assign_order"]
    assert again[0].vehicle_id != best
    assert next_best(view, Crow(), "O0", ["V0", "V1", "V2"]) == []
    assert familiar(view, Crow(), "O0")[-1].vehicle_id == "V1"
    moved = next_best(view, Crow(), "O1", [])
    assert (moved[0].kind, moved[0].vehicle_id) == ("unassign_order", "V1")
    assert view.journal.get("offers", {}).get("O1") is None
