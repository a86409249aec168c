"""Incidents of devices: what each does to the instruments, when, and that it leaves them as they were."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.device_clock import ROLLOVER_US, Clocks
from engine.devices import Devices
from engine.geo import Projection
from engine.gnss import Receivers, Reception
from engine.motion import Motion
from engine.streams import Streams
from engine.supply import Supply
from engine.telemetry import Sampler
from scenarios.incidents import INCIDENTS
from scenarios.incidents.instruments import Instruments
from twin.orders import Place

S = 1_000_000
START = 1_772_431_200 * S
PLANE = Projection(50.0, 8.0)
VEHICLES = ("vans-1", "vans-2", "vans-3")


@dataclass
class Clock:
    """As much of a world as these incidents use."""

    now: int = START


@dataclass
class Stand:
    """As much of a stage: three vehicles at the depot, one sample every ten seconds."""

    world: Clock = field(default_factory=Clock)
    gone: dict[int, str] = field(default_factory=dict)
    seen_as: list[str] = field(default_factory=lambda: [*VEHICLES])

    def __post_init__(self) -> None:
        motion, streams = Motion(), Streams(4)
        for name in VEHICLES:
            motion.add(name, 0, 0, START)
        devices = Devices.fit([f"dev-{name}" for name in VEHICLES], range(3), streams)
        clocks, supply = Clocks.fit(devices.ids, streams, START), Supply(np.zeros(3, np.int64), START)
        receivers = Receivers(devices, Reception.fit(3), clocks, supply, PLANE)
        self.sampler = Sampler(motion, devices, PLANE, START)
        self.depots = {"main": Place("main", 50.0, 8.0)}
        self.instruments = Instruments(
            receivers,
            {name: row for row, name in enumerate(VEHICLES)},
            self.gone.__setitem__,
            self.gone.pop,
            self._swap,
        )

    def _swap(self, one: str, other: str) -> None:
        a, b = VEHICLES.index(one), VEHICLES.index(other)
        self.seen_as[a], self.seen_as[b] = self.seen_as[b], self.seen_as[a]

    def play(self, kind: str, **parameters) -> None:
        """An incident from its start to its end, a minute after the last thing that happened."""
        incident = INCIDENTS[kind]
        what = incident.parameters.model_validate({"kind": kind, "at": "07:00", **parameters})
        self.world.now += 60 * S
        play = incident.play(self, "x", what)
        pause_us = next(play)
        self.during = dict(self.gone), [*self.seen_as]
        self.world.now += pause_us
        assert list(play) == []

    def measured(self, minutes: int = 10) -> dict[str, list]:
        """Columns by device and sample, over so many minutes."""
        samples = self.sampler.sample(START + minutes * 60 * S)
        told = self.instruments.receivers.measure(samples, None)
        return {name: values.reshape(3, -1).tolist() for name, values in (vars(samples) | vars(told)).items()}


def wrong(column: list[list], usual: list[list]) -> list[list[int]]:
    """By device: minutes in which values are not as usual."""
    return [sorted({i // 6 for i, (a, b) in enumerate(zip(*pair)) if a != b}) for pair in zip(column, usual)]


TWO_TO_FOUR = {"lasts_s": 180.0}  # from 1:00 to 4:00
DOES = [
    ("gnss_jamming", {"vehicle": "vans-2"}, {"satellites": [[], [1, 2, 3], []]}),
    ("gnss_jamming", {"near_depot": "main"}, {"satellites": [[1, 2, 3]] * 3, "rf_power_db": [[1, 2, 3]] * 3}),
    ("gnss_jamming", {"lat": 50.1, "lon": 8.0}, {"satellites": [[]] * 3, "lat_e7": [[]] * 3}),
    ("gnss_spoofing", {"vehicle": "vans-3"}, {"lon_e7": [[], [], [1, 2, 3]], "lat_e7": [[]] * 3}),
    ("gnss_spoofing", {"vehicle": "vans-3", "mode": "drift", "bearing_deg": 0.0}, {"speed_cmps": [[], [], [1, 2, 3]]}),
    ("gnss_spoofing", {"vehicle": "vans-3", "mode": "frozen"}, {"cn0_spread_db": [[], [], [1, 2, 3]]}),
    ("device_gone", {"vehicle": "vans-1", "cause": "stolen"}, {"satellites": [[1, 2, 3], [], []]}),
    ("device_unplugged", {"vehicle": "vans-1"}, {"supply_mv": [[1, 2, 3], [], []], "satellites": [[]] * 3}),
    ("device_swapped", {"vehicle": "vans-1", "other": "vans-3"}, {"lat_e7": [[]] * 3}),
    ("clock_jump", {"vehicle": "vans-2", "by_s": 90.0}, {"recorded_us": [[], [1, 2, 3], []]}),
]


@pytest.mark.parametrize(
    ("kind", "parameters", "differs"), DOES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_it_does_what_it_says_and_only_in_its_time(kind, parameters, differs):
    """The named columns differ in minutes 1 to 3 of the vehicles concerned, and everything is as usual after."""
    usual, stand = Stand().measured(), Stand()
    stand.play(kind, **TWO_TO_FOUR, **parameters)
    found = stand.measured()
    for name, minutes in differs.items():
        assert wrong(found[name], usual[name]) == minutes, name
    for name in usual:
        assert all(set(minutes) <= {1, 2, 3} for minutes in wrong(found[name], usual[name])), name
    assert not stand.gone
    assert stand.seen_as == [*VEHICLES]


def test_gone_and_swapped_devices_are_told_to_the_radio_and_the_office():
    """With the cause; the registration is the wrong way round meanwhile."""
    stand = Stand()
    stand.play("device_gone", vehicle="vans-2", cause="lost")
    assert stand.during == ({1: "lost"}, [*VEHICLES])
    stand.play("device_swapped", vehicle="vans-1", other="vans-3")
    assert stand.during == ({}, ["vans-3", "vans-2", "vans-1"])


def test_clocks_fall_back_to_1970_or_over_a_roll_over():
    """A reset clock counts from zero; one that rolled over is 1,024 weeks behind."""
    for to, expected in (("1970", START + 60 * S), ("rollover", -ROLLOVER_US)):
        stand = Stand()
        stand.play("clock_jump", vehicle="vans-1", to=to, **TWO_TO_FOUR)
        rows = stand.measured()
        behind = [b - a for a, b in zip(rows["recorded_us"][0], rows["occurred_us"][0])]
        assert set(behind) == {0, expected}


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        ("gnss_jamming", {}, "lat and lon, or near_depot, or vehicle"),
        ("gnss_jamming", {"lat": 1.0, "vehicle": "vans-1"}, "lat and lon, or near_depot, or vehicle"),
        ("gnss_spoofing", {"vehicle": "vans-1", "mode": "teleport"}, "jump"),
        ("device_gone", {"vehicle": "vans-1", "cause": "bored"}, "dead"),
        ("device_swapped", {"vehicle": "vans-1", "other": "vans-1"}, "two vehicles"),
        ("clock_jump", {"vehicle": "vans-1"}, "by_s or to"),
        ("clock_jump", {"vehicle": "vans-1", "by_s": 1.0, "to": "1970"}, "by_s or to"),
    ],
)
def test_impossible_parameters_are_refused(kind, parameters, words):
    """The message says what was expected."""
    with pytest.raises(ValidationError, match=words):
        INCIDENTS[kind].parameters.model_validate({"kind": kind, "at": "07:00", **parameters})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(DOES), max_size=5), st.integers(1, 4))
def test_any_sequence_leaves_the_world_whole(sequence, cut):
    """One after another, measured in one window or two: as usual once the last is over."""
    whole, parts, usual = Stand(), Stand(), Stand().measured(40)
    for stand in (whole, parts):
        for number, (kind, parameters, _) in enumerate(sequence):
            stand.play(kind, **TWO_TO_FOUR, **parameters)
            if stand is parts and number == 0:
                first = stand.measured(cut)
    found = whole.measured(40)
    after = 6 * 4 * len(sequence)
    for name, values in usual.items():
        assert [row[after:] for row in found[name]] == [row[after:] for row in values], name
    if sequence:
        rest = parts.measured(40)
        for name, values in found.items():
            assert [a + b for a, b in zip(first[name], rest[name])] == values, name
