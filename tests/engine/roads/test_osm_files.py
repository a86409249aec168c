"""Reading OpenStreetMap files of every kind, and refusing what is none."""

import bz2
import gzip

import numpy as np
import osmium
import pytest

from engine.roads.build import build_graph
from engine.roads.osm import read_osm
from engine.roads.raw import RoadFileError


def test_all_four_kinds_of_file_give_the_same_roads(town, tmp_path):
    """The same map as text, gzip, bzip2 and PBF."""
    (tmp_path / "town.osm.gz").write_bytes(gzip.compress(town.read_bytes()))
    (tmp_path / "town.osm.bz2").write_bytes(bz2.compress(town.read_bytes()))
    with osmium.SimpleWriter(str(tmp_path / "town.osm.pbf")) as writer:
        for item in osmium.FileProcessor(str(town)):
            writer.add(item)
    plain = build_graph(read_osm(town))
    for kind in ("gz", "bz2", "pbf"):
        graph = build_graph(read_osm(tmp_path / f"town.osm.{kind}"))
        assert (graph.tail == plain.tail).all()
        assert (graph.shape_lat == plain.shape_lat).all()
        assert graph.names == plain.names
        assert graph.house_number == plain.house_number


def test_only_needed_nodes_are_kept(osm_file):
    """Nodes of no road or building are left out; ids ascend."""
    nodes = {7: (0, 0), 3: (90, 0), 5: (50, 50), 1: (20, 20)}
    raw = read_osm(osm_file(nodes, [(1, [7, 3], {"highway": "residential"}), (2, [5, 1], {"power": "line"})]))
    assert raw.node_id.tolist() == [3, 7]
    assert np.isfinite(raw.node_lat).all()


def test_new_nodes_of_an_editor(osm_file):
    """Negative ids, as a map editor gives to what was never uploaded, are ids like any other."""
    nodes = {-7: (0, 0), -3: (90, 0), 5: (90, 90)}
    raw = read_osm(osm_file(nodes, [(-1, [-7, -3, 5, -99], {"highway": "residential"})]))
    assert raw.node_id.tolist() == [-7, -3, 5]
    assert build_graph(raw).length_m.sum() == pytest.approx(360, rel=1e-3)


def test_ways_before_nodes(osm_file):
    """A file in another order than usual gives the same roads."""
    path = osm_file({1: (0, 0), 2: (90, 0)}, [(1, [1, 2], {"highway": "residential"})])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[4], *lines[2:4], lines[5]]))
    assert build_graph(read_osm(path)).nodes == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.osm", b""),
        ("empty.osm.pbf", b""),
        ("empty.osm.gz", b""),
        ("garbage.osm", b"these are not roads"),
        ("garbage.osm.pbf", b"these are not roads"),
        ("garbage.osm.bz2", b"these are not roads"),
        ("garbage.osm.gz", b"these are not roads"),
        ("page.osm", b"<html><body>404</body></html>"),
        ("cut.osm", b'<osm version="0.6"><node id="1"'),
        ("bare.osm", b'<osm version="0.6"></osm>'),
        ("roads.txt", b'<osm version="0.6"></osm>'),
        ("cut.osm.gz", gzip.compress(b'<osm version="0.6"></osm>' * 100, mtime=0)[:40]),
    ],
)
def test_files_that_are_no_road_map_are_refused_by_name(tmp_path, name, content):
    """One line that names the file, whatever is in it."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RoadFileError) as refused:
        read_osm(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_and_a_folder(tmp_path):
    """Neither is a road file."""
    with pytest.raises(RoadFileError, match="no such file"):
        read_osm(tmp_path / "nowhere.osm.pbf")
    (tmp_path / "folder.osm").mkdir()
    with pytest.raises(RoadFileError, match="no such file"):
        read_osm(tmp_path / "folder.osm")


def test_roads_across_the_antimeridian(osm_file):
    """A street from 179.99 east to 179.99 west is a kilometre long, and not once around the earth."""
    path = osm_file({1: (0, 0), 2: (90, 0)}, [(1, [1, 2], {"highway": "residential"})])
    east, west = 'lon="10.0000000"', path.read_text().split('lon="')[2].split('"')[0]
    path.write_text(path.read_text().replace(east, 'lon="179.99"').replace(f'lon="{west}"', 'lon="-179.99"'))
    with pytest.raises(RoadFileError, match="both sides of the antimeridian"):
        read_osm(path)
