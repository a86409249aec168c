"""OpenStreetMap files (``.osm``, ``.osm.gz``, ``.osm.bz2``, ``.osm.pbf``) read into RawRoads."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.roads.raw import RawHouse, RawRestriction, RawRoads, RawWay, RoadFileError
from engine.roads.tags import Tags, drivable, restriction_kind

ATTRIBUTION = "© OpenStreetMap contributors, Open Database Licence 1.0 (https://www.openstreetmap.org/copyright)"
SUFFIXES = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".pbf")

_KEYS = (
    "highway", "addr:housenumber", "boundary", "restriction", "restriction:motorcar",
    "restriction:motor_vehicle", "restriction:hgv", "restriction:conditional",
)  # fmt: skip


def read_osm(path: str | Path) -> RawRoads:
    """Read the drivable ways, turn restrictions, addresses and low-emission zones of an OpenStreetMap file.

    One pass over the file; pyosmium holds all node positions (16 bytes each) meanwhile, only needed ones are
    kept.

    Raises:
        RoadFileError: the file is missing, not OpenStreetMap data, damaged, or has no road.
    """
    path = Path(path)
    if not path.name.lower().endswith(SUFFIXES):
        raise RoadFileError(f"{path}: not a known road file; expected one of {', '.join(SUFFIXES[:4])}")
    if not path.is_file():
        raise RoadFileError(f"{path}: no such file")
    try:
        found, locations, meta = _collect(path)
    except (RuntimeError, OSError, ValueError) as error:  # pyosmium's own words for damaged or foreign files
        raise RoadFileError(f"{path}: cannot be read as OpenStreetMap data: {' '.join(str(error).split())}") from error
    if not found.ways:
        raise RoadFileError(f"{path}: holds no road that a car may use")
    return _raw_roads(path, found, locations, {"source": path.name, "attribution": ATTRIBUTION, **meta})


@dataclass
class _Found:
    ways: list[RawWay] = field(default_factory=list)
    restrictions: list[RawRestriction] = field(default_factory=list)
    houses: list[RawHouse] = field(default_factory=list)
    buildings: list[tuple[str, str, tuple[int, ...]]] = field(default_factory=list)  # street, number, nodes
    zones: list[list[tuple[int, ...]]] = field(default_factory=list)  # each its lines, as node ids
    zone_members: list[set[int]] = field(default_factory=list)  # way ids of zones drawn as relations
    restrictions_via_ways: int = 0
    restrictions_of_others: int = 0


def _collect(path: Path) -> tuple[_Found, Any, dict[str, Any]]:
    """Everything of use in the file, its table of node locations, and what its header says."""
    import osmium

    found = _Found()
    take = {"n": _take_house_node, "w": _take_way, "r": _take_relation}
    kinds = osmium.osm.NODE | osmium.osm.WAY | osmium.osm.RELATION
    processor = osmium.FileProcessor(str(path), kinds).with_locations("flex_mem")
    for item in processor.with_filter(osmium.filter.KeyFilter(*_KEYS)):
        take[item.type_str()](found, item, {tag.k: tag.v for tag in item.tags})
    if found.zone_members:
        _collect_zones(path, found)
    header = processor.header
    meta: dict[str, Any] = {"data_as_of": header.get("osmosis_replication_timestamp") or None}
    if header.box().valid():
        low, high = header.box().bottom_left, header.box().top_right
        meta["bounds"] = [low.lat, low.lon, high.lat, high.lon]
    return found, processor.node_location_storage, meta


def _collect_zones(path: Path, found: _Found) -> None:
    """A second pass for the lines of zones drawn as relations, which come after the ways they name."""
    import osmium

    lines = {}
    wanted = osmium.filter.IdFilter(sorted(set().union(*found.zone_members)))
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(wanted):
        lines[way.id] = _refs(way)
    found.zones += [[lines.get(member, ()) for member in sorted(members)] for members in found.zone_members]


def _refs(way: Any) -> tuple[int, ...]:
    return tuple([node.ref for node in way.nodes])


def _street(tags: Tags) -> str:
    return tags.get("addr:street") or tags.get("addr:place") or ""


def _take_house_node(found: _Found, node: Any, tags: Tags) -> None:
    number, street = tags.get("addr:housenumber"), _street(tags)
    if number and street and node.location.valid():
        found.houses.append(RawHouse(street, number, node.location.lat, node.location.lon))


def _take_way(found: _Found, way: Any, tags: dict[str, str]) -> None:
    if drivable(tags):
        found.ways.append(RawWay(way.id, _refs(way), tags))
        return
    number, street = tags.get("addr:housenumber"), _street(tags)
    if number and street:
        found.buildings.append((street, number, _refs(way)))
    if tags.get("boundary") == "low_emission_zone":
        found.zones.append([_refs(way)])


def _take_relation(found: _Found, relation: Any, tags: Tags) -> None:
    members = [(member.role, member.type, member.ref) for member in relation.members]
    if tags.get("boundary") == "low_emission_zone":
        found.zone_members.append({ref for _, kind, ref in members if kind == "w"})
    if not any(key.startswith("restriction") for key in tags):
        return
    restriction = restriction_kind(tags)
    if restriction is None:
        found.restrictions_of_others += 1
        return
    from_ways = tuple(ref for role, kind, ref in members if (role, kind) == ("from", "w"))
    to_ways = tuple(ref for role, kind, ref in members if (role, kind) == ("to", "w"))
    vias = [(kind, ref) for role, kind, ref in members if role == "via"]
    if len(vias) != 1 or vias[0][0] != "n":
        found.restrictions_via_ways += 1
        return
    found.restrictions.append(RawRestriction(restriction, from_ways, vias[0][1], to_ways))


def _raw_roads(path: Path, found: _Found, locations: Any, meta: dict[str, Any]) -> RawRoads:
    """Look up the positions of all nodes that roads, buildings and zones name, and place the buildings."""
    lists = [way.nodes for way in found.ways]
    lists += [nodes for _, _, nodes in found.buildings]
    lists += [nodes for zone in found.zones for nodes in zone]
    node_id = np.unique(np.fromiter(itertools.chain.from_iterable(lists), np.int64))
    position = _positions(path, node_id, locations)
    known = ~np.isnan(position[:, 0])
    node_id, position = node_id[known], position[known]
    if len(position) and np.ptp(position[:, 1]) > 180:  # one plane cannot hold both
        raise RoadFileError(f"{path}: holds roads on both sides of the antimeridian; cut the file there, and take one")
    houses = found.houses + [
        RawHouse(street, number, *position[rows].mean(axis=0).tolist())
        for street, number, nodes in found.buildings
        if len(rows := rows_of(node_id, np.array(nodes, np.int64)))
    ]
    zones = [[position[rows_of(node_id, np.array(nodes, np.int64))] for nodes in zone] for zone in found.zones]
    meta["restrictions_via_ways"] = found.restrictions_via_ways
    meta["restrictions_of_others"] = found.restrictions_of_others
    return RawRoads(
        node_id,
        position[:, 0].copy(),
        position[:, 1].copy(),
        found.ways,
        found.restrictions,
        houses,
        zones,
        meta,
    )


def _positions(path: Path, node_id: np.ndarray, locations: Any) -> np.ndarray:
    """Latitudes and longitudes, float64 [nodes, 2]; NaN for nodes not in the file: ways are split there."""
    import osmium

    position = np.full((len(node_id), 2), np.nan)
    new = int(np.searchsorted(node_id, 0))
    for row, node in enumerate(node_id[new:].tolist(), new):
        try:
            location = locations.get(node)
            position[row] = location.lat, location.lon
        except (KeyError, osmium.InvalidLocationError):
            continue
    if new:  # negative ids: drawn in an editor and never uploaded; pyosmium's table holds none of them
        nodes: Any = osmium.FileProcessor(str(path), osmium.osm.NODE)
        for item in nodes:
            row = int(np.searchsorted(node_id[:new], item.id))
            if row < new and node_id[row] == item.id and item.location.valid():
                position[row] = item.location.lat, item.location.lon
    return position


def rows_of(sorted_ids: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Positions in ``sorted_ids`` of those ``ids`` that are there, in the order of ``ids``."""
    rows = np.minimum(np.searchsorted(sorted_ids, ids), max(len(sorted_ids) - 1, 0))
    return rows[sorted_ids[rows] == ids] if len(sorted_ids) else rows[:0]
