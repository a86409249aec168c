"""A run that tells something impossible, sealed as if it were true: found and named."""

import re

import pyarrow.parquet as pq
import pytest

from scenarios.verification.findings import Findings
from scenarios.verification.motion import SampleRules, TripRules
from scenarios.verify import verify
from tests.run_folders import change, folder_of, rows_of
from tests.worlds import at, delivery, tiny_world


def _ends_twice(w):
    w.happen(300, "order_failed", {"order_id": "O1", "reason": "again", "attempts": 2}, "office")


def _never_ends(w):
    w.happen(1, "order_placed", delivery("O8", None))


def _never_placed(w):
    w.happen(300, "order_left_out", {"order_id": "O9", "reason": "?"}, "office")


def _served_twice(w):
    p = {"order_id": "O1", "task": "delivery", "vehicle_id": "V2", "driver_id": "D2", "arrived_us": at(195)}
    w.happen(196, "service_started", {**p, "due_us": at(197)}, "V2")


def _overloaded(w):
    change(w, "order_placed", '"O2"', demand={"weight_kg": 31.0})


def _overloaded_by_what_came_back(w):
    """O3 was not delivered: it is still on board when something heavy is collected."""
    p = delivery("O7", None, kg=45.0, known=True)
    w.happen(1, "order_placed", {**p, "pickup": p["delivery"], "delivery": None})
    w.happen(169, "order_delivered", {
        "order_id": "O7", "vehicle_id": "V2", "driver_id": "D2", "attempt": 1, "arrived_us": at(166),
        "started_us": at(166), "service_s": 60.0, "share": 1.0,
    }, "V2")  # fmt: skip
    change(w, "departed", '"purpose":"depot","to":"X","onboard":["O3"]', onboard=["O3", "O7"])


def _not_on_board(w):
    change(w, "departed", '"to":"O2"', onboard=[])


def _unknown_on_board(w):
    change(w, "departed", '"to":"O3"', onboard=["O3", "O4"])


def _too_much_driving(w):
    change(w, "shift_ended", '"D1"', driving_s=9001.0)


def _duty_is_not_the_shift(w):
    change(w, "shift_ended", '"D2"', duty_s=8000.0)


def _idle_beyond_engine(w):
    change(w, "shift_ended", '"D1"', idle_s=6001.0)


def _odometer_jumps(w):
    change(w, "arrived", '"at":"O2"', odometer_m=17_000.0)


def _distance_is_not_the_line(w):
    change(w, "arrived", '"at":"O1"', distance_m=11_000.0, odometer_m=12_000.0)


def _too_fast(w):
    t = w.trips[1]
    w.trips[1] = (*t[:2], w.trips[0][2] + 160_000_000, *t[3:])


def _runs_back(w):
    t = w.trips[1]
    w.trips[1] = (*t[:2], w.trips[0][2] - 1, *t[3:])


def _jumps_between_trips(w):
    t = w.trips[2]
    w.trips[2] = (*t[:3], t[3] + 1.5, t[4])


def _trip_missing(w):
    del w.trips[-2:]


def _trip_in_two_places(w):
    w.trips += w.trips[:2]


def _payload_wrong(w):
    change(w, "order_left_out", reason=7)


def _unknown_kind(w):
    w.happen(300, "van_painted", {}, heard=False)


def _id_twice(w):
    i = rows_of(w, "truth", "order_placed", '"O2"')[0]
    j = rows_of(w, "truth", "order_placed", '"O1"')[0]
    w.truth[i] = (w.truth[j][0], *w.truth[i][1:])


def _believed_twice(w):
    w.office.append(w.office[rows_of(w, "office", "delivery_attempted")[0]])


def _heard_of_nothing(w):
    row = w.office[rows_of(w, "office", "delivery_attempted")[0]]
    w.office.append(("V2:999", *row[1:]))


def _another_kind(w):
    i, j = (rows_of(w, "office", kind)[0] for kind in ("order_left_out", "order_failed"))
    w.office[i] = (w.office[j][0], *w.office[i][1:])
    del w.office[j]


def _heard_too_early(w):
    i = rows_of(w, "office", "delivery_attempted")[0]
    row = w.office[i]
    w.office[i] = (*row[:7], row[3] - 1, *row[8:])


def _odometer_of_the_device_runs_back(w):
    w.telemetry[-1]["odometer_m"] = 5


def _sample_missing(w):
    del w.telemetry[3]


def _received_before_taken(w):
    w.telemetry[2]["received_at"] = w.telemetry[2]["occurred_at"] - 1


def _taken_out_of_order(w):
    w.telemetry[4]["occurred_at"] = at(61)


def _received_nobody_knows_when(w):
    w.telemetry[2]["received_at"] = None


def _lost_and_received(w):
    w.telemetry[2]["fate"] = "overrun"


def _unknown_fate(w):
    w.telemetry[2] |= {"fate": "vanished", "received_at": None}


def _open_fate(w):
    w.telemetry[2] |= {"fate": "open", "received_at": None}


LIES = {
    _ends_twice: r"orders: truth seq \d+ \(order_failed\): order O1 ends again: it was order_delivered in seq \d+",
    _never_ends: "orders: order O8: never ended",
    _never_placed: "orders: truth seq .*order O9 was never placed",
    _served_twice: "stops: truth seq .*delivery of order O1 is served again",
    _overloaded: "loads: truth seq .*V1 carries weight_kg 51, its capacity is 50",
    _overloaded_by_what_came_back: r"loads: truth seq \d+ \(order_delivered\): V2 carries weight_kg 65",
    _not_on_board: "loads: truth seq .*O2 should be on board of V1",
    _unknown_on_board: "loads: truth seq .*order O4 is on board but was never picked up",
    _too_much_driving: "shifts: truth seq .*D1 drove 9001.0 s and rested 1800.0 s in 10800.0 s",
    _duty_is_not_the_shift: "shifts: truth seq .*D2 was 8000.0 s on duty in a shift that lasted 9000.0 s",
    _idle_beyond_engine: "shifts: truth seq .*D1 idled 6001.0 s",
    _odometer_jumps: "odometer: truth seq .*V1 shows 17000.0 m after 11000.0 m and a trip of 5000.0 m",
    _distance_is_not_the_line: r"trips: truth seq \d+ \(arrived\): 11000.0 m driven, 10000.0 m long",
    _too_fast: r"trips: row 1 \(V1-0\): 10000.0 m in 160.0 s",
    _runs_back: r"trips: row 1 \(V1-0\): time runs back",
    _jumps_between_trips: "trips: V1-1: starts 1.5 m from where V1 stood",
    _trip_missing: r"trips: truth seq \d+ \(arrived\): its trip is not in the file",
    _trip_in_two_places: "trips: V1-0: its rows stand in two places",
    _payload_wrong: r"truth: seq \d+ \(office:0\): order_left_out.reason: Input should be a valid string",
    _unknown_kind: "truth: seq .*unknown kind 'van_painted'",
    _id_twice: r"truth: seq \d+: its event id is that of seq \d+",
    _believed_twice: r"office: seq \d+: its event id is that of seq \d+",
    _heard_of_nothing: r"messages: office seq \d+ \(delivery_attempted\): not in truth",
    _another_kind: r"messages: office seq \d+ is order_left_out, truth seq \d+ is order_failed",
    _heard_too_early: r"messages: office seq \d+ \(delivery_attempted\): received 1 us before it occurred",
    _odometer_of_the_device_runs_back: "telemetry: dev-V2 sample 6: the odometer runs back",
    _sample_missing: "telemetry: dev-V2 sample 2: a number is missing",
    _received_before_taken: "telemetry: dev-V1 sample 1: received before it was taken",
    _taken_out_of_order: "telemetry: dev-V1 sample 2: taken before the sample before it",
    _received_nobody_knows_when: "telemetry: dev-V1 sample 1: its fate is received, but not when",
    _lost_and_received: "telemetry: dev-V1 sample 1: it was received, its fate says otherwise",
    _unknown_fate: "telemetry: dev-V1 sample 1: its fate is none of received, buffered, overrun, dead",
    _open_fate: "telemetry: dev-V1 sample 1: its fate is none of received, buffered, overrun, dead",
}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__[1:])
def test_what_cannot_be_is_found(lie, tmp_path):
    """Checksums, digest and KPIs all agree, and still the invariant is seen to be broken."""

    world = tiny_world()
    lie(world)
    verdict = verify(folder_of(world, tmp_path / "run"))
    assert not verdict.ok
    assert any(re.match(LIES[lie], line) for line in verdict.failures), verdict.failures
    assert not any(line.startswith(("checksums", "digest", "kpis")) for line in verdict.failures)


def test_given_travel_times_are_not_judged_by_physics(tmp_path):
    """On a table of travel times there is no road: speeds and lengths are what the table says."""
    world = tiny_world()
    _too_fast(world)
    folder = folder_of(world, tmp_path / "run", scenario={"roads": {"matrix_file": "times.csv"}})
    assert verify(folder).failures == []


def _findings(rules_of, batches):
    findings = Findings()
    rules = rules_of(findings)
    for batch in batches:
        rules.take(batch)
    if isinstance(rules, TripRules):
        rules.finish()
    return findings.lines(), rules


@pytest.mark.parametrize(
    "lie", [_too_fast, _runs_back, _jumps_between_trips, _trip_in_two_places], ids=lambda lie: lie.__name__[1:]
)
def test_trips_are_judged_the_same_however_they_are_read(lie, tmp_path):
    """Row by row or at once: the same trips are named, and their lengths are the same."""
    world = tiny_world()
    lie(world)
    table = pq.read_table(world.write(tmp_path / "run") / "trips.parquet")
    whole, at_once = _findings(TripRules, table.to_batches())
    pieces, by_row = _findings(TripRules, table.to_batches(max_chunksize=1))
    assert len(pieces) == len(whole) >= 1
    assert by_row.lengths_mm == at_once.lengths_mm
    assert by_row.keys == at_once.keys


@pytest.mark.parametrize(
    "lie", [_sample_missing, _taken_out_of_order, _odometer_of_the_device_runs_back], ids=lambda lie: lie.__name__[1:]
)
def test_samples_are_judged_the_same_however_they_are_read(lie):
    """Row by row or at once: the same samples are named."""
    world = tiny_world()
    lie(world)
    table = world.telemetry_table()
    whole, _ = _findings(SampleRules, table.to_batches())
    pieces, _ = _findings(SampleRules, table.to_batches(max_chunksize=1))
    assert len(whole) >= 1
    assert pieces == whole
