"""How Python looks after memory while a world runs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 1_000_000  # more objects made than freed before the youngest are searched; Python's own is 700


@contextmanager
def few_collections() -> Iterator[None]:
    """Search for garbage in cycles seldom: a run leaves next to none, and each search goes through all it has made (an
    eighth of the time of a large day)."""
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
