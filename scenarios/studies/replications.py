"""Replications: the same scenario under other draws, paired by number."""

from engine.streams import Streams

MOST_REPLICATIONS = 1_000_000
"""More in one study are taken for a slip of the finger [A]."""


def replication_seed(seed: int, number: int) -> int:
    """The seed of replication ``number`` (from 0), the same in every variant: a function of both alone."""
    return Streams(seed).key("replication", number) % 2**63
