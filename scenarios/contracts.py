"""What a scenario has under contract: the devices and SIMs of its vehicles, their data plans, the standby line."""

import json
import math
from collections.abc import Mapping
from typing import Any

from engine.clock import HOUR
from scenarios.network import profile_of, sims_of
from scenarios.schema import ScenarioModel
from twin.kpis.contracts import Contracts, Device


def contracts_of(model: ScenarioModel) -> Contracts:
    """Every vehicle has a device; without carriers it has one SIM. Every day begun of the run is a working day [A]."""
    line = model.head_office.terminal_link
    return Contracts(
        max(1, math.ceil(model.horizon_s * 1e6 / (24 * HOUR))),
        {
            f"{group}-{number}": device
            for group, config in model.fleet.items()
            for device in [_device(model, group)]
            for number in range(1, config.count + 1)
        },
        int(line.standby is not None),
        frozenset(model.radio.carriers or ("perfect",)),
    )


def contracts_in(manifest: Mapping[str, Any]) -> Contracts:
    """Those of a run, as its manifest has the scenario; none where it has none.

    Raises:
        ValueError: the manifest's scenario is no scenario.
    """
    scenario = manifest.get("scenario") or {}
    return contracts_of(ScenarioModel.model_validate_json(json.dumps(scenario))) if "fleet" in scenario else Contracts()


def _device(model: ScenarioModel, group: str) -> Device:
    profile, plan = profile_of(model, group), profile_of(model, group).data_plan
    sims = len(sims_of(model, profile)) if model.radio.carriers else 1
    if plan is None:
        return Device(sims, profile.sample_bytes)
    return Device(sims, profile.sample_bytes, plan.month_mb, plan.month_mb * (1 - plan.used_share_at_start))
