"""Assemble an invented region into a ``RoadGraph``."""

import numpy as np

from engine.geo import Projection, great_circle_m
from engine.roads.graph import (
    BRIDGE,
    LOW_EMISSION_ZONE,
    ROAD_CLASSES,
    TRUCK_FORBIDDEN,
    TUNNEL,
    RoadGraph,
)
from engine.roads.synthetic.join import Chains, chains, largest, safe_to_drop, strong_parts
from engine.roads.synthetic.layout import Layout, plan
from engine.roads.synthetic.mains import (
    LIVING_STREET,
    PRIMARY,
    RESIDENTIAL,
    TRACK,
    main_roads,
)
from engine.roads.synthetic.names import houses, street_names
from engine.roads.synthetic.streets import Pieces, pieces
from engine.streams import Streams

#             motorway trunk primary secondary tertiary unclassified residential living service track
_TOWN_KMH = np.array([100.0, 80, 50, 50, 50, 40, 30, 20, 20, 20])
_OPEN_KMH = np.array([120.0, 90, 90, 80, 70, 60, 30, 20, 20, 20])
_MOUNTAIN_SHARE = 0.62
"""Open-road speeds in the mountains: bends rather than limits set the speed (assumption)."""

MIN_NODES, MAX_NODES = 300, 1_000_000
RING_FROM_NODES = 1500
"""Smaller regions have a town without a ring road."""

_TOLERANCE = 0.06
_MAX_DRAWS = 40


def synthetic_region(
    nodes: int = 4000,
    seed: int = 1,
    centre: tuple[float, float] = (47.0, 8.0),
    mountains: float = 0.35,
) -> RoadGraph:
    """Invent a region of about ``nodes`` junctions and road ends (within 10 %) around ``centre`` (lat, lon).

    Args:
        nodes: wanted size, 300 to 1,000,000; 4,000 is a small city, 15 km across with its villages.
        seed: the same seed gives the same arrays bit for bit.
        centre: latitude and longitude of the city's centre, degrees.
        mountains: share of the region that is mountainous, 0 to 1.

    The whole is strongly connected, for lorries too; outside the low-emission zone (the old centre) it is so
    for vehicles that must keep out.

    Raises:
        ValueError: an argument is out of range.
    """
    if not MIN_NODES <= nodes <= MAX_NODES:
        raise ValueError(f"roads.synthetic.nodes: {nodes} is not between {MIN_NODES} and {MAX_NODES}")
    if not (-75 <= centre[0] <= 75 and -180 <= centre[1] <= 180):
        raise ValueError(f"roads.synthetic.centre: {centre} is not (latitude within 75, longitude) degrees")
    if not 0 <= mountains <= 1:
        raise ValueError(f"roads.synthetic.mountains: {mountains} is not between 0 and 1")
    streams = Streams(seed)
    aim = nodes * (1 + 0.05 * max(np.log10(nodes / 4000), 0))
    ring = nodes >= RING_FROM_NODES
    best = graph = _draw(aim, ring, streams, centre, mountains)
    for attempt in range(_MAX_DRAWS):
        if abs(best.nodes / nodes - 1) <= _TOLERANCE:
            break
        if attempt < 3:
            aim *= (nodes / graph.nodes) ** 0.9
        else:  # small regions grow in jumps, a village at a time: draw others around the wanted size
            aim = nodes * (0.6 + 0.7 * (attempt * 0.618034 % 1))
            streams = Streams(seed * 1009 + attempt)
        graph = _draw(aim, ring, streams, centre, mountains)
        best = min(best, graph, key=lambda one: abs(one.nodes - nodes))
    best.meta.update(seed=int(seed), wanted_nodes=int(nodes), mountains=float(mountains))
    return best


def _draw(aim: float, ring: bool, streams: Streams, centre: tuple[float, float], mountains: float) -> RoadGraph:
    """One region laid out for ``aim`` junctions."""
    layout = plan(aim, mountains, ring, streams.generator("roads", "layout"))
    mains = main_roads(layout, streams.generator("roads", "mains"))
    parts = _largest_part(pieces(layout, mains, streams.generator("roads", "streets")))
    over_water = layout.river_m(parts.z[parts.u]) * layout.river_m(parts.z[parts.v]) < 0
    flags = parts.tunnel * TUNNEL + (over_water & ~parts.tunnel) * BRIDGE
    joined = chains(parts, parts.road_class.astype(np.int64) * 256 + flags)
    joined = _one_ways(layout, parts, joined)
    part = strong_parts(len(parts.z), joined.start, joined.end)
    used = np.bincount(part[joined.start], minlength=part.max() + 1)
    joined = joined.take(part[joined.start] == np.argmax(used))
    joined = joined.take(part[joined.end] == part[joined.start[0]])
    return _graph(layout, parts, joined, flags, streams, centre)


def _largest_part(whole: Pieces) -> Pieces:
    """The pieces connected to most others."""
    label = strong_parts(len(whole.z), np.r_[whole.u, whole.v], np.r_[whole.v, whole.u])
    keep = largest(label)[whole.u]
    columns = (whole.u, whole.v, whole.road_class, whole.street, whole.oneway, whole.tunnel)
    return Pieces(whole.z, whole.fixed, *(column[keep] for column in columns))


def _one_ways(layout: Layout, parts: Pieces, joined: Chains) -> Chains:
    """Make streets of old centres one-way in alternate directions, where everything stays within reach."""
    share = layout.built_up(parts.z[joined.start])[0]
    street = parts.street[joined.first]
    old = (share < 0.42) & (layout.radius_m[layout.built_up(parts.z[joined.start])[1]] > 800)
    calm = np.isin(parts.road_class[joined.first], (RESIDENTIAL, LIVING_STREET)) & (joined.reverse >= 0)
    against = joined.forward == ((street // 2) % 2 == 0)
    wish = old & calm & against & (street % 5 < 3)
    both = wish & wish[joined.reverse]
    wish &= ~(both & (joined.reverse < np.arange(len(wish))))
    return joined.take(~safe_to_drop(len(parts.z), joined.start, joined.end, wish))


def _graph(
    layout: Layout,
    parts: Pieces,
    joined: Chains,
    flags: np.ndarray,
    streams: Streams,
    centre: tuple[float, float],
) -> RoadGraph:
    """Number the nodes, give every edge its attributes and every street its name and houses."""
    place, number = np.unique(joined.start, return_inverse=True)
    tail, head = number.astype(np.int32), np.searchsorted(place, joined.end).astype(np.int32)
    road_class = parts.road_class[joined.first]
    z_mid = parts.z[joined.point[(joined.ptr[:-1] + joined.ptr[1:]) // 2]]
    share = layout.built_up(z_mid)[0]
    slow = 1 - (1 - _MOUNTAIN_SHARE) * layout.mountain(z_mid)
    kmh = np.where(share < 1, _TOWN_KMH[road_class], np.round(_OPEN_KMH[road_class] * slow, -1))
    kmh = np.maximum(kmh, 20.0)
    edge_flags = _zones(layout, parts, joined, tail, head, flags[joined.first], streams)

    bent = layout.warp(parts.z)
    plane = Projection(*map(float, centre))
    lat, lon = (np.round(axis, 7) for axis in plane.to_lat_lon(bent.real, bent.imag))
    shape_lat, shape_lon = lat[joined.point], lon[joined.point]
    step = great_circle_m(shape_lat[:-1], shape_lon[:-1], shape_lat[1:], shape_lon[1:])
    step[joined.ptr[1:-1] - 1] = 0.0  # from the end of one edge to the start of the next
    length_m = np.round(np.add.reduceat(step, joined.ptr[:-1]), 3)

    name_id, names, house = _addresses(parts, joined, share, bent, streams)
    house_lat, house_lon = (np.round(axis, 7) for axis in plane.to_lat_lon(house[2].real, house[2].imag))
    river = layout.warp(_river_line(layout))
    water = [np.round(axis, 6).tolist() for axis in plane.to_lat_lon(river.real, river.imag)]
    edges = np.arange(len(tail), dtype=np.int32)
    return RoadGraph(
        lat=lat[place], lon=lon[place], tail=tail, head=head, length_m=length_m,
        speed_mps=np.round(kmh / 3.6, 6),
        road_class=road_class.astype(np.uint8), flags=edge_flags, name_id=name_id, names=names,
        shape_ptr=joined.ptr.astype(np.int64), shape_lat=shape_lat, shape_lon=shape_lon,
        arc_tail=tail.copy(), arc_head=head.copy(), arc_edge=edges,
        routing_node=np.arange(len(place), dtype=np.int32), sink=np.arange(len(place), dtype=np.int32),
        house_street=house[0].astype(np.int32), house_number=tuple(map(str, house[1].tolist())),
        house_lat=house_lat, house_lon=house_lon,
        elevation_m=np.round(layout.height_m(parts.z[place]), 1).astype(np.float32),
        meta={
            "source": "synthetic", "licence": "none: invented", "settlements": len(layout.centre),
            "river_lat": water[0], "river_lon": water[1],
        },
    )  # fmt: skip


def _zones(
    layout: Layout,
    parts: Pieces,
    joined: Chains,
    tail: np.ndarray,
    head: np.ndarray,
    flags: np.ndarray,
    streams: Streams,
) -> np.ndarray:
    """Flags of each edge with the low-emission zone and the streets closed to lorries."""
    z = parts.z[joined.point[(joined.ptr[:-1] + joined.ptr[1:]) // 2]]
    nodes, road_class = int(tail.max()) + 1, parts.road_class[joined.first]
    zone = np.abs(z) < 0.26 * layout.radius_m[0]
    part = strong_parts(nodes, tail[~zone], head[~zone])
    reached = largest(part)
    zone |= ~reached[tail] | ~reached[head]
    quiet = np.isin(road_class, (RESIDENTIAL, LIVING_STREET, TRACK))
    near = np.abs(z) < 0.4 * layout.radius_m[0]
    draw = streams.generator("roads", "lorries").random(len(parts.u))[joined.lowest]
    closed = safe_to_drop(nodes, tail, head, quiet & (draw < np.where(near, 0.3, 0.05)))
    return (flags + zone * LOW_EMISSION_ZONE + closed * TRUCK_FORBIDDEN).astype(np.uint8)


def _addresses(
    parts: Pieces, joined: Chains, share: np.ndarray, bent: np.ndarray, streams: Streams
) -> tuple[np.ndarray, tuple[str, ...], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Name of each edge, all names, and (street, number, place) of every house."""
    road_class = parts.road_class[joined.first]
    named = road_class != TRACK
    street, order = np.unique(parts.street[joined.lowest][named], return_inverse=True)
    name_id = np.full(len(road_class), -1, np.int32)
    name_id[named] = order
    main = np.zeros(len(street), bool)
    main[order[road_class[named] <= ROAD_CLASSES.index("unclassified")]] = True
    names = street_names(main, streams.key("roads", "names") % 100_000)
    ring = name_id[road_class == ROAD_CLASSES.index("trunk")]
    if len(ring):
        names[ring[0]] = "Ring Road"
    canonical = (joined.reverse < 0) | (np.arange(len(named)) < joined.reverse)
    built = (share < 1.02) & (road_class >= PRIMARY) | (road_class == ROAD_CLASSES.index("service"))
    edge = np.flatnonzero(named & canonical & built)
    house = houses(bent, joined.ptr, joined.point, edge, joined.lowest[edge], name_id[edge])
    return name_id, tuple(names), house


def _river_line(layout: Layout) -> np.ndarray:
    """Points along the middle of the river, through the region."""
    along = np.linspace(-1.0, 1.0, 101) * layout.region_m
    guess = np.full(len(along), 0.42 * layout.radius_m[0])
    line = (guess + 1j * along) * layout.mountain_to
    return line - layout.river_m(line) * layout.mountain_to
