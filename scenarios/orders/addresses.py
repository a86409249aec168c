"""Addresses found offline: among the street names and house numbers of the roads, and in a gazetteer.

The order of trust: a gazetteer name as written, a street as written, then the most similar street or
gazetteer name. On a street: the house, between its neighbours (interpolated), else the middle of the street.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from engine.geo import Projection
from engine.roads.graph import RoadGraph
from scenarios.orders.address_streets import Accuracy, Street, streets_of
from scenarios.orders.address_text import (
    House,
    compatible,
    core,
    houses_of,
    readings,
    street_key,
    with_compass,
    without_small,
    words,
)
from scenarios.orders.gazetteer import Gazetteer, read_gazetteer

__all__ = ["AddressBook", "AddressMatch", "read_gazetteer"]

FUZZY_SCORE = 80.0
"""Least similarity (rapidfuzz ratio of the normalised names, 0 to 100) at which two names can be the same
street."""
CORE_SCORE = 78.0
"""Least similarity of the names without Street, Rua and the like, which would make any two streets look
alike."""
TIE_SCORE = 2.0
"""Names within this of the best are as good as the best: the choice among them is reported."""
_MIN_CORE_CHARS = 3


@dataclass(frozen=True)
class AddressMatch:
    """Where an address is: degrees, how exactly that is known, and how alike the names are (0 to 100)."""

    query: str
    lat: float
    lon: float
    accuracy: Accuracy
    score: float
    matched_text: str
    note: str = ""  # what was ambiguous


class AddressBook:
    """Street names, houses and gazetteer names of a region.

    ``near`` (degrees) decides between streets of one name: the nearest to it wins; default the middle of the
    region.
    """

    def __init__(
        self,
        edges: dict[str, tuple[str, np.ndarray, np.ndarray]],
        houses: dict[str, tuple[str, list[tuple[House, float, float]]]],
        gazetteer: Gazetteer,
        near: tuple[float, float],
    ) -> None:
        """``edges`` and ``houses`` by street key: name as mapped and positions in degrees; see
        ``from_graph``."""
        self._edges, self._houses, self._gazetteer = edges, houses, gazetteer
        self._plane = Projection(*near)
        self._titles = {key: title for key, (title, *_) in (houses | edges).items()}
        self._names = sorted(set(self._titles) | set(gazetteer))
        self._streets = lru_cache(maxsize=100_000)(self._pieces)
        self._alike = lru_cache(maxsize=100_000)(self._similar)

    @classmethod
    def from_graph(
        cls,
        graph: RoadGraph,
        gazetteer: Gazetteer | None = None,
        near: tuple[float, float] | None = None,
    ) -> "AddressBook":
        """The addresses of a road graph and of a gazetteer (see ``scenarios.orders.gazetteer``)."""
        keys = [street_key(words(name)) for name in graph.names]
        if near is None:
            near = (float(np.mean(graph.lat)), float(np.mean(graph.lon)))
        return cls(
            _edges_by_key(graph, keys),
            _houses_by_key(graph, keys),
            gazetteer or {},
            near,
        )

    def locate(self, text: str) -> AddressMatch | None:
        """The best match of an address, or None when no name is at least ``FUZZY_SCORE`` alike."""
        whole = street_key(words(text))
        if whole in self._gazetteer:
            return self._gazetteer_match(text, whole, 100.0)
        options = readings(text)
        exact = self._exact(options) or self._exact(_shortened(options))
        exact = exact or [(100.0, key, None) for key, _ in options if key in self._gazetteer]
        if exact:
            return self._best(text, exact)
        alike = [(score, key, house) for wanted, house in options for score, key in self._alike(wanted)]
        return self._best(text, alike) if alike else None

    def _exact(self, options: Iterable[tuple[str, House | None]]) -> list[tuple[float, str, House | None]]:
        """The longest names that are streets as they stand, or, a little less alike, with a compass point."""
        found = []
        for key, house in options:
            longer = with_compass(key) if core(key)[0] else []
            for score, name in [(100.0, key), *((99.0, name) for name in longer)]:
                if name in self._titles:
                    found.append((len(key.split()), score, name, house))
        most = max((size for size, *_ in found), default=0)
        return [(score, name, house) for size, score, name, house in found if size == most]

    def _similar(self, wanted: str) -> tuple[tuple[float, str], ...]:
        """Names like ``wanted``, best first, those as good as the best only."""
        from rapidfuzz import fuzz, process

        if len(core(wanted)[0]) < _MIN_CORE_CHARS:
            return ()  # too short to be misspelt recognisably
        found = process.extract(wanted, self._names, scorer=fuzz.ratio, score_cutoff=FUZZY_SCORE, limit=20)
        same = [(score, key) for key, score, _ in found if compatible(key, wanted) and _same_core(key, wanted)]
        best = max((score for score, _ in same), default=0.0)
        return tuple(sorted(((s, k) for s, k in same if s >= best - TIE_SCORE), key=lambda item: (-item[0], item[1])))

    def _best(self, text: str, options: list[tuple[float, str, House | None]]) -> AddressMatch:
        """Of equally alike names the one with the house, else with its neighbours, else nearest to the
        centre."""
        top = max(score for score, _, _ in options)
        found = []
        for score, key, house in options:
            if score < top - TIE_SCORE:
                continue
            if key in self._gazetteer and key not in self._titles:
                found.append((0, 0.0, self._gazetteer_match(text, key, score), key))
                continue
            for street in self._streets(key):
                x, y, accuracy = (house and street.house(house)) or (*street.middle(), "street")
                lat, lon = self._plane.to_lat_lon(x, y)
                shown = self._titles[key] + (f" {house.value}{house.letter}" if house and accuracy != "street" else "")
                match = AddressMatch(text, float(lat), float(lon), accuracy, round(score, 1), shown)
                rank = {"house": 0, "interpolated": 1, "street": 2 if house else 3}[accuracy]
                found.append((rank, float(np.hypot(x, y)), match, key))
        found.sort(key=lambda item: (item[0], -item[2].score, item[1], item[3]))
        return _noted([(rank, match) for rank, _, match, _ in found])

    def _gazetteer_match(self, text: str, key: str, score: float) -> AddressMatch:
        title, lat, lon = self._gazetteer[key]
        return AddressMatch(text, lat, lon, "gazetteer", round(score, 1), title)

    def _pieces(self, key: str) -> tuple[Street, ...]:
        none = np.empty(0)
        _, lat, lon = self._edges.get(key, ("", none, none))
        houses = self._houses.get(key, ("", []))[1]
        house_lat, house_lon = (np.array([item[at] for item in houses], float) for at in (1, 2))
        return streets_of(
            self._plane.to_xy(lat, lon), [item[0] for item in houses], self._plane.to_xy(house_lat, house_lon)
        )


def _same_core(key: str, wanted: str) -> bool:
    """Whether what tells two streets apart is alike, or one slip away.

    A query without a kind of road may have it misspelt: then its best part counts.
    """
    (known, _), (asked, has_kind) = core(key), core(wanted)
    pairs = {(known, asked), (without_small(known), without_small(asked))}
    return any(_alike(one, other, has_kind) for one, other in pairs)


def _alike(known: str, asked: str, whole: bool) -> bool:
    from rapidfuzz import fuzz
    from rapidfuzz.distance import OSA

    if len(known) > _MIN_CORE_CHARS and OSA.distance(known, asked, score_cutoff=1) <= 1:
        return True
    return bool(known) and (fuzz.ratio if whole else fuzz.partial_ratio)(known, asked) >= CORE_SCORE


def _noted(ranked: list[tuple[int, AddressMatch]]) -> AddressMatch:
    """The first match; says so when others were as good."""
    rank, best = ranked[0]
    others = {
        (match.matched_text, round(match.lat, 3), round(match.lon, 3))
        for other, match in ranked[1:]
        if other == rank and match.score >= best.score - TIE_SCORE
    } - {(best.matched_text, round(best.lat, 3), round(best.lon, 3))}
    if not others:
        return best
    fits = "1 other street fits" if len(others) == 1 else f"{len(others)} other streets fit"
    return replace(best, note=f"{fits} as well; the nearest was taken")


def _shortened(options: list[tuple[str, House | None]]) -> Iterator[tuple[str, House | None]]:
    """Readings without their last words, longest first: a town written behind the street without a comma."""
    for key, house in options:
        parts = key.split()
        for end in range(len(parts) - 1, 1, -1):
            yield " ".join(parts[:end]), house


def _edges_by_key(graph: RoadGraph, keys: list[str]) -> dict[str, tuple[str, np.ndarray, np.ndarray]]:
    named = np.flatnonzero(graph.name_id >= 0)
    low = (graph.shape_ptr[named] + graph.shape_ptr[named + 1] - 1) // 2
    high = (graph.shape_ptr[named] + graph.shape_ptr[named + 1]) // 2
    # The middle point of each edge, or halfway between the middle two.
    lat = (graph.shape_lat[low] + graph.shape_lat[high]) / 2
    lon = (graph.shape_lon[low] + graph.shape_lon[high]) / 2
    order = np.argsort(graph.name_id[named], kind="stable")
    ids, starts = np.unique(graph.name_id[named][order], return_index=True)
    found: dict[str, list] = defaultdict(list)
    for name, part in zip(ids, np.split(order, starts[1:])):
        found[keys[name]].append((graph.names[name], lat[part], lon[part]))
    return {
        key: (
            parts[0][0],
            np.concatenate([lat for _, lat, _ in parts]),
            np.concatenate([lon for *_, lon in parts]),
        )
        for key, parts in found.items()
    }


def _houses_by_key(graph: RoadGraph, keys: list[str]) -> dict[str, tuple[str, list[tuple[House, float, float]]]]:
    found: dict[str, tuple[str, list]] = {}
    for street, number, lat, lon in zip(graph.house_street, graph.house_number, graph.house_lat, graph.house_lon):
        _, houses = found.setdefault(keys[street], (graph.names[street], []))
        houses += [(house, float(lat), float(lon)) for house in houses_of(number)]
    return {key: entry for key, entry in found.items() if entry[1]}
