"""Roads given as a table of travel times between named places: the facade of RoadNetwork without a map.

For benchmarks and depots where travel times are given. Places drive straight at constant speed; traffic,
profiles and closures change nothing.
"""

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.geo import Projection, great_circle_m
from engine.roads.drive import NO_EDGES, Drive, Snap
from engine.roads.graph import Profile
from engine.roads.router import UNREACHABLE


class NoTraffic:
    """The clock of a table: one time bucket."""

    def bucket(self, t_us: int) -> int:
        """Always 0."""
        return 0


class MatrixRoads:
    """Travel between named places.

    ``duration_ms`` and ``distance_m`` are int64 [places, places], UNREACHABLE where there is no way. Node
    numbers are positions in ``names``.
    """

    graph = None
    router_name = "matrix"

    def __init__(
        self,
        names: Sequence[str],
        lat: np.ndarray,
        lon: np.ndarray,
        duration_ms: np.ndarray,
        distance_m: np.ndarray,
    ) -> None:
        self.names = tuple(names)
        self.lat, self.lon = np.asarray(lat, float), np.asarray(lon, float)
        self.duration_ms, self.distance_m = duration_ms.astype(np.int64), distance_m.astype(np.int64)
        self.projection = Projection(round(float(self.lat.mean()), 6), round(float(self.lon.mean()), 6))
        x_m, y_m = self.projection.to_xy(self.lat, self.lon)
        self._x_mm, self._y_mm = np.rint(x_m * 1000).astype(np.int64), np.rint(y_m * 1000).astype(np.int64)
        self.traffic = NoTraffic()
        self._node = {name: index for index, name in enumerate(self.names)}

    @classmethod
    def read(cls, path: str | Path, positions: Mapping[str, tuple[float, float]] | None = None) -> "MatrixRoads":
        """Read a table of travel times; see ``read_matrix`` for formats and errors."""
        from engine.roads.matrix_file import read_matrix

        return cls(*read_matrix(path, positions))

    def placed(self, positions: Mapping[str, tuple[float, float]]) -> "MatrixRoads":
        """The same travel times with the positions (latitude, longitude) of some places as given."""
        at = [positions.get(name, self.place_of(node)) for node, name in enumerate(self.names)]
        lat, lon = np.array(at, float).T
        return MatrixRoads(self.names, lat, lon, self.duration_ms, self.distance_m)

    def snap(self, lat: float, lon: float, profile: Profile, place_id: str = "") -> Snap:
        """The place of that name; without a name, the nearest place.

        Raises:
            ValueError: the name is not in the table; the nearest one is named.
        """
        if not place_id:
            away_m = great_circle_m(lat, lon, self.lat, self.lon)
            return Snap(int(np.argmin(away_m)), float(away_m.min()))
        if place_id not in self._node:
            nearest = difflib.get_close_matches(place_id, self.names, 1, 0.0)
            raise ValueError(f"no travel times for place {place_id!r}; the nearest name is {nearest[0]!r}")
        return Snap(self._node[place_id], 0.0)

    def snap_all(self, lat: np.ndarray, lon: np.ndarray, profile: Profile) -> tuple[np.ndarray, np.ndarray]:
        """The nearest place of each position: nodes int64 and distances in metres, both [positions]."""
        found = [self.snap(a, b, profile) for a, b in zip(lat, lon)]
        return np.array([snap.node for snap in found], np.int64), np.array([snap.distance_m for snap in found])

    def component(self, profile: Profile) -> np.ndarray:
        """All places."""
        return np.arange(len(self.names))

    def place_of(self, node: int) -> tuple[float, float]:
        """Latitude and longitude of a place."""
        return float(self.lat[node]), float(self.lon[node])

    def centre(self, profile: Profile) -> int:
        """The place nearest to the median position."""
        return self.snap(float(np.median(self.lat)), float(np.median(self.lon)), profile).node

    def random_nodes(
        self, rng: np.random.Generator, n: int, profile: Profile, where: Literal["any", "edge"] = "any"
    ) -> np.ndarray:
        """``n`` different places (with repeats where there are fewer); a table has no edge."""
        return rng.choice(len(self.names), n, replace=n > len(self.names))

    def edges_near(self, lat: float, lon: float, radius_m: float) -> np.ndarray:
        """None: a table has no edges."""
        return np.empty(0, np.int64)

    def edges_of_street(self, name: str) -> np.ndarray:
        """Never answers.

        Raises:
            ValueError: a table of travel times has no streets.
        """
        raise ValueError(f"no street is named {name!r}: roads given as a matrix have no streets")

    def matrix(
        self,
        origins: Sequence[Any] | np.ndarray,
        destinations: Sequence[Any] | np.ndarray,
        depart_at_us: int,
        profile: Profile,
        closed: frozenset[int] = frozenset(),
    ) -> tuple[np.ndarray, np.ndarray]:
        """Durations (ms) and distances (m) as given, both int64 [origins, destinations]."""
        rows, columns = self._nodes(origins, profile), self._nodes(destinations, profile)
        duration_ms = self.durations_ms(rows, columns, depart_at_us, profile, closed)
        return duration_ms, self.distances_m(rows, columns, profile, closed)

    def durations_ms(
        self, origins: np.ndarray, destinations: np.ndarray, depart_at_us: int, profile: Profile,
        closed: frozenset[int] = frozenset(),
    ) -> np.ndarray:  # fmt: skip
        """The durations of a ``matrix`` between nodes."""
        return self.duration_ms[origins[:, None], destinations]

    def distances_m(
        self, origins: np.ndarray, destinations: np.ndarray, profile: Profile, closed: frozenset[int] = frozenset()
    ) -> np.ndarray:
        """The distances of a ``matrix`` between nodes."""
        return self.distance_m[origins[:, None], destinations]

    def legs_ms(
        self,
        origins: np.ndarray,
        destinations: np.ndarray,
        depart_at_us: int,
        profile: Profile,
        closed: frozenset[int] = frozenset(),
    ) -> np.ndarray:
        """Durations of single legs origin[i] to destination[i]: int64 [legs]."""
        return self.duration_ms[np.asarray(origins, np.int64), np.asarray(destinations, np.int64)]

    def leg_ms(
        self, origin: int, destination: int, depart_at_us: int, profile: Profile, closed: frozenset[int] = frozenset()
    ) -> int:
        """The duration of one leg."""
        return self.duration_ms.item(origin, destination)

    def tunnel_pieces(self, drive: Drive) -> np.ndarray:
        """bool [keyframes - 1]: nothing is known of the way."""
        return np.zeros(len(drive.t_us) - 1, bool)

    def position_mm(self, node: int) -> tuple[int, int]:
        """Where a place is on the plane."""
        return int(self._x_mm[node]), int(self._y_mm[node])

    def drive(
        self,
        origin_node: int,
        destination_node: int,
        depart_us: int,
        profile: Profile,
        pace: float = 1.0,
        known_closed: frozenset[int] = frozenset(),
        closed: frozenset[int] = frozenset(),
    ) -> Drive:
        """A straight line in the given time, ``pace`` times as fast; stays where there is no way."""
        a, b = int(origin_node), int(destination_node)
        duration_ms = self.duration_ms.item(a, b)
        if a == b or duration_ms == UNREACHABLE:
            return Drive(np.array([depart_us]), self._x_mm[a : a + 1], self._y_mm[a : a + 1], np.zeros(1, np.int64), a)
        return Drive(
            np.array([depart_us, depart_us + max(round(duration_ms * 1000 / pace), 1)]),
            self._x_mm[[a, b]],
            self._y_mm[[a, b]],
            np.array([0, self.distance_m.item(a, b) * 1000]),
            b,
            NO_EDGES,
        )

    def _nodes(self, places: Sequence[Any] | np.ndarray, profile: Profile) -> np.ndarray:
        given = np.asarray(places)
        if given.ndim == 2:
            return self.snap_all(given[:, 0].astype(float), given[:, 1].astype(float), profile)[0]
        return given.astype(np.int64)
