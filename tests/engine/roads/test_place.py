"""Roads by place name, against answers of a map server recorded by hand and served from this machine."""

import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roads.build import build_graph
from engine.roads.cache import load_place
from engine.roads.place import MissingExtra, chains, read_place
from engine.roads.raw import RoadFileError

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[9.99, 44.99], [10.02, 44.99], [10.02, 45.02], [9.99, 45.02], [9.99, 44.99]]],
}
FOUND = {
    "place_id": 1, "licence": "ODbL 1.0", "osm_type": "relation", "osm_id": 7, "lat": "45.0", "lon": "10.0",
    "class": "boundary", "type": "administrative", "place_rank": 16, "importance": 0.5, "addresstype": "town",
    "name": "Testville", "display_name": "Testville", "boundingbox": ["44.99", "45.02", "9.99", "10.02"],
    "geojson": SQUARE,
}  # fmt: skip
NODES = {1: (45.0, 10.0), 2: (45.0, 10.001), 3: (45.001, 10.001), 4: (45.001, 10.0), 5: (45.0, 10.0005)}
WAYS = [
    (11, [1, 5, 2], {"highway": "primary", "name": "Main Street", "maxspeed": "30 mph"}),
    (12, [2, 3], {"highway": "residential", "hgv": "no"}),
    (13, [4, 3], {"highway": "residential", "oneway": "-1"}),
    (14, [4, 1], {"highway": "residential", "tunnel": "yes"}),
]


class Recorded(BaseHTTPRequestHandler):
    """Answers like Nominatim (GET) and Overpass (POST)."""

    asked: list[str]

    def do_GET(self):
        query = parse_qs(urlparse(self.path).query).get("q", [""])[0]
        self._answer([FOUND] if query == "Testville" else [])

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        elements = [{"type": "node", "id": i, "lat": lat, "lon": lon} for i, (lat, lon) in NODES.items()]
        elements += [{"type": "way", "id": i, "nodes": refs, "tags": tags} for i, refs, tags in WAYS]
        self._answer({"version": 0.6, "elements": elements})

    def _answer(self, document):
        self.server.asked.append(self.command)
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet."""


@pytest.fixture
def map_server(monkeypatch):
    """OSMnx pointed at the recorded answers; what it changes for good elsewhere is put back."""
    import osmnx

    server = HTTPServer(("127.0.0.1", 0), Recorded)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(osmnx.settings, "nominatim_url", url)
    monkeypatch.setattr(osmnx.settings, "overpass_url", url)
    monkeypatch.setattr(osmnx.settings, "overpass_rate_limit", False)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # OSMnx's courtesy to the real servers
    monkeypatch.setattr(socket, "getaddrinfo", socket.getaddrinfo)  # replaced by OSMnx
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_place_becomes_roads_and_is_asked_for_once(map_server, tmp_path):
    """Ways keep id, nodes, tags and direction; the second time OSMnx's cache answers."""
    raw = read_place("Testville", tmp_path)
    assert {way.way_id: way.nodes for way in raw.ways} == {11: (1, 5, 2), 12: (2, 3), 13: (3, 4), 14: (4, 1)}
    graph = build_graph(raw)
    assert (graph.nodes, graph.edges) == (4, 7)
    assert graph.speed_mps.max() == pytest.approx(30 * 0.44704)
    assert graph.names == ("Main Street",)
    assert "OpenStreetMap" in graph.meta["attribution"]
    asked = list(map_server.asked)
    assert asked == ["GET", "POST"]
    again = read_place("Testville", tmp_path)
    assert map_server.asked == asked
    assert [way.nodes for way in again.ways] == [way.nodes for way in raw.ways]


def test_the_graph_of_a_place_is_kept(map_server, tmp_path):
    """Nothing is asked, and OSMnx not even needed, once it was built."""
    first = load_place("Testville", tmp_path)
    map_server.asked.clear()
    for path in (tmp_path / "osmnx").iterdir():
        path.unlink()
    second = load_place(" Testville ", tmp_path)
    assert np.array_equal(first.shape_lat, second.shape_lat)
    assert map_server.asked == []


def test_settings_of_osmnx_are_left_as_found(map_server, tmp_path):
    """A user's own OSMnx session is not disturbed."""
    import osmnx

    before = (osmnx.settings.cache_folder, list(osmnx.settings.useful_tags_way))
    read_place("Testville", tmp_path)
    assert (osmnx.settings.cache_folder, osmnx.settings.useful_tags_way) == before


def test_an_unknown_place_is_named(map_server, tmp_path):
    """One line, no traceback of a library."""
    with pytest.raises(RoadFileError, match="place 'Atlantis'"):
        read_place("Atlantis", tmp_path)


def test_a_silent_server_is_an_error(map_server, monkeypatch, tmp_path):
    """No answer: the place is named with the reason."""
    monkeypatch.setattr("osmnx.settings.nominatim_url", "http://127.0.0.1:9")
    with pytest.raises(RoadFileError, match="place 'Testville'"):
        read_place("Testville", tmp_path)


def test_without_osmnx_one_line_says_what_to_install(monkeypatch, tmp_path):
    """The core does not need OSMnx."""
    monkeypatch.setitem(sys.modules, "osmnx", None)
    with pytest.raises(MissingExtra, match=r'pip install "fleet-twin\[place\]"'):
        read_place("Testville", tmp_path)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=15))
def test_chains_hold_every_segment_once(segments):
    """Loops, branches and repeats included."""
    lines = chains(segments)
    assert sorted(pair for line in lines for pair in pairwise(line)) == sorted(segments)


def test_chains_are_as_drawn():
    """Segments in any order give back the way; a closed way is one line."""
    assert chains([(3, 4), (1, 2), (2, 3)]) == [(1, 2, 3, 4)]
    assert chains([(2, 3), (3, 1), (1, 2)]) == [(1, 2, 3, 1)]
