"""The cache: found again by content, shared, and rebuilt when it is damaged."""

import dataclasses
import multiprocessing
import shutil

import numpy as np
import pytest

from engine.roads import cache
from engine.roads.cache import default_cache_dir, load_graph, load_osm, save_graph
from engine.roads.raw import RoadFileError
from engine.roads.router import Router


def same(a, b):
    """All fields of two graphs are equal (``meta`` aside)."""
    for field in dataclasses.fields(a):
        left, right = getattr(a, field.name), getattr(b, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, field.name
            assert np.array_equal(left, right), field.name
        elif field.name != "meta":
            assert left == right, field.name


def test_built_once_and_read_back_equal(town, tmp_path, monkeypatch):
    """The second time, also under another name, the file is not built again."""
    first = load_osm(town, tmp_path / "cache")
    monkeypatch.setattr(cache, "build_graph", None)  # building would fail
    moved = shutil.copy(town, tmp_path / "renamed.osm")
    second = load_osm(moved, tmp_path / "cache")
    same(first, second)
    assert (first.meta["source"], second.meta["source"]) == ("town.osm", "renamed.osm")
    assert first.meta["sha256"] == second.meta["sha256"]


def test_other_content_or_builder_is_another_entry(town, tmp_path, monkeypatch):
    """A changed map or a newer builder never meets an old entry."""
    load_osm(town, tmp_path)
    town.write_text(town.read_text().replace("Row 3", "Quay"), "utf-8")
    assert "Quay" in load_osm(town, tmp_path).names
    monkeypatch.setattr(cache, "BUILDER_VERSION", 999)
    load_osm(town, tmp_path)
    assert len(list((tmp_path / "roads").iterdir())) == 3


@pytest.mark.parametrize("damage", ["truncate", "garbage", "empty", "flip"])
def test_damaged_entries_are_built_anew(town, tmp_path, damage):
    """Graph and router entries alike; the repaired entry serves the next run."""
    graph = load_osm(town, tmp_path)
    weights = np.rint(graph.length_m * 1000).astype(np.int64)
    paths = [Router(graph, tmp_path).metric(weights).path(0, 9)]
    for path in [*(tmp_path / "roads").iterdir(), *(tmp_path / "routes").iterdir()]:
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes({
            "truncate": content[:middle],
            "garbage": b"not a zip",
            "empty": b"",
            "flip": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
        }[damage])  # fmt: skip
    for _ in range(2):
        again = load_osm(town, tmp_path)
        same(graph, again)
        paths.append(Router(again, tmp_path).metric(weights).path(0, 9))
    assert all(path[0] == paths[0][0] and (path[1] == paths[0][1]).all() for path in paths)
    assert load_graph(next((tmp_path / "roads").iterdir())) is not None


def _load(town, folder, barrier, answers):
    barrier.wait()
    graph = load_osm(town, folder)
    metric = Router(graph, folder).metric(np.rint(graph.length_m * 1000).astype(np.int64))
    answers.put((graph.nodes, metric.path(0, 9)[0]))


def test_processes_share_a_cache(town, tmp_path):
    """Two that start together both get the graph, and leave one whole entry and no scraps."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(2), context.Queue()
    workers = [context.Process(target=_load, args=(town, tmp_path / "c", barrier, answers)) for _ in range(2)]
    for worker in workers:
        worker.start()
    results = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert results[0] == results[1]
    assert sorted(path.suffix for path in (tmp_path / "c").rglob("*.*")) == [".npz", ".zip"]


def test_a_graph_with_elevation_and_odd_names_survives(make_graph, tmp_path):
    """Optional fields and any text come back as they were."""
    graph = make_graph([0, 10], [0, 0], [0, 1], [1, 0], names=("Rue de l'Église", "北\n路"))
    graph = dataclasses.replace(graph, elevation_m=np.array([1.5, 2.5], np.float32), meta={"a": [1, None]})
    save_graph(graph, tmp_path / "g.npz")
    stored = load_graph(tmp_path / "g.npz")
    same(graph, stored)
    assert stored.meta == graph.meta


def test_the_folder_is_chosen_by_the_environment(monkeypatch, tmp_path):
    """``TWIN_CACHE_DIR`` first, then the user's cache folder."""
    monkeypatch.setenv("TWIN_CACHE_DIR", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("TWIN_CACHE_DIR")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache_dir() == tmp_path / "xdg" / "fleet-twin"


def test_a_folder_that_cannot_be_written_is_named(town, tmp_path):
    """The remedy is in the message."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RoadFileError, match="TWIN_CACHE_DIR"):
        load_osm(town, tmp_path / "file")
