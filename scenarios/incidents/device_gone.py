"""A vehicle's device is dead, lost or stolen; another takes its place at the end."""

from collections.abc import Generator
from typing import Literal

from scenarios.incidents.stage import Stage, Timing


class DeviceGone(Timing):
    """``vehicle`` is without a device for ``lasts_s``; what the device had not sent by then is lost with it."""

    vehicle: str
    cause: Literal["dead", "lost", "stolen"] = "dead"


def device_gone(stage: Stage, name: str, what: DeviceGone) -> Generator[int, None, None]:
    """A device dies, or is lost or stolen, with all it had not sent; a new one is put in at the end."""
    instruments, world = stage.instruments, stage.world
    device = instruments.device_of[what.vehicle]
    away = instruments.receivers.interference.blind(device, world.now)
    instruments.end_device(device, what.cause)
    yield round(what.lasts_s * 1e6)
    instruments.receivers.interference.end(away, world.now)
    instruments.restore_device(device)
