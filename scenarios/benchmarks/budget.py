"""How long a solver may search: by count, by the clock, or both."""

import time
from dataclasses import dataclass, field

DEFAULT_ITERATIONS = 5000
"""What is searched if neither is given."""


@dataclass(frozen=True)
class Budget:
    """``iterations`` and ``seconds``, None where not limited; the clock runs from when the budget is made."""

    iterations: int | None = DEFAULT_ITERATIONS
    seconds: float | None = None
    started: float = field(default_factory=time.perf_counter)

    def seconds_left(self) -> float:
        """Seconds until the end (infinite without a limit)."""
        if self.seconds is None:
            return float("inf")
        return max(0.0, self.seconds - (time.perf_counter() - self.started))
