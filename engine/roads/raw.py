"""Roads as they come from a map: ways, restrictions and addresses, before they become arrays."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


class RoadFileError(ValueError):
    """A road source that cannot be used; the message is one line that names the source and what is wrong."""


@dataclass(frozen=True)
class RawWay:
    """A drawn line: OpenStreetMap id, node ids along it, tags."""

    way_id: int
    nodes: tuple[int, ...]
    tags: dict[str, str]


@dataclass(frozen=True)
class RawRestriction:
    """A turn restriction at a node. ``kind`` is as tagged (``no_left_turn``, ``only_straight_on`` ...)."""

    kind: str
    from_ways: tuple[int, ...]
    via_node: int
    to_ways: tuple[int, ...]


@dataclass(frozen=True)
class RawHouse:
    """An address: street, house number, degrees."""

    street: str
    number: str
    lat: float
    lon: float


@dataclass(frozen=True)
class RawRoads:
    """What a reader hands to the builder.

    ``node_id`` is int64 [n], ascending, with ``node_lat`` and ``node_lon`` in degrees; ways may name nodes
    that are not there (clipped extracts). ``zones`` are low-emission zones, each a list of closed or open
    lines (outer and inner boundaries alike) given as float64 [points, 2] latitudes and longitudes.
    """

    node_id: np.ndarray
    node_lat: np.ndarray
    node_lon: np.ndarray
    ways: list[RawWay]
    restrictions: list[RawRestriction] = field(default_factory=list)
    houses: list[RawHouse] = field(default_factory=list)
    zones: list[list[np.ndarray]] = field(default_factory=list)
    meta: dict[str, Any] = field(default_factory=dict)
