"""When samples are received: the links and the sample lane by themselves, CPU seconds of one core.

    python -m benchmarks.radio [--quick] [--vehicles N]

Prints one JSON line per case. Each vehicle has about 20 dark stretches a day (exponential, 90 s in the mean), changes
of level in between, one SIM of two carriers, faults, 1 % loss, and samples every 10 s. Cases:

- ``radio.day``: a day in windows of 15 min; making the surroundings and the samples is not counted, reading the
  surroundings is.
- ``radio.short``: two minutes in windows of 1 s, as when head office asks often.
- ``radio.idle``: the cost of one call when nothing is due.
"""

import argparse
import json
import resource
import time

import numpy as np

from engine.clock import SECOND
from engine.coverage.map import CoverageMap
from engine.coverage.surroundings import Surroundings
from engine.radio.in_order import InOrder
from engine.radio.lane_settings import LaneSettings
from engine.radio.links import Links
from engine.radio.samples import SampleLane, Settled
from engine.radio.settings import Carriers, LinkSettings
from engine.streams import Streams

DAY_S = 86_400
PERIOD_US = 10 * SECOND
OPEN_CODE, DARK_CODE, WEAK_CODE = 0b1010, 0b0000, 0b0101
BAR_S = 30.0


class Days(Surroundings):
    """Surroundings written down beforehand: each vehicle's spells of a day, told trip by trip as they begin."""

    def __init__(self, vehicles: int, seed: int = 1) -> None:
        everywhere = CoverageMap(("red", "blue"), np.full((1, 1), OPEN_CODE, np.uint16), 0, 0, 1_000_000)
        super().__init__(everywhere, 0)
        rng, per_day = np.random.default_rng(seed), 60
        for vehicle in range(vehicles):
            self.add(0, 0)
            starts = np.sort(rng.integers(0, DAY_S * SECOND, per_day))
            lasts = np.rint(rng.exponential(90 * SECOND, per_day)).astype(np.int64)
            codes = np.tile([DARK_CODE, WEAK_CODE, WEAK_CODE], per_day // 3)
            edges = np.ravel(np.column_stack((starts, np.minimum(starts + lasts, np.append(starts[1:], 1 << 60)))))
            of_edges = np.ravel(np.column_stack((codes, np.full(per_day, OPEN_CODE))))
            self._put(vehicle, np.append(-(1 << 62), edges), np.append(OPEN_CODE, of_edges).astype(np.uint16))


def samples(vehicles: int, from_us: int, until_us: int, phase_us: np.ndarray) -> dict[str, np.ndarray]:
    """What a fleet measures in (from, until]."""
    first = (from_us - phase_us) // PERIOD_US + 1
    count = (until_us - phase_us) // PERIOD_US + 1 - first
    device = np.repeat(np.arange(vehicles, dtype=np.int32), count)
    ends = np.cumsum(count)
    number = np.arange(len(device)) - np.repeat(ends - count, count) + np.repeat(first, count)
    return {
        "device": device,
        "sample": (number - np.repeat((-phase_us) // PERIOD_US + 1, count)).astype(np.int32),
        "occurred_us": phase_us[device] + number * PERIOD_US,
    }


def fleet(vehicles: int) -> tuple[Surroundings, SampleLane]:
    """A lane over surroundings."""
    carriers = Carriers(("red", "blue"), (0.01, 0.01), (2.0, 2.0), (120.0, 120.0))
    links = LinkSettings.fit(
        [f"D{v}" for v in range(vehicles)], range(vehicles), [(0,)] * vehicles, wifi=True,
        reattach_s_median=5.0, switch_s=15.0,
    )  # fmt: skip
    surroundings = Days(vehicles)
    return surroundings, SampleLane(
        Links(links, carriers, Streams(1), 0, surroundings), LaneSettings.fit(vehicles), 200_000
    )


def run(vehicles: int, window_s: int, until_s: int, warm_s: int = 0) -> dict[str, float]:
    """Settle in windows; CPU seconds without the making of samples."""
    surroundings, lane = fleet(vehicles)
    in_order = InOrder(vehicles)
    phase_us = np.random.default_rng(2).integers(0, PERIOD_US, vehicles)
    spent, released = 0.0, 0
    for until_us in range(window_s * SECOND, (until_s + 1) * SECOND, window_s * SECOND):
        columns = samples(vehicles, lane.links.now_us, until_us, phase_us)
        start = time.process_time()
        lane.take(columns)
        settled = lane.settle(until_us)
        released += _release(in_order, settled)
        surroundings.forget(until_us)
        spent += (time.process_time() - start) if until_us > warm_s * SECOND else 0.0
    counts = lane.counts()
    released += _release(in_order, lane.close())
    assert released == counts["taken"]  # noqa: S101
    return {"cpu_s": round(spent, 3), "samples": counts["taken"], "received": counts["received"]}


def _release(in_order: InOrder, settled: Settled) -> int:
    return sum(len(part) for part in in_order.add(settled.parts))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="four hours instead of a day")
    arguments = parser.parse_args()
    n, hours = arguments.vehicles, 4 if arguments.quick else 24
    day = run(n, 900, hours * 3600)
    day["s_per_day"] = round(day["cpu_s"] * 24 / hours, 2)
    day["ns_per_sample"] = round(day["cpu_s"] / day["samples"] * 1e9, 1)
    print(json.dumps({"benchmark": "radio.day", "vehicles": n, "hours": hours, "bar_s": BAR_S, **day}), flush=True)
    short = run(n, 1, 150, warm_s=30)
    short["ms_per_call"] = round(short["cpu_s"] / 120 * 1e3, 3)
    print(json.dumps({"benchmark": "radio.short", "vehicles": n, **short}), flush=True)
    lane = fleet(n)[1]
    lane.settle(SECOND)
    start, calls = time.process_time(), 2_000
    for i in range(calls):
        lane.settle(SECOND + i)
    us = (time.process_time() - start) / calls * 1e6
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"benchmark": "radio.idle", "vehicles": n, "us_per_call": round(us, 1), "peak_mb": peak_mb}))


if __name__ == "__main__":
    main()
