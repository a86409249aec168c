"""``make soak``: rows R1 to R9, each over many numbered cases; prints a table and what went wrong; fails if any did.

    python -m benchmarks.soak [ROW ...] [--cases N] [--first N] [--minutes M] [--processes 1|2]

A case is a function of its number: ``--first 1234 --cases 1 --processes 1`` plays one again.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import live_memory
from benchmarks.soak import belief, messages, runs
from benchmarks.soak.figures import Figure

LIVE_DAY = Path(__file__).resolve().parents[2] / "configs" / "default.yaml"
AN_HOUR_S = 3600.0
ROWS: dict[str, tuple[int, Callable[..., Figure]]] = {
    "R1": (2_000, lambda cases, processes, seconds: runs.repeats(cases, seconds)),
    "R2": (100, lambda cases, processes, seconds: runs.kills(cases, seconds)),
    "R3": (700, runs.invariants),
    "R4": (100, messages.proofs),
    "R5": (200, belief.poisoned),
    "R6": (1_000, belief.shuffles),
    "R7": (500, messages.liveness),
    "R8": (200, belief.sometimes),
    "R9": (1, lambda cases, processes, seconds: live_memory.grows(LIVE_DAY, min(seconds, AN_HOUR_S))),
}
"""Cases of the full figure, and what works them off."""


def main() -> int:
    """Run some rows or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all if none is given")
    parser.add_argument("--cases", type=int, help="at most, instead of the full figure")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="at most for each row; all of it if not given"
    )
    parser.add_argument("--processes", type=int, choices=(1, 2), default=2)
    asked = parser.parse_args()
    unknown = [row for row in asked.rows if row not in ROWS]
    if unknown:
        parser.error(f"{unknown[0]}: expected some of {', '.join(ROWS)}")
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, {platform.machine()}, "
          f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print("\n| | what | goal | found | took |\n|---|---|---|---|---|")
    figures = []
    for row in asked.rows or ROWS:
        full, work = ROWS[row]
        cases = range(asked.first, asked.first + (full if asked.cases is None else asked.cases))
        figures.append(_timed(partial(work, cases, asked.processes, 60 * asked.minutes)))
        print(figures[-1].line(), flush=True)
        for case, problem in figures[-1].wrong:
            print(f"{row} case {case}: {problem}", file=sys.stderr, flush=True)
    return 1 if any(figure.wrong for figure in figures) else 0


def _timed(work: Callable[[], Figure]) -> Figure:
    began = time.monotonic()
    figure = work()
    figure.seconds = time.monotonic() - began
    return figure


if __name__ == "__main__":
    raise SystemExit(main())
