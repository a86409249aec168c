"""Age of information: the worked example, a second-by-second reference, any batching."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.kpis.telemetry import AgeDistribution, AgeOfInformation, telemetry_facts

TIME = pa.timestamp("us", tz="UTC")
WORKED = ([0, 10, 20, 30, 40], [2, 13, 21, 55, 56])


def _table(rows):
    """Telemetry of (vehicle, generated s, received s or None)."""
    vehicle, generated, received = zip(*rows) if rows else ((), (), ())
    seconds = [pa.array([None if s is None else s * 10**6 for s in c], TIME) for c in (generated, received)]
    names = ("vehicle_id", "occurred_at", "received_at")
    return pa.table(dict(zip(names, (pa.array(vehicle, pa.string()), *seconds))))


def _shift(vehicle, start_s, end_s):
    return vehicle, start_s * 10**6, end_s * 10**6


def _reference_mean(rows, shifts):
    """Mean age, integrating second by second, straight from the definition."""
    area = counted = 0.0
    for vehicle, start, end in shifts:
        for second in range(start, end):
            known = [g for v, g, r in rows if v == vehicle and r is not None and r <= second]
            area += second + 0.5 - max([start, *known])
            counted += 1
    return area / counted if counted else None


def test_worked_example():
    """Generated 0 10 20 30 40, received 2 13 21 55 56: the mean age on [2, 56] is 776/54 = 14.37 s."""
    facts = telemetry_facts(_table([("V1", g, r) for g, r in zip(*WORKED)]), [])
    assert facts.mean_age_s() == 776 / 54


def test_peaks_of_the_worked_example():
    """The age reaches 13, 11, 35 and 26 s just before it is reset, and stays at or below 35 s all the time."""
    age = AgeOfInformation()
    peaks = []
    age.ages.add = lambda low, high: peaks.extend((high[high > low] // 1000).tolist())
    times = [np.array(values) * 1000 for values in WORKED]
    age.add(age.codes(pa.array(["V1"] * 5)), *times)
    assert peaks == [13, 11, 35, 26]


def test_an_older_sample_arriving_late_resets_nothing():
    """A sample of 5 s received after one of 10 s leaves the age as it was."""
    rows = [("V1", 0, 1), ("V1", 10, 11), ("V1", 20, 21)]
    late = [*rows, ("V1", 5, 15)]
    assert telemetry_facts(_table(late), []).mean_age_s() == telemetry_facts(_table(rows), []).mean_age_s()


def test_age_counts_during_shifts_only_and_starts_at_zero():
    """A sample before the shift says nothing; a silent vehicle grows old from the start of its shift to its end."""
    facts = telemetry_facts(_table([("V1", 0, 1), ("V1", 500, 501)]), [_shift("V1", 100, 200), _shift("V2", 0, 40)])
    assert facts.counted_ms.tolist() == [100_000, 40_000]
    assert facts.by_vehicle()["V1"].mean_age_s() == 50.0
    assert facts.by_vehicle()["V2"].mean_age_s() == 20.0


def test_lost_samples_are_counted_and_reset_nothing():
    """Two of three samples received: a third is lost, and the age runs through it."""
    facts = telemetry_facts(_table([("V1", 0, 0), ("V1", 10, None), ("V1", 20, 20)]), [_shift("V1", 0, 20)])
    assert facts.lost_share() == 1 / 3
    assert facts.mean_age_s() == 10.0


def test_no_telemetry_is_no_facts():
    """Nothing taken: nothing known."""
    assert telemetry_facts(None, []) is None
    assert telemetry_facts(_table([]), [_shift("V1", 0, 10)]) is None


samples = st.lists(
    st.tuples(st.sampled_from(["V1", "V2"]), st.integers(0, 100), st.one_of(st.none(), st.integers(0, 40))), max_size=25
).map(lambda rows: [(v, g, None if lag is None else g + lag) for v, g, lag in rows])
shift_times = st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda p: (p[0], p[0] + p[1]))


@settings(max_examples=60)
@given(samples, shift_times, shift_times, st.randoms(use_true_random=False))
def test_agrees_with_the_definition_in_any_row_order(rows, first, second, random):
    """The mean is that of a second-by-second sum, whatever the order of rows."""
    shifts = [("V1", *first), ("V2", *second)]
    shuffled = rows.copy()
    random.shuffle(shuffled)
    a, b = (telemetry_facts(_table(r), [_shift(*s) for s in shifts]) for r in (rows, shuffled))
    if a is None:
        assert not rows
        return
    assert abs(a.mean_age_s() - _reference_mean(rows, shifts)) < 1e-9
    assert a.mean_age_s() == b.mean_age_s()
    assert a.age_quantile_s(0.95) == b.age_quantile_s(0.95)


@settings(max_examples=60)
@given(samples, shift_times, shift_times, st.integers(1, 7))
def test_batches_change_nothing(rows, first, second, size):
    """Samples fed in pieces, in order of reception, give the same sums as all at once."""
    rows = sorted((row for row in rows if row[2] is not None), key=lambda row: row[2])
    ages = []
    for step in (size, len(rows) + 1):
        age = AgeOfInformation([_shift("V1", *first), _shift("V2", *second)])
        for i in range(0, len(rows), step):
            vehicle, generated, received = zip(*rows[i : i + step])
            age.add(age.codes(pa.array(vehicle)), np.array(generated) * 1000, np.array(received) * 1000)
        age.finish()
        ages.append(age)
    assert ages[0].area2_ms2.tolist() == ages[1].area2_ms2.tolist()
    assert ages[0].counted_ms.tolist() == ages[1].counted_ms.tolist()
    assert ages[0].ages.quantile_s(0.95) == ages[1].ages.quantile_s(0.95)


segments = st.lists(
    st.tuples(st.integers(0, 10**7), st.integers(1, 10**6)).map(lambda p: (p[0], p[0] + p[1])), min_size=1, max_size=20
)


@given(segments, st.sampled_from([0.05, 0.5, 0.95, 1.0]))
def test_quantile_of_ages_is_within_a_hundredth(lows_highs, q):
    """The share of time at ages up to the quantile is q, to within the width of a bin."""
    low, high = np.array(lows_highs).T
    ages = AgeDistribution()
    ages.add(low, high)
    x = ages.quantile_s(q) * 1000
    total = (high - low).sum()

    def time_up_to(age):
        return (np.clip(age, low, high) - low).sum()

    assert time_up_to(x * 0.992 - 1) <= q * total + 1e-6 * total
    assert time_up_to(x * 1.008 + 1) >= q * total - 1e-6 * total
