"""Worker processes on this machine: started clean, ended with the process that wanted them."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any


@contextmanager
def worker_pool(workers: int, preload: str) -> Iterator[ProcessPoolExecutor]:
    """A pool whose workers begin with a module imported, that of the first pool of this process."""
    pool = ProcessPoolExecutor(workers, _context(preload), _begin_worker)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _context(preload: str) -> Any:
    """Workers begin from a clean process with everything imported; a fork of this one would copy its threads' locks."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


def _begin_worker() -> None:
    """Ctrl-C stops the run a worker is in, not the worker; one whose parent was killed would wait for work for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # what it begins with stays: each search for garbage would go through all of it
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101  (a worker has one)

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
