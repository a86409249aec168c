"""Rules about devices and the feeds behind them."""

from dataclasses import dataclass

import numpy as np

from twin.alerts.picture import at_work, vehicle_names
from twin.alerts.rule import MINUTE_US, SECOND_US, Alert
from twin.detectors import Drowned, Frozen, Jump, NotAsWheels, OdometerBack, SupplyDrop, Uniform
from twin.feed_monitor import EVENTS, TELEMATICS, FeedSettings
from twin.sightings import Detector
from twin.views import FleetView


@dataclass(frozen=True)
class Silent:
    """``after_s`` without anything from a vehicle at work. When more than ``feed_share`` of all are silent it is the
    feed (``feed_stale``), not the devices.
    """

    after_s: float = 1_200.0
    feed_share: float = 0.5


@dataclass(frozen=True)
class LowBattery:
    """Supply below ``wired_mv`` (a 12 V battery at rest is empty there), or ``cell_mv`` for a device's own cell, which
    is what less than 5 V is taken for.
    """

    wired_mv: float = 11_500.0
    cell_mv: float = 3_500.0


@dataclass(frozen=True)
class Tampering:
    """The wired supply breaks off, from ``from_mv`` to ``to_mv``; the odometer goes back by more than ``back_m``."""

    from_mv: float = 9_000.0
    to_mv: float = 5_000.0
    back_m: float = 10.0

    def detectors(self) -> tuple[Detector, ...]:
        return SupplyDrop(self.from_mv, self.to_mv), OdometerBack(self.back_m)


@dataclass(frozen=True)
class Implausible:
    """Spoofed: signals of ``spread_db`` spread only for ``uniform_s``, or a fix that stays for ``frozen_s`` while the
    wheels turn. Jammed: ``power_db`` more power and signals below ``cn0_dbhz`` for ``jammed_s``. Implausible: a jump
    at 1.5 times ``limit_mps`` plus 20 m/s, or satellite and wheel speed ``by_mps`` apart for ``apart_s``.
    """

    limit_mps: float = 36.1
    slack_m: float = 200.0
    by_mps: float = 5.0
    apart_s: float = 30.0
    frozen_s: float = 60.0
    spread_db: float = 2.0
    uniform_s: float = 30.0
    power_db: float = 6.0
    cn0_dbhz: float = 30.0
    jammed_s: float = 30.0

    def detectors(self) -> tuple[Detector, ...]:
        """In the order in which they decide what it is."""
        return (
            Uniform(self.spread_db, self.uniform_s),
            Drowned(self.power_db, self.cn0_dbhz, self.jammed_s),
            Frozen(self.frozen_s),
            Jump(1.5 * self.limit_mps + 20.0, self.slack_m),
            NotAsWheels(self.by_mps, self.apart_s),
        )


SIGNS = {Uniform: "spoofed", Frozen: "spoofed", Drowned: "jammed", Jump: "implausible", NotAsWheels: "implausible"}


def device_silent(view: FleetView, params: Silent) -> list[Alert]:
    """Nothing has come from a vehicle at work for too long."""
    working = at_work(view)
    since = np.maximum(view.heard_us, view.shift_began_us)
    rows = np.flatnonzero(working & (view.now_us - since > params.after_s * SECOND_US)).tolist()
    if not rows or len(rows) > max(1.0, params.feed_share * working.sum()):
        return []
    names, minutes = vehicle_names(view), (view.now_us - since) // MINUTE_US
    return [Alert(names[row], int(since[row]), f"{names[row]} silent for {minutes[row]} min") for row in rows]


def feed_stale(view: FleetView, params: FeedSettings) -> list[Alert]:
    """Nothing has come through a feed for longer than usual, or what comes is older than usual."""
    found = []
    for feed in (TELEMATICS, EVENTS):
        finding = view.feeds.get(feed)
        if finding is not None:
            minutes = (view.now_us - finding.since_us) // MINUTE_US
            found.append(Alert(feed, finding.since_us, f"{feed} {finding.what} for {minutes} min", finding.what))
    return found


def low_battery(view: FleetView, params: LowBattery) -> list[Alert]:
    """A device's supply is about to fail."""
    supply = view.supply_mv.astype(np.int64)
    limit = np.where(supply < 5_000, params.cell_mv, params.wired_mv)
    names = vehicle_names(view)
    return [
        Alert(names[row], int(view.fixed_us[row]), f"{names[row]}'s device has {supply[row] / 1000:.1f} V")
        for row in np.flatnonzero((supply > 0) & (supply < limit)).tolist()
    ]


def tampering(view: FleetView, params: Tampering) -> list[Alert]:
    """The device was cut off its supply, or the odometer shows less than before."""
    names, found = vehicle_names(view), []
    for detector, what in zip(params.detectors(), ("supply cut", "odometer set back")):
        for f in view.sightings.get(detector, ()):
            found.append(Alert(names[f.vehicle], f.at_us, f"{names[f.vehicle]}: {what}", what, f.late))
    return found


def position_implausible(view: FleetView, params: Implausible) -> list[Alert]:
    """A vehicle's position cannot be right: spoofed, jammed, or just implausible; one alert a vehicle."""
    names = vehicle_names(view)
    found: dict[tuple[int, bool], Alert] = {}
    for detector in params.detectors():
        for f in view.sightings.get(detector, ()):
            sign = SIGNS[type(detector)]
            text = f"{names[f.vehicle]}: position {sign}"
            found.setdefault((f.vehicle, f.late), Alert(names[f.vehicle], f.at_us, text, sign, f.late))
    return [found[key] for key in sorted(found)]
