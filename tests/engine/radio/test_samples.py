"""The sample lane."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.coverage.code import LTE, OLDER, pack
from engine.radio import NEVER_US
from engine.radio.lane_settings import LaneSettings
from engine.radio.links import Links
from engine.radio.samples import FATES, SampleLane, Settled
from engine.radio.settings import REATTACH_US, Carriers, LinkSettings
from engine.streams import Streams
from tests.engine.radio.plain_lane import Device, life
from tests.engine.radio.world import START, S, Script, contacts

LATENCY = 200_000


def carriers(loss: float = 0.0, faults: float = 0.0) -> Carriers:
    return Carriers(("red", "blue"), (loss, loss / 2), (faults, faults), (30.0, 30.0))


def code(*levels: int) -> int:
    return int(pack(levels))


def linked(script: Script, of: Carriers | None = None, **keys) -> Links:
    n = len(script.timelines)
    fit = LinkSettings.fit([f"D{i}" for i in range(n)], range(n), [(0, 1)] * n, **keys)
    return Links(fit, of or carriers(), Streams(1), START, script)


def lane(script: Script, of: Carriers | None = None, links: dict | None = None, **keys) -> SampleLane:
    of_links = linked(script, of, **(links or {}))
    return SampleLane(of_links, LaneSettings.fit(len(of_links), **keys), LATENCY)


Times = list[int | None]
"""When a device's samples are measured; None: one that is not, for want of power."""


def table(occurred: dict[int, Times], from_us: int, until_us: int) -> dict[str, np.ndarray]:
    """Columns of what each device measures in (from, until]."""
    rows = [
        (d, n, t)
        for d, times in occurred.items()
        for n, t in enumerate(times)
        if t is not None and from_us < t <= until_us
    ]
    device, sample, occurred_us = (
        (np.array(column, np.int64) for column in zip(*rows)) if rows else [np.empty(0, int)] * 3
    )
    return {"device": device.astype(np.int32), "sample": sample.astype(np.int32), "occurred_us": occurred_us}


Fates = dict[tuple[int, int], tuple[str, int, int]]


def collect(settled: Settled, fates: Fates, doubles: list | None = None) -> None:
    """Add what a settlement made known: (fate, arrival, network) by device and sample."""
    for part in settled.parts:
        names = ("device", "sample")
        rows = [part.column(name).tolist() for name in names]
        for device, sample, fate, arrive, network in zip(
            *rows, part.fate.tolist(), part.arrive_us.tolist(), part.network.tolist()
        ):
            assert (device, sample) not in fates
            fates[device, sample] = (FATES[fate], arrive, network)
    if doubles is not None:
        for d in settled.duplicates:
            doubles += zip(*(getattr(d, name).tolist() for name in ("device", "first_sample", "arrive_us", "network")))


def go(of: SampleLane, occurred: dict[int, Times], moments: list[int], doubles: list | None = None) -> Fates:
    """All fates, settled at each moment in turn."""
    fates: Fates = {}
    for until_us in moments:
        of.take(table(occurred, of.links.now_us, until_us))
        collect(of.settle(until_us), fates, doubles)
    collect(of.close(), fates, doubles)
    counts = of.counts()
    assert counts["taken"] == len(fates) == sum(counts[name] for name in FATES)
    assert counts["open"] == 0
    return fates


def every(period_s: float, count: int, offset_us: int = 1) -> Times:
    return [START + offset_us + round(i * period_s * S) for i in range(count)]


# --- examples -----------------------------------------------------------------------------------------------------


def test_over_the_perfect_network_all_arrives_a_latency_later_at_once() -> None:
    links = Links(LinkSettings.fit(["A", "B"], [0, 1]), Carriers(), Streams(1), START)
    of = SampleLane(links, LaneSettings.fit(2, batch_samples=1), LATENCY)
    columns = table({0: every(1, 5), 1: every(0.5, 9)}, START, START + 100 * S)
    of.take(columns)
    (part,) = of.settle(START + 100 * S).parts
    assert part.rows is None
    assert part.columns is columns
    assert (part.arrive_us == columns["occurred_us"] + LATENCY).all()
    assert (part.network == 0).all()
    assert of.counts()["received"] == 14


def test_what_is_measured_in_the_dark_is_sent_oldest_first_once_connected() -> None:
    script = Script(1)
    script.tell(0, [(START + 95 * S, code(OLDER))])  # 400 kbit/s: 2 ms for 100 bytes
    fates = go(lane(script), {0: every(10, 12)}, [START + 200 * S])
    expected = [START + 95 * S + 2_000 * (n + 1) + LATENCY for n in range(10)]
    assert [fates[0, n][1] for n in range(10)] == expected
    assert fates[0, 10] == ("received", START + 100 * S + 1 + 2_000 + LATENCY, 1)


def test_newest_first_sends_what_was_measured_last_and_overtakes() -> None:
    script = Script(1)
    script.tell(0, [(START + 95 * S, code(OLDER))])
    fates = go(lane(script, newest_first=True), {0: every(10, 10)}, [START + 200 * S])
    assert sorted(range(10), key=lambda n: fates[0, n][1]) == list(range(9, -1, -1))


@pytest.mark.parametrize(("drop_newest", "kept"), [(False, range(6, 10)), (True, range(4))])
def test_a_full_buffer_loses_the_oldest_or_the_newest(drop_newest: bool, kept: range) -> None:
    script = Script(1)
    script.tell(0, [(START + 95 * S, code(OLDER))])
    fates = go(lane(script, buffer_samples=4, drop_newest=drop_newest), {0: every(10, 10)}, [START + 99 * S])
    assert [n for n in range(10) if fates[0, n][0] == "received"] == list(kept)
    assert {fates[0, n] for n in range(10) if n not in kept} == {("overrun", NEVER_US, -1)}


def test_a_batch_arrives_together_when_its_last_sample_was_measured() -> None:
    fates = go(lane(Script(1, code(OLDER)), batch_samples=3), {0: every(10, 8)}, [START + 5 * S, START + 100 * S])
    first, second = START + 20 * S + 1 + 6_000 + LATENCY, START + 50 * S + 1 + 6_000 + LATENCY
    assert [fates[0, n][1] for n in range(6)] == [first] * 3 + [second] * 3
    assert [fates[0, n][0] for n in (6, 7)] == ["buffered"] * 2


def test_a_lost_transmission_is_repeated_beside_the_queue_and_others_overtake_it() -> None:
    of = lane(Script(1, code(LTE)), carriers(loss=0.3), retry_s=30.0, jitter=False)
    fates = go(of, {0: every(10, 100)}, [START + 3600 * S])
    delays = [fates[0, n][1] - t - LATENCY - 160 for n, t in enumerate(every(10, 100))]
    assert set(delays) <= {0, 30 * S, 90 * S, 210 * S, 450 * S, 750 * S}
    assert sum(delay > 0 for delay in delays) == pytest.approx(30, abs=14)
    assert max(delays) > 30 * S


def test_a_lost_receipt_doubles_a_batch_apart_from_the_rows() -> None:
    doubles: list = []
    of = lane(Script(1, code(LTE)), batch_samples=2, duplicate_share=1.0, retry_s=5.0, jitter=False)
    fates = go(of, {0: every(10, 6)}, [START + 21 * S, START + 60 * S], doubles)
    assert len(fates) == 6
    assert doubles == [(0, n, fates[0, n][1] + 5 * S, 1) for n in (0, 2, 4)]
    assert of.counts()["duplicates"] == 6


def test_what_a_device_holds_is_lost_with_it_and_what_it_measures_until_revived() -> None:
    script = Script(1)
    script.tell(0, [(START + 100 * S, code(LTE))])
    of, occurred, fates = lane(script), {0: every(10, 20)}, {}
    for until_us, act in ((START + 35 * S, "stolen"), (START + 75 * S, None), (START + 300 * S, "")):
        of.take(table(occurred, of.links.now_us, until_us))
        collect(of.settle(until_us), fates)
        if act:
            of.links.end_device(0, until_us, act)
        elif act is None:
            of.links.revive(0, until_us)
    assert [fates[0, n][0] for n in range(20)] == ["stolen"] * 8 + ["received"] * 12
    assert of.counts() == {"taken": 20, "duplicates": 0, **dict.fromkeys(FATES, 0), "stolen": 8, "received": 12}


def test_a_plan_used_up_slows_samples_from_the_next_full_hour() -> None:
    of = lane(Script(1, code(LTE)), links={"month_bytes": 5_000, "throttled_kbps": 8.0})
    fates = go(of, {0: every(60, 180)}, [START + 10_800 * S])
    delays = [fates[0, n][1] - t - LATENCY for n, t in enumerate(every(60, 180))]
    assert delays == [160] * 60 + [100_000] * 120  # 60 samples of 100 bytes in the first hour


def test_settling_backwards_is_refused() -> None:
    of = lane(Script(1))
    of.settle(START + 5)
    with pytest.raises(ValueError, match="cannot settle up to"):
        of.settle(START + 4)


# --- theory ---------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 200), st.sampled_from([2, 10, 60]), st.integers(1, 300))
def test_backlog_overflow_and_drain_after_an_outage_are_the_closed_forms(room: int, period_s: int, n: int) -> None:
    """After a time L without connection min(B, L / period) wait; they drain at the link's rate less the arrivals'."""
    script, back_us = Script(1), START + n * period_s * S
    script.tell(0, [(back_us, code(OLDER))])
    of = lane(script, buffer_samples=room, sample_bytes=2_500 * period_s)  # 400 kbit/s: a twentieth of the period
    occurred = every(period_s, n + room, period_s * S // 2)
    fates = go(of, {0: occurred}, [back_us, occurred[-1] + 100 * period_s * S])
    backlog = min(room, n)
    assert [fates[0, k][0] for k in range(n)] == ["overrun"] * (n - backlog) + ["received"] * backlog
    air_us = period_s * S // 20
    waited = [k for k in range(n + room) if fates[0, k][1] > occurred[k] + LATENCY + air_us]
    drained_s = (fates[0, max(waited)][1] - LATENCY - back_us) / S
    rate, arrivals = 20 / period_s, 1 / period_s
    assert drained_s == pytest.approx(backlog / (rate - arrivals), abs=2 / rate)


def test_late_samples_and_occupancy_of_an_on_off_link_are_the_closed_forms() -> None:
    """Off a share p of the time, for L on average (exponential): p of all samples are late, by L on average; so by
    Little's law p L / period wait on average."""
    rng, off_s, on_s, period_s, n, count = np.random.default_rng(5), 90.0, 1_710.0, 10.0, 100, 8_000
    script, until_us = Script(n), START + 86_400 * S
    for vehicle in range(n):
        t, rows = START + round(rng.exponential(on_s) * S), []
        while t < until_us:
            back_us = t + round(rng.exponential(off_s) * S)
            rows += [(t, 0), (back_us, code(LTE))]
            t = back_us + round(rng.exponential(on_s) * S)
        script.timelines[vehicle] = [(START - 1, code(LTE)), *rows]
    of = lane(script)
    of.take({
        "device": np.repeat(np.arange(n), count), "sample": np.tile(np.arange(count), n),
        "occurred_us": np.concatenate([every(period_s, count, int(phase)) for phase in rng.integers(1, 10 * S, n)]),
    })  # fmt: skip
    late_us = np.concatenate([p.arrive_us - p.column("occurred_us") - LATENCY for p in of.settle(until_us).parts])
    p = off_s / (off_s + on_s)
    assert len(late_us) == of.counts()["received"] == n * count
    assert (late_us > 2_000).mean() == pytest.approx(p, rel=0.06)
    assert late_us[late_us > 2_000].mean() / S == pytest.approx(off_s, rel=0.06)
    assert late_us.sum() / S / (n * count * period_s) == pytest.approx(p * off_s / period_s, rel=0.1)


def test_a_batch_broken_off_by_a_cut_of_power_is_sent_when_measuring_goes_on() -> None:
    """Four a batch, one each ten seconds, without power from sample 5 to sample 9: what was left of the second batch
    goes with sample 10, the third is whole with sample 11; of the fourth, cut off for good, two stay."""
    script = Script(1)
    script.tell(0, [(START, code(LTE))])
    times = [None if 5 <= n <= 9 or n >= 14 else t for n, t in enumerate(every(10, 16))]
    fates = go(lane(script, batch_samples=4), {0: times}, [START + 400 * S])
    sent_us = {n: arrive_us - LATENCY - 640 for (_, n), (fate, arrive_us, _) in fates.items() if fate == "received"}
    closes = {**dict.fromkeys(range(4), 3), 4: 10, 10: 11, 11: 11}
    assert sent_us == {n: times[last] for n, last in closes.items()}
    assert {n for (_, n), (fate, *_) in fates.items() if fate == "buffered"} == {12, 13}


# --- invariants -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_over_the_perfect_network_all_arrives_at_once_however_time_is_cut(data: st.DataObject) -> None:
    """Also from a device that was gone, once it has attached, in the window in which it does and in those after."""
    draw, until_us = data.draw, START + 400 * S
    gone, back = sorted(START + t * S for t in draw(st.sets(st.integers(1, 390), min_size=2, max_size=2)))
    batch = draw(st.integers(1, 3))
    gaps = draw(st.lists(st.sampled_from([1, 5, 20]), min_size=5, max_size=40))
    times: Times = [START + int(t) * S for t in np.cumsum(gaps) if t <= 400]
    cuts = {START + t * S for t in draw(st.sets(st.integers(1, 399), max_size=8))}
    links = Links(LinkSettings.fit(["A"], [0], reattach_s_median=5.0), Carriers(), Streams(1), START)
    of, fates = SampleLane(links, LaneSettings.fit(1, batch_samples=batch), LATENCY), {}
    for moment in sorted({*cuts, gone, back, until_us}):
        of.take(table({0: times}, links.now_us, moment))
        collect(of.settle(moment), fates)
        if moment == gone:
            links.end_device(0, moment, "dead")
        if moment == back:
            links.revive(0, moment)
    whole = [range(k, k + batch) for k in range(0, len(times) - batch + 1, batch)]
    for of_batch in whole:
        first, last = times[of_batch[0]], times[of_batch[-1]]
        if last <= gone or first > back + REATTACH_US[1]:
            assert {fates[0, n] for n in of_batch} == {("received", last + LATENCY, 0)}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_fates_are_the_plain_ones_however_time_is_cut(data: st.DataObject) -> None:
    n, draw = data.draw(st.integers(1, 3)), data.draw
    until_us = START + 400 * S
    loss, faults = draw(st.sampled_from([0.0, 0.4])), draw(st.sampled_from([0.0, 300.0]))
    net, size = carriers(loss, faults), draw(st.sampled_from([100, 50_000, 500_000, 2_000_000]))
    batch, rooms = draw(st.integers(1, 3)), draw(st.lists(st.integers(0, 8), min_size=n, max_size=n))
    keys = {
        "sample_bytes": size, "batch_samples": batch, "buffer_samples": rooms,
        "newest_first": draw(st.booleans()), "drop_newest": draw(st.booleans()),
        "retry_s": 7.0, "retry_most_s": 20.0, "jitter": draw(st.booleans()),
        "duplicate_share": draw(st.sampled_from([0.0, 0.5])),
    }  # fmt: skip
    of_links = {"reattach_s_median": draw(st.sampled_from([0.0, 5.0])), "switch_s": 3.0}
    script = Script(n)
    for vehicle in range(n):
        times = sorted(draw(st.sets(st.integers(0, 390), max_size=6)))
        a_code = st.sampled_from([0, 0, code(LTE), code(OLDER), code(0, OLDER)])
        script.tell(vehicle, [(START + t * S, draw(a_code)) for t in [0, *times]])
    occurred: dict[int, Times] = {}
    for device in range(n):
        gaps = draw(st.lists(st.sampled_from([1, 5, 5, 5, 20]), max_size=25))
        off = draw(st.sets(st.integers(0, 24), max_size=12))  # without power
        occurred[device] = [None if k in off else START + int(t) * S for k, t in enumerate(np.cumsum(gaps))]
    ends = draw(st.sampled_from([None, None, (150, 151), (100, 200)]))
    cuts = sorted(START + t * S for t in draw(st.sets(st.integers(1, 399), max_size=8)))
    stops = [START + t * S for t in ends or ()]

    def run(moments: list[int]) -> tuple[Fates, list]:
        of, fates, doubles = lane(script, net, of_links, **keys), {}, []
        for moment in sorted({*moments, *stops, until_us}):
            of.take(table(occurred, of.links.now_us, moment))
            collect(of.settle(moment), fates, doubles)
            if ends and moment == stops[0]:
                of.links.end_device(0, moment, "dead")
            if ends and moment == stops[1]:
                of.links.revive(0, moment)
        collect(of.close(), fates, doubles)
        counts = of.counts()
        measured = sum(t is not None for times in occurred.values() for t in times)
        assert counts["taken"] == len(fates) == measured == sum(counts[f] for f in FATES)
        return fates, sorted(doubles)

    whole = run([])
    assert run(cuts) == whole
    links, of_lane = linked(script, net, **of_links), LaneSettings.fit(n, **keys)
    found: dict = {device: [] for device in range(n)}
    for moment in [*stops, until_us]:
        for device, rows in contacts(links, [moment]).items():
            found[device] += rows
        if ends and moment == stops[0]:
            links.end_device(0, moment, "dead")
        if ends and moment == stops[1]:
            links.revive(0, moment)
    for device in range(n):
        plain = Device(
            int(links.keys[device]), int(of_lane.room[device]), batch, int(of_lane.work[device]),
            keys["newest_first"], keys["drop_newest"], 7 * S, 20 * S, keys["jitter"],
            {i: round(share * 2**32) for i, share in enumerate((0, *net.loss_share))},
            round(keys["duplicate_share"] * 2**32),
            {(1, LTE): 5_000, (1, OLDER): 400, (2, OLDER): 400}, LATENCY,
        )  # fmt: skip
        mine = [(k, t) for k, t in enumerate(occurred[device]) if t is not None]
        lives = [(START, stops[0]), (stops[1], until_us)] if ends and device == 0 else [(START, until_us)]
        expected: dict[int, tuple] = {}
        twice: list = []
        for a, b in lives:
            there = [row for row in found[device] if a <= row[0] < b]
            got, doubled = life(plain, there, [(k, t) for k, t in mine if a < t <= b], a, b)
            last = b == until_us
            for k, t in mine:
                if a < t <= b:
                    expected[k] = got.get(k, "buffered" if last else "dead")
            twice += [(device, *d) for d in doubled]
        fates = {k: ("received", *f) if isinstance(f, tuple) else (f, NEVER_US, -1) for k, f in expected.items()}
        fates |= {k: ("dead", NEVER_US, -1) for k, t in mine if ends and device == 0 and stops[0] < t <= stops[1]}
        assert {k: f for (d, k), f in whole[0].items() if d == device} == fates
        assert [d for d in whole[1] if d[0] == device] == sorted(twice)
