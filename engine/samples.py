"""Samples as columns."""

from dataclasses import dataclass, fields
from itertools import accumulate

import numpy as np


@dataclass
class Samples:
    """Telemetry as columns of equal length, by device and then by sample number.

    ``sample`` counts a device's samples from 0 without a gap. Counters are rounded to the nearest whole unit.
    """

    device: np.ndarray  # int32
    sample: np.ndarray  # int32
    vehicle: np.ndarray  # int32
    occurred_us: np.ndarray  # int64
    lat_e7: np.ndarray  # int32, 1e-7 degree
    lon_e7: np.ndarray  # int32, 1e-7 degree
    speed_cmps: np.ndarray  # uint16
    heading_cdeg: np.ndarray  # uint16
    odometer_m: np.ndarray  # int32
    fuel_ml: np.ndarray  # int32
    energy_wh: np.ndarray  # int32, net from the battery
    engine_s: np.ndarray  # int32
    ignition: np.ndarray  # bool

    def __len__(self) -> int:
        return len(self.device)

    @classmethod
    def empty(cls, n: int) -> "Samples":
        """Columns of length n, not filled."""
        return cls(**_COLUMNS.of(n))

    def slice(self, start: int, stop: int) -> "Samples":
        """Rows start to stop, not copied."""
        return Samples(*[values[start:stop] for values in vars(self).values()])


class Block:
    """Columns as slices of one block, which the system hands out in large pages."""

    def __init__(self, dtypes: dict[str, np.dtype]) -> None:
        widest_first = sorted(dtypes.items(), key=lambda item: -item[1].itemsize)  # keeps each aligned
        *before, self._row_bytes = accumulate((dtype.itemsize for _, dtype in widest_first), initial=0)
        self._columns = [(name, dtype, start) for (name, dtype), start in zip(widest_first, before)]

    def of(self, n: int) -> dict[str, np.ndarray]:
        """Columns of length n, not filled."""
        block = np.empty(n * self._row_bytes, np.uint8)
        return {name: np.ndarray(n, dtype, block, n * start) for name, dtype, start in self._columns}


_COLUMNS = Block(
    dict(
        zip(
            (field.name for field in fields(Samples)),
            map(np.dtype, ("i4", "i4", "i4", "i8", "i4", "i4", "u2", "u2", "i4", "i4", "i4", "i4", "?")),
        )
    )
)
