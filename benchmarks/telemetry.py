"""Telemetry on one core: samples a second, against the same arithmetic in bare numpy, in memory and on disk.

    python benchmarks/telemetry.py [--quick] [--only NAME]

Prints one JSON line per case; CPU seconds of the process, so a busy neighbour matters little. Cases:

- ``sampling``: 10,000 vehicles, windows of 60 s and 300 s, a sample a second and one every 10 s; and the same
  samples by numpy alone over blocks of vehicles, without windows (must be equal).
- ``day``: 200 vehicles for 24 hours at 1 Hz, trips appended as they begin, kept in memory as columns, then
  written.
- ``fleet_day``: 10,000 vehicles, a sample every 10 s, to disk; with the highest memory.
"""

import argparse
import json
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from engine.device_clock import Clocks
from engine.devices import Devices
from engine.geo import Projection
from engine.gnss import Receivers, Reception
from engine.motion import Motion
from engine.noise import NOISE_SIGMA, bell, noise_lanes
from engine.radio.held import Part
from engine.radio.samples import RECEIVED
from engine.samples import Samples
from engine.signals import constant
from engine.streams import Streams
from engine.supply import Supply
from engine.telemetry import Sampler
from engine.telemetry_log import TelemetryLog, telemetry_digest

SECOND = 1_000_000
PLANE = Projection(41.15, -8.61)


class Fleet:
    """Vehicles that drive trips with a keyframe every 25-36 m and stand 100-500 s in between."""

    def __init__(self, vehicles: int, period_s: float) -> None:
        self.rng = np.random.default_rng(1)
        self.shapes = [self._shape(int(self.rng.integers(100, 300))) for _ in range(64)]
        self.motion = Motion()
        for v in range(vehicles):
            self.motion.add(f"V{v}", 0, 0, 0)
        self.due = self.rng.integers(0, 600 * SECOND, vehicles)
        self.driven = np.zeros(vehicles, np.int64)
        # Drawn beforehand, so that a vehicle's day does not depend on the windows.
        self.shape_of = self.rng.integers(64, size=(64, vehicles))
        self.stop_us = self.rng.integers(100 * SECOND, 500 * SECOND, (64, vehicles))
        self.devices = Devices.fit(
            [f"D{v}" for v in range(vehicles)], np.arange(vehicles), Streams(7), period_s=period_s
        )
        self.append_s = 0.0
        self.keyframes = 0
        self.kept: list[list[tuple]] | None = None

    def _shape(self, n: int) -> tuple[np.ndarray, ...]:
        step = self.rng.integers(25_000, 36_000, n)
        course = np.cumsum(self.rng.normal(0, 0.2, n))
        us = (step / self.rng.uniform(6, 16) * 1000).astype(np.int64)
        moves = (
            us,
            (step * np.sin(course)).astype(np.int64),
            (step * np.cos(course)).astype(np.int64),
            step,
            step // 10,
        )
        return tuple(np.concatenate(([0], np.cumsum(move))) for move in moves)

    def drive(self, until_us: int) -> None:
        """Append the trips that begin up to a moment."""
        begin = time.process_time()
        for v in np.flatnonzero(self.due <= until_us).tolist():
            while self.due[v] <= until_us:
                turn = int(self.driven[v]) % 64
                t, dx, dy, odometer, fuel = self.shapes[self.shape_of[turn, v]]
                here = self.motion.state(v, int(self.due[v]))
                trip = (t + self.due[v], dx + here.x_mm, dy + here.y_mm, odometer, fuel)
                self.motion.append(v, *trip)
                if self.kept is not None:
                    self.kept[v].append(trip)
                self.due[v] += t[-1] + self.stop_us[turn, v]
                self.driven[v] += 1
                self.keyframes += len(t)
        self.append_s += time.process_time() - begin


APART_US = 1 << 50  # between vehicles that share one time axis


def bare(block: list[tuple], first: int, devices: Devices, end_us: int) -> dict[str, np.ndarray]:
    """The history of some vehicles from flat arrays of keyframes: the sampler's arithmetic, nothing else."""
    t, x, y, odo, fuel, energy, engine, heading, on, rest = (np.concatenate(column) for column in zip(*block))
    own = slice(first, first + len(block))
    period, phase = devices.period_us[own], devices.phase_us[own]
    k = -phase // period + 1
    n = (end_us - phase) // period + 1 - k
    slot = np.repeat(np.arange(len(block)), n)
    number = np.arange(len(slot)) - (np.cumsum(n) - n)[slot]
    at = (phase + period * k)[slot] + period[slot] * number
    far = at + slot * APART_US
    i = np.searchsorted(t, far) - 1
    since = (far - t[i]).astype(float)
    duration = np.where(rest, 1, np.append(np.diff(t), 1)).astype(float)

    def change(values):
        return np.where(rest, 0, np.append(np.diff(values), 0))

    def line(values, unit, offset):
        slope = change(values) / (unit * duration)
        out = slope[i]
        out *= since
        out += (values / unit + (offset + 0.5))[i]
        return out

    lanes = noise_lanes(devices.key[own][slot], number)
    mm = PLANE.m_per_deg_lat * 1e-4, PLANE.m_per_deg_lon * 1e-4
    step_mm = devices.position_sigma_m[first] * (1e3 / NOISE_SIGMA)
    b = np.empty(len(at))
    lat = line(y, mm[0], PLANE.lat0 * 1e7)
    lat += bell(lanes, 0, b) * (step_mm / mm[0])
    lon = line(x, mm[1], PLANE.lon0 * 1e7)
    lon += bell(lanes, 1, b) * (step_mm / mm[1])
    cmps = change(odo) / duration * 1e5
    speed = bell(lanes, 2, b) * np.where(cmps > 0, devices.speed_sigma_mps[first] * (100.0 / NOISE_SIGMA), 0.0)[i]
    speed += (cmps + 0.5)[i]
    return {
        "device": (slot + first).astype(np.int32),
        "sample": number.astype(np.int32),
        "vehicle": (slot + first).astype(np.int32),
        "occurred_us": at,
        "lat_e7": np.floor(lat).astype(np.int32),
        "lon_e7": np.floor(lon).astype(np.int32),
        "speed_cmps": np.clip(speed, 0, 65_535).astype(np.uint16),
        "heading_cdeg": heading[i],
        "odometer_m": np.floor(line(odo, 1e3, 0.0)).astype(np.int32),
        "fuel_ml": np.floor(line(fuel, 1e3, 0.0)).astype(np.int32),
        "energy_wh": np.floor(line(energy, 1e3, 0.0)).astype(np.int32),
        "engine_s": np.floor(line(engine, 1e6, 0.0)).astype(np.int32),
        "ignition": on[i],
    }


def joined(trips: list[tuple], slot: int) -> tuple[np.ndarray, ...]:
    """A vehicle's trips as one run of keyframes, from (0, 0) at time 0, on the time axis of a block."""
    t, x, y = (np.concatenate(([0], *(trip[c] for trip in trips))) for c in range(3))
    odometer, fuel = (np.concatenate(([0], *(np.diff(trip[c], prepend=0) for trip in trips))) for c in (3, 4))
    engine = np.concatenate(([0], *(np.diff(trip[0], prepend=trip[0][0]) for trip in trips)))
    on = np.concatenate(([False], *(np.append(np.ones(len(trip[0]) - 1, bool), False) for trip in trips)))
    heading = np.rint(np.arctan2(np.diff(x), np.diff(y)) * (18_000.0 / np.pi)).astype(np.int64) % 36_000
    heading = np.concatenate(([0], heading))[np.maximum.accumulate(np.where(on, np.arange(1, len(t) + 1), 0))]
    columns = (
        np.cumsum(odometer),
        np.cumsum(fuel),
        np.zeros_like(t),
        np.cumsum(engine),
        heading.astype(np.uint16),
    )
    return (t + slot * APART_US, x, y, *columns, on, ~on)


def sampling(quick: bool) -> None:
    vehicles, minutes = (2_000, 10) if quick else (10_000, 20)
    end = minutes * 60 * SECOND
    for period_s in (1, 10):
        spent_bare = samples_bare = 0
        truth = None
        for window_s in (60, 300):
            fleet = Fleet(vehicles, period_s)
            fleet.kept = [[] for _ in range(vehicles)]
            sampler = Sampler(fleet.motion, fleet.devices, PLANE, 0)
            spent, n, out = 0.0, 0, []
            for until in range(window_s * SECOND, end + 1, window_s * SECOND):
                fleet.drive(until)
                begin = time.process_time()
                samples = sampler.sample(until)
                spent += time.process_time() - begin
                n += len(samples)
                out.append(Samples(*(values.copy() for values in vars(samples).values())))
            if truth is None:
                each = max(1, 16_384 * period_s // (minutes * 60))
                blocks = [
                    [joined(trips, slot) for slot, trips in enumerate(fleet.kept[first : first + each])]
                    for first in range(0, vehicles, each)
                ]
                begin = time.process_time()
                truth = [bare(block, b * each, fleet.devices, end) for b, block in enumerate(blocks)]
                spent_bare = time.process_time() - begin
                samples_bare = sum(len(rows["sample"]) for rows in truth)
            ours = {name: np.concatenate([getattr(s, name) for s in out]) for name in truth[0]}
            order = np.argsort(ours["device"], kind="stable")
            for name, values in ours.items():
                same = np.array_equal(values[order], np.concatenate([rows[name] for rows in truth]))
                require(same, f"{name} differs from the bare version")
            require(n == samples_bare, "number of samples")
            show(
                case="sampling", vehicles=vehicles, period_s=period_s, window_s=window_s, samples=n,
                samples_per_s=n / spent,
                bare_samples_per_s=samples_bare / spent_bare, of_bare=spent_bare / spent,
                keyframes=fleet.keyframes, append_s=fleet.append_s,
            )  # fmt: skip


def run_day(vehicles: int, hours: float, period_s: float, window_s: int, folder: Path | None) -> dict:
    """Trips appended as they begin, sampled, received and logged; the digest is checked against the files."""
    fleet = Fleet(vehicles, period_s)
    sampler = Sampler(fleet.motion, fleet.devices, PLANE, 0)
    clocks = Clocks.fit(fleet.devices.ids, Streams(7), 0)
    supply = Supply(np.zeros(vehicles, np.int64), 0)
    receivers = Receivers(fleet.devices, Reception.fit(vehicles), clocks, supply, PLANE)
    part_rows = 4_000_000 if folder is None else 1_500_000
    log = TelemetryLog(folder, fleet.devices.ids, fleet.motion.vehicle_ids, part_rows=part_rows)
    begin = time.process_time()
    end = int(hours * 3600) * SECOND
    for until in range(window_s * SECOND, end + 1, window_s * SECOND):
        fleet.drive(until)
        samples = sampler.sample(until)
        signals = receivers.measure(samples, None)
        n, columns = len(samples), {**vars(samples), **vars(signals)}
        log.add(Part(columns, None, samples.occurred_us + 200_000, constant(0, "i1", n), constant(RECEIVED, "u1", n)))
    log.seal()
    spent = time.process_time() - begin
    result = {
        "vehicles": vehicles, "hours": hours, "period_s": period_s, "window_s": window_s, "samples": log.rows,
        "vehicle_hours_per_s": vehicles * hours / spent,
        "samples_per_s": log.rows / spent, "append_s": fleet.append_s,
        "keyframes": fleet.keyframes, "digest": log.digest(),
        "max_rss_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }  # fmt: skip
    require(log.rows == round(vehicles * hours * 3600 / period_s), "number of rows")
    if folder is not None:
        result["bytes_per_row"] = sum(part.stat().st_size for part in folder.iterdir()) / log.rows
        begin = time.process_time()
        require(telemetry_digest(folder) == result["digest"], "digest of the files")
        result["verify_rows_per_s"] = log.rows / (time.process_time() - begin)
    return result


def on_disk(case: str, *size) -> dict:
    folder = Path(tempfile.mkdtemp(prefix="telemetry-"))
    try:
        result = run_day(*size, folder)
    finally:
        shutil.rmtree(folder)
    show(case=case, kept="disk", **result)
    return result


def day(quick: bool) -> None:
    size = (200, 2 if quick else 24, 1, 1200)
    disk = on_disk("day", *size)
    memory = run_day(*size, None)
    show(case="day", kept="memory", **memory)
    require(memory["digest"] == disk["digest"], "digest in memory")


def fleet_day(quick: bool) -> None:
    on_disk("fleet_day", 10_000, 0.5 if quick else 24, 10, 300)


def require(holds: bool, what: str) -> None:
    if not holds:
        raise RuntimeError(f"benchmark invalid: {what}")


def show(**result) -> None:
    print(
        json.dumps({k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in result.items()}),
        flush=True,
    )


CASES = {"sampling": sampling, "day": day, "fleet_day": fleet_day}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller cases, a few seconds")
    parser.add_argument("--only", choices=CASES)
    options = parser.parse_args()
    for name, case in CASES.items():
        if options.only in (None, name):
            case(options.quick)


if __name__ == "__main__":
    main()
