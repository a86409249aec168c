"""A wired device is taken off the vehicle's battery."""

from collections.abc import Generator

from scenarios.incidents.stage import Stage, Timing


class DeviceUnplugged(Timing):
    """``vehicle``'s device runs on its back-up cell, for six hours at most; one with a battery of its own does not
    notice."""

    vehicle: str


def device_unplugged(stage: Stage, name: str, what: DeviceUnplugged) -> Generator[int, None, None]:
    """A device is unplugged: its supply drops, and fails once the back-up is empty."""
    supply, world = stage.instruments.receivers.supply, stage.world
    unplugged = supply.unplug(stage.instruments.device_of[what.vehicle], world.now)
    yield round(what.lasts_s * 1e6)
    supply.plug(unplugged, world.now)
