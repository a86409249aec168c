"""Named random streams: every draw is a function of (seed, names), never of call order.

A stream is named by what variants of a scenario share (an order and its attempt, a driver and a day), so that
adding a vehicle or changing a policy leaves every other draw as it was.
"""

import hashlib

import numpy as np

_SHIFTS = tuple(map(np.uint64, (30, 27, 31)))
_FACTORS = tuple(map(np.uint64, (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)))


def key_u64(*names: object) -> int:
    """Return a 64-bit key for a sequence of names; equal names give equal keys in every process."""
    text = "\x1f".join(map(str, names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def mix_u64(values: np.ndarray) -> np.ndarray:
    """SplitMix64 finaliser over uint64 values: a counter-based hash with 64 well-mixed bits.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    """
    z = values ^ (values >> _SHIFTS[0])
    z *= _FACTORS[0]
    z ^= z >> _SHIFTS[1]
    z *= _FACTORS[1]
    z ^= z >> _SHIFTS[2]
    return z


class Streams:
    """The random streams of one run."""

    def __init__(self, seed: int) -> None:
        self.seed = int(seed)

    def key(self, *names: object) -> int:
        """The 64-bit key of a named stream, for counter-based draws."""
        return key_u64(self.seed, *names)

    def generator(self, *names: object) -> np.random.Generator:
        """A fresh generator for the named stream; asking twice starts it anew."""
        return np.random.Generator(np.random.PCG64(self.key(*names)))

    def uniform(self, *names: object) -> float:
        """One uniform draw in [0, 1), a hundred times cheaper than a generator."""
        return (self.key(*names) >> 11) * 2.0**-53

    def normal(self, *names: object) -> float:
        """One standard normal draw."""
        return float(self.generator(*names).standard_normal())
