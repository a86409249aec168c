"""One order's story: truth beside what head office knew."""

import json

import pyarrow as pa
import pytest

from scenarios.results import Run
from scenarios.rows import RunLedgers, ledger_rows
from scenarios.telling.history import UnknownOrder
from scenarios.telling.story import Story, order_story
from tests.worlds import HandMade, at, tiny_world


def story(order_id: str, world: HandMade | None = None) -> Story:
    truth, office, _ = (world or tiny_world()).tables()
    return order_story(RunLedgers(ledger_rows(truth), ledger_rows(office), {"time_zone": "UTC"}), order_id)


def test_the_story_of_the_late_order():
    """O2 from being ordered to being half accepted, ten minutes late; every step with when the other side had it."""
    told = story("O2")
    assert (told.state, told.office_state, told.vehicle_id, told.driver_id) == ("late", "delivered", "V1", "D1")
    assert told.verdict.startswith("10 min late: arrived 08:20. Mostly ")
    assert told.verdict.endswith("Only 50% of it was accepted.")
    assert [moment.kind for moment in told.moments] == [
        "order_placed", "set_route", "order_picked_up", "departed", "arrived", "service_started", "order_delivered",
    ]  # fmt: skip
    plan = told.moments[1]
    assert plan.text == "Route for V1: stop 2 of 2, planned arrival 08:00 (day plan) → accepted"
    assert (plan.side, plan.age_s) == ("office", 60)
    assert {moment.age_s for moment in told.moments if moment.side == "truth"} == {2.0}


def test_a_left_out_order_says_why_and_who_decided():
    """O4 never left the depot: head office left it out, with the reason."""
    told = story("O4")
    assert told.verdict == "Not served: too heavy for every vehicle."
    assert [(moment.side, moment.kind) for moment in told.moments] == [
        ("truth", "order_placed"), ("office", "order_left_out"),
    ]  # fmt: skip


def test_a_failed_order_tells_of_its_visit():
    """O3: nobody there, then given up by the office."""
    told = story("O3")
    assert told.verdict == "Failed at 10:10 after 1 visit: not home at attempt 1."
    assert "Visit 1 without success: nobody there" in [moment.text for moment in told.moments]


def test_what_head_office_never_heard_is_said():
    """The proof of delivery was lost: done in truth, open at the office, and the moment has no age."""
    w = tiny_world()
    w.office = [row for row in w.office if not (row[1] == "order_delivered" and '"O1"' in row[6])]
    told = story("O1", w)
    assert (told.state, told.office_state) == ("on_time", "open")
    assert told.moments[-1].age_s is None


def test_a_message_that_came_twice_counts_when_it_first_came():
    """Duplicates and dead letters teach head office nothing."""
    w = tiny_world()
    first = next(row for row in w.office if row[1] == "order_delivered" and '"O1"' in row[6])
    w.office.append((*first[:7], first[7] + 60_000_000, "radio", "duplicate"))
    assert story("O1", w).moments[-1].age_s == 2.0


def test_a_declined_command_gives_the_drivers_reason():
    """The answer stands beside the command."""
    w = tiny_world()
    payload = {"order_id": "O1", "vehicle_id": "V2", "position": None, "arrive_us": None, "reason": "nearest van"}
    command = w.command(20, "assign_order", payload)
    w.happen(21, "command_received", {
        "command_id": command, "vehicle_id": "V2", "answer": "declined", "orders": ["O1"], "reason": "would not fit",
    })  # fmt: skip
    assert "Assigned to V2 (nearest van) → declined (would not fit)" in [m.text for m in story("O1", w).moments]


def test_runbook_and_phone_are_told_where_they_touched_the_order():
    """A step while the order is open; calls to the driver who has it, whoever else is called, and none once it is over
    (O1 at 110, O2 at 150 min)."""
    w = tiny_world()
    step = {
        "step": "ring-round",
        "trigger": "platform_down",
        "role": "dispatcher",
        "minutes": 5.0,
        "does": "call_drivers",
    }
    w.happen(90, "runbook_step_taken", step, "office")
    for minute, who, purpose, waited_s in (
        (95, "D1", "status", 0.0),
        (96, "D2", "status", 0.0),
        (130, "D1", "command", 240.0),
    ):
        call = {"who": who, "purpose": purpose, "waited_s": waited_s, "call_s": 120.0}
        w.happen(minute, "phone_call_ended", call, "office")
    said = "Runbook step ring-round (dispatcher, 5 min): call the drivers, because of: platform down"
    first, second = (
        "Phoned D1 for 2 min: how things stand",
        "Phoned D1 for 2 min after waiting 4 min for a line: a change",
    )
    kinds = ("runbook_step_taken", "phone_call_ended")
    told = {o: [m for m in story(o, w).moments if m.kind in kinds] for o in ("O1", "O2", "O3", "O4")}
    assert [m.text for m in told["O1"]] == [said, first]
    assert [m.text for m in told["O2"]] == [said, first, f"{second} of the route"]
    assert [m.text for m in told["O3"]] == [said, "Phoned D2 for 2 min: how things stand"]
    assert told["O4"] == []
    assert {(m.side, m.learned_us) for moments in told.values() for m in moments} == {("office", None)}


def test_what_passed_with_the_customer_is_part_of_the_story():
    """Told, called, answered, proven, disputed, decided: each a sentence, on the side where it began."""
    w = tiny_world()
    sms = {"order_id": "O1", "customer": "C-O1", "milestone": "next", "channel": "sms", "eta_us": at(80),
           "within_us": 0, "cost_eur": 0.07, "text": "Order O1 is expected at 07:20."}  # fmt: skip
    proof = {"order_id": "O1", "proof_id": "O1-P1", "vehicle_id": "V1", "driver_id": "D1", "captured_us": at(110),
             "what": ["photo", "signature"], "bytes": 91_000, "sha256": ""}  # fmt: skip
    w.happen(70, "customer_notified", sms, "office")
    w.happen(90, "customer_called", {"order_id": "O1", "reason": "time_told_passed", "about_us": at(80)}, "phone")
    answer = {"order_id": "O1", "waited_s": 120.0, "call_s": 60.0, "eta_us": at(99), "within_us": 0}
    w.happen(93, "customer_answered", answer, "office")
    w.happen(111, "proof_captured", proof, "V1", heard=False)
    w.happen(300, "dispute_opened", {"order_id": "O1", "customer": "C-O1"}, "web")
    decision = {"order_id": "O1", "upheld": True, "proof_id": None, "reason": "no proof of delivery had arrived"}
    w.happen(400, "dispute_decided", decision, "office")
    own = ("customer_", "proof_", "dispute_")
    assert [(m.side, m.text, m.age_s) for m in story("O1", w).moments if m.kind.startswith(own)] == [
        ("office", "Told the customer by SMS: Order O1 is expected at 07:20.", None),
        ("truth", "The customer calls: nobody there at 07:20 as told", 2.0),
        ("office", "Answered the customer's call after waiting 2 min; arrival told: 07:39", None),
        ("truth", "Proof O1-P1 recorded: photo, signature (91 kB)", None),
        ("truth", "The customer disputes the delivery", 2.0),
        ("office", "Dispute lost: no proof of delivery had arrived", None),
    ]


def test_alerts_outages_and_waits_are_part_of_the_story():
    """Of this order alone: its alerts, what was down while it was open, and the wait before its own trip."""
    w = tiny_world()
    alert = {"alert_id": "A1", "alert": "late", "rule": "late_delivery_predicted", "subject": "O1", "severity": "info",
             "owner": "dispatcher", "since_us": at(1), "detail": "", "text": "O1 expected 9 min after its window",
             "late": False}  # fmt: skip
    w.happen(5, "alert_raised", alert, "office")
    w.happen(6, "alert_raised", alert | {"subject": "O2"}, "office")
    w.happen(7, "plant_failed", {"component": "platform", "cause": "down"}, "platform")
    w.happen(9, "plant_restored", {"component": "platform", "cause": "down"}, "platform")
    wait = {"vehicle_id": "V1", "driver_id": "D1", "waited_s": 120.0, "why": "platform"}
    w.happen(19.9, "waited_for_connection", wait, "world", heard=False)
    own = ("alert_raised", "plant_failed", "waited_for_connection")
    assert [(m.side, m.text, m.age_s) for m in story("O1", w).moments if m.kind in own] == [
        ("office", "Alert late for dispatcher: O1 expected 9 min after its window", None),
        ("office", "Platform down until 06:09, cause: down", None),
        ("truth", "D1 has stood 2 min without a connection (the dispatch platform was down)", None),
    ]
    assert "waited_for_connection" not in [m.kind for m in story("O2", w).moments]


def test_incidents_that_may_have_touched_the_order_are_part_of_the_story():
    """What was everywhere and what was with its own vehicle, while it was open; an outage of the platform is told of as
    such, and a dispatcher who is away is seen at head office."""
    w = tiny_world()
    for name, kind, minute, more in (
        ("noon", "carrier_outage", 5, {"carriers": ["red"], "radius_m": 10_000.0}),
        ("own", "device_gone", 6, {"vehicle": "V1", "cause": "stolen"}),
        ("others", "device_gone", 6, {"vehicle": "V9"}),
        ("swap", "device_swapped", 7, {"vehicle": "V9", "other": "V1"}),
        ("down", "platform_outage", 8, {}),
        ("away", "dispatcher_absent", 9, {}),
        ("later", "weather", 900, {"state": "snow"}),
    ):
        details = {"at": "06:00", "day": 1, "lasts_s": 600.0, **more}
        w.happen(minute, "incident_started", {"name": name, "incident": kind, "details": details}, "world")
        if name != "noon":
            w.happen(minute + 10, "incident_ended", {"name": name, "incident": kind}, "world")
    assert [(m.side, m.text) for m in story("O1", w).moments if m.kind == "incident_started"] == [
        ("truth", "Incident noon: carrier outage to the end of the run (carriers red)"),
        ("truth", "Incident own: device gone until 06:16 (vehicle V1, cause stolen)"),
        ("truth", "Incident swap: device swapped until 06:17 (vehicle V9, other V1)"),
        ("office", "Incident away: dispatcher absent until 06:19"),
    ]


def test_an_order_still_open_when_the_run_was_killed():
    """A torn ledger: what is there is told."""
    w = tiny_world()
    w.truth = [row for row in w.truth if row[3] < at(90)]
    told = story("O1", w)
    assert (told.state, told.verdict) == ("open", "Still open when the run ended.")


def test_the_story_is_plain_json():
    """``--json`` prints it; the parts of the lateness sum up there too."""
    found = json.loads(json.dumps(story("O2").as_dict()))
    assert sum(part["minutes"] for part in found["lateness"]["parts"]) == pytest.approx(10)
    assert found["moments"][0]["age_s"] == 2.0


def test_from_a_run_folder_sealed_or_torn(tmp_path):
    """A finished run and a killed one tell the same story of what both hold."""
    for name, seal in (("sealed", True), ("torn", False)):
        folder = tiny_world().write(tmp_path / name, seal=seal)
        (folder / "manifest.json").write_text('{"time_zone": "UTC"}')
    assert order_story(tmp_path / "sealed", "O2") == order_story(tmp_path / "torn", "O2") == story("O2")


def test_from_a_run_in_memory():
    """What ``scenarios.run`` returns has tables and a manifest."""
    truth, office, _ = tiny_world().tables()
    run = Run({}, pa.table({}), {"time_zone": "UTC"}, None, truth, office)
    assert order_story(run, "O2") == story("O2")


def test_no_run_folder_and_no_such_order_are_one_clear_error(tmp_path):
    """The error names what was given and what was expected."""
    with pytest.raises(FileNotFoundError, match=r"not a run folder: it has no manifest\.json"):
        order_story(tmp_path, "O2")
    expected = "expected one of the run's 4 orders, or a vehicle"
    with pytest.raises(UnknownOrder, match=f"order 'O22': {expected}; the nearest is 'O2'"):
        story("O22")
    with pytest.raises(UnknownOrder, match=f"order 'V9': {expected}; the nearest is 'V"):
        story("V9")
