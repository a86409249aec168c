"""Any place by name, through OSMnx (Nominatim for its outline, Overpass for its streets)."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.roads.osm import ATTRIBUTION
from engine.roads.raw import RawRoads, RawWay, RoadFileError

WAY_TAGS = (
    "access", "area", "bridge", "covered", "goods", "highway", "hgv", "junction", "low_emission_zone",
    "maxheight", "maxspeed", "maxspeed:backward", "maxspeed:forward", "maxspeed:type", "maxweight",
    "maxweight:hgv",
    "maxweightrating", "maxweightrating:hgv", "motor_vehicle", "motorcar", "name", "oneway", "ref", "service",
    "source:maxspeed", "toll", "tunnel", "vehicle", "zone:maxspeed",
)  # fmt: skip
"""Tags that OSMnx is asked to keep: all that ``engine.roads.tags`` reads."""


class MissingExtra(ImportError):
    """An optional package is not installed; the message is one line that says what to install."""


def read_place(name: str, cache_dir: Path) -> RawRoads:
    """Download (or take from OSMnx's own cache below ``cache_dir``) the drivable streets of a place.

    Turn restrictions and addresses are not part of what OSMnx fetches; for those use an extract as a file.

    Raises:
        MissingExtra: OSMnx is not installed.
        RoadFileError: the place is unknown or has no area, or a map server does not answer.
    """
    try:
        import osmnx
        import requests
    except ModuleNotFoundError as error:
        raise MissingExtra('roads by place name need OSMnx: pip install "fleet-twin[place]"') from error
    failures = (
        osmnx._errors.InsufficientResponseError,
        osmnx._errors.ResponseStatusCodeError,
        TypeError,
        ValueError,
    )
    try:
        with _settings(osmnx.settings, Path(cache_dir) / "osmnx"):
            graph = osmnx.graph_from_place(name, network_type="drive", simplify=False, retain_all=True)
    except (*failures, requests.exceptions.RequestException) as error:
        raise RoadFileError(f"place {name!r}: {' '.join(str(error).split())[:300]}") from error
    return _raw_roads(graph, name)


@contextmanager
def _settings(settings: Any, cache_folder: Path) -> Iterator[None]:
    """OSMnx is configured by a module; leave it as found."""
    mine = {
        "use_cache": True,
        "cache_folder": str(cache_folder),
        "useful_tags_way": list(WAY_TAGS),
        "all_oneway": False,
    }
    before = {key: getattr(settings, key) for key in mine}
    try:
        for key, value in mine.items():
            setattr(settings, key, value)
        yield
    finally:
        for key, value in before.items():
            setattr(settings, key, value)


def _raw_roads(graph: Any, name: str) -> RawRoads:
    """Nodes and ways of an unsimplified OSMnx graph, where every segment is an edge that knows its way."""
    nodes = sorted(graph.nodes(data=True))
    segments: dict[int, list[tuple[int, int]]] = {}
    tags: dict[int, dict[str, str]] = {}
    for tail, head, data in graph.edges(data=True):
        if data["reversed"]:
            continue  # the way back of a segment that is there already
        segments.setdefault(data["osmid"], []).append((tail, head))
        tags[data["osmid"]] = _tags(data)
    ways = [RawWay(way, chain, tags[way]) for way in sorted(segments) for chain in chains(segments[way])]
    return RawRoads(
        np.array([node for node, _ in nodes], np.int64),
        np.array([data["y"] for _, data in nodes], np.float64),
        np.array([data["x"] for _, data in nodes], np.float64),
        ways,
        meta={"source": name, "attribution": ATTRIBUTION, "restrictions_fetched": False},
    )


def _tags(data: dict[str, Any]) -> dict[str, str]:
    """Tags as drawn. OSMnx has turned ``oneway`` into a truth value and the nodes into driving order."""
    tags = {key: str(data[key]) for key in WAY_TAGS if key in data and key != "oneway"}
    if data["oneway"]:
        tags["oneway"] = "yes"
    return tags


def chains(segments: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Join directed segments end to end into as long lines as they make, every segment once."""
    onward: dict[int, list[int]] = {}
    entered: dict[int, int] = {}
    for tail, head in segments:
        onward.setdefault(tail, []).append(head)
        entered[head] = entered.get(head, 0) + 1
    lines = []
    for start in sorted(onward, key=lambda node: (entered.get(node, 0), node)):
        while onward[start]:
            line = [start]
            while onward.get(line[-1]):
                line.append(onward[line[-1]].pop(0))
            lines.append(tuple(line))
    return lines
