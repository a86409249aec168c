"""Sampling: what a sample shows, when it is taken, that windows change no byte, and the noise."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.devices import Devices
from engine.geo import Projection
from engine.motion import Motion
from engine.noise import NOISE_SIGMA, bell, noise_lanes
from engine.samples import Samples
from engine.streams import Streams
from engine.telemetry import Sampler

S = 1_000_000
PLANE = Projection(50.0, 8.0)


def joined(parts: list[Samples]) -> dict[str, np.ndarray]:
    """Windows put together, by device and sample."""
    columns = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Samples)}
    order = np.argsort(columns["device"], kind="stable")
    return {name: values[order] for name, values in columns.items()}


def quiet(ids, vehicle, **options) -> Devices:
    """Devices without noise."""
    return Devices.fit(ids, vehicle, Streams(3), position_sigma_m=0.0, speed_sigma_mps=0.0, **options)


def one_trip() -> Motion:
    """North at 10 m/s from second 100 to 200, 2 ml/s."""
    motion = Motion()
    motion.add("V1", 0, 0, 0)
    motion.append(0, [100 * S, 200 * S], [0, 0], [0, 10**6], [0, 10**6], [0, 200_000], [0, 300_000])
    return motion


def test_a_sample_shows_the_vehicle_at_that_moment():
    """Position, speed, heading and counters by hand."""
    devices = quiet(["D1"], [0], period_s=10)
    phase = int(devices.phase_us[0])
    rows = joined([Sampler(one_trip(), devices, PLANE, 0).sample(300 * S)])
    assert rows["sample"].tolist() == list(range(30))
    assert rows["occurred_us"].tolist() == [phase + k * 10 * S for k in range(30)]
    i = 14
    t = (phase + 140 * S) / S
    assert rows["lat_e7"][i] == round(50e7 + 10 * (t - 100) / PLANE.m_per_deg_lat * 1e7)
    assert rows["lon_e7"][i] == 80_000_000
    assert rows["speed_cmps"][i] == 1000
    assert rows["heading_cdeg"][i] == 0
    assert abs(rows["odometer_m"][i] - 10 * (t - 100)) <= 0.5
    assert abs(rows["fuel_ml"][i] - 2 * (t - 100)) <= 0.5
    assert abs(rows["energy_wh"][i] - 3 * (t - 100)) <= 0.5
    assert abs(rows["engine_s"][i] - (t - 100)) <= 0.5
    assert rows["ignition"].tolist() == [100 < at / S <= 200 for at in rows["occurred_us"]]
    assert (rows["speed_cmps"] > 0).tolist() == rows["ignition"].tolist()


def test_parked_vehicles_are_quiet_and_numbers_stay_gapless():
    """With the ignition off only every sixth grid point is sent; sample numbers count on."""
    devices = quiet(["D1"], [0], period_s=10, parked_every=6)
    rows = joined([Sampler(one_trip(), devices, PLANE, 0).sample(600 * S)])
    k = (rows["occurred_us"] - devices.phase_us[0]) // (10 * S)
    assert (k[~rows["ignition"]] % 6 == 0).all()
    assert np.diff(k[rows["ignition"]]).tolist() == [1] * 9
    assert rows["sample"].tolist() == list(range(len(k)))
    assert len(k) < 25


def test_a_microsecond_after_a_cut_the_vehicle_rests():
    """Cut at 150 s and sampled a microsecond later: one sample, engine off, where it was cut."""
    motion = one_trip()
    motion.truncate(0, 150 * S)
    devices = replace(quiet(["D1"], [0], period_s=10), phase_us=np.array([1]))
    rows = joined([Sampler(motion, devices, PLANE, 0).sample(200 * S)])
    assert rows["occurred_us"].tolist() == [k * 10 * S + 1 for k in range(20)]
    assert rows["ignition"].tolist() == [False] * 10 + [True] * 5 + [False] * 5
    assert rows["odometer_m"][15:].tolist() == [500] * 5


def test_two_devices_see_the_same_vehicle():
    """Each device has its own grid and numbers; a vehicle without one sends nothing."""
    motion = one_trip()
    motion.add("V2", 5, 5, 0)
    devices = quiet(["A", "B"], [0, 0], period_s=[10, 20])
    rows = joined([Sampler(motion, devices, PLANE, 0).sample(200 * S)])
    assert np.bincount(rows["device"]).tolist() == [20, 10]
    assert (rows["vehicle"] == 0).all()


def test_sampling_twice_or_without_devices_is_empty():
    """A window of no length, and a fleet without devices, give no rows; going back is refused."""
    sampler = Sampler(one_trip(), quiet(["D1"], [0]), PLANE, 0)
    sampler.sample(50 * S)
    assert len(sampler.sample(50 * S)) == 0
    with pytest.raises(ValueError, match="sampled up to 50000000 us"):
        sampler.sample(49 * S)
    assert len(Sampler(one_trip(), quiet([], []), PLANE, 0).sample(500 * S)) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"period_s": 0.0}, "device B: period_s"),
        ({"parked_every": [1, 0]}, "device B: parked_every"),
        ({"position_sigma_m": [1.0, float("nan")]}, "device B: position_sigma_m"),
        ({"speed_sigma_mps": [1.0, -1.0]}, "device B: speed_sigma_mps"),
    ],
)
def test_impossible_devices_are_refused_by_name(options, words):
    """The first bad device and its key are named."""
    options = {"period_s": [1.0, 0.0]} if "period_s" in options else options
    with pytest.raises(ValueError, match=words):
        Devices.fit(["A", "B"], [0, 1], Streams(1), **options)


moves = st.lists(st.tuples(st.integers(1, 40), st.integers(-900, 900), st.integers(-900, 900)), min_size=1, max_size=6)
deeds = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 60), st.one_of(st.none(), moves), st.booleans()), max_size=20
)


def act_out(plan, windows_us: list[int] | None, read_first: bool) -> dict[str, np.ndarray]:
    """Drive a plan of trips and cuts (None) in time order, sampling in the given windows or at the end."""
    motion = Motion()
    for v in range(4):
        motion.add(f"V{v}", 1000 * v, 0, 0)
    devices = Devices.fit(
        [f"D{d}" for d in range(5)],
        [0, 1, 2, 3, 3],
        Streams(11),
        period_s=[1, 7, 1.5, 3, 10],
        parked_every=[1, 3, 2, 1, 4],
    )
    devices = replace(devices, phase_us=np.where(np.arange(5) < 3, 0, devices.phase_us))
    sampler, out, now = Sampler(motion, devices, PLANE, 0), [], 0
    for vehicle, wait, moves, on in plan:
        now += wait * S  # often on the grid of the first devices
        for until in [w for w in windows_us or [] if sampler.until_us < w <= now]:
            out.append(sampler.sample(until))
        if read_first:
            out.append(sampler.sample(now))
        motion.truncate(vehicle, now)
        if moves is not None:
            here = motion.state(vehicle, now)
            t, x, y = (np.cumsum([0] + [move[i] for move in moves]) for i in range(3))
            odometer = np.cumsum([0] + [abs(move[1]) + abs(move[2]) for move in moves])
            motion.append(
                vehicle,
                now + t * 1_001_003,
                here.x_mm + x * 97,
                here.y_mm + y * 97,
                odometer * 97,
                odometer * 31,
                t * 777,
                on,
            )
    out.append(sampler.sample(now + 200 * S))
    return joined(out)


@settings(max_examples=40, deadline=None)
@given(deeds, st.lists(st.integers(1, 1500), max_size=12))
def test_windows_change_no_byte(plan, windows):
    """Any windows, and reading before each deed or never, give the same samples, cut trips included."""
    once = act_out(plan, None, False)
    for windows_us, read_first in ((sorted({w * S for w in windows}), False), (None, True)):
        again = act_out(plan, windows_us, read_first)
        for name, values in once.items():
            assert values.tobytes() == again[name].tobytes(), name


@settings(max_examples=20, deadline=None)
@given(deeds)
def test_counters_never_fall_and_numbers_have_no_gap(plan):
    """Per device: samples 0, 1, 2 …, times rising, odometer, fuel and engine time never falling."""
    rows = act_out(plan, None, False)
    for device in range(5):
        own = rows["device"] == device
        assert rows["sample"][own].tolist() == list(range(int(own.sum())))
        assert (np.diff(rows["occurred_us"][own]) > 0).all()
        for name in ("odometer_m", "fuel_ml", "engine_s"):
            assert (np.diff(rows[name][own]) >= 0).all(), name


def test_noise_is_a_bell_of_the_stated_width_and_its_axes_are_independent():
    """Mean, deviation, kurtosis, correlation between axes, neighbours and devices over a million draws."""
    n = 1_000_000
    keys = np.array([Streams(5).key("device", d) for d in ("A", "B")], np.uint64)
    draws = np.empty((2, 3, n))
    for d in range(2):
        lanes = noise_lanes(keys[d : d + 1], np.arange(n))
        for axis in range(3):
            bell(lanes, axis, draws[d, axis])
    flat = draws.reshape(6, n) / NOISE_SIGMA
    assert abs(flat.mean(axis=1)).max() < 5 / np.sqrt(n)
    assert flat.std(axis=1) == pytest.approx(np.ones(6), abs=0.005)
    assert (flat**4).mean(axis=1) - 3 == pytest.approx(np.full(6, -0.4), abs=0.02)
    assert abs(flat).max() < 2.98
    correlation = np.corrcoef(flat)
    assert abs(correlation - np.eye(6)).max() < 5 / np.sqrt(n)
    assert abs((flat[:, 1:] * flat[:, :-1]).mean(axis=1)).max() < 5 / np.sqrt(n)


def test_noise_belongs_to_device_and_number_alone():
    """A device's noise is the same whatever fleet it is part of; another seed gives other noise."""

    def lat(ids, seed):
        motion = Motion()
        for name in ids:
            motion.add(f"V{name}", 0, 0, 0)
        devices = Devices.fit(ids, range(len(ids)), Streams(seed), period_s=1)
        rows = Sampler(motion, devices, PLANE, 0).sample(100 * S)
        return rows.lat_e7[rows.device == ids.index("X")]

    alone = lat(["X"], 1)
    assert alone.tolist() == lat(["A", "X", "B"], 1).tolist()
    assert alone.tolist() != lat(["X"], 2).tolist()
    metres = (alone - 500_000_000) * PLANE.m_per_deg_lat * 1e-7
    assert 2 < metres.std() < 4
