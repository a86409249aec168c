"""Received telemetry as columns: what head office gets of the fleet's samples, a batch at a time."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

_DTYPES = {
    "vehicle": np.int64, "device": np.int64, "sample": np.int64, "recorded_us": np.int64, "received_us": np.int64,
    "lat": np.float64, "lon": np.float64, "speed_mps": np.float64, "heading_deg": np.float64,
    "odometer_m": np.float64, "ignition": np.bool_, "satellites": np.uint8, "cn0_dbhz": np.uint8,
    "cn0_spread_db": np.uint8, "rf_power_db": np.int8, "supply_mv": np.uint16,
}  # fmt: skip


@dataclass
class SampleBatch:
    """Samples in order of reception per vehicle; columns of equal length.

    ``vehicle`` and ``device`` are rows. ``sample`` counts a device's samples. ``recorded_us`` is the device's clock,
    ``received_us`` the office's. ``satellites`` 0: no fix, the position repeats the last one. ``cn0_dbhz``,
    ``supply_mv`` 0: not measured.
    """

    vehicle: np.ndarray
    device: np.ndarray
    sample: np.ndarray
    recorded_us: np.ndarray
    received_us: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    speed_mps: np.ndarray
    heading_deg: np.ndarray
    odometer_m: np.ndarray
    ignition: np.ndarray
    satellites: np.ndarray
    cn0_dbhz: np.ndarray
    cn0_spread_db: np.ndarray
    rf_power_db: np.ndarray
    supply_mv: np.ndarray

    @classmethod
    def of(cls, vehicle: Any, recorded_us: Any, lat: Any, lon: Any, **columns: Any) -> "SampleBatch":
        """A batch from what there is of it: vehicles with a device each (of the same row), under open sky (12
        satellites), received as soon as recorded, sample numbers 0; a single value stands for all rows.

        Raises:
            ValueError: columns of unequal length.
        """
        given = {"vehicle": vehicle, "recorded_us": recorded_us, "lat": lat, "lon": lon, "device": vehicle,
                 "received_us": recorded_us, "satellites": 12} | columns  # fmt: skip
        n = len(np.atleast_1d(vehicle))
        return cls(*(np.array(np.broadcast_to(given.get(name, 0), n), kind) for name, kind in _DTYPES.items()))

    def __len__(self) -> int:
        return len(self.vehicle)

    def take(self, rows: np.ndarray) -> "SampleBatch":
        """Some of the rows."""
        return SampleBatch(*(getattr(self, field.name)[rows] for field in fields(self)))
