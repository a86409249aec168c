"""How each device keeps, sends and repeats its samples."""

from dataclasses import dataclass

import numpy as np

_Numbers = float | list[float] | np.ndarray


@dataclass(frozen=True)
class LaneSettings:
    """Arrays by device; build with ``fit``.

    ``room`` is how many complete batches a device holds, the one being sent among them: as many as fit into its
    buffer beside the batch being filled, one at least.
    """

    batch_samples: np.ndarray  # int64
    sample_bytes: np.ndarray  # int64
    room: np.ndarray  # int64, batches
    newest_first: np.ndarray  # bool
    drop_newest: np.ndarray  # bool
    retry_us: np.ndarray  # int64, the first wait
    retry_most_us: np.ndarray  # int64
    jitter: np.ndarray  # bool
    duplicate_share: np.ndarray  # float64

    @classmethod
    def fit(
        cls, devices: int, sample_bytes: _Numbers = 100, batch_samples: _Numbers = 1,
        buffer_samples: _Numbers = 10_000, newest_first: bool | list[bool] = False,
        drop_newest: bool | list[bool] = False, retry_s: _Numbers = 5.0, retry_most_s: _Numbers = 300.0,
        jitter: bool | list[bool] = True, duplicate_share: _Numbers = 0.0,
    ) -> "LaneSettings":  # fmt: skip
        """Settings of devices; one value for all or one each. Raises ValueError for what cannot be."""

        def whole(values: _Numbers, unit: float = 1) -> np.ndarray:
            return np.rint(np.broadcast_to(np.asarray(values, float), devices) * unit).astype(np.int64)

        def flag(values: bool | list[bool]) -> np.ndarray:
            return np.array(np.broadcast_to(values, devices), bool)

        batch, size = whole(batch_samples), whole(sample_bytes)
        share = np.array(np.broadcast_to(duplicate_share, devices), float)
        for name, bad in (
            ("batch_samples below 1", batch < 1),
            ("sample_bytes below 1", size < 1),
            ("duplicate_share not within 0 and 1", ~((share >= 0) & (share <= 1))),
        ):
            if bad.any():
                raise ValueError(f"device {int(np.argmax(bad))}: {name}")
        room = np.maximum((whole(buffer_samples) - (batch - 1)) // batch, 1)
        retry_us = np.maximum(whole(retry_s, 1e6), 1)
        return cls(
            batch, size, room, flag(newest_first), flag(drop_newest), retry_us,
            np.maximum(whole(retry_most_s, 1e6), retry_us), flag(jitter), share,
        )  # fmt: skip

    @property
    def batch_bytes(self) -> np.ndarray:
        """Size of a batch, by device."""
        return self.batch_samples * self.sample_bytes

    @property
    def work(self) -> np.ndarray:
        """What sending a batch takes, by device: in 1/1000 bit, which is kbit/s times us."""
        return self.batch_bytes * 8000
