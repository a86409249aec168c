"""Invented street names and house numbers, so that addresses can be matched in an invented region."""

import numpy as np

_FIRST = (
    "Al", "Bar", "Bel", "Cor", "Dal", "El", "Fen", "Gal", "Har", "Ist", "Kal", "Lor", "Mar", "Nor",
    "Or", "Pel", "Quin", "Ros", "Sal", "Tor", "Ul", "Val", "Wil", "Yar", "Zel", "Bran", "Cler",
    "Dor", "Mon", "Ster",
)  # fmt: skip
_MIDDLE = (
    "a", "e", "i", "o", "u", "an", "en", "in", "on", "ar", "er", "or", "al", "el", "il", "ol", "am",
    "em", "im", "as", "es", "is", "os", "ur",
)  # fmt: skip
_LAST = (
    "berg", "brook", "dale", "field", "ford", "ham", "ley", "mont", "mere", "more", "nick", "ridge",
    "stead", "ville", "ton", "wick", "wood", "worth",
)  # fmt: skip
_KINDS = {
    "main": ("Avenue", "Road", "Boulevard", "Road"),
    "street": ("Street", "Street", "Lane", "Close", "Place", "Row", "Street", "Way"),
}

HOUSE_SETBACK_M = 11.0
HOUSE_GAP_M = 26.0
MAX_HOUSES = 90_000


def street_names(main: np.ndarray, salt: int) -> list[str]:
    """A name for each street, all different up to some hundred thousand; ``main`` marks roads rather than
    streets."""
    stems = len(_FIRST) * len(_MIDDLE) * len(_LAST)
    names = []
    for i, road in enumerate(main):
        turn, stem = divmod(i, stems)
        code = (stem * 7919 + salt) % stems  # 7919 is prime and no factor of the count: a permutation
        first, rest = code % len(_FIRST), code // len(_FIRST)
        middle, last = rest % len(_MIDDLE), rest // len(_MIDDLE)
        kinds = _KINDS["main" if road else "street"]
        kind = kinds[(i * 5 + salt + turn) % len(kinds)]
        again = f" {turn + 1}" if turn else ""
        names.append(f"{_FIRST[first]}{_MIDDLE[middle]}{_LAST[last]} {kind}{again}")
    return names


def houses(
    z: np.ndarray, ptr: np.ndarray, point: np.ndarray, edge: np.ndarray, order: np.ndarray, street: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Houses along edges: street, number and place (complex metres) of each.

    Args:
        z: points in metres; ``ptr`` and ``point`` give the points of every edge.
        edge: the edges that have houses, one direction each, with ``order`` their order along the street.
        street: street number of each of those edges.

    Numbers rise along the street, odd on its left and even on its right.
    """
    count = ptr[edge + 1] - ptr[edge] - 1
    of = np.repeat(np.arange(len(edge)), count)
    step = np.repeat(ptr[edge] - (np.cumsum(count) - count), count) + np.arange(count.sum())
    start, way = z[point[step]], z[point[step + 1]] - z[point[step]]
    length = np.abs(way)
    gap_m = max(HOUSE_GAP_M, float(length.sum()) / MAX_HOUSES)
    end_m = np.cumsum(length)
    # A running milepost over all pieces places houses evenly without a loop; each edge starts at its own
    # offset.
    edge_start = (end_m - length)[np.searchsorted(of, np.arange(len(edge)))]
    low = (end_m - length - edge_start[of]) / gap_m
    high = (end_m - edge_start[of]) / gap_m
    number = np.maximum(np.floor(high - 0.5) - np.floor(low - 0.5), 0).astype(int)
    piece = np.repeat(np.arange(len(step)), number)
    rank = np.arange(number.sum()) - np.repeat(np.cumsum(number) - number, number)
    milepost = (np.floor(low[piece] - 0.5) + 1 + rank + 0.5) * gap_m
    share = (milepost - low[piece] * gap_m) / length[piece]
    owner = of[piece]
    sequence = np.lexsort((milepost, order[owner], street[owner]))
    piece, share, owner = piece[sequence], share[sequence], owner[sequence]
    first = np.searchsorted(street[owner], street[owner])
    position = np.arange(len(owner)) - first
    side = np.where(position % 2 == 0, 1j, -1j)
    place = start[piece] + share * way[piece] + side * HOUSE_SETBACK_M * way[piece] / length[piece]
    return street[owner], position + 1, place
