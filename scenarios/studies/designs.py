"""Designs of experiments: which values of the factors a study tries.

Grid and factorial are full products; Latin hypercube and Sobol sequence fill the space (``scipy.stats.qmc``); Saltelli
and Morris are the samples that Sobol' indices and elementary effects are computed from (SALib; Saltelli et al., Comput.
Phys. Commun. 181 (2010); Morris, Technometrics 33 (1991)). A sample is rows in the unit cube; ``Factor.value`` turns a
coordinate into what is set.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from typing import Any

import numpy as np
from scipy.stats import qmc

from engine.streams import Streams

SAMPLED = ("latin_hypercube", "sobol", "saltelli", "morris")
"""Kinds that need a number of samples."""
POWERS_OF_TWO = ("sobol", "saltelli")
"""Kinds whose balance is lost with any other number of samples."""
MORRIS_LEVELS = 4
SIGNIFICANT = 6
"""Digits of a real factor's value, so that a name states what was run."""


@dataclass(frozen=True)
class Factor:
    """A dotted key with the values it may take: those listed, or from ``low`` to ``high``."""

    key: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    integer: bool = False

    @property
    def every(self) -> Sequence[Any]:
        """Every value there is, in order; empty for a real factor."""
        return self.values or (range(int(self.low), int(self.high) + 1) if self.integer else ())

    @property
    def span(self) -> str:
        """``FIRST to LAST``."""
        ends = (self.values[0], self.values[-1]) if self.values else (self.low, self.high)
        return " to ".join(f"{end:g}" if isinstance(end, float) else str(end) for end in ends)

    def value(self, share: float) -> Any:
        """The value at a share from 0 to 1 of the way; values that can be counted get equal parts of it."""
        if every := self.every:
            return every[_part(share, len(every))]
        value = float(f"{self.low + share * (self.high - self.low):.{SIGNIFICANT}g}")
        return min(max(value, self.low), self.high)

    def position(self, share: float) -> float:
        """Where the value at a share stands between the first (0) and the last (1)."""
        count = len(self.every)
        return _part(share, count) / (count - 1) if count else share

    def steps(self, most: int | None) -> list[float]:
        """Shares of the way: to each value listed, else to ``most`` evenly spread ones, or all if they are no more."""
        count = self.step_count(most)
        if count == len(self.every):
            return [(place + 0.5) / count for place in range(count)]
        return np.linspace(0.0, 1.0, count).tolist()

    def step_count(self, most: int | None) -> int:
        """How many ``steps`` there are."""
        count = len(self.every)
        return count if self.values or (count and (most is None or count <= most)) else most or 0


@dataclass(frozen=True)
class Design:
    """A sample: ``rows`` in the unit cube, a column for each of ``factors``, and the variant that each row became.

    Rows that set the same values are one variant.
    """

    kind: str
    factors: tuple[Factor, ...]
    rows: tuple[tuple[float, ...], ...]
    variants: tuple[str, ...]

    @property
    def keys(self) -> list[str]:
        """The factors' keys, in the order of the columns."""
        return [factor.key for factor in self.factors]


def sample(kind: str, factors: Sequence[Factor], samples: int | None, seed: int) -> list[tuple[float, ...]]:
    """The rows of a design, in the unit cube; the same for the same seed.

    Latin hypercube and Sobol have ``samples`` rows, Saltelli ``samples * (factors + 2)``, Morris
    ``samples * (factors + 1)``. A grid has each value listed, and ``samples`` steps from low to high.

    Raises:
        ImportError: SALib is needed and missing.
    """
    if kind == "grid":
        return [*product(*(factor.steps(samples) for factor in factors))]
    if kind == "factorial":
        return [*product((0.0, 1.0), repeat=len(factors))]
    if find_spec("SALib") is None:  # said before the runs, as what they are for needs it
        raise ModuleNotFoundError("No module named 'SALib'", name="SALib")
    assert samples is not None  # noqa: S101  (the study file's schema sees to it)
    rows = _sampled(kind, len(factors), samples, Streams(seed).generator("design", kind))
    return [tuple(row) for row in rows.tolist()]


def rows_of(kind: str, factors: Sequence[Factor], samples: int | None) -> int:
    """How many rows the sample has."""
    if kind == "grid":
        return math.prod(factor.step_count(samples) for factor in factors)
    if kind == "factorial":
        return 2 ** len(factors)
    return (samples or 0) * {"saltelli": len(factors) + 2, "morris": len(factors) + 1}.get(kind, 1)


def points(factors: Sequence[Factor], rows: Sequence[Sequence[float]]) -> list[dict[str, Any]]:
    """What each row sets, by dotted key."""
    return [{factor.key: factor.value(share) for factor, share in zip(factors, row)} for row in rows]


def point_name(point: Mapping[str, Any]) -> str:
    """``count=8, latency_s=0.2``: the shortest ends of the keys that tell them apart."""
    return ", ".join(f"{_short(key, [*point])}={value}" for key, value in point.items())


def problem_of(keys: Sequence[str]) -> dict[str, Any]:
    """Factors as SALib has them, on the unit cube."""
    return {"num_vars": len(keys), "names": [*keys], "bounds": [[0.0, 1.0]] * len(keys)}


def _sampled(kind: str, dimensions: int, samples: int, rng: np.random.Generator) -> np.ndarray:
    if kind == "latin_hypercube":
        return qmc.LatinHypercube(dimensions, rng=rng).random(samples)
    if kind == "sobol":
        return qmc.Sobol(dimensions, scramble=True, rng=rng).random_base2(samples.bit_length() - 1)
    problem = problem_of([f"x{number}" for number in range(dimensions)])
    seed = int(rng.integers(2**31))
    if kind == "saltelli":
        from SALib.sample import sobol

        return sobol.sample(problem, samples, calc_second_order=False, seed=seed)
    from SALib.sample import morris

    return morris.sample(problem, samples, num_levels=MORRIS_LEVELS, seed=seed)


def _part(share: float, count: int) -> int:
    """Which of so many equal parts a share from 0 to 1 lies in."""
    return min(int(share * count), count - 1)


def _short(key: str, keys: Sequence[str]) -> str:
    parts = key.split(".")
    ends = (".".join(parts[-length:]) for length in range(1, len(parts)))
    return next((end for end in ends if sum(f".{other}".endswith(f".{end}") for other in keys) == 1), key)
