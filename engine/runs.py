"""Runs of rows in arrays: one after another, each with a first row and a length, or a first row and a stop."""

import numpy as np


def ranges(first: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """first[0], first[0]+1, … (lengths[0] of them), first[1], …; int64."""
    stops = lengths.cumsum()
    total = int(stops[-1]) if len(stops) else 0
    return np.arange(total) + (first - (stops - lengths)).repeat(lengths)


def opens(values: np.ndarray) -> np.ndarray:
    """Where runs of equal values begin: bool, as many as values."""
    new = np.empty(len(values), bool)
    new[:1] = True
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new


def stops(first: np.ndarray, end: int) -> np.ndarray:
    """Where runs stop that begin at ``first``, each where the one before stops; the last one at ``end``."""
    stop = np.empty_like(first)
    stop[:-1] = first[1:]
    stop[-1:] = end
    return stop


def last_below(values: np.ndarray, first: np.ndarray, stop: np.ndarray, limit: np.ndarray | int) -> np.ndarray:
    """For each run values[first:stop] of rising values: the last row below its limit; ``first - 1`` if none."""
    row, last = first - 1, stop - 1
    step = 1 << int((stop - first).max(initial=0)).bit_length()
    while step := step >> 1:  # of ever smaller steps those are taken that stay below
        ahead = np.minimum(row + step, last)
        row = np.where(values[ahead] < limit, ahead, row)
    return row
