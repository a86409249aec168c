"""Detectors over samples: the signs of spoofing, jamming, tampering and rough driving, each with its thresholds.

Thresholds follow section 7 of the domain notes (assumptions there), loosened where honest drives need it: two fixes
in a street canyon may lie 100 m off each, so a jump must exceed 200 m; fixes may not be compared across a clock that
stepped, so the wheels must not have covered the distance either.
"""

from dataclasses import dataclass

import numpy as np

from twin.steps import Steps


def _no(steps: Steps) -> np.ndarray:
    return np.zeros(len(steps.now))


@dataclass(frozen=True)
class TooFast:
    """Speed above a limit."""

    limit_mps: float
    hold_s: float

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        return steps.speed_mps > self.limit_mps, np.nan_to_num(steps.speed_mps)


@dataclass(frozen=True)
class Harsh:
    """Speed changes harder than a driver means to; needs fixes at most ``within_s`` apart, held ones not counted."""

    limit_mps2: float
    within_s: float = 2.0
    hold_s: float = 0.0

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        change = np.abs(steps.speed_mps - steps.speed_before_mps) / steps.fix_dt_s
        change = np.where(steps.fix_dt_s <= self.within_s, change, np.nan)
        return change > self.limit_mps2, np.nan_to_num(change)


@dataclass(frozen=True)
class Jump:
    """A way between two fixes that no vehicle drives, and that the wheels did not drive either."""

    limit_mps: float
    slack_m: float
    hold_s: float = 0.0

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        implied = (steps.moved_m - self.slack_m) / steps.fix_dt_s
        driven = steps.moved_m <= steps.fix_wheel_m + self.slack_m
        return (implied > self.limit_mps) & ~driven, np.nan_to_num(implied)


@dataclass(frozen=True)
class NotAsWheels:
    """Satellite speed and wheel speed differ, at both ends of a step; or fixes move and the wheels do not."""

    by_mps: float
    hold_s: float
    slack_m: float = 60.0
    within_s: float = 15.0

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        wheel = steps.wheel_m / steps.dt_s
        low = np.minimum(steps.speed_mps, steps.speed_before_mps)
        high = np.maximum(steps.speed_mps, steps.speed_before_mps)
        differs = np.maximum(low - wheel, wheel - high)
        drift = (steps.moved_m - steps.fix_wheel_m - self.slack_m) / steps.fix_dt_s
        largest = np.fmax(differs, drift)
        fixed = steps.now.satellites > 0
        return (largest > self.by_mps) & (steps.dt_s <= self.within_s) & fixed, np.nan_to_num(largest)


@dataclass(frozen=True)
class Frozen:
    """A fix that stays the same to 1e-6 degree while the wheels turn."""

    hold_s: float
    moving_mps: float = 3.0

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        wheel = steps.wheel_m / steps.dt_s
        return steps.same_place & (wheel > self.moving_mps), np.nan_to_num(wheel)


@dataclass(frozen=True)
class Uniform:
    """Signals of all satellites equally strong: one transmitter sends them all."""

    below_db: float
    hold_s: float
    satellites: int = 5

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        now = steps.now
        measured = (now.cn0_dbhz > 0) & (now.satellites >= self.satellites)
        return measured & (now.cn0_spread_db < self.below_db), _no(steps)


@dataclass(frozen=True)
class Drowned:
    """More power in the band and weaker signals, or none: jamming (blocked signals come with less power)."""

    power_db: float
    cn0_dbhz: float
    hold_s: float

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        now = steps.now
        weak = (now.cn0_dbhz < self.cn0_dbhz) | (now.satellites == 0)
        return weak & (now.rf_power_db >= self.power_db), now.rf_power_db.astype(float)


@dataclass(frozen=True)
class SupplyDrop:
    """The supply breaks off from one sample to the next."""

    from_mv: float
    to_mv: float
    hold_s: float = 0.0

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        dropped = (steps.supply_before_mv >= self.from_mv) & (steps.now.supply_mv <= self.to_mv)
        return dropped, steps.supply_before_mv - steps.now.supply_mv


@dataclass(frozen=True)
class OdometerBack:
    """The odometer shows less than before."""

    by_m: float
    hold_s: float = 0.0

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        return steps.wheel_m < -self.by_m, np.nan_to_num(-steps.wheel_m)
