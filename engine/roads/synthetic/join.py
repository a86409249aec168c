"""From many short pieces to a road graph's edges: chains of pieces between junctions become edges with a
shape."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from engine.roads.synthetic.streets import Pieces


@dataclass(frozen=True)
class Chains:
    """Directed edges as sequences of points; a two-way road is two chains."""

    start: np.ndarray  # int [chains], point
    end: np.ndarray  # int [chains], point
    first: np.ndarray  # int [chains], the piece it begins with
    forward: np.ndarray  # bool [chains], whether it begins along that piece's own direction
    lowest: np.ndarray  # int [chains], lowest piece, the same in both directions
    reverse: np.ndarray  # int [chains], the chain the other way, -1 on a one-way
    ptr: np.ndarray  # int [chains + 1], slices of point
    point: np.ndarray  # int

    def take(self, keep: np.ndarray) -> "Chains":
        """The chains where ``keep`` is true, renumbered."""
        count = np.diff(self.ptr)
        number = np.where(keep, np.cumsum(keep) - 1, -1)
        reverse = np.where(self.reverse >= 0, number[self.reverse], -1)[keep]
        ptr = np.concatenate([[0], np.cumsum(count[keep])])
        return Chains(
            self.start[keep], self.end[keep], self.first[keep], self.forward[keep], self.lowest[keep],
            reverse, ptr, self.point[np.repeat(keep, count)],
        )  # fmt: skip


def chains(pieces: Pieces, key: np.ndarray) -> Chains:
    """Join pieces of equal ``key`` wherever just two meet; loops back to their start keep a node half-way."""
    joined = _walk(pieces, key, pieces.fixed)
    loop = np.flatnonzero(joined.start == joined.end)
    fixed = pieces.fixed.copy()
    fixed[joined.point[(joined.ptr[loop] + joined.ptr[loop + 1]) // 2]] = True
    return _walk(pieces, key, fixed) if len(loop) else joined


def _walk(pieces: Pieces, key: np.ndarray, fixed: np.ndarray) -> Chains:
    count = len(pieces.u)
    tail, head = np.concatenate([pieces.u, pieces.v]), np.concatenate([pieces.v, pieces.u])
    piece = np.concatenate([np.arange(count)] * 2)
    back = np.concatenate([np.arange(count) + count, np.arange(count)])
    out = np.argsort(tail, kind="stable")
    start_of = np.searchsorted(tail[out], np.arange(len(pieces.z) + 1))
    passing = (np.diff(start_of) == 2) & ~fixed
    two = np.flatnonzero(passing)
    one, other = out[start_of[two]], out[start_of[two] + 1]
    key = key * 2 + pieces.oneway
    alike = key[piece[one]] == key[piece[other]]
    passing[two[~alike]] = False
    follow = np.full(2 * count, -1)
    follow[back[one[alike]]], follow[back[other[alike]]] = other[alike], one[alike]

    usable = ~pieces.oneway[piece] | (np.arange(2 * count) < count)
    starts = np.flatnonzero(~passing[tail] & usable)
    here, who = starts, np.arange(len(starts))
    last, lowest = starts.copy(), piece[starts].copy()
    owners, points = [who], [tail[starts]]
    while len(here):
        owners.append(who)
        points.append(head[here])
        last[who], lowest[who] = here, np.minimum(lowest[who], piece[here])
        onward = follow[here]
        here, who = onward[onward >= 0], who[onward >= 0]
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    ptr = np.searchsorted(owner[order], np.arange(len(starts) + 1))
    chain_at = np.full(2 * count, -1)
    chain_at[starts] = np.arange(len(starts))
    return Chains(
        tail[starts], head[last], piece[starts], starts < count, lowest, chain_at[back[last]], ptr,
        np.concatenate(points)[order],
    )  # fmt: skip


def strong_parts(nodes: int, tail: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Label of the strongly connected part of each node."""
    matrix = coo_matrix((np.ones(len(tail), np.int8), (tail, head)), shape=(nodes, nodes))
    return connected_components(matrix, directed=True, connection="strong")[1]


def safe_to_drop(nodes: int, tail: np.ndarray, head: np.ndarray, wish: np.ndarray) -> np.ndarray:
    """bool [edges]: the wished edges that can all be dropped without breaking strong connection.

    Of those wished, the ones between different strong parts of the rest stay: every link between parts of the
    rest is then there again, so a network strongly connected before is so after.
    """
    part = strong_parts(nodes, tail[~wish], head[~wish])
    return wish & (part[tail] == part[head])


def largest(label: np.ndarray) -> np.ndarray:
    """bool: members of the most frequent label (the lowest of equals)."""
    return label == np.argmax(np.bincount(label))
