"""A good folder verifies; each kind of damage or lie in it is found and named."""

import hashlib
import json
import re
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scenarios.kpis import kpi_tables
from scenarios.verification.findings import Findings
from scenarios.verification.motion import SampleRules, TripRules
from scenarios.verify import folder_digest, verify
from tests.worlds import END_US, T0_US, HandMade, at, delivery, tiny_world
from twin.kpis import by_dimension, compute, gather


def finish(folder, **changes):
    """What the end of a run adds: KPIs, digest, checksums, status."""
    manifest = {"status": "finished", "start_us": T0_US, "end_us": END_US, "scenario": {}, "time_zone": "UTC"}
    evidence = gather(kpi_tables(folder, manifest))
    (folder / "kpis.json").write_text(json.dumps(compute(evidence)))
    pq.write_table(by_dimension(evidence), folder / "kpis.parquet")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "manifest.json"]
    manifest["checksums"] = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }
    manifest["digest"] = folder_digest(folder)
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))
    return folder


def folder_of(world, path, **changes):
    return finish(world.write(path), **changes)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return folder_of(tiny_world(), tmp_path_factory.mktemp("run") / "good")


def rows_of(world, ledger, kind, mention=""):
    """Rows of a kind in a ledger of a hand-made world, that mention a text."""
    rows = getattr(world, ledger)
    return [i for i, row in enumerate(rows) if row[1] == kind and mention in row[6]]


def change(world, kind, mention="", ledgers=("truth", "office"), **fields):
    """Put other values into the payload of a row."""
    for ledger in ledgers:
        rows = getattr(world, ledger)
        i = rows_of(world, ledger, kind, mention)[0]
        rows[i] = (*rows[i][:6], json.dumps({**json.loads(rows[i][6]), **fields}), *rows[i][7:])


def test_a_good_folder_verifies(good):
    """No failures, the digest is the manifest's."""
    verdict = verify(good)
    assert verdict.failures == []
    assert verdict.ok
    assert verdict.digest == json.loads((good / "manifest.json").read_text())["digest"]


def test_no_folder_is_an_error(tmp_path):
    """A folder without a manifest is not a run."""
    with pytest.raises(FileNotFoundError, match="not a run folder"):
        verify(tmp_path)


# --- a run that tells something impossible, sealed as if it were true ---


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


# --- a folder that was tampered with afterwards ---


@pytest.fixture
def copy(good, tmp_path):
    return shutil.copytree(good, tmp_path / "run")


def edit_table(path, edit):
    pq.write_table(edit(pq.read_table(path)), path)


def replaced(table, name, values):
    """The table with other values in a column."""
    i = table.schema.get_field_index(name)
    return table.set_column(i, table.schema.field(i), pa.array(values, table.schema.field(i).type))


def _another_reason(table):
    texts = table["payload"].to_pylist()
    return replaced(table, "payload", [text.replace("too heavy", "too light") for text in texts])


def _a_metre_east(table):
    return replaced(table, "x_m", [x + 0.5 for x in table["x_m"].to_pylist()])


def _a_litre_more(table):
    return replaced(table, "fuel_ml", [ml + 1 for ml in table["fuel_ml"].to_pylist()])


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("truth.parquet", _another_reason),
        ("office.parquet", _another_reason),
        ("trips.parquet", _a_metre_east),
        ("telemetry/part-00000.parquet", _a_litre_more),
    ],
)
def test_another_value_changes_the_digest(copy, name, edit):
    """A harmless-looking value in any of the four: digest and checksum both tell."""
    edit_table(copy / name, edit)
    failures = verify(copy).failures
    assert any(line.startswith("digest: the manifest says") for line in failures)
    assert any(line.startswith(f"checksums: {name}") for line in failures)


def test_a_gap_in_seq_is_found(copy):
    """A row taken out of the ledger leaves a hole in seq."""
    edit_table(copy / "truth.parquet", lambda table: pa.concat_tables([table.slice(0, 5), table.slice(6)]))
    assert any(line == "truth: seq 6 where 5 was expected" for line in verify(copy).failures)


def test_rows_out_of_order_are_found(copy):
    """Ledger rows in another order."""
    edit_table(copy / "office.parquet", lambda table: table.take(list(range(table.num_rows))[::-1]))
    assert any("comes after seq" in line for line in verify(copy).failures)


def test_a_better_kpi_is_found(copy):
    """A KPI polished by hand, in the last digit too."""
    kpis = json.loads((copy / "kpis.json").read_text())
    kpis["on_time_share"]["value"] = 0.25000000000000006
    (copy / "kpis.json").write_text(json.dumps(kpis))
    failures = verify(copy).failures
    assert any(line.startswith("kpis: on_time_share: 0.25000000000000006") for line in failures)


def test_a_better_kpi_of_a_driver_is_found(copy):
    """The table by dimension is recomputed too."""
    edit_table(copy / "kpis.parquet", lambda table: replaced(table, "value", [1.0] * table.num_rows))
    assert "kpis: kpis.parquet is not what the ledgers give" in verify(copy).failures


def test_a_missing_file_is_found(copy):
    """A file the manifest lists is gone."""
    (copy / "kpis.parquet").unlink()
    failures = verify(copy).failures
    assert "checksums: kpis.parquet: missing" in failures


@pytest.mark.parametrize("name", ["truth.parquet", "office.parquet", "trips.parquet", "telemetry/part-00000.parquet"])
def test_a_flipped_byte_is_found(copy, name):
    """Damage on the disk is a failure that names the file, not a crash."""
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 3] ^= 0xFF
    (copy / name).write_bytes(data)
    verdict = verify(copy)
    assert not verdict.ok
    assert any(line.startswith(f"checksums: {name}") for line in verdict.failures)


@pytest.mark.parametrize("name", ["truth.parquet", "office.parquet", "trips.parquet", "telemetry/part-00000.parquet"])
def test_a_file_cut_short_is_found(copy, name):
    """Half a Parquet file cannot be read, and the verdict says which."""
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: len(data) // 2])
    failures = verify(copy).failures
    assert any("cannot be read" in line and line.startswith(name.removesuffix(".parquet")) for line in failures)


@pytest.mark.parametrize("status", ["running", "failed"])
def test_a_run_that_did_not_finish_is_not_ok(good, tmp_path, status):
    """The status says so, even if everything else fits."""
    folder = folder_of(tiny_world(), tmp_path / "run", status=status)
    assert verify(folder).failures == [f"manifest.json: status is {status!r}: the run did not finish"]


# --- runs that are not sealed, or not simulated ---


def test_a_killed_run_is_read_up_to_its_torn_tail(tmp_path):
    """Arrow streams with half a batch at the end: the whole rows count, open orders are no failure, and it is said."""
    world = tiny_world()
    world.office = [row for row in world.office if row[1] != "order_failed"]
    world.truth = [row for row in world.truth if row[1] != "order_failed"]
    folder = world.write(tmp_path / "run", seal=False)
    with open(folder / "truth.arrows", "rb+") as file:
        file.seek(-8, 2)
        file.truncate()
        file.seek(0, 2)
        file.write(b"\xff\xff\xff\xff\x40\x00\x00\x00torn")
    (folder / "manifest.json").write_text(json.dumps({"status": "running", "scenario": {}}))
    verdict = verify(folder)
    assert verdict.failures == ["manifest.json: status is 'running': the run did not finish"]
    assert any("truth.arrows" in note and "rows)" in note for note in verdict.notes)
    assert verdict.digest


def test_a_live_fed_twin_verifies(tmp_path):
    """Nobody knows the truth; what the office heard is checked on its own."""
    world = tiny_world()
    world.truth, world.trips = [], []
    verdict = verify(folder_of(world, tmp_path / "run"))
    assert verdict.failures == []
    assert any("truth is empty" in note for note in verdict.notes)


def test_an_empty_run_verifies(tmp_path):
    """Nothing happened, and that is fine."""
    assert verify(folder_of(HandMade(), tmp_path / "run")).failures == []


def test_duplicates_and_dead_letters_are_no_failure(tmp_path):
    """They are kept with their reason: the copy has the id of the first, the dead letter may be anything."""
    world = tiny_world()
    row = world.office[rows_of(world, "office", "delivery_attempted")[0]]
    world.office.append((*row[:-1], "duplicate"))
    world.office.append(("?", "nonsense", *row[2:-1], "dead_letter: unknown kind 'nonsense'"))
    assert verify(folder_of(world, tmp_path / "run")).failures == []


def test_given_travel_times_are_not_judged_by_physics(tmp_path):
    """On a table of travel times there is no road: speeds and lengths are what the table says."""
    world = tiny_world()
    _too_fast(world)
    folder = folder_of(world, tmp_path / "run", scenario={"roads": {"matrix_file": "times.csv"}})
    assert verify(folder).failures == []


def test_failures_of_one_kind_are_counted_not_listed(tmp_path):
    """A thousand open orders give twenty lines and a count."""
    world = HandMade()
    for n in range(1000):
        world.happen(0, "order_placed", delivery(f"O{n}", None))
    failures = verify(folder_of(world, tmp_path / "run")).failures
    assert len(failures) == 21
    assert failures[-1] == "orders: 980 more"


def test_goods_brought_back_make_room(tmp_path):
    """At the depot what came back is unloaded: the next load is judged on its own."""
    world = tiny_world()
    world.happen(1, "order_placed", delivery("O7", None, kg=45.0))
    who = {"vehicle_id": "V2", "driver_id": "D2"}
    world.happen(192, "order_picked_up", {**who, "order_id": "O7", "at_depot": "X"}, "V2")
    world.happen(211, "order_left_out", {"order_id": "O7", "reason": "the day was over"}, "office")
    assert verify(folder_of(world, tmp_path / "run")).failures == []


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


def test_an_early_finish_is_judged_by_the_time_it_reached(tmp_path):
    """A run ended before its horizon: what was not due by then is not due."""
    manifest = {"start_us": T0_US, "end_us": END_US, "simulated_to_us": at(200), "scenario": {}}
    assert kpi_tables(tmp_path, manifest).end_us == at(200)
    scenario = {"start": "2026-03-02T07:00", "horizon_s": 3600, "time_zone": "Europe/Berlin"}
    tables = kpi_tables(tmp_path, {"scenario": scenario})
    assert (tables.start_us, tables.end_us) == (T0_US, at(60))
