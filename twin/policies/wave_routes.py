"""Routes of a dispatch wave: jobs as columns, and the cheapest routes PyVRP (https://pyvrp.org) finds for them.

All times are whole seconds from one origin.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

NEIGHBOURS, WAIT_WEIGHT = 40, 0.2
"""Jobs that moves look at beside each, and what a second of waiting weighs in who they are. Few are enough because
lateness counts as well; the parameters of PyVRP's own list of 50 weigh waiting only."""

OPERATORS = "Relocate1", "Relocate2", "Swap11", "Swap21", "SwapTails"
"""Of PyVRP's moves those that pay for their time in a short search (docs/benchmarks.md)."""

HISTORY, MOST_PERTURBED = 20, 15
"""For searches of hundreds of iterations; PyVRP's own 300 and 25 are for many thousand (docs/benchmarks.md)."""

LATE_PENALTY, FULL_LOAD_PENALTY_S, PENALTY_ITERATIONS = 5.0, 3600.0, 50
"""What a second too late and a vehicle load too much cost at first, in seconds of driving, and how often PyVRP adapts
both. Its own 50,000 a unit, adapted every 500 iterations, would bar the way through infeasible routes to the end."""


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


def routes(
    wave: Wave, jobs: Jobs, travel_s: np.ndarray, limit: Limit, seed: int, sent: np.ndarray | None = None
) -> list[np.ndarray]:
    """Cheapest routes found, each the rows of its jobs in order, least driving time in all.

    What is ``sent`` (bool [jobs]) does not share a leg with what leaves later.

    Raises:
        ValueError: no feasible routes were found.
    """
    if len(jobs) == 0:
        return []
    place = np.concatenate([[0], jobs.place])
    legs_s = travel_s[np.ix_(place, place)]
    np.fill_diagonal(legs_s, 0)
    release_s = np.maximum(jobs.release_s - wave.leave_s, 0)
    if sent is not None:
        legs_s[_apart(sent, release_s > 0)] = 2 * wave.back_s + 1
    first_s, last_s = _starts(wave, jobs, legs_s, release_s)
    clients = [
        {"delivery": [load], "service_duration": lasts, "tw_early": first, "tw_late": last, "release_time": release}
        for load, lasts, first, last, release in np.stack(
            [jobs.load, jobs.service_s, first_s, last_s, release_s], axis=1
        ).tolist()
    ]
    near = _neighbours(legs_s, first_s, last_s, jobs.service_s)
    best = _search(wave, clients, legs_s, near, limit, seed)
    if sent is None and not best.is_feasible():
        raise ValueError(f"no feasible routes found for the {len(jobs)} orders that leave at {wave.leave_s} s")
    return [np.array([at.idx for at in route if at.is_client()]) for route in best.routes()]


def _apart(sent: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Legs [1 + jobs, 1 + jobs] between what is sent and what leaves later: bool."""
    sent, later = (np.concatenate([[False], mask]) for mask in (sent, later))
    return np.outer(sent, later) | np.outer(later, sent)


def _starts(wave: Wave, jobs: Jobs, legs_s: np.ndarray, release_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last start of each service after the wave leaves, straight from the depot and straight back to it.

    Where there is none, both are the last one: no route is in time then.
    """
    last_s = np.minimum(jobs.close_s - wave.leave_s, wave.back_s - wave.leave_s - jobs.service_s - legs_s[1:, 0])
    last_s = np.maximum(last_s, 0)
    return np.minimum(np.maximum(jobs.open_s - wave.leave_s, release_s + legs_s[0, 1:]), last_s), last_s


def _neighbours(legs_s: np.ndarray, first_s: np.ndarray, last_s: np.ndarray, service_s: np.ndarray) -> np.ndarray:
    """Jobs near each, nearest first: int [jobs, at most ``NEIGHBOURS``].

    Near is the better of both directions, in seconds of driving, of lateness that cannot be helped and, at its
    weight, of waiting.
    """
    on_s = legs_s[1:, 1:] + service_s[:, None]
    wait_s = np.maximum(first_s - on_s - last_s[:, None], 0)
    late_s = np.maximum(first_s[:, None] + on_s - last_s, 0)
    apart = legs_s[1:, 1:] + late_s + WAIT_WEIGHT * wait_s
    apart = np.minimum(apart, apart.T)
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1, kind="stable")[:, : min(NEIGHBOURS, len(apart) - 1)]


def _search(
    wave: Wave, clients: Sequence[dict[str, Any]], legs_s: np.ndarray, near: np.ndarray, limit: Limit, seed: int
) -> Any:
    """PyVRP's best solution: jobs inserted one by one at first, then iterated local search.

    Its ``solve`` takes no neighbours, so what it puts together is put together here.
    """
    import pyvrp
    from pyvrp import search
    from pyvrp.exceptions import PenaltyBoundWarning

    kind = pyvrp.VehicleType(wave.vehicles, [wave.capacity], tw_late=wave.back_s - wave.leave_s)
    locations = [pyvrp.Location(0, 0)] * (len(clients) + 1)
    jobs = [pyvrp.Client(row, **client) for row, client in enumerate(clients, 1)]
    legs: Any = [legs_s]  # its stub asks for a shape that numpy's own types do not tell
    data = pyvrp.ProblemData(locations, jobs, [pyvrp.Depot(0)], [kind], legs, legs)
    job = [pyvrp.Activity(pyvrp.ActivityType.CLIENT, row) for row in range(len(clients))]
    neighbours = {at: [job[row] for row in rows] for at, rows in zip(job, near.tolist(), strict=True)}
    perturbation = search.PerturbationManager(search.PerturbationParams(1, MOST_PERTURBED))
    local = search.LocalSearch(data, pyvrp.RandomNumberGenerator(seed % 2**32), neighbours, perturbation)
    for name in OPERATORS:
        local.add_operator(getattr(search, name)(data))
    start = [FULL_LOAD_PENALTY_S / max(wave.capacity, 1)], LATE_PENALTY, LATE_PENALTY
    penalties = pyvrp.PenaltyManager(start, pyvrp.PenaltyParams(solutions_between_updates=PENALTY_ITERATIONS))
    params = pyvrp.IteratedLocalSearchParams(history_length=HISTORY, exhaustive_on_best=False)
    with warnings.catch_warnings():  # a draw that nobody could drive is simply dear
        warnings.simplefilter("ignore", PenaltyBoundWarning)
        first = local(pyvrp.Solution(data, []), penalties.max_cost_evaluator(), exhaustive=True)
        found = pyvrp.IteratedLocalSearch(data, penalties, local, first, params).run(limit.stop(), collect_stats=False)
    return found.best
