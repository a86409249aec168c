"""From the scenario's networks and devices to how each device is connected: arrays and settings by device."""

from collections.abc import Sequence
from datetime import date

from agents.outbox import Transport
from engine.clock import SECOND, LocalTime
from engine.radio.settings import Carriers, LinkSettings
from scenarios.schema import ScenarioModel
from scenarios.schema_network import DeviceProfile


def profile_of(model: ScenarioModel, group: str) -> DeviceProfile:
    """The device profile of a fleet group; the first one if it names none."""
    return model.devices[model.fleet[group].device or next(iter(model.devices))]


def carriers(model: ScenarioModel) -> Carriers:
    """The scenario's mobile networks."""
    found = model.radio.carriers
    return Carriers(
        tuple(found),
        tuple(carrier.loss_share for carrier in found.values()),
        tuple(carrier.faults_per_day for carrier in found.values()),
        tuple(carrier.fault_s_mean for carrier in found.values()),
    )


def link_settings(model: ScenarioModel, device_ids: Sequence[str], profiles: Sequence[DeviceProfile]) -> LinkSettings:
    """How each device is connected; device k is on vehicle k."""
    number = {name: k for k, name in enumerate(model.radio.carriers)}
    plans = [profile.data_plan for profile in profiles]
    return LinkSettings.fit(
        device_ids, range(len(device_ids)),
        [[number[sim] for sim in sims_of(model, profile)] for profile in profiles],
        [-1 if profile.hotspot is None else number[profile.hotspot] for profile in profiles],
        [profile.wifi for profile in profiles],
        [profile.reattach_s_median for profile in profiles],
        [profile.switch_s for profile in profiles],
        [0 if plan is None else round(plan.month_mb * 1e6) for plan in plans],
        [0.0 if plan is None else plan.used_share_at_start for plan in plans],
        [0.0 if plan is None else plan.throttled_kbps for plan in plans],
    )  # fmt: skip


def sims_of(model: ScenarioModel, profile: DeviceProfile) -> list[str]:
    """The carriers of a profile's SIMs, in order of preference."""
    return [*model.radio.carriers][:1] if profile.sims is None else profile.sims


def transports(model: ScenarioModel, profiles: Sequence[DeviceProfile]) -> list[Transport]:
    """How each device's single messages travel."""
    latency_us = round(model.radio.latency_s * SECOND)
    return [
        Transport(
            latency_us, profile.event_bytes, round(profile.retry_s * SECOND), round(profile.retry_most_s * SECOND),
            profile.retry_jitter, profile.duplicate_share,
        )
        for profile in profiles
    ]  # fmt: skip


def months_us(local: LocalTime, start_us: int, end_us: int) -> list[int]:
    """The local midnights within a run at which a month begins: data plans start anew."""
    return [
        at_us
        for day in range(local.day(start_us), local.day(end_us) + 1)
        if date.fromordinal(date(1970, 1, 1).toordinal() + day).day == 1
        if start_us < (at_us := local.at(day, 0)) < end_us
    ]
