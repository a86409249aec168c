"""Traffic: usual times, today's times, weather."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.clock import HOUR, MINUTE, SECOND, LocalTime
from engine.roads.graph import ROAD_CLASSES, Profile
from engine.roads.synthetic import synthetic_region
from engine.streams import Streams
from engine.traffic import BUCKETS, PRESETS, Traffic, TrafficConfig
from engine.weather import SLOT_US, Kind, Spell, Weather, WeatherConfig

LOCAL = LocalTime("Europe/Zurich")
GRAPH = synthetic_region(800, seed=3)
CALM = TrafficConfig(day_cv=0, local_cv=0, junction_cv=0)
MONDAY = LOCAL.at(20_003, 0)
VAN = Profile("van", max_speed_mps=36.0)


def traffic(config: TrafficConfig | None = None, seed: int = 1) -> Traffic:
    """Traffic on the test graph."""
    return Traffic(GRAPH, config or TrafficConfig(), Streams(seed), LOCAL)


def walk(length: int, seed: int) -> np.ndarray:
    """Consecutive edges of a random walk."""
    rng = np.random.default_rng(seed)
    out = [np.flatnonzero(GRAPH.tail == node) for node in range(GRAPH.nodes)]
    edges = [int(rng.integers(GRAPH.edges))]
    while len(edges) < length:
        edges.append(int(rng.choice(out[GRAPH.head[edges[-1]]])))
    return np.array(edges)


def stormy(random: bool = True) -> TrafficConfig:
    """Wild traffic and weather."""
    script = (Spell("snow", MONDAY + 8 * HOUR, MONDAY + 9 * HOUR),)
    return TrafficConfig(day_cv=0.5, local_cv=1.0, junction_cv=2.0, weather=WeatherConfig(random, script=script))


WILD = traffic(stormy())


@settings(max_examples=200, deadline=None)
@given(
    seed=st.integers(0, 50),
    length=st.integers(0, 119).map(lambda fewer: 120 - fewer),
    slot=st.integers(1, 95),
    before_us=st.one_of(st.integers(1, 50), st.integers(1, 20 * SECOND), st.integers(1, SLOT_US)),
    after_us=st.one_of(st.integers(-SLOT_US, 0), st.integers(0, 50), st.integers(0, 20 * SECOND)),
    pace=st.floats(0.3, 1.6),
)
def test_leaving_later_never_means_arriving_earlier(seed, length, slot, before_us, after_us, pace):
    """First in, first out holds on every edge, across slot, hour and weather borders, to the microsecond."""
    edges, border = walk(length, seed), MONDAY + slot * SLOT_US
    depart_us, later_us = border - before_us, border + max(after_us, 1 - before_us)
    sooner = WILD.drive(edges, depart_us, pace, 40.0)
    later = WILD.drive(edges, later_us, pace, 40.0)
    assert (later >= sooner).all()
    assert (np.diff(sooner) > 0).all()
    assert sooner[0] > depart_us


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 50), length=st.integers(2, 80), cut=st.integers(1, 79), depart_s=st.floats(0, 86_400))
def test_a_drive_continues_where_it_was_cut(seed, length, cut, depart_s):
    """Two drives, the second leaving when the first ends, are the same as one."""
    edges, depart_us = walk(length, seed), MONDAY + int(depart_s * SECOND)
    cut = min(cut, length - 1)
    whole = WILD.drive(edges, depart_us, 1.0, 40.0)
    first = WILD.drive(edges[:cut], depart_us, 1.0, 40.0)
    rest = WILD.drive(edges[cut:], int(first[-1]), 1.0, 40.0)
    assert np.array_equal(np.concatenate([first, rest]), whole)


def test_without_variation_driving_takes_the_usual_time():
    """With all variation off, a drive within one hour takes the usual weights."""
    calm, edges = traffic(CALM), walk(60, 1)
    depart_us = MONDAY + 3 * HOUR
    taken_ms = (calm.drive(edges, depart_us, 1.0, VAN.max_speed_mps)[-1] - depart_us) / 1000
    usual_ms = calm.usual_weights_ms(VAN, calm.bucket(depart_us))[edges].sum()
    assert taken_ms == pytest.approx(usual_ms, abs=60)


def test_free_flow_is_length_over_speed():
    """At night, without junction delays, an edge takes its length over its speed."""
    free = traffic(replace(CALM, junction_delay_s=(0.0,) * len(ROAD_CLASSES)))
    expected_ms = np.rint(GRAPH.length_m / GRAPH.speed_mps * 1000)
    assert np.abs(free.usual_weights_ms(VAN, 3) - expected_ms).max() <= 1


def test_a_speed_change_within_an_edge_is_kept_to_the_second():
    """By hand: half an edge at full speed, the other half at half speed from the slot border on."""
    plain = replace(CALM, junction_delay_s=(0.0,) * len(ROAD_CLASSES), congestion_weekday=(0.0,) * 24)
    border = MONDAY + 10 * HOUR
    halved = WeatherConfig(kinds={"halt": Kind(0.5, 0.0, 1.0)}, script=(Spell("halt", border, border + HOUR),))
    edge = np.array([int(np.argmax(GRAPH.length_m))])
    free_us = GRAPH.length_m[edge[0]] / GRAPH.speed_mps[edge[0]] * 1e6
    end = traffic(replace(plain, weather=halved)).drive(edge, round(border - free_us / 2), 1.0, 90.0)
    assert end[0] == pytest.approx(border + free_us, abs=2)


def test_rush_hour_is_slower_in_town_than_in_the_country():
    """Congestion slows main roads most and leaves the empty country almost free."""
    base = traffic()
    slower = base.usual_weights_ms(VAN, 8) / base.usual_weights_ms(VAN, 3)
    main = np.isin(GRAPH.road_class, [ROAD_CLASSES.index("secondary"), ROAD_CLASSES.index("primary")])
    side = GRAPH.road_class == ROAD_CLASSES.index("residential")
    assert (slower >= 1).all()
    assert slower[main].max() > 1.3
    assert slower[main].max() > slower[side].mean()


def test_usual_times_are_whole_positive_and_capped():
    """Weights are integers of at least 1 ms and no vehicle is faster than it can go."""
    base, slow = traffic(), Profile("cargo bike", max_speed_mps=5.0)
    for bucket in range(BUCKETS):
        weights = base.usual_weights_ms(slow, bucket)
        assert weights.dtype == np.int64
        assert weights.min() >= 1
        assert (weights >= np.floor(GRAPH.length_m / 5.0 * 1000)).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 30), depart_s=st.floats(0, 86_400), pace=st.floats(0.5, 3), top=st.floats(3, 40))
def test_no_one_is_faster_than_vehicle_and_road_allow(seed, depart_s, pace, top):
    """True mean speeds stay within the vehicle's top speed and 1.15 times the road's."""
    edges, depart_us = walk(60, seed), MONDAY + int(depart_s * SECOND)
    ends = WILD.drive(edges, depart_us, pace, top)
    speed = GRAPH.length_m[edges] / (np.diff(np.r_[depart_us, ends]) / 1e6)
    assert (speed <= np.minimum(top, 1.15 * GRAPH.speed_mps[edges]) * 1.0001 + 0.01).all()


def test_buckets_follow_the_local_clock():
    """Local hours of weekdays and weekends, also over the change to summer time."""
    base = traffic()
    assert base.bucket(MONDAY + 8 * HOUR + 59 * MINUTE) == 8
    assert base.bucket(LOCAL.at(20_001, 8 * 3600)) == 24 + 8  # a Saturday
    summer = LOCAL.at(20_180, 8 * 3600)
    assert base.bucket(summer) in (8, 32)
    assert LOCAL.text(summer) == "08:00:00"


@pytest.mark.parametrize("scale", [0.3, 1.0])
def test_factors_have_mean_one_and_the_stated_spread(scale):
    """Lognormal factors of days, areas and junctions have mean 1 and the configured coefficient of
    variation."""
    base = traffic(TrafficConfig(day_cv=0.2, local_cv=0.3, junction_cv=0.5))
    days = np.array([base.day_factor(day, scale) for day in range(20_000)])
    areas = np.concatenate([base.area_factors(slot, scale) for slot in range(2_000)])
    junctions = np.concatenate([base.junction_factors(np.arange(500), slot) for slot in range(100)])
    for factors, cv in ((days, 0.2 * scale), (areas, 0.3 * scale), (junctions, 0.5)):
        assert factors.mean() == pytest.approx(1, abs=5 * cv / np.sqrt(len(factors)))
        assert factors.std() / factors.mean() == pytest.approx(cv, rel=0.05)


def test_neighbouring_draws_are_independent():
    """Factors of neighbouring areas and slots are uncorrelated."""
    base = traffic()
    table = np.log([base.area_factors(slot) for slot in range(3_000)])
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 0.02
    assert abs(np.corrcoef(table[:, :-1].ravel(), table[:, 1:].ravel())[0, 1]) < 0.02


def test_draws_do_not_depend_on_what_was_asked_before():
    """Asking about other days, places and drivers first changes nothing; another seed changes everything."""
    edges, depart_us = walk(50, 4), MONDAY + 8 * HOUR
    fresh, busy = traffic(), traffic()
    for day in range(30):
        busy.drive(walk(20, day), MONDAY + day * 5 * HOUR, 0.7, 20.0)
    assert np.array_equal(fresh.drive(edges, depart_us, 1.0, 40.0), busy.drive(edges, depart_us, 1.0, 40.0))
    assert not np.array_equal(
        fresh.drive(edges, depart_us, 1.0, 40.0), traffic(seed=2).drive(edges, depart_us, 1.0, 40.0)
    )


def test_usual_time_is_what_driving_takes_on_average():
    """Over many days drives take the usual time on average, within a few percent (the speed bound cuts a
    little)."""
    edges, worlds = walk(60, 2), [traffic(seed=seed) for seed in range(150)]
    depart_us = MONDAY + 8 * HOUR
    mean_us = np.mean([world.drive(edges, depart_us, 1.0, 40.0)[-1] - depart_us for world in worlds])
    usual_us = worlds[0].usual_weights_ms(VAN, 8)[edges].sum() * 1000
    assert mean_us == pytest.approx(usual_us, rel=0.06)


def test_weather_script_push_and_pop():
    """Stated spells apply in their slots; a pushed one replaces them until it is popped."""
    script = (
        Spell("rain", MONDAY + HOUR, MONDAY + 3 * HOUR),
        Spell("snow", MONDAY + 2 * HOUR, MONDAY + 3 * HOUR),
    )
    weather = Weather(WeatherConfig(script=script), Streams(1), LOCAL)
    assert [weather.state(MONDAY + hour * HOUR) for hour in range(4)] == ["fair", "rain", "snow", "fair"]
    handle = weather.push("fog", MONDAY + 2 * HOUR + 7 * MINUTE)
    assert weather.state(MONDAY + 2 * HOUR - 1) == "rain"
    assert weather.state(MONDAY + 2 * HOUR) == "fog"
    assert weather.factor(MONDAY + 30 * HOUR) == 0.88
    weather.pop(handle, MONDAY + 2 * HOUR + 30 * MINUTE)
    assert weather.state(MONDAY + 2 * HOUR + 30 * MINUTE) == "snow"


def test_weather_is_constant_within_a_slot_and_seeded():
    """Random weather changes on quarter hours only and is the same whatever was asked before."""
    config = WeatherConfig(random=True)
    here, there = Weather(config, Streams(5), LOCAL), Weather(config, Streams(5), LOCAL)
    moments = [MONDAY + k * SLOT_US for k in range(96 * 60)]
    states = [here.state(t) for t in moments]
    assert [there.state(t + SLOT_US - 1) for t in reversed(moments)] == states[::-1]
    assert {"fair", "rain"} < set(states)


def test_random_weather_has_the_configured_rates():
    """The share of hours with rain is the rate times the mean length, less what overlaps and midnight
    caps."""
    kinds = {"rain": Kind(0.9, 0.4, 2.0)}
    weather = Weather(WeatherConfig(random=True, kinds=kinds), Streams(1), LOCAL)
    wet = np.mean([weather.state(MONDAY + k * SLOT_US) == "rain" for k in range(0, 96 * 1500, 3)])
    assert wet == pytest.approx(0.4 * 2.0 / 24, rel=0.12)


def test_winter_weather_stays_in_winter():
    """Snow falls in its months only."""
    weather = Weather(WeatherConfig(random=True, kinds={"snow": Kind(0.7, 1.0, 5.0, (1,))}), Streams(1), LOCAL)
    january, july = LOCAL.at(20_089, 0), LOCAL.at(20_270, 0)
    assert any(weather.state(january + k * HOUR) == "snow" for k in range(200))
    assert not any(weather.state(july + k * HOUR) == "snow" for k in range(200))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"day_cv": -1}, "traffic.day_cv"),
        ({"congestion_weekday": (0.0,) * 23}, "traffic.congestion_weekday"),
        ({"congestion_weekday": (2.0,) * 24, "speed_at_peak": (0.1,) * 10}, "would stop traffic"),
        ({"junction_delay_s": (float("nan"),) * 10}, "traffic.junction_delay_s"),
    ],
)
def test_bad_settings_are_named(change, named):
    """A setting out of range is named in the error."""
    with pytest.raises(ValueError, match=named):
        TrafficConfig(**change)


def test_unknown_weather_names_the_nearest():
    """A misspelt kind of weather is answered with the nearest one."""
    with pytest.raises(ValueError, match="nearest is 'snow'"):
        WeatherConfig(script=(Spell("snwo", 0, 1),))


def test_presets_differ_only_where_they_say():
    """The Porto preset changes the two evening hours it was calibrated for."""
    default, porto = PRESETS["default"], PRESETS["porto"]
    changed = [h for h in range(24) if default.congestion_weekday[h] != porto.congestion_weekday[h]]
    assert changed == [17, 18]
    assert replace(porto, congestion_weekday=default.congestion_weekday) == default


def test_what_was_asked_before_changes_no_drive():
    """Usual times are kept for the hours asked for last, least times for each top speed; both are those of the ask."""
    asked = traffic()
    for bucket in range(BUCKETS):
        asked.usual_weights_ms(VAN, bucket)
    for top_mps in (36.0, 5.0):
        edges = walk(200, 1)
        for hour in (8, 9, 3):
            depart_us = MONDAY + hour * HOUR
            fresh = traffic().drive(edges, depart_us, 1.0, top_mps)
            assert np.array_equal(asked.drive(edges, depart_us, 1.0, top_mps), fresh)
    assert len(asked._usual) < BUCKETS / 2
