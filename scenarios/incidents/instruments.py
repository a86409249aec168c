"""What incidents may do to devices on vehicles."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.gnss import Receivers


@dataclass
class Instruments:
    """The devices of a run, by index; ``device_of`` gives a vehicle's.

    ``end_device`` takes a device and a cause (dead, lost, stolen): from now on it sends nothing, what it holds is
    lost. ``restore_device`` puts a new one in its place. ``swap_devices`` takes two vehicles: what their devices tell
    is from now on taken for the other's.
    """

    receivers: Receivers
    device_of: dict[str, int]
    end_device: Callable[[int, str], None]
    restore_device: Callable[[int], None]
    swap_devices: Callable[[str, str], None]
