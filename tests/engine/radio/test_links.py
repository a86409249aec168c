"""Which network a device uses when."""

from itertools import pairwise
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.coverage.code import LTE, NR, OLDER, pack
from engine.radio import NEVER_US
from engine.radio.faults import DAY_US, Faults
from engine.radio.links import Contact, Links
from engine.radio.settings import Carriers, LinkSettings
from engine.streams import Streams
from tests.engine.radio.world import START, Row, S, Script, contacts

TWO = Carriers(("red", "blue"), (0.01, 0.02), (0.0, 0.0), (120.0, 120.0))
WIFI, HOTSPOT = 3, 4


def code(*levels: int, wifi: bool = False) -> int:
    return int(pack(levels, wifi))


def one(script: Script, carriers: Carriers = TWO, sims: tuple[int, ...] = (0, 1), **keys) -> Links:
    n = len(script.timelines)
    settings = LinkSettings.fit([f"D{i}" for i in range(n)], range(n), [sims] * n, **keys)
    return Links(settings, carriers, Streams(1), START, script)


# --- examples -----------------------------------------------------------------------------------------------------


def test_without_surroundings_everybody_is_always_connected() -> None:
    links = Links(LinkSettings.fit(["A"], [0]), Carriers(), Streams(1), START)
    assert links.networks == ("perfect", "wifi", "hotspot")
    assert links.connected(0, START + 5) is not None
    assert links.next_contact_us(0, START + 5) == START + 5
    assert links.transmission_us(0, links.connected(0, START), 10**6) == 0
    assert links.advance(START + S).whole.tolist() == [True]


def test_a_device_prefers_wifi_then_its_sims_in_order_then_the_hotspot() -> None:
    script = Script(1)
    rows = [code(LTE, NR), code(0, NR), code(0, 0, OLDER), code(0, 0), code(LTE, NR, wifi=True)]
    script.tell(0, [(START + i * 10 * S, c) for i, c in enumerate(rows)])
    three = Carriers(("red", "blue", "grey"), (0.0, 0.0, 0.1), (0.0,) * 3, (1.0,) * 3)
    links = one(script, three, hotspot=2, wifi=True)
    assert contacts(links, [START + 50 * S])[0] == [
        (START, START + 10 * S, 1, LTE),
        (START + 10 * S, START + 20 * S, 2, NR),
        (START + 20 * S, START + 30 * S, 5, OLDER),
        (START + 40 * S, START + 50 * S, 4, 0),
    ]
    assert links.networks[5] == "hotspot"
    assert links.loss_share(0, Contact(0, 1, 5, OLDER)) == 0.1  # the hotspot's carrier
    assert links.loss_share(0, Contact(0, 1, 4, 0)) == 0.0
    assert links.rate_bps(0, Contact(0, 1, 5, OLDER)) == 400_000


def test_another_network_takes_the_switch_and_a_lost_one_time_to_attach() -> None:
    script = Script(1, code(LTE, LTE))
    script.tell(0, [(START + 60 * S, code(0, LTE)), (START + 120 * S, code(0, 0)), (START + 180 * S, code(LTE))])
    links = one(script, switch_s=15.0, reattach_s_median=5.0)
    assert links.connected(0, START) == Contact(START, START + 60 * S, 1, LTE)
    assert links.connected(0, START + 60 * S) is None
    assert links.next_contact_us(0, START + 60 * S) == START + 75 * S
    attached = links.next_contact_us(0, START + 120 * S)
    assert START + 181 * S <= attached <= START + 210 * S
    assert contacts(links, [START + 300 * S])[0][1:] == [
        (START + 75 * S, START + 120 * S, 2, LTE),
        (attached, START + 300 * S, 1, LTE),
    ]


def test_another_level_of_the_same_network_is_no_gap() -> None:
    script = Script(1, code(LTE))
    script.tell(0, [(START + 60 * S, code(OLDER))])
    links = one(script, switch_s=15.0, reattach_s_median=5.0)
    assert contacts(links, [START + 90 * S])[0] == [
        (START, START + 60 * S, 1, LTE),
        (START + 60 * S, START + 90 * S, 1, OLDER),
    ]


def test_what_changes_ahead_is_followed_and_told() -> None:
    script, told = Script(2, code(LTE)), []
    links = one(script, sims=(0,))
    links.on_change.append(lambda *change: told.append(change))
    links.advance(START + 10 * S)
    assert links.next_contact_us(0, START + 20 * S) == START + 20 * S
    script.tell(0, [(START + 15 * S, 0), (START + 30 * S, code(LTE))], now_us=START + 15 * S)  # an outage
    assert told == [(0, START + 15 * S)]
    assert links.next_contact_us(0, START + 20 * S) == START + 30 * S
    assert contacts(links, [START + 40 * S])[0] == [
        (START + 10 * S, START + 15 * S, 1, LTE),
        (START + 30 * S, START + 40 * S, 1, LTE),
    ]


def test_no_contact_is_known_where_the_vehicle_rests_in_the_dark() -> None:
    script = Script(1)
    faulty = Carriers(("red",), (0.0,), (3.0,), (60.0,))
    assert one(script, sims=(0,)).next_contact_us(0, START) == NEVER_US
    assert one(script, faulty, sims=(0,)).next_contact_us(0, START) == NEVER_US


def test_an_ended_device_is_not_connected_until_revived() -> None:
    links, ended = one(Script(1, code(LTE)), sims=(0,), reattach_s_median=5.0), []
    links.on_end.append(lambda device, cause: ended.append((device, cause)))
    links.advance(START + 10 * S)
    links.end_device(0, START + 10 * S, "stolen")
    assert links.gone(0) == "stolen"
    assert ended == [(0, "stolen")]
    assert links.connected(0, START + 10 * S) is None
    assert links.next_contact_us(0, START + 10 * S) == NEVER_US
    assert contacts(links, [START + 20 * S])[0] == []
    links.revive(0, START + 20 * S)
    assert links.gone(0) is None
    assert START + 21 * S <= links.next_contact_us(0, START + 20 * S) <= START + 50 * S


def test_ending_a_device_is_refused_with_a_reason() -> None:
    links = one(Script(1, code(LTE)))
    with pytest.raises(ValueError, match="has settled up to"):
        links.end_device(0, START + S, "dead")
    with pytest.raises(ValueError, match="'eaten' is not one of dead, stolen, lost"):
        links.end_device(0, START, "eaten")
    with pytest.raises(ValueError, match="device D0 is not gone"):
        links.revive(0, START)
    links.end_device(0, START, "dead")
    with pytest.raises(ValueError, match="device D0 is dead already"):
        links.end_device(0, START, "dead")
    with pytest.raises(ValueError, match="cannot tell what holds"):
        links.connected(0, START - 1)


# --- data plans -----------------------------------------------------------------------------------------------------


def plan(**keys) -> Links:
    fit = LinkSettings.fit(["A", "B"], [0, 1], [[0], [0]], month_bytes=1000, wifi=True, **keys)
    return Links(fit, TWO, Streams(1), START, Script(2, code(LTE)), [START, START + DAY_US * 30])


def test_a_plan_used_up_is_slow_from_the_next_full_hour_until_the_month_ends() -> None:
    links, hour, month = plan(throttled_kbps=128.0), START + 3600 * S, START + DAY_US * 30
    over_sim, over_wifi = links.connected(0, START), Contact(START, START + 1, WIFI, 0)
    links.use(0, over_wifi, 5000, START + S)
    links.use(0, over_sim, 999, START + S)
    links.use(0, over_sim, 1, hour + 1)  # only counts at the review after
    assert links.review_us == hour
    links.advance(hour)
    links.review()
    assert links.rate_bps(0, over_sim) == 5_000_000
    links.advance(hour + 3600 * S)
    links.review()
    assert (links.rate_bps(0, over_sim), links.rate_bps(1, over_sim)) == (128_000, 5_000_000)
    assert links.rate_bps(0, over_wifi) == 20_000_000
    while links.review_us <= month:
        links.advance(links.review_us)
        links.review()
    assert links.rate_bps(0, over_sim) == 5_000_000


def test_a_plan_without_a_second_speed_cuts_off() -> None:
    links, hour, told = plan(throttled_kbps=0.0, used_share_at_start=1.0), START + 3600 * S, []
    assert links.connected(0, START) is None
    fresh = plan(throttled_kbps=0.0)
    fresh.on_change.append(lambda *change: told.append(change))
    fresh.use(0, fresh.connected(0, START), 1000, START)
    fresh.advance(hour)
    fresh.review()
    assert told == [(0, hour)]
    assert fresh.connected(0, hour) is None
    assert fresh.connected(1, hour) is not None


def test_a_moment_behind_the_review_is_refused() -> None:
    links = plan()
    with pytest.raises(ValueError, match="data plans are reviewed at"):
        links.connected(0, links.review_us + 1)
    with pytest.raises(ValueError, match="cannot go from"):
        links.advance(links.review_us + 1)


# --- theory ---------------------------------------------------------------------------------------------------------


def test_faults_take_the_share_of_time_of_an_infinite_server_queue_and_are_independent() -> None:
    carriers = Carriers(("red", "blue"), (0.0, 0.0), (20.0, 20.0), (1800.0, 1800.0))
    keys = np.array([Streams(2).key("link", i) for i in range(400)], np.uint64)
    faults = Faults(keys, carriers, np.full(400, -1))
    rows = faults.between(np.arange(400), START, START + 5 * DAY_US)
    moments = START + np.arange(0, 5 * DAY_US, 600 * S)
    down = np.zeros((2, 400, len(moments)), bool)
    for device, network, start, end in zip(rows.device, rows.network, rows.start_us, rows.end_us):
        down[network - 1, device] |= (moments > start) & (moments <= end)
    expected = 1 - np.exp(-20 * 1800 / 86_400)
    assert down.mean(axis=(1, 2)) == pytest.approx([expected] * 2, abs=0.01)
    assert (down[0] & down[1]).mean() == pytest.approx(expected**2, abs=0.01)


def test_a_fault_goes_on_over_midnight() -> None:
    """What a window of any day tells is what touches it of a longer one."""
    carriers = Carriers(("red",), (0.0,), (20.0,), (14_400.0,))
    keys = np.array([Streams(2).key("link", i) for i in range(50)], np.uint64)
    every = Faults(keys, carriers, np.full(50, -1)).between(np.arange(50), START, START + 3 * DAY_US)
    for from_us in (START + DAY_US, START + 2 * DAY_US + 600 * S):
        rows = Faults(keys, carriers, np.full(50, -1)).between(np.arange(50), from_us, from_us + 3600 * S)
        touching = (every.end_us > from_us) & (every.start_us < from_us + 3600 * S)
        assert (every.start_us[touching] // DAY_US < from_us // DAY_US).any()
        for name, column in vars(rows).items():
            assert np.array_equal(column, getattr(every, name)[touching])


def test_the_time_to_attach_is_lognormal_about_its_median_within_bounds() -> None:
    script = Script(300)
    for vehicle in range(300):
        script.tell(vehicle, [(START + S * (2 * i + 1) * 50, (i + 1) % 2 * code(LTE)) for i in range(40)])
    links = one(script, sims=(0,), reattach_s_median=5.0)
    rows = contacts(links, [START + 4000 * S])
    waits = [(start - START) % (100 * S) - 50 * S for device in rows for start, *_ in rows[device]]
    assert median(waits) / S == pytest.approx(5.0, rel=0.03)
    assert (min(waits), max(waits)) == (S, 30 * S)
    assert np.mean(np.array(waits) < 5 * S * np.exp(0.8)) == pytest.approx(0.841, abs=0.01)


# --- invariants -----------------------------------------------------------------------------------------------------


def plainly(script: Script, device: int, links: Links, carriers: Carriers, until_us: int) -> list[Row]:
    """The contacts of one device, second thoughts excluded: one change after the other."""
    starts, codes = script.spells(device, START)
    faults = links.futures.faults.between(np.array([device]), START, until_us) if links.futures.faults else None
    edges = {START, until_us, *(t for t in starts.tolist() if START < t < until_us)}
    if faults is not None:
        edges |= {min(max(int(t), START), until_us) for t in (*faults.start_us, *faults.end_us)}
    fit, moments, found = links.settings, sorted(edges), []
    before, ready = None, START
    for a, b in pairwise(moments):
        c = int(codes[np.flatnonzero(starts <= a)[-1]])
        bad = set() if faults is None else {
            int(n) for n, s, e in zip(faults.network, faults.start_us, faults.end_us) if s <= a < e
        }  # fmt: skip
        options = [(carrier + 1, (c >> 2 * carrier) & 3) for carrier in fit.sims[device].tolist()]
        if fit.hotspot[device] >= 0:
            options.append((len(carriers) + 2, (c >> 2 * int(fit.hotspot[device])) & 3))
        options = [(n, of) for n, of in options if of and n not in bad]
        if c >> 10 & 1 and fit.wifi[device]:
            options.insert(0, (len(carriers) + 1, 0))
        network, of = options[0] if options else (None, 0)
        if network != before and a > START:
            row = np.array([device]), np.array([-1 if before is None else before]), np.array([a])
            ready = a + int(links.futures.reattach.wait_us(*row)[0])
        before = network
        if network is not None and max(a, ready) < b:
            start = max(a, ready)
            if found and found[-1][1] == start and found[-1][2:] == (network, of):
                found[-1] = (found[-1][0], b, network, of)
            else:
                found.append((start, b, network, of))
    return found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_contacts_are_the_plain_ones_however_time_is_cut(data: st.DataObject) -> None:
    n, until_us = data.draw(st.integers(1, 3)), START + 600 * S
    rate = data.draw(st.sampled_from([0.0, 300.0]))
    carriers = Carriers(("red", "blue"), (0.0, 0.0), (rate, rate), (40.0, 40.0))
    a_code = st.sampled_from([0, code(LTE), code(0, NR), code(OLDER, LTE), code(0, 0, wifi=True), code(LTE, wifi=True)])
    a_moment = st.integers(0, 590)
    script = Script(n, data.draw(a_code))
    for vehicle in range(n):
        times = sorted(data.draw(st.sets(a_moment, max_size=8)))
        script.tell(vehicle, [(START + t * S, data.draw(a_code)) for t in times] or [(START, 0)])
    keys = {"hotspot": data.draw(st.sampled_from([-1, 1])), "wifi": data.draw(st.booleans()),
            "switch_s": 15.0, "reattach_s_median": data.draw(st.sampled_from([0.0, 5.0]))}  # fmt: skip
    sims = data.draw(st.sampled_from([(0,), (1, 0), (0, 1)]))
    whole = one(script, carriers, sims, **keys)
    expected = {v: plainly(script, v, whole, carriers, until_us) for v in range(n)}
    assert contacts(whole, [until_us]) == expected
    cut = one(script, carriers, sims, **keys)
    moments = sorted(START + t * S for t in data.draw(st.sets(a_moment, max_size=6)))
    for moment in moments:
        ask = min(moment + data.draw(st.integers(0, 20)) * S, until_us - 1)
        contact = cut.connected(0, ask)
        holds = [row for row in expected[0] if row[0] <= ask < row[1]]
        assert (contact and contact[2:]) == (holds[0][2:] if holds else None)
        later = [max(row[0], ask) for row in expected[0] if row[1] > ask]
        if later:
            assert cut.next_contact_us(0, ask) == later[0]
    assert contacts(cut, [*moments, until_us]) == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 2)), min_size=1, max_size=10), st.randoms())
def test_a_future_told_bit_by_bit_gives_the_same_contacts(steps: list[tuple[int, int]], random) -> None:
    """What lay ahead and never came leaves no trace; what is looked at meanwhile neither."""
    codes = (0, code(LTE), code(0, NR))
    times = np.cumsum([START] + [gap * S for gap, _ in steps]).tolist()
    known, told = Script(1), Script(1)
    known.tell(0, [(t, codes[c]) for t, (_, c) in zip(times, steps)])
    links = one(told, reattach_s_median=5.0, switch_s=15.0)
    parts: list[int] = []
    found: list[Row] = []
    for t, (_, c), end in zip(times, steps, times[1:]):
        told.tell(0, [(t, codes[c]), (t + random.randint(1, 50) * S, random.choice(codes))], now_us=t)
        links.next_contact_us(0, t)
        told.tell(0, [(t, codes[c])], now_us=t)
        parts = sorted({random.randint(t, end), end})
        found += contacts(links, parts)[0]
    expected = contacts(one(known, reattach_s_median=5.0, switch_s=15.0), [times[-1]])[0]
    merged: list[Row] = []
    for row in found:
        if merged and merged[-1][1] == row[0] and merged[-1][2:] == row[2:]:
            merged[-1] = (merged[-1][0], *row[1:])
        else:
            merged.append(row)
    assert merged == expected
