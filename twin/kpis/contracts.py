"""What is paid for by the month or by the megabyte, whatever the day brings: devices, SIMs, data, a second line."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from twin.kpis.costs import Costs

BYTES_PER_MB = 1e6


@dataclass(frozen=True)
class Device:
    """A vehicle's device. ``plan_mb``: of its data plan a month, 0 without one; ``left_mb``: as the run starts."""

    sims: int = 1
    sample_bytes: int = 0
    plan_mb: float = 0.0
    left_mb: float = 0.0


@dataclass(frozen=True)
class Contracts:
    """What a fleet has under contract; ``days`` are the working days of the run, ``sim_networks`` the metered ones."""

    days: int = 1
    devices: Mapping[str, Device] = field(default_factory=dict)  # by vehicle
    standby_lines: int = 0
    sim_networks: frozenset[str] = frozenset()

    def of(self, vehicle: str) -> "Contracts":
        """Those of one vehicle; a line at head office is of none."""
        devices = {vehicle: self.devices[vehicle]} if vehicle in self.devices else {}
        return replace(self, devices=devices, standby_lines=0)

    def items_eur(self, costs: Costs, sent_bytes: Mapping[str, int]) -> dict[str, float]:
        """What they cost over the run; ``sent_bytes`` went over SIMs, by vehicle.

        A run lies within a month here: over several, data plans would begin anew.
        """
        devices, share = self.devices.values(), self.days * costs.monthly
        return {
            "devices": len(self.devices) * costs.device_eur_per_month * share,
            "sims": sum(device.sims for device in devices) * costs.sim_eur_per_month * share,
            "data": sum(device.plan_mb for device in devices) * costs.data_plan_eur_per_mb * share
            + sum(_by_use(device, sent_bytes.get(vehicle, 0), costs) for vehicle, device in self.devices.items()),
            "standby_line": self.standby_lines * costs.standby_line_eur_per_month * share,
        }


def _by_use(device: Device, sent_bytes: int, costs: Costs) -> float:
    sent_mb = sent_bytes / BYTES_PER_MB
    if not device.plan_mb:
        return sent_mb * costs.data_eur_per_mb
    return max(0.0, sent_mb - device.left_mb) * costs.data_over_plan_eur_per_mb
