"""What people click becomes commands: recorded, travelling, acted on, and written down with who did it."""

import json
from typing import Any

import pytest

from engine.clock import HOUR, MINUTE, SECOND
from scenarios.live.acts import Acts
from scenarios.live.simulated import SimulatedDay
from scenarios.run import Session
from scenarios.telling.story import order_story
from tests.tiny import tiny
from twin.policies.common import at_work

RADIO_S = 20.0
DAY: dict[str, Any] = {
    "alerts": {"geofence_entered": {}},
    "head_office": {"dispatchers": 0},
    "radio": {"latency_s": RADIO_S},
    "dispatch": {"approval": {"mode": "live"}},
}


class Desk:
    """A day with somebody at the desk."""

    def __init__(self, hours: float = 0.0, **sections: Any) -> None:
        self.day = SimulatedDay(Session(tiny(**DAY, **sections)))
        self.said: list[dict[str, Any]] = []
        self.acts = Acts(lambda: self.day.picture, self.day.projection)
        self.on(hours * HOUR)

    def on(self, microseconds: float) -> dict[str, Any]:
        """Let time go by; the parts then."""
        self.day.advance(self.day.now_us + round(microseconds))
        return self.day.parts()

    def do(self, what: str, **fields: Any) -> str:
        """Ask for something as Anna."""
        given, text = self.acts.commands(what, {"by": "anna", **fields})
        for kind, payload in given:
            at_us = self.day.post(kind, payload, "anna")
            self.said.append({"at_us": at_us, "kind": kind, "payload": payload, "by": "anna"})
        return text

    def rows(self, kind: str, ledger: str = "office") -> list[dict[str, Any]]:
        """Payloads of a kind so far."""
        table = getattr(self.day.ledgers(), ledger)
        return [row.payload for row in table if row.kind == kind]

    def order(self, **wanted: Any) -> str:
        """An open order of which this is known."""
        for order_id, known in self.day.picture.belief.orders.items():
            if all((getattr(known, key) is not None) == value for key, value in wanted.items()):
                return order_id
        raise AssertionError(f"no open order with {wanted}")


def pending(parts: dict[str, Any], kind: str) -> dict[str, Any]:
    """The newest command of a kind."""
    return [record for record in parts["pending"] if record["kind"] == kind][-1]


def test_a_vehicle_told_to_wait_waits_until_it_is_released() -> None:
    """It finishes what it does, sets off to no other stop, and is given nothing new; released it goes on."""
    desk = Desk(4.0)
    vehicle = max(desk.day.picture.belief.vehicles.values(), key=lambda v: len(v.stops))
    row = desk.day.picture.belief.index[vehicle.vehicle_id]
    desk.do("hold", vehicle_id=vehicle.vehicle_id)
    parts = desk.on(2 * SECOND)
    assert parts["held"][row] == 1
    assert pending(parts, "hold_vehicle")["state"] == "sent"
    assert pending(parts, "hold_vehicle")["reason"] == "anna decided"
    assert parts["under_way"][row] == 1
    assert not at_work(desk.day.picture.belief.vehicles[vehicle.vehicle_id])
    parts = desk.on(3 * RADIO_S * SECOND)
    assert pending(parts, "hold_vehicle")["state"] == "accepted"
    desk.on(HOUR / 2)  # what it was at is done by now
    before = len([p for p in desk.rows("departed", "truth") if p["vehicle_id"] == vehicle.vehicle_id])
    desk.on(HOUR)
    assert before == len([p for p in desk.rows("departed", "truth") if p["vehicle_id"] == vehicle.vehicle_id])
    desk.do("release", vehicle_id=vehicle.vehicle_id)
    parts = desk.on(HOUR)
    assert parts["held"][row] == 0
    assert before < len([p for p in desk.rows("departed", "truth") if p["vehicle_id"] == vehicle.vehicle_id])


def test_a_message_is_shown_then_read_standing_still() -> None:
    """Sent, shown when the radio has brought it, read when nobody drives; head office hears of each later."""
    desk = Desk(3.0)
    desk.do("message", vehicle_id="vans-1", text="Ring <b>twice</b>")
    assert pending(desk.on(2 * SECOND), "send_message")["state"] == "sent"
    record = pending(desk.on(HOUR), "send_message")
    assert record["text"] == "Ring <b>twice</b>"
    assert record["state"] == "read"
    assert record["since_us"] + RADIO_S * SECOND <= record["answered_us"] < record["read_us"]
    (read,) = desk.rows("message_read")
    assert read["driver_id"] == "crew-D1"


def test_a_call_takes_a_line_and_ends() -> None:
    """It rings, is over, and both are on record with who asked."""
    desk = Desk(3.0)
    assert desk.do("call", vehicle_id="vans-1", about="the gate") == "crew-D1 is called"
    parts = desk.on(2 * SECOND)
    assert [(c["driver_id"], c["state"], c["by"]) for c in parts["calls"]] == [("crew-D1", "ringing", "anna")]
    parts = desk.on(HOUR)
    (call,) = parts["calls"]
    assert call["state"] == "over"
    assert call["call_s"] > 0
    assert [p["purpose"] for p in desk.rows("phone_call_ended", "truth")] == ["dispatcher"]


def test_windows_agreed_anew_count_at_once_and_reach_the_driver_by_radio() -> None:
    """Head office and the KPIs go by the new windows; the driver by the old ones until the radio has brought them."""
    desk = Desk(1.5)
    order_id = desk.order(vehicle_id=True, onboard=False)
    customer = desk.day.session.built.customers[order_id]
    old = customer.order.last_task.windows
    agreed = [[desk.day.start_us + 5 * HOUR, desk.day.start_us + 6 * HOUR]]
    desk.do("change_order", order_id=order_id, windows_us=agreed, note="ring twice")
    parts = desk.on(2 * SECOND)
    row = desk.day.picture.rows[order_id]
    assert [parts["order.opens_s"][row], parts["order.closes_s"][row]] == [5 * 3600, 6 * 3600]
    assert parts["notes"][-1]["note"] == "ring twice"
    assert customer.order.last_task.windows == old
    desk.on(2 * RADIO_S * SECOND)
    assert [list(window) for window in customer.order.last_task.windows] == agreed
    (changed,) = desk.rows("order_changed")
    assert changed["by"] == "anna"
    assert order_story(desk.day.ledgers(), order_id).windows_us == (tuple(agreed[0]),)


def test_people_work_the_exception_queue() -> None:
    """Acknowledged, given to somebody, noted, resolved: each a row with who did it."""
    desk = Desk(0.5)
    case = next(c for c in desk.day.parts()["exceptions"] if c["state"] == "open")
    name = case["id"]
    desk.do("acknowledge", exception_id=name)
    desk.do("assign_exception", exception_id=name, to="bob")
    desk.do("note", exception_id=name, text="on it")
    (now,) = [c for c in desk.on(2 * SECOND)["exceptions"] if c["id"] == name]
    assert (now["state"], now["acknowledged_by"], now["assigned_to"]) == ("assigned", "anna", "bob")
    assert [note[1:] for note in now["notes"]] == [["anna", "on it"]]
    desk.do("resolve", exception_id=name, note="done")
    (now,) = [c for c in desk.on(2 * SECOND)["exceptions"] if c["id"] == name]
    assert (now["state"], now["ended_by"], now["outcome"]) == ("resolved", "anna", "handled")
    assert [p["by"] for p in desk.rows("exception_noted")] == ["anna", "anna"]


def test_a_recommendation_waits_for_a_person() -> None:
    """It stands with its reason until it is approved; then a command goes out."""
    desk = Desk(2.0)
    shots = (desk.on(2 * MINUTE)["recommendations"] for _ in range(120))
    advice = next(record for shot in shots for record in shot if record["state"] == "waiting")
    assert advice["reason"]
    desk.do("approve", recommendation_id=advice["recommendation_id"])
    after = {r["recommendation_id"]: r for r in desk.on(2 * SECOND)["recommendations"]}
    assert (after[advice["recommendation_id"]]["answer"], after[advice["recommendation_id"]]["by"]) == (
        "accepted", "anna",
    )  # fmt: skip


def test_a_route_is_driven_as_somebody_put_it() -> None:
    """The stops not yet started, turned round."""
    desk = Desk(1.2)
    vehicle = next(v for v in desk.day.picture.belief.vehicles.values() if len(v.stops) > 2)
    turned = [stop.order_id for stop in vehicle.stops][::-1]
    desk.do("route", vehicle_id=vehicle.vehicle_id, orders=turned)
    desk.on(2 * RADIO_S * SECOND)
    tablet = next(d.tablet for d in desk.day.session.built.drivers.values() if d.vehicle.name == vehicle.vehicle_id)
    assert [stop.order_id for stop in tablet.stops] == turned


def test_a_steered_day_is_a_function_of_what_was_recorded() -> None:
    """Every act of this page given in a day: run again from the record it has the same digest."""
    desk = Desk(2.0)
    desk.do("hold", vehicle_id="vans-1")
    desk.do("message", vehicle_id="vans-2", text="hello")
    desk.do("call", vehicle_id="vans-2")
    desk.do("change_order", order_id=desk.order(onboard=False), note="careful")
    desk.do("inject", incident={"kind": "breakdown", "vehicle": "vans-2", "lasts_s": 900})
    here = desk.day.projection.to_xy(*desk.day.session.built.ground.depots["main"][1:])
    desk.do("add_order", order_id="X1", x_m=float(here[0]), y_m=float(here[1]))
    desk.do("cancel_order", order_id=desk.order(onboard=False), reason="changed their mind")
    desk.on(HOUR)
    desk.do("release", vehicle_id="vans-1")
    names = {incident["name"] for incident in desk.on(2 * SECOND)["truth.incidents"]}
    assert names <= {"anna-1"}
    desk.day.advance(desk.day.end_us)
    commands = json.loads(json.dumps(desk.said))
    office = desk.day.session.world.office_ledger.digest(), desk.day.session.world.truth.digest()
    other = Session(tiny(**DAY), commands=commands)
    other.advance(other.scenario.end_us)
    other.finish()
    assert office == (other.world.office_ledger.digest(), other.world.truth.digest())
    assert [p["name"] for p in desk.rows("incident_started", "truth")] == ["anna-1"]


@pytest.mark.parametrize(
    ("what", "fields", "words"),
    [
        ("assign", {"order_id": "nope", "vehicle_id": "vans-1"}, "expected an open order"),
        ("hold", {"vehicle_id": "vans-9"}, "expected a vehicle of the fleet"),
        ("message", {"vehicle_id": "vans-1", "text": "  "}, "expected some text"),
        ("inject", {"incident": {"kind": "earthquake"}}, "breakdown"),
        ("set", {"key": "fleet.vans.count", "value": 3}, "cannot change during a run"),
        ("change_order", {"order_id": "O1", "windows_us": [[5, 3]]}, "open first"),
        ("add_order", {"order_id": "X", "lat": 1.0, "lon": 1.0}, "away from the roads"),
    ],
)
def test_what_cannot_be_meant_is_said_and_not_recorded(what: str, fields: dict[str, Any], words: str) -> None:
    """One line, and nothing in the record."""
    desk = Desk(0.2)
    with pytest.raises(ValueError, match=words):
        desk.do(what, **fields)
    assert not desk.said
    assert not desk.day.posted
