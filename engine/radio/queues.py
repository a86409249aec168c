"""The bounded queues of many devices, served at once.

Time is measured by what a device could have sent: its *work* up to a moment is the integral of its rate, in kbit/s
times us (1/1000 bit), counted from the beginning of the window. While there is no connection work stands still, so a
transmission broken off goes on where it was, and the waiting-time recursion of a single server (Lindley 1952) holds:
a batch is through at work done[k] = max(done[k-1], arrived[k]) + need[k], a cumulative maximum per device.

A transmission begins once there is a connection and the link is free; of what arrived up to then the oldest (or the
newest) is taken. An arrival that finds no room is lost, or makes the oldest one not being sent be lost.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from engine.radio.batches import Batches, Runs
from engine.radio.lane_settings import LaneSettings
from engine.runs import last_below, opens

_NONE = -1
_MOST = 1 << 62


@dataclass
class Pieces:
    """When devices can send, (start, end], at which rate and over which network; by device, then by time."""

    device: np.ndarray  # int64
    start_us: np.ndarray  # int64
    end_us: np.ndarray  # int64
    rate_kbps: np.ndarray  # int64
    network: np.ndarray  # int64


@dataclass
class Sent:
    """Batches that got through the queue: when the last bit was sent, over which network."""

    of: Batches
    done_us: np.ndarray  # int64
    network: np.ndarray  # int64

    @classmethod
    def empty(cls) -> "Sent":
        """None."""
        return cls(Batches.empty(), np.empty(0, np.int64), np.empty(0, np.int64))

    def rows(self, picked: np.ndarray) -> "Sent":
        """Some of them."""
        return Sent(self.of.rows(picked), self.done_us[picked], self.network[picked])


@dataclass
class Queues:
    """What is waiting, by device and then by age, and what is being sent; ``work`` is what a batch takes, by device."""

    settings: LaneSettings
    work: np.ndarray  # int64
    waiting: Runs = field(default_factory=Runs.empty)
    sending: np.ndarray = field(init=False)  # batch by device, -1: none
    left: np.ndarray = field(init=False)  # work still to be done for it

    def __post_init__(self) -> None:
        n = len(self.settings.room)
        self.sending, self.left = np.full(n, _NONE), np.zeros(n, np.int64)

    def busy(self) -> np.ndarray:
        """Devices with something to send, bool by device."""
        busy = self.sending != _NONE
        busy[self.waiting.device] = True
        return busy

    def __bool__(self) -> bool:
        return len(self.waiting.device) > 0 or bool((self.sending != _NONE).any())

    def begin(self, of: Batches, left: np.ndarray) -> None:
        """Batches of idle devices begun in the window that ends; with all their work left they only wait."""
        wait = left == self.work[of.device]
        self.sending[of.device[~wait]], self.left[of.device[~wait]] = of.batch[~wait], left[~wait]
        if wait.any():
            self.waiting = self.waiting.and_more(Runs.of(of.rows(wait)))

    def clear(self, device: int) -> None:
        """Forget what a device holds."""
        self.waiting = self.waiting.rows(self.waiting.device != device)
        self.sending[device] = _NONE

    def serve(self, pieces: Pieces, arrivals: Batches, arrived_us: np.ndarray) -> tuple[Sent, Batches]:
        """Go through a window: pieces and arrivals of all devices that have something to send or get it.

        Returns what was sent and what was lost for want of room.
        """
        if not len(pieces.device):
            self.waiting, no_room = self._fitting(self.waiting.and_more(Runs.of(arrivals)))
            return Sent.empty(), no_room
        connected = np.zeros(len(self.sending), bool)
        connected[pieces.device] = True
        served, new = connected[self.waiting.device], connected[arrivals.device]
        waiting = self.waiting.rows(served).batches()
        cut_off, no_room = self._fitting(self.waiting.rows(~served).and_more(Runs.of(arrivals.rows(~new))))
        sending = ((self.sending != _NONE) & connected).nonzero()[0]
        sent, lost, left = self._serve(sending, pieces, waiting, arrivals.rows(new), arrived_us[new])
        self.waiting = cut_off.and_more(Runs.of(left))
        return sent, lost.and_more(no_room)

    def _fitting(self, waiting: Runs) -> tuple[Runs, Batches]:
        """What devices that cannot send have room for, and what is lost."""
        if not len(waiting.device):
            return waiting, Batches.empty()
        room = self.settings.room[waiting.device] - (self.sending[waiting.device] != _NONE)
        over = waiting.by_device(len(self.sending))[waiting.device] - room
        if not (over > 0).any():
            return waiting, Batches.empty()
        before = waiting.before()
        newest_go = self.settings.drop_newest[waiting.device] | (room == 0)
        old = np.where(newest_go, 0, np.clip(over - before, 0, waiting.count))
        kept = np.where(newest_go, np.clip(room - before, 0, waiting.count), waiting.count - old)
        new = waiting.count - old - kept
        lost = Runs(
            np.append(waiting.device, waiting.device),
            np.append(waiting.first, waiting.first + kept),
            np.append(old, new),
        )
        return Runs(waiting.device, waiting.first + old, kept).rows(kept > 0), lost.batches()

    def _serve(
        self, sending: np.ndarray, pieces: Pieces, waiting: Batches, arrivals: Batches, arrived_us: np.ndarray
    ) -> tuple[Sent, Batches, Batches]:
        """Sent, lost and left waiting, of devices that are connected at some time."""
        all_of = Batches(sending, self.sending[sending]).and_more(waiting, arrivals)
        order = np.argsort(all_of.device, kind="stable")
        carried = len(sending) + len(waiting)
        clock = _WorkClock(pieces, len(self.sending))
        q = _Line(
            all_of.rows(order),
            np.concatenate((np.zeros(carried, np.int64), clock.work(arrivals.device, arrived_us)))[order],
            np.concatenate((self.left[sending], self.work[all_of.device[len(sending) :]]))[order],
            order < len(sending),
        )
        total = clock.total[q.of.device]
        done = q.done()
        by_hand = self._by_hand(q, done)
        begun = q.begun | (done - q.need < total)
        lost = np.zeros(len(done), bool)
        for device in sorted(set(q.of.device[by_hand].tolist())):
            rows = slice(*q.of.device.searchsorted((device, device + 1)).tolist())
            done[rows], begun[rows], lost[rows] = _serve_one(
                q.arrived[rows].tolist(), q.need[rows].tolist(), q.begun[rows].tolist(), int(clock.total[device]),
                int(self.settings.room[device]), bool(self.settings.newest_first[device]),
                bool(self.settings.drop_newest[device]),
            )  # fmt: skip
        through = begun & (done <= total)
        under_way = (begun & ~through & ~lost).nonzero()[0]
        self.sending[sending] = _NONE
        self.sending[q.of.device[under_way]] = q.of.batch[under_way]
        self.left[q.of.device[under_way]] = done[under_way] - total[under_way]
        got_through = (through & ~lost).nonzero()[0]
        of_sent = q.of.rows(got_through)
        sent = Sent(of_sent, *clock.moment(of_sent.device, done[got_through]))
        return sent, q.of.rows(lost), q.of.rows(~begun & ~lost)

    def _by_hand(self, q: "_Line", done: np.ndarray) -> np.ndarray:
        """Rows of devices that run out of room, or take the newest of several first."""
        device, room = q.of.device, self.settings.room[q.of.device]
        back = np.arange(len(device)) - room
        here = ((back >= 0) & (device[np.maximum(back, 0)] == device)).nonzero()[0]
        bad = np.zeros(len(self.sending), bool)
        bad[device[here[done[back[here]] > q.arrived[here]]]] = True
        queued = ((device[1:] == device[:-1]) & (done[:-1] > q.arrived[1:])).nonzero()[0] + 1
        bad[device[queued[self.settings.newest_first[device[queued]]]]] = True
        return bad[device]


@dataclass
class _Line:
    """All batches of a window, by device and then by arrival; what was being sent comes first and has begun."""

    of: Batches
    arrived: np.ndarray  # work
    need: np.ndarray  # work
    begun: np.ndarray  # bool

    def done(self) -> np.ndarray:
        """Work at which each is through when served by age and nothing is lost."""
        if not len(self.of):
            return np.empty(0, np.int64)
        first = opens(self.of.device)
        queue = first.cumsum() - 1
        before = self.need.cumsum() - self.need
        within = before - before[first][queue]  # need of those ahead, by device
        slack = self.arrived - within
        low, high = int(slack.min()), int(slack.max())
        step = queue * (high - low + 1)
        if int(step[-1]) + high - low >= _MOST:
            raise OverflowError(f"{int(first.sum())} queues with work from {low} to {high} do not fit into 64 bits")
        return np.maximum.accumulate(slack - low + step) - step + low + within + self.need


class _WorkClock:
    """Work done by each device up to any moment of a window, and back."""

    def __init__(self, pieces: Pieces, devices: int) -> None:
        self._pieces = pieces
        count = np.bincount(pieces.device, minlength=devices)
        self._stop = count.cumsum()
        self._first = self._stop - count
        sums = np.zeros(len(pieces.device) + 1, np.int64)  # wrap at 2^64; differences within a device are right
        np.cumsum(pieces.rate_kbps * (pieces.end_us - pieces.start_us), out=sums[1:])
        self._before = sums[:-1] - sums[self._first[pieces.device]]
        self.total = sums[self._stop] - sums[self._first]

    def work(self, device: np.ndarray, t_us: np.ndarray) -> np.ndarray:
        """Work up to moments."""
        p = self._pieces
        if not len(p.device):
            return np.zeros(len(device), np.int64)
        at = last_below(p.start_us, self._first[device], self._stop[device], t_us)
        row = np.maximum(at, 0)
        upto = self._before[row] + p.rate_kbps[row] * (np.minimum(t_us, p.end_us[row]) - p.start_us[row])
        return np.where(at >= self._first[device], upto, 0)

    def moment(self, device: np.ndarray, work: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The first moment by which so much work (above 0, within the window) is done, and the network then."""
        p = self._pieces
        row = last_below(self._before, self._first[device], self._stop[device], work)
        moment = p.start_us[row] - (self._before[row] - work) // p.rate_kbps[row]
        return moment, p.network[row]


def _serve_one(
    arrived: list[int], need: list[int], begun: list[bool], total: int, room: int, newest_first: bool,
    drop_newest: bool,
) -> tuple[list[int], list[bool], list[bool]]:  # fmt: skip
    """One device's window, one batch after the other: done (work), begun, lost."""
    n = len(arrived)
    done, lost = [_MOST] * n, [False] * n
    begun = list(begun)
    waiting: deque[int] = deque()
    sending, free = _NONE, 0  # free: the work at which the link became (or becomes) free
    since = 0  # the work since when something waits for a free link
    if n and begun[0]:
        sending, free = 0, need[0]
        done[0] = free

    def go_on(upto: int) -> None:
        """Transmissions that end up to some work, and begin before it."""
        nonlocal sending, free, since
        while True:
            if sending != _NONE:
                if free > upto:
                    return
                sending, since = _NONE, free
            if not waiting or since >= upto:
                return
            sending = waiting.pop() if newest_first else waiting.popleft()
            free = since + need[sending]
            begun[sending], done[sending] = True, free

    for i in range(1 if n and begun[0] else 0, n):
        go_on(arrived[i])
        if len(waiting) + (sending != _NONE) >= room:
            if drop_newest or not waiting:
                lost[i] = True
                continue
            lost[waiting.popleft()] = True
        if sending == _NONE and not waiting:
            since = max(since, arrived[i])
        waiting.append(i)
    go_on(total)
    return done, begun, lost
