"""Our receivers beside recorded ones: when they have a fix, what they say without one, how they wander standing."""

from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from engine.coverage.code import NO_SKY, pack
from engine.coverage.surroundings import Spells
from engine.device_clock import Clocks
from engine.devices import Devices
from engine.geo import Projection
from engine.gnss import Receivers, Reception
from engine.motion import Motion
from engine.signals import CANYON, FROZEN, NOISY, OPEN, SPOOFED, reception
from engine.streams import Streams
from engine.supply import Supply
from engine.telemetry import Sampler

TRACES = Path(__file__).parents[2].parent / "shared" / "data" / "traces"
PLANE = Projection(52.66, -8.63)
S = 1_000_000


def recorded() -> list[tuple[str, list[float]]]:
    """By second of the modem's log: A (fix) or V (void), and the C/N0 of every satellite heard, in dBHz."""
    seconds, heard = [], []
    for line in (TRACES / "quectel-eg25g-coldstart-moving.nmea").read_text().splitlines():
        values = line.partition("*")[0].split(",")
        if values[0].endswith("GSV"):
            heard += [float(v) for v in values[7::4][: (len(values) - 4) // 4] if v]
        elif values[0].endswith("RMC"):
            assert (values[3] == "") == (values[2] == "V")
            seconds.append((values[2], heard))
            heard = []
    return seconds


def receiver(motion: Motion, **how) -> tuple[Sampler, Receivers]:
    """One device that samples once a second."""
    devices = Devices.fit(["D1"], [0], Streams(1), period_s=1.0)
    clocks, supply = Clocks.fit(["D1"], Streams(1), 0), Supply(np.zeros(1, np.int64), 0)
    return Sampler(motion, devices, PLANE, 0), Receivers(devices, Reception.fit(1, **how), clocks, supply, PLANE)


def test_a_cold_start_on_the_move_is_void_and_valid_as_recorded():
    """28 s to the first fix and the sky lost as it was: the same letters, and in void ones the last fix again."""
    letters = "".join(letter for letter, _ in recorded())
    runs = [(letter, len(list(run))) for letter, run in groupby(letters)]
    assert runs == [("V", 28), ("A", 15), ("V", 8), ("A", 1), ("V", 1), ("A", 7)]
    motion = Motion()
    motion.add("V1", 0, 0, 0)
    motion.append(0, [0, 60 * S], [0, 180_000], [0, 0], [0, 180_000])  # 6 knots, as the log's fastest
    sampler, receivers = receiver(motion, cold_start_s=runs[0][1], hot_start_s=0.0)
    ends = np.cumsum([length for _, length in runs])
    lost = np.array([[ends[i - 1], ends[i]] for i in range(2, len(runs), 2)]) * S
    code = np.full(len(lost), pack([], sky=NO_SKY))
    samples = sampler.sample(60 * S)
    told = receivers.measure(samples, Spells(np.zeros(len(lost), np.int64), lost[:, 0], lost[:, 1], code))
    assert "".join("A" if n else "V" for n in told.satellites) == letters
    void = told.satellites == 0
    last = np.maximum.accumulate(np.where(void, 0, np.arange(60)))
    assert (samples.lon_e7[void] == samples.lon_e7[last[void]]).all()


def test_honest_signals_differ_between_satellites_more_than_a_spoofers():
    """The spread of every recorded fix is above a spoofer's 1 dB, and so is that of our honest circumstances."""
    spreads = [np.std(heard) for letter, heard in recorded() if letter == "A"]
    honest, led = (
        reception(np.full(500, what, np.uint8), np.zeros(500, np.uint64), np.arange(500))[2]
        for what in (CANYON, SPOOFED)
    )
    assert min(spreads) >= 2 > led.max()
    assert honest.min() >= 2
    for what, spoofed in ((OPEN, False), (NOISY, False), (FROZEN, True)):
        spread = reception(np.full(9, what, np.uint8), np.zeros(9, np.uint64), np.arange(9))[2]
        assert (spread < 2).all() == spoofed


def test_a_standing_bus_wanders_as_far_as_ours():
    """The recorded bus waits 240 s at its first stop: some metres about it, as a standing device of ours with 3 m."""
    tag = "{http://www.topografix.com/GPX/1/1}"
    points = list(ElementTree.parse(TRACES / "limerick-bus-304.gpx").iter(f"{tag}trkpt"))  # noqa: S314  (our own file)
    at_s = np.array([point.findtext(f"{tag}time", "").rstrip("Z") for point in points], "datetime64[s]")
    seconds = (at_s - at_s[0]).astype(int)
    standing = seconds < 200
    x, y = PLANE.to_xy([float(p.get("lat", 0)) for p in points], [float(p.get("lon", 0)) for p in points])
    assert standing.sum() > 8
    theirs = np.hypot(x[standing].std(), y[standing].std())
    motion = Motion()
    motion.add("V1", 0, 0, 0)
    sampler, receivers = receiver(motion)
    samples = sampler.sample(200 * S)
    assert (receivers.measure(samples, None).satellites > 0).all()
    x, y = PLANE.to_xy(samples.lat_e7 / 1e7, samples.lon_e7 / 1e7)
    assert np.hypot(x.std(), y.std()) == pytest.approx(theirs, rel=0.5)
