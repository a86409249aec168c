"""Settings that cannot be: what is said of keys, values and names."""

import json
from pathlib import Path

import pytest

from tests.refused import refused
from viz.cli import main

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
    ("dispatch.plan.at='05:59'", ("dispatch.plan.at", "'05:59'", "a time of the run, day 1 06:00 to day 1 18")),
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
