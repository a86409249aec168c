"""Feeds that break without a word are noticed, within a stated time, and a calm day raises nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.run import Session
from tests.tiny import tiny
from twin.belief import Belief
from twin.feed_monitor import EVENTS, TELEMATICS, FeedMonitor, FeedSettings, Finding
from twin.samples import SampleBatch

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
NOON = 20_000 * 24 * HOUR
LIMITS = FeedSettings()


def fleet(vehicles: int) -> Belief:
    """Vehicles on shift since noon."""
    belief = Belief()
    belief.apply("depot_registered", 0, {"depot_id": "main", "place": {"place_id": "m", "lat": 50.0, "lon": 8.0}})
    for n in range(vehicles):
        belief.apply("vehicle_registered", 0, {
            "vehicle_id": f"V{n}", "device_id": f"d{n}", "group": "g", "kind": "van", "profile": "van",
            "depot_id": "main", "capacity": {}, "offers": [],
        })  # fmt: skip
        shift = {"driver_id": f"D{n}", "vehicle_id": f"V{n}", "depot_id": "main", "until_us": NOON + 9 * HOUR}
        belief.apply("shift_started", NOON, shift)
    return belief


def watch(
    belief: Belief, monitor: FeedMonitor, minutes: range, samples: range, period_s: int = 10, delay_s: int = 0,
    events: range = range(0),
) -> list[Finding]:  # fmt: skip
    """Check every minute; all are sampled in the minutes of ``samples``, one reports in those of ``events``."""
    found, n = [], len(belief.vehicles)
    for minute in minutes:
        start = NOON + minute * MINUTE
        if minute in samples:
            at_us = np.repeat(start + np.arange(0, 60, period_s) * SECOND, n)
            belief.observe(SampleBatch.of(
                np.tile(np.arange(n), len(at_us) // n), at_us - delay_s * SECOND, 50.0, 8.0, received_us=at_us,
                sample=(at_us - NOON) // SECOND,
            ))  # fmt: skip
        if minute in events:
            belief.hear("V0", start, start)
        found += monitor.check(belief.view(start + MINUTE), start + MINUTE)
    return found


def of(found: list[Finding], feed: str) -> list[Finding]:
    return [finding for finding in found if finding.feed == feed]


@settings(max_examples=20, deadline=None)
@given(broken=st.integers(20, 200), vehicles=st.integers(1, 5), period_s=st.sampled_from([10, 30, 60]))
def test_a_feed_that_falls_silent_is_found_within_the_stated_time(broken: int, vehicles: int, period_s: int) -> None:
    """Said once, from when it has been silent; and once that it is back."""
    belief, monitor = fleet(vehicles), FeedMonitor()
    every = range(400)
    found = watch(belief, monitor, range(broken), every, period_s, events=every)
    assert found == []
    found = watch(belief, monitor, range(broken, broken + 60), range(0), period_s, events=every)
    (silent,) = found
    last_us = NOON + broken * MINUTE - period_s * SECOND
    assert silent == Finding(TELEMATICS, last_us, "silent")
    delays = [
        minute for minute in range(broken, broken + 60)
        if (minute + 1 - broken) * MINUTE + period_s * SECOND > LIMITS.telematics_s * SECOND
    ]  # fmt: skip
    again = fleet(vehicles)
    watcher = FeedMonitor()
    watch(again, watcher, range(broken), every, period_s, events=every)
    assert of(watch(again, watcher, range(broken, delays[0]), range(0), period_s, events=every), TELEMATICS) == []
    assert of(watch(again, watcher, range(delays[0], delays[0] + 1), range(0), period_s, events=every), TELEMATICS)
    found = watch(belief, monitor, range(broken + 60, broken + 70), every, period_s, events=every)
    assert found == [Finding(TELEMATICS, NOON + (broken + 61) * MINUTE, "recovered")]


def test_one_silent_vehicle_is_found_while_the_others_are_heard() -> None:
    """And not looked for any more once its shift is over."""
    belief, monitor = fleet(3), FeedMonitor()
    watch(belief, monitor, range(60), range(60), events=range(60))
    found = []
    for minute in range(60, 90):
        start = NOON + minute * MINUTE
        belief.observe(SampleBatch.of([0, 1], start, 50.0, 8.0, sample=minute * 60))
        found += monitor.check(belief.view(start), start)
    assert found == [Finding("V2", NOON + 60 * MINUTE - 10 * SECOND, "silent")]
    belief.vehicles["V2"] = belief.vehicles["V2"]._replace(shift_us=None)
    assert monitor.check(belief.view(NOON + 91 * MINUTE), NOON + 91 * MINUTE) == []


def test_what_comes_late_is_stale_though_it_comes() -> None:
    """A backlog that builds up slowly too: what is usual is not what has been so for an hour."""
    belief, monitor = fleet(2), FeedMonitor()
    assert watch(belief, monitor, range(60), range(60), delay_s=20, events=range(200)) == []
    found = []
    for minute in range(60, 120):
        behind_s = 20 + 10 * (minute - 60)
        found += watch(belief, monitor, range(minute, minute + 1), range(200), delay_s=behind_s, events=range(200))
    assert [(f.feed, f.what) for f in found] == [(TELEMATICS, "stale")]
    assert NOON + 60 * MINUTE < found[0].since_us < NOON + 90 * MINUTE
    found = watch(belief, monitor, range(120, 125), range(200), delay_s=0, events=range(200))
    assert [(f.feed, f.what) for f in found] == [(TELEMATICS, "recovered")]


def test_a_feed_that_is_usually_slow_gets_more_time() -> None:
    """Of events 40 minutes apart 50 minutes' silence is nothing new; of events a minute apart it is."""
    for every, remarked in ((1, True), (40, False)):
        belief, monitor = fleet(12), FeedMonitor()
        watch(belief, monitor, range(121), range(900), events=range(0, 121, every))
        found = watch(belief, monitor, range(121, 170), range(900))
        assert bool(of(found, EVENTS)) == remarked


@pytest.mark.parametrize("seed", [3, 4])
def test_a_calm_day_raises_nothing_and_a_break_at_noon_is_found(seed: int) -> None:
    """Of a whole day: parked, loading, driving, waiting."""
    day = tiny(seed=seed)
    session, monitor = Session(day), FeedMonitor()
    belief, telematics = session.built.office.belief, session.world.telematics
    assert telematics is not None
    for at_us in range(day.start_us + MINUTE, day.end_us, 5 * MINUTE):
        session.advance(at_us)
        assert monitor.check(session.built.office.view(), at_us) == []
    session.built.population.close()
    last_us = int(belief.last.rows["sampled_us"].max())
    silent = [f for late in (400, 800) for f in monitor.check(belief.view(day.end_us), day.end_us + late * SECOND)]
    assert of(silent, TELEMATICS) == [Finding(TELEMATICS, last_us, "silent")]


@pytest.mark.parametrize(
    ("late", "from_minute", "told"),
    [
        (["V0"], 20, []), (["V0", "V0"], 20, []), (["V0", "V1"], 20, [EVENTS]), (["V0", None, "V0"], 20, []),
        (["V0"], 50, [EVENTS]), ([None], 50, []),
    ],
    ids=["one", "one, twice", "two", "one, and customers", "the only one for long", "a customer"],
)  # fmt: skip
def test_events_are_stale_when_two_vehicles_tell_late(
    late: list[str | None], from_minute: int, told: list[str]
) -> None:
    """One that comes back after a gap tells old events by its own doing, and a customer's call may have waited; but
    where no other is heard any more, it is all there is.
    """
    belief, monitor = fleet(5), FeedMonitor()
    for minute, vehicle in enumerate(["V0", "V1", "V2", "V3", "V4"]):
        belief.hear(vehicle, NOON + minute * MINUTE, NOON + minute * MINUTE)
    found = monitor.check(belief.view(NOON + 5 * MINUTE), NOON + 5 * MINUTE)
    for minute, vehicle in enumerate(late, from_minute):
        belief.hear(vehicle, NOON + (minute - 12) * MINUTE, NOON + minute * MINUTE)
        found += monitor.check(belief.view(NOON + minute * MINUTE), NOON + minute * MINUTE)
    assert [finding.feed for finding in found if finding.what == "stale"] == told


def test_events_are_late_by_what_devices_send_and_not_by_what_is_told_on_the_phone() -> None:
    """Drivers called one after another tell what their devices could not send; a punctual message ends a delay."""
    belief, monitor, found = fleet(4), FeedMonitor(), []
    for minute, vehicle, behind, by_device in (
        (0, "V3", 0, True), (20, "V0", 10, False), (21, "V1", 10, False), (22, "V0", 10, True), (23, "V1", 10, True),
        (24, "V2", 10, False), (25, "V2", 0, True),
    ):  # fmt: skip
        belief.hear(vehicle, NOON + (minute - behind) * MINUTE, NOON + minute * MINUTE, by_device)
        news = of(monitor.check(belief.view(NOON + minute * MINUTE), NOON + minute * MINUTE), EVENTS)
        found += [(minute, finding.what) for finding in news]
    assert found == [(23, "stale"), (25, "recovered")]


def test_a_feed_of_events_that_grows_slow_is_found_at_the_second_vehicle() -> None:
    """All of a fleet ten minutes late from one moment on; just before, all were punctual."""
    belief, monitor = fleet(30), FeedMonitor()
    found = []
    for minute in range(120):
        if not 60 <= minute < 70:
            behind = 10 * MINUTE * (minute >= 70)
            for vehicle in (f"V{minute % 30}", f"V{(minute + 7) % 30}"):
                belief.hear(vehicle, NOON + minute * MINUTE - behind, NOON + minute * MINUTE)
        found += monitor.check(belief.view(NOON + minute * MINUTE), NOON + minute * MINUTE)
    assert of(found, EVENTS)[:1] == [Finding(EVENTS, NOON + 60 * MINUTE, "stale")]
