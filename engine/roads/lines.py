"""The roads as lines to draw: one row per physical piece of road, small enough to lie in every run folder."""

import numpy as np
import pyarrow as pa

from engine.roads.graph import ROAD_CLASSES, RoadGraph

LINES_SCHEMA = pa.schema([
    pa.field("road_class", pa.dictionary(pa.int8(), pa.string()), nullable=False),
    pa.field("name", pa.dictionary(pa.int32(), pa.string())),
    pa.field("lat", pa.list_(pa.float32()), nullable=False),
    pa.field("lon", pa.list_(pa.float32()), nullable=False),
])  # fmt: skip
"""``lat`` and ``lon`` in degrees; float32 is half a metre in mid latitudes, finer than a drawn line is wide."""

_DEGREE_STEPS = 1e7


def road_lines(graph: RoadGraph) -> pa.Table:
    """Every piece of road once, as ``LINES_SCHEMA``, in order of its first edge.

    The two directions of a road and exact duplicates become one row: pieces are the same when they join the same two
    nodes through the same points, whichever way round. Unnamed roads have a null name.
    """
    edges = _first_of_each_piece(graph)
    counts = np.diff(graph.shape_ptr)[edges]
    offsets = np.concatenate(([0], np.cumsum(counts)))
    points = np.repeat(graph.shape_ptr[:-1][edges] - offsets[:-1], counts) + np.arange(offsets[-1])
    name_id = graph.name_id[edges]
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(graph.road_class[edges], pa.int8()), pa.array(ROAD_CLASSES)),
        pa.DictionaryArray.from_arrays(
            pa.array(name_id, pa.int32(), mask=name_id < 0), pa.array(graph.names, pa.string())
        ),
        _lists(offsets, graph.shape_lat[points]),
        _lists(offsets, graph.shape_lon[points]),
    ]
    return pa.Table.from_arrays(columns, schema=LINES_SCHEMA)


def _first_of_each_piece(graph: RoadGraph) -> np.ndarray:
    """Indices of the edges that are the first of their piece of road, ascending."""
    if not graph.edges:
        return np.empty(0, np.int64)
    low, high = np.minimum(graph.tail, graph.head), np.maximum(graph.tail, graph.head)
    # Sums over the points do not depend on the direction they are passed in.
    lat = np.add.reduceat(np.rint(graph.shape_lat * _DEGREE_STEPS).astype(np.int64), graph.shape_ptr[:-1])
    lon = np.add.reduceat(np.rint(graph.shape_lon * _DEGREE_STEPS).astype(np.int64), graph.shape_ptr[:-1])
    key = np.stack([low, high, np.diff(graph.shape_ptr), lat, lon], axis=1)
    _, first = np.unique(key, axis=0, return_index=True)
    return np.sort(first)


def _lists(offsets: np.ndarray, values: np.ndarray) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values, pa.float32()))
