"""Where a study's replications run: in this process, in worker processes, or on a Dask cluster.

A place runs a task for every number given and yields what comes back as it is finished, in any order. What had not
come back when a worker was lost is run again: a replication gives the same figures wherever it runs.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from scenarios.run import RunFailed
from scenarios.studies.worker_pool import worker_pool

AHEAD = 2
"""Replications handed to each worker before they are asked for: memory stays flat, and no worker waits."""
LOOK_AGAIN_S = 5.0
"""How often a place is looked at while it works: there may be more workers by then, or none."""
PATIENCE = 3
"""Pools that may break one after the other, with no replication finished in between."""

Result = TypeVar("Result")


class Place(Protocol):
    """Somewhere to run replications."""

    @property
    def workers(self) -> int:
        """How many run at a time, as far as is known now."""
        ...

    def ready(self, say: Callable[[str], None]) -> None:
        """Nothing is written for a study before; ``say`` is told what is waited for.

        Raises:
            RunFailed: nobody is there to work.
        """
        ...

    def run(self, task: Callable[[int], Result], numbers: Iterable[int]) -> Generator[Result, None, None]:
        """What the task made of each number, as they are finished."""
        ...


def place_of(on: int | str) -> Place:
    """The place meant by a number of local processes, or by the address of a Dask scheduler (``tcp://HOST:PORT``)."""
    if isinstance(on, str):
        from scenarios.studies.dask_cluster import Cluster

        return Cluster(on)
    return Processes(on) if on > 1 else Here()


@dataclass(frozen=True)
class Here:
    """This process, one after the other."""

    workers: int = 1

    def ready(self, say: Callable[[str], None]) -> None:
        """It always is."""

    def run(self, task: Callable[[int], Result], numbers: Iterable[int]) -> Generator[Result, None, None]:
        """As ``Place.run``, in order."""
        for number in numbers:
            yield task(number)


@dataclass(frozen=True)
class Processes:
    """Worker processes on this machine."""

    workers: int

    def ready(self, say: Callable[[str], None]) -> None:
        """They are started when they are needed."""

    def run(self, task: Callable[[int], Result], numbers: Iterable[int]) -> Generator[Result, None, None]:
        """As ``Place.run``.

        Raises:
            RunFailed: workers were killed again and again.
        """
        left = dict.fromkeys(numbers)
        count = len(left)
        broken = 0
        while left:
            workers = min(self.workers, len(left))
            try:
                with worker_pool(workers, "scenarios.studies.run") as pool:
                    for number, result in handed_out(pool, task, [*left], lambda: workers):  # noqa: B023
                        del left[number]
                        broken = 0
                        yield result
            except BrokenProcessPool:
                broken += 1
                if broken == PATIENCE:
                    raise RunFailed(
                        f"a worker process was killed {broken} times with {len(left)} of {count} replications left; "
                        f"is there memory for {self.workers} runs at once? Fewer: --on local:{self.workers - 1}"
                    ) from None


def handed_out(
    executor: Executor, task: Callable[[int], Result], numbers: Iterable[int], workers: Callable[[], int]
) -> Iterator[tuple[int, Result]]:
    """Hand numbers to an executor, only so many ahead of its workers; numbers and results as they come."""
    left = iter(numbers)
    waiting: dict[Future[Result], int] = {}
    while True:
        for number in islice(left, max(0, AHEAD * workers() - len(waiting))):
            waiting[executor.submit(task, number)] = number
        if not waiting:
            return
        done = wait(waiting, LOOK_AGAIN_S, FIRST_COMPLETED).done
        for future in sorted(done, key=lambda future: (_went_wrong(future), waiting[future])):
            yield waiting.pop(future), future.result()


def _went_wrong(future: Future) -> bool:
    return future.cancelled() or future.exception() is not None
