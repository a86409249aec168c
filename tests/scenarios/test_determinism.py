"""Same seed, same bytes: whatever the process, hash seed, window, progress, place of storage or host."""

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

import scenarios.run  # noqa: F401  (the module is patched below)
from scenarios.ground import prepare
from scenarios.run import Session, run
from tests.tiny import tiny, write_tiny

RUN = sys.modules["scenarios.run"]
BUSY = {
    "orders": {"generate": {"pickup_share": 0.2, "pair_share": 0.2}},
    "incidents": {"jam": {"kind": "road_closure", "near_depot": "main", "at": "08:00", "radius_m": 600.0}},
}


@pytest.fixture(scope="module")
def digest() -> str:
    """Of the tiny day, kept in memory."""
    return run(tiny(**BUSY)).digest


@pytest.mark.parametrize(
    "host",
    [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "4242", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1"},
        {"PYTHONHASHSEED": "7", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
    ],
    ids=["hash seed", "Kathmandu", "Turkish"],
)
def test_another_process_gives_the_same_bytes(host: dict[str, str], digest: str, tmp_path: Path) -> None:
    """Neither hash seed, nor time zone, nor language of the host show in a run."""
    scenario = write_tiny(tmp_path, **BUSY)
    out = subprocess.run(
        [sys.executable, "-m", "twin", "run", str(scenario), "--out", str(tmp_path / "run"), "--json"],
        env={**os.environ, **host},
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    assert f'"digest": "{digest}"' in out.stdout


@pytest.mark.parametrize("window_us", [7_000_000, 60_000_000, 10**12])
def test_the_telemetry_window_changes_no_byte(window_us: int, digest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven seconds, a minute or the whole run at once."""
    monkeypatch.setattr(RUN, "WINDOW_US", window_us)
    assert run(tiny(**BUSY)).digest == digest


def test_neither_progress_nor_the_folder_changes_a_byte(digest: str, tmp_path: Path) -> None:
    """Shown or not, in memory or on disk."""
    told: list[float] = []
    with_folder = run(tiny(**BUSY), out=tmp_path / "run", progress=lambda share, _: told.append(share))
    assert with_folder.digest == digest
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_tables_in_memory_are_those_of_the_folder(tmp_path: Path) -> None:
    """``Run`` gives the same rows and figures however the run was kept, though samples overtake each other."""
    radio = {"carriers": {"red": {"terrain": {"dark_share": 0.3}, "loss_share": 0.2}}, "depot_wifi_m": 0.0}
    scenario = tiny(**BUSY, radio=radio)
    kept, written = run(scenario), run(scenario, out=tmp_path / "run")
    assert kept.truth.equals(written.truth)
    assert kept.office.equals(written.office)
    assert kept.kpis == written.kpis
    assert kept.trips.sort_by("t").num_rows == written.trips.num_rows
    assert kept.telemetry.equals(written.telemetry)


def test_two_worlds_in_one_process_do_not_disturb_each_other(digest: str) -> None:
    """Interleaved hour by hour with another world, even on the same roads, a run is what it is alone."""
    scenario = tiny(**BUSY)
    ground = prepare(scenario)
    ours, other = Session(scenario, ground), Session(tiny(seed=99, **BUSY), ground)
    for hour in range(1, 13):
        for session in (ours, other):
            session.advance(scenario.start_us + hour * 3_600_000_000)
    assert other.finish().digest != digest
    assert ours.finish().digest == digest


def test_one_world_after_another_on_the_same_ground() -> None:
    """An incident's weather is gone with the world it happened in."""
    scenario = tiny(incidents={"snow": {"kind": "weather", "state": "snow", "at": "09:00", "lasts_s": 7200.0}})
    ground = prepare(scenario)
    assert run(scenario, ground=ground).digest == run(scenario, ground=ground).digest


def _placed(**sections: object) -> list[tuple]:
    truth = run(tiny(**sections)).truth
    rows = truth.filter([kind == "order_placed" for kind in truth["kind"].to_pylist()])
    return list(zip(rows["occurred_at"].to_pylist(), rows["payload"].to_pylist()))


def test_adding_a_vehicle_leaves_the_customers_as_they_are() -> None:
    """Orders, their places, windows and times of placing belong to the customers."""
    assert _placed() == _placed(fleet={"vans": {"count": 4}})
    assert _placed() == _placed(dispatch={"policy": "nearest"})
    assert _placed() != _placed(seed=4)


def test_a_finished_world_is_let_go() -> None:
    """Mesa keeps every model in a class-level dictionary; a finished world must not stay there."""
    session = Session(tiny())
    session.run()
    world, population = weakref.ref(session.world), weakref.ref(session.built.population)
    del session
    gc.collect()
    assert world() is None
    assert population() is None


def test_a_failed_world_is_let_go() -> None:
    """Neither must one whose policy raised."""

    def broken(*_: object) -> list:
        raise ZeroDivisionError("a policy's own mistake")

    session = Session(tiny(), policy=broken)
    with pytest.raises(ZeroDivisionError):
        session.run()
    world = weakref.ref(session.world)
    del session
    gc.collect()
    assert world() is None
