"""The road network as arrays: what every loader produces and everything else reads."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

ROAD_CLASSES = (
    "motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
    "living_street", "service", "track",
)  # fmt: skip
"""OpenStreetMap ``highway`` values a car may use; ``*_link`` counts as its road, anything else as unclassified."""

TUNNEL, TRUCK_FORBIDDEN, LOW_EMISSION_ZONE, BRIDGE, TOLL = 1, 2, 4, 8, 16
"""Bits of ``RoadGraph.flags``."""


@dataclass(frozen=True)
class Profile:
    """What a kind of vehicle may use and how fast it may go."""

    name: str
    truck: bool = False
    low_emission: bool = True
    max_speed_mps: float = 36.2


@dataclass(frozen=True)
class RoadGraph:
    """Directed drivable road network; one strongly connected part, read-only.

    Nodes are junctions and road ends (long roads are cut so that no edge exceeds ``MAX_EDGE_M`` of the builder).
    Turn restrictions live in the routing arcs: only nodes that carry one are expanded. A restricted node *v* keeps its
    number as a start of journeys (``source`` = v); restricted incoming edges end in copies of *v* with the allowed
    onward arcs; ``sink[v]`` is the routing node that every way into *v* reaches for free, the end of journeys.
    """

    lat: np.ndarray  # float64 [nodes], degrees
    lon: np.ndarray  # float64 [nodes], degrees
    tail: np.ndarray  # int32 [edges]
    head: np.ndarray  # int32 [edges]
    length_m: np.ndarray  # float64 [edges], great-circle along the shape
    speed_mps: np.ndarray  # float64 [edges], free flow, from maxspeed or class
    road_class: np.ndarray  # uint8 [edges], index into ROAD_CLASSES
    flags: np.ndarray  # uint8 [edges]
    name_id: np.ndarray  # int32 [edges], index into names, -1 unnamed
    names: tuple[str, ...]
    shape_ptr: np.ndarray  # int64 [edges + 1], slices of shape_lat/lon, both ends included
    shape_lat: np.ndarray  # float64
    shape_lon: np.ndarray  # float64
    arc_tail: np.ndarray  # int32 [arcs], routing nodes
    arc_head: np.ndarray  # int32 [arcs], routing nodes
    arc_edge: np.ndarray  # int32 [arcs], edge driven, -1 for a free arc into a sink
    routing_node: np.ndarray  # int32 [routing nodes], the node each stands at
    sink: np.ndarray  # int32 [nodes], routing node where journeys to the node end
    house_street: np.ndarray  # int32 [houses], index into names
    house_number: tuple[str, ...]
    house_lat: np.ndarray  # float64 [houses]
    house_lon: np.ndarray  # float64 [houses]
    elevation_m: np.ndarray | None = None  # float32 [nodes], where known
    meta: dict[str, Any] = field(default_factory=dict)  # source, licence, counts, what was dropped

    @property
    def nodes(self) -> int:
        return len(self.lat)

    @property
    def edges(self) -> int:
        return len(self.tail)

    def allowed(self, profile: Profile) -> np.ndarray:
        """bool [edges]: which edges a vehicle of this profile may drive."""
        forbidden = np.zeros(self.edges, bool)
        if profile.truck:
            forbidden |= (self.flags & TRUCK_FORBIDDEN) > 0
        if not profile.low_emission:
            forbidden |= (self.flags & LOW_EMISSION_ZONE) > 0
        return ~forbidden

    def shape(self, edge: int) -> tuple[np.ndarray, np.ndarray]:
        """Latitudes and longitudes along an edge, both ends included."""
        part = slice(self.shape_ptr[edge], self.shape_ptr[edge + 1])
        return self.shape_lat[part], self.shape_lon[part]
