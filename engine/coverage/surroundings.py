"""What surrounds every vehicle of a fleet over time: a timeline of codes each, known as far as its motion is.

The convention of ``engine.motion`` holds: code i of a timeline holds after its start, up to and including the
next one's; what is followed, cut or changed at t changes nothing at or before t. A timeline is a function of
the trips and maps alone, so when it is read changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.coverage.code import OPEN_SKY, sky
from engine.coverage.map import CoverageMap
from engine.motion import FOREVER_US
from engine.runs import last_below, ranges, stops

_LEAST_ROWS = 4096


@dataclass(frozen=True)
class Spells:
    """Spells of constant surroundings (start, end], by vehicle and then by time; arrays of equal length."""

    vehicle: np.ndarray  # int64
    start_us: np.ndarray  # int64
    end_us: np.ndarray  # int64
    code: np.ndarray  # uint16

    def __len__(self) -> int:
        return len(self.vehicle)


_NO_SPELLS = Spells(*(np.empty(0, kind) for kind in (np.int64, np.int64, np.int64, np.uint16)))


@dataclass
class _Trip:
    """What a vehicle drove last, or where it was put; ``until_us`` is when it stood still again."""

    t_us: np.ndarray
    x_mm: np.ndarray
    y_mm: np.ndarray
    tunnel: np.ndarray
    until_us: int
    before: "_Trip | None" = None


class Surroundings:
    """Timelines of a fleet, each in one run of rows of a shared pool."""

    def __init__(self, coverage: CoverageMap, start_us: int) -> None:
        self.map = self.usual_map = coverage
        self.forgotten_us = start_us
        self.on_change: list[Callable[[int | None, int], None]] = []  # vehicle (None: any), from when on
        self._trips: list[_Trip] = []
        self._first = np.empty(64, np.int64)  # by vehicle, row of the pool
        self._count = np.empty(64, np.int64)
        self._shaded = np.empty(64, bool)  # by vehicle: not all of its spells are under open sky
        self._start_us = np.empty(_LEAST_ROWS, np.int64)
        self._code = np.empty(_LEAST_ROWS, np.uint16)
        self._used = 0

    def __len__(self) -> int:
        return len(self._trips)

    # -- what the world writes
    # ------------------------------------------------------------------------------------------

    def add(self, x_mm: int, y_mm: int) -> int:
        """A new vehicle, standing in the open since ever; returns its index."""
        index = len(self._trips)
        if index == len(self._first):
            self._first, self._count = _grown(self._first, 2 * index), _grown(self._count, 2 * index)
            self._shaded = _grown(self._shaded, 2 * index)
        at = np.array([-FOREVER_US]), np.array([x_mm], np.int64), np.array([y_mm], np.int64), np.empty(0, bool)
        self._trips.append(_Trip(*at, -FOREVER_US))
        self._first[index] = self._count[index] = 0
        self._put(index, *self.map.along(*at))
        return index

    def follow(self, index: int, t_us: np.ndarray, x_mm: np.ndarray, y_mm: np.ndarray, tunnel: np.ndarray) -> None:
        """A trip begins: its keyframes, int64 [k], and which pieces between them lie in a tunnel, bool [k-1].

        Raises ValueError when it begins before the trip before ended, or in what is forgotten.
        """
        start_us = int(t_us[0])
        self._check(index, start_us)
        if start_us < self._trips[index].until_us:
            raise ValueError(
                f"vehicle {index}: starts at {start_us} us, is busy until {self._trips[index].until_us} us"
            )
        before = self._trips[index]
        before.before = None
        self._trips[index] = _Trip(t_us, x_mm, y_mm, tunnel, int(t_us[-1]), before)
        self._tell(index, self._continue(index, start_us, *self.map.along(t_us, x_mm, y_mm, tunnel)))

    def cut(self, index: int, t_us_end: int) -> None:
        """The trip under way ends earlier: the vehicle stays where it is at that moment, tunnel or not.

        Raises ValueError when that lies in what is forgotten.
        """
        self._check(index, t_us_end)
        trip = self._trips[index]
        if t_us_end >= trip.until_us:
            return
        if t_us_end <= int(trip.t_us[0]) and trip.before is not None:
            self._trips[index] = trip.before  # it never began
        else:
            trip.until_us = t_us_end
        kept, first = max(self._place(index, t_us_end), 1), int(self._first[index])
        if kept < self._count[index]:
            self._count[index] = kept
            self._tell(index, int(self._start_us[first + kept]))

    def change_map(self, coverage: CoverageMap, now_us: int) -> None:
        """From now on another map holds (an outage begins or ends): what lies ahead of every vehicle is met
        anew.

        Raises ValueError when now lies in what is forgotten.
        """
        if now_us < self.forgotten_us:
            raise ValueError(f"cannot change the map at {now_us} us, was read up to {self.forgotten_us} us")
        self.map = coverage
        for index, trip in enumerate(self._trips):
            self._continue(index, now_us, *self._ahead(trip, now_us, coverage))
        self._tell(None, now_us)

    def forget(self, until_us: int) -> None:
        """What only serves moments up to ``until_us`` goes once its room is needed; later calls must not look behind
        it."""
        self.forgotten_us = max(self.forgotten_us, until_us)

    # -- what others read
    # -------------------------------------------------------------------------------------------

    def code_at(self, index: int, t_us: int) -> int:
        """The code of one vehicle at a moment not yet forgotten, as known now."""
        return int(self._code[self._first[index] + max(self._place(index, t_us) - 1, 0)])

    def usual_code_at(self, index: int, now_us: int) -> int:
        """The code of one vehicle now if the map had never changed: what no outage takes away."""
        start_us, code = self._ahead(self._trips[index], now_us, self.usual_map)
        return int(code[max(int(start_us.searchsorted(now_us)) - 1, 0)])

    def spells(self, index: int, from_us: int) -> tuple[np.ndarray, np.ndarray]:
        """The known future of one vehicle: starts int64 and codes uint16, from the one that holds at ``from_us``
        on; the last one holds until further notice."""
        first = int(self._first[index])
        rows = slice(first + max(self._place(index, from_us) - 1, 0), first + int(self._count[index]))
        return self._start_us[rows], self._code[rows]

    def window(self, from_us: int, until_us: int) -> Spells:
        """Spells of every vehicle in (from, until], without gap or overlap."""
        return self._window(np.arange(len(self)), from_us, until_us)

    def shaded(self, from_us: int, until_us: int) -> Spells:
        """Spells in (from, until] without an open sky."""
        vehicles = self._shaded[: len(self)].nonzero()[0]
        if not len(vehicles):
            return _NO_SPELLS
        spells = self._window(vehicles, from_us, until_us)
        here = (sky(spells.code) != OPEN_SKY).nonzero()[0]
        return Spells(*(values[here] for values in vars(spells).values()))

    # -- housekeeping
    # -----------------------------------------------------------------------------------------------

    def _window(self, vehicles: np.ndarray, from_us: int, until_us: int) -> Spells:
        low = np.maximum(self._places(vehicles, from_us + 1) - 1, 0)
        count = np.maximum(self._places(vehicles, until_us) - low, 1)
        rows = ranges(self._first[vehicles] + low, count)
        start_us = np.maximum(self._start_us[rows], from_us)
        end_us = stops(start_us, until_us)
        end_us[count.cumsum() - 1] = until_us
        return Spells(vehicles.repeat(count), start_us, end_us, self._code[rows])

    def _check(self, index: int, t_us: int) -> None:
        if t_us < self.forgotten_us:
            raise ValueError(f"vehicle {index}: {t_us} us is in the past, was read up to {self.forgotten_us} us")

    def _tell(self, index: int | None, from_us: int) -> None:
        for listener in self.on_change:
            listener(index, from_us)

    def _ahead(self, trip: _Trip, now_us: int, coverage: CoverageMap) -> tuple[np.ndarray, np.ndarray]:
        """What a vehicle meets after a moment on a map."""
        first = max(int(trip.t_us.searchsorted(min(now_us, trip.until_us))) - 1, 0)
        start_us, code = coverage.along(trip.t_us[first:], trip.x_mm[first:], trip.y_mm[first:], trip.tunnel[first:])
        cut = trip.until_us < int(trip.t_us[-1])
        stop = max(int(start_us.searchsorted(trip.until_us)), 1) if cut else len(start_us)
        return start_us[:stop], code[:stop]

    def _continue(self, index: int, from_us: int, start_us: np.ndarray, code: np.ndarray) -> int:
        """Keep what holds up to a moment, but for what is forgotten, and go on with a timeline, one that covers it.
        Returns from when on what holds may be another."""
        skip = max(int(start_us.searchsorted(from_us, side="right")) - 1, 0)
        start_us, code = np.maximum(start_us[skip:], from_us), code[skip:]
        first, count, kept = int(self._first[index]), int(self._count[index]), self._place(index, from_us)
        if kept and self._code[first + kept - 1] == code[0]:
            start_us, code = start_us[1:], code[1:]
        old = slice(first + max(self._place(index, self.forgotten_us) - 1, 0), first + kept)
        nexts = [*self._start_us[first + kept : first + count][:1].tolist(), *start_us[:1].tolist()]
        self._put(index, np.concatenate((self._start_us[old], start_us)), np.concatenate((self._code[old], code)))
        return min(nexts, default=FOREVER_US)

    def _place(self, index: int, t_us: int) -> int:
        """How many of a vehicle's spells begin before a moment."""
        first = int(self._first[index])
        return int(self._start_us[first : first + int(self._count[index])].searchsorted(t_us))

    def _places(self, vehicles: np.ndarray, t_us: int) -> np.ndarray:
        """How many of the spells of vehicles begin before a moment."""
        first = self._first[vehicles]
        return last_below(self._start_us, first, first + self._count[vehicles], t_us) + 1 - first

    def _put(self, index: int, start_us: np.ndarray, code: np.ndarray) -> None:
        """A vehicle's timeline in new rows at the end of the pool."""
        n = len(start_us)
        if self._used + n > len(self._start_us):
            self._make_room(n)
        first = self._used
        self._start_us[first : first + n] = start_us
        self._code[first : first + n] = code
        self._used = first + n
        self._first[index], self._count[index] = first, n
        self._shaded[index] = (sky(code) != OPEN_SKY).any()

    def _make_room(self, more: int) -> None:
        """For more rows: what is forgotten goes, and the pool grows if need be."""
        vehicles = np.arange(len(self))
        passed = np.maximum(self._places(vehicles, self.forgotten_us) - 1, 0)
        count = self._count[vehicles] - passed
        picked = ranges(self._first[vehicles] + passed, count)
        size = max(_LEAST_ROWS, 2 * (len(picked) + more))
        self._start_us, self._code = _grown(self._start_us[picked], size), _grown(self._code[picked], size)
        self._first[vehicles], self._count[vehicles] = count.cumsum() - count, count
        self._used = len(picked)


def _grown(values: np.ndarray, size: int) -> np.ndarray:
    grown = np.empty(size, values.dtype)
    grown[: len(values)] = values
    return grown
