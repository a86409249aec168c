"""Head office's plant: what fails, what waits, what is lost, and what nobody is told."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.plant.component import FAULT, NEVER_US, PENDING, Component
from agents.plant.plant import FeedSettings, PlantSettings, PlatformSettings
from agents.plant.terminal import LinkSettings, StandbySettings
from agents.plant.vendor import SchemaChange
from engine.clock import SECOND
from scenarios.schema_network import HeadOffice
from tests.agents.plant_world import WITH_STANDBY, Receiving, at, bare_world, play, run_until
from twin.ingest import Ingest, repaired

# --- examples ---


def test_an_unconfigured_plant_is_transparent() -> None:
    """Received in the same call, nothing on the calendar, samples exactly when they arrive."""
    world = bare_world()
    office = Receiving(world)
    office.plant.start()
    office.send("V1:0")
    assert office.received == [("V1:0", 0.0)]
    assert world.env.peek() == math.inf
    arrive_us = np.array([at(-5), at(-1), at(2)])
    received_us = office.plant.admit_samples(np.array([0, 1, 0]), arrive_us, at(0))
    assert received_us.tolist() == [at(-5), at(-1), PENDING]
    assert office.plant.admit_samples(np.array([0]), arrive_us[2:], PENDING).tolist() == [at(2)]
    assert office.plant.tools() == {"phone", "internet", "platform"}


def test_messages_wait_in_order_at_the_door_of_a_platform_that_is_down() -> None:
    """And the people in the room see it go down and come back."""
    world = bare_world()
    office = Receiving(world, platform=PlatformSettings(response_s=2.0))
    platform = office.plant.platform.component
    world.at(at(10), lambda: platform.fail("drill"))
    world.at(at(100), lambda: platform.restore("drill"))
    for number, second in enumerate((9, 11, 50, 101)):
        office.send_at(second, f"V1:{number}")
    run_until(world, 60)
    assert not office.plant.command_path_open()
    assert office.plant.tools() == {"phone", "internet"}
    assert office.plant.counts() == {"admitted": 3, "received": 1, "held": 2, "lost": 0}
    run_until(world, 200)
    assert office.received == [("V1:0", 11.0), ("V1:1", 102.0), ("V1:2", 102.0), ("V1:3", 103.0)]
    assert office.heard == [("plant_failed", 10.0), ("plant_restored", 100.0)]
    assert platform.down_us == 90 * SECOND


def test_a_component_is_down_until_nothing_holds_it_down() -> None:
    """Two incidents that overlap are one outage; one that is not there cannot end."""
    world = bare_world()
    told: list[str] = []
    component = Component(world, "platform", lambda kind, _name, payload: told.append(f"{kind} {payload['cause']}"))
    component.fail("a")
    component.fail(FAULT)
    with pytest.raises(ValueError, match="down already because of a"):
        component.fail("a")
    component.restore("a")
    assert not component.up
    component.restore(FAULT)
    assert component.up
    assert told == ["plant_failed a", f"plant_restored {FAULT}"]
    with pytest.raises(KeyError):
        component.restore("a")


@pytest.mark.parametrize("backfill", [True, False])
def test_a_feed_breaks_silently(backfill: bool) -> None:
    """Head office hears nothing of it; what it carries is held or lost, everything else goes on."""
    world = bare_world()
    office = Receiving(world, telematics_feed=FeedSettings(backfill=backfill))
    feed = office.plant.feeds["telematics_feed"].component
    world.at(at(10), lambda: feed.fail("break"))
    world.at(at(100), lambda: feed.restore("break"))
    office.send_at(20, "dev-1:0", "harsh_event")
    office.send_at(20, "dev-1:1", "order_delivered")
    run_until(world, 20)
    arrive_us = np.array([at(9), at(10), at(20), at(21)])
    received_us = office.plant.admit_samples(np.zeros(4, int), arrive_us, world.now)
    assert received_us.tolist() == [at(9), at(10), PENDING if backfill else NEVER_US, PENDING]
    run_until(world, 100)
    late = [("dev-1:0", 100.0)] if backfill else []
    assert office.received == [("dev-1:1", 20.0), *late]
    assert office.heard == []
    assert world.truth.table()["kind"].to_pylist() == ["plant_failed", "plant_restored"]
    assert office.plant.counts()["lost"] == (0 if backfill else 1)
    assert office.plant.lost_samples == (0 if backfill else 1)


@pytest.mark.parametrize(("feed", "held"), [("telematics_feed", "harsh_event"), ("maintenance_feed", "refuelled")])
def test_each_feed_carries_its_own(feed: str, held: str) -> None:
    """What devices find goes through telematics, with the samples; fuel through maintenance; the rest through none."""
    world = bare_world()
    office = Receiving(world)
    office.plant.feeds[feed].component.fail("break")
    for number, kind in enumerate(("harsh_event", "refuelled", "order_delivered")):
        office.send_at(20, f"V1:{number}", kind)
    run_until(world, 20)
    assert {message.kind for message in office.messages} == {"harsh_event", "refuelled", "order_delivered"} - {held}
    (received_us,) = office.plant.admit_samples(np.zeros(1, int), np.array([at(20)]), world.now).tolist()
    assert received_us == (PENDING if feed == "telematics_feed" else at(20))


def test_a_vendors_change_makes_dead_letters_that_can_be_read_once_it_is_mended() -> None:
    """A renamed field or a newer version is not believed; repaired, the message is what it was."""
    world = bare_world()
    office = Receiving(world)
    kinds, payload = frozenset({"harsh_event"}), {"vehicle_id": "V1", "driver_id": "D1", "what": "brake"}
    mended: list[SchemaChange] = []
    office.plant.on_mended.append(mended.append)
    changes = {"names": SchemaChange(kinds, {"vehicle_id": "unitId"}), "version": SchemaChange(kinds)}
    for number, (name, change) in enumerate(changes.items()):
        office.plant.change_schema(name, change)
        office.send(f"dev-V1:{number}", "harsh_event", payload)
        office.plant.mend_schema(name)
    office.send("dev-V1:2", "harsh_event", payload)
    renamed, newer, plain = office.messages
    assert "unitId" in renamed.payload
    assert not renamed.stored  # what the sender stored is no longer what it says
    ingest = Ingest()
    assert ingest.judge(renamed, world.now).reason.startswith("dead_letter: harsh_event")
    assert ingest.judge(newer, world.now).reason.startswith("dead_letter: harsh_event version 2 is newer")
    assert not ingest.judge(plain, world.now).reason
    assert mended == [*changes.values()]
    for message, change in zip((renamed, newer), mended):
        again = repaired(message, change.names_known)
        assert again.payload == payload
        assert not ingest.judge(again, world.now).reason


def test_settings_come_from_the_scenarios_section() -> None:
    """Every field of the plant is one of ``head_office``."""
    assert PlantSettings.from_mapping(HeadOffice().model_dump()) == PlantSettings()
    raw = {"terminal_link": {"standby": {"drill_every_days": 30.0}}, "telematics_feed": {"backfill": False}}
    made = PlantSettings.from_mapping(HeadOffice.model_validate(raw).model_dump())
    assert made.terminal_link.standby == StandbySettings(drill_every_days=30.0)
    assert made.telematics_feed == FeedSettings(backfill=False)


# --- invariants ---

PARTS = ("platform", "telematics_feed", "maintenance_feed", "terminal_link")
KINDS_SENT = ("harsh_event", "refuelled", "order_delivered")

spells = st.lists(
    st.tuples(st.sampled_from(PARTS), st.integers(0, 40), st.integers(1, 30), st.sampled_from([None, True, False])),
    max_size=8,
)
sent = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 2), st.sampled_from(KINDS_SENT)), max_size=25)


@settings(max_examples=200, deadline=None)
@given(schedule=spells, messages=sent, backfill=st.booleans(), response_s=st.sampled_from([0.0, 7.0]))
def test_whatever_fails_the_plant_is_whole_in_the_end(
    schedule: list, messages: list, backfill: bool, response_s: float
) -> None:
    """Everything admitted is received, held or lost with a cause, at any time; in order; nothing is held at last."""
    world = bare_world()
    feed = FeedSettings(backfill=backfill)
    office = Receiving(
        world, terminal_link=WITH_STANDBY, telematics_feed=feed, maintenance_feed=feed,
        platform=PlatformSettings(response_s=response_s),
    )  # fmt: skip
    play(office, schedule)
    sent_s = {}
    for number, (second, source, kind) in enumerate(sorted(messages)):
        sent_s[f"{kind}{source}:{number}"] = 10.0 * second
        office.send_at(10 * second, f"{kind}{source}:{number}", kind)
    for second in range(0, 1300, 70):
        run_until(world, second)
        counts = office.plant.counts()
        assert counts["admitted"] == counts["received"] + counts["held"] + counts["lost"]
    run_until(world, 2000)
    counts = office.plant.counts()
    assert counts["held"] == 0
    assert counts["admitted"] == len(messages)
    assert office.plant.tools() == {"phone", "internet", "platform"}
    assert counts["lost"] == 0 or not backfill
    assert all(second >= sent_s[name] + response_s for name, second in office.received)
    for one in {name.partition(":")[0] for name, _ in office.received}:
        numbers = [int(name.partition(":")[2]) for name, _ in office.received if name.startswith(one + ":")]
        assert numbers == sorted(set(numbers))


SLOW_STANDBY = LinkSettings(standby=StandbySettings(messages_per_s=0.05, detect_s=12.0, switch_s=8.0))
cuts = st.tuples(st.just("terminal_link"), st.integers(0, 10), st.integers(10, 30), st.just(True))
others = st.tuples(st.sampled_from(PARTS), st.integers(0, 30), st.integers(1, 12), st.sampled_from([True, False]))


@settings(max_examples=200, deadline=None)
@given(
    schedule=st.tuples(cuts, others, others, others),
    arrivals=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2)), min_size=10, max_size=40),
    windows=st.lists(st.integers(0, 400), min_size=4, max_size=20, unique=True), backfill=st.booleans(),
)  # fmt: skip
def test_windows_change_no_samples_receive_time(schedule: list, arrivals: list, windows: list, backfill: bool) -> None:
    """However often the plant is asked, a sample is received at the same moment, and none stays pending at last."""
    results = []
    for edges in ([], sorted(windows)):
        world = bare_world()
        office = Receiving(
            world, terminal_link=SLOW_STANDBY, telematics_feed=FeedSettings(backfill=backfill),
            platform=PlatformSettings(response_s=3.0),
        )  # fmt: skip
        play(office, schedule)
        results.append(received_in_windows(office, arrivals, [*edges, 2000]))
    assert results[0] == results[1]
    assert PENDING not in results[0]
    if backfill:
        assert NEVER_US not in results[0]


def received_in_windows(office: Receiving, arrivals: list, edges: list[int]) -> list[int]:
    """Ask at each edge about all that is pending by then (in flight up to 20 s ahead), devices in any order."""
    arrive_us, device = (np.array(values) for values in zip(*sorted((at(second), one) for second, one in arrivals)))
    result = np.full(len(arrivals), PENDING)
    for number, edge in enumerate(edges):
        run_until(office.world, edge)
        asked = np.flatnonzero((result == PENDING) & (arrive_us <= at(edge + 20)))
        asked = asked[np.argsort((device[asked] + number) % 3, kind="stable")]
        result[asked] = office.plant.admit_samples(device[asked], arrive_us[asked], at(edge))
        assert (result[asked] <= at(edge)).sum() == (result[asked] != PENDING).sum()
    for one in np.unique(device):
        of_device = result[(device == one) & (result != NEVER_US)]
        assert (np.diff(of_device) >= 0).all()
    return result.tolist()


@settings(max_examples=200, deadline=None)
@given(schedule=spells, seconds=st.lists(st.integers(0, 700), min_size=1, max_size=20, unique=True))
def test_samples_and_events_meet_the_same_plant(schedule: list, seconds: list) -> None:
    """Without a standby (on which events go first), a sample takes as long as an event by the feed."""
    world = bare_world()
    office = Receiving(world, platform=PlatformSettings(response_s=3.0))
    play(office, schedule)
    arrive_s = [second + 0.5 for second in sorted(seconds)]
    for number, second in enumerate(arrive_s):
        office.send_at(second, f"V1:{number}", "harsh_event")
    run_until(world, 2000)
    arrive_us = np.array([at(second) for second in arrive_s])
    received_us = office.plant.admit_samples(np.zeros(len(arrive_s), int), arrive_us, world.now)
    assert received_us.tolist() == [at(second) for _, second in office.received]
