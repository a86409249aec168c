"""Files that cannot be used: scenarios, roads, orders, folders."""

import bz2
import time
from pathlib import Path

import pytest

from tests.refused import refused

FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "bad.yaml: nothing: expected a mapping"),
    "a list": (b"- 1\n- 2\n", "'a list': expected a mapping"),
    "a number": (b"42", "'42': expected a mapping"),
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
    refused(
        ["run", str(scenario), "--out", "file/run"], capsys, "--out", "'file/run'", "written into (Not a directory)"
    )
    study = ["compare", str(scenario), "--with", "a: radio.latency_s=1", "--replications", "1", "--on", "local:1"]
    refused([*study, "--out", "file/run"], capsys, "--out", "'file/run'", "written into (Not a directory)")
    refused(["new", "file"], capsys, "FOLDER", "'file'")
    refused(["run", str(scenario), "--resume", "--out", "run"], capsys, "run folder")
    refused(["run", str(scenario), "--resume"], capsys, "--out")
    refused(["run", str(scenario), "--branch", "run"], capsys, "--at")


def test_a_starter_is_not_begun_with_what_is_no_table_or_no_roads(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """A picture for orders, or for roads: one line each, and no folder."""
    for name in ("orders.csv", "orders.xlsx", "roads.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    refused(["new", "mine", "--orders", str(tmp_path / "orders.csv")], capsys, "orders.csv: byte 0", "UTF-8 text")
    refused(["new", "mine", "--orders", str(tmp_path / "orders.xlsx")], capsys, "orders.xlsx", "a .xlsx workbook")
    refused(["new", "mine", "--roads", str(tmp_path / "roads.png")], capsys, "--roads", ".osm.pbf")
    assert not Path("mine").exists()


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
