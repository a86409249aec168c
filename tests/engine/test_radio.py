"""The perfect radio."""

import numpy as np
import pytest

from engine.radio import NEVER_US, Radio


def test_everything_arrives_after_the_latency():
    """Samples and messages alike, none lost."""
    radio = Radio(250_000)
    sent = np.array([0, 5, 10**15])
    assert radio.receive_times(np.array([0, 1, 0]), sent).tolist() == [250_000, 250_005, 10**15 + 250_000]
    assert radio.delay_us("events", "V1", 7) == 250_000
    assert NEVER_US < 0


def test_a_negative_latency_is_refused():
    """Nothing is received before it was sent."""
    with pytest.raises(ValueError, match="latency_us must be zero or more, not -1"):
        Radio(-1)
