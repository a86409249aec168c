"""What single samples show between two looks at the picture: vectorised detectors over received telemetry.

A detector is a frozen dataclass of thresholds; ``hits`` says which samples show its condition. What is shown for
``hold_s`` on end is a ``Finding``. Samples count in the order they were taken (``twin.steps``).
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple, Protocol

import numpy as np

from twin.samples import SampleBatch
from twin.steps import NEVER_US, Follower, Steps

LATE_US = 180_000_000
"""What was measured longer ago than this when it was received tells nothing about now [A]."""
GAP_US = 300_000_000
"""Samples further apart than this do not continue each other [A]: the slowest usual reporting of a parked vehicle."""
MOST = 10_000
"""Findings kept of a detector; the oldest go first."""


class Finding(NamedTuple):
    """An episode of one vehicle (its row): began and last shown by the device's clock, last heard by the office's."""

    vehicle: int
    at_us: int
    until_us: int
    heard_us: int
    value: float  # the largest measured

    @property
    def late(self) -> bool:
        """Whether it was over, as far as is known, when it was heard of."""
        return self.heard_us - self.until_us > LATE_US


class Detector(Hashable, Protocol):
    """Thresholds of one condition; equal ones are one detector."""

    @property
    def hold_s(self) -> float:
        """How long the condition must be shown."""
        ...

    def hits(self, steps: Steps) -> tuple[np.ndarray, np.ndarray]:
        """Which samples show it (bool), and by how much (float)."""
        ...


class Sightings:
    """Runs detectors over samples as they are received; how reception is cut into batches changes nothing."""

    def __init__(self, detectors: Iterable[Detector] = ()) -> None:
        self.detectors = tuple(dict.fromkeys(detectors))
        self._follower = Follower()
        self._since = [np.zeros(0, np.int64) for _ in self.detectors]  # of the run under way, NEVER_US: none
        self._worst = [np.zeros(0) for _ in self.detectors]
        self._found: dict[Hashable, dict[tuple[int, int], Finding]] = {}

    def report(self, key: Hashable, finding: Finding) -> None:
        """Something a device found itself and sent as an event."""
        self._keep(key, finding)

    def recent(self, since_us: int, now_us: int) -> Mapping[Hashable, tuple[Finding, ...]]:
        """What was heard in (since, now], by detector, in order of vehicle and time; older is forgotten."""
        told: dict[Hashable, tuple[Finding, ...]] = {}
        for key, found in self._found.items():
            self._found[key] = {at: finding for at, finding in found.items() if finding.heard_us > since_us}
            told[key] = tuple(sorted(f for f in self._found[key].values() if f.heard_us <= now_us))
        return told

    def take(self, batch: SampleBatch) -> None:
        """Take in a batch of received samples (all that were received in its span of time)."""
        if not self.detectors:
            return
        steps = self._follower.take(batch)
        if steps is None:
            return
        more = self._follower.devices - len(self._since[0])
        for number, detector in enumerate(self.detectors):
            self._since[number] = np.append(self._since[number], np.full(more, NEVER_US))
            self._worst[number] = np.append(self._worst[number], np.zeros(more))
            self._run(number, detector, steps)

    def _run(self, number: int, detector: Detector, steps: Steps) -> None:
        """Find runs of samples that show the condition; one that reaches the end goes on with the next batch."""
        now, first, since, worst = steps.now, steps.first, self._since[number], self._worst[number]
        hit, value = detector.hits(steps)
        end = np.append(first[1:], True)
        apart = ~(steps.dt_s * 1e6 <= GAP_US)
        goes_on = np.where(first, since[now.device] != NEVER_US, np.append(False, hit[:-1])) & ~apart
        starts = np.flatnonzero(hit & (first | ~goes_on))
        stops = np.flatnonzero(hit & (end | np.append(~hit[1:], True) | np.append(~goes_on[1:], True)))
        carried = since[now.device], worst[now.device]
        since[now.device] = NEVER_US
        for a, b in zip(starts.tolist(), stops.tolist()):
            device, largest = int(now.device[a]), float(value[a : b + 1].max())
            began = int(now.recorded_us[a])
            if first[a] and goes_on[a]:
                began, largest = int(carried[0][a]), max(largest, float(carried[1][a]))
            if now.recorded_us[b] - began >= detector.hold_s * 1e6:
                seen = Finding(
                    int(now.vehicle[b]), began, int(now.recorded_us[b]), int(now.received_us[b]), round(largest, 3)
                )
                self._keep(detector, seen)
            if end[b]:
                since[device], worst[device] = began, largest

    def _keep(self, key: Hashable, finding: Finding) -> None:
        found = self._found.setdefault(key, {})
        found.pop((finding.vehicle, finding.at_us), None)
        found[finding.vehicle, finding.at_us] = finding
        if len(found) > MOST:
            del found[next(iter(found))]
