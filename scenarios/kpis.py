"""From a run to what its KPIs are computed from; used when a run ends and when it is verified."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.clock import to_us
from engine.ledger import Ledger, read_ledger
from scenarios.contracts import contracts_in
from twin.kpis import Costs, Event, Tables


def kpi_tables(folder: Path, manifest: dict[str, Any]) -> Tables:
    """The ledgers and telemetry of a run folder, with window, clock and prices as its manifest says.

    The window is from ``start_us`` to ``simulated_to_us`` of the manifest, or else start and horizon of its scenario.

    Raises:
        ValueError: the manifest names an unknown price, or its scenario is none.
        KeyError: the manifest does not say when the run was.
    """
    scenario = manifest.get("scenario") or {}
    time_zone = manifest.get("time_zone") or scenario.get("time_zone") or "UTC"
    start_us = manifest.get("start_us")
    if start_us is None:
        start_us = to_us(datetime.fromisoformat(scenario["start"]).replace(tzinfo=ZoneInfo(time_zone)))
    end_us = manifest.get("simulated_to_us", manifest.get("end_us"))
    if end_us is None:
        end_us = start_us + round(scenario["horizon_s"] * 1e6)
    telemetry = folder / "telemetry"
    return Tables(
        partial(read_ledger, folder, "truth"),
        partial(read_ledger, folder, "office"),
        start_us,
        end_us,
        telemetry if telemetry.is_dir() else None,
        time_zone,
        Costs.from_mapping(scenario.get("costs") or {}),
        scenario.get("alerts") or {},
        contracts_in(manifest),
    )


def events_in_memory(ledger: Ledger) -> list[Event]:
    """The rows of a ledger kept in memory: with the payloads that agents gave, never made text and read again."""
    events = []
    for seq, event_id, kind, _version, at_us, subject, source, payload, *heard in ledger.in_memory():
        received_us, _channel, reason = heard or (None, "", "")  # in truth nothing is heard
        events.append(Event(seq, event_id, kind, at_us, received_us, subject, source, payload, reason))
    return events


def expectations(manifest: dict[str, Any]) -> dict[str, list[float]]:
    """The expected ranges of KPIs a scenario states."""
    return {name: spec["expect"] for name, spec in ((manifest.get("scenario") or {}).get("kpis") or {}).items()}
