"""The network between vehicles and head office: when something sent is received.

This one is perfect: full coverage and one fixed latency. One with dead zones answers the same questions.
"""

import numpy as np

NEVER_US = -(1 << 63)
"""The receive time of what is lost for good."""


class Radio:
    """Full coverage; everything arrives ``latency_us`` after it was sent, in the order sent."""

    def __init__(self, latency_us: int) -> None:
        if latency_us < 0:
            raise ValueError(f"radio: latency_us must be zero or more, not {latency_us}")
        self.latency_us = int(latency_us)

    def receive_times(self, device: np.ndarray, occurred_us: np.ndarray) -> np.ndarray:
        """When each telemetry sample is received: int64, in us; ``NEVER_US`` for what is lost."""
        return np.asarray(occurred_us, np.int64) + self.latency_us

    def delay_us(self, channel: str, sender: str, sent_us: int) -> int:
        """How long one message (an event or a command) takes; ``NEVER_US`` when it is lost."""
        return self.latency_us
