"""Several viewers of one day: rights, selections and moments of their own, its past, and another future."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.clock import HOUR, SECOND
from scenarios.folder import read_commands
from scenarios.live.aside import play
from scenarios.live.frames import changes
from scenarios.live.other_days import OtherDays
from scenarios.live.pace import Pace
from scenarios.live.recorded import RecordedDay
from scenarios.live.simulated import SimulatedDay
from scenarios.results import Run
from scenarios.run import Session, run
from tests.served import Served
from tests.tiny import tiny

WAY_THERE = ("heading", "truth.heading", "kpis", "truth.kpis", "engineer", "looked_at")
"""Parts that depend on how often somebody looked, or on who looks."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A tiny day in a folder, four hours on, paused."""
    folder = tmp_path / "run"
    folder.mkdir()
    day = SimulatedDay(Session(tiny(), None, folder))
    day.advance(day.start_us + 4 * HOUR)
    served = Served(day, Pace(None))
    yield served
    served.end()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny day."""
    out = tmp_path_factory.mktemp("runs") / "finished"
    run(tiny(), out=out)
    return out


def test_a_line_may_do_what_it_was_let_in_for(served: Served) -> None:
    """A watcher watches; a dispatcher acts but moves no clock and injects nothing."""
    watcher = served.watch(truth=False, clock=False, command=False, trainer=False)
    dispatcher = served.watch(truth=False, clock=False, trainer=False)
    hold = {"do": "hold", "vehicle_id": "vans-1", "by": "x"}
    for line, fields, words in (
        (watcher, {"do": "play"}, "only who owns the day"),
        (watcher, hold, "not for you"),
        (dispatcher, {"do": "step"}, "only who owns the day"),
        (dispatcher, {"do": "inject", "incident": {"kind": "breakdown"}, "by": "x"}, "not for you"),
        (dispatcher, {"do": "post", "kind": "hold_vehicle", "payload": {}, "by": "x"}, "not for you"),
    ):
        answer = line.ask(**fields)
        assert not answer["ok"]
        assert words in answer["text"]
    assert dispatcher.ask(**hold)["ok"]
    assert [c["kind"] for c in read_commands(served.folder_of())] == ["hold_vehicle"]


def test_each_looks_closely_at_what_they_chose(served: Served) -> None:
    """Ways and trails of the vehicles one viewer chose reach nobody else; the true trail nobody without the truth."""
    one, other = served.watch(), served.watch(truth=False)
    assert one.ask(do="look_at", vehicles=["vans-1", "e-vans-1"])["ok"]
    assert other.ask(do="look_at", vehicles=["vans-2"])["ok"]
    assert not one.ask(do="look_at", vehicles=["vans-9"])["ok"]
    one.ask(do="step")
    one.until(lambda p: p["looked_at"] == [0, 2])
    other.until(lambda p: p["looked_at"] == [1])
    for _ in range(20):
        one.ask(do="step")
    parts = one.parts
    start = parts["trail.start"]
    assert len(start) == 3
    assert start[-1] == len(parts["trail.x"]) == len(parts["trail.s"]) > 0
    assert (np.diff(parts["trail.s"][: start[1]]) >= 0).all()
    assert len(parts["way.x"]) == parts["way.start"][-1] > 0
    assert len(parts["truth.trail.x"]) > 0
    assert "truth.trail.x" not in other.names
    assert one.ask(do="look_at", vehicles=[])["ok"]
    assert len(one.parts["trail.x"]) == 0
    assert other.ask(do="look_at", vehicles=["vans-2"])["ok"]
    assert served.day._trails


def test_looking_closely_changes_no_byte(finished: Path) -> None:
    """Trails are kept aside: the digest is that of a day nobody watched."""
    folder = finished.with_name("looked-at")
    folder.mkdir()
    day = SimulatedDay(Session(tiny(), None, folder))
    for number in range(24):
        day.follow({number % 3})
        day.advance(day.now_us + HOUR // 2)
    assert Run.read(folder).digest == Run.read(finished).digest


def test_a_day_told_again_is_each_viewers_own(finished: Path) -> None:
    """One jumps and plays, the other stays where they are."""
    day = RecordedDay(finished)
    day.seek(day.start_us + 2 * SECOND)
    served = Served(day, Pace(None))
    try:
        one, other = served.watch(), served.watch()
        assert one.ask(do="seek", at_us=day.start_us + 5 * HOUR)["ok"]
        assert other.ask(do="step")["ok"]
        assert one.parts["clock"]["now_us"] == day.start_us + 5 * HOUR
        assert other.parts["clock"]["now_us"] == day.start_us + 62 * SECOND
        assert one.parts["clock"]["own"]
        assert not one.ask(do="hold", vehicle_id="vans-1", by="x")["ok"]
        assert one.ask(do="look_at", vehicles=["vans-1"])["ok"]
        assert (one.parts["trail.s"] <= 5 * 3600).all()
        assert len(one.parts["truth.trail.x"]) > 1
        doc = one.ask(do="tell", order_id="O1")["doc"]
        assert doc["order"]["order_id"] == "O1"
    finally:
        served.end()


def test_the_past_of_a_day_is_exactly_what_was(tmp_path: Path) -> None:
    """Run again up to now and told again: every part of the belief at an earlier moment is what was shown then."""
    folder = tmp_path / "run"
    folder.mkdir()
    session = Session(tiny(alerts={"geofence_entered": {}}), None, folder)
    day = SimulatedDay(session)
    day.advance(day.start_us + 3 * HOUR)
    day.post("hold_vehicle", {"vehicle_id": "vans-1", "reason": "anna decided"}, "anna")
    day.advance(day.start_us + 4 * HOUR)
    then, at_us = day.parts(), day.now_us
    day.advance(day.start_us + 6 * HOUR)
    variant = {"policy": None, "commands": read_commands(folder), "out": str(tmp_path / "past")}
    play(session._manifest("running"), day.now_us, {"past": variant})
    past = RecordedDay(tmp_path / "past").again()
    past.seek(past.end_us)
    past.seek(at_us)
    told = past.parts()
    assert told["held"][0] == 1
    for name in ("state", "done", "next", "order.state", "order.vehicle", "route.order", "exceptions", "pending",
                 "news", "kpi_table", "truth.kpi_table", "trend.cost_eur", "health.odometer_m", "hours.driven_s",
                 "truth.state"):  # fmt: skip
        assert not changes({name: then[name]}, {name: told[name]}), name
    np.testing.assert_allclose(told["x"], then["x"], atol=0.02)


def test_going_back_and_returning(served: Served) -> None:
    """One viewer sees an earlier moment on a clock of their own, and may not act there; the day goes on for others."""
    one, other = served.watch(), served.watch()
    start_us = served.day.start_us
    assert not one.ask(do="past", at_us=start_us + 5 * HOUR)["ok"]
    assert one.ask(do="past", at_us=start_us + 2 * HOUR)["ok"]
    assert other.ask(do="step")["ok"]
    one.until(lambda p: p["clock"]["own"])
    assert one.parts["clock"]["now_us"] == start_us + 2 * HOUR
    assert not one.ask(do="hold", vehicle_id="vans-1", by="x")["ok"]
    assert one.ask(do="step")["ok"]
    assert one.parts["clock"]["now_us"] == start_us + 2 * HOUR + 60 * SECOND
    assert other.parts["clock"]["now_us"] == start_us + 4 * HOUR + 60 * SECOND
    assert one.ask(do="now")["ok"]
    assert one.parts["clock"]["now_us"] == start_us + 4 * HOUR + 60 * SECOND
    assert not one.parts["clock"]["own"]


def test_branching_keeps_what_was_and_goes_on_differently(served: Served) -> None:
    """Up to the moment the rows are the same; the first day's folder stays, to be resumed."""
    one = served.watch()
    folder, start_us = served.folder_of(), served.day.start_us
    assert one.ask(do="hold", vehicle_id="vans-1", by="anna")["ok"]
    one.ask(do="step")
    answer = one.ask(do="branch", at_us=start_us + 3 * HOUR)
    assert answer["ok"], answer
    assert one.parts["clock"]["now_us"] == start_us + 3 * HOUR
    assert one.parts["held"].tolist() == [0, 0, 0]
    branch = folder.with_name("run-branch-1")
    assert read_commands(branch) == []
    assert [c["kind"] for c in read_commands(folder)] == ["hold_vehicle"]
    assert one.ask(do="step")["ok"]


def test_a_debrief_sets_the_day_beside_what_would_have_been(tmp_path: Path) -> None:
    """KPIs of the day as played, of the same seed untouched and under smart; what only truth knows apart."""
    manifest = Session(tiny())._manifest("running")
    scenario = tiny()
    hold = {"at_us": scenario.start_us + 2 * HOUR, "kind": "hold_vehicle", "by": "x",
            "payload": {"vehicle_id": "e-vans-1", "reason": "x"}}  # fmt: skip
    found = play(manifest, scenario.end_us, {
        "played": {"policy": None, "commands": [hold], "out": None},
        "untouched": {"policy": None, "commands": [], "out": None},
    })  # fmt: skip
    assert found["untouched"]["on_time_share"] == run(tiny()).kpis["on_time_share"]
    assert found["played"]["on_time_share"]["value"] < found["untouched"]["on_time_share"]["value"]
    others = OtherDays(lambda act: act())
    others.of(SimulatedDay(Session(tiny())))
    others._compared(found | {"smart": found["untouched"]})
    others._failed("no")
    assert others.parts["debrief"]["state"] == "ready"  # what is there stays
    told, true = (others.parts[name]["kpis"] for name in ("debrief", "truth.debrief"))
    row = next(row for row in true if row["name"] == "on_time_share")
    assert row["played"] < row["untouched"] == row["smart"]
    assert {"alert_precision", "alert_recall"}.isdisjoint(row["name"] for row in told)
    others.close()


def test_of_a_day_that_is_over_the_past_is_its_folder(finished: Path, tmp_path: Path) -> None:
    """Nothing has to be run again; and the story of an order is told from it, also without the truth."""
    folder = tmp_path / "run"
    folder.mkdir()
    served = Served(SimulatedDay(Session(tiny(), None, folder)), Pace(None))
    try:
        viewer = served.watch(truth=False)
        assert viewer.ask(do="play")["ok"]
        viewer.until(lambda p: p["clock"]["ended"])
        assert viewer.ask(do="past", at_us=served.day.start_us + 5 * HOUR)["ok"]
        viewer.until(lambda p: p["clock"]["own"])
        assert viewer.parts["clock"]["now_us"] == served.day.start_us + 5 * HOUR
        doc = viewer.ask(do="tell", vehicle_id="vans-1")["doc"]
        assert doc["trips"]
        assert all(line[0] <= served.day.start_us + 5 * HOUR for line in doc["lines"])
        assert not viewer.ask(do="tell", order_id="nope")["ok"]
        assert not [name for name in viewer.names if name.startswith("truth.")]
    finally:
        served.end()


def test_a_day_told_again_knows_what_devices_measured(finished: Path) -> None:
    """Nothing before the first sample came, then what it said."""
    day = RecordedDay(finished)
    assert np.isnan(day.parts()["health.supply_v"]).all()
    day.seek(day.end_us)
    assert (day.parts()["health.supply_v"] > 10).all()
