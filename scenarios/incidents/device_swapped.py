"""Two vehicles' devices exchanged, and nobody told head office."""

from collections.abc import Generator

from pydantic import model_validator

from scenarios.incidents.stage import Stage, Timing


class DeviceSwapped(Timing):
    """What the device on ``vehicle`` tells is taken for ``other``'s, and the other way round, until it is noticed."""

    vehicle: str
    other: str

    @model_validator(mode="after")
    def _two(self) -> "DeviceSwapped":
        if self.vehicle == self.other:
            raise ValueError("expected two vehicles")
        return self


def device_swapped(stage: Stage, name: str, what: DeviceSwapped) -> Generator[int, None, None]:
    """Head office's list has two vehicles' devices the wrong way round."""
    stage.instruments.swap_devices(what.vehicle, what.other)
    yield round(what.lasts_s * 1e6)
    stage.instruments.swap_devices(what.vehicle, what.other)
