"""Detectors over samples: what they see, in whatever batches it comes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.alerts.devices import Implausible, Tampering
from twin.detectors import Harsh, TooFast
from twin.samples import SampleBatch
from twin.sightings import GAP_US, LATE_US, Detector, Sightings

SECOND_US = 1_000_000
T0_US = 10**15
M_PER_DEG = 111_195.0
ALL: tuple[Detector, ...] = (
    TooFast(30.0, 20.0), Harsh(4.4), *Implausible().detectors(), *Tampering().detectors(),
)  # fmt: skip


def drive(n: int, period_s: float = 10.0, **columns: object) -> SampleBatch:
    """A vehicle going north at 10 m/s for n samples, its wheels with it, a healthy device; columns replaced."""
    k = np.arange(n)
    at_us = T0_US + np.rint(k * period_s * SECOND_US).astype(np.int64)
    usual = {
        "speed_mps": 10.0, "sample": k, "odometer_m": 10.0 * period_s * k, "ignition": True, "cn0_dbhz": 44,
        "cn0_spread_db": 6, "supply_mv": 13_800, "lat": 50.0 + 10.0 * period_s * k / M_PER_DEG, "lon": 8.0,
    }  # fmt: skip
    given = usual | columns
    lat, lon = given.pop("lat"), given.pop("lon")
    return SampleBatch.of(np.zeros(n, int), at_us, lat, lon, **given)


def seen(batches: list[SampleBatch], detectors: tuple[Detector, ...] = ALL) -> dict[str, list[tuple]]:
    """Findings by detector's name, those that found something."""
    sightings = Sightings(detectors)
    for batch in batches:
        sightings.take(batch)
    found = sightings.recent(-(2**62), 2**62)
    return {type(key).__name__: [tuple(f) for f in fs] for key, fs in found.items() if fs}


def test_a_calm_drive_shows_nothing() -> None:
    """An hour under open sky."""
    assert seen([drive(360)]) == {}


def test_speeding_counts_once_it_lasts() -> None:
    """30 s above the limit with a hold of 20 s is one episode, 10 s is none; the largest speed is kept."""
    speed = np.full(20, 10.0)
    speed[3:7] = [31, 35, 33, 31]  # 30 s
    speed[10:12] = 40  # 10 s
    found = seen([drive(20, speed_mps=speed, odometer_m=np.nan)])
    at = T0_US + 30 * SECOND_US
    assert found == {"TooFast": [(0, at, at + 30 * SECOND_US, at + 30 * SECOND_US, 35.0)]}


def test_a_gap_ends_an_episode() -> None:
    """Samples five minutes and more apart do not continue each other."""
    batch = drive(6, speed_mps=31.0, odometer_m=np.nan, period_s=(GAP_US + SECOND_US) / SECOND_US)
    assert seen([batch], (TooFast(30.0, 20.0),)) == {}


def test_a_jump_is_measured_from_the_last_fix() -> None:
    """A kilometre in ten seconds is a jump; after a tunnel of two minutes without fix it is the way driven."""
    lat = 50.0 + np.append(np.zeros(5), np.full(5, 1_000.0)) / M_PER_DEG
    still = {"lat": lat, "odometer_m": np.nan, "speed_mps": 0.0}
    assert list(seen([drive(10, **still)])) == ["Jump"]
    tunnel = np.full(22, 12)
    tunnel[5:17] = 0
    lat = 50.0 + np.append(np.zeros(17), np.full(5, 1_000.0)) / M_PER_DEG
    assert seen([drive(22, **(still | {"lat": lat, "satellites": tunnel}))]) == {}


@pytest.mark.parametrize(("held", "found"), [(True, []), (False, ["Harsh"])])
def test_braking_that_a_receiver_shows_late_is_not_harsh(held: bool, found: list[str]) -> None:
    """From 14 to 6 m/s between two samples: harsh in a second, not in the twelve for which the fix was held."""
    k = np.arange(24)
    way_m = np.where(held, k // 12 * 120.0, k * 10.0)
    batch = drive(24, period_s=1.0, lat=50.0 + way_m / M_PER_DEG, speed_mps=np.where(k < 12, 14.0, 6.0))
    assert list(seen([batch], (Harsh(4.4),))) == found


def test_a_jump_the_wheels_made_is_a_clock_that_stepped() -> None:
    """A clock set back by 8 s: 300 m in 2 s, but the odometer has them too."""
    n = 6
    batch = drive(n, period_s=10.0, odometer_m=30.0 * 10 * np.arange(n), speed_mps=30.0,
                  lat=50.0 + 300.0 * np.arange(n) / M_PER_DEG)  # fmt: skip
    recorded = batch.recorded_us.copy()
    recorded[3:] -= 8 * SECOND_US
    columns = {name: getattr(batch, name) for name in ("speed_mps", "sample", "odometer_m", "received_us")}
    stepped = SampleBatch.of(batch.vehicle, recorded, batch.lat, batch.lon, **columns)
    assert "Jump" not in seen([stepped])


@pytest.mark.parametrize(
    ("columns", "sign"),
    [
        ({"cn0_spread_db": 1, "rf_power_db": 7}, "Uniform"),
        ({"satellites": 0, "cn0_dbhz": 10, "rf_power_db": 20, "speed_mps": 0.0}, "Drowned"),
        ({"lat": 50.0, "speed_mps": np.tile([9.0, 11.0], 6)}, "Frozen"),
        ({"odometer_m": 0.0}, "NotAsWheels"),
        ({"odometer_m": 2_000.0 - np.arange(12) * 15.0, "lat": 50.0, "speed_mps": 0.0}, "OdometerBack"),
        ({"supply_mv": np.repeat([13_800, 4_200], 6)}, "SupplyDrop"),
    ],
)
def test_each_sign_is_found_alone(columns: dict, sign: str) -> None:
    """Two minutes of each: spoofed signals, a jammer, a fix that stays, wheels that do not agree, tampering."""
    assert list(seen([drive(12, **columns)])) == [sign]


def test_a_blocked_sky_is_no_jammer() -> None:
    """In a garage signals go and power goes down."""
    assert seen([drive(12, satellites=0, cn0_dbhz=0, rf_power_db=-3, lat=50.0, speed_mps=0.0, odometer_m=0.0)]) == {}


def test_harsh_braking_needs_dense_samples() -> None:
    """6 m/s less within a second is harsh; the same within ten seconds is a traffic light."""
    speed = [14.0, 14.0, 8.0, 8.0]
    assert list(seen([drive(4, 1.0, speed_mps=speed, odometer_m=np.nan)])) == ["Harsh"]
    assert seen([drive(4, 10.0, speed_mps=speed, odometer_m=np.nan)]) == {}


def test_history_that_comes_backwards_shows_nothing() -> None:
    """A buffer flushed newest first: only what is newer than everything before counts, so nothing seems to jump."""
    batch = drive(60)
    order = np.arange(59, -1, -1)
    backwards = [batch.take(order[i : i + 7]) for i in range(0, 60, 7)]
    assert seen(backwards) == {}


def test_what_was_over_when_heard_is_late() -> None:
    """An hour old when received."""
    batch = drive(6, speed_mps=31.0, odometer_m=np.nan)
    columns = {name: getattr(batch, name) for name in ("speed_mps", "sample", "odometer_m")}
    old = SampleBatch.of(
        batch.vehicle, batch.recorded_us, batch.lat, batch.lon, received_us=T0_US + 3_600 * SECOND_US, **columns
    )
    for received, late in ((batch, False), (old, True)):
        sightings = Sightings([TooFast(30.0, 20.0)])
        sightings.take(received)
        (found,) = sightings.recent(-(2**62), 2**62)[TooFast(30.0, 20.0)]
        assert found.late is late


def test_what_still_goes_on_is_not_late_however_long_ago_it_began() -> None:
    """Ten minutes of speeding, heard as it happened."""
    sightings = Sightings([TooFast(30.0, 20.0)])
    sightings.take(drive(61, speed_mps=31.0, odometer_m=np.nan))
    (found,) = sightings.recent(-(2**62), 2**62)[TooFast(30.0, 20.0)]
    assert found.until_us - found.at_us > LATE_US
    assert not found.late


def test_findings_are_told_once_and_forgotten() -> None:
    """Looked at twice: the second look has only what was heard since the first."""
    sightings, limit = Sightings([TooFast(30.0, 20.0)]), TooFast(30.0, 20.0)
    sightings.take(drive(6, speed_mps=31.0))
    now_us = T0_US + 60 * SECOND_US
    assert len(sightings.recent(T0_US, now_us)[limit]) == 1
    assert sightings.recent(now_us, now_us + 60 * SECOND_US)[limit] == ()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_cuts_change_nothing(data: st.DataObject) -> None:
    """Three devices with troubles of all sorts, received together, in one batch or in many."""
    n = 40
    seed = data.draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    device = rng.integers(0, 3, n)
    received = T0_US + np.sort(rng.integers(0, 400, n)) * SECOND_US
    sample = rng.permutation(n)
    whole = SampleBatch.of(
        device, T0_US + sample * 10 * SECOND_US, 50.0 + rng.choice([0.0, 1e-3, 0.05], n), 8.0, sample=sample,
        received_us=received, speed_mps=rng.choice([0.0, 20.0, 45.0], n), odometer_m=rng.choice([0.0, 500.0], n),
        satellites=rng.choice([0, 12], n), cn0_dbhz=rng.choice([10, 44], n), cn0_spread_db=rng.choice([1, 6], n),
        rf_power_db=rng.choice([0, 20], n), supply_mv=rng.choice([4_000, 13_800], n),
    )  # fmt: skip
    cuts = sorted(data.draw(st.lists(st.integers(0, 400), max_size=6)))
    edges = [-1, *cuts, 401]
    parts = [
        whole.take(np.flatnonzero((received > T0_US + a * SECOND_US) & (received <= T0_US + b * SECOND_US)))
        for a, b in pairwise(edges)
    ]
    assert seen(parts) == seen([whole])
