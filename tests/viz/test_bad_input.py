"""Bad input through the front door: exit 2, a clear line a problem, no traceback, nothing written."""

import bz2
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import write_tiny
from viz.cli import main

HEAVY = ("pydantic", "simpy", "numpy", "pyarrow", "mesa", "scipy", "ruamel", "bokeh", "jinja2")


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A good scenario to be spoilt."""
    return write_tiny(tmp_path)


def refused(arguments: list[str], capsys: pytest.CaptureFixture, *named: str, problems: int | None = 1) -> list[str]:
    """Check that a command line is refused as the contract says; returns the lines on stderr."""
    before = {path: path.stat().st_mtime_ns for path in Path.cwd().rglob("*")}
    code = main(arguments)
    out, err = capsys.readouterr()
    lines = err.strip().splitlines()
    assert code == 2, (out, err)
    assert out == ""
    assert "Traceback" not in err
    assert problems is None or len(lines) == problems, lines
    for name in named:
        assert name in err, f"{name!r} not in {err!r}"
    assert {path: path.stat().st_mtime_ns for path in Path.cwd().rglob("*")} == before
    return lines


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("working"))


SETS: list[tuple[str, tuple[str, ...]]] = [
    ("dispach.policy=nearest", ("dispach", "did you mean 'dispatch'")),
    ("fleet.vans.cuont=3", ("fleet.vans.cuont", "did you mean 'count'")),
    ("orders.generate.known_per_dy=3", ("did you mean 'known_per_day'",)),
    ("dispatch.policy=neerest", ("dispatch.policy", "did you mean 'nearest'")),
    ("dispatch.plan.planner=pyvpr", ("dispatch.plan.planner", "did you mean 'pyvrp'")),
    ("dispatch.information=beleif", ("did you mean 'belief'",)),
    ("fleet.vans.kind=van_deisel", ("fleet.vans.kind", "did you mean 'van_diesel'")),
    ("fleet.vans.depot=mian", ("fleet.vans.depot", "did you mean 'main'")),
    ("fleet.vans.device=traker", ("did you mean 'tracker'",)),
    ("drivers.crew.fleet=[van]", ("drivers.crew.fleet", "did you mean 'vans'")),
    ("costs.driver_eur_per_hour=3", ("did you mean 'driver_eur_per_h'",)),
    ("kpis.on_time_shar.expect=[0, 1]", ("did you mean 'on_time_share'",)),
    ("kpis.on_time_share.expect=[1, 0]", ("low before high",)),
    ("kpis.on_time_share.expect=[1]", ("kpis.on_time_share.expect",)),
    ("incidents.x={kind: road_closur, at: '10:00'}", ("did you mean 'road_closure'",)),
    ("incidents.x={at: '10:00'}", ("incidents.x.kind",)),
    ("incidents.x={kind: [1], at: '10:00'}", ("incidents.x.kind",)),
    ("incidents.x={kind: weather, at: '10:00', stat: rain}", ("did you mean 'state'",)),
    ("incidents.x={kind: weather, at: '99:00'}", ("incidents.x.at",)),
    ("incidents.x={kind: road_closure, at: '10:00'}", ("incidents.x", "street")),
    ("incidents.x={kind: road_closure, at: '10:00', near_depot: nowhere}", ("incidents.x.near_depot",)),
    ("incidents.x={kind: road_closure, at: '10:00', street: Elm Avenu Xyz}", ("incidents.x.street", "no street")),
    ("incidents.x={kind: breakdown, at: '10:00', vehicle: vans-7}", ("did you mean 'vans-", "incidents.x.vehicle")),
    (
        "incidents.x={kind: breakdown, at: '10:00', vehicle: vans-1, lasts_s: -1}",
        ("x.lasts_s", "greater than 0"),
    ),
    ("incidents.x={kind: carrier_outage, at: '10:00'}", ("incidents.x.kind", "expected radio.carriers")),
    ("incidents.x={kind: carrier_outage, at: '10:00', carriers: [red]}", ("incidents.x.carriers", "has none")),
    (
        "incidents.x={kind: platform_outage, at: '05:00'}",
        ("incidents.x.at", "'day 1 05:00'", "day 1 06:00 to day 1 18"),
    ),
    (
        "incidents.x={kind: platform_outage, at: '18:00'}",
        ("incidents.x.at", "'day 1 18:00'", "day 1 06:00 to day 1 18"),
    ),
    (
        "incidents.x={kind: weather, at: '09:00', day: 2}",
        ("incidents.x.at", "'day 2 09:00'", "day 1 06:00 to day 1 18"),
    ),
    ("incidents.x={kind: weather, rate_per_day: 2, day: 2}", ("incidents.x.day", "'2'", "a day of the run, 1 to 1")),
    ("incidents=[1]", ("incidents", "expected a mapping")),
    ("radio.carriers={a: {}, b: {}, c: {}, d: {}, e: {}, f: {}}", ("radio.carriers", "at most 5 carriers", "16 bits")),
    ("devices.tracker.sims=[red]", ("devices.tracker.sims", "'red'", "there are none")),
    ("devices.tracker.sims=[red, red]", ("devices.tracker.sims", "each carrier once")),
    ("devices.tracker.hotspot=red", ("devices.tracker.hotspot", "there are none")),
    ("devices.tracker=3", ("devices.tracker", "expected a section")),
    ("radio.carriers.red.towers_file=missing.csv", ("radio.carriers.red.towers_file", "(No such file or directory)")),
    ("radio.carriers.red.dead_zones_file=missing.json", ("red.dead_zones_file", "(No such file or directory)")),
    ("alerts.lat_delivery={}", ("alerts.lat_delivery.rule", "did you mean 'late_delivery'")),
    ("alerts.long_stop.set.aftr_s=1", ("alerts.long_stop.set.aftr_s", "did you mean 'after_s'")),
    ("alerts.long_stop.set.after_s=-1", ("alerts.long_stop.set.after_s", "'-1.0'", "0 or more")),
    ("alerts.geofence_left.set.zone=[1, 2]", ("alerts.geofence_left.set.zone", "three corners")),
    ("alerts.geofence_left.set.zone=[a, 2]", ("alerts.geofence_left.set.zone", "a list of numbers")),
    ("alerts.geofence_left.set.around=depot", ("alerts.geofence_left.set.around", "depots or stops")),
    ("dispatch.policy_settings.effort=[1]", ("dispatch.policy_settings.effort", "a number, text")),
    ("horizon_s=-1", ("horizon_s", "greater than or equal to 1")),
    ("horizon_s=.nan", ("horizon_s", "finite")),
    ("horizon_s=.inf", ("horizon_s", "finite")),
    ("horizon_s=1e999", ("horizon_s",)),
    ("horizon_s=" + "9" * 6000, ("horizon_s",)),
    ("horizon_s=12 h", ("horizon_s", "'12 h'")),
    ("horizon_s=true", ("horizon_s",)),
    ("horizon_s=", ("horizon_s",)),
    ("radio.latency_s=-0.2", ("radio.latency_s",)),
    ("radio.latency_ms=200", ("radio.latency_ms", "did you mean 'latency_s'")),
    ("dispatch.period_s=0", ("dispatch.period_s",)),
    ("drivers.crew.shift_start='25:99'", ("drivers.crew.shift_start",)),
    ("drivers.crew.shift_start=700", ("drivers.crew.shift_start",)),
    ("drivers.crew.shift_end='06:00'", ("drivers.crew.shift_end", "after shift_start")),
    ("drivers.crew.shift_start='٠٧:٠٠'", ()),
    ("orders.generate.opens='16:30'", ("orders.generate", "closes at least an hour after opens")),
    ("depots.main={lat: 91, lon: 0}", ("depots.main.lat",)),
    ("depots.main={lat: 41}", ("depots.main",)),
    ("depots.main={lat: 41.0, lon: 181.0}", ("depots.main.lon",)),
    ("depots.main={lat: 0.0, lon: 0.0}", ("depots.main", "within 500 m of a road")),
    ("depots={}", ("depots",)),
    ("fleet={}", ("fleet",)),
    ("fleet.vans.count=-1", ("fleet.vans.count",)),
    ("fleet.vans.count=1.5", ("fleet.vans.count",)),
    ("fleet.va ns.count=1", ("fleet.va ns",)),
    ("fleet.vans=7", ("fleet.vans",)),
    ("time_zone=Europe/Lisbn", ("time_zone", "did you mean 'Europe/Lisbon'")),
    ("time_zone=../../etc/passwd", ("time_zone",)),
    ("start=yesterday", ("start", "2026-03-02T05:30")),
    ("start=2026-03-02T05:30+01:00", ("start",)),
    ("name=../../x", ("name",)),
    ("name=" + "x" * 200, ("name",)),
    ("seed=-1", ("seed",)),
    ("seed=abc", ("seed",)),
    ("roads.synthetic.nodes=10", ("roads.synthetic.nodes",)),
    ("roads={}", ("roads", "exactly one of")),
    ("roads.osm_file=missing.osm", ("roads.osm_file", "missing.osm")),
    ("roads.matrix_file=missing.csv", ("roads.matrix_file", "missing.csv")),
    ("orders.file=missing.csv", ("missing.csv",)),
    ("orders={}", ("orders", "file or generate")),
    ("dispatch.plan.at=[1, 2]", ("dispatch.plan.at",)),
    ("a..b=1", ("--set", "dotted.key=VALUE")),
    ("novalue", ("--set", "dotted.key=VALUE")),
    ("=1", ("--set", "dotted.key=VALUE")),
    ("fleet.vans.count+=x", ("--set", "a number")),
    ("name+=1", ("--set", "a number to add to")),
    ("fleet.vans.count=[1", ("--set fleet.vans.count",)),
    ("fleet.vans.count=*a", ("--set fleet.vans.count",)),
    ("fleet.vans.count=!!python/object:os.system {}", ("--set fleet.vans.count",)),
]


@pytest.mark.parametrize(("setting", "named"), SETS, ids=[s[:50] for s, _ in SETS])
def test_a_bad_setting_is_one_clear_line(
    setting: str, named: tuple[str, ...], scenario: Path, capsys: pytest.CaptureFixture
) -> None:
    """Each names file or option, key and value, says what was expected and the nearest name there is."""
    refused(["run", str(scenario), "--out", "run", "--set", setting], capsys, *named)


def test_unknown_carriers_of_devices_and_incidents_name_the_nearest(
    scenario: Path, capsys: pytest.CaptureFixture
) -> None:
    """SIMs, the driver's hotspot and an outage all refer to the scenario's networks."""
    sets = ["radio.carriers.north={}", "devices.tracker={sims: [nort], hotspot: noth}"]
    sets.append("incidents.x={kind: carrier_outage, at: '10:00', carriers: [morth]}")
    arguments = ["run", str(scenario), *(part for text in sets for part in ("--set", text))]
    lines = refused(arguments, capsys, "tracker.sims", "tracker.hotspot", "incidents.x.carriers", problems=3)
    assert all("did you mean 'north'?" in line for line in lines)


def test_all_problems_are_found_in_one_pass(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """Three mistakes, three lines."""
    sets = ["--set", "seed=-1", "--set", "fleet.vans.cuont=3", "--set", "radio.latency_s=.nan"]
    refused(["run", str(scenario), *sets], capsys, "seed", "cuont", "radio.latency_s", problems=3)


def test_check_answers_with_the_same_problems_as_json(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """stdout holds one document and nothing else."""
    assert main(["check", str(scenario), "--json", "--set", "fleet.vans.cuont=3"]) == 2
    out = capsys.readouterr().out
    assert json.loads(out) == {
        "ok": False,
        "errors": [
            {
                "file": str(scenario),
                "key": "fleet.vans.cuont",
                "value": "cuont",
                "expected": json.loads(out)["errors"][0]["expected"],
                "nearest": "count",
            }
        ],
    }
    assert main(["check", str(scenario), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "errors": []}


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "a mapping"),
    "a list": (b"- 1\n- 2\n", "a mapping"),
    "a number": (b"42", "a mapping"),
    "aliases": (b"a: &x [1, 2]\nb: *x\n", "no aliases"),
    "a bomb": (
        b"a: &a [1,1]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (98 + n, 98 + n, 97 + n, 97 + n) for n in range(20)),
        "no aliases",
    ),
    "deep": (b"a: " + b"[" * 3000 + b"]" * 3000, "depth"),
    "deep by indents": (b"".join(b" " * n + b"a:\n" for n in range(200)), "depth"),
    "huge": (b"a: '" + b"x" * 1_100_000 + b"'", "at most"),
    "many nodes": (b"a: [" + b"1," * 150_000 + b"1]", "nodes"),
    "duplicate keys": (b"seed: 1\nseed: 2\n", "duplicate"),
    "not UTF-8": (b"name: caf\xe9\n", "UTF-8"),
    "UTF-16": ("name: x\n".encode("utf-16"), "UTF-8"),
    "control characters": (b"name: \x07\n", "YAML"),
    "a tag": (b"a: !!python/object/apply:os.system ['true']\n", "YAML"),
    "tabs": (b"a:\n\tb: 1\n", "YAML"),
    "half a string": (b"a: 'x\n", "YAML"),
    "two documents": (b"a: 1\n---\nb: 2\n", "YAML"),
    "binary": (bytes(range(256)), ""),
    "number keys": (b"1: 2\n3: 4\n", ""),
    "null keys": (b"null: 2\n", ""),
    "list keys": (b"? [a, b]\n: 2\n", ""),
    "a merge": (b"<<: {a: 1}\n", ""),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Whatever the bytes: an input error, quickly."""
    content, named = FILES[name]
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    began = time.monotonic()
    refused(["run", str(path), "--out", "run"], capsys, "bad.yaml", named, problems=None)
    assert time.monotonic() - began < 20


def test_files_that_are_not_there_or_no_files(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """A missing scenario, a folder in its place, a run that is none."""
    refused(["run", "nowhere.yaml"], capsys, "nowhere.yaml")
    refused(["check", str(tmp_path)], capsys, str(tmp_path))
    for command in (["verify", "nowhere"], ["report", "nowhere"], ["explain", "nowhere", "O1"]):
        refused(command, capsys, "'nowhere'", "a run folder")
    refused(["run", "x\0y.yaml"], capsys)


def test_a_folder_that_is_not_empty_is_left_alone(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """Neither overwritten nor added to."""
    Path("run").mkdir()
    Path("run/mine.txt").write_text("precious")
    refused(["run", str(scenario), "--out", "run"], capsys, "--out", "new or empty")
    Path("file").write_text("precious")
    refused(["run", str(scenario), "--out", "file"], capsys, "--out")
    refused(["run", str(scenario), "--resume", "--out", "run"], capsys, "run folder")
    refused(["run", str(scenario), "--resume"], capsys, "--out")
    refused(["run", str(scenario), "--branch", "run"], capsys, "--at")


ROADS: dict[str, tuple[str, bytes]] = {
    "empty": ("x.osm", b""),
    "no roads": ("x.osm", b"<?xml version='1.0'?><osm version='0.6'></osm>"),
    "not OSM": ("x.osm", b"<html><body>404</body></html>"),
    "text": ("x.osm", b"hello"),
    "half": ("x.osm", b"<?xml version='1.0'?><osm version='0.6'><node id='1' lat='1'"),
    "not a pbf": ("x.osm.pbf", b"hello world, this is no protocol buffer"),
    "not gzip": ("x.osm.gz", b"hello"),
    "cut bz2": ("x.osm.bz2", bz2.compress(b"<osm version='0.6'></osm>" * 100)[:40]),
    "another ending": ("x.png", b"\x89PNG"),
    "entities": ("x.osm", b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><osm version='0.6'>&a;</osm>"),
    "one way without a way back": (
        "x.osm",
        b"<?xml version='1.0'?><osm version='0.6'>"
        b"<node id='1' lat='41.1' lon='-8.6'/><node id='2' lat='41.2' lon='-8.6'/>"
        b"<way id='1'><nd ref='1'/><nd ref='2'/>"
        b"<tag k='highway' v='residential'/><tag k='oneway' v='yes'/></way></osm>",
    ),
}


@pytest.mark.parametrize("name", ROADS)
def test_a_bad_road_file_is_refused(name: str, scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Empty, not OpenStreetMap, unconnected: one line with the file."""
    file, content = ROADS[name]
    (tmp_path / file).write_bytes(content)
    refused(
        ["run", str(scenario), "--out", "run", "--set", f"roads.osm_file={tmp_path / file}"],
        capsys,
        file,
        "roads.osm_file",
    )


def test_real_roads_ask_for_a_time_zone(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """Local times mean nothing without one."""
    refused(["run", str(scenario), "--set", "roads.osm_file=x.osm", "--set", "time_zone=null"], capsys, "time_zone")


CSVS: dict[str, tuple[str, int]] = {
    "outside": ("order_id,lat,lon\nA,0,0\nB,10,10\n", 2),
    "backwards": ("order_id,lat,lon,window_start,window_end\nA,{lat},{lon},15:00,09:00\n", 1),
    "lat 91": ("order_id,lat,lon\nA,91,0\n", 1),
    "NaN": ("order_id,lat,lon\nA,nan,0\n", 1),
    "negative": ("order_id,lat,lon,weight_kg\nA,{lat},{lon},-3\n", 1),
    "twice": ("order_id,lat,lon\nA,{lat},{lon}\nA,{lat},{lon}\n", 1),
    "depot": ("order_id,lat,lon,depot\nA,{lat},{lon},mian\n", 1),
    "empty": ("", 1),
}


@pytest.mark.parametrize("name", CSVS)
def test_bad_orders_are_named(name: str, scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Each bad order is a line that names it; none of them stops the run half way."""
    text, problems = CSVS[name]
    from engine.roads.synthetic import synthetic_region

    graph = synthetic_region(300, 1)
    (tmp_path / "orders.csv").write_text(text.format(lat=float(graph.lat[5]), lon=float(graph.lon[5])))
    sets = ["--set", f"orders.file={tmp_path / 'orders.csv'}", "--set", "orders.generate=null"]
    refused(["run", str(scenario), "--out", "run", *sets], capsys, "orders.csv", problems=problems)


def test_names_missing_in_a_table_of_travel_times_are_refused(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """Depots and stops must stand in the table: found before the run, not in the middle of it."""
    table = "from,to,duration_s,distance_m\na,b,60,500\nb,a,60,500\n"
    (tmp_path / "times.csv").write_text(table)
    refused(
        ["run", str(scenario), "--out", "run", "--set", f"roads.matrix_file={tmp_path / 'times.csv'}"],
        capsys,
        problems=None,
    )


COMMANDS: dict[str, tuple[Any, str]] = {
    "no JSON": ("hello", "line 1"),
    "NaN": ('{"at_us": NaN, "kind": "x", "payload": {}, "by": ""}', "line 1"),
    "a list": ("[1, 2]", "line 1"),
    "deep": ("[" * 200_000, "line 1"),
    "unknown": ({"kind": "set_rout", "payload": {}}, "did you mean 'set_route'"),
    "time": (
        {"at_us": "noon", "kind": "cancel_order", "payload": {"order_id": "O1", "by": "office", "reason": ""}},
        "at_us",
    ),
    "too early": (
        {"at_us": 5, "kind": "cancel_order", "payload": {"order_id": "O1", "by": "office", "reason": ""}},
        "within the run",
    ),
    "payload": ({"kind": "cancel_order", "payload": {"order_id": 3}}, "cancel_order.order_id"),
    "text for a number": (
        {"kind": "close_road", "payload": {"closure": "x", "lat": "1", "lon": 2.0, "radius_m": 3.0, "lasts_s": 4.0}},
        "close_road.lat",
    ),
    "vehicle": (
        {"kind": "unassign_order", "payload": {"order_id": "O1", "vehicle_id": "vans-22", "reason": ""}},
        "did you mean 'vans-2'",
    ),
    "setting": (
        {"kind": "change_setting", "payload": {"key": "seed", "value": 3, "by": "x"}},
        "cannot change during a run",
    ),
    "loop": (
        {"kind": "change_setting", "payload": {"key": "dispatch.period_s", "value": 1e-9, "by": "x"}},
        "dispatch.period_s",
    ),
    "order twice": (
        {
            "kind": "add_order",
            "payload": {
                "order": {
                    "order_id": "O1",
                    "pickup": None,
                    "delivery": {
                        "place": {"place_id": "x", "lat": 0.0, "lon": 0.0},
                        "windows_us": [],
                        "service_s": 1.0,
                    },
                    "demand": {},
                    "priority": 1,
                    "needs": [],
                    "customer": "",
                    "depot": None,
                    "known_before": False,
                }
            },
        },
        "already",
    ),
    "order nowhere": (
        {
            "kind": "add_order",
            "payload": {
                "order": {
                    "order_id": "X1",
                    "pickup": None,
                    "delivery": {
                        "place": {"place_id": "x", "lat": 0.0, "lon": 0.0},
                        "windows_us": [],
                        "service_s": 1.0,
                    },
                    "demand": {},
                    "priority": 1,
                    "needs": [],
                    "customer": "",
                    "depot": None,
                    "known_before": False,
                }
            },
        },
        "away from the roads",
    ),
    "order of nothing": (
        {
            "kind": "add_order",
            "payload": {
                "order": {
                    "order_id": "X1",
                    "pickup": None,
                    "delivery": None,
                    "demand": {},
                    "priority": 1,
                    "needs": [],
                    "customer": "",
                    "depot": None,
                    "known_before": False,
                }
            },
        },
        "needs a pickup or a delivery",
    ),
    "incident": ({"kind": "inject_incident", "payload": {"name": "x", "incident": {"kind": "strom"}}}, "x.kind"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_bad_commands_are_refused_before_anything_is_written(
    name: str, scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A command that cannot be given is found before the folder is made."""
    command, named = COMMANDS[name]
    if isinstance(command, dict):
        command = json.dumps({"at_us": 1_772_440_000_000_000, "by": "me", **command})
    (tmp_path / "commands.jsonl").write_text(command)
    refused(["run", str(scenario), "--out", "run", "--commands", str(tmp_path / "commands.jsonl")], capsys, named)


def test_a_missing_command_file_is_bad_input(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """Like every other file that is given."""
    refused(["run", str(scenario), "--out", "run", "--commands", "nowhere.jsonl"], capsys, "nowhere.jsonl")


def test_settings_of_the_command_line(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """``+=`` adds, one alternative replaces the other, and --seed is a setting like any."""
    from scenarios import load

    assert load(scenario, ["fleet.vans.count+=2"]).model.fleet["vans"].count == 4
    assert load(scenario, ["dispatch.period_s+=60"]).model.dispatch.period_s == 360.0
    moved = load(scenario, ["depots.main.lat=41.0", "depots.main.lon=-8.0"]).model.depots["main"]
    assert (moved.position, moved.lat) == (None, 41.0)
    assert load(scenario, ["roads.osm_file=x.osm"]).model.roads.synthetic is None
    assert load(scenario, ["roads.osm_file=x.osm"]).model.roads.osm_file == str(Path.cwd() / "x.osm")
    assert load(scenario, ["seed=5"], seed=9).model.seed == 9
    refused(["check", str(scenario), "--seed", "-4"], capsys, "seed")


def test_json_is_all_there_is_on_stdout(scenario: Path, capsys: pytest.CaptureFixture) -> None:
    """``run`` and ``verify`` print one document each, as the contract has them, without NaN."""

    def no_constant(name: str) -> float:
        raise AssertionError(f"{name} in JSON")

    assert main(["run", str(scenario), "--out", "run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out, parse_constant=no_constant)
    assert set(answer) == {"run", "digest", "kpis"}
    assert answer["run"] == "run"
    assert answer["kpis"] == json.loads(Path("run/kpis.json").read_text())
    assert main(["verify", "run", "--json"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["ok"] is True
    assert verdict["digest"] == answer["digest"]
    assert verdict["failures"] == []
    assert main(["explain", "run", "O1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    refused(["explain", "run", "O99999"], capsys, "O99999")


def test_help_imports_nothing_heavy_and_answers_quickly() -> None:
    """``twin --help`` in a process of its own."""
    script = (
        "import sys, viz.cli\n"
        "try: viz.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        f"assert not [m for m in {HEAVY} if m in sys.modules]"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root, capture_output=True, env=os.environ)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        out = subprocess.run(
            [sys.executable, "-m", "twin", "--help"], check=True, capture_output=True, text=True, cwd=root
        )
        times.append(time.perf_counter() - began)
    assert "run" in out.stdout
    assert min(times) < 1.0
