"""Small maps drawn in metres, as OpenStreetMap files and as graphs."""

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest

from engine.geo import Projection
from engine.roads.graph import RoadGraph
from engine.roads.turns import routing_arcs

PLANE = Projection(45.0, 10.0)
Point = tuple[float, float]
Way = tuple[int, list[int], dict[str, str]]
Relation = tuple[dict[str, str], list[tuple[str, int, str]]]


def osm_xml(
    nodes: dict[int, Point],
    ways: list[Way],
    relations: list[Relation] | None = None,
    node_tags: dict[int, dict[str, str]] | None = None,
) -> str:
    """An OSM XML document; node positions are metres east and north of 45 N 10 E."""

    def tags(of: dict[str, str]) -> str:
        return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in of.items())

    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    for number, (x_m, y_m) in nodes.items():
        lat, lon = PLANE.to_lat_lon(x_m, y_m)
        inner = tags((node_tags or {}).get(number, {}))
        lines.append(f'<node id="{number}" version="1" lat="{lat:.7f}" lon="{lon:.7f}">{inner}</node>')
    for number, refs, of in ways:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs) + tags(of)
        lines.append(f'<way id="{number}" version="1">{inner}</way>')
    for number, (of, members) in enumerate(relations or [], 1):
        inner = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        lines.append(f'<relation id="{number}" version="1">{inner}{tags(of)}</relation>')
    return "\n".join([*lines, "</osm>"])


@pytest.fixture
def osm_file(tmp_path: Path) -> Callable[..., Path]:
    """Write an OSM XML file and return its path."""

    def write(*args, name: str = "town.osm", **kwargs) -> Path:
        path = tmp_path / name
        path.write_text(osm_xml(*args, **kwargs), "utf-8")
        return path

    return write


def graph_of(x_m, y_m, tail, head, banned=(), flags=None, speed_mps=None, names=()) -> RoadGraph:
    """A graph of straight edges."""
    tail, head = np.array(tail, np.int32), np.array(head, np.int32)
    lat, lon = PLANE.to_lat_lon(np.array(x_m, float), np.array(y_m, float))
    ends = np.column_stack([tail, head]).ravel()
    edges = len(tail)
    x, y = np.array(x_m, float), np.array(y_m, float)
    return RoadGraph(
        lat=lat,
        lon=lon,
        tail=tail,
        head=head,
        length_m=np.hypot(x[head] - x[tail], y[head] - y[tail]),
        speed_mps=np.full(edges, 10.0) if speed_mps is None else np.array(speed_mps, float),
        road_class=np.full(edges, 6, np.uint8),
        flags=np.zeros(edges, np.uint8) if flags is None else np.array(flags, np.uint8),
        name_id=np.arange(edges, dtype=np.int32) if names else np.full(edges, -1, np.int32),
        names=tuple(names),
        shape_ptr=np.arange(edges + 1) * 2,
        shape_lat=lat[ends],
        shape_lon=lon[ends],
        **routing_arcs(len(lat), tail, head, np.array(banned, np.int64).reshape(-1, 2))._asdict(),
        house_street=np.empty(0, np.int32),
        house_number=(),
        house_lat=np.empty(0),
        house_lon=np.empty(0),
    )


@pytest.fixture
def make_graph() -> Callable[..., RoadGraph]:
    return graph_of


@pytest.fixture
def town(osm_file) -> Path:
    """A square of 300 m blocks: two-way streets named by column and row, a house, two speed limits."""
    nodes = {10 * row + col: (300.0 * col, 300.0 * row) for row in range(4) for col in range(4)}
    ways: list[Way] = []
    for i in range(4):
        ways.append((100 + i, [10 * i + c for c in range(4)], {"highway": "residential", "name": f"Row {i}"}))
        tags = {"highway": "secondary", "name": f"Column {i}", "maxspeed": "50"}
        ways.append((200 + i, [10 * r + i for r in range(4)], tags))
    nodes[900] = (310.0, 20.0)
    house = {900: {"addr:housenumber": "7", "addr:street": "Row 0"}}
    return osm_file(nodes, ways, node_tags=house)
