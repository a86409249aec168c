"""A figure of the soak table, and many numbered cases worked off by a few processes."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TypeVar

Found = TypeVar("Found")


@dataclass
class Figure:
    """One row: what was asked for, how many cases were tried, and what went wrong in which (case, words)."""

    row: str
    what: str
    goal: str
    tried: int = 0
    unit: str = "days"
    wrong: list[tuple[int, str]] = field(default_factory=list)
    note: str = ""
    seconds: float = 0.0

    def line(self) -> str:
        """As a row of a Markdown table."""
        return (
            f"| {self.row} | {self.what} | {self.goal} | {self.tried:,} {self.unit}: {len(self.wrong)} wrong"
            f"{'; ' + self.note if self.note else ''} | {self.seconds:.0f} s |"
        )

    def take(self, case: int, problems: Iterable[str]) -> None:
        """Note what was wrong with a case."""
        self.wrong += [(case, problem) for problem in problems]


def each(work: Callable[[int], Found], cases: range, processes: int, seconds: float) -> Iterable[tuple[int, Found]]:
    """``work(case)`` for each, in order; none is begun once the time is up. Fresh interpreters, so nothing is shared.

    With one process all is done in this one (and a debugger can follow).
    """
    until = time.monotonic() + seconds
    if processes == 1:
        for case in cases:
            if time.monotonic() > until:
                return
            yield case, work(case)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for begin in range(cases.start, cases.stop, 8 * processes):
            if time.monotonic() > until:
                return
            some = range(begin, min(begin + 8 * processes, cases.stop))
            yield from zip(some, pool.map(work, some, chunksize=1))


def in_two_interpreters(
    work: Callable[[int, int], Found], cases: range, variants: tuple[int, int], seconds: float
) -> Iterable[tuple[int, tuple[Found, Found]]]:
    """``work(case, variant)`` for both variants at a time, each in an interpreter with a hash seed of its own."""
    until = time.monotonic() + seconds
    with ExitStack() as stack:
        pools = []
        for number in range(len(variants)):
            os.environ["PYTHONHASHSEED"] = str(1 + 4241 * number)
            pools.append(stack.enter_context(multiprocessing.get_context("spawn").Pool(1)))
        del os.environ["PYTHONHASHSEED"]
        for begin in range(cases.start, cases.stop, 8):
            if time.monotonic() > until:
                return
            some = range(begin, min(begin + 8, cases.stop))
            asked = [pool.starmap_async(work, [(n, v) for n in some]) for pool, v in zip(pools, variants)]
            one, other = (answer.get() for answer in asked)
            yield from zip(some, zip(one, other))
