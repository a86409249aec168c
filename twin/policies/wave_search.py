"""Which jobs to send out now and which to keep for a later wave, by solving draws of what may still come.

Iterative conditional dispatch: Lan, van Doorn, Wouda, Rijal, Bhulai, "An iterative sample scenario approach for the
dynamic dispatch waves problem", Transportation Science 58(4), 2024. Arrays only, all times in whole seconds from one
origin; PyVRP (https://pyvrp.org) searches.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import numpy as np

SCENARIO_ITERATIONS = 400
"""Of PyVRP, on one draw: fewer draws solved well choose better than many solved badly."""

ROUNDS = 3
"""How often a set of draws is solved; what one round decides holds in the next."""

SEND_SHARE, KEEP_SHARE, LAST_SHARE = 0.4, 0.05, 0.25
"""A job is sent from, and kept up to, this share of a round's draws in which it leaves now; the last round decides all
that is left. Tuned on drawn days (docs/benchmarks.md)."""

NEIGHBOURS, HISTORY = 100, 20
"""PyVRP's, for few iterations: on 100 jobs of drawn days 500 iterations come within 1 % of 20,000 (its own 50 and 300:
4 %), and 100 iterations on 200 jobs are 5 % shorter."""

CHOICE_SHARE = 0.8
"""Of the effort, for choosing what leaves; the rest is for its routes."""

AT_ONCE = 4
"""Draws solved beside each other at most, whatever they are solved in: a clock is looked at in between."""


@dataclass(frozen=True)
class Jobs:
    """Deliveries as columns, all int64 [jobs]; no vehicle leaves with a job before its ``release_s``."""

    place: np.ndarray  # row of the driving times, 0 is the depot
    open_s: np.ndarray  # of the start of service
    close_s: np.ndarray
    service_s: np.ndarray
    load: np.ndarray
    release_s: np.ndarray

    def __len__(self) -> int:
        return len(self.place)

    def rows(self, rows: np.ndarray) -> "Jobs":
        """Some of them: a mask, or row numbers."""
        return Jobs(*(getattr(self, column.name)[rows] for column in fields(self)))

    def with_more(self, more: "Jobs") -> "Jobs":
        """These, then ``more``."""
        columns = ((getattr(self, column.name), getattr(more, column.name)) for column in fields(self))
        return Jobs(*(np.concatenate(both) for both in columns))

    def released(self, release_s: np.ndarray) -> "Jobs":
        """The same jobs, free to leave at other times."""
        return Jobs(self.place, self.open_s, self.close_s, self.service_s, self.load, release_s)


@dataclass(frozen=True)
class Wave:
    """A departure: when, when the next one is (None: never), until when to be back, with which vehicles."""

    leave_s: int
    next_leave_s: int | None
    back_s: int
    capacity: int
    vehicles: int


Draw = Callable[[], tuple[Jobs, np.ndarray]]
"""A draw of future jobs, with driving times (s) [places, places]: those of the known jobs first, then the new ones."""


class Each(Protocol):
    """``map``, or the same over several processes: results in the order of what they are of."""

    def __call__(self, function: Callable[[Any], Any], of: Iterable[Any], /) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Limit:
    """What ends one search: PyVRP iterations, and where timed seconds; whichever comes first."""

    iterations: int
    seconds: float | None = None

    def stop(self) -> Any:
        """PyVRP's stopping criterion; its clock runs from the first time it is asked."""
        from pyvrp.stop import MaxIterations, MaxRuntime, MultipleCriteria

        if self.seconds is None:
            return MaxIterations(self.iterations)
        return MultipleCriteria([MaxIterations(self.iterations), MaxRuntime(max(0.0, self.seconds))])


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


def routes(
    wave: Wave, jobs: Jobs, travel_s: np.ndarray, limit: Limit, seed: int, sent: np.ndarray | None = None
) -> list[np.ndarray]:
    """Cheapest routes found, each the rows of its jobs in order, least driving time in all.

    What is ``sent`` (bool [jobs]) does not share a leg with what leaves later.

    Raises:
        ValueError: no feasible routes were found.
    """
    from pyvrp import Client, Depot, Location, ProblemData, VehicleType, solve
    from pyvrp.exceptions import PenaltyBoundWarning

    if len(jobs) == 0:
        return []
    place = np.concatenate([[0], jobs.place])
    legs_s = travel_s[np.ix_(place, place)]
    np.fill_diagonal(legs_s, 0)
    release_s = np.maximum(jobs.release_s - wave.leave_s, 0)
    if sent is not None:
        legs_s[_apart(sent, release_s > 0)] = 2 * wave.back_s + 1
    columns = zip(jobs.load, jobs.service_s, jobs.open_s - wave.leave_s, jobs.close_s - wave.leave_s, release_s)
    clients = [
        Client(
            row + 1,
            delivery=[int(load)],
            service_duration=int(service),
            tw_early=max(int(opens), 0),
            tw_late=max(int(closes), 0),
            release_time=int(release),
        )
        for row, (load, service, opens, closes, release) in enumerate(columns)
    ]
    kind = VehicleType(wave.vehicles, [wave.capacity], tw_late=wave.back_s - wave.leave_s)
    data = ProblemData([Location(0, 0)] * len(place), clients, [Depot(0)], [kind], [legs_s], [legs_s])
    with warnings.catch_warnings():  # a draw that nobody could drive is simply dear
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        best = solve(data, limit.stop(), seed % 2**32, collect_stats=False, display=False, params=_params()).best
    if sent is None and not best.is_feasible():
        raise ValueError(f"no feasible routes found for the {len(jobs)} orders that leave at {wave.leave_s} s")
    return [np.array([at.idx for at in route if at.is_client()]) for route in best.routes()]


def _params() -> Any:
    from pyvrp import IteratedLocalSearchParams, SolveParams
    from pyvrp.search import NeighbourhoodParams

    return SolveParams(
        ils=IteratedLocalSearchParams(history_length=HISTORY),
        neighbourhood=NeighbourhoodParams(num_neighbours=NEIGHBOURS),
    )


def _apart(sent: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Legs [1 + jobs, 1 + jobs] between what is sent and what leaves later: bool."""
    sent, later = (np.concatenate([[False], mask]) for mask in (sent, later))
    return np.outer(sent, later) | np.outer(later, sent)
