"""Surroundings written row by row, and what links and lanes made of them, for tests of the radio."""

from collections.abc import Callable

import numpy as np

from engine.coverage.surroundings import Spells
from engine.radio.links import Links

S = 1_000_000
START = 1_772_409_600 * S  # 2026-03-02T00:00Z


class Script:
    """Surroundings told row by row: the code of a vehicle from a moment on."""

    def __init__(self, vehicles: int, code: int = 0) -> None:
        self.on_change: list[Callable[[int | None, int], None]] = []
        self.timelines = [[(-(1 << 62), code)] for _ in range(vehicles)]

    def tell(self, vehicle: int, rows: list[tuple[int, int]], now_us: int | None = None) -> None:
        """From the first row's moment (or now) on, these hold; what was known of later times is forgotten."""
        from_us = rows[0][0] if now_us is None else now_us
        kept = [row for row in self.timelines[vehicle] if row[0] < from_us]
        self.timelines[vehicle] = kept + rows
        for listener in self.on_change:
            listener(vehicle, from_us)

    def spells(self, vehicle: int, from_us: int) -> tuple[np.ndarray, np.ndarray]:
        rows = self.timelines[vehicle]
        first = max(sum(start < from_us for start, _ in rows) - 1, 0)
        starts, codes = zip(*rows[first:])
        return np.array(starts, np.int64), np.array(codes, np.uint16)

    def window(self, from_us: int, until_us: int) -> Spells:
        rows = []
        for vehicle in range(len(self.timelines)):
            starts, codes = self.spells(vehicle, from_us)
            ends = [*starts[1:].tolist(), until_us]
            rows += [
                (vehicle, max(a, from_us), min(b, until_us), c)
                for a, b, c in zip(starts.tolist(), ends, codes.tolist())
                if max(a, from_us) < min(b, until_us)
            ]
        columns = np.array(rows, np.int64).reshape(-1, 4).T
        return Spells(columns[0], columns[1], columns[2], columns[3].astype(np.uint16))


Row = tuple[int, int, int, int]  # start, end, network, level


def contacts(links: Links, moments: list[int]) -> dict[int, list[Row]]:
    """By device, the contacts of links advanced to each moment in turn."""
    found: dict[int, list[Row]] = {device: [] for device in range(len(links))}
    for until_us in moments:
        window = links.advance(until_us)
        rows = [
            (d, window.from_us, until_us, int(window.network[d]), int(window.level[d]))
            for d in np.flatnonzero(window.whole).tolist()
            if window.from_us < until_us
        ]
        rows += zip(*(column.tolist() for column in vars(window.rows).values()))
        for device, *row in sorted(rows):
            before = found[device][-1] if found[device] else None
            if before and before[1] == row[0] and before[2:] == tuple(row[2:]):
                found[device][-1] = (before[0], *row[1:])
            else:
                found[device].append(tuple(row))
    return found
