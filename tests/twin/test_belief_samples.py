"""Telemetry into belief: the newest counts, history fills up, clocks that cannot be right are not believed."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.belief import Belief
from twin.clocks import OLDEST_US, TOLERANCE_US
from twin.last_known import KEPT, LastKnown, Track
from twin.samples import SampleBatch
from twin.views import NEVER_US

SECOND = 1_000_000
DAY = 86_400 * SECOND
NOON = 20_000 * DAY + DAY // 2


def known(vehicles: int = 1) -> LastKnown:
    """Nothing heard yet of some vehicles."""
    last = LastKnown()
    for _ in range(vehicles):
        last.add_vehicle()
    return last


def picture(last: LastKnown) -> tuple:
    """All that is known, comparable."""
    tracks = [[column.tolist() for column in last.track(row)] for row in range(last.vehicles)]
    return str(last.rows.tolist()), tracks


def drive(samples: int, speeds: list[float] | float = 10.0, **columns: object) -> SampleBatch:
    """One vehicle's samples from noon on, one per 10 s, heard at once; latitude counts them."""
    number = np.arange(samples)
    return SampleBatch.of(
        np.zeros(samples, int), NOON + number * 10 * SECOND, 50.0 + number / 1e4, 8.0,
        **({"sample": number, "speed_mps": speeds} | columns),
    )  # fmt: skip


@st.composite
def streams(draw: st.DrawFn) -> SampleBatch:
    """Samples of three devices on two vehicles, some without a fix, received in any order, some twice."""
    counts = [draw(st.integers(0, 12)) for _ in range(3)]
    device = np.repeat([0, 1, 2], counts)
    sample = np.concatenate([np.arange(count) for count in counts])
    n = len(device)
    recorded = NOON + sample * 10 * SECOND + device
    late = draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    pick = draw(st.lists(st.integers(0, max(0, n - 1)), max_size=5)) if n else []
    rows = np.append(np.arange(n), pick).astype(int)
    return SampleBatch.of(
        np.array([0, 0, 1])[device], recorded, 50.0 + sample / 1e4, 8.0 + device, device=device, sample=sample,
        received_us=recorded + np.array(late, np.int64) * 10 * SECOND,
        speed_mps=draw(st.lists(st.sampled_from([0.0, 0.9, 1.0, 9.0]), min_size=n, max_size=n)),
        satellites=draw(st.lists(st.sampled_from([0, 5, 12]), min_size=n, max_size=n)),
        ignition=draw(st.lists(st.booleans(), min_size=n, max_size=n)),
        supply_mv=11_000 + sample,
    ).take(rows)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(batch=streams(), cuts=st.lists(st.integers(0, 40), max_size=5), seed=st.integers(0, 99))
def test_how_reception_is_cut_and_how_rows_lie_in_a_batch_changes_nothing(
    batch: SampleBatch, cuts: list[int], seed: int
) -> None:
    """One batch of shuffled rows, or a batch for every span of time."""
    whole, parts = known(2), known(2)
    whole.observe(batch.take(np.random.default_rng(seed).permutation(len(batch))))
    edges = [0, *sorted(NOON + cut * 10 * SECOND for cut in cuts), NEVER_US]
    for a, b in pairwise(edges):
        parts.observe(batch.take(np.flatnonzero((batch.received_us > a) & (batch.received_us <= b))))
    assert picture(parts) == picture(whole)


@settings(max_examples=100, deadline=None)
@given(batch=streams(), seed=st.integers(0, 10**6))
def test_the_order_of_arrival_changes_nothing(batch: SampleBatch, seed: int) -> None:
    """The same samples in one batch, or one after the other in any order."""
    one, other = known(2), known(2)
    one.observe(batch.take(np.lexsort((batch.sample, batch.device))))
    for row in np.random.default_rng(seed).permutation(len(batch)):
        other.observe(batch.take(np.array([row])))
    assert picture(one) == picture(other)


@settings(max_examples=100, deadline=None)
@given(batch=streams())
def test_the_fold_is_what_it_says(batch: SampleBatch) -> None:
    """Against a loop over all samples, vehicle by vehicle."""
    last = known(2)
    last.observe(batch)
    for row in range(2):
        mine = [i for i in range(len(batch)) if batch.vehicle[i] == row]
        fixes = sorted((i for i in mine if batch.satellites[i]), key=lambda i: (batch.recorded_us[i], batch.device[i]))
        state = last.rows[row]
        assert state["heard_us"] == max((batch.received_us[i] for i in mine), default=0)
        assert state["recorded_us"] == max((batch.recorded_us[i] for i in mine), default=0)
        if not fixes:
            assert np.isnan(state["lat"])
            assert state["still_since_us"] == NEVER_US
            continue
        newest = fixes[-1]
        assert (state["lat"], state["fixed_us"]) == (batch.lat[newest], batch.recorded_us[newest])
        moved = max((batch.recorded_us[i] for i in fixes if batch.speed_mps[i] >= 1), default=0)
        still = min((batch.recorded_us[i] for i in fixes if batch.recorded_us[i] > moved), default=NEVER_US)
        assert state["still_since_us"] == still
        assert last.track(row).at_us.tolist() == sorted({int(batch.recorded_us[i]) for i in fixes})


def test_a_late_batch_fills_the_gap_and_moves_nothing() -> None:
    """A hundred seconds in a tunnel, heard after what came next."""
    day, last = drive(200), known()
    in_tunnel = np.arange(200) // 10 == 18
    last.observe(day.take(np.flatnonzero(~in_tunnel)))
    before, gap = last.rows[0].item(), last.track(0)
    assert np.diff(gap.at_us).max() == 11 * 10 * SECOND
    last.observe(day.take(np.flatnonzero(in_tunnel)))
    assert last.rows[0].item() == before
    track = last.track(0)
    assert np.diff(track.at_us).tolist() == [10 * SECOND] * (KEPT - 1)
    assert track.lat.tolist() == day.lat[-KEPT:].tolist()


def test_what_is_remembered_is_bounded() -> None:
    """However long it drives; and a sample later than all that is kept is not history any more."""
    last, day = known(), drive(10 * KEPT)
    for start in range(1, 10 * KEPT, 7):
        last.observe(day.take(np.arange(start, min(start + 7, 10 * KEPT))))
    assert len(last.track(0).at_us) == KEPT
    last.observe(day.take(np.array([0])))
    assert last.track(0).at_us[0] == day.recorded_us[-KEPT]


def test_no_fix_is_heard_but_no_position() -> None:
    """In a tunnel the position is repeated and the speed 0: neither counts."""
    last, day = known(), drive(3, satellites=[12, 0, 0], speed_mps=[20.0, 0.0, 0.0], supply_mv=[1, 2, 3])
    last.observe(day)
    state = last.rows[0]
    assert (state["fixed_us"], state["speed_mps"], state["still_since_us"]) == (NOON, 20.0, NEVER_US)
    assert (state["recorded_us"], state["supply_mv"], state["satellites"]) == (NOON + 20 * SECOND, 3, 0)
    assert state["heard_us"] == state["sampled_us"] == NOON + 20 * SECOND


def test_standing_counts_from_the_first_sample_that_stood() -> None:
    """Also when a move in its midst is heard late, and after so long that the track has forgotten the beginning."""
    last, day = known(), drive(9, [5.0, 0.5, 0.0, 0.0, 7.0, 0.2, 0.0, 0.0, 0.0])
    last.observe(day.take(np.array([0, 1, 2, 3, 5, 6, 7])))
    assert last.rows["still_since_us"][0] == NOON + 10 * SECOND
    last.observe(day.take(np.array([4])))
    assert last.rows["still_since_us"][0] == NOON + 50 * SECOND
    parked = known()
    parked.observe(drive(5 * KEPT, np.append(3.0, np.zeros(5 * KEPT - 1))))
    assert parked.rows["still_since_us"][0] == NOON + 10 * SECOND
    parked.observe(drive(5 * KEPT + 1).take(np.array([5 * KEPT])))
    assert parked.rows["still_since_us"][0] == NEVER_US


# --- clocks ---


def clocked(shift_us: np.ndarray, delay_us: int = SECOND) -> LastKnown:
    """Samples whose recorded time is off by so much."""
    day = drive(len(shift_us))
    wrong = replace(day, recorded_us=day.recorded_us + shift_us, received_us=day.recorded_us + delay_us)
    last = known()
    for row in range(len(day)):
        last.observe(wrong.take(np.array([row])))
    whole = known()
    whole.observe(wrong)
    assert picture(last) == picture(whole)
    return last


@pytest.mark.parametrize(
    ("shift_us", "flagged"),
    [
        (np.zeros(20, np.int64), 0),
        (np.full(20, TOLERANCE_US), 0),
        (np.full(20, -TOLERANCE_US), 0),
        (np.full(20, TOLERANCE_US + 2 * SECOND), 20),  # ahead of reception, from the first one on
        (np.full(20, 365 * DAY), 20),
        (np.full(20, -NOON), 20),  # 1970
        (np.full(20, -1024 * 7 * DAY), 20),  # GPS week roll-over
        (np.repeat([0, -3600 * SECOND], 10), 10),  # summer time, taken for UTC
        (np.repeat([0, 3600 * SECOND], 10), 10),
        (np.repeat([0, -30 * SECOND], 10), 10),
        (np.array([0] * 5 + [DAY] + [0] * 14), 1),
        (np.array([0] * 5 + [-OLDEST_US - 2 * SECOND] + [0] * 14), 1),
    ],
)
def test_every_sample_whose_time_cannot_be_right_is_flagged_and_taken_as_just_now(
    shift_us: np.ndarray, flagged: int
) -> None:
    """No other is; the position stays within the tolerance of when it was true."""
    last = clocked(shift_us)
    state = last.rows[0]
    assert state["clock_faults"] == flagged
    assert state["lat"] == 50.0 + (len(shift_us) - 1) / 1e4
    true_us = NOON + (len(shift_us) - 1) * 10 * SECOND
    assert abs(int(state["fixed_us"]) - true_us) <= max(TOLERANCE_US, SECOND)
    assert state["fixed_us"] <= state["heard_us"]


def test_a_buffer_of_a_day_is_late_and_not_a_wrong_clock() -> None:
    """Newest first: nothing flagged, and the first one heard stays the last known."""
    day = drive(KEPT)
    order = np.arange(KEPT)[::-1]
    late = replace(day, received_us=NOON + DAY + order * SECOND)
    last = known()
    for row in order:
        last.observe(late.take(np.array([row])))
    assert last.rows["clock_faults"][0] == 0
    assert last.rows["fixed_us"][0] == day.recorded_us[-1]
    assert last.track(0).at_us.tolist() == day.recorded_us.tolist()


# --- in a belief ---


def test_a_view_shows_last_known_states_and_their_ages_and_is_not_changed_later() -> None:
    """Arrays by vehicle, those of vehicles never heard of with NaN and 0."""
    belief = Belief()
    belief.apply("depot_registered", 0, {"depot_id": "main", "place": {"place_id": "m", "lat": 50.0, "lon": 8.0}})
    for name in ("V1", "V2"):
        belief.apply("vehicle_registered", 0, {
            "vehicle_id": name, "device_id": name, "group": "g", "kind": "van", "profile": "van", "depot_id": "main",
            "capacity": {}, "offers": [],
        })  # fmt: skip
    belief.observe(drive(4, 0.0, ignition=True, heading_deg=90.0, odometer_m=7.0, supply_mv=12_100))
    belief.hear("V2", NOON - SECOND, NOON)
    belief.hear("V1", NOON - 2 * SECOND, NOON - SECOND, by_device=False)
    view = belief.view(NOON + DAY)
    assert (view.ignition[0], view.heading_deg[0], view.odometer_m[0], view.supply_mv[0]) == (True, 90.0, 7.0, 12_100)
    assert view.still_since_us.tolist() == [NOON, NEVER_US]
    assert view.heard_us.tolist() == [NOON + 30 * SECOND, NOON]
    assert view.sampled_us.tolist() == [NOON + 30 * SECOND, 0]
    assert view.events_us == NOON
    assert view.told_us.tolist() == [0, NOON]
    assert view.told_of_us.tolist() == [0, NOON - SECOND]
    assert np.isnan(view.lat[1])
    assert (view.fixed_us[1], view.clock_faults[1]) == (0, 0)
    assert isinstance(belief.track("V1"), Track)
    belief.observe(drive(5).take(np.array([4])))
    assert view.fixed_us[0] == NOON + 30 * SECOND
    with pytest.raises(ValueError, match="read-only"):
        view.supply_mv[0] = 1
