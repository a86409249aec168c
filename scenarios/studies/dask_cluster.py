"""A Dask cluster as the place where replications run; needs the extra ``studies``.

Workers must have the versions of the driver: other ones might give other figures, and are refused. A worker that is
lost costs no replication, the scheduler hands its tasks to another. Files a scenario names must be found by the
workers under the same paths.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from scenarios.folder import versions
from scenarios.run import RunFailed
from scenarios.studies.places import handed_out

PATIENCE_S = 10
"""How long a scheduler may take to answer."""
WORKERLESS_S = 60
"""How long a cluster may be without any worker. [A]"""

Result = TypeVar("Result")


class Cluster:
    """A Dask scheduler by its address (``tcp://HOST:PORT``), and whatever workers it has at the moment."""

    def __init__(self, address: str) -> None:
        """Nobody is asked yet.

        Raises:
            ModuleNotFoundError: Dask is not installed.
        """
        import distributed  # noqa: F401

        self.address, self.workers = address, 1
        self._workerless_from_s: float | None = None

    def ready(self, say: Callable[[str], None]) -> None:
        """Wait for a first worker.

        Raises:
            RunFailed: no scheduler answers, or no worker has come after ``WORKERLESS_S``.
        """
        with self._client() as client:
            if client.nthreads():
                return
            say(f"waiting for a worker at {self.address}, {WORKERLESS_S:g} s at most ({self._how_to_start()})")
            try:
                client.wait_for_workers(1, timeout=WORKERLESS_S)
            except TimeoutError:
                raise self._workerless() from None

    def run(self, task: Callable[[int], Result], numbers: Iterable[int]) -> Generator[Result, None, None]:
        """As ``scenarios.studies.places.Place.run``.

        Raises:
            RunFailed: nobody answers, the scheduler went away, tasks killed worker after worker, no worker left for
                ``WORKERLESS_S``, other versions there.
        """
        from distributed import KilledWorker
        from distributed.comm import CommClosedError

        try:
            with self._client() as client:
                executor = client.get_executor(pure=False)
                try:
                    found = partial(_same_versions, task, versions())
                    for _, result in handed_out(executor, found, numbers, lambda: self._count(client.nthreads())):
                        yield result
                finally:
                    executor.shutdown(wait=False)  # what is still waiting is not needed any more
        except KilledWorker as error:
            raise RunFailed(f"--on {self.address}: workers died one after the other ({_short(error)})") from None
        except (CommClosedError, CancelledError) as error:
            raise RunFailed(f"--on {self.address}: the scheduler went away ({_short(error)})") from None

    @contextmanager
    def _client(self) -> Iterator[Any]:
        """A connection to the scheduler.

        Raises:
            RunFailed: nobody answers.
        """
        from distributed import Client

        try:
            client = Client(self.address, timeout=PATIENCE_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise RunFailed(f"--on {self.address}: no Dask scheduler answers ({_short(error)})") from None
        with client:
            yield client

    def _count(self, threads: dict[str, int]) -> int:
        """Workers come and go; tasks wait at the scheduler while there is none, but not for ever."""
        now_s = time.monotonic()
        if threads:
            self._workerless_from_s = None
        elif self._workerless_from_s is None:
            self._workerless_from_s = now_s
        elif now_s - self._workerless_from_s > WORKERLESS_S:
            raise self._workerless()
        self.workers = max(1, sum(threads.values()))
        return self.workers

    def _workerless(self) -> RunFailed:
        return RunFailed(f"--on {self.address}: no worker for {WORKERLESS_S:g} s ({self._how_to_start()})")

    def _how_to_start(self) -> str:
        return f"dask worker {self.address} --nthreads 1"


def _same_versions(task: Callable[[int], Result], wanted: dict[str, str], number: int) -> Result:
    own = versions()
    differ = [name for name in sorted(own.keys() | wanted.keys()) if own.get(name) != wanted.get(name)]
    if differ:
        told = ", ".join(f"{name} {own.get(name)} there, {wanted.get(name)} here" for name in differ)
        raise RunFailed(f"a Dask worker has other versions and might give other figures: {told}")
    return task(number)


def _short(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
