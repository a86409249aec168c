"""What the intervals of studies hold: how often the truth is inside, over synthetic studies of known truth.

    python -m benchmarks.study_coverage [--studies N]

Prints the tables of ``docs/statistics.md``: at a fixed number of replications, and with the stop rule on (up to 400
replications), at 95 % and at the level that stopped studies use. Four standard errors of 2,000 studies are 0.02.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scenarios.studies.precision import FIRST_LOOK, STOPPED_LEVEL
from scenarios.studies.statistics import CONFIDENCE, estimate, share_estimate

MOST = 400
FIXED = (10, 20, 30)
Draw = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Case:
    """Days of a KPI: how they are drawn, their true mean, and the relative precision asked for."""

    name: str
    draw: Draw
    mean: float
    asked: float
    orders: int = 0
    """What a share is a share of; 0: no share."""
    tested: bool = False

    def interval(self, days: np.ndarray, level: float) -> tuple[float, float]:
        """As ``scenarios.studies.comparison`` makes it."""
        if self.orders:
            found = share_estimate(days, np.full(len(days), float(self.orders)), level)
        else:
            found = estimate(days, level)
        assert found.low is not None  # noqa: S101
        assert found.high is not None  # noqa: S101
        return found.low, found.high


class Reached(NamedTuple):
    """The share of studies whose interval held the truth, and how many replications they ran in the mean."""

    held: float
    replications: float


def _normal(cv: float) -> Draw:
    return lambda rng, n: rng.normal(1.0, cv, n)


def _lognormal(sigma: float) -> Draw:
    return lambda rng, n: rng.lognormal(-(sigma**2) / 2, sigma, n)


def _share(orders: int, share: float) -> Draw:
    return lambda rng, n: rng.binomial(orders, share, n) / orders


CASES = (
    Case("normal, variation 10 %", _normal(0.1), 1.0, 0.05, tested=True),
    Case("normal, variation 10 %", _normal(0.1), 1.0, 0.03),
    Case("normal, variation 30 %", _normal(0.3), 1.0, 0.15),
    Case("normal, variation 30 %", _normal(0.3), 1.0, 0.1),
    Case("lognormal, sigma 0.3", _lognormal(0.3), 1.0, 0.15, tested=True),
    Case("lognormal, sigma 0.5", _lognormal(0.5), 1.0, 0.2),
    Case("lognormal, sigma 0.5", _lognormal(0.5), 1.0, 0.1),
    Case("lognormal, sigma 1", _lognormal(1.0), 1.0, 0.3),
    Case("share of 20 orders, 90 %", _share(20, 0.9), 0.9, 0.03, orders=20, tested=True),
    Case("share of 100 orders, 98 %", _share(100, 0.98), 0.98, 0.005, orders=100),
    Case("share of 100 orders, 99.9 %", _share(100, 0.999), 0.999, 0.001, orders=100),
)


def reached(case: Case, studies: int, seed: int, level: float = STOPPED_LEVEL) -> Reached:
    """Studies that look after every replication from the tenth on, as ``scenarios.studies.precision`` does."""
    rng = np.random.default_rng(seed)
    held = replications = 0
    for _ in range(studies):
        days = case.draw(rng, MOST)
        for n in range(FIRST_LOOK, MOST + 1):
            low, high = case.interval(days[:n], level)
            if (high - low) / 2 <= case.asked / (1 + case.asked) * days[:n].mean():
                break
        held += low <= case.mean <= high
        replications += n
    return Reached(held / studies, replications / studies)


def held_at(case: Case, n: int, studies: int, seed: int) -> float:
    """The share of studies of ``n`` replications whose 95 % interval held the truth."""
    rng = np.random.default_rng(seed)
    found = [case.interval(case.draw(rng, n), CONFIDENCE) for _ in range(studies)]
    return sum(low <= case.mean <= high for low, high in found) / studies


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=2000)
    studies = parser.parse_args().studies
    print(f"| days | {' | '.join(f'n = {n}' for n in FIXED)} |\n|---|{'---|' * len(FIXED)}")
    for name, case in {case.name: case for case in CASES}.items():
        print(f"| {name} | {' | '.join(f'{held_at(case, n, studies, 1):.3f}' for n in FIXED)} |")
    print(f"\n| days | asked | {CONFIDENCE:.0%} intervals | n | {STOPPED_LEVEL:.0%} intervals | n |")
    print("|---|---|---|---|---|---|")
    for case in CASES:
        plain, used = (reached(case, studies, 2, level) for level in (CONFIDENCE, STOPPED_LEVEL))
        print(
            f"| {case.name} | {100 * case.asked:g} % | {plain.held:.3f} | {plain.replications:.0f} | {used.held:.3f} "
            f"| {used.replications:.0f} |"
        )


if __name__ == "__main__":
    main()
