"""A run folder to report on: the tiny day, with hostile names; and the system's Chromium to look with."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import sync_playwright

from engine.roads.lines import LINES_SCHEMA
from tests.worlds import HandMade, tiny_world

HOSTILE = '<script>alert("boo")</script>'
FORMULA = r"$$\frac{1}{2}$$"

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

KPIS = {
    "delivered_share": {"value": 0.5, "reported": 0.25, "unit": "share", "range": [0.9, 1.0]},
    "on_time_share": {"value": 0.25, "reported": 0.25, "unit": "share", "range": [0.2, 1.0]},
    "lateness_s_p95": {"value": 600.0, "reported": 600.0, "unit": "s", "range": None},
    "cost_eur": {"value": 1234.5678, "reported": None, "unit": "EUR", "range": [None, 1000.0]},
    "distance_km": {"value": 50.123456789, "reported": 49.9, "unit": "km", "range": None},
    "alert_precision": {"value": None, "reported": None, "unit": "share", "range": None},
    HOSTILE: {"value": 1, "reported": 2, "unit": HOSTILE, "range": [0, 3]},
}


def with_names(world: HandMade, names: dict[str, str]) -> HandMade:
    """The same world with names put into its payloads."""
    for ledger in (world.truth, world.office):
        for i, row in enumerate(ledger):
            text = row[6]
            for old, new in names.items():
                text = text.replace(json.dumps(old), json.dumps(new))
            ledger[i] = (*row[:6], text, *row[7:])
    return world


def write_run(folder: Path, world: HandMade, seal: bool = True, **manifest: object) -> Path:
    """A whole run folder around a hand-made world."""
    world.write(folder, seal)
    piece = {"road_class": "primary", "name": HOSTILE, "lat": [50.0, 50.0, 50.09], "lon": [8.0, 8.1, 8.1]}
    pq.write_table(pa.Table.from_pylist([piece], schema=LINES_SCHEMA), folder / "roads.parquet")
    scenario = {
        "name": HOSTILE, "start": "2026-03-02T07:00:00", "horizon_s": 28800.0, "costs": {"driver_eur_per_h": 36.8},
        "dispatch": {"plan": "pyvrp", "policy": "insertion", "information": "belief"},
    }  # fmt: skip
    found = {
        "name": "Tiny day", "status": "finished", "seed": 7, "digest": "ab" * 32, "time_zone": "Europe/Berlin",
        "projection": {"lat0": 50.0, "lon0": 8.0}, "scenario": scenario, "versions": {"numpy": "2"},
        "notes": {"roads": {"attribution": "© OpenStreetMap contributors"}},
        "scenario_file": "tiny.yaml",
    } | manifest  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(found), encoding="utf-8")
    rest = {"better": "higher", "kind": "lagging", "owner": "dispatcher"}
    kpis = {name: fields | rest for name, fields in KPIS.items()}
    (folder / "kpis.json").write_text(json.dumps(kpis), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def hostile_run(tmp_path_factory) -> Path:
    """Every name a user may choose is an attack."""
    attack = "'><img src=x onerror=alert(1)>"
    names = {"C-O2": HOSTILE, "D1": FORMULA, "V2": attack, "X": "</script><b>", "O3": "</title>"}
    folder = tmp_path_factory.mktemp("runs") / "hostile"
    return write_run(folder, with_names(tiny_world(), names), name=HOSTILE)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "tiny", tiny_world())


@pytest.fixture(scope="module")
def browser():
    """Chromium as Debian installs it."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield chromium
        chromium.close()
