"""Folders that verify, those that cannot be judged in full, and what is said of them."""

import json

import pytest

from scenarios.kpis import kpi_tables
from scenarios.verify import verify
from tests.run_folders import folder_of, rows_of
from tests.worlds import END_US, T0_US, HandMade, at, delivery, tiny_world


def test_no_folder_is_an_error(tmp_path):
    """A folder without a manifest is not a run."""
    with pytest.raises(FileNotFoundError, match="not a run folder"):
        verify(tmp_path)


@pytest.mark.parametrize("status", ["running", "failed"])
def test_a_run_that_did_not_finish_is_not_ok(tmp_path, status):
    """The status says so, even if everything else fits."""
    folder = folder_of(tiny_world(), tmp_path / "run", status=status)
    assert verify(folder).failures == [f"manifest.json: status is {status!r}: the run did not finish"]


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


def test_an_early_finish_is_judged_by_the_time_it_reached(tmp_path):
    """A run ended before its horizon: what was not due by then is not due."""
    manifest = {"start_us": T0_US, "end_us": END_US, "simulated_to_us": at(200), "scenario": {}}
    assert kpi_tables(tmp_path, manifest).end_us == at(200)
    scenario = {"start": "2026-03-02T07:00", "horizon_s": 3600, "time_zone": "Europe/Berlin"}
    tables = kpi_tables(tmp_path, {"scenario": scenario})
    assert (tables.start_us, tables.end_us) == (T0_US, at(60))
