"""Batches of samples, by their device and their number on it."""

from dataclasses import dataclass

import numpy as np

from engine.runs import opens, ranges, stops


@dataclass
class Batches:
    """Batches of devices, arrays of equal length."""

    device: np.ndarray  # int64
    batch: np.ndarray  # int64

    def __len__(self) -> int:
        return len(self.device)

    def rows(self, picked: np.ndarray) -> "Batches":
        """Some of them."""
        return Batches(self.device[picked], self.batch[picked])

    @classmethod
    def empty(cls) -> "Batches":
        """None."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64))

    def and_more(self, *others: "Batches") -> "Batches":
        """These and others."""
        parts = (self, *others)
        return Batches(np.concatenate([p.device for p in parts]), np.concatenate([p.batch for p in parts]))


@dataclass
class Runs:
    """Batches of devices without a gap: first, first + 1, ...; by device, and a device's rise. Arrays of equal length.

    What a device without a connection holds for hours is one run.
    """

    device: np.ndarray  # int64
    first: np.ndarray  # int64
    count: np.ndarray  # int64

    @classmethod
    def empty(cls) -> "Runs":
        """None."""
        return cls(*(np.empty(0, np.int64) for _ in range(3)))

    @classmethod
    def of(cls, batches: Batches) -> "Runs":
        """Batches by device, each device's rising."""
        if not len(batches):
            return cls.empty()
        device, batch = batches.device, batches.batch
        start = (opens(device) | opens(batch - np.arange(len(batch)))).nonzero()[0]
        return cls(device[start], batch[start], stops(start, len(device)) - start)

    def rows(self, picked: np.ndarray) -> "Runs":
        """Some of them."""
        return Runs(self.device[picked], self.first[picked], self.count[picked])

    def batches(self) -> Batches:
        """One by one."""
        return Batches(np.repeat(self.device, self.count), ranges(self.first, self.count))

    def by_device(self, devices: int) -> np.ndarray:
        """How many batches each device has."""
        count = np.zeros(devices, np.int64)
        np.add.at(count, self.device, self.count)
        return count

    def before(self) -> np.ndarray:
        """How many batches of its device come before each run."""
        upto = np.cumsum(self.count) - self.count
        first = opens(self.device)
        return upto - upto[first][np.cumsum(first) - 1]

    def and_more(self, other: "Runs") -> "Runs":
        """These and others, which come after these where they are of one device."""
        if not (len(self.device) and len(other.device)):
            return self if len(self.device) else other
        device, first, count = (np.concatenate(pair) for pair in zip(vars(self).values(), vars(other).values()))
        order = np.argsort(device, kind="stable")
        device, first, count = device[order], first[order], count[order]
        new = np.append(True, (device[1:] != device[:-1]) | (first[1:] != first[:-1] + count[:-1]))
        start = new.nonzero()[0]
        return Runs(device[start], first[start], np.add.reduceat(count, start))
