"""Randomness for policies that most of them never ask for."""

from collections.abc import Callable
from typing import Any

import numpy as np


class LazyGenerator:
    """A random generator made when first used: most policies draw nothing."""

    def __init__(self, make: Callable[[], np.random.Generator]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> Any:
        generator = self._make()
        self.__dict__.update({n: getattr(generator, n) for n in ("random", "integers", "normal", "choice", "shuffle")})
        return getattr(generator, name)
