"""Which jobs to send out now and which to keep for a later wave, by solving draws of what may still come.

Iterative conditional dispatch: Lan, van Doorn, Wouda, Rijal, Bhulai, "An iterative sample scenario approach for the
dynamic dispatch waves problem", Transportation Science 58(4), 2024. Arrays only, all times in whole seconds from one
origin.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from twin.policies.wave_routes import Jobs, Limit, Wave, routes

SCENARIO_ITERATIONS = 800
"""Of PyVRP, on one draw: fewer draws solved well choose better than many solved badly. On draws of 90 to 285 jobs its
routes are some 2 % longer than what six seconds find."""

ROUNDS = 3
"""How often a set of draws is solved; what one round decides holds in the next."""

SEND_SHARE, KEEP_SHARE, LAST_SHARE = 0.5, 0.2, 0.25
"""A job is sent from, and kept up to, this share of a round's draws in which it leaves now; the last round decides all
that is left. Tuned on drawn days (docs/benchmarks.md)."""

CHOICE_SHARE = 0.9
"""Of the effort, for choosing what leaves; the rest is for its routes."""

AT_ONCE = 4
"""Draws solved beside each other at most, whatever they are solved in: a clock is looked at in between."""

Draw = Callable[[], tuple[Jobs, np.ndarray]]
"""A draw of future jobs, with driving times (s) [places, places]: those of the known jobs first, then the new ones."""


class Each(Protocol):
    """``map``, or the same over several processes: results in the order of what they are of."""

    def __call__(self, function: Callable[[Any], Any], of: Iterable[Any], /) -> Iterable[Any]: ...


@dataclass
class Effort:
    """PyVRP iterations for one decision, and where asked a clock of the seconds left; what ends first ends it."""

    iterations: int
    left_s: Callable[[], float] | None = None
    spent: int = 0
    seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self.seconds = max(self.left_s(), 1e-9) if self.left_s else 0.0

    def used_share(self) -> float:
        """What share of the effort is spent."""
        share = self.spent / max(self.iterations, 1)
        return share if self.left_s is None else max(share, 1 - self.left_s() / self.seconds)

    def draws(self, until: float) -> list[Limit]:
        """One limit for each of the draws to solve next, so many as the effort up to a share of it has room for."""
        each = min(SCENARIO_ITERATIONS, max(1, int(self.iterations * CHOICE_SHARE / ROUNDS)))
        room = -(-int(self.iterations * until - self.spent) // each)
        count = min(AT_ONCE, max(1, room))
        self.spent += each * count
        return [self._limit(each, count)] * count

    def rest(self) -> Limit:
        """All that is left."""
        return self._limit(max(1, self.iterations - self.spent))

    def _limit(self, iterations: int, searches: int = 1) -> Limit:
        """For each of so many searches, which may come one after the other."""
        return Limit(iterations, self.left_s() / searches if self.left_s else None)


def must_leave(wave: Wave, jobs: Jobs, travel_s: np.ndarray) -> np.ndarray:
    """Which jobs the next wave would be too late for, even one to a vehicle: bool [jobs]."""
    if wave.next_leave_s is None:
        return np.ones(len(jobs), dtype=bool)
    return too_late(wave.next_leave_s, wave.back_s, jobs, travel_s)


def too_late(leave_s: int, back_s: int, jobs: Jobs, travel_s: np.ndarray) -> np.ndarray:
    """Which jobs a vehicle with nothing else to do cannot serve and be back, leaving then: bool [jobs]."""
    start_s = np.maximum(leave_s + travel_s[0, jobs.place], jobs.open_s)
    return (start_s > jobs.close_s) | (start_s + jobs.service_s + travel_s[jobs.place, 0] > back_s)


@dataclass(frozen=True)
class Search:
    """One draw to solve: known jobs first, then the drawn ones; those ``sent`` (bool [jobs]) leave for sure."""

    wave: Wave
    jobs: Jobs
    travel_s: np.ndarray
    limit: Limit
    seed: int
    sent: np.ndarray

    def leaves(self) -> np.ndarray:
        """Which jobs are on routes that hold nothing that has to wait: bool [jobs]."""
        leaves = np.zeros(len(self.jobs), dtype=bool)
        for route in routes(self.wave, self.jobs, self.travel_s, self.limit, self.seed, self.sent):
            leaves[route] = (self.jobs.release_s[route] <= self.wave.leave_s).all()
        return leaves


def leaves_now(
    wave: Wave, jobs: Jobs, travel_s: np.ndarray, draw: Draw, effort: Effort, seed: int, each: Each = map
) -> np.ndarray:
    """Which jobs to send out with this wave: bool [jobs]; the same whatever ``each`` solves the draws with.

    Each round solves draws of the future together with the known jobs. A job leaves now in a draw if its route holds
    nothing that has to wait for a later wave.
    """
    send = must_leave(wave, jobs, travel_s)
    keep = np.zeros(len(jobs), dtype=bool)
    for number in range(ROUNDS):
        open_ = ~send & ~keep
        if not open_.any():
            break
        until = CHOICE_SHARE * (number + 1) / ROUNDS
        searches = _searches(wave, jobs, (send, keep), draw, effort, until, seed)
        share = np.mean([leaves[: len(jobs)] for batch in searches for leaves in each(Search.leaves, batch)], axis=0)
        last = number == ROUNDS - 1
        send |= open_ & (share >= (LAST_SHARE if last else SEND_SHARE))
        keep |= open_ & (share <= KEEP_SHARE)
    return send


def _searches(
    wave: Wave, jobs: Jobs, fixed: tuple[np.ndarray, np.ndarray], draw: Draw, effort: Effort, until: float, seed: int
) -> Iterator[list[Search]]:
    """Draws to solve, some at a time, until that share of the effort is spent; at least one."""
    send, keep = fixed
    later_s = wave.leave_s if wave.next_leave_s is None else wave.next_leave_s
    known = jobs.released(np.where(keep, later_s, wave.leave_s))
    first = True
    while first or effort.used_share() < until:
        number, first = seed + effort.spent, False
        batch = []
        for limit in effort.draws(until):
            future, travel_s = draw()
            number += limit.iterations
            sent = np.concatenate([send, np.zeros(len(future), dtype=bool)])
            batch.append(Search(wave, known.with_more(future), travel_s, limit, number, sent))
        yield batch
