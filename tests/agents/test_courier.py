"""Single messages over the radio: when they arrive, in which order, and that none disappears."""

import statistics
from collections import Counter
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.courier import TO_OFFICE, TO_ROAD
from agents.network import Network
from agents.outbox import Tally
from engine.clock import SECOND
from engine.motion import FOREVER_US
from engine.radio.links import Contact
from tests.agents.couriers import Road, Spans
from twin.ingest import Ingest, Message

ALWAYS: Spans = [(0, 1e9)]


def balanced(tally: Tally) -> bool:
    """Whether every message is in exactly one place."""
    return tally.offered == tally.delivered + tally.waiting + tally.in_transit + sum(tally.lost.values())


# --- examples, in seconds: 1 s on the air, 0.2 s latency ---


def test_perfect_radio_is_one_latency_and_one_event_a_message() -> None:
    """Whatever their number and size, nothing waits for anything else."""
    road = Road([[]], perfect=True)
    for size in (None, None, 10_000_000):
        road.send(5, size_bytes=size)
    road.run(5.1)
    assert road.courier.counts()[TO_OFFICE] == Tally(offered=3, in_transit=3, attempts=3)
    assert road.ahead == 3
    road.run(10)
    assert road.heard == [(5.2, "dev-0:0"), (5.2, "dev-0:1"), (5.2, "dev-0:2")]
    assert road.courier.counts()[TO_OFFICE] == Tally(offered=3, delivered=3, attempts=3)


def test_a_message_waits_for_the_link_and_the_next_for_its_receipt() -> None:
    """Out at 10, heard at 11.2, receipt back at 11.4; both ways alike and apart."""
    road = Road([[(10, 20)]])
    road.send(0)
    road.send(0)
    road.command(1)
    road.run(10.5)
    assert road.courier.counts()[TO_OFFICE] == Tally(offered=2, waiting=1, in_transit=1, attempts=1)
    road.run(30)
    assert road.heard == [(11.2, "dev-0:0"), (12.6, "dev-0:1")]
    assert road.done == [(11.2, "office:0")]
    assert road.links.used_bytes == [3000]


def test_a_link_that_vanishes_in_mid_transmission_costs_an_attempt() -> None:
    """An event starts again, what is left of a photo goes on: half a second of the latter was through."""
    for size, heard_s in ((None, 31.2), (0, 30.7)):
        road = Road([[(10, 10.5), (30, 40)]])
        road.send(0, size_bytes=size)
        assert road.run(50).heard == [(heard_s, "dev-0:0")]
        assert road.courier.counts()[TO_OFFICE].attempts == 2


def test_a_photo_yields_to_an_event_and_goes_on_after_it() -> None:
    """9 s on the air, interrupted after 4 for an event of 1 s with its receipt: 5 s are left then."""
    road = Road([ALWAYS])
    road.send(0, size_bytes=8000)
    road.send(0, size_bytes=1000)
    road.send(4)
    assert road.run(60).heard == [(5.2, "dev-0:2"), (10.6, "dev-0:0"), (13.0, "dev-0:1")]
    assert road.links.used_bytes == [9000 + 2000 + 1000]


def test_a_photo_asks_nothing_beyond_the_next_review_of_data_plans() -> None:
    """16 s on the air, the speed of the first 10 known until the review: the rest is looked at when it is due."""

    def connected(device: int, t_us: int) -> Contact | None:
        assert t_us < road.links.review_us
        return known(device, t_us)

    road = Road([[(0, 10), (10, 30)]])
    known, road.links.connected, road.links.review_us = road.links.connected, connected, 10 * SECOND
    road.at(10, lambda: setattr(road.links, "review_us", FOREVER_US))
    road.send(0, size_bytes=15_000)
    assert road.run(60).heard == [(16.2, "dev-0:0")]


def test_a_contact_nobody_knew_of_wakes_the_outbox() -> None:
    """Nothing is scheduled while no contact is known; then it is as if it had been known before."""
    road = Road([[]])
    road.send(0)
    road.run(50)
    assert road.ahead == 0
    road.at(60, lambda: road.links.rewrite(0, road.world.now, [(70, 90)]))
    road.at(65, lambda: road.links.rewrite(0, road.world.now, [(80, 90)]))
    assert road.run(100).heard == [(81.2, "dev-0:0")]
    road.send(100)
    road.at(110, lambda: road.links.rewrite(0, road.world.now, ALWAYS))
    assert road.run(200).heard[1:] == [(111.2, "dev-0:1")]


def test_a_contact_that_ends_sooner_than_known_fails_what_is_on_the_air() -> None:
    """And one that lasts longer saves it; what has left the device arrives in any case."""
    for change_s, until_s, heard_s in ((0.5, 0.8, 101.2), (0.5, 0.5, 101.2), (1.1, 1.1, 1.2)):
        road = Road([[(0, 50)]])
        road.send(0)
        road.at(
            change_s, lambda until=until_s, road=road: road.links.rewrite(0, road.world.now, [(0, until), (100, 120)])
        )  # type: ignore[misc]
        assert road.run(200).heard == [(heard_s, "dev-0:0")]
    road = Road([[(0, 0.6)]])
    road.send(0)
    road.at(0.5, lambda: road.links.rewrite(0, road.world.now, ALWAYS))
    assert road.run(200).heard == [(1.2, "dev-0:0")]


def test_waits_double_up_to_a_limit() -> None:
    """Attempts are a transmission and a wait apart: 5, 10, 20, 20 ... seconds; anew once the link was away."""
    road = Road([[(0, 70), (85, 120)]], loss_share=1.0, retry_us=5 * SECOND, retry_most_us=20 * SECOND, latency_us=0)
    road.send(0)
    tries = []
    for second in range(120):
        road.run(second + 0.5)
        tries.append(road.courier.counts()[TO_OFFICE].attempts)
    began = [second for second, (before, now) in enumerate(zip([0, *tries], tries)) if now > before]
    assert [later - earlier for earlier, later in pairwise(began)] == [6, 11, 21, 21, 26, 6, 11]


def test_a_lost_receipt_doubles_the_message_and_ingest_drops_the_second() -> None:
    """In order, each twice; with perfect radio too."""
    for perfect in (False, True):
        road = Road([ALWAYS], perfect=perfect, duplicate_share=1.0)
        for _ in range(3):
            road.send(0)
        road.command(0)
        road.run(100)
        assert Counter(event_id for _, event_id in road.heard) == {f"dev-0:{n}": 2 for n in range(3)}
        ingest = Ingest()
        heard = zip(road.messages, road.heard)
        reasons = [ingest.judge(message, round(at_s * SECOND)).reason for message, (at_s, _) in heard]
        assert Counter(reasons) == {"": 3, "duplicate": 3}
        tally = road.courier.counts()[TO_OFFICE]
        assert (tally.delivered, tally.duplicates) == (3, 3)
        assert len(road.done) == 1


def test_only_the_end_of_the_device_loses_messages() -> None:
    """What waits and what is on the air, both ways, by cause; not what has left; and new ones from then on."""
    road = Road([ALWAYS])
    road.send(0)
    road.send(0)
    road.command(0.5)
    road.at(1.1, lambda: road.links.end(0, "stolen"))
    road.send(3)
    road.at(4, lambda: road.links.revive(0))
    road.send(5)
    road.run(50)
    assert road.heard == [(1.2, "dev-0:0"), (6.2, "dev-0:3")]
    assert road.courier.counts()[TO_OFFICE] == Tally(offered=4, delivered=2, lost={"stolen": 2}, attempts=2)
    assert road.courier.counts()[TO_ROAD] == Tally(offered=1, lost={"stolen": 1}, attempts=1)


def test_a_device_may_end_and_return_while_a_message_is_between_air_and_office() -> None:
    """What has left arrives, and what the next device sends meanwhile waits its turn; unless it was lost on the way."""
    for loss, heard in ((0.0, [(3, "dev-0:0"), (8, "dev-0:1")]), (1.0, [])):
        road = Road([ALWAYS], loss, latency_us=2 * SECOND)
        road.send(0)
        road.at(1.5, lambda road=road: road.links.end(0, "dead"))  # type: ignore[misc]
        road.at(2, lambda road=road: road.links.revive(0))  # type: ignore[misc]
        road.send(2.2)
        assert road.run(30).heard == heard
        tally = road.courier.counts()[TO_OFFICE]
        assert balanced(tally)
        assert tally.lost == ({"dead": 1} if loss else {})


def test_what_is_phoned_in_is_not_the_couriers() -> None:
    """Once the device is gone its driver has another way, the next time that he phones in."""
    road, heard = Road([ALWAYS]), []
    plant: Any = SimpleNamespace(admit=lambda message, then: then(message))
    network = Network(
        road.world, 0, road.courier, plant, lambda m, at_us: heard.append((m.event_id, m.channel, at_us)), 5 * SECOND
    )
    for number, at_s in enumerate((0, 3)):
        message = Message(f"dev-0:{number}", "harsh_event", at_s * SECOND, "D", "dev-0", {})
        road.at(at_s, partial(network.carry, message, None))
    road.at(2, lambda: road.links.end(0, "dead"))
    road.run(10)
    assert [(event_id, channel) for event_id, channel, _ in heard] == [("dev-0:0", "radio"), ("dev-0:1", "phone")]
    assert heard[1][2] == 8 * SECOND
    assert road.courier.counts()[TO_OFFICE] == Tally(offered=1, delivered=1, attempts=1)


# --- theory ---


def test_attempts_are_geometric_in_the_share_lost() -> None:
    """1 / (1 - p) attempts a message, within four standard deviations."""
    share, n = 0.3, 1500
    road = Road([ALWAYS] * n, loss_share=share, event_bytes=1, latency_us=0)
    for device in range(n):
        road.send(0, device)
    tally = road.run(100_000).courier.counts()[TO_OFFICE]
    assert tally.delivered == n
    sd = (share / (1 - share) ** 2 / n) ** 0.5
    assert tally.attempts / n == pytest.approx(1 / (1 - share), abs=4 * sd)


def busiest(jitter: bool, devices: int) -> tuple[int, float]:
    """All come back at one moment: attempts in the busiest second, and seconds until all are heard."""
    road = Road([[(100, 1e6)]] * devices, jitter=jitter, event_bytes=1)
    for device in range(devices):
        road.send(device % 90, device)
    road.run(400)
    assert len(road.heard) == devices
    began = Counter(int(at_s - 100.2) for at_s, _ in road.heard)  # 1 ms on the air
    return max(began.values()), max(at_s for at_s, _ in road.heard) - 100


def test_jitter_breaks_the_reconnect_storm() -> None:
    """Without it all come in one second. With it, over the first wait of 5 s, the busiest second has at most five times
    the mean until all are back, which is soon: in fact hardly more than the mean."""
    n = 2000
    assert busiest(jitter=False, devices=n)[0] == n
    peak, back_s = busiest(jitter=True, devices=n)
    assert back_s < 6 < 120
    assert peak < 1.3 * n / back_s < 5 * n / back_s


# --- invariants ---

TENTHS = st.integers(0, 690)


@st.composite
def spans(draw: st.DrawFn) -> Spans:
    """A device's contacts: up to six, then one that lasts."""
    edges = sorted(draw(st.lists(st.integers(0, 600), min_size=0, max_size=12, unique=True)))
    return [(a / 10, b / 10) for a, b in zip(edges[::2], edges[1::2])] + [(70.0, 1e7)]


sends = st.lists(st.tuples(TENTHS, st.integers(0, 2), st.sampled_from([None, None, 0, 3000, 30_000])), max_size=25)
transports = st.fixed_dictionaries({
    "jitter": st.booleans(), "duplicate_share": st.sampled_from([0.0, 0.3, 1.0]),
    "retry_us": st.sampled_from([1, SECOND, 5 * SECOND]), "latency_us": st.sampled_from([0, 200_000, 2_000_000]),
})  # fmt: skip


@given(
    st.lists(spans(), min_size=3, max_size=3), sends, st.lists(st.tuples(TENTHS, st.integers(0, 2))),
    st.lists(st.tuples(TENTHS, st.integers(0, 2), spans()), max_size=4), transports,
    st.sampled_from([0.0, 0.2, 0.7]), st.integers(0, 3),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_all_is_delivered_in_order_once_the_link_is_back(
    contacts: list[Spans], reports: list, commands: list, surprises: list, transport: dict, loss: float, seed: int
) -> None:
    """Conserved at every moment; the outbox is empty a while after faults stop; nothing is heard before it was sent."""
    road = Road(contacts, loss, seed=seed, **transport)
    for tenth, device, size in reports:
        road.send(tenth / 10, device, size)
    for tenth, device in commands:
        road.command(tenth / 10, device)
    for tenth, device, ahead in surprises:
        road.at(tenth / 10, lambda d=device, a=ahead: road.links.rewrite(d, road.world.now, a))  # type: ignore[misc]
    for until_s in (*range(2, 80, 2), 3000):
        road.run(until_s)
        assert all(balanced(tally) for tally in road.courier.counts().values())
    road.links.share = 0.0
    road.run(5000)
    to_office, to_road = (road.courier.counts()[way] for way in (TO_OFFICE, TO_ROAD))
    assert (to_office.delivered, to_office.waiting, to_office.in_transit) == (len(reports), 0, 0)
    assert (to_road.delivered, to_road.duplicates) == (len(commands), 0)
    assert to_office.duplicates == len(road.heard) - len(reports)
    assert to_office.duplicates == {0.0: 0, 1.0: len(reports)}.get(transport["duplicate_share"], to_office.duplicates)
    assert all(at_s * SECOND >= message.occurred_us for (at_s, _), message in zip(road.heard, road.messages))
    first = list(dict.fromkeys(event_id for _, event_id in road.heard))
    large = large_ones(reports)
    for device in range(3):
        mine = [event_id for event_id in first if event_id.startswith(f"dev-{device}:")]
        for size in (True, False):
            numbers = [int(event_id.partition(":")[2]) for event_id in mine if (event_id in large) == size]
            assert numbers == sorted(numbers)


def large_ones(reports: list) -> set[str]:
    """Event ids of the messages with a size: numbered by device in the order sent."""
    numbers, large = Counter[int](), set()
    for _, device, size in sorted(reports, key=lambda report: report[0]):
        if size is not None:
            large.add(f"dev-{device}:{numbers[device]}")
        numbers[device] += 1
    return large


@given(
    spans(), st.lists(st.tuples(TENTHS, st.sampled_from([None, 3000])), max_size=15),
    st.lists(st.tuples(TENTHS, st.sampled_from(["dead", "stolen"]), st.integers(1, 100)), max_size=3),
    transports, st.sampled_from([0.0, 0.4]),
)  # fmt: skip
@settings(max_examples=100, deadline=None)
def test_what_a_lost_device_held_is_counted(
    contacts: Spans, reports: list, ends: list, transport: dict, loss: float
) -> None:
    """Delivered or lost by cause, never both, never neither; whole again after revival."""
    road = Road([contacts], loss, **transport)
    for tenth, size in reports:
        road.send(tenth / 10, 0, size)
        road.command(tenth / 10)
    for tenth, cause, for_tenths in ends:
        road.at(tenth / 10, lambda c=cause: road.links.gone(0) or road.links.end(0, c))  # type: ignore[misc]
        road.at((tenth + for_tenths) / 10, lambda: road.links.gone(0) and road.links.revive(0))
    for until_s in (*range(1, 90), 8000):
        road.run(until_s)
        assert all(balanced(tally) for tally in road.courier.counts().values())
    for tally in road.courier.counts().values():
        assert (tally.waiting, tally.in_transit) == (0, 0)
    assert len({event_id for _, event_id in road.heard}) == road.courier.counts()[TO_OFFICE].delivered


@given(
    spans(), st.lists(st.tuples(TENTHS, st.sampled_from([None, 3000, 30_000])), max_size=15),
    st.sampled_from([0.23, 0.7, 1.7]), transports,
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_being_told_what_was_known_changes_nothing(
    contacts: Spans, reports: list, every_s: float, transport: dict
) -> None:
    """The links may speak up as often as they like: same arrivals to the microsecond."""
    heard = []
    for moments in (0, round(100 / every_s)):
        road = Road([contacts], 0.2, **transport)
        for tenth, size in reports:
            road.send(tenth / 10, 0, size)
        for number in range(moments):
            road.at(number * every_s, lambda road=road: [listen(0, 0) for listen in road.links.on_change])  # type: ignore[misc]
        heard.append(road.run(3000).heard)
    assert heard[0] == heard[1]


def test_draws_do_not_depend_on_other_devices() -> None:
    """One more device leaves losses and waits of the others as they were."""
    alone, together = (Road([ALWAYS] * n, 0.5, jitter=True) for n in (1, 2))
    for number in range(20):
        for road in (alone, together):
            road.send(number, 0)
        together.send(number, 1)
    alone.run(2000)
    together.run(2000)
    assert alone.heard == [row for row in together.heard if row[1].startswith("dev-0:")]
    assert statistics.mean(at for at, _ in alone.heard) > 10


@given(
    spans(),
    st.lists(st.tuples(TENTHS, st.sampled_from([None, None, 20_000])), max_size=30),
    st.integers(),
)
@settings(max_examples=100, deadline=None)
def test_the_backlog_is_gone_a_minute_after_it_could_be(contacts: Spans, reports: list, seed: int) -> None:
    """Losses of 2 %, whatever the coverage was until second 70: its transmissions and receipts, and 60 s."""
    road = Road([contacts], 0.02, seed=seed, jitter=True)
    for tenth, size in reports:
        road.send(tenth / 10, 0, size)
    road.run(70)
    backlog = road.courier.counts()[TO_OFFICE]
    left = len(reports) - backlog.delivered
    work_s = sum(1.4 + (size or 0) / 1000 for _, size in reports) if left else 0.0
    road.run(130 + work_s)
    assert road.courier.counts()[TO_OFFICE].delivered == len(reports)
