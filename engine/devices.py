"""The telematics devices of a fleet: which vehicle each is on, when it samples, how well it measures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.streams import Streams, mix_u64


@dataclass(frozen=True)
class Devices:
    """The telematics devices of a fleet; arrays by device.

    A device samples at ``phase_us + k * period_us``; with the ignition off only at every ``parked_every``-th
    of these (k a multiple of it). ``position_sigma_m`` is the GNSS error along each axis, ``speed_sigma_mps``
    that of the speed of a moving vehicle.
    """

    ids: tuple[str, ...]
    vehicle: np.ndarray  # int64, index into Motion
    period_us: np.ndarray  # int64
    phase_us: np.ndarray  # int64
    parked_every: np.ndarray  # int64
    position_sigma_m: np.ndarray  # float64
    speed_sigma_mps: np.ndarray  # float64
    key: np.ndarray  # uint64

    @classmethod
    def fit(
        cls,
        ids: Sequence[str],
        vehicle: Sequence[int] | np.ndarray,
        streams: Streams,
        period_s: float | Sequence[float] = 10.0,
        parked_every: int | Sequence[int] = 1,
        position_sigma_m: float | Sequence[float] = 3.0,
        speed_sigma_mps: float | Sequence[float] = 0.1,
    ) -> "Devices":
        """Devices on vehicles; one value for all or one each. Phase and noise are functions of (seed, device
        id).

        Defaults: 3 m is a GNSS receiver under open sky (2-5 m, 68 %), 0.1 m/s its Doppler speed. Raises
        ValueError for a period below 1 ms, a multiple below 1, or a negative sigma.
        """
        n = len(ids)
        period_us = np.rint(np.broadcast_to(np.asarray(period_s, float), n) * 1e6).astype(np.int64)
        every = np.array(np.broadcast_to(parked_every, n), np.int64)
        sigma_m = np.array(np.broadcast_to(position_sigma_m, n), float)
        sigma_mps = np.array(np.broadcast_to(speed_sigma_mps, n), float)
        key = np.array([streams.key("device", name) for name in ids], np.uint64)
        for name, bad in (
            ("period_s below 0.001", period_us < 1000),
            ("parked_every below 1", every < 1),
            ("position_sigma_m not zero or more", ~(sigma_m >= 0)),
            ("speed_sigma_mps not zero or more", ~(sigma_mps >= 0)),
        ):
            if bad.any():
                raise ValueError(f"device {ids[int(np.argmax(bad))]}: {name}")
        phase_us = (mix_u64(key) % period_us.astype(np.uint64)).astype(np.int64)
        return cls(tuple(ids), np.array(vehicle, np.int64), period_us, phase_us, every, sigma_m, sigma_mps, key)

    def __len__(self) -> int:
        return len(self.ids)
