"""A finished run as tables: from memory, or from its folder."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from engine.ledger import OFFICE_SCHEMA, TRUTH_SCHEMA, read_ledger
from engine.records import read_batches
from engine.telemetry_log import SCHEMA, read_telemetry
from scenarios.folder import read_json


@dataclass
class Run:
    """One run's outcome.

    ``kpis`` is as in ``kpis.json``; ``truth``, ``office``, ``trips`` are the tables of the run folder, ``telemetry``
    in plain units (degrees, m/s, metres, litres, hours); ``folder`` is None for a run kept in memory.
    """

    kpis: dict[str, dict[str, Any]]
    kpis_by_dimension: pa.Table
    manifest: dict[str, Any]
    folder: Path | None
    _truth: pa.Table | None = None
    _office: pa.Table | None = None
    _trips: pa.Table | None = None
    _telemetry: pa.Table | None = None

    @classmethod
    def read(cls, folder: str | Path) -> "Run":
        """A run from its folder.

        Raises:
            ValueError: not the folder of a finished run.
        """
        import pyarrow.parquet as pq

        folder = Path(folder)
        manifest = read_json(folder / "manifest.json")
        return cls(read_json(folder / "kpis.json"), pq.read_table(folder / "kpis.parquet"), manifest, folder)

    @property
    def digest(self) -> str:
        """SHA-256 over all stored values."""
        return self.manifest["digest"]

    @cached_property
    def truth(self) -> pa.Table:
        """What happened, a row an event."""
        return self._truth if self._truth is not None else self._ledger("truth", TRUTH_SCHEMA)

    @cached_property
    def office(self) -> pa.Table:
        """What head office heard and did."""
        return self._office if self._office is not None else self._ledger("office", OFFICE_SCHEMA)

    @cached_property
    def trips(self) -> pa.Table:
        """True motion, a row a keyframe."""
        if self._trips is not None:
            return self._trips
        assert self.folder is not None  # noqa: S101
        return pa.Table.from_batches(read_batches(self.folder / "trips.parquet"))

    @cached_property
    def telemetry(self) -> pa.Table:
        """What devices measured, in plain units."""
        if self._telemetry is not None:
            return self._telemetry
        assert self.folder is not None  # noqa: S101
        return telemetry_table(self.folder / "telemetry")

    def _ledger(self, name: str, schema: pa.Schema) -> pa.Table:
        assert self.folder is not None  # noqa: S101
        return pa.Table.from_batches(read_ledger(self.folder, name), schema)


def telemetry_table(source: Path | pa.Table) -> pa.Table:
    """Telemetry in plain units: degrees, m/s, degrees of heading, metres, litres, kWh, hours, volts."""
    stored = source if isinstance(source, pa.Table) else pa.Table.from_batches(read_telemetry(source), SCHEMA)
    same = ("device_id", "sample", "vehicle_id", "occurred_at", "recorded_at", "received_at")
    scaled = {
        "lat": ("lat_e7", 1e7), "lon": ("lon_e7", 1e7), "speed_mps": ("speed_cmps", 100.0),
        "heading_deg": ("heading_cdeg", 100.0), "odometer_m": ("odometer_m", 1.0), "fuel_l": ("fuel_ml", 1e3),
        "energy_kwh": ("energy_wh", 1e3), "engine_h": ("engine_s", 3600.0),
    }  # fmt: skip
    columns = {name: stored[name] for name in same}
    for name, (column, unit) in scaled.items():
        columns[name] = pc.divide(stored[column].cast(pa.float64()), unit)
    told = ("ignition", "satellites", "cn0_dbhz", "cn0_spread_db", "rf_power_db", "network", "fate")
    columns |= {name: stored[name] for name in told}
    columns["supply_v"] = pc.divide(stored["supply_mv"].cast(pa.float64()), 1e3)
    return pa.table(columns)
