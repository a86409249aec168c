"""A Dask cluster as the place where replications run; needs the extra ``studies``.

Workers must have the versions of the driver: other ones might give other figures, and are refused. A worker that is
lost costs no replication, the scheduler hands its tasks to another. Files a scenario names must be found by the
workers under the same paths.
"""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError
from functools import partial
from typing import TypeVar

from scenarios.folder import versions
from scenarios.run import RunFailed
from scenarios.studies.places import handed_out

PATIENCE_S = 10
"""How long a scheduler may take to answer."""

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

    def run(self, task: Callable[[int], Result], numbers: Iterable[int]) -> Generator[Result, None, None]:
        """As ``scenarios.studies.places.Place.run``.

        Raises:
            RunFailed: nobody answers, the scheduler went away, tasks killed worker after worker, other versions there.
        """
        from distributed import Client, KilledWorker
        from distributed.comm import CommClosedError

        try:
            client = Client(self.address, timeout=PATIENCE_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise RunFailed(f"--on {self.address}: no Dask scheduler answers ({_short(error)})") from None
        try:
            with client:
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

    def _count(self, threads: dict[str, int]) -> int:
        """Workers come and go; tasks wait at the scheduler while there is none."""
        self.workers = max(1, sum(threads.values()))
        return self.workers


def _same_versions(task: Callable[[int], Result], wanted: dict[str, str], number: int) -> Result:
    own = versions()
    differ = [name for name in sorted(own.keys() | wanted.keys()) if own.get(name) != wanted.get(name)]
    if differ:
        told = ", ".join(f"{name} {own.get(name)} there, {wanted.get(name)} here" for name in differ)
        raise RunFailed(f"a Dask worker has other versions and might give other figures: {told}")
    return task(number)


def _short(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
