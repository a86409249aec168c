"""Where every vehicle is and what its counters show: piecewise-linear keyframes in one array.

A *stretch* is a run of keyframes of one vehicle driven (or idled, parked, charged) without a decision in
between. Between the keyframes of a stretch everything moves linearly; after its last keyframe the vehicle
stands still with the engine off until the next stretch begins. At the very instant of a keyframe the past
still holds: what is appended or cut at time t changes nothing at or before t, so reading up to t first, or
not, gives the same answer later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.runs import last_below, ranges

FOREVER_US = 1 << 62
T, X, Y, ODOMETER, FUEL, ENERGY, ENGINE, HEADING = range(8)
"""Columns of ``Motion.keyframes``: us, mm, mm, mm, ul, mWh, us, hundredths of a degree."""
_COLUMNS = 8
_NONE = -1
_PER_STRETCH = ("_vehicle", "_start_us", "_end_us", "_first", "_last", "_ignition", "_before")


class State(NamedTuple):
    """One vehicle at one instant.

    ``energy_mwh`` is what has been drawn from the battery, net: it rises driving and falls braking and
    charging, so the state of charge is 1 - energy / capacity. ``fuel_ul`` and ``engine_us`` only ever rise.
    """

    x_mm: int
    y_mm: int
    odometer_mm: int
    fuel_ul: int
    energy_mwh: int
    engine_us: int
    heading_cdeg: int
    ignition: bool


@dataclass
class Stretches:
    """Stretches that touch a window, by vehicle and then by time; arrays of equal length.

    ``first`` to ``stop`` (inclusive) are the keyframes at which a piece of the window's motion begins; the
    piece of ``stop`` ends at ``end_us`` at the latest. ``last`` is the keyframe after which the vehicle
    rests.
    """

    number: np.ndarray  # int64, which of Motion's
    vehicle: np.ndarray  # int64
    first: np.ndarray  # int64, rows of Motion.keyframes
    stop: np.ndarray  # int64
    last: np.ndarray  # int64
    end_us: np.ndarray  # int64
    ignition: np.ndarray  # bool


def heading_cdeg(dx: np.ndarray, dy: np.ndarray, before: int) -> np.ndarray:
    """Compass heading of each move in 1/100 degree (east 9000); a standing piece keeps the one before it."""
    heading = np.arctan2(dx, dy)
    heading *= 18_000.0 / np.pi
    heading = np.rint(heading, out=heading).astype(np.int64) % 36_000
    moves = (dx != 0) | (dy != 0)
    if np.count_nonzero(moves) == len(moves):
        return heading
    source = np.where(moves, np.arange(1, len(dx) + 1), 0)
    return np.concatenate(([before], heading))[np.maximum.accumulate(source)]


class Motion:
    """The motion of a fleet.

    ``keyframes`` is an int64 matrix [capacity, 8], a cache line each; a stretch is a run of rows. Keyframes
    behind the forgotten window are given back, so memory depends on what is still ahead, not on the length of
    the run.
    """

    def __init__(self) -> None:
        self.keyframes = np.empty((1024, _COLUMNS), np.int64)
        self.sampled_us = -FOREVER_US
        self.vehicle_ids: list[str] = []
        self._used = 0  # rows of keyframes
        self._full = 1024, 256  # rows and stretches: at either it is time to compact
        self._newest: list[int] = []  # stretch by vehicle
        self._count = 0  # stretches
        # Per stretch; a finished one has end_us <= sampled_us and waits for _compact.
        self._vehicle = np.empty(256, np.int64)
        self._start_us = np.empty(256, np.int64)
        self._end_us = np.empty(256, np.int64)
        self._first = np.empty(256, np.int64)
        self._last = np.empty(256, np.int64)
        self._ignition = np.empty(256, bool)
        self._before = np.empty(256, np.int64)  # the vehicle's stretch before, _NONE where there is none

    def __len__(self) -> int:
        return len(self.vehicle_ids)

    # -- what agents write
    # ------------------------------------------------------------------------------------------

    def add(self, vehicle_id: str, x_mm: int, y_mm: int, t_us: int) -> int:
        """Put a new vehicle on the plane, standing with the engine off; returns its index."""
        index = len(self.vehicle_ids)
        self.vehicle_ids.append(vehicle_id)
        row = self._room(1)
        self.keyframes[row] = (t_us, x_mm, y_mm, 0, 0, 0, 0, 0)
        self._newest.append(_NONE)
        self._open(index, t_us, row, row, False)
        return index

    def append(
        self,
        index: int,
        t_us: Sequence[int] | np.ndarray,
        x_mm: Sequence[int] | np.ndarray,
        y_mm: Sequence[int] | np.ndarray,
        odometer_mm: Sequence[int] | np.ndarray | None = None,
        fuel_ul: Sequence[int] | np.ndarray | None = None,
        energy_mwh: Sequence[int] | np.ndarray | None = None,
        ignition: bool = True,
    ) -> None:
        """Add a stretch: a trip, an idle or a charging stop; integer arrays of equal length, at least two
        keyframes.

        Times are absolute and rise strictly; positions are absolute and start where the vehicle stands;
        counters count from 0 at the start of the stretch (None: unchanged). Engine time runs with the
        ignition. Raises ValueError, naming vehicle and quantity, when one of these does not hold.
        """
        t = self._integers(index, "t_us", t_us)
        x, y = self._integers(index, "x_mm", x_mm), self._integers(index, "y_mm", y_mm)
        n, newest = len(t), self._newest[index]
        row = self._room(n)
        rest = self.keyframes[self._last[newest]].tolist()
        self._check_times(index, t, rest[T])
        self._check_length(index, "x_mm", x, n)
        self._check_length(index, "y_mm", y, n)
        if x[0] != rest[X] or y[0] != rest[Y]:
            raise ValueError(
                f"{self._name(index)}: stretch starts at ({x[0]}, {y[0]}) mm, "
                f"the vehicle stands at ({rest[X]}, {rest[Y]}) mm"
            )
        stop = row + n
        k = self.keyframes[row:stop]
        k[:, T], k[:, X], k[:, Y] = t, x, y
        k[:, ODOMETER] = self._counter(index, "odometer_mm", odometer_mm, n, rest[ODOMETER])
        k[:, FUEL] = self._counter(index, "fuel_ul", fuel_ul, n, rest[FUEL])
        k[:, ENERGY] = self._counter(index, "energy_mwh", energy_mwh, n, rest[ENERGY])
        k[:, ENGINE] = t + (rest[ENGINE] - int(t[0])) if ignition else rest[ENGINE]
        k[:-1, HEADING] = heading_cdeg(x[1:] - x[:-1], y[1:] - y[:-1], rest[HEADING])
        k[-1, HEADING] = k[-2, HEADING]
        self._end_us[newest] = t[0]
        self._open(index, int(t[0]), row, stop - 1, ignition)

    def truncate(self, index: int, at_us: int) -> None:
        """Drop what was to happen after a moment (breakdown, cancelled wait): the vehicle stands there,
        engine off.

        Raises ValueError when the moment lies in the part already sampled.
        """
        if at_us < self.sampled_us:
            raise ValueError(
                f"{self._name(index)}: cannot cut at {at_us} us, motion was read up to {self.sampled_us} us"
            )
        newest = self._newest[index]
        if at_us >= self.until_us(index):
            return
        state = self.state(index, at_us)
        while self._start_us[newest] >= at_us and self._before[newest] != _NONE:
            self._end_us[newest] = -FOREVER_US  # never began
            newest = int(self._before[newest])
        self._end_us[newest] = at_us  # its keyframes stay, so the motion before the cut keeps its slope
        self._newest[index] = newest
        row = self._room(1)
        self.keyframes[row] = (at_us, *state[:-1])
        self._open(index, at_us, row, row, False)

    # -- what others read
    # -------------------------------------------------------------------------------------------

    def state(self, index: int, t_us: int) -> State:
        """One vehicle at a moment not yet forgotten; before its first keyframe as there."""
        stretch = self._newest[index]
        while self._start_us[stretch] >= t_us and self._before[stretch] != _NONE:
            stretch = int(self._before[stretch])
        first, last = int(self._first[stretch]), int(self._last[stretch])
        k = self.keyframes
        row = max(first, first + int(np.searchsorted(k[first : last + 1, T], t_us)) - 1)
        at = k[row].tolist()
        if row == last:
            return State(*at[X:], False)  # type: ignore[call-arg]
        to = k[row + 1].tolist()
        along, of = max(t_us - at[T], 0), to[T] - at[T]
        values = [a + (b - a) * along // of for a, b in zip(at[X:HEADING], to[X:HEADING])]
        return State(*values, at[HEADING], bool(self._ignition[stretch]))  # type: ignore[call-arg]

    def until_us(self, index: int) -> int:
        """When the vehicle's last keyframe is; it rests from then on."""
        return int(self.keyframes[self._last[self._newest[index]], T])

    def positions(self, t_us: int) -> tuple[np.ndarray, np.ndarray]:
        """x_mm and y_mm of all vehicles at a moment not yet forgotten; int64 arrays by vehicle index."""
        if t_us < self.sampled_us:
            raise ValueError(f"positions at {t_us} us are forgotten, motion was read up to {self.sampled_us} us")
        k = self.keyframes
        out = k[self._first[self._newest], X : Y + 1]
        at = self.stretches(t_us)
        under_way = np.flatnonzero(np.append(at.vehicle[1:] != at.vehicle[:-1], True)[: len(at.vehicle)])
        row = at.stop[under_way]
        start, end = k[row, : Y + 1], k[np.minimum(row + 1, at.last[under_way]), : Y + 1]
        along, of = t_us - start[:, :1], np.maximum(end[:, :1] - start[:, :1], 1)
        out[at.vehicle[under_way]] = start[:, X:] + (end[:, X:] - start[:, X:]) * along // of
        return out[:, 0], out[:, 1]

    def stretches(self, until_us: int, idle: np.ndarray | None = None) -> Stretches:
        """Stretches with motion in (what is forgotten, ``until_us``]; of ``idle`` vehicles (bool by vehicle) not those
        that rest all the while."""
        n = self._count
        live = ((self._end_us[:n] > self.sampled_us) & (self._start_us[:n] <= until_us)).nonzero()[0]
        if idle is not None:
            rests = self.keyframes[self._last[live], T] <= self.sampled_us
            live = live[~(rests & idle[self._vehicle[live]])]
        live = live[self._vehicle[live].argsort(kind="stable")]
        end_us = np.minimum(self._end_us[live], until_us)
        first, last = self._first[live], self._last[live]
        stop = last_below(self.keyframes[:, T], first + 1, last + 1, end_us)
        return Stretches(live, self._vehicle[live], first, stop, last, end_us, self._ignition[live])

    def forget(self, until_us: int, passed: Stretches | None = None) -> None:
        """Give back what only serves moments up to ``until_us``; later calls must not look behind it.

        ``passed`` are the stretches up to there, where the caller has them.
        """
        passed = passed or self.stretches(until_us)
        self._first[passed.number] = passed.stop
        self.sampled_us = max(self.sampled_us, until_us)
        self._compact()

    # -- housekeeping
    # -----------------------------------------------------------------------------------------------

    def _name(self, index: int) -> str:
        return f"vehicle {self.vehicle_ids[index]}"

    def _integers(self, index: int, name: str, values: Sequence[int] | np.ndarray) -> np.ndarray:
        array = np.asarray(values)
        if array.dtype.kind not in "iu":
            raise ValueError(f"{self._name(index)}: {name} must be integers, not {array.dtype}")
        return array

    def _check_length(self, index: int, name: str, values: np.ndarray, n: int) -> None:
        if len(values) != n:
            raise ValueError(f"{self._name(index)}: {name} has {len(values)} values, t_us has {n}")

    def _counter(
        self, index: int, name: str, values: Sequence[int] | np.ndarray | None, n: int, before: int
    ) -> np.ndarray | int:
        """A counter's absolute values, from what a stretch adds."""
        if values is None:
            return before
        array = self._integers(index, name, values)
        self._check_length(index, name, array, n)
        if array[0] != 0:
            raise ValueError(f"{self._name(index)}: {name} must start at 0, not {array[0]}")
        if name != "energy_mwh" and np.count_nonzero(array[1:] < array[:-1]):
            raise ValueError(f"{self._name(index)}: {name} must never fall")
        return array + before

    def _check_times(self, index: int, t: np.ndarray, rest_us: int) -> None:
        if len(t) < 2 or np.count_nonzero(t[1:] <= t[:-1]):
            raise ValueError(f"{self._name(index)}: t_us needs two or more strictly rising times")
        if t[0] < rest_us:
            raise ValueError(f"{self._name(index)}: starts at {t[0]} us, is busy until {rest_us} us")
        if t[0] < self.sampled_us:
            raise ValueError(f"{self._name(index)}: starts at {t[0]} us, was read up to {self.sampled_us} us")

    def _room(self, n: int) -> int:
        """Make room for n keyframes; returns the first free row."""
        capacity = len(self.keyframes)
        if self._used + n > capacity:
            grown = np.empty((max(2 * capacity, self._used + n), _COLUMNS), np.int64)
            grown[: self._used] = self.keyframes[: self._used]
            self.keyframes = grown
        return self._used

    def _open(self, index: int, start_us: int, first: int, last: int, ignition: bool) -> None:
        s = self._count
        if s == len(self._vehicle):
            for name in _PER_STRETCH:
                old = getattr(self, name)
                setattr(self, name, np.concatenate((old, np.empty_like(old))))
        self._used = last + 1
        self._vehicle[s] = index
        self._start_us[s] = start_us
        self._end_us[s] = FOREVER_US
        self._first[s] = first
        self._last[s] = last
        self._ignition[s] = ignition
        self._before[s] = self._newest[index]
        self._newest[index] = s
        self._count = s + 1

    def _compact(self) -> None:
        """Once most of it is behind us, keep what is still needed, in order, in arrays of twice its size."""
        n = self._count
        if self._used < self._full[0] and n < self._full[1]:
            return
        keep = np.flatnonzero(self._end_us[:n] > self.sampled_us)
        lengths = self._last[keep] - self._first[keep] + 1
        rows = int(lengths.sum())
        self._full = max(1024, 3 * rows), max(256, 3 * len(keep))
        picked = ranges(self._first[keep], lengths)
        for start in range(0, rows, 1 << 14):  # in place: rows only move down
            part = slice(start, min(start + (1 << 14), rows))
            self.keyframes[part] = self.keyframes[picked[part]]
        if len(self.keyframes) > max(1024, 8 * rows):
            self.keyframes = self.keyframes[: max(1024, 3 * rows)].copy()
        self._used = rows
        number = np.full(n + 1, _NONE, np.int64)  # the extra entry maps _NONE to itself
        number[keep] = np.arange(len(keep))
        self._newest = number[self._newest].tolist()
        self._last[keep] = np.cumsum(lengths) - 1
        self._first[keep] = self._last[keep] - lengths + 1
        self._before[keep] = number[self._before[keep]]
        for name in _PER_STRETCH:
            values = getattr(self, name)
            fresh = np.empty(max(256, 3 * len(keep)), values.dtype)
            fresh[: len(keep)] = values[keep]
            setattr(self, name, fresh)
        self._count = len(keep)
