"""Rules about how vehicles are driven."""

from dataclasses import dataclass

from twin.alerts.picture import vehicle_names
from twin.alerts.rule import Alert
from twin.detectors import Harsh, TooFast
from twin.sightings import Detector, Finding
from twin.views import FleetView

HARSH_EVENTS = "harsh_event"
"""Key of what devices report themselves, among the view's sightings."""


@dataclass(frozen=True)
class Speeding:
    """Faster than ``limit_mps`` for ``hold_s``: 36.1 m/s is 130 km/h, the company's own limit [A]."""

    limit_mps: float = 36.1
    hold_s: float = 20.0

    def detectors(self) -> tuple[Detector, ...]:
        return (TooFast(self.limit_mps, self.hold_s),)


@dataclass(frozen=True)
class HarshDriving:
    """``limit_mps2``: 0.45 g, the upper end of the usual 0.3-0.45 g; seen in samples a second or two apart, or
    reported by the device itself (``device_events``).
    """

    limit_mps2: float = 4.4
    device_events: bool = True

    def detectors(self) -> tuple[Detector, ...]:
        return (Harsh(self.limit_mps2),)


def speeding(view: FleetView, params: Speeding) -> list[Alert]:
    """A vehicle drives faster than the limit for longer than a moment."""
    names = vehicle_names(view)
    return [
        Alert(names[f.vehicle], f.at_us, f"{names[f.vehicle]} drove {f.value * 3.6:.0f} km/h", late=f.late)
        for detector in params.detectors()
        for f in view.sightings.get(detector, ())
    ]


def harsh_driving(view: FleetView, params: HarshDriving) -> list[Alert]:
    """Harsh braking, acceleration or cornering."""
    names = vehicle_names(view)
    seen: list[Finding] = [f for detector in params.detectors() for f in view.sightings.get(detector, ())]
    if params.device_events:
        seen += view.sightings.get(HARSH_EVENTS, ())
    return [Alert(names[f.vehicle], f.at_us, f"{names[f.vehicle]} was driven harshly", late=f.late) for f in seen]
