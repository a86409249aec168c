"""The fleet's telematics: true motion is measured, crosses the radio, is logged, and moves head office's picture.

Advanced behind the clock, in windows, and always before belief is read: how often does not matter, the rows are the
same. A sample is logged once its fate is settled and believed once it has been received.
"""

from collections import deque

import numpy as np

from engine.geo import Projection
from engine.motion import Motion
from engine.radio import Radio
from engine.telemetry import Sampler, Samples
from engine.telemetry_log import TelemetryLog
from twin.belief import Belief


class Telematics:
    """All devices of a run. Vehicles have the same row in ``motion`` and in ``belief``."""

    def __init__(
        self, motion: Motion, sampler: Sampler, radio: Radio, log: TelemetryLog, belief: Belief, projection: Projection
    ) -> None:
        self.motion, self.sampler, self.radio, self.log = motion, sampler, radio, log
        self.belief, self.projection = belief, projection
        self._in_flight: deque[np.ndarray] = deque()

    def advance(self, now_us: int) -> None:
        """Measure up to now, log it, and let belief see what has been received by now."""
        if now_us > self.sampler.until_us:
            samples = self.sampler.sample(now_us)
            if len(samples):
                received_us = self.radio.receive_times(samples.device, samples.occurred_us)
                self.log.add(samples, received_us)
                self._in_flight.append(_telling(samples, received_us, now_us))
        still: deque[np.ndarray] = deque()
        for batch in self._in_flight:
            here = batch["received_us"] <= now_us
            self._believe(batch[here])
            if not here.all():
                still.append(batch[~here])
        self._in_flight = still

    def _believe(self, batch: np.ndarray) -> None:
        batch = batch[_last_of_each(batch["vehicle"])]
        self.belief.observe(batch["vehicle"], batch["fixed_us"], batch["lat"], batch["lon"])

    def observe_truth(self, belief: Belief, now_us: int) -> None:
        """Give a belief that misses nothing every vehicle's true position."""
        x_mm, y_mm = self.motion.positions(now_us)
        lat, lon = self.projection.to_lat_lon(x_mm / 1000, y_mm / 1000)
        belief.observe(np.arange(len(lat)), np.full(len(lat), now_us), lat, lon)


_POSITION = np.dtype([("vehicle", "i8"), ("received_us", "i8"), ("fixed_us", "i8"), ("lat", "f8"), ("lon", "f8")])


def _telling(samples: Samples, received_us: np.ndarray, now_us: int) -> np.ndarray:
    """The samples that can still change belief: the newest received of each device, and all in flight."""
    here = received_us <= now_us
    if here.all():
        rows = _last_of_each(samples.device)
    else:
        received = np.flatnonzero(here)
        rows = np.sort(np.append(received[_last_of_each(samples.device[received])], np.flatnonzero(~here)))
    told = np.empty(len(rows), _POSITION)
    told["vehicle"], told["received_us"] = samples.vehicle[rows], received_us[rows]
    told["fixed_us"] = samples.occurred_us[rows]
    told["lat"], told["lon"] = samples.lat_e7[rows] / 1e7, samples.lon_e7[rows] / 1e7
    return told


def _last_of_each(values: np.ndarray) -> np.ndarray:
    """Positions of the last row of each run of equal values."""
    return np.flatnonzero(np.append(values[1:] != values[:-1], True)[: len(values)])
