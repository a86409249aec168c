"""Receivers: tunnels, canyons, cold starts, jammers and spoofers by hand; their signatures; windows change no byte."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import HOUR
from engine.coverage.code import NO_SKY, OPEN_SKY, STREET_CANYON, pack
from engine.coverage.surroundings import Spells
from engine.device_clock import Clocks
from engine.devices import Devices
from engine.geo import Projection
from engine.gnss import CORRELATED_US, Receivers, Reception, lasting_noise
from engine.interference import INNER_SHARE
from engine.motion import Motion
from engine.samples import Samples
from engine.signals import Signals
from engine.streams import Streams
from engine.supply import Supply
from engine.telemetry import Sampler

S = 1_000_000
PLANE = Projection(50.0, 8.0)
M_PER_E7 = PLANE.m_per_deg_lat * 1e-7
SPEED_MPS = 10


class Fleet:
    """Vehicles that stand until second 100, drive north at 10 m/s until 700, and stand again; measured in windows."""

    def __init__(self, vehicles: int = 1, devices: dict | None = None, sigma_m: float = 0.0, seed: int = 3, **how):
        self.motion = Motion()
        for v in range(vehicles):
            self.motion.add(f"V{v}", 0, 0, 0)
            end = 600 * SPEED_MPS * 1000
            self.motion.append(v, [100 * S, 700 * S], [0, 0], [0, end], [0, end])
        ids, of, streams = [f"D{v}" for v in range(vehicles)], np.arange(vehicles), Streams(seed)
        self.devices = Devices.fit(ids, of, streams, 10, 1, sigma_m, sigma_m / 30)
        self.sampler = Sampler(self.motion, self.devices, PLANE, 0)
        self.clocks = Clocks.fit(ids, streams, 0, how.pop("drift_ppm", 0.0))
        self.supply = Supply.fit(how.pop("supply", ["wired"] * vehicles), [0.05] * vehicles, 0)
        reception = Reception.fit(vehicles, **how)
        self.receivers = Receivers(self.devices, reception, self.clocks, self.supply, PLANE)
        self.interference = self.receivers.interference
        self.sky: list[list[tuple[int, int]]] = [[(0, OPEN_SKY)] for _ in range(vehicles)]  # (from second, view)
        self.told_us = 0

    def window(self, until_us: int, surrounded: bool = True) -> tuple[Samples, Signals]:
        """Measure up to a moment."""
        samples = self.sampler.sample(until_us)
        spells = self._spells(until_us) if surrounded else None
        self.told_us = until_us
        return samples, self.receivers.measure(samples, spells)

    def _spells(self, until_us: int) -> Spells:
        rows = []
        for vehicle, views in enumerate(self.sky):
            for (start, view), (end, _) in zip(views, [*views[1:], (10**6, 0)]):
                a, b = max(start * S, self.told_us), min(end * S, until_us)
                if a < b:
                    rows.append((vehicle, a, b, int(pack([], sky=view))))
        return Spells(*(np.array(column, np.int64) for column in zip(*rows)))

    def run(self, cuts=(), until_s: int = 1000, surrounded: bool = True) -> dict[str, np.ndarray]:
        """All columns, by device and number, measured in windows that end at the cuts (in seconds)."""
        parts = [self.window(int(c * S), surrounded) for c in sorted({*cuts, until_s})]
        columns = {
            field.name: np.concatenate([getattr(part[i], field.name) for part in parts])
            for i, kind in enumerate((Samples, Signals))
            for field in fields(kind)
        }
        order = np.argsort(columns["device"], kind="stable")
        return {name: values[order] for name, values in columns.items()}


def north_m(rows) -> np.ndarray:
    return (rows["lat_e7"] - 500_000_000) * M_PER_E7


def true_m(rows) -> np.ndarray:
    return np.clip(rows["occurred_us"] / S - 100, 0, 600) * SPEED_MPS


def at(rows, from_s: int, until_s: int) -> np.ndarray:
    """Rows in (from, until]."""
    return (rows["occurred_us"] > from_s * S) & (rows["occurred_us"] <= until_s * S)


def test_open_sky_changes_nothing_and_takes_no_memory():
    """The samples stay as they were; constants have no memory of their own; recorded is occurred itself."""
    plain, ours = Fleet(3, sigma_m=3.0), Fleet(3, sigma_m=3.0)
    before = plain.sampler.sample(1000 * S)
    samples, signals = ours.window(1000 * S, surrounded=False)
    for field in fields(Samples):
        assert getattr(samples, field.name).tobytes() == getattr(before, field.name).tobytes()
    assert signals.recorded_us is samples.occurred_us
    for name in ("satellites", "cn0_dbhz", "cn0_spread_db", "rf_power_db", "powered"):
        assert getattr(signals, name).strides == (0,)
    assert (signals.satellites[0], signals.powered[0]) == (12, True)
    assert signals.supply_mv.tolist() == np.where(samples.ignition, 13_800, 12_600).tolist()


def test_a_tunnel_repeats_the_last_fix_then_jumps():
    """Seconds 200 to 300: no satellites, speed and heading 0, the odometer runs on; a hot start later it is true."""
    fleet = Fleet(hot_start_s=15.0)
    fleet.sky[0] += [(200, NO_SKY), (300, OPEN_SKY)]
    rows = fleet.run()
    dark = at(rows, 200, 315)
    assert 10 <= dark.sum() <= 12
    assert (rows["satellites"] == 0).tolist() == dark.tolist()
    last = np.flatnonzero(dark)[0] - 1
    assert set(rows["lat_e7"][dark].tolist()) == {rows["lat_e7"][last]}
    assert not rows["speed_cmps"][dark].any()
    assert not rows["cn0_dbhz"][dark].any()
    assert (rows["rf_power_db"][dark] <= 0).all()
    assert (np.diff(rows["odometer_m"][dark]) >= 99).all()
    assert north_m(rows)[~dark] == pytest.approx(true_m(rows)[~dark], abs=0.02)
    jump_m = np.diff(north_m(rows))[np.flatnonzero(dark)[-1]]
    assert jump_m > 1000


def test_a_canyon_wanders_for_half_a_minute_at_a_time():
    """Deviation as stated, alike for neighbours in time, not for distant ones; fewer and weaker satellites."""
    fleet = Fleet(40, canyon_sigma_m=20.0)
    fleet.sky = [[(0, STREET_CANYON)] for _ in fleet.sky]
    rows = fleet.run()
    error = (north_m(rows) - true_m(rows)).reshape(40, -1)
    typical = np.median(np.abs(error)) / 0.6745
    assert typical == pytest.approx(20, rel=0.15)
    assert np.abs(error).max() > 70

    def alike(lag):
        return np.corrcoef(error[:, lag:].ravel(), error[:, :-lag].ravel())[0, 1]

    assert alike(1) > 0.7
    assert abs(alike(8)) < 0.1
    assert (rows["satellites"] < 12).all()
    assert (rows["satellites"] >= 5).all()
    assert (rows["cn0_dbhz"] < 40).all()
    assert (rows["cn0_spread_db"] >= 6).all()


def test_lasting_noise_keeps_its_variance_within_a_span():
    """At each phase of a span the variance is 31/32 + 4^2/32, without a step at its ends; axes independent."""
    keys = np.array([Streams(1).key("n", i) for i in range(20_000)], np.uint64)
    for share in (0.0, 0.25, 0.5, 0.999):
        north, east = lasting_noise(keys, np.full(len(keys), int(CORRELATED_US * (7 + share))))
        assert north.var() == pytest.approx(47 / 32, rel=0.08)
        assert abs(np.corrcoef(north, east)[0, 1]) < 0.03
    before, after = (lasting_noise(keys, np.full(len(keys), 8 * CORRELATED_US + d))[0] for d in (-1, 1))
    assert np.abs(before - after).max() < 1e-5


def test_a_cold_start_has_no_fix_at_first_and_a_short_stop_needs_little():
    """Asleep with the ignition off; 45 s after hours off, 2 s (one sample) after a minute."""
    fleet = Fleet(cold_start_s=45.0)
    fleet.motion.append(0, [760 * S, 900 * S], [0, 0], [600 * SPEED_MPS * 1000] * 2)
    rows = fleet.run()
    has_fix = rows["satellites"] > 0
    first_on = rows["occurred_us"][rows["ignition"]][0]
    again_on = rows["occurred_us"][rows["ignition"] & at(rows, 760, 900)][0]
    expected = rows["ignition"] & (rows["occurred_us"] >= first_on + 45 * S)
    expected &= ~((rows["occurred_us"] >= again_on) & (rows["occurred_us"] < again_on + 2 * S))
    assert has_fix.tolist() == expected.tolist()
    again = Fleet(cold_start_s=45.0)
    again.motion.append(0, [760 * S, 900 * S], [0, 0], [600 * SPEED_MPS * 1000] * 2)
    assert (again.run([720, 740, 750])["satellites"] > 0).tolist() == expected.tolist()
    assert set(rows["lat_e7"][: np.flatnonzero(has_fix)[0]].tolist()) == {500_000_000}
    night = Fleet(cold_start_s=45.0, hot_start_s=0.0)
    for hours in (3, 8):  # the second morning is cold again
        night.motion.append(0, [hours * HOUR, hours * HOUR + 100 * S], [0, 0], [600 * SPEED_MPS * 1000] * 2)
    rows = night.run(until_s=9 * 3600)
    fixes = [(rows["satellites"][at(rows, h * 3600, h * 3600 + 100)] > 0).sum() for h in (3, 8)]
    assert fixes == [10, 5]


def test_a_jammer_takes_the_fix_of_all_around_it():
    """Within its reach: more power, weaker signals, no fix inside and a bad one at the edge; nobody farther away."""
    fleet = Fleet(3)
    reach_m = 1000.0
    away_deg = np.array([3000.0, 0.0]) / PLANE.m_per_deg_lat
    jammer = fleet.interference.jam_area(50.0 + away_deg[0], 8.0, reach_m, 0)
    elsewhere = fleet.interference.jam_area(60.0, 8.0, reach_m, 0)
    rows = fleet.run()
    fleet.interference.end(jammer, 1000 * S)
    fleet.interference.end(elsewhere, 1000 * S)
    away = np.abs(true_m(rows) - 3000)
    inside, ring = away <= INNER_SHARE * reach_m, (away > INNER_SHARE * reach_m) & (away <= reach_m)
    assert inside.sum() >= 3 * 13
    assert ring.sum() >= 3 * 5
    assert (rows["satellites"] == 0).tolist() == inside.tolist()
    assert (rows["rf_power_db"] >= 6).tolist() == (inside | ring).tolist()
    assert (rows["cn0_dbhz"] < 30).tolist() == (inside | ring).tolist()
    error = np.abs(north_m(rows) - true_m(rows))
    assert error[ring].max() > 10
    assert error[~inside & ~ring].max() < 0.02


def test_a_spoofer_leads_astray():
    """More power, normal C/N0 of too little spread; a jump, a standstill, a drift whose speed fits its track."""
    fleet = Fleet(5)
    for device, (mode, north, east) in enumerate([("jump", 2000, 0), ("frozen", 0, 0), ("drift", 5, 0)]):
        fleet.interference.end(fleet.interference.spoof(device, mode, north, east, 200 * S), 400 * S)
    fleet.interference.end(fleet.interference.jam(3, 200 * S), 400 * S)
    rows = fleet.run()
    led = at(rows, 200, 400) & (rows["device"] < 3)
    assert (rows["rf_power_db"][led] >= 6).all()
    assert (rows["cn0_dbhz"][led] >= 40).all()
    assert (rows["cn0_spread_db"][led] < 2).all()
    assert (rows["satellites"][led] >= 5).all()
    error = north_m(rows) - true_m(rows)
    jump, frozen, drift = (led & (rows["device"] == d) for d in range(3))
    assert error[jump] == pytest.approx(np.full(jump.sum(), 2000), abs=0.02)
    assert len(set(rows["lat_e7"][frozen].tolist())) == 1
    assert (np.diff(rows["odometer_m"][frozen]) >= 99).all()
    assert error[drift] == pytest.approx(5 * (rows["occurred_us"][drift] / S - 200), abs=0.02)
    assert set(rows["speed_cmps"][drift].tolist()) == {1500}
    jammed = at(rows, 200, 400) & (rows["device"] == 3)
    assert (rows["satellites"] == 0).tolist() == jammed.tolist()
    assert error[~led & ~jammed] == pytest.approx(np.zeros((~led & ~jammed).sum()), abs=0.02)


def test_of_several_troubles_at_once_the_strongest_counts():
    """A device away from its vehicle hears nobody; a spoofer drowns a jammer on board, which drowns one at a place."""
    fleet = Fleet(3)
    trouble = fleet.interference
    begun = [trouble.blind(0, 0), *(trouble.spoof(d, "jump", 500, 0, 0) for d in (0, 1)),
             *(trouble.jam(d, 0) for d in (0, 1, 2)), trouble.jam_area(50.0, 8.0, 50_000.0, 0)]  # fmt: skip
    rows = fleet.run()
    gone, led, jammed = (rows["device"] == d for d in range(3))
    assert (rows["satellites"][gone] == 0).all()
    assert (rows["rf_power_db"][gone] == 0).all()
    assert (rows["satellites"][led] >= 5).all()
    assert (rows["cn0_spread_db"][led] < 2).all()
    assert (rows["satellites"][jammed] == 0).all()
    assert (rows["rf_power_db"][jammed] >= 6).all()
    assert len(begun) == 7


def test_an_unknown_way_of_spoofing_is_refused():
    """The choices are named."""
    with pytest.raises(ValueError, match="mode is 'teleport', expected one of jump, frozen, drift"):
        Fleet().interference.spoof(0, "teleport", 1, 1, 0)


def test_a_device_without_power_measures_nothing():
    """A battery of three minutes: flat while parked, back when the engine charges it."""
    rows = Fleet(2, supply=["battery", "wired"]).run()
    mine = rows["device"] == 0
    flat = mine & at(rows, 900, 1000)
    assert not rows["powered"][flat].any()
    assert not rows["satellites"][flat].any()
    assert not rows["supply_mv"][flat].any()
    assert rows["powered"][~mine].all()
    assert rows["powered"][mine & at(rows, 110, 700)].all()


skies = st.lists(st.tuples(st.integers(0, 999), st.sampled_from([OPEN_SKY, STREET_CANYON, NO_SKY])), max_size=6).map(
    lambda views: sorted(dict(views).items())
)
spans = st.tuples(st.integers(0, 900), st.integers(0, 300))
troubles = st.lists(
    st.tuples(st.sampled_from(["jam", "area", "jump", "frozen", "drift", "blind", "clock", "unplug"]), spans,
              st.integers(0, 2)),
    max_size=6,
)  # fmt: skip


def act(fleet: Fleet, kind: str, device: int, start_us: int):
    """Begin a trouble; returns how to end it."""
    i = fleet.interference
    if kind == "clock":
        jump = fleet.clocks.jump(device, start_us, 3600 * S)
        return lambda end_us: fleet.clocks.end(jump, end_us)
    if kind == "unplug":
        unplugged = fleet.supply.unplug(device, start_us)
        return lambda end_us: fleet.supply.plug(unplugged, end_us)
    began = {
        "jam": lambda: i.jam(device, start_us),
        "area": lambda: i.jam_area(50.02, 8.0, 900.0, start_us),
        "blind": lambda: i.blind(device, start_us),
    }.get(kind, lambda: i.spoof(device, kind, 7.0, -3.0, start_us))()
    return lambda end_us: i.end(began, end_us)


def eventful(sky, trouble, cuts, live: bool) -> dict[str, np.ndarray]:
    """A run with all of it; live: each trouble begins and ends in its own time, between windows."""
    fleet = Fleet(3, sigma_m=3.0, drift_ppm=50.0, cold_start_s=[0.0, 25.0, 40.0], hot_start_s=[12.0, 0.0, 3.0],
                  supply=["wired", "battery", "wired"])  # fmt: skip
    fleet.sky = [[(0, OPEN_SKY), *views] for views in sky]
    parts, ends = [], {}
    deeds = [(s, 1, n) for n, (_, (s, _), _) in enumerate(trouble)]
    deeds += [(s + lasts, 2, n) for n, (_, (s, lasts), _) in enumerate(trouble)]
    cut_at = set(cuts) | (
        {s for s, _, _ in deeds if s % 2} if live else set()
    )  # some deeds find all measured, some not
    for second, what, number in sorted([*deeds, *((c, 0, -1) for c in cut_at if c)]):
        if what == 0 and second * S > fleet.told_us:
            parts.append(fleet.window(second * S))
        elif what == 1:
            ends[number] = act(fleet, trouble[number][0], trouble[number][2], second * S)
        elif what == 2:
            ends[number](second * S)
    parts.append(fleet.window(1300 * S))
    columns = {
        field.name: np.concatenate([getattr(part[i], field.name) for part in parts])
        for i, kind in enumerate((Samples, Signals))
        for field in fields(kind)
    }
    order = np.argsort(columns["device"], kind="stable")
    return {name: values[order] for name, values in columns.items()}


@settings(max_examples=60, deadline=None)
@given(st.lists(skies, min_size=3, max_size=3), troubles, st.lists(st.integers(1, 1299), max_size=10))
def test_windows_change_no_byte(sky, trouble, cuts):
    """Measured at once, in any windows, and while troubles come and go: the same columns."""
    once = eventful(sky, trouble, [], False)
    for windows, live in ((cuts, False), (cuts, True), (range(3, 1300, 37), True)):
        again = eventful(sky, trouble, windows, live)
        for name, values in once.items():
            assert values.tobytes() == again[name].tobytes(), name


@settings(max_examples=40, deadline=None)
@given(troubles)
def test_after_troubles_all_is_as_without_them(trouble):
    """Before the first begins and once the last is over, everything is as in the plain run; so is truth throughout."""
    calm = [[], [], []]
    trouble = [one for one in trouble if one[0] != "blind"]
    plain, rows = eventful(calm, [], [], False), eventful(calm, trouble, [400], True)
    ends = [s + lasts for _, (s, lasts), _ in trouble]
    touched = at(plain, min([s for _, (s, _), _ in trouble], default=0), max(ends, default=0))
    asleep = plain["satellites"] == 0  # repeats a fix that trouble may have changed
    for name, values in plain.items():
        told = name in ("lat_e7", "lon_e7", "recorded_us")
        keep = ~touched & ~asleep if told else ~touched
        assert values[keep].tolist() == rows[name][keep].tolist(), name
    for name in ("device", "sample", "vehicle", "occurred_us", "odometer_m", "fuel_ml", "energy_wh", "engine_s"):
        assert plain[name].tolist() == rows[name].tolist(), name


def test_wander_belongs_to_device_and_time_alone():
    """The same in any fleet; another seed gives another."""

    def lat(vehicles, seed):
        fleet = Fleet(vehicles, seed=seed)
        fleet.sky = [[(0, STREET_CANYON)] for _ in fleet.sky]
        rows = fleet.run()
        return rows["lat_e7"][rows["device"] == 0].tolist()

    assert lat(1, 1) == lat(4, 1) != lat(1, 2)
